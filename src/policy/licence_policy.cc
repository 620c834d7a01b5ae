#include "policy/licence_policy.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "base/text.h"
#include "licences/expression.h"
#include "licences/licences.h"

namespace boltseal {
namespace {

constexpr std::string_view verdict_names[] = {"allow", "warn", "deny"};
constexpr std::string_view verbs[] = {"allows", "warns of", "denies"};
constexpr std::size_t max_rules = 10'000;

std::optional<LicenceCategory> category_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(LicenceCategory::proprietary); ++i) {
    const auto category = static_cast<LicenceCategory>(i);
    if (name_of(category) == name) return category;
  }
  return std::nullopt;
}

// The name as rules are compared: a category in lower case, a licence in the spelling that reports
// use.
Result<std::string> rule_of(const Value& item) {
  const auto name = std::string(trim(item.text()));
  if (const auto category = category_named(replace_all(lower(name), "_", "-")))
    return std::string(name_of(*category));
  const auto term = parse_spdx(name);
  if (term && term->kind == LicenceTerm::Kind::licence) return to_text(*term);
  return fail(Fault::corrupt, "licence policy: \"" + name +
                                  "\" is neither a category nor an SPDX id nor a LicenseRef-");
}

Result<std::vector<std::string>> rules_of(const Value& list, std::string_view key) {
  std::vector<std::string> rules;
  if (list && !list.is_array())
    return fail(Fault::corrupt, "licence policy: \"" + std::string(key) + "\" is no list");
  if (list.items().size() > max_rules)
    return fail(Fault::too_large, "licence policy: too many rules");
  for (const auto& item : list.items()) {
    TRY(auto rule, rule_of(item));
    rules.push_back(std::move(rule));
  }
  return rules;
}

bool has(const std::vector<std::string>& rules, std::string_view name) {
  return std::ranges::find(rules, name) != rules.end();
}

std::optional<LicenceVerdict> ruled(const LicencePolicy& policy, std::string_view name) {
  if (has(policy.deny, name)) return LicenceVerdict::deny;
  if (has(policy.warn, name)) return LicenceVerdict::warn;
  if (has(policy.allow, name)) return LicenceVerdict::allow;
  return std::nullopt;
}

std::string verb_of(LicenceVerdict verdict) {
  return std::string(verbs[static_cast<std::size_t>(verdict)]);
}

LicenceJudgement judge_category(const LicencePolicy& policy, LicenceCategory category,
                                const std::string& what) {
  const auto name = std::string(name_of(category));
  if (const auto verdict = ruled(policy, name)) {
    return {*verdict, what + " is " + name + ", which the policy " + verb_of(*verdict)};
  }
  return {policy.otherwise, what + " is " + name + ", which no rule of the policy names"};
}

LicenceJudgement judge_term(const LicencePolicy& policy, const LicenceTerm& term) {
  if (term.kind == LicenceTerm::Kind::licence) {
    const auto text = to_text(term);
    for (const auto& name : {text, term.id}) {  // "GPL-2.0-only WITH x" before GPL-2.0-only
      if (const auto verdict = ruled(policy, name))
        return {*verdict, "the policy " + verb_of(*verdict) + " " + name};
      // An exception changes the category, so a rule for the bare id speaks of it only when no
      // category rule does.
      if (!term.exception.empty() && ruled(policy, name_of(category_of(text)))) break;
    }
    return judge_category(policy, category_of(text), text);
  }
  const bool any = term.kind == LicenceTerm::Kind::any_of;
  auto verdict = judge_term(policy, term.parts.front());
  for (const auto& part : term.parts) {
    auto next = judge_term(policy, part);
    if (any ? next.verdict < verdict.verdict : next.verdict > verdict.verdict)
      verdict = std::move(next);
  }
  return verdict;
}

}  // namespace

std::string_view name_of(LicenceVerdict verdict) {
  return verdict_names[static_cast<std::size_t>(verdict)];
}

Result<LicencePolicy> read_licence_policy(const Value& config) {
  LicencePolicy policy;
  if (config.members().empty())
    return fail(Fault::corrupt,
                "a licence policy holds \"allow:\", \"warn:\", \"deny:\" or "
                "\"otherwise:\", each with what it is for");
  if (const auto key = repeated_member(config); !key.empty())
    return fail(Fault::corrupt, "licence policy: \"" + std::string(key) + "\" stands twice");
  for (const auto& [key, value] : config.members()) {
    if (key == "otherwise") continue;
    if (key != "allow" && key != "warn" && key != "deny") {
      return fail(Fault::corrupt, "licence policy: unknown key \"" + std::string(key) + "\"");
    }
    TRY((key == "allow"  ? policy.allow
         : key == "warn" ? policy.warn
                         : policy.deny),
        rules_of(value, key));
  }
  policy.otherwise = policy.allow.empty() ? LicenceVerdict::allow : LicenceVerdict::warn;
  if (const auto& otherwise = config["otherwise"]) {
    const auto at = std::ranges::find(verdict_names, otherwise.text());
    if (at == std::end(verdict_names))
      return fail(Fault::corrupt, "licence policy: \"otherwise\" is allow, warn or deny");
    policy.otherwise = static_cast<LicenceVerdict>(at - std::begin(verdict_names));
  }
  return policy;
}

LicenceJudgement judge_licence(const LicencePolicy& policy, std::string_view expression) {
  if (policy.empty()) return {};
  const auto term = parse_spdx(expression);
  if (!term) {
    const bool none = trim(expression).empty();
    return judge_category(policy, LicenceCategory::unknown,
                          none ? "no licence stated" : std::string(expression));
  }
  return judge_term(policy, *term);
}

void judge_licences(const LicencePolicy& policy, Report& report) {
  const auto& packages = report.inventory.packages;
  for (std::uint32_t i = 0; i < packages.size(); ++i) {
    auto judgement = judge_licence(policy, packages[i].licence);
    if (judgement.verdict == LicenceVerdict::allow) continue;
    report.licence_issues.push_back(
        {i, judgement.verdict == LicenceVerdict::deny, std::move(judgement.reason)});
  }
  std::ranges::stable_sort(report.licence_issues, std::greater{}, &LicenceIssue::denied);
}

}  // namespace boltseal
