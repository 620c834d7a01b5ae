#include "seal/rekor_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/json_writer.h"
#include "codec/value.h"
#include "seal/protojson.h"
#include "seal/schemes.h"

namespace boltseal {
namespace {

constexpr const char* code = "service-answer-invalid";
constexpr std::string_view who = "transparency log";
constexpr std::string_view entries_path = "/api/v1/log/entries";

// "sha256", as the first generation calls a hash.
std::string_view hash_name(HashKind kind) {
  return kind == HashKind::sha512 ? "sha512" : kind == HashKind::sha384 ? "sha384" : "sha256";
}

std::string signer_pem(const Bundle& bundle, const PublicKey& key) {
  return bundle.certificates.empty() ? key.pem() : bundle.certificates.front().pem();
}

std::string first_generation(const Bundle& bundle, const PublicKey& key, HashKind kind,
                             std::string_view digest) {
  const std::string signer = base64(signer_pem(bundle, key));
  JsonWriter json(false);
  json.object().member("apiVersion", "0.0.1");
  json.member("kind", bundle.envelope ? "dsse" : "hashedrekord").key("spec").object();
  if (bundle.envelope) {
    json.key("proposedContent").object().member("envelope", write_dsse(*bundle.envelope));
    json.key("verifiers").array().value(signer).end().end();
  } else {
    json.key("data").object().key("hash").object();
    json.member("algorithm", hash_name(kind)).member("value", hex(digest)).end().end();
    json.key("signature").object().member("content", base64(bundle.signature()));
    json.key("publicKey").object().member("content", signer).end().end();
  }
  return json.end().end().take();
}

std::string second_generation(const Bundle& bundle, const PublicKey& key,
                              const SignatureScheme& scheme, std::string_view digest) {
  JsonWriter json(false);
  json.object().key("hashedRekordRequestV002").object().member("digest", base64(digest));
  json.key("signature").object().member("content", base64(bundle.signature()));
  json.key("verifier").object().member("keyDetails", key_details_of(key, scheme.prehashed));
  const bool certified = !bundle.certificates.empty();
  const std::string_view holder = certified ? "x509Certificate" : "publicKey";
  json.key(holder).object();
  json.member("rawBytes",
              base64(certified ? std::string_view(bundle.certificates.front().der()) : key.spki()));
  return json.end().end().end().end().end().take();
}

Checked<std::string> hex_of(const ProtoObject& object, std::string_view name) {
  TRY(const auto text, object.text(name));
  auto raw = unhex(text);
  if (!raw) return object.wrong(name, "not a hash", "hex", text);
  return *std::move(raw);
}

Checked<InclusionProof> read_proof(const ProtoObject& object) {
  InclusionProof out;
  TRY(out.log_index, object.natural("logIndex"));
  TRY(out.tree_size, object.natural("treeSize"));
  TRY(out.root, hex_of(object, "rootHash"));
  TRY(out.checkpoint, object.text("checkpoint"));
  const auto hashes = object.at("hashes").items();
  if (hashes.size() > max_proof_hashes)
    return object.wrong("hashes", "a proof longer than any tree is high", "at most 64",
                        fmt::format("{}", hashes.size()));
  for (const Value& hash : hashes) {
    auto raw = unhex(hash.text());
    if (!raw || raw->size() != 32)
      return object.wrong("hashes", "not a hash of a tree", "hex of 32 bytes", hash.scalar());
    out.hashes.push_back(*std::move(raw));
  }
  return out;
}

// {"<UUID>": {body, integratedTime, logID, logIndex, verification}}
Checked<LogEntry> read_first_generation(const Value& answer) {
  const auto members = answer.members();
  if (members.size() != 1 || !members[0].value.is_object())
    return refuse(code, "the log's answer is not one entry", std::string(who), "one entry",
                  fmt::format("{}", members.size()));
  const ProtoObject entry(members[0].value, std::string(who), code);
  LogEntry out;
  TRY(out.body, entry.bytes("body"));
  TRY(out.integrated_time, entry.number("integratedTime"));
  TRY(out.log_id, hex_of(entry, "logID"));
  TRY(out.log_index, entry.natural("logIndex"));
  TRY(const auto verification, entry.object("verification"));
  TRY(out.promise, verification.optional_bytes("signedEntryTimestamp"));
  TRY(const auto proof, verification.object("inclusionProof"));
  TRY(out.proof, read_proof(proof));
  const auto body = parse_json(out.body);
  if (!body) return entry.wrong("body", body.error().what, "JSON");
  out.kind = (*body)["kind"].text();
  out.version = (*body)["apiVersion"].text();
  return out;
}

// An entry's name, "<tree><hash of the leaf>": nothing else may go into the URL that is asked next.
std::string entry_name(std::string_view location) {
  const std::string_view name = location.substr(std::min(location.rfind('/') + 1, location.size()));
  const bool good = (name.size() == 64 || name.size() == 80) && unhex(name);
  return good ? std::string(name) : std::string();
}

}  // namespace

std::string rekor_request(const Bundle& bundle, const PublicKey& key, const SignatureScheme& scheme,
                          std::string_view digest, int version) {
  return version == 2 ? second_generation(bundle, key, scheme, digest)
                      : first_generation(bundle, key, scheme.hash, digest);
}

Checked<LogEntry> parse_rekor_answer(std::string_view json, int version) {
  const auto document = parse_json(json);
  if (!document) return refuse(code, document.error().what, std::string(who), "JSON");
  TRY_DO(refuse_repeats(document->root(), code));
  if (version == 1) return read_first_generation(document->root());
  TRY(auto out, read_log_entry(ProtoObject(document->root(), std::string(who), code)));
  if (!out.proof || out.proof->checkpoint.empty())
    return refuse(code, "the log's answer has no proof to a signed tree", std::string(who),
                  "inclusionProof.checkpoint", "none");
  return out;
}

Checked<LogEntry> record_in_rekor(const RekorService& log, const Bundle& bundle,
                                  const PublicKey& key, const SignatureScheme& scheme,
                                  std::string_view digest, const ServiceAccess& access) {
  const std::string_view path = log.version == 2 ? "/api/v2/log/entries" : entries_path;
  auto request = post_json(log.url, path, rekor_request(bundle, key, scheme, digest, log.version));
  constexpr int conflict = 409;
  TRY(auto response, ask_service(who, std::move(request), access, log.version == 1 ? conflict : 0));
  if (response.status == conflict) {
    const std::string name = entry_name(response.header("location").value_or(""));
    if (name.empty())
      return refuse(code, "the log has the entry already and does not say where", std::string(who));
    HttpRequest again;
    again.url = fmt::format("{}{}/{}", trim_end(log.url, '/'), entries_path, name);
    TRY(response, ask_service(who, std::move(again), access));
  }
  return parse_rekor_answer(response.body, log.version);
}

}  // namespace boltseal
