// The Ruby Advisory Database (https://github.com/rubysec/ruby-advisory-db): a folder per gem under
// gems/ and per interpreter under rubies/, a YAML file per flaw. It names the versions that are
// safe (patched_versions, unaffected_versions) as RubyGems requirements; affected is all the rest,
// and everything when there is none. Identifiers come without their prefix ("cve: 2023-1428").
// CVSS comes as a number without a vector, so it counts as the feed's own judgement.
// Ignored: description, notes, framework, platform.
#include <charconv>

#include "advisories/cvss.h"
#include "advisories/format.h"
#include "advisories/importers.h"
#include "base/text.h"
#include "base/time.h"
#include "codec/zip.h"

namespace boltseal {
namespace {

constexpr std::uint64_t largest_record = 1U << 20;

std::optional<double> number(const Value& value) {
  const std::string text = value.scalar();
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out >= 0 && out <= 10 ? std::optional(out) : std::nullopt;
}

Severity severity_in(const Value& root) {
  for (const auto* key : {"cvss_v4", "cvss_v3"}) {
    if (const auto score = number(root[key])) return cvss_severity(*score);
  }
  const auto score = number(root["cvss_v2"]);
  return score ? cvss_severity(*score, true) : Severity::unknown;
}

void read_ids(const Value& root, std::string_view stem, Advisory& out) {
  constexpr std::pair<std::string_view, std::string_view> kinds[] = {
      {"cve", "CVE-"}, {"ghsa", "GHSA-"}, {"osvdb", "OSVDB-"}};
  for (const auto& [key, prefix] : kinds) {
    const std::string id = root[key].scalar();
    if (!id.empty()) out.aliases.push_back(std::string(prefix) + id);
  }
  out.id = out.aliases.empty() ? std::string(stem) : out.aliases.front();
  if (!out.aliases.empty()) out.aliases.erase(out.aliases.begin());
}

Result<Advisory> read_record(const Value& root, std::string_view folder, std::string_view stem) {
  Advisory out;
  out.feed = "RubySec";
  read_ids(root, stem, out);
  bool sound = sound_text(out.id);
  for (const auto& alias : out.aliases) sound = sound && sound_text(alias);
  if (!sound) return fail(Fault::corrupt, "an id that is none");
  out.published = root["date"].string();
  if (const auto date = parse_time(out.published))
    out.published = rfc3339(*date);
  else
    out.published.clear();
  out.modified = out.published;
  out.summary = valid_or_replaced_utf8(trim(root["title"].text().substr(0, 500)));
  out.severity = severity_in(root);
  if (sound_address(root["url"].text())) out.references.push_back(root["url"].string());
  for (const auto& address : root["related"]["url"].items()) {
    if (sound_address(address.text())) out.references.push_back(address.string());
  }
  Affected affected;
  affected.ecosystem = folder == "gems" ? "RubyGems" : "Ruby";
  affected.name = root[folder == "gems" ? "gem" : "engine"].scalar();
  if (!sound_text(affected.name)) return fail(Fault::corrupt, "a record without a name");
  std::vector<std::string> safe;
  for (const auto& item : root["patched_versions"].items()) safe.push_back(item.scalar());
  for (const auto& item : root["unaffected_versions"].items()) {
    safe.push_back(item.scalar());
    affected.unaffected.push_back(safe.back());
  }
  TRY(affected.ranges, affected_gems(safe, affected.unaffected));
  out.affected.push_back(std::move(affected));
  return out;
}

}  // namespace

Result<ImportReport> import_rubysec(std::string_view zip, const std::string& where,
                                    DatabaseInput& out) {
  TRY(const auto archive, Zip::open(zip));
  ImportReport report;
  for (const auto& entry : archive.entries()) {
    const auto parts = split(entry.name, '/');  // gems/NAME/ID.yml, maybe inside one folder
    if (parts.size() < 3 || parts.size() > 4 || !entry.name.ends_with(".yml")) continue;
    const auto folder = parts[parts.size() - 3];
    if (folder != "gems" && folder != "rubies") continue;
    const auto stem = parts.back().substr(0, parts.back().size() - 4);
    const auto text = archive.read(entry, largest_record);
    const auto document = text ? parse_yaml(*text) : std::unexpected(text.error());
    auto record =
        document ? read_record(document->root(), folder, stem) : std::unexpected(document.error());
    if (!record) {
      report.skip(entry.name, record.error());
      continue;
    }
    report.add(*record);
    out.advisories.push_back(std::move(*record));
  }
  if (report.records == 0) return fail(Fault::corrupt, "no Ruby advisories in it", where);
  return report;
}

}  // namespace boltseal
