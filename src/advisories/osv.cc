// OSV records: the buckets of osv.dev hold one all.zip of JSON files per ecosystem, in the schema
// of https://ossf.github.io/osv-schema/. What producers do beyond it:
//  - Go writes "0001-01-01T00:00:00Z" for no time.
//  - AlmaLinux, Rocky and older Debian, SUSE and Ubuntu records name the CVEs that they fix in
//    `related` or `aliases`, newer ones in `upstream`: for a distribution all are upstream.
//  - AlmaLinux publishes bug-fix advisories in the same bucket; without a CVE they are no flaw.
//  - Severity comes as vector, per record or per package, or as the producer's own word: GitHub's
//    and Debian's in database_specific or ecosystem_specific, AlmaLinux's before the summary.
// Ignored: GIT ranges (no package has a commit), details, credits, purls.
#include <algorithm>
#include <array>
#include <memory>

#include "advisories/cvss.h"
#include "advisories/format.h"
#include "advisories/go_ranges.h"
#include "advisories/importers.h"
#include "base/text.h"
#include "base/time.h"
#include "codec/zip.h"
#include "inventory/rpm_module.h"

namespace boltseal {
namespace {

constexpr std::uint64_t largest_record = 32U << 20;

bool is_distribution(std::string_view ecosystem) {
  constexpr std::array<std::string_view, 19> names = {"AlmaLinux",
                                                      "Alpaquita",
                                                      "Alpine",
                                                      "Azure Linux",
                                                      "BellSoft Hardened Containers",
                                                      "CentOS Hyperscale",
                                                      "Chainguard",
                                                      "Debian",
                                                      "Echo",
                                                      "MinimOS",
                                                      "Mageia",
                                                      "Photon OS",
                                                      "Red Hat",
                                                      "Rocky Linux",
                                                      "SUSE",
                                                      "Ubuntu",
                                                      "Wolfi",
                                                      "openEuler",
                                                      "openSUSE"};
  return std::ranges::find(names, ecosystem.substr(0, ecosystem.find(':'))) != names.end();
}

// Ids like ALBA-2021:1099 and ALEA-…: errata that fix bugs or bring features.
bool is_plain_erratum(std::string_view id) {
  constexpr std::array<std::string_view, 8> kinds = {"ALBA-", "ALEA-", "RLBA-", "RLEA-",
                                                     "RHBA-", "RHEA-", "ELBA-", "ELEA-"};
  return std::ranges::find(kinds, id.substr(0, 5)) != kinds.end();
}

std::string time_text(const Value& value) {
  const auto seconds = parse_time(value.text());
  return seconds && *seconds > 0 ? rfc3339(*seconds) : std::string();
}

Result<std::vector<std::string>> ids(const Value& list) {
  std::vector<std::string> out;
  for (const auto& item : list.items()) {
    if (!sound_text(item.text())) return fail(Fault::corrupt, "an id that is none");
    out.push_back(item.string());
  }
  return out;
}

using Vectors = std::vector<std::pair<std::string, std::string>>;  // type and CVSS vector

// The vectors of a `severity` array, and the words of those producers who write words there.
void read_severities(const Value& list, Vectors& vectors, Severity& word) {
  for (const auto& item : list.items()) {
    const auto type = item["type"].text();
    const auto score = trim_end(item["score"].text(), '/');
    if (type.starts_with("CVSS_") && sound_text(type) && sound_text(score)) {
      vectors.emplace_back(type, score);
    } else if (const auto severity = severity_of(score)) {
      word = std::max(word, *severity);
    }
  }
}

Severity worst(const Vectors& vectors) {
  Severity out = Severity::unknown;
  for (const auto& [type, vector] : vectors) {
    if (const auto score = cvss_score(vector)) {
      out = std::max(out, cvss_severity(*score, type == "CVSS_V2"));
    }
  }
  return out;
}

// What the producer says of this package beyond the schema.
void read_judgement(const Value& specific, Affected& out) {
  const auto urgency = trim_end(specific["urgency"].text(), '*');
  if (urgency == "unimportant")
    out.severity = Severity::negligible;
  else if (urgency == "end-of-life")
    out.fix_state = FixState::end_of_life;
  else if (const auto severity = severity_of(urgency))
    out.severity = *severity;
  for (const auto* key : {"severity", "ubuntu_priority"}) {
    if (const auto severity = severity_of(specific[key].text())) out.severity = *severity;
  }
  const auto informational = specific["informational"].text();
  if (informational == "unmaintained" || informational == "notice") {
    out.severity = Severity::negligible;
  } else if (informational == "unsound") {
    out.severity = Severity::low;
  }
}

Result<std::vector<Event>> read_events(const Value& range) {
  using Kind = Event::Kind;
  constexpr std::array<std::pair<std::string_view, Kind>, 4> kinds = {
      {{"introduced", Kind::introduced},
       {"fixed", Kind::fixed},
       {"last_affected", Kind::last_affected},
       {"limit", Kind::limit}}};
  std::vector<Event> out;
  for (const auto& event : range["events"].items()) {
    for (const auto& member : event.members()) {
      const auto kind = std::ranges::find(kinds, member.key, [](const auto& k) { return k.first; });
      if (kind == kinds.end()) continue;
      const auto version = member.value.text();
      if (!sound_text(version)) return fail(Fault::corrupt, "an event without a version");
      if (kind->second == Kind::limit && version == "*") continue;
      // RustSec writes an interval that holds nothing as "introduced V, fixed V". By the order of
      // versions alone, the flaw would come back there.
      if (kind->second == Kind::fixed && version != "0" && !out.empty() &&
          out.back().kind == Kind::introduced && out.back().version == version) {
        out.pop_back();
        continue;
      }
      out.push_back({kind->second, std::string(version)});
    }
  }
  return out;
}

// How GitHub ends the ranges of a flaw that has no patched version: "<= 1.2.3" or "< 1.2.3".
void close_open_ranges(std::string_view known, std::vector<std::vector<Event>>& ranges) {
  known = trim(known);
  if (!known.starts_with('<')) return;
  known.remove_prefix(1);
  const auto kind = known.starts_with('=') ? Event::Kind::last_affected : Event::Kind::limit;
  if (known.starts_with('=')) known.remove_prefix(1);
  const std::string end(trim(known));
  if (!sound_text(end)) return;
  for (auto& range : ranges)
    if (!range.empty() && range.back().kind == Event::Kind::introduced)
      range.push_back({kind, end});
}

// Nothing for an entry that names no package (a Git repository only).
// `vectors` becomes the CVSS of this package alone.
Result<std::optional<Affected>> read_affected(const Value& entry, Vectors& vectors) {
  const auto& package = entry["package"];
  if (!package) return std::nullopt;
  Affected out;
  // "Packagist:https://packages.drupal.org/8": which repository has the package, not a release.
  out.ecosystem = package["ecosystem"].string();
  if (const auto parts = cut(out.ecosystem, ":"); parts && parts->second.contains("://"))
    out.ecosystem = std::string(parts->first);
  out.name = package["name"].string();
  if (!sound_text(out.ecosystem) || !sound_text(out.name)) {
    return fail(Fault::corrupt, "an affected package without name or ecosystem");
  }
  for (const auto& range : entry["ranges"].items()) {
    if (range["type"].text() == "GIT") continue;
    TRY(auto events, read_events(range));
    if (!events.empty()) out.ranges.push_back(std::move(events));
  }
  for (const auto& version : entry["versions"].items()) {
    if (!sound_text(version.text())) return fail(Fault::corrupt, "a version that is none");
    out.versions.push_back(version.string());
  }
  if (out.ecosystem == "Go") {
    std::vector<std::vector<Event>> custom;
    for (const auto& range : entry["ecosystem_specific"]["custom_ranges"].items()) {
      TRY(auto events, read_events(range));
      if (!events.empty()) custom.push_back(std::move(events));
    }
    out.ranges = with_custom_ranges(std::move(out.ranges), std::move(custom));
  }
  close_open_ranges(entry["database_specific"]["last_known_affected_version_range"].text(),
                    out.ranges);
  read_severities(entry["severity"], vectors, out.severity);
  if (out.severity == Severity::unknown) out.severity = worst(vectors);
  read_judgement(entry["ecosystem_specific"], out);
  read_judgement(entry["database_specific"], out);
  return out;
}

// A distribution's record repackages flaws: whatever CVEs it names are upstream of it.
void settle_upstream(const Value& record, Advisory& out) {
  const auto is_cve = [](const std::string& id) { return id.starts_with("CVE-"); };
  for (const auto& related : record["related"].items()) {
    if (out.upstream.empty() || is_cve(related.string())) {
      if (is_cve(related.string()) && sound_text(related.text())) {
        out.upstream.push_back(related.string());
      }
    }
  }
  if (std::ranges::count_if(out.aliases, is_cve) > 1) {
    std::ranges::copy_if(out.aliases, std::back_inserter(out.upstream), is_cve);
    std::erase_if(out.aliases, is_cve);
  }
}

// AlmaLinux, Rocky and Red Hat name the module streams of a record in its title only.
void settle_modules(const std::string& modules, Advisory& out) {
  const auto is_modular = [](const Event& event) { return is_modular_version(event.version); };
  for (auto& affected : out.affected) {
    if (std::ranges::any_of(affected.ranges, [&](const auto& range) {
          return std::ranges::any_of(range, is_modular);
        }))
      affected.module = modules;
  }
}

}  // namespace

Result<Advisory> read_osv(const Value& record, const std::string& feed) {
  Advisory out;
  out.id = record["id"].string();
  out.feed = feed;
  if (!sound_text(out.id)) return fail(Fault::corrupt, "a record without an id");
  out.published = time_text(record["published"]);
  out.modified = time_text(record["modified"]);
  if (const auto& withdrawn = record["withdrawn"]; withdrawn.is_text()) {
    out.withdrawn = time_text(withdrawn);
    if (out.withdrawn.empty()) out.withdrawn = out.modified;
  }
  TRY(out.aliases, ids(record["aliases"]));
  TRY(out.upstream, ids(record["upstream"]));
  const auto summary = record["summary"].text();
  out.summary = valid_or_replaced_utf8(
      trim(summary.substr(0, std::min<std::size_t>(summary.find('\n'), 500))));
  read_severities(record["severity"], out.severities, out.severity);
  if (const auto word = severity_of(record["database_specific"]["severity"].text())) {
    out.severity = std::max(out.severity, *word);
  }
  for (const auto& reference : record["references"].items()) {
    const auto address = reference["url"].text();
    if (sound_address(address)) out.references.emplace_back(address);
  }
  Vectors common;
  bool alike = true;  // whether each package has the same vectors, which are the record's then
  for (const auto& entry : record["affected"].items()) {
    Vectors vectors;
    TRY(auto affected, read_affected(entry, vectors));
    if (!affected) continue;
    alike = out.affected.empty() || (alike && vectors == common);
    common = std::move(vectors);
    out.affected.push_back(std::move(*affected));
  }
  if (alike) std::ranges::move(common, std::back_inserter(out.severities));
  if (!out.affected.empty() && is_distribution(out.affected[0].ecosystem)) {
    settle_upstream(record, out);
    settle_modules(modules_in_title(summary.substr(0, 500)), out);
    const auto word = cut(out.summary, ":");
    if (out.severity == Severity::unknown && word) {
      out.severity = severity_of(word->first).value_or(Severity::unknown);
    }
  }
  // Malicious packages (https://github.com/ossf/malicious-packages) carry no rating.
  if (out.id.starts_with("MAL-") && out.severity == Severity::unknown && out.severities.empty())
    out.severity = Severity::critical;
  return out;
}

Result<ImportReport> import_osv(std::string_view zip, const std::string& feed, DatabaseInput& out) {
  ZipLimits limits;
  limits.total_bytes = std::uint64_t{32} << 30;  // the largest bucket inflates to some gigabytes
  TRY(const auto archive, Zip::open(zip, limits));
  ImportReport report;
  std::string text;
  for (const auto& entry : archive.entries()) {
    if (!entry.name.ends_with(".json")) continue;
    if (const auto read = archive.read(entry, largest_record, text); !read) {
      report.skip(entry.name, read.error());
      continue;
    }
    const auto document = parse_json(text);
    if (!document) {
      report.skip(entry.name, document.error());
      continue;
    }
    auto advisory = read_osv(document->root(), feed);
    if (!advisory) {
      report.skip(entry.name, advisory.error());
    } else if (is_plain_erratum(advisory->id) && advisory->upstream.empty() &&
               advisory->aliases.empty()) {
      ++report.ignored;
    } else {
      report.add(*advisory);
      out.advisories.push_back(std::move(*advisory));
    }
  }
  return report;
}

}  // namespace boltseal
