// Alpine's and Wolfi's secdb: per package, which version fixed which flaws
// (https://secdb.alpinelinux.org, https://packages.wolfi.dev/os/security.json). Alpine's files name
// the release in `distroversion`, Wolfi's have none. "0" as a version says that the package never
// was affected. Keys are source packages ("origin").
//
// The text that names a flaw is free: "CVE-2016-9377 XSA-196", "CVE_2019-2426", "CVE 2018-16859",
// "CVE-2017-8073.patch", "CVE-2017-17434-1", "CVE-????-?????  XSA-284", "CVE-2018-10103 (SMB -
// partially fixed, but SMB printing disabled)", null for an empty list. Words of an id's form
// count. Beside a CVE another id is its alias if the file pairs it with no other CVE; alone it is a
// flaw. Wolfi lists a GHSA after each CVE: where a list alternates so, the GHSA speaks of that CVE.
// That is no alias, for a wrong pair would then join two flaws in the feeds of all ecosystems.
//
// Each flaw becomes one record under its own id, with all packages and releases that fixed it. A
// flaw that was fixed twice in one package counts as fixed by the later one. The files hold no
// dates.
#include <algorithm>
#include <map>
#include <set>

#include "advisories/importers.h"
#include "base/text.h"
#include "versions/versions.h"

namespace boltseal {
namespace {

constexpr std::size_t longest_id = 64;

// "CVE-2017-8073" out of "CVE-2017-8073.patch"; empty when the word does not begin with a CVE.
std::string_view cve_of(std::string_view word) {
  constexpr std::size_t year = 4, number = 9;  // where they begin
  const auto digits_from = [&](std::size_t at) {
    std::size_t end = at;
    while (end < word.size() && is_digit(word[end])) ++end;
    return end - at;
  };
  if (word.size() > longest_id || !word.starts_with("CVE-") || digits_from(year) != 4 ||
      word.size() < number || word[number - 1] != '-' || digits_from(number) < 4)
    return {};
  return word.substr(0, number + digits_from(number));
}

// "XSA-207", "wnpa-sec-2017-18", "GHSA-x4qr-2fvf-3mr5".
bool is_id(std::string_view word) {
  const bool plain = std::ranges::all_of(word, [](char c) { return is_alnum(c) || c == '-'; });
  constexpr std::size_t ghsa = 19;
  return plain && word.size() > 3 && word.size() <= longest_id && is_alpha(word[0]) &&
         is_alpha(word[1]) && word.find('-') != std::string_view::npos &&
         (is_digit(word.back()) || (word.starts_with("GHSA-") && word.size() == ghsa));
}

// The ids that a text holds.
struct Named {
  std::vector<std::string> cves, others;
};

Named ids_of(std::string_view text) {
  std::string plain = replace_all(text, "CVE_", "CVE-");
  plain = replace_all(plain, "CVE ", "CVE-");
  std::ranges::replace_if(
      plain, [](char c) { return std::string_view(",;()[]").contains(c); }, ' ');
  Named out;
  const auto all = words(plain);
  for (const auto word : all) {
    if (const auto cve = cve_of(word); !cve.empty())
      out.cves.emplace_back(cve);
    else if (is_id(word))
      out.others.emplace_back(word);
  }
  // Ids of forms that we do not know ("VSV00001") stand alone.
  if (out.cves.empty() && out.others.empty() && all.size() == 1 && all[0].size() <= longest_id &&
      sound_text(all[0]) && is_alpha(all[0][0]) && std::ranges::any_of(all[0], is_digit) &&
      !all[0].contains('?'))
    out.others.emplace_back(all[0]);
  return out;
}

// What a file tells of ids that are no CVE: which CVEs stand beside them.
class Pairs {
 public:
  explicit Pairs(const Value& packages) {
    for (const auto& item : packages.items())
      for (const auto& [version, list] : item["pkg"]["secfixes"].members()) read(list);
  }
  const std::map<std::string, std::set<std::string>>& beside() const { return beside_; }
  // Of a GHSA in lists that alternate; empty when they do not agree.
  std::string listed(const std::string& id) const {
    const auto at = listed_.find(id);
    return at == listed_.end() || at->second.size() != 1 ? "" : *at->second.begin();
  }

 private:
  void read(const Value& list) {
    std::vector<Named> texts;
    for (const auto& item : list.items()) {
      texts.push_back(ids_of(item.text()));
      if (texts.back().cves.empty()) continue;
      for (const auto& other : texts.back().others)
        beside_[other].insert(texts.back().cves.begin(), texts.back().cves.end());
    }
    bool alternates = texts.size() % 2 == 0;
    for (std::size_t i = 0; i < texts.size() && alternates; ++i) {
      const auto& [cves, others] = texts[i];
      alternates = i % 2 == 0
                       ? cves.size() == 1 && others.empty()
                       : cves.empty() && others.size() == 1 && others[0].starts_with("GHSA-");
    }
    for (std::size_t i = 1; i < texts.size() && alternates; i += 2)
      listed_[texts[i].others[0]].insert(texts[i - 1].cves[0]);
  }

  std::map<std::string, std::set<std::string>> beside_, listed_;
};

bool before(const std::string& a, const std::string& b) {
  if (a == "0" || b == "0") return a == "0" && b != "0";
  return compare_versions(Scheme::apk, a, b) == std::strong_ordering::less;
}

// {flaw: fixing version} of one package. A text without an id goes to the report.
Result<std::map<std::string, std::string>> fixes_of(const Value& secfixes, std::string_view name,
                                                    ImportReport& report) {
  std::map<std::string, std::string> out;
  for (const auto& [version, list] : secfixes.members()) {
    if (!sound_text(version)) return fail(Fault::corrupt, "a fix without a version");
    for (const auto& item : list.items()) {
      auto named = ids_of(item.text());
      if (named.cves.empty() && named.others.empty())
        report.skip(name, fail(Fault::corrupt, "a flaw without an id").error());
      for (auto& id : named.cves.empty() ? named.others : named.cves) {
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
  const Pairs pairs(root["packages"]);
  std::map<std::string, Advisory> records;
  ImportReport report;
  for (const auto& item : root["packages"].items()) {
    const auto name = item["pkg"]["name"].text();
    auto fixes = sound_text(name) ? fixes_of(item["pkg"]["secfixes"], name, report)
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
  for (const auto& [other, cves] : pairs.beside())
    if (const auto at = records.find(*cves.begin()); cves.size() == 1 && at != records.end())
      at->second.aliases.push_back(other);
  for (auto& [id, record] : records) {
    if (auto cve = pairs.listed(id); !cve.empty()) record.upstream.push_back(std::move(cve));
    report.add(record);
    out.advisories.push_back(std::move(record));
  }
  return report;
}

}  // namespace boltseal
