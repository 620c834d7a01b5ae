// When distributions end their security support, as their own release pages say. Debian's dates are
// those of its LTS team, all others those of free support; paid extensions do not count.
#include <fmt/format.h>

#include <algorithm>

#include "match/coverage.h"

namespace boltseal {
namespace {

struct Life {
  std::string_view id, release, end;
};

constexpr auto lives = std::to_array<Life>({
    {"almalinux", "8", "2029-05-31"},
    {"almalinux", "9", "2032-05-31"},
    {"almalinux", "10", "2035-05-31"},
    {"alpine", "3.0", "2016-05-01"},
    {"alpine", "3.1", "2016-11-01"},
    {"alpine", "3.2", "2017-05-01"},
    {"alpine", "3.3", "2017-11-01"},
    {"alpine", "3.4", "2018-05-01"},
    {"alpine", "3.5", "2018-11-01"},
    {"alpine", "3.6", "2019-05-01"},
    {"alpine", "3.7", "2019-11-01"},
    {"alpine", "3.8", "2020-05-01"},
    {"alpine", "3.9", "2020-11-01"},
    {"alpine", "3.10", "2021-05-01"},
    {"alpine", "3.11", "2021-11-01"},
    {"alpine", "3.12", "2022-05-01"},
    {"alpine", "3.13", "2022-11-01"},
    {"alpine", "3.14", "2023-05-01"},
    {"alpine", "3.15", "2023-11-01"},
    {"alpine", "3.16", "2024-05-23"},
    {"alpine", "3.17", "2024-11-22"},
    {"alpine", "3.18", "2025-05-09"},
    {"alpine", "3.19", "2025-11-01"},
    {"alpine", "3.20", "2026-04-01"},
    {"alpine", "3.21", "2026-11-01"},
    {"alpine", "3.22", "2027-05-01"},
    {"alpine", "3.23", "2027-11-01"},
    {"amzn", "1", "2023-12-31"},
    {"amzn", "2", "2026-06-30"},
    {"amzn", "2018.03", "2023-12-31"},
    {"amzn", "2023", "2029-06-30"},
    {"azurelinux", "3.0", "2027-07-31"},
    {"centos", "5", "2017-03-31"},
    {"centos", "6", "2020-11-30"},
    {"centos", "7", "2024-06-30"},
    {"centos", "8", "2021-12-31"},
    {"centos-stream", "8", "2024-05-31"},
    {"centos-stream", "9", "2027-05-31"},
    {"centos-stream", "10", "2030-01-01"},
    {"debian", "6", "2016-02-29"},
    {"debian", "7", "2018-05-31"},
    {"debian", "8", "2020-06-30"},
    {"debian", "9", "2022-06-30"},
    {"debian", "10", "2024-06-30"},
    {"debian", "11", "2026-08-31"},
    {"debian", "12", "2028-06-30"},
    {"debian", "13", "2030-06-30"},
    {"fedora", "34", "2022-06-07"},
    {"fedora", "35", "2022-12-13"},
    {"fedora", "36", "2023-05-16"},
    {"fedora", "37", "2023-12-05"},
    {"fedora", "38", "2024-05-21"},
    {"fedora", "39", "2024-11-26"},
    {"fedora", "40", "2025-05-13"},
    {"fedora", "41", "2025-12-15"},
    {"fedora", "42", "2026-05-13"},
    {"mageia", "7", "2021-06-30"},
    {"mageia", "8", "2023-11-30"},
    {"mariner", "1.0", "2023-07-31"},
    {"mariner", "2.0", "2025-07-31"},
    {"ol", "5", "2017-06-30"},
    {"ol", "6", "2021-03-31"},
    {"ol", "7", "2024-12-31"},
    {"ol", "8", "2029-07-31"},
    {"ol", "9", "2032-06-30"},
    {"ol", "10", "2035-06-30"},
    {"opensuse-leap", "15.0", "2019-12-03"},
    {"opensuse-leap", "15.1", "2021-02-02"},
    {"opensuse-leap", "15.2", "2022-01-04"},
    {"opensuse-leap", "15.3", "2022-12-31"},
    {"opensuse-leap", "15.4", "2023-12-07"},
    {"opensuse-leap", "15.5", "2024-12-31"},
    {"opensuse-leap", "15.6", "2026-04-30"},
    {"opensuse-leap", "16.0", "2027-10-31"},
    {"opensuse-leap", "42.3", "2019-06-30"},
    {"photon", "1.0", "2022-02-28"},
    {"photon", "2.0", "2022-12-31"},
    {"photon", "3.0", "2024-03-01"},
    {"photon", "4.0", "2026-03-01"},
    {"rhel", "5", "2017-03-31"},
    {"rhel", "6", "2020-11-30"},
    {"rhel", "7", "2024-06-30"},
    {"rhel", "8", "2029-05-31"},
    {"rhel", "9", "2032-05-31"},
    {"rhel", "10", "2035-05-31"},
    {"rocky", "8", "2029-05-31"},
    {"rocky", "9", "2032-05-31"},
    {"rocky", "10", "2035-05-31"},
    {"sles", "11", "2019-03-31"},
    {"sles", "12", "2024-10-31"},
    {"sles", "15.1", "2021-01-31"},
    {"sles", "15.2", "2021-12-31"},
    {"sles", "15.3", "2022-12-31"},
    {"sles", "15.4", "2023-12-31"},
    {"sles", "15.5", "2024-12-31"},
    {"sles", "15.6", "2025-12-31"},
    {"sles", "15.7", "2031-07-31"},
    {"ubuntu", "12.04", "2017-04-28"},
    {"ubuntu", "14.04", "2019-04-25"},
    {"ubuntu", "16.04", "2021-04-30"},
    {"ubuntu", "18.04", "2023-05-31"},
    {"ubuntu", "19.04", "2020-01-23"},
    {"ubuntu", "19.10", "2020-07-17"},
    {"ubuntu", "20.04", "2025-05-31"},
    {"ubuntu", "20.10", "2021-07-22"},
    {"ubuntu", "21.04", "2022-01-20"},
    {"ubuntu", "21.10", "2022-07-14"},
    {"ubuntu", "22.04", "2027-04-01"},
    {"ubuntu", "22.10", "2023-07-20"},
    {"ubuntu", "23.04", "2024-01-25"},
    {"ubuntu", "23.10", "2024-07-11"},
    {"ubuntu", "24.04", "2029-05-31"},
    {"ubuntu", "24.10", "2025-07-10"},
    {"ubuntu", "25.04", "2026-01-15"},
});

std::string_view release_from_codename(std::string_view codename) {
  constexpr auto names =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"squeeze", "6"},
                                                                    {"wheezy", "7"},
                                                                    {"jessie", "8"},
                                                                    {"stretch", "9"},
                                                                    {"buster", "10"},
                                                                    {"bullseye", "11"},
                                                                    {"bookworm", "12"}});
  const auto found =
      std::ranges::find(names, codename, &std::pair<std::string_view, std::string_view>::first);
  return found == names.end() ? std::string_view{} : found->second;
}

}  // namespace

std::string end_of_life(const Distribution& distribution, std::string_view today) {
  std::string_view id = distribution.id, release = distribution.version_id;
  if (today.empty() || (id == "alpine" && distribution.codename == "edge")) return {};
  if (id == "centos" && distribution.name.find("Stream") != std::string::npos) id = "centos-stream";
  if (id == "debian" && release.empty()) release = release_from_codename(distribution.codename);
  // The longest row whose parts begin the release: "3.18.4" is in "3.18", "8.5" in "8".
  for (std::string_view part = release; !part.empty();) {
    const auto found =
        std::ranges::find_if(lives, [&](const Life& l) { return l.id == id && l.release == part; });
    if (found != lives.end()) {
      if (found->end >= today.substr(0, 10)) return {};
      return fmt::format("{} {} has had no security support since {}", distribution.id,
                         found->release, found->end);
    }
    const auto dot = part.rfind('.');
    part = dot == std::string_view::npos ? std::string_view{} : part.substr(0, dot);
  }
  return {};
}

}  // namespace boltseal
