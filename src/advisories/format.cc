#include "advisories/format.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "inventory/names.h"

namespace boltseal {

std::string layout::digest_of(std::string_view file) {
  Hasher hasher;
  hasher.update(file.substr(0, digest_at));
  hasher.update(file.substr(table_at));
  return hasher.finish();
}

std::string normal_name(std::string_view ecosystem, std::string_view name) {
  constexpr std::array<std::string_view, 6> lower_case = {"GitHub Actions", "Go",       "NuGet",
                                                          "Packagist",      "SwiftURL", "VSCode"};
  if (std::ranges::find(lower_case, ecosystem) != lower_case.end()) return lower(name);
  return ecosystem == "PyPI" ? pypi_name(name) : std::string(name);
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  std::string whole(text);
  if (whole.size() == 10) whole += "T00:00:00Z";
  if (whole.size() > 10 && whole[10] == ' ') whole[10] = 'T';
  if (whole.size() > 11 && whole.find_first_of("Zz+-", 11) == std::string::npos) whole += 'Z';
  const auto seconds = parse_rfc3339(whole);
  return seconds && *seconds >= 0 ? seconds : std::nullopt;
}

std::string format_date(std::int64_t days) {
  // Bounded, so that a damaged file gives an odd date and not a fault: year 9999 is the last.
  return rfc3339(std::min<std::int64_t>(days, 2'932'896) * 86400).substr(0, 10);
}

}  // namespace boltseal
