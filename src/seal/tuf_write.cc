#include "seal/tuf_write.h"

#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "base/time.h"
#include "codec/canonical_json.h"
#include "codec/json_writer.h"
#include "codec/value.h"

namespace boltseal {
namespace {

constexpr std::string_view specification = "1.0.33";

void begin(JsonWriter& json, std::string_view type, const TufSigned& metadata) {
  json.object()
      .member("_type", type)
      .member("spec_version", specification)
      .member("version", metadata.version)
      .member("expires", rfc3339(metadata.expires));
}

void write_hashes(JsonWriter& json, const TufHashes& hashes) {
  if (hashes.empty()) return;
  json.key("hashes").object();
  for (const auto& [name, value] : hashes) json.member(name, value);
  json.end();
}

void write_file(JsonWriter& json, std::string_view name, const TufFile& file) {
  json.key(name).object();
  write_hashes(json, file.hashes);
  if (file.length) json.member("length", *file.length);
  json.member("version", file.version).end();
}

void write_keys(JsonWriter& json, const TufKeys& keys) {
  json.key("keys").object();
  for (const auto& [id, key] : keys) {
    json.key(id).object().member("keytype", key.type);
    json.key("keyval").object().member("public", key.value).end();
    json.member("scheme", key.scheme).end();
  }
  json.end();
}

void write_ring(JsonWriter& json, const TufRing& ring) {
  json.texts("keyids", ring.key_ids).member("threshold", ring.threshold);
}

void write_delegations(JsonWriter& json, const TufTargets& targets) {
  json.key("delegations").object();
  write_keys(json, targets.keys);
  if (targets.bins) {
    json.key("succinct_roles").object();
    write_ring(json, targets.bins->ring);
    json.member("bit_length", targets.bins->bits).member("name_prefix", targets.bins->prefix).end();
    json.end();
    return;
  }
  json.key("roles").array();
  for (const TufDelegation& role : targets.delegations) {
    json.object().member("name", role.name);
    write_ring(json, role.ring);
    json.member("terminating", role.terminating);
    if (role.hash_prefixes.empty())
      json.texts("paths", role.paths);
    else
      json.texts("path_hash_prefixes", role.hash_prefixes);
    json.end();
  }
  json.end().end();
}

}  // namespace

std::string write_tuf_body(const TufRoot& root) {
  JsonWriter json(false);
  begin(json, "root", root);
  json.member("consistent_snapshot", root.consistent_snapshot);
  write_keys(json, root.keys);
  json.key("roles").object();
  for (const auto& [name, ring] : root.roles) {
    json.key(name).object();
    write_ring(json, ring);
    json.end();
  }
  return json.end().end().take();
}

std::string write_tuf_body(const TufTimestamp& timestamp) {
  JsonWriter json(false);
  begin(json, "timestamp", timestamp);
  json.key("meta").object();
  write_file(json, "snapshot.json", timestamp.snapshot);
  return json.end().end().take();
}

std::string write_tuf_body(const TufSnapshot& snapshot) {
  JsonWriter json(false);
  begin(json, "snapshot", snapshot);
  json.key("meta").object();
  for (const auto& [name, file] : snapshot.files) write_file(json, name, file);
  return json.end().end().take();
}

std::string write_tuf_body(const TufTargets& targets) {
  JsonWriter json(false);
  begin(json, "targets", targets);
  json.key("targets").object();
  for (const auto& [name, target] : targets.targets) {
    json.key(name).object();
    write_hashes(json, target.hashes);
    json.member("length", target.length);
    if (!target.custom.empty()) json.key("custom").raw(target.custom);
    json.end();
  }
  json.end();
  if (!targets.delegations.empty() || targets.bins) write_delegations(json, targets);
  return json.end().take();
}

namespace {

Result<std::string> written(const Value& body, const std::map<std::string, std::string>& by_id) {
  JsonWriter json(false);
  TRY(const auto text, canonical_json(body));
  json.object().key("signatures").array();
  for (const auto& [id, signature] : by_id)
    json.object().member("keyid", id).member("sig", signature).end();
  return json.end().key("signed").raw(text).end().take() + "\n";
}

Result<> sign_into(std::map<std::string, std::string>& by_id, std::string_view bytes,
                   const Signer& signer) {
  const TufKey key = tuf_key_of(signer.public_key());
  TRY(const auto signature, signer.sign(bytes, key.how));
  by_id[tuf_key_id(key)] = hex(signature);
  return {};
}

}  // namespace

Result<std::string> sign_tuf(std::string_view body, std::span<const Signer* const> signers) {
  TRY(const auto document, parse_json(body));
  TRY(const auto bytes, olpc_json(document.root()));
  std::map<std::string, std::string> by_id;
  for (const Signer* signer : signers) TRY_DO(sign_into(by_id, bytes, *signer));
  return written(document.root(), by_id);
}

Result<std::string> add_tuf_signature(std::string_view json, const Signer& signer) {
  TRY(const auto document, parse_json(json));
  TRY(const auto bytes, olpc_json(document["signed"]));
  std::map<std::string, std::string> by_id;
  for (const Value& entry : document["signatures"].items())
    by_id[entry["keyid"].string()] = entry["sig"].string();
  TRY_DO(sign_into(by_id, bytes, signer));
  return written(document["signed"], by_id);
}

TufFile describe_tuf_file(std::string_view json, std::uint64_t version) {
  return {.version = version, .length = json.size(), .hashes = {{"sha256", sha256_hex(json)}}};
}

}  // namespace boltseal
