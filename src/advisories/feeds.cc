#include "advisories/feeds.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "advisories/format.h"
#include "base/text.h"
#include "base/time.h"
#include "codec/json_writer.h"
#include "versions/versions.h"

namespace boltseal {

using Kind = FeedSource::Kind;

namespace {

// Spaces and what else may not stand in a URL; a path stays as it is.
std::string in_address(const std::string& base, std::string_view name) {
  return local_path(base) ? std::string(name) : replace_all(name, " ", "%20");
}

std::string below(const std::string& base, std::string_view rest) {
  return std::string(trim_end(base, '/')) + "/" + std::string(rest);
}

}  // namespace

std::vector<FeedSource> default_feeds() {
  return {{"OSV", Kind::osv, "https://osv-vulnerabilities.storage.googleapis.com"},
          {"Alpine", Kind::alpine, "https://secdb.alpinelinux.org"},
          {"Wolfi", Kind::wolfi, "https://packages.wolfi.dev/os/security.json"},
          {"CISA KEV", Kind::kev,
           "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"},
          {"RubySec", Kind::rubysec,
           "https://github.com/rubysec/ruby-advisory-db/archive/refs/heads/master.zip"}};
}

std::optional<Kind> feed_kind_of(std::string_view name) {
  constexpr std::array<std::string_view, 5> names = {"osv", "alpine", "wolfi", "kev", "rubysec"};
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Kind>(found - names.begin());
}

std::vector<FeedSource> feeds_in(const std::string& directory) {
  constexpr std::array<std::string_view, 5> places = {"osv", "alpine-secdb", "wolfi/security.json",
                                                      "kev/known_exploited_vulnerabilities.json",
                                                      "ruby-advisory-db.zip"};
  std::vector<FeedSource> out;
  auto feeds = default_feeds();
  for (std::size_t i = 0; i < places.size(); ++i) {
    feeds[i].base = below(directory, places.at(i));
    std::error_code ignored;
    if (std::filesystem::exists(feeds[i].base, ignored)) out.push_back(std::move(feeds[i]));
  }
  return out;
}

FeedState parse_feed_state(std::string_view json, std::string& built_from) {
  FeedState out;
  const auto document = parse_json(json);
  if (!document) return out;  // without memory everything is fetched again
  const auto& root = document->root();
  built_from = root["built_from"].string();
  for (const auto& [address, item] : root["feeds"].members()) {
    out.emplace(address,
                FeedMemory{item["etag"].string(), item["last_modified"].string(),
                           item["sha256"].string(), item["newest"].string(),
                           static_cast<std::uint64_t>(item["records"].integer().value_or(0))});
  }
  return out;
}

std::string format_feed_state(const FeedState& state, const std::string& built_from) {
  JsonWriter out;
  out.object().member("built_from", built_from).key("feeds").object();
  for (const auto& [address, memory] : state) {
    out.key(address).object();
    out.text_if("etag", memory.etag).text_if("last_modified", memory.last_modified);
    out.member("sha256", memory.sha256).text_if("newest", memory.newest);
    out.member("records", memory.records).end();
  }
  return out.end().end().take();
}

std::vector<std::string> usable_ecosystems(std::string_view list,
                                           const std::vector<std::string>& wanted) {
  constexpr std::size_t most = 1000;
  std::set<std::string> out;
  each_line(list, [&](std::string_view line) {
    const auto name = trim(line);
    const bool sound = !name.empty() && is_alpha(name[0]) && std::ranges::all_of(name, [](char c) {
      return is_alnum(c) || c == ' ' || c == '.' || c == '-';
    });
    if (!sound || !scheme_of(name) || out.size() >= most) return;
    if (wanted.empty() || std::ranges::find(wanted, name) != wanted.end()) out.emplace(name);
  });
  return {out.begin(), out.end()};
}

FeedFile osv_file(const FeedSource& source, const std::string& ecosystem) {
  const auto address = below(source.base, in_address(source.base, ecosystem) + "/all.zip");
  return {Kind::osv, source.name + " " + ecosystem, address, address, ecosystem, false};
}

std::string ecosystems_address(const FeedSource& source) {
  return below(source.base, "ecosystems.txt");
}

std::vector<FeedFile> alpine_files(const FeedSource& source) {
  // There is no list to ask, so a few releases to come are tried too; what is not there costs one
  // answer.
  constexpr int first = 3, last = 26;
  std::vector<std::string> releases;
  for (int minor = first; minor <= last; ++minor) releases.push_back(fmt::format("v3.{}", minor));
  releases.emplace_back("edge");
  std::vector<FeedFile> out;
  for (const auto& release : releases) {
    for (const auto* repository : {"main", "community"}) {
      const auto part = fmt::format("{}/{}", release, repository);
      out.push_back(
          {Kind::alpine, source.name, source.base, below(source.base, part + ".json"), part, true});
    }
  }
  return out;
}

FeedFile single_file(const FeedSource& source) {
  return {source.kind, source.name, source.base, source.base, {}, false};
}

Result<ImportReport> import_feed(const FeedFile& file, std::string_view body, DatabaseInput& out) {
  switch (file.kind) {
    case Kind::osv:
      return import_osv(body, file.part, out);
    case Kind::alpine:
    case Kind::wolfi:
      return import_secdb(body, file.address, out);
    case Kind::kev:
      return import_kev(body, file.address, out);
    case Kind::rubysec:
      return import_rubysec(body, file.address, out);
  }
  return fail(Fault::unsupported, "a feed of an unknown kind", file.address);
}

std::optional<std::string> local_path(std::string_view address) {
  if (address.starts_with("file://")) return std::string(address.substr(7));
  if (address.find("://") != std::string_view::npos) return std::nullopt;
  return std::string(address);
}

std::string time_of_http_date(std::string_view date) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto parts = words(date);
  if (parts.size() != 6 || parts[5] != "GMT") return {};
  const auto month = months.find(parts[2]);
  if (parts[2].size() != 3 || month == std::string_view::npos || month % 3 != 0) return {};
  const auto seconds =
      parse_time(fmt::format("{}-{:02}-{:0>2}T{}Z", parts[3], month / 3 + 1, parts[1], parts[4]));
  return seconds ? rfc3339(*seconds) : std::string();
}

}  // namespace boltseal
