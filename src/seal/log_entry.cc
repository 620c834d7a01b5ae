#include "seal/log_entry.h"

#include <fmt/format.h>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/json_writer.h"
#include "codec/pem.h"

namespace boltseal {
namespace {

Checked<InclusionProof> read_proof(const ProtoObject& object) {
  InclusionProof out;
  TRY(out.log_index, object.natural("logIndex"));
  TRY(out.tree_size, object.natural("treeSize"));
  TRY(out.root, object.bytes("rootHash"));
  const Value& hashes = object.at("hashes");
  if (hashes.items().size() > max_proof_hashes)
    return object.wrong("hashes", "a proof longer than any tree is high", "at most 64",
                        fmt::format("{}", hashes.items().size()));
  for (const Value& hash : hashes.items()) {
    auto bytes = unbase64_any(hash.text());
    if (!bytes || bytes->size() != 32)
      return object.wrong(fmt::format("hashes[{}]", out.hashes.size()), "not a hash of a tree",
                          "base64 of 32 bytes", hash.scalar());
    out.hashes.push_back(*std::move(bytes));
  }
  if (object.has("checkpoint")) {
    TRY(const auto checkpoint, object.object("checkpoint"));
    TRY(out.checkpoint, checkpoint.text("envelope"));
  }
  return out;
}

}  // namespace

Checked<LogEntry> read_log_entry(const ProtoObject& object) {
  LogEntry out;
  TRY(out.log_index, object.natural("logIndex"));
  TRY(const auto log, object.object("logId"));
  TRY(out.log_id, log.bytes("keyId"));
  TRY(const auto kind, object.object("kindVersion"));
  TRY(out.kind, kind.text("kind"));
  TRY(out.version, kind.text("version"));
  TRY(out.integrated_time, object.number("integratedTime"));
  if (out.integrated_time < 0)
    return object.wrong("integratedTime", "a time before 1970", "0 or more",
                        fmt::format("{}", out.integrated_time));
  if (object.has("inclusionPromise")) {
    TRY(const auto promise, object.object("inclusionPromise"));
    TRY(out.promise, promise.bytes("signedEntryTimestamp"));
  }
  if (object.has("inclusionProof")) {
    TRY(const auto proof, object.object("inclusionProof"));
    TRY(out.proof, read_proof(proof));
  }
  TRY(out.body, object.bytes("canonicalizedBody"));
  return out;
}

void write_log_entry(JsonWriter& json, const LogEntry& entry) {
  json.object().member("logIndex", fmt::format("{}", entry.log_index));
  json.key("logId").object().member("keyId", base64(entry.log_id)).end();
  json.key("kindVersion").object();
  json.member("kind", entry.kind).member("version", entry.version).end();
  if (entry.integrated_time != 0)
    json.member("integratedTime", fmt::format("{}", entry.integrated_time));
  if (!entry.promise.empty())
    json.key("inclusionPromise")
        .object()
        .member("signedEntryTimestamp", base64(entry.promise))
        .end();
  if (entry.proof) {
    json.key("inclusionProof")
        .object()
        .member("logIndex", fmt::format("{}", entry.proof->log_index))
        .member("rootHash", base64(entry.proof->root))
        .member("treeSize", fmt::format("{}", entry.proof->tree_size))
        .key("hashes")
        .array();
    for (const auto& hash : entry.proof->hashes) json.value(base64(hash));
    json.end().key("checkpoint").object().member("envelope", entry.proof->checkpoint).end().end();
  }
  json.member("canonicalizedBody", base64(entry.body)).end();
}

Checked<LogEntry> read_cosign_log_entry(const Value& object, const std::string& code,
                                        const std::string& path) {
  if (auto good = refuse_repeats(object, code); !good) return std::unexpected(good.error());
  const ProtoObject root(object, path, code);
  LogEntry out;
  TRY(out.promise, root.bytes("SignedEntryTimestamp"));
  TRY(const auto payload, root.object("Payload"));
  TRY(out.body, payload.bytes("body"));
  TRY(out.integrated_time, payload.number("integratedTime"));
  TRY(out.log_index, payload.natural("logIndex"));
  TRY(const auto id, payload.text("logID"));
  auto raw = unhex(id);
  if (!raw) return payload.wrong("logID", "not the id of a log", "hex", id);
  out.log_id = *std::move(raw);
  const auto body = parse_json(out.body);
  if (!body) return payload.wrong("body", body.error().what, "JSON");
  out.kind = (*body)["kind"].text();
  out.version = (*body)["apiVersion"].text();
  return out;
}

void write_cosign_log_entry(JsonWriter& json, const LogEntry& entry) {
  json.object().member("SignedEntryTimestamp", base64(entry.promise)).key("Payload").object();
  json.member("body", base64(entry.body)).member("integratedTime", entry.integrated_time);
  json.member("logIndex", entry.log_index).member("logID", hex(entry.log_id)).end().end();
}

}  // namespace boltseal
