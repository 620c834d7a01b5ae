// Which licence a name in words means: "GPLv2+", "ASL 2.0", "The Apache License, Version 2.0",
// "BSD-3-clause", or a URL.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace boltseal {

// The name as the tables spell it: lower case, letters and numbers apart, filler words and ".0"
// gone: "The Apache License, Version 2.0" and "Apache-2" are both "apache 2", "GPLv2+" is "gpl 2
// +".
std::string licence_key(std::string_view name);

// An SPDX expression (of one licence nearly always), a LicenseRef- for a name that is clear but has
// no id ("public domain"), or "" when the name is not known.
std::string licence_of_name(std::string_view name);
std::string licence_of_url(std::string_view url);
// The SPDX exception that words after "with" mean for `licence`; "" when they name none.
std::string exception_of_name(std::string_view words, std::string_view licence);

// {key, expression}, sorted by key.
std::span<const std::pair<std::string_view, std::string_view>> licence_names();

}  // namespace boltseal
