// What a person probably meant who types the words of Trivy, Grype, Syft or cosign, or forgets the
// command.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace boltseal {

// A line of advice on a call that could not be understood; empty when there is none to give.
// `words`: what was typed, without the options that the command has.
// `commands` are ours.
std::string hint_for(const std::vector<std::string_view>& words,
                     const std::vector<std::string_view>& commands);

}  // namespace boltseal
