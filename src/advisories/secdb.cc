// Alpine's and Wolfi's secdb: per package, which version fixed which flaws
// (https://secdb.alpinelinux.org, https://packages.wolfi.dev/os/security.json). Alpine's files name
// the release in `distroversion`, Wolfi's have none. "0" as a version says that the package never
// was affected. Keys are source packages ("origin"). Older files write "CVE_2019-2426",
// "CVE 2018-16859", two ids in one text, and null for an empty list.
//
// Each flaw becomes one record under its own id, with all packages and releases that fixed it. A
// flaw that was fixed twice in one package counts as fixed by the later one. The files hold no
// dates.
#include <algorithm>
#include <map>

#include "advisories/importers.h"
#include "base/text.h"
#include "versions/versions.h"

namespace boltseal {
namespace {

std::vector<std::string> ids_of(std::string_view text) {
  std::string fixed = replace_all(text, "CVE_", "CVE-");
  fixed = replace_all(fixed, "CVE ", "CVE-");
  std::vector<std::string> out;
  for (const auto word : words(fixed)) out.emplace_back(word);
  return out;
}

bool before(const std::string& a, const std::string& b) {
  if (a == "0" || b == "0") return a == "0" && b != "0";
  return compare_versions(Scheme::apk, a, b) == std::strong_ordering::less;
}

// {flaw: fixing version} of one package.
Result<std::map<std::string, std::string>> fixes_of(const Value& secfixes) {
  std::map<std::string, std::string> out;
  for (const auto& [version, list] : secfixes.members()) {
    if (!sound_text(version)) return fail(Fault::corrupt, "a fix without a version");
    for (const auto& item : list.items()) {
      for (auto& id : ids_of(item.text())) {
        if (!sound_text(id)) return fail(Fault::corrupt, "a flaw without an id");
        const auto [at, fresh] = out.emplace(std::move(id), version);
        if (!fresh && before(at->second, std::string(version))) at->second = version;
      }
    }
  }
  return out;
}

}  // namespace

Result<ImportReport> import_secdb(std::string_view json, const std::string& where,
                                  DatabaseInput& out) {
  TRY(const auto document, parse_json(json));
  const auto& root = document.root();
  // v3.3 has a community file with "packages": null.
  if (!root["packages"].is_array() && !root["reponame"].is_text())
    return fail(Fault::corrupt, "no secdb: no packages", where);
  const auto release = root["distroversion"].text();
  const std::string feed = release.empty() ? "Wolfi" : "Alpine";
  const std::string ecosystem = release.empty() ? feed : feed + ":" + std::string(release);
  if (!sound_text(ecosystem)) return fail(Fault::corrupt, "no secdb: an odd release", where);
  std::map<std::string, Advisory> records;
  ImportReport report;
  for (const auto& item : root["packages"].items()) {
    const auto name = item["pkg"]["name"].text();
    auto fixes = sound_text(name) ? fixes_of(item["pkg"]["secfixes"])
                                  : fail(Fault::corrupt, "a package without a name");
    if (!fixes) {
      report.skip(where + " " + std::string(name), fixes.error());
      continue;
    }
    for (auto& [id, version] : *fixes) {
      Affected affected;
      affected.ecosystem = ecosystem;
      affected.name = name;
      affected.ranges = {{{Event::Kind::introduced, "0"}, {Event::Kind::fixed, version}}};
      auto& record = records[id];
      record.id = id;
      record.feed = feed;
      record.affected.push_back(std::move(affected));
    }
  }
  for (auto& [id, record] : records) {
    report.add(record);
    out.advisories.push_back(std::move(record));
  }
  return report;
}

}  // namespace boltseal
