// -o FORMAT[=FILE]: which report goes where. All of it is judged before the work begins, so that an
// hour's scan does not end at a misspelt folder.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

struct Output {
  std::string format;
  std::string file;  // empty: standard output
};

// What `given` asks for: each "FORMAT" or "FORMAT=FILE", or several behind commas; `otherwise` when
// nothing is given. Formats must be among `known`, files must be writable, and only one report may
// go to standard output.
Result<std::vector<Output>> read_outputs(const std::vector<std::string>& given,
                                         std::string_view otherwise,
                                         std::span<const std::string_view> known);

// Calls `produce` once, with what takes the bytes piece by piece: they go to the file, whole or not
// at all, or to standard output when there is none.
using Drain = std::function<void(std::string_view)>;
Result<> write_output(const Output& output, const std::function<void(const Drain&)>& produce);
Result<> write_output(const Output& output, std::string_view bytes);

}  // namespace boltseal
