// Licences as SPDX expressions (https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/),
// from what packages declare.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

// What a package declares ("GPL-2+", "MIT/X11", "BSD 3-Clause", "Apache License, Version 2.0",
// "(MIT OR Apache-2.0)", "GPLv2+ and LGPLv2+ with exceptions") as a valid SPDX expression. A part
// that is no SPDX id becomes "LicenseRef-<what it says, in [A-Za-z0-9.-]>"; "" stays "". Never
// drops a part, never invents one.
std::string spdx_expression(std::string_view declared);
// Several declarations that all hold, joined by AND, without repeats, in the order given.
std::string spdx_all_of(const std::vector<std::string>& declared);
// The licences that a Debian copyright file names: machine-readable (DEP-5) "License:" fields, else
// the references to /usr/share/common-licenses and well-known opening sentences. "" when it names
// none.
std::string licence_of_copyright_file(std::string_view text);
bool is_spdx_expression(std::string_view text);
// The licence ids (and LicenseRefs) that an expression names, in order, without "WITH" exceptions.
std::vector<std::string> licence_ids(std::string_view expression);

enum class LicenceCategory : std::uint8_t {
  unknown,
  public_domain,
  permissive,
  notice,
  weak_copyleft,
  strong_copyleft,
  network_copyleft,
  proprietary
};
std::string_view name_of(LicenceCategory category);
LicenceCategory category_of_id(std::string_view id);
// For OR the mildest, for AND the strictest.
LicenceCategory category_of(std::string_view expression);

}  // namespace boltseal
