// Which record decides where several speak of one flaw in one package:
//  1. a record that was taken back counts only when all were;
//  2. the feed that judges the ecosystem natively (Go's own, PyPA, RustSec, RubySec, a
//  distribution's tracker) before those that
//     repeat or bundle others;
//  3. among equals the graver verdict: affected, undecided, fixed, not affected.
// Debian's tracker may still say "no fix" where a DSA names one: then the advisory's fix holds.
#include "match/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "base/text.h"

namespace boltseal {
namespace {

bool is_cve(std::string_view id) { return id.starts_with("CVE-"); }

void sort_unique(std::vector<std::string>& list) {
  std::ranges::sort(list);
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

Flaw flaw_of(std::vector<std::string> ids, const Advisory& advisory) {
  Flaw out;
  const auto cve = std::ranges::find_if(ids, is_cve);
  if (cve != ids.end()) out.cve = *cve;
  out.ids = std::move(ids);
  // The name of the class stays first, the rest is sorted in: records of one class must agree on
  // that name.
  const std::string name = out.ids.empty() ? advisory.id : out.ids.front();
  out.ids.push_back(advisory.id);
  sort_unique(out.ids);
  std::erase(out.ids, name);
  out.ids.insert(out.ids.begin(), name);
  return out;
}

// A record that repackages others (DSA, ALSA, DEBIAN-CVE) stands for each flaw that it names.
Result<std::vector<Flaw>> flaws_of(const Database& database, const Advisory& advisory) {
  std::vector<std::string> names;
  std::ranges::copy_if(advisory.upstream, std::back_inserter(names), is_cve);
  if (names.empty()) names = advisory.upstream;
  if (names.empty()) names.push_back(advisory.id);
  sort_unique(names);
  std::vector<Flaw> out;
  for (const auto& name : names) {
    TRY(auto ids, database.alias_class(name));
    auto flaw = flaw_of(std::move(ids), advisory);
    const bool known =
        std::ranges::any_of(out, [&](const Flaw& f) { return f.ids.front() == flaw.ids.front(); });
    if (!known) out.push_back(std::move(flaw));
  }
  return out;
}

// Who judges the ecosystem natively, by the form of the id.
int rank_of(std::string_view ecosystem, const Advisory& advisory) {
  constexpr auto native =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"Go", "GO-"},
                                                                    {"PyPI", "PYSEC-"},
                                                                    {"crates.io", "RUSTSEC-"},
                                                                    {"Debian", "DEBIAN-CVE-"},
                                                                    {"Ubuntu", "UBUNTU-CVE-"},
                                                                    {"npm", "GHSA-"},
                                                                    {"Maven", "GHSA-"},
                                                                    {"NuGet", "GHSA-"},
                                                                    {"Packagist", "GHSA-"}});
  const auto name = ecosystem.substr(0, ecosystem.find(':'));
  if (name == "RubyGems")
    return contains_nocase(advisory.feed, "ruby") && !advisory.id.starts_with("GHSA-") ? 0 : 1;
  for (const auto& [system, prefix] : native)
    if (name == system) return advisory.id.starts_with(prefix) ? 0 : 1;
  return 0;
}

bool modular_version(std::string_view version) {
  return version.find(".module_el") != std::string_view::npos ||
         version.find(".module+el") != std::string_view::npos;
}

bool is_modular(const Affected& affected) {
  if (!affected.module.empty()) return true;
  for (const auto& range : affected.ranges)
    for (const auto& event : range)
      if (modular_version(event.version)) return true;
  return false;
}

// A record for another architecture or module stream says nothing of this package. Fills `step`
// with the reason.
bool speaks_of(const Affected& affected, const Package& package, ProofStep& step) {
  const bool any_arch = package.arch.empty() || package.arch == "noarch" || package.arch == "all";
  if (!affected.arch.empty() && !any_arch && affected.arch != package.arch) {
    step = {"architecture", fmt::format("the record is for {}, the package is built for {}",
                                        affected.arch, package.arch)};
    return false;
  }
  if (package.type != PackageType::rpm) return true;
  const bool modular = !package.module.empty() || modular_version(package.version);
  if (is_modular(affected) != modular) {
    step = {"module",
            modular
                ? "the package comes from a module, the record is for the package outside modules"
                : "the record is for a module, the package does not come from one"};
    return false;
  }
  if (!affected.module.empty() && !package.module.empty() && affected.module != package.module) {
    step = {"module", fmt::format("the record is for module {}, the package comes from {}",
                                  affected.module, package.module)};
    return false;
  }
  return true;
}

