#include "custody/witness_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "base/time.h"
#include "codec/base64.h"
#include "codec/value.h"

namespace boltseal {
namespace {

constexpr std::size_t step_limit = 1000, entry_limit = 100;

std::unexpected<Error> wrong(std::string what) {
  return fail(Fault::corrupt, "a policy of Witness: " + what);
}

// Objects that can be read in one way only.
Result<std::span<const Value::Member>> members_of(const Value& object, std::string_view name) {
  if (!object) return std::span<const Value::Member>{};
  if (!object.is_object() || !repeated_member(object).empty() ||
      object.members().size() > step_limit)
    return wrong(fmt::format("\"{}\" is no object, too large, or has a member twice", name));
  return object.members();
}

Result<std::vector<std::string>> texts_of(const Value& list, std::string_view name) {
  std::vector<std::string> out;
  if (list && !list.is_array()) return wrong(fmt::format("\"{}\" is no list", name));
  for (const Value& item : list.items()) {
    if (!item.is_text() || out.size() == entry_limit)
      return wrong(fmt::format("\"{}\" is no list of at most 100 texts", name));
    out.push_back(item.string());
  }
  return out;
}

Result<WitnessRoot> root_of(const Value& value) {
  TRY_DO(members_of(value, "root"));
  TRY(const std::string pem, unbase64(value["certificate"].text()));
  TRY(auto certificates, Certificate::all_from_file(pem));
  WitnessRoot out{certificates.front(), {}};
  for (const Value& item : value["intermediates"].items()) {
    TRY(const std::string more, unbase64(item.text()));
    TRY(auto some, Certificate::all_from_file(more));
    out.intermediates.insert(out.intermediates.end(), some.begin(), some.end());
    if (out.intermediates.size() > entry_limit) return wrong("too many intermediates");
  }
  return out;
}

Result<std::map<std::string, WitnessRoot>> roots_of(const Value& value, std::string_view name) {
  std::map<std::string, WitnessRoot> out;
  TRY(const auto members, members_of(value, name));
  for (const auto& [id, root] : members) {
    TRY(auto read, root_of(root));
    out.emplace(id, std::move(read));
  }
  return out;
}

Result<WitnessConstraint> constraint_of(const Value& value) {
  TRY(const auto members, members_of(value, "certConstraint"));
  for (const auto& [name, part] : members) {
    constexpr std::array<std::string_view, 7> known = {
        "commonname", "dnsnames", "emails", "organizations", "uris", "roots", "extensions"};
    if (std::ranges::find(known, name) == known.end())
      return fail(Fault::unsupported,
                  fmt::format("a constraint that is not known: {}", printable(name)));
  }
  for (const auto& [name, pattern] : value["extensions"].members()) {
    if (!pattern.is_text() || !pattern.text().empty())
      return fail(Fault::unsupported,
                  "constraints on a certificate's extensions are not evaluated");
  }
  WitnessConstraint out;
  out.common_name = {value["commonname"].string()};
  TRY(out.dns, texts_of(value["dnsnames"], "dnsnames"));
  TRY(out.emails, texts_of(value["emails"], "emails"));
  TRY(out.organizations, texts_of(value["organizations"], "organizations"));
  TRY(out.uris, texts_of(value["uris"], "uris"));
  TRY(out.roots, texts_of(value["roots"], "roots"));
  return out;
}

Result<WitnessStep> step_of(std::string_view name, const Value& value) {
  WitnessStep out;
  TRY_DO(members_of(value, "step"));
  out.name = name;
  if (name.empty() || value["name"].text() != name)
    return wrong("a step that is not called as it is listed: " + printable(name));
  for (const Value& item : value["functionaries"].items()) {
    TRY_DO(members_of(item, "functionary"));
    WitnessFunctionary functionary;
    functionary.key_id = item["publickeyid"].text();
    TRY(auto constraint, constraint_of(item["certConstraint"]));
    if (!constraint.roots.empty()) functionary.constraint = std::move(constraint);
    if (functionary.key_id.empty() && !functionary.constraint)
      return wrong(fmt::format("the step {} has a functionary that nobody can be", name));
    out.functionaries.push_back(std::move(functionary));
    if (out.functionaries.size() > entry_limit) return wrong("too many functionaries");
  }
  for (const Value& item : value["attestations"].items()) {
    if (!item["regopolicies"].items().empty())
      return fail(
          Fault::unsupported,
          fmt::format("the step {} has Rego policies, which are not evaluated", printable(name)));
    out.attestations.push_back(item["type"].string());
    if (out.attestations.back().empty() || out.attestations.size() > entry_limit)
      return wrong("an attestation without a type, or too many of them");
  }
  if (out.attestations.empty())
    return wrong(fmt::format("the step {} asks for no attestation and would take any", name));
  TRY(out.artifacts_from, texts_of(value["artifactsFrom"], "artifactsFrom"));
  return out;
}

// What a certificate must be called. One empty name is none at all.
Checked<void> check_names(const std::string& what, std::vector<std::string> wanted,
                          std::vector<std::string> found) {
  if (wanted == std::vector<std::string>{"*"}) return {};
  for (auto* names : {&wanted, &found})
    if (*names == std::vector<std::string>{""}) names->clear();
  const std::set<std::string> a(wanted.begin(), wanted.end()), b(found.begin(), found.end());
  if (a == b && b.size() == found.size()) return {};
  return refuse("witness-constraint", "the certificate is not what the functionary must be", what,
                join(wanted, ", "), join(found, ", "));
}

}  // namespace

Result<CollectionPolicy> parse_witness_policy(std::string_view json) {
  TRY(const auto document, parse_json(json));
  const Value& root = document.root();
  if (!root.is_object() || !repeated_member(root).empty())
    return wrong("no object, or a member twice");
  CollectionPolicy out;
  const auto expires = parse_rfc3339(root["expires"].text());
  if (!expires) return wrong("without a time at which it expires");
  out.expires = *expires;
  TRY(out.roots, roots_of(root["roots"], "roots"));
  TRY(out.timestamp_authorities, roots_of(root["timestampauthorities"], "timestampauthorities"));
  TRY(const auto keys, members_of(root["publickeys"], "publickeys"));
  for (const auto& [id, value] : keys) {
    TRY_DO(members_of(value, "public key"));
    TRY(const std::string pem, unbase64(value["key"].text()));
    TRY(auto key, PublicKey::from_pem(pem));
    out.keys.emplace(id, std::move(key));
  }
  TRY(const auto steps, members_of(root["steps"], "steps"));
  if (steps.empty()) return wrong("without a step it would say yes to everything");
  for (const auto& [name, value] : steps) {
    TRY(auto step, step_of(name, value));
    out.steps.push_back(std::move(step));
  }
  std::ranges::sort(out.steps, {}, &WitnessStep::name);
  for (const WitnessStep& step : out.steps) {
    for (const std::string& from : step.artifacts_from) {
      if (std::ranges::find(out.steps, from, &WitnessStep::name) == out.steps.end())
        return wrong("artifacts from a step that it does not have: " + printable(from));
    }
  }
  return out;
}

Checked<void> check_witness_names(const Certificate& certificate,
                                  const WitnessConstraint& constraint) {
  std::vector<std::string> common, organizations;
  for (const NameAttribute& attribute : certificate.subject()) {
    if (attribute.short_name == "CN") common.push_back(attribute.value);
    if (attribute.short_name == "O") organizations.push_back(attribute.value);
  }
  TRY(const auto names, readable(certificate.alternative_names(), "subjectAltName"));
  const AlternativeNames others = names.value_or(AlternativeNames{});
  TRY_DO(check_names("commonname", constraint.common_name, common));
  TRY_DO(check_names("organizations", constraint.organizations, organizations));
  TRY_DO(check_names("dnsnames", constraint.dns, others.dns));
  TRY_DO(check_names("emails", constraint.emails, others.emails));
  TRY_DO(check_names("uris", constraint.uris, others.uris));
  return {};
}

}  // namespace boltseal
