// Which record decides where several speak of one flaw in one package:
//  1. a record that was taken back counts only when all were;
//  2. the feed that judges the ecosystem natively (Go's own, PyPA, RustSec, RubySec, a
//  distribution's tracker) before those that
//     repeat or bundle others;
//  3. among equals the graver verdict: affected, undecided, fixed, not affected.
// Debian's tracker may still say "no fix" where a DSA names one: then the advisory's fix holds. So
// does that of Ubuntu Pro where the plain release never gets one.
#include "match/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "base/text.h"
#include "inventory/rpm_module.h"

namespace boltseal {
namespace {

// Who judges the ecosystem natively, by the form of the id.
int rank_of(std::string_view ecosystem, std::string_view id, std::string_view feed) {
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
  if (name == "RubyGems") return contains_nocase(feed, "ruby") && !id.starts_with("GHSA-") ? 0 : 1;
  for (const auto& [system, prefix] : native)
    if (name == system) return id.starts_with(prefix) ? 0 : 1;
  return 0;
}

template <class T>
void sort_unique(std::vector<T>& list) {
  std::ranges::sort(list);
  const auto twice = std::ranges::unique(list);
  list.erase(twice.begin(), twice.end());
}

bool is_modular(const Affected& affected) {
  if (!affected.module.empty()) return true;
  for (const auto& range : affected.ranges)
    for (const auto& event : range)
      if (is_modular_version(event.version)) return true;
  return false;
}

// A record for another architecture or module stream says nothing of this package. Fills `step`
// with the reason.
bool speaks_of(const Affected& affected, const Package& package, Texts& texts, ProofStep& step) {
  const bool any_arch = package.arch.empty() || package.arch == "noarch" || package.arch == "all";
  if (!affected.arch.empty() && !any_arch && affected.arch != package.arch) {
    step = {"architecture", texts.format("the record is for {}, the package is built for {}",
                                         affected.arch, package.arch)};
    return false;
  }
  if (package.type != PackageType::rpm) return true;
  const bool modular = !package.module.empty() || is_modular_version(package.version);
  if (is_modular(affected) != modular) {
    step = {"module",
            modular
                ? "the package comes from a module, the record is for the package outside modules"
                : "the record is for a module, the package does not come from one"};
    return false;
  }
  if (of_another_stream(affected.module, package.module)) {
    step = {"module", texts.format("the record is for module {}, the package comes from {}",
                                   affected.module, package.module)};
    return false;
  }
  return true;
}

bool names_commits(const Affected& affected) {
  return std::ranges::any_of(affected.ranges, [](const auto& range) {
    return std::ranges::any_of(range,
                               [](const Event& event) { return is_go_commit(event.version); });
  });
}

// Of a repository whose tags the go command does not take for versions, records name commits, and a
// commit has no order with the version that a program's maker gave to the linker: v1.2.0 would be
// past the fix 0.0.0-20260801101010-abcdefabcdef, always. Then what the build itself recorded is
// asked too (Package::source_version; "(devel)" leaves it undecided), and the graver answer holds.
void ask_commit(const Package& package, const Affected& affected, bool explain, Texts& texts,
                Judgement& judgement) {
  if (package.source_version.empty() || !names_commits(affected)) return;
  auto other = evaluate(affected, Scheme::go, package.source_version, explain, texts);
  if (other.verdict >= judgement.verdict) return;
  judgement = std::move(other);
  if (explain || judgement.verdict == Verdict::undecided)
    judgement.steps.insert(
        judgement.steps.begin(),
        {"built-from",
         texts.join({"the record names commits, so it is asked about ", package.source_version,
                     ", which the program was built from, not about ", package.version,
                     ", which the linker was given"})});
}

constexpr std::string_view ubuntu_pro = "Ubuntu:Pro:";

bool counts(Verdict v) { return v == Verdict::affected || v == Verdict::undecided; }

// Whether the record names the very version of the package as one with the fix.
bool names_the_build(const Opinion& o) {
  return !o.head.withdrawn && o.judgement.at_a_bound && o.judgement.verdict == Verdict::fixed;
}

// Whether a build that `fix` names as fixed is so in spite of the record `other`, which counts:
// that is for other streams of the module, or its fixes were built for other minor versions of the
// distribution, each of which gets its own. A second fix in one stream or branch says that the
// first was not enough.
bool holds_against(const Opinion& fix, const Opinion& other) {
  const auto streams = words(other.affected->module);
  const auto elsewhere = [&](std::string_view module) {
    return of_another_stream(fix.affected->module, module);
  };
  if (!streams.empty() && std::ranges::all_of(streams, elsewhere)) return true;
  const auto branch = minor_branch(fix.key->version);
  const auto& fixes = other.judgement.fixed_versions;
  return !branch.empty() && !fixes.empty() &&
         std::ranges::none_of(fixes, [&](std::string_view version) {
           return minor_branch(version) == branch || version.find(".el") == version.npos;
         });
}

auto order_of(const Opinion* o) {
  return std::tuple(o->head.withdrawn, o->rank, o->judgement.verdict, o->head.id);
}

// The opinion that an rpm which others hold for affected is exactly a build with the fix. A record
// may name several builds, and the newest of them does not speak against the others.
std::vector<Opinion*>::iterator named_as_fixed(std::vector<Opinion*>& opinions) {
  const Opinion& first = *opinions.front();
  if (!counts(first.judgement.verdict) || scheme_of(first.key->ecosystem) != Scheme::rpm)
    return opinions.end();
  const auto names_it_too = [&](const Opinion& other) {
    return std::ranges::any_of(opinions, [&](const Opinion* o) {
      return o->record == other.record && names_the_build(*o);
    });
  };
  return std::ranges::find_if(opinions, [&](const Opinion* fix) {
    return names_the_build(*fix) && fix->rank == first.rank &&
           std::ranges::all_of(opinions, [&](const Opinion* o) {
             return o->head.withdrawn || !counts(o->judgement.verdict) || names_it_too(*o) ||
                    holds_against(*fix, *o);
           });
  });
}

// The opinions on one flaw, the deciding one first, and why it decides where they differ.
std::string_view put_in_order(std::vector<Opinion*>& opinions, Texts& texts) {
  std::ranges::stable_sort(opinions, {}, order_of);
  const Opinion* first = opinions.front();
  if (const auto build = named_as_fixed(opinions); build != opinions.end()) {
    std::rotate(opinions.begin(), build, build + 1);
    return texts.format("the version is exactly a build that {} names as fixed",
                        opinions.front()->id);
  }
  const bool debian = first->key->ecosystem.starts_with("Debian");
  const bool ubuntu = first->key->ecosystem.starts_with("Ubuntu:") &&
                      !first->key->ecosystem.starts_with(ubuntu_pro);
  if ((debian || ubuntu) && first->judgement.verdict == Verdict::affected &&
      first->judgement.fixed_versions.empty()) {
    const auto fix = std::ranges::find_if(opinions, [&](const Opinion* o) {
      return !o->head.withdrawn && o->judgement.verdict == Verdict::fixed &&
             (debian || o->key->ecosystem.starts_with(ubuntu_pro));
    });
    if (fix != opinions.end()) {
      std::rotate(opinions.begin(), fix, fix + 1);
      return debian
                 ? texts.format("{} names a fix where the tracker has none", opinions.front()->id)
                 : texts.format("{} names the fix of Ubuntu Pro, and the plain release has none",
                                opinions.front()->id);
    }
  }
  const auto other = std::ranges::find_if(opinions, [&](const Opinion* o) {
    return !o->head.withdrawn && counts(o->judgement.verdict) != counts(first->judgement.verdict);
  });
  if (other == opinions.end() || first->head.withdrawn) return {};
  if (first->rank != (*other)->rank)
    return texts.format("{} judges {} natively, so it decides against {}", first->id,
                        first->key->ecosystem, (*other)->id);
  if (first->record == (*other)->record)
    return texts.format("{} speaks of the package more than once; the graver judgement decides",
                        first->id);
  return texts.format("{} and {} differ; the graver one decides", first->id, (*other)->id);
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

void prove(const std::vector<Opinion*>& opinions, std::string_view why, std::string_view withdrawn,
           Texts& texts, Finding& out) {
  const Opinion& first = *opinions.front();
  const Key& key = *first.key;
  out.proof.reserve(8 + opinions.size());
  out.proof.push_back({key.source ? "source-package" : "package-name",
                       texts.join({key.ecosystem,
                                   key.source ? " keys its advisories by source package: "
                                              : " knows the package as ",
                                   key.name, " ", key.version})});
  out.proof.push_back({"record", texts.join({out.record, " of the feed ", out.feed, " speaks of ",
                                             key.name, " in ", key.ecosystem})});
  std::ranges::copy(first.judgement.steps, std::back_inserter(out.proof));
  constexpr std::size_t enough = 8;
  for (std::size_t i = 1; i < opinions.size() && i <= enough; ++i) {
    const Opinion& o = *opinions[i];
    const auto& steps = o.judgement.steps;
    out.proof.push_back(
        {"other-record",
         texts.format("{}{} says {}{}{}", o.id, o.head.withdrawn ? " (withdrawn)" : "",
                      name_of(o.judgement.verdict), steps.empty() ? "" : ": ",
                      steps.empty() ? std::string_view() : steps.front().text)});
  }
  if (!why.empty()) out.proof.push_back({"precedence", why});
  if (out.verdict == Verdict::withdrawn)
    out.proof.push_back(
        {"withdrawn", texts.join({out.record, " was withdrawn on ", withdrawn.substr(0, 10)})});
  out.proof.push_back({"verdict", verdict_words(out.verdict)});
}

}  // namespace

struct Resolver::Group {
  std::uint32_t flaw = 0;  // the smallest id of the alias class
  std::vector<Opinion*> opinions;
};

Opinion Resolver::judge(const Key& key, const Candidate& candidate, const Package& package) const {
  Opinion o;
  o.record = candidate.record;
  o.affected = &candidate.affected;
  o.key = &key;
  ProofStep reason;
  if (!speaks_of(candidate.affected, package, texts_, reason)) {
    o.judgement.steps.push_back(reason);
  } else if (const auto scheme = scheme_of(key.ecosystem)) {
    o.judgement = evaluate(candidate.affected, *scheme, key.version, explain_, texts_);
    if (*scheme == Scheme::go)
      ask_commit(package, candidate.affected, explain_, texts_, o.judgement);
  } else {
    o.judgement.verdict = Verdict::undecided;
    o.judgement.steps.push_back(
        {"comparison", texts_.format("we do not know how {} orders its versions", key.ecosystem)});
  }
  return o;
}

Result<std::string_view> Resolver::text(std::uint32_t number) const {
  TRY(const auto found, database_.text(number));
  return texts_.keep(found);
}

Result<> Resolver::name(Opinion& o) {
  if (!o.id.empty()) return {};
  TRY(o.id, text(o.head.id));
  // A package has many records of few feeds.
  if (feed_.empty() || feed_number_ != o.head.feed) {
    TRY(feed_, text(o.head.feed));
    feed_number_ = o.head.feed;
  }
  o.feed = feed_;
  o.rank = rank_of(o.key->ecosystem, o.id, o.feed);
  return {};
}

// Whether the flaw would be open at another version of the package, by those of the opinions that
// ask for the same one.
bool Resolver::open_at(std::string_view version, const std::vector<Opinion*>& opinions,
                       const Package& package) const {
  const Opinion& first = *opinions.front();
  std::vector<Opinion> there;
  std::vector<Key> keys;
  std::vector<Opinion*> order;
  there.reserve(opinions.size());
  keys.reserve(opinions.size());
  for (const Opinion* o : opinions) {
    const auto scheme = scheme_of(o->key->ecosystem);
    if (!scheme || o->key->version != first.key->version) continue;
    Opinion& moved = there.emplace_back(*o);
    keys.push_back(*o->key);
    keys.back().version = version;
    moved.key = &keys.back();
    ProofStep reason;
    if (speaks_of(*o->affected, package, texts_, reason))
      moved.judgement = evaluate(*o->affected, *scheme, version, false, texts_);
    order.push_back(&moved);
  }
  if (order.empty()) return false;
  put_in_order(order, texts_);
  return counts(order.front()->judgement.verdict);
}

// What closes the flaw. Where several records hold it open, the fix of one may be too early for
// another; where no version is late enough for all, what the first of them names.
std::vector<std::string_view> Resolver::fixes(const std::vector<Opinion*>& opinions,
                                              const Package& package) const {
  const Opinion& first = *opinions.front();
  std::vector<std::string_view> named, all;
  std::size_t open = 0;
  for (const Opinion* o : opinions) {
    if (o->head.withdrawn) continue;
    if (named.empty()) named = o->judgement.fixed_versions;
    if (!counts(o->judgement.verdict) || o->rank != first.rank ||
        o->key->version != first.key->version)
      continue;
    ++open;
    std::ranges::copy(o->judgement.fixed_versions, std::back_inserter(all));
  }
  const auto scheme = scheme_of(first.key->ecosystem);
  constexpr std::size_t enough = 64;
  if (open < 2 || !scheme || all.size() > enough) return named;
  sort_versions(*scheme, all);
  std::erase_if(all, [&](auto version) { return open_at(version, opinions, package); });
  return all.empty() ? named : all;
}

// The finding of a settled group.
Result<Finding> Resolver::finding_of(const Group& group, std::string_view why,
                                     const Package& package) {
  const Opinion& first = *group.opinions.front();
  Finding out;
  out.verdict = first.head.withdrawn ? Verdict::withdrawn : first.judgement.verdict;
  out.record = first.id;
  out.feed = first.feed;
  // A flaw goes by its first CVE; without one by the record that decides.
  TRY(auto ids, database_.alias_class(group.flaw));
  std::uint32_t id = first.head.id;
  for (const auto number : ids) {
    auto name = first.id;
    if (number != first.head.id) {
      TRY(name, text(number));
    }
    if (out.id.empty() && name.starts_with("CVE-")) {
      out.id = name;
      id = number;
    } else {
      out.aliases.push_back(name);
    }
  }
  if (out.id.empty()) out.id = out.record;
  for (const Opinion* o : group.opinions) {
    ids.push_back(o->head.id);
    out.aliases.push_back(o->id);
  }
  sort_unique(out.aliases);
  std::erase(out.aliases, out.id);
  sort_unique(ids);
  std::erase(ids, id);
  ids.insert(ids.begin(), id);
  if (explain_ || out.verdict == Verdict::undecided) {
    std::string withdrawn;
    if (first.head.withdrawn) {
      TRY(auto advisory, database_.advisory(first.record));
      withdrawn = std::move(advisory.withdrawn);
    }
    prove(group.opinions, why, withdrawn, texts_, out);
  }
  if (!counts(out.verdict)) return out;
  for (const auto version : fixes(group.opinions, package))
    out.fixed_versions.push_back(texts_.keep(version));
  TRY_DO(describe(database_, group.opinions, ids, explain_, texts_, out));
  return out;
}

Result<> Resolver::settle(Group& group, const Package& package, Resolved& out) {
  std::string_view why;
  if (group.opinions.size() > 1) {
    for (Opinion* o : group.opinions) TRY_DO(name(*o));
    why = put_in_order(group.opinions, texts_);
  }
  Opinion& first = *group.opinions.front();
  const Verdict verdict = first.head.withdrawn ? Verdict::withdrawn : first.judgement.verdict;
  if (!explain_ && !counts(verdict)) {
    ++out.unlisted[static_cast<std::size_t>(verdict)];
    return {};
  }
  TRY_DO(name(first));
  TRY(auto finding, finding_of(group, why, package));
  out.findings.push_back(std::move(finding));
  return {};
}

Result<Resolved> Resolver::resolve(const std::vector<Question>& questions, const Package& package) {
  std::vector<std::vector<Candidate>> found;
  std::vector<Opinion> opinions;
  std::size_t count = 0;
  for (const Question& question : questions) {
    TRY(found.emplace_back(), database_.candidates(question.place));
    count += found.back().size();
  }
  opinions.reserve(count);
  std::vector<std::pair<std::uint32_t, std::size_t>> by_flaw;  // with the place of the opinion
  by_flaw.reserve(count);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    for (const Candidate& candidate : found[i]) {
      Opinion& o = opinions.emplace_back(judge(questions[i].key, candidate, package));
      TRY(o.head, database_.head(candidate.record));
      for (const auto flaw : o.head.flaws) by_flaw.emplace_back(flaw, opinions.size() - 1);
    }
  }
  sort_unique(by_flaw);
  Resolved out;
  out.findings.reserve(by_flaw.size());
  Group group;
  for (std::size_t i = 0; i < by_flaw.size(); ++i) {
    if (i == 0 || by_flaw[i].first != by_flaw[i - 1].first) {
      group.flaw = by_flaw[i].first;
      group.opinions.clear();
    }
    group.opinions.push_back(&opinions[by_flaw[i].second]);
    if (i + 1 == by_flaw.size() || by_flaw[i + 1].first != by_flaw[i].first)
      TRY_DO(settle(group, package, out));
  }
  return out;
}

Result<> Resolver::expect(const Package& package) {
  Expected& expected = expected_.emplace_back();
  std::string all;  // what the answer depends on
  for (const Key& key : ecosystems_.keys(package)) {
    TRY(const auto place, database_.place_of(key.ecosystem, key.name));
    if (!place) continue;
    expected.questions.push_back({key, *place});
    for (const auto part : {key.ecosystem, key.name, key.version}) (all += part) += '\n';
  }
  if (expected.questions.empty()) return {};
  all += package.arch;
  if (package.type == PackageType::golang) all += '\n' + package.source_version;
  if (package.type == PackageType::rpm) all += '\n' + package.module + '\n' + package.version;
  expected.answer = &answers_[all];
  ++expected.answer->expected;
  return {};
}

Result<Resolved> Resolver::findings(const Package& package) {
  if (expected_.empty()) TRY_DO(expect(package));
  const Expected expected = std::move(expected_.front());
  expected_.pop_front();
  if (expected.answer == nullptr) return Resolved{};
  Answer& answer = *expected.answer;
  if (!answer.known) {
    TRY(answer.resolved, resolve(expected.questions, package));
    answer.known = true;
  }
  if (--answer.expected > 0) return answer.resolved;
  answer.known = false;
  return std::move(answer.resolved);
}

}  // namespace boltseal
