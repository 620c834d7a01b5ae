#include "seal/tuf_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/time.h"
#include "codec/canonical_json.h"
#include "codec/value.h"
#include "files/fnmatch.h"

namespace boltseal {
namespace {

constexpr std::size_t signature_limit = 256;
constexpr std::size_t delegation_limit = 10'000;

std::unexpected<Error> wrong(std::string what) {
  return fail(Fault::corrupt, "not TUF metadata: " + std::move(what));
}

// An object whose members have fixed names. Its names must differ in more than case; those of maps
// (keys, files, targets) may be what they like, and olpc_json refuses the same one twice.
Result<> is_record(const Value& value, std::string_view name) {
  if (!value.is_object()) return wrong(fmt::format("\"{}\" is not an object", name));
  if (const auto twice = repeated_member(value); !twice.empty())
    return wrong(fmt::format("\"{}\" has \"{}\" twice", name, printable(twice)));
  return {};
}

Result<std::uint64_t> whole(const Value& object, std::string_view name, std::uint64_t least) {
  const auto number = object[name].integer();
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) < least)
    return wrong(fmt::format("\"{}\" is not a whole number of at least {}", name, least));
  return static_cast<std::uint64_t>(*number);
}

Result<std::vector<std::string>> texts(const Value& object, std::string_view name) {
  if (!object[name].is_array()) return wrong(fmt::format("\"{}\" is not a list", name));
  std::vector<std::string> out;
  for (const Value& item : object[name].items()) {
    if (!item.is_text()) return wrong(fmt::format("\"{}\" holds what is no text", name));
    out.emplace_back(item.text());
  }
  return out;
}

Result<TufRing> read_ring(const Value& role) {
  TufRing out;
  TRY(out.key_ids, texts(role, "keyids"));
  const std::set<std::string_view> different(out.key_ids.begin(), out.key_ids.end());
  if (different.size() != out.key_ids.size()) return wrong("a role has a key id twice");
  TRY(out.threshold, whole(role, "threshold", 1));
  return out;
}

Result<TufKeys> read_keys(const Value& keys) {
  if (!keys.is_object()) return wrong("\"keys\" is not an object");
  TufKeys out;
  for (const auto& [id, key] : keys.members()) {
    TRY_DO(is_record(key, "keys"));
    TRY_DO(is_record(key["keyval"], "keyval"));
    for (const Value& text : {key["keytype"], key["scheme"]}) {
      if (!text.is_text()) return wrong("a key without \"keytype\" or \"scheme\"");
    }
    out.emplace(id, make_tuf_key(key["keytype"].string(), key["scheme"].string(),
                                 key["keyval"]["public"].string()));
  }
  return out;
}

Result<TufHashes> read_hashes(const Value& hashes) {
  if (!hashes.is_object() || hashes.members().empty()) return wrong("\"hashes\" is empty");
  TufHashes out;
  for (const auto& [name, value] : hashes.members()) {
    if (!value.is_text()) return wrong("a hash that is no text");
    out.emplace(name, lower(value.text()));
  }
  return out;
}

Result<TufFile> read_file_entry(const Value& entry) {
  TRY_DO(is_record(entry, "meta"));
  TufFile out;
  TRY(out.version, whole(entry, "version", 1));
  if (entry["length"]) {
    TRY(out.length, whole(entry, "length", 0));
  }
  if (entry["hashes"]) {
    TRY(out.hashes, read_hashes(entry["hashes"]));
  }
  return out;
}

Result<std::vector<TufSignature>> read_signatures(const Value& signatures) {
  if (!signatures.is_array()) return wrong("\"signatures\" is not a list");
  if (signatures.items().size() > signature_limit)
    return fail(Fault::too_large, fmt::format("more than {} signatures", signature_limit));
  std::vector<TufSignature> out;
  std::set<std::string_view> seen;
  for (const Value& entry : signatures.items()) {
    TRY_DO(is_record(entry, "signatures"));
    if (!entry["keyid"].is_text() || !entry["sig"].is_text())
      return wrong("a signature without \"keyid\" or \"sig\"");
    if (!seen.insert(entry["keyid"].text()).second) return wrong("two signatures with one key id");
    // A signature that is no hex verifies nothing, like any other wrong one.
    out.push_back({entry["keyid"].string(), unhex(entry["sig"].text()).value_or("")});
  }
  return out;
}

// What all roles have. `document` must outlive `signed_part`.
Result<> read_common(const Value& root, std::string_view type, TufSigned& out) {
  TRY_DO(is_record(root, "metadata"));
  const Value& body = root["signed"];
  TRY_DO(is_record(body, "signed"));
  if (body["_type"].text() != type)
    return wrong(fmt::format("\"_type\" is \"{}\" where \"{}\" is wanted",
                             printable(body["_type"].text()), type));
  const auto edition = split(body["spec_version"].text(), '.');
  if (edition.size() < 2 || edition.size() > 3 || !parse_u64(edition[0]))
    return wrong("\"spec_version\" is no version");
  if (edition[0] != "1")
    return fail(Fault::unsupported, fmt::format("TUF metadata of specification {}",
                                                printable(body["spec_version"].text())));
  TRY(out.version, whole(body, "version", 1));
  const auto expires = parse_rfc3339(body["expires"].text());
  if (!expires) return wrong("\"expires\" is no time");
  out.expires = *expires;
  TRY(out.bytes, olpc_json(body));
  TRY(out.signatures, read_signatures(root["signatures"]));
  return {};
}

