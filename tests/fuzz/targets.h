// Every place where bytes from outside come in, by name: "json", "tar", "reader-dpkg-status", …
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace boltseal {

using FuzzTarget = std::function<void(std::string_view bytes)>;
const std::map<std::string, FuzzTarget>& fuzz_targets();
// Parts of them, each in a file of its own.
std::map<std::string, FuzzTarget> custody_targets();
std::map<std::string, FuzzTarget> form_targets();
std::map<std::string, FuzzTarget> key_targets();
std::map<std::string, FuzzTarget> notation_targets();
std::map<std::string, FuzzTarget> repository_targets();
std::map<std::string, FuzzTarget> sigstore_targets();
std::map<std::string, FuzzTarget> source_targets();

}  // namespace boltseal
