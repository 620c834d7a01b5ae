#include "seal/notation_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "codec/value.h"

namespace boltseal {
namespace {

using enum NotationAction;
constexpr std::size_t policy_limit = 1000;

struct Level {
  std::string_view name;
  std::array<NotationAction, notation_checks> actions;
};
constexpr std::array<Level, 4> levels = {{
    {"strict", {enforce, enforce, enforce, enforce, enforce}},
    {"permissive", {enforce, enforce, log, log, log}},
    {"audit", {enforce, log, log, log, log}},
    {"skip",
     {NotationAction::skip, NotationAction::skip, NotationAction::skip, NotationAction::skip,
      NotationAction::skip}},
}};
constexpr std::array<std::string_view, 3> action_names = {"enforce", "log", "skip"};
constexpr std::array<std::string_view, notation_checks> check_names = {
    "integrity", "authenticity", "authenticTimestamp", "expiry", "revocation"};
constexpr std::array<std::string_view, 3> store_types = {"ca", "signingAuthority", "tsa"};

std::unexpected<Error> wrong(const NotationPolicy& policy, std::string what) {
  return fail(Fault::corrupt, fmt::format("trust policy \"{}\": {}", printable(policy.name), what));
}

Result<> read_override(const Value& overrides, NotationPolicy& policy) {
  if (overrides && policy.skip) return wrong(policy, "the level skip cannot be overridden");
  for (const auto& [key, value] : overrides.members()) {
    const auto check = std::ranges::find(check_names, key);
    const auto action = std::ranges::find(action_names, value.text());
    if (check == check_names.end())
      return wrong(policy, fmt::format("there is no check \"{}\" to override", printable(key)));
    const auto which = static_cast<NotationCheck>(check - check_names.begin());
    const auto what = static_cast<NotationAction>(action - action_names.begin());
    if (action == action_names.end())
      return wrong(policy,
                   fmt::format("\"{}\" is neither enforce, log nor skip", printable(value.text())));
    if (which == NotationCheck::integrity) return wrong(policy, "integrity cannot be overridden");
    if (what == NotationAction::skip && which != NotationCheck::revocation)
      return wrong(policy, fmt::format("{} cannot be skipped; only revocation can", key));
    policy.actions[static_cast<std::size_t>(which)] = what;
  }
  return {};
}

Result<> read_verification(const Value& verification, NotationPolicy& policy) {
  const auto level = std::ranges::find(levels, verification["level"].text(), &Level::name);
  if (level == levels.end())
    return wrong(policy, "signatureVerification.level is strict, permissive, audit or skip");
  policy.skip = level->name == "skip";
  policy.actions = level->actions;
  const auto when = verification["verifyTimestamp"].text_or("always");
  if (when != "always" && when != "afterCertExpiry")
    return wrong(policy, "verifyTimestamp is always or afterCertExpiry");
  policy.timestamp_after_expiry_only = when == "afterCertExpiry";
  return read_override(verification["override"], policy);
}

// A name of a store becomes part of a path.
bool is_store_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         std::ranges::all_of(
             name, [](char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; });
}

Result<> read_stores(const Value& stores, NotationPolicy& policy) {
  for (const Value& entry : stores.items()) {
    const auto parts = cut(entry.text(), ":");
    if (!parts || std::ranges::find(store_types, parts->first) == store_types.end() ||
        !is_store_name(parts->second))
      return wrong(policy, fmt::format("\"{}\" is no trust store; ca:NAME, signingAuthority:NAME "
                                       "or tsa:NAME is",
                                       printable(entry.text())));
    policy.stores.emplace_back(entry.text());
  }
  return {};
}

Result<> read_identities(const Value& identities, NotationPolicy& policy) {
  constexpr std::string_view prefix = "x509.subject";
  for (const Value& entry : identities.items()) {
    if (entry.text() == "*") {
      policy.any_identity = true;
      continue;
    }
    const auto parts = cut(entry.text(), ":");
    if (!parts || parts->second.empty())
      return wrong(policy, fmt::format("\"{}\" is no identity", printable(entry.text())));
    if (parts->first != prefix) continue;  // a plugin's; it trusts nobody here
    auto name = parse_distinguished_name(parts->second);
    if (!name) return wrong(policy, name.error().what);
    for (const DistinguishedName& other : policy.identities) {
      if (is_part_of(*name, other) || is_part_of(other, *name))
        return wrong(policy, "two identities overlap");
    }
    policy.identities.push_back(std::move(*name));
  }
  if (policy.any_identity && identities.items().size() > 1)
    return wrong(policy, "\"*\" stands alone among trustedIdentities");
  return {};
}

Result<> read_scopes(const Value& scopes, NotationPolicy& policy) {
  for (const Value& scope : scopes.items()) policy.scopes.emplace_back(scope.text());
  if (policy.scopes.empty()) return wrong(policy, "registryScopes names nothing");
  if (policy.scopes == std::vector<std::string>{"*"}) return {};
  for (const std::string& scope : policy.scopes) {
    const auto slash = scope.find('/');
    if (slash == 0 || slash == std::string::npos || slash + 1 == scope.size() ||
        scope.find_first_of("*@ ") != std::string::npos || scope.find("://") != std::string::npos ||
        scope.find(':', slash) != std::string::npos)
      return wrong(policy, fmt::format("\"{}\" is no registry/repository; \"*\" stands alone",
                                       printable(scope)));
  }
  return {};
}

Result<NotationPolicy> read_policy(const Value& entry, NotationSubject subject) {
  NotationPolicy out;
  out.name = entry["name"].text();
  if (out.name.empty()) return fail(Fault::corrupt, "a trust policy without a name");
  if (const auto twice = repeated_member(entry); !twice.empty())
    return wrong(out, fmt::format("\"{}\" stands twice", printable(twice)));
  TRY_DO(read_verification(entry["signatureVerification"], out));
  TRY_DO(read_stores(entry["trustStores"], out));
  TRY_DO(read_identities(entry["trustedIdentities"], out));
  const bool trusts_somebody = !out.stores.empty() && !entry["trustedIdentities"].items().empty();
  if (!out.skip && !trusts_somebody)
    return wrong(out, "trustStores and trustedIdentities must name something");
  if (out.skip && (!out.stores.empty() || !entry["trustedIdentities"].items().empty()))
    return wrong(out, "with the level skip nothing is trusted, so nothing may be named");
  if (subject == NotationSubject::image) {
    TRY_DO(read_scopes(entry["registryScopes"], out));
  } else {
    out.global = entry["globalPolicy"].boolean();
  }
  if (out.skip && (out.global || out.scopes == std::vector<std::string>{"*"}))
    return wrong(out, "the level skip cannot be that of everything");
  return out;
}

}  // namespace

