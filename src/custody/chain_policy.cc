#include "custody/chain_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "codec/value.h"
#include "crypto/digest.h"
#include "custody/phase_evidence.h"
#include "seal/dsse.h"
#include "seal/dsse_signers.h"

namespace boltseal {
namespace {

constexpr std::size_t phase_limit = 100, key_limit = 1000, list_limit = 1000;

std::unexpected<Error> wrong(std::string what, std::string_view where) {
  return fail(Fault::corrupt, std::move(what), std::string(where));
}

Result<> only(const Value& object, std::span<const std::string_view> known,
              std::string_view where) {
  if (!object.is_object()) return wrong("a mapping is wanted here", where);
  if (const auto twice = repeated_member(object); !twice.empty())
    return wrong(fmt::format("\"{}\" stands here twice", printable(twice)), where);
  for (const auto& [key, value] : object.members()) {
    if (std::ranges::find(known, key) == known.end())
      return wrong(fmt::format("\"{}\" is not known here; there are: {}", printable(key),
                               fmt::join(known, ", ")),
                   where);
  }
  return {};
}

Result<std::vector<std::string>> texts(const Value& value, std::string_view where) {
  std::vector<std::string> out;
  if (!value) return out;
  if (value.is_text()) return std::vector{value.string()};
  if (!value.is_array()) return wrong("a list of texts is wanted here", where);
  for (const Value& item : value.items()) {
    if (item.scalar().empty()) return wrong("a list of texts is wanted here", where);
    out.push_back(item.scalar());
  }
  if (out.size() > list_limit) return fail(Fault::too_large, "a list too long", std::string(where));
  return out;
}

Result<std::uint64_t> number(const Value& value, std::uint64_t otherwise, std::string_view where) {
  if (!value) return otherwise;
  const auto n = value.integer();
  if (!n || *n < 0) return wrong("a whole number is wanted here", where);
  return static_cast<std::uint64_t>(*n);
}

Result<bool> flag(const Value& value, bool otherwise, std::string_view where) {
  if (!value) return otherwise;
  if (value.kind() != Value::Kind::boolean) return wrong("true or false is wanted here", where);
  return value.boolean();
}

Result<> known_keys(const std::vector<std::string>& names, std::size_t threshold,
                    const CustodyPolicy& policy, std::string_view where) {
  std::set<std::string> ids;
  for (const auto& name : names) {
    const auto key = policy.keys.find(name);
    if (key == policy.keys.end())
      return wrong(fmt::format("no key is called \"{}\"", printable(name)), where);
    ids.insert(key->second.id());
  }
  if (threshold == 0 || threshold > ids.size())
    return wrong(fmt::format("a threshold of {} cannot be met by {} keys", threshold, ids.size()),
                 where);
  return {};
}

Result<ScanDemand> scan_demand(const Value& value, std::string_view where) {
  std::vector<std::string> limits;
  for (const auto name : scan_counts) limits.push_back(fmt::format("max-{}", name));
  std::vector<std::string_view> known(limits.begin(), limits.end());
  known.emplace_back("max-database-age");
  TRY_DO(only(value, known, where));
  if (value.members().empty()) return wrong("a scan without a limit asks for nothing", where);
  ScanDemand out;
  for (const auto& [key, limit] : value.members()) {
    if (key == "max-database-age") {
      out.database_age = parse_duration(limit.scalar());
      if (!out.database_age) return wrong("an age is like 36h, 7d or 2w", where);
      continue;
    }
    TRY(out.most[std::string(key.substr(4))], number(limit, 0, where));
  }
  return out;
}

// What cannot be compared would be a demand that nobody makes.
Result<std::map<std::string, std::string>> wanted_fields(const Value& value,
                                                         std::string_view where) {
  std::map<std::string, std::string> out;
  if (value && !value.is_object())
    return wrong("\"fields\" is a mapping of members of the predicate", where);
  if (const auto twice = repeated_member(value); !twice.empty())
    return wrong(fmt::format("\"{}\" stands in \"fields\" twice", printable(twice)), where);
  for (const auto& [key, wanted] : value.members()) {
    if (!wanted.is_scalar())
      return wrong(fmt::format("\"{}\" in \"fields\" needs one value: a text, a number, true or "
                               "false; a member of a member is written a.b",
                               printable(key)),
                   where);
    out.emplace(key, wanted.scalar());
  }
  return out;
}

Result<AttestationDemand> attestation_demand(const Value& value, const CustodyPolicy& policy,
                                             std::string_view where) {
  constexpr std::array<std::string_view, 5> known = {"type", "keys", "threshold", "image",
                                                     "fields"};
  TRY_DO(only(value, known, where));
  AttestationDemand out;
  out.predicate_type = value["type"].text();
  if (out.predicate_type.empty()) return wrong("an attestation needs a \"type\"", where);
  TRY(out.keys, texts(value["keys"], where));
  TRY(out.threshold, number(value["threshold"], 1, where));
  TRY(out.about_image, flag(value["image"], true, where));
  TRY_DO(known_keys(out.keys, out.threshold, policy, where));
  TRY(out.fields, wanted_fields(value["fields"], where));
  return out;
}

Result<> read_evidence(const Value& value, const CustodyPolicy& policy, CustodyPhase& out,
                       const std::string& where) {
  if (!value) return {};
  constexpr std::array<std::string_view, 5> known = {"command", "git", "tests", "scan",
                                                     "attestations"};
  TRY_DO(only(value, known, where));
  TRY(out.command_required, flag(value["command"], false, where + ".command"));
  if (value["git"]) {
    if (value["git"].text() != "clean") return wrong("\"git\" can be: clean", where);
    out.git_clean = true;
  }
  if (const Value& tests = value["tests"]) {
    constexpr std::array<std::string_view, 2> members = {"min-passed", "max-failed"};
    TRY_DO(only(tests, members, where + ".tests"));
    TestDemand demand;
    TRY(demand.min_passed, number(tests["min-passed"], 1, where + ".tests"));
    TRY(demand.max_failed, number(tests["max-failed"], 0, where + ".tests"));
    out.tests = demand;
  }
  if (value["scan"]) {
    TRY(out.scan, scan_demand(value["scan"], where + ".scan"));
  }
  if (value["attestations"] && !value["attestations"].is_array())
    return wrong("a list is wanted here", where + ".attestations");
  for (const Value& item : value["attestations"].items()) {
    TRY(auto demand, attestation_demand(item, policy, where + ".attestations"));
    out.attestations.push_back(std::move(demand));
  }
  return {};
}

// Whether `phase` rests on the earlier one of that name, over others or not.
bool rests_on(const CustodyPolicy& policy, const CustodyPhase& phase, std::string_view earlier) {
  std::set<std::string_view> before(phase.after.begin(), phase.after.end());
  for (auto at = policy.phases.rbegin(); at != policy.phases.rend(); ++at)
    if (before.contains(at->name)) before.insert(at->after.begin(), at->after.end());
  return before.contains(earlier);
}

Result<std::vector<OriginDemand>> origins(const Value& value, const CustodyPolicy& policy,
                                          const CustodyPhase& phase, std::string_view where) {
  std::vector<OriginDemand> out;
  if (!value) return out;
  if (!value.is_object()) return wrong("a mapping of phases to globs is wanted here", where);
  if (const auto twice = repeated_member(value); !twice.empty())
    return wrong(fmt::format("\"{}\" stands here twice", printable(twice)), where);
  for (const auto& [name, globs] : value.members()) {
    if (!rests_on(policy, phase, name))
      return wrong(fmt::format("this phase does not rest on \"{}\"", printable(name)), where);
    OriginDemand demand{std::string(name), {}};
    TRY(demand.globs, texts(globs, where));
    if (demand.globs.empty()) return wrong("no glob asks for nothing", where);
    out.push_back(std::move(demand));
  }
  return out;
}

Result<CustodyPhase> read_phase(const Value& value, const CustodyPolicy& policy) {
  constexpr std::array<std::string_view, 12> known = {
      "name",     "after",         "keys", "threshold",   "command", "materials",
      "products", "new-materials", "from", "environment", "max-age", "evidence"};
  CustodyPhase out;
  out.name = value["name"].text();
  const std::string where = "phases." + (out.name.empty() ? "?" : printable(out.name));
  TRY_DO(only(value, known, where));
  if (!is_phase_name(out.name))
    return wrong("a phase needs a name of letters, digits and hyphens", where);
  if (policy.phase(out.name)) return wrong("two phases of one name", where);
  TRY(out.after, texts(value["after"], where + ".after"));
  if (!value["after"] && !policy.phases.empty()) out.after = {policy.phases.back().name};
  for (const auto& earlier : out.after) {
    if (!policy.phase(earlier))
      return wrong(fmt::format("\"{}\" is no earlier phase", printable(earlier)), where + ".after");
  }
  TRY(out.keys, texts(value["keys"], where + ".keys"));
  TRY(out.threshold, number(value["threshold"], 1, where + ".threshold"));
  TRY_DO(known_keys(out.keys, out.threshold, policy, where));
  if (value["command"].is_text()) {
    for (const auto word : words(value["command"].text())) out.command.emplace_back(word);
  } else {
    TRY(out.command, texts(value["command"], where + ".command"));
  }
  TRY(out.materials, texts(value["materials"], where + ".materials"));
  TRY(out.products, texts(value["products"], where + ".products"));
  TRY(out.new_materials, texts(value["new-materials"], where + ".new-materials"));
  TRY(out.from, origins(value["from"], policy, out, where + ".from"));
  TRY(out.environment, texts(value["environment"], where + ".environment"));
  if (value["max-age"]) {
    out.max_age = parse_duration(value["max-age"].scalar());
    if (!out.max_age) return wrong("an age is like 36h, 7d or 2w", where + ".max-age");
  }
  TRY_DO(read_evidence(value["evidence"], policy, out, where + ".evidence"));
  return out;
}

Result<> read_keys(const Value& value, CustodyPolicy& out) {
  if (!value.is_object() || value.members().empty())
    return wrong("a mapping of names to public keys (PEM) is wanted", "keys");
  if (!repeated_member(value).empty()) return wrong("two keys of one name", "keys");
  if (value.members().size() > key_limit) return fail(Fault::too_large, "too many keys", "keys");
  for (const auto& [name, pem] : value.members()) {
    auto key = PublicKey::from_pem(pem.text());
    if (!key) return wrong(key.error().message(), "keys." + printable(name));
    out.keys.emplace(name, *std::move(key));
  }
  return {};
}

Result<> read_separate(const Value& value, CustodyPolicy& out) {
  if (value && !value.is_array()) return wrong("a list of pairs is wanted", "separate");
  for (const Value& item : value.items()) {
    TRY(const auto group, texts(item, "separate"));
    if (group.size() < 2) return wrong("two or more phases are wanted", "separate");
    for (const auto& name : group)
      if (!out.phase(name))
        return wrong(fmt::format("\"{}\" is no phase", printable(name)), "separate");
    for (std::size_t i = 0; i < group.size(); ++i)
      for (std::size_t k = i + 1; k < group.size(); ++k) {
        if (group[i] == group[k]) return wrong("a phase apart from itself", "separate");
        out.separate.emplace_back(group[i], group[k]);
      }
  }
  return {};
}

}  // namespace

const CustodyPhase* CustodyPolicy::phase(std::string_view name) const {
  const auto found = std::ranges::find(phases, name, &CustodyPhase::name);
  return found == phases.end() ? nullptr : &*found;
}

std::vector<PublicKey> CustodyPolicy::keys_of(const std::vector<std::string>& names) const {
  std::vector<PublicKey> out;
  for (const auto& name : names)
    if (const auto key = keys.find(name); key != keys.end()) out.push_back(key->second);
  return out;
}

Checked<VerifiedPayload> CustodyPolicy::verify(const DsseEnvelope& envelope,
                                               const std::vector<std::string>& names,
                                               std::size_t threshold) const {
  const auto signers = dsse_signers(envelope, keys_of(names), trust, authorities);
  auto verified = verify_dsse(envelope, signers.keys, threshold);
  if (verified || !signers.doubt) return verified;
  Refusal out = signers.doubt->why;
  out.field = name_of_key(signers.doubt->key.id()) + ", " + out.field;
  return std::unexpected(std::move(out));
}

std::string CustodyPolicy::name_of_key(std::string_view id) const {
  for (const auto& [name, key] : keys)
    if (key.id() == id) return name;
  return std::string(id);
}

bool is_phase_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && is_alnum(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<char, std::uint64_t>, 5> units = {
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}, {'w', 604'800}}};
  if (text.size() < 2) return std::nullopt;
  const auto unit = std::ranges::find(units, text.back(), &std::pair<char, std::uint64_t>::first);
  const auto count = parse_u64(text.substr(0, text.size() - 1));
  if (unit == units.end() || !count || *count > 1'000'000'000) return std::nullopt;
  return static_cast<std::int64_t>(*count * unit->second);
}

Result<CustodyPolicy> parse_custody_policy(std::string_view yaml) {
  if (yaml.size() > max_custody_policy) return fail(Fault::too_large, "a policy of over 4 MiB");
  TRY(const auto document, parse_yaml(yaml));
  const Value& root = document.root();
  constexpr std::array<std::string_view, 6> known = {"custody", "project", "version",
                                                     "keys",    "phases",  "separate"};
  TRY_DO(only(root, known, "custody.yaml"));
  if (root["custody"].integer() != 1)
    return fail(Fault::unsupported, "a custody policy begins with \"custody: 1\"");
  CustodyPolicy out;
  out.project = root["project"].text();
  if (out.project.empty()) return wrong("a project needs a name", "project");
  TRY(out.version, number(root["version"], 0, "version"));
  if (out.version == 0) return wrong("the version counts from 1 and grows", "version");
  TRY_DO(read_keys(root["keys"], out));
  if (!root["phases"].is_array() || root["phases"].items().empty())
    return wrong("a list of phases is wanted", "phases");
  if (root["phases"].items().size() > phase_limit)
    return fail(Fault::too_large, "more than 100 phases", "phases");
  for (const Value& item : root["phases"].items()) {
    TRY(auto phase, read_phase(item, out));
    out.phases.push_back(std::move(phase));
  }
  TRY_DO(read_separate(root["separate"], out));
  out.sha256 = sha256_hex(yaml);
  return out;
}

Checked<CustodyPolicy> open_signed_policy(std::string_view yaml, std::string_view envelope,
                                          const std::vector<PublicKey>& owners, std::size_t require,
                                          const KeyTrust& trust, const TrustedRoot& authorities) {
  const auto read = parse_dsse(envelope);
  if (!read) return refuse(read.error(), "policy signature");
  const auto signers = dsse_signers(*read, owners, trust, authorities);
  auto verified = verify_dsse(*read, signers.keys, require, custody_policy_payload);
  if (!verified) {
    Refusal refusal = signers.doubt ? signers.doubt->why : verified.error();
    refusal.field = "policy " + refusal.field;
    return std::unexpected(refusal);
  }
  if (verified->bytes() != yaml)
    return refuse("policy-changed", "the policy is not the one that its owners signed",
                  "policy.sha256", sha256_hex(verified->bytes()), sha256_hex(yaml));
  auto policy = parse_custody_policy(verified->bytes());
  if (!policy) return refuse(policy.error(), "policy");
  policy->trust = trust;
  policy->authorities = authorities;
  return *std::move(policy);
}

}  // namespace boltseal
