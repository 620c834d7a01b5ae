// The verification of a supply chain by an in-toto layout, as the reference implementation does it
// but for what doc/custody.md lists.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "custody/intoto_metadata.h"
#include "seal/refusal.h"

namespace boltseal {

struct InTotoOptions {
  std::string link_folder = ".";
  std::vector<InTotoKey> owners;                                 // each must have signed the layout
  std::optional<std::map<std::string, std::string>> parameters;  // for "{name}" in the layout
  std::int64_t now = 0;
  bool allow_inspections = false;  // commands of the layout's may run here
  unsigned inspection_seconds = 60;
  std::string inspection_folder = ".";
};

struct InTotoOutcome {
  InTotoLink summary;                 // materials of the first step, products of the last
  std::vector<std::string> warnings;  // what does not break the verdict and should be known
};

Checked<InTotoOutcome> verify_in_toto(std::string_view layout, const InTotoOptions& options);

}  // namespace boltseal