bool is_part_of(const DistinguishedName& part, const DistinguishedName& whole) {
  return std::ranges::all_of(part, [&](const auto& attribute) {
    const auto found = whole.find(attribute.first);
    return found != whole.end() && found->second == attribute.second;
  });
}

std::string_view name_of(NotationCheck check) {
  return check_names[static_cast<std::size_t>(check)];
}

std::vector<std::string> NotationPolicy::stores_of(std::string_view type) const {
  std::vector<std::string> out;
  for (const std::string& store : stores) {
    const auto parts = cut(store, ":");
    if (parts && parts->first == type) out.emplace_back(parts->second);
  }
  return out;
}

Result<std::vector<NotationPolicy>> parse_notation_policy(std::string_view json,
                                                          NotationSubject subject) {
  TRY(const auto document, parse_json(json));
  const Value& root = document.root();
  if (!repeated_member(root).empty())
    return fail(Fault::corrupt, "a trust policy with a member twice");
  if (root["version"].text() != "1.0")
    return fail(Fault::unsupported, fmt::format("trust policy version \"{}\"; 1.0 is read",
                                                printable(root["version"].text())));
  const auto entries = root["trustPolicies"].items();
  if (entries.empty()) return fail(Fault::corrupt, "no trust policy is in the file");
  if (entries.size() > policy_limit)
    return fail(Fault::too_large, "more than 1,000 trust policies");
  std::vector<NotationPolicy> out;
  std::set<std::string> names, scopes;
  int global = 0;
  for (const Value& entry : entries) {
    TRY(auto policy, read_policy(entry, subject));
    if (!names.insert(policy.name).second) return wrong(policy, "the name stands twice");
    for (const std::string& scope : policy.scopes) {
      if (!scopes.insert(scope).second)
        return wrong(policy, fmt::format("another policy has the scope \"{}\"", printable(scope)));
    }
    if (policy.global && ++global > 1) return wrong(policy, "another policy is global");
    out.push_back(std::move(policy));
  }
  return out;
}

Result<const NotationPolicy*> policy_of_image(const std::vector<NotationPolicy>& policies,
                                              std::string_view repository) {
  const NotationPolicy* any = nullptr;
  for (const NotationPolicy& policy : policies) {
    if (std::ranges::find(policy.scopes, repository) != policy.scopes.end()) return &policy;
    if (policy.scopes.front() == "*") any = &policy;
  }
  if (any) return any;
  return fail(Fault::not_found,
              fmt::format("no trust policy has the scope {} (or \"*\")", printable(repository)));
}

Result<const NotationPolicy*> policy_of_blob(const std::vector<NotationPolicy>& policies,
                                             std::string_view name) {
  for (const NotationPolicy& policy : policies) {
    if (name.empty() ? policy.global : policy.name == name) return &policy;
  }
  return fail(Fault::not_found, name.empty() ? "no trust policy is global; name one"
                                             : "no trust policy has that name");
}

}  // namespace boltseal