bool counts(Verdict v) { return v == Verdict::affected || v == Verdict::undecided; }

auto order_of(const Opinion& o) {
  return std::tuple(!o.record->advisory.withdrawn.empty(), o.rank, o.judgement.verdict,
                    std::string_view(o.record->advisory.id));
}

// The opinions on one flaw, the deciding one first, and why it decides where they differ.
std::string settle(std::vector<const Opinion*>& opinions) {
  std::ranges::sort(opinions,
                    [](const Opinion* a, const Opinion* b) { return order_of(*a) < order_of(*b); });
  const Opinion* first = opinions.front();
  std::string why;
  // Several builds of one module stand in one record; the package that is one of them is fixed.
  const auto build = std::ranges::find_if(opinions, [&](const Opinion* o) {
    return o->record == first->record && o->judgement.at_a_bound &&
           o->judgement.verdict == Verdict::fixed && is_modular(*o->affected);
  });
  if (counts(first->judgement.verdict) && build != opinions.end()) {
    why = "the version is exactly one of the builds that the record names as fixed";
    std::rotate(opinions.begin(), build, build + 1);
    return why;
  }
  const bool debian = first->affected->ecosystem.starts_with("Debian");
  if (debian && first->judgement.verdict == Verdict::affected &&
      first->judgement.fixed_versions.empty()) {
    const auto fix = std::ranges::find_if(opinions, [](const Opinion* o) {
      return o->record->advisory.withdrawn.empty() && o->judgement.verdict == Verdict::fixed;
    });
    if (fix != opinions.end()) {
      why = fmt::format("{} names a fix where the tracker has none", (*fix)->record->advisory.id);
      std::rotate(opinions.begin(), fix, fix + 1);
      return why;
    }
  }
  const auto other = std::ranges::find_if(opinions, [&](const Opinion* o) {
    return o->record->advisory.withdrawn.empty() &&
           counts(o->judgement.verdict) != counts(first->judgement.verdict);
  });
  if (other == opinions.end() || !first->record->advisory.withdrawn.empty()) return why;
  if (first->rank != (*other)->rank)
    return fmt::format("{} judges {} natively, so it decides against {}",
                       first->record->advisory.id, first->affected->ecosystem,
                       (*other)->record->advisory.id);
  if (first->record == (*other)->record)
    return fmt::format("{} speaks of the package more than once; the graver judgement decides",
                       first->record->advisory.id);
  return fmt::format("{} and {} differ; the graver one decides", first->record->advisory.id,
                     (*other)->record->advisory.id);
}

std::string_view verdict_words(Verdict verdict) {
  switch (verdict) {
    case Verdict::affected:
      return "the package is affected";
    case Verdict::undecided:
      return "whether the package is affected cannot be decided: its version and the record's have "
             "no common order";
    case Verdict::fixed:
      return "the package has the fix";
    case Verdict::withdrawn:
      return "the advisory was taken back";
    default:
      return "the package is not affected";
  }
}

void prove(const std::vector<const Opinion*>& opinions, std::string_view why, Finding& out) {
  const Opinion& first = *opinions.front();
  const auto& key = first.key;
  out.proof.reserve(8 + opinions.size());
  out.proof.push_back({key.source ? "source-package" : "package-name",
                       key.source ? fmt::format("{} keys its advisories by source package: {} {}",
                                                key.ecosystem, key.name, key.version)
                                  : fmt::format("{} knows the package as {} {}", key.ecosystem,
                                                key.name, key.version)});
  out.proof.push_back({"record", fmt::format("{} of the feed {} speaks of {} in {}", out.record,
                                             out.feed, key.name, key.ecosystem)});
  std::ranges::copy(first.judgement.steps, std::back_inserter(out.proof));
  constexpr std::size_t enough = 8;
  for (std::size_t i = 1; i < opinions.size() && i <= enough; ++i) {
    const auto& o = *opinions[i];
    out.proof.push_back(
        {"other-record",
         fmt::format("{}{} says {}: {}", o.record->advisory.id,
                     o.record->advisory.withdrawn.empty() ? "" : " (withdrawn)",
                     name_of(o.judgement.verdict), o.judgement.steps.front().text)});
  }
  if (!why.empty()) out.proof.push_back({"precedence", std::string(why)});
  if (out.verdict == Verdict::withdrawn)
    out.proof.push_back({"withdrawn", fmt::format("{} was withdrawn on {}", out.record,
                                                  first.record->advisory.withdrawn.substr(0, 10))});
  out.proof.push_back({"verdict", std::string(verdict_words(out.verdict))});
}

}  // namespace

