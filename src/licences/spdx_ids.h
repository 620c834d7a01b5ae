// The SPDX licence list as a table. Ids match without regard to case, as the specification wants.
#pragma once
#include <span>
#include <string_view>

#include "licences/licences.h"

namespace boltseal {

// What the categories mean here: `permissive` asks to keep the copyright text; `notice` asks for
// more (an acknowledgement, an advertising clause, marked changes, a change of name);
// `weak_copyleft` covers the file or the library, `strong_copyleft` the whole work,
// `network_copyleft` also its use over a network; `proprietary` forbids a use or is not free.
struct SpdxId {
  std::string_view id;
  LicenceCategory category;
};

std::span<const SpdxId> spdx_ids();
std::span<const std::string_view> spdx_exceptions();
const SpdxId* find_spdx_id(std::string_view text);  // nullptr when it is none
std::string_view find_spdx_exception(
    std::string_view text);  // in the list's spelling; "" when it is none

}  // namespace boltseal