Result<TufDelegation> read_delegation(const Value& role) {
  TRY_DO(is_record(role, "roles"));
  TufDelegation out;
  out.name = role["name"].text();
  if (out.name.empty() || is_tuf_top_level(out.name))
    return wrong(fmt::format("a delegation to \"{}\"", printable(out.name)));
  TRY(out.ring, read_ring(role));
  if (role["terminating"] && role["terminating"].kind() != Value::Kind::boolean)
    return wrong("\"terminating\" is neither true nor false");
  out.terminating = role["terminating"].boolean();
  if (role["paths"].is_array() == role["path_hash_prefixes"].is_array())
    return wrong("a delegation needs \"paths\" or \"path_hash_prefixes\"");
  if (role["paths"]) {
    TRY(out.paths, texts(role, "paths"));
  } else {
    TRY(out.hash_prefixes, texts(role, "path_hash_prefixes"));
  }
  return out;
}

Result<TufBins> read_bins(const Value& bins) {
  TRY_DO(is_record(bins, "succinct_roles"));
  TufBins out;
  TRY(out.ring, read_ring(bins));
  TRY(const auto bits, whole(bins, "bit_length", 1));
  out.prefix = bins["name_prefix"].text();
  if (bits > 32 || out.prefix.empty()) return wrong("\"succinct_roles\" without a name or bits");
  out.bits = static_cast<unsigned>(bits);
  return out;
}

Result<> read_delegations(const Value& delegations, TufTargets& out) {
  TRY_DO(is_record(delegations, "delegations"));
  TRY(out.keys, read_keys(delegations["keys"]));
  if (delegations["roles"].is_array() == delegations["succinct_roles"].is_object())
    return wrong("delegations need \"roles\" or \"succinct_roles\"");
  if (delegations["succinct_roles"]) {
    TRY(out.bins, read_bins(delegations["succinct_roles"]));
    return {};
  }
  if (delegations["roles"].items().size() > delegation_limit)
    return fail(Fault::too_large, fmt::format("more than {} delegations", delegation_limit));
  std::set<std::string> seen;
  for (const Value& role : delegations["roles"].items()) {
    TRY(auto delegation, read_delegation(role));
    if (!seen.insert(delegation.name).second)
      return wrong(fmt::format("two delegations to \"{}\"", printable(delegation.name)));
    out.delegations.push_back(std::move(delegation));
  }
  return {};
}

bool matches(std::string_view pattern, std::string_view target) {
  const auto globs = split(pattern, '/'), parts = split(target, '/');
  return std::ranges::equal(globs, parts, [](std::string_view glob, std::string_view part) {
    return fnmatch_matches(glob, part);
  });
}

}  // namespace

bool is_tuf_top_level(std::string_view role) {
  return role == "root" || role == "timestamp" || role == "snapshot" || role == "targets";
}

bool TufDelegation::covers(std::string_view target) const {
  const std::string prefix_of = hash_prefixes.empty() ? "" : sha256_hex(target);
  return std::ranges::any_of(paths, [&](const auto& glob) { return matches(glob, target); }) ||
         std::ranges::any_of(hash_prefixes,
                             [&](const auto& prefix) { return prefix_of.starts_with(prefix); });
}

std::string TufBins::bin_of(std::string_view target) const {
  const std::uint64_t first = parse_u64(sha256_hex(target).substr(0, 8), 16).value_or(0);
  return fmt::format("{}-{:0{}x}", prefix, first >> (32 - bits), (bits + 3) / 4);
}

Result<TufRoot> parse_tuf_root(std::string_view json) {
  TRY(const auto document, parse_json(json));
  TufRoot out;
  TRY_DO(read_common(document.root(), "root", out));
  const Value& body = document["signed"];
  if (body["consistent_snapshot"] && body["consistent_snapshot"].kind() != Value::Kind::boolean)
    return wrong("\"consistent_snapshot\" is neither true nor false");
  out.consistent_snapshot = body["consistent_snapshot"].boolean();
  TRY(out.keys, read_keys(body["keys"]));
  for (const std::string_view name : {"root", "timestamp", "snapshot", "targets"}) {
    const Value& role = body["roles"][name];
    TRY_DO(is_record(role, name));
    TRY(auto ring, read_ring(role));
    out.roles.emplace(name, std::move(ring));
  }
  return out;
}

Result<TufTimestamp> parse_tuf_timestamp(std::string_view json) {
  TRY(const auto document, parse_json(json));
  TufTimestamp out;
  TRY_DO(read_common(document.root(), "timestamp", out));
  TRY(out.snapshot, read_file_entry(document["signed"]["meta"]["snapshot.json"]));
  return out;
}

Result<TufSnapshot> parse_tuf_snapshot(std::string_view json) {
  TRY(const auto document, parse_json(json));
  TufSnapshot out;
  TRY_DO(read_common(document.root(), "snapshot", out));
  const Value& meta = document["signed"]["meta"];
  for (const auto& [name, entry] : meta.members()) {
    TRY(auto file, read_file_entry(entry));
    out.files.emplace(name, std::move(file));
  }
  if (!out.files.contains("targets.json")) return wrong("a snapshot without \"targets.json\"");
  return out;
}

Result<TufTargets> parse_tuf_targets(std::string_view json) {
  TRY(const auto document, parse_json(json));
  TufTargets out;
  TRY_DO(read_common(document.root(), "targets", out));
  const Value& body = document["signed"];
  if (!body["targets"].is_object()) return wrong("\"targets\" is not an object");
  for (const auto& [name, entry] : body["targets"].members()) {
    TRY_DO(is_record(entry, "targets"));
    TufTarget& target = out.targets[std::string(name)];
    TRY(target.length, whole(entry, "length", 0));
    TRY(target.hashes, read_hashes(entry["hashes"]));
    if (entry["custom"]) {
      TRY(target.custom, canonical_json(entry["custom"]));
    }
  }
  if (body["delegations"]) TRY_DO(read_delegations(body["delegations"], out));
  return out;
}

}  // namespace boltseal