Result<const Record*> Resolver::record(std::uint32_t number) {
  const auto [at, fresh] = records_.try_emplace(number);
  if (fresh) {
    TRY(at->second.advisory, database_.advisory(number));
    TRY(at->second.flaws, flaws_of(database_, at->second.advisory));
  }
  return &at->second;
}

Result<std::vector<Finding>> Resolver::resolve(const std::vector<Key>& keys,
                                               const Package& package) {
  std::vector<std::vector<Candidate>> found;
  std::vector<Opinion> opinions;
  std::size_t count = 0;
  for (const Key& key : keys) {
    TRY(found.emplace_back(), database_.find(key.ecosystem, key.name));
    count += found.back().size();
  }
  opinions.reserve(count);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto scheme = scheme_of(keys[i].ecosystem);
    for (const Candidate& candidate : found[i]) {
      Opinion o;
      TRY(o.record, record(candidate.record));
      o.affected = &candidate.affected;
      o.key = keys[i];
      o.rank = rank_of(keys[i].ecosystem, o.record->advisory);
      ProofStep reason;
      if (!speaks_of(candidate.affected, package, reason)) {
        o.judgement.steps.push_back(std::move(reason));
      } else if (!scheme) {
        o.judgement.verdict = Verdict::undecided;
        o.judgement.steps.push_back(
            {"comparison",
             fmt::format("we do not know how {} orders its versions", keys[i].ecosystem)});
      } else {
        o.judgement = evaluate(candidate.affected, *scheme, keys[i].version, explain_);
      }
      opinions.push_back(std::move(o));
    }
  }
  std::map<std::string_view, std::pair<const Flaw*, std::vector<const Opinion*>>> classes;
  for (const Opinion& o : opinions)
    for (const Flaw& flaw : o.record->flaws) {
      auto& [name, list] = classes[flaw.ids.front()];
      if (!name) name = &flaw;
      list.push_back(&o);
    }
  std::vector<Finding> out;
  out.reserve(classes.size());
  for (auto& [name, entry] : classes) {
    auto& [flaw, list] = entry;
    const std::string why = settle(list);
    const Opinion& first = *list.front();
    Finding& finding = out.emplace_back();
    finding.verdict =
        first.record->advisory.withdrawn.empty() ? first.judgement.verdict : Verdict::withdrawn;
    finding.record = first.record->advisory.id;
    finding.feed = first.record->advisory.feed;
    finding.id = flaw->cve.empty() ? finding.record : flaw->cve;
    if (!explain_ && !counts(finding.verdict)) continue;  // it is only counted
    for (const Opinion* o : list)
      for (const Flaw& other : o->record->flaws)
        if (other.ids.front() == name)
          finding.aliases.insert(finding.aliases.end(), other.ids.begin(), other.ids.end());
    sort_unique(finding.aliases);
    std::erase(finding.aliases, finding.id);
    if (explain_ || finding.verdict == Verdict::undecided) prove(list, why, finding);
    if (counts(finding.verdict)) TRY_DO(describe(database_, list, finding));
  }
  return out;
}

// What the answer depends on.
std::string Resolver::question(const Package& package) const {
  std::string out;
  for (const Key& key : ecosystems_.keys(package)) {
    for (const auto part : {key.ecosystem, key.name, key.version}) {
      out += part;
      out += '\n';
    }
  }
  out += package.arch;
  if (package.type == PackageType::rpm) out += '\n' + package.module + '\n' + package.version;
  return out;
}

Result<std::vector<Finding>> Resolver::findings(const Package& package) {
  Answer& answer = answers_[question(package)];
  if (!answer.known) {
    TRY(answer.findings, resolve(ecosystems_.keys(package), package));
    answer.known = true;
  }
  if (answer.expected > 0) --answer.expected;
  if (answer.expected > 0) return answer.findings;
  answer.known = false;  // given away: who asks again without having announced it starts anew
  return std::move(answer.findings);
}

}  // namespace boltseal
