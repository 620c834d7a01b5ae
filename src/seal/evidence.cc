#include "seal/evidence.h"

#include "base/text.h"
#include "base/time.h"
#include "crypto/timestamp.h"
#include "seal/statement.h"

namespace boltseal {
namespace {

void write_entry(JsonWriter& json, const VerifiedEntry& entry) {
  json.object()
      .member("log", entry.log)
      .member("logId", entry.log_id)
      .member("kind", entry.kind)
      .member("logIndex", entry.index);
  if (entry.integrated_time) json.member("integratedTime", rfc3339(*entry.integrated_time));
  if (entry.tree_size) json.member("treeSize", *entry.tree_size);
  json.key("witnesses").array();
  for (const Cosignature& cosignature : entry.cosignatures)
    json.object()
        .member("name", cosignature.witness)
        .member("time", rfc3339(cosignature.time))
        .end();
  json.end().end();
}

void write_identity(JsonWriter& json, const BundleEvidence& evidence) {
  json.key("identity").object().member("name", evidence.matched_identity);
  json.member("issuer", evidence.identity.issuer).key("claims").object();
  for (const auto& [name, value] : evidence.identity.claims) json.member(name, value);
  json.end().end();
}

// What an entry says of its time is not signed where there is no promise.
void write_unverified_entry(JsonWriter& json, const LogEntry& entry) {
  json.object()
      .member("kind", entry.kind + " " + entry.version)
      .member("logId", hex(entry.log_id))
      .member("logIndex", entry.log_index);
  if (entry.integrated_time != 0) json.member("integratedTime", rfc3339(entry.integrated_time));
  json.member("promise", !entry.promise.empty()).member("proof", entry.proof.has_value()).end();
}

}  // namespace

void write_certificate_summary(JsonWriter& json, const Certificate& certificate) {
  json.object()
      .member("subject", certificate.subject_text())
      .member("issuer", certificate.issuer_text())
      .member("serial", certificate.serial())
      .member("sha256", certificate.thumbprint())
      .member("notBefore", rfc3339(certificate.not_before()))
      .member("notAfter", rfc3339(certificate.not_after()))
      .member("key", name_of(certificate.public_key().kind()))
      .end();
}

void write_evidence(JsonWriter& json, const BundleEvidence& evidence) {
  json.object()
      .member("artifact", evidence.artifact)
      .member("content", evidence.content)
      .member("keyId", evidence.key_id)
      .text_if("keyStanding", evidence.key_standing);
  json.text_if("payloadType", evidence.payload_type);
  json.text_if("predicateType", evidence.predicate_type);
  if (!evidence.chain.empty()) {
    write_identity(json, evidence);
    json.key("chain").array();
    for (const Certificate& certificate : evidence.chain)
      write_certificate_summary(json, certificate);
    json.end();
  }
  json.key("logEntries").array();
  for (const VerifiedEntry& entry : evidence.entries) write_entry(json, entry);
  json.end().key("times").array();
  for (const VerifiedTime& time : evidence.times)
    json.object()
        .member("source", time.source)
        .text_if("name", time.name)
        .member("time", rfc3339(time.time))
        .end();
  json.end().key("certificateLogs").array();
  for (const VerifiedSct& sct : evidence.scts)
    json.object().member("log", sct.log).member("time", rfc3339(sct.time)).end();
  json.end().texts("passedOver", evidence.passed_over).end();
}

void write_refusal(JsonWriter& json, const Refusal& refusal) {
  json.object()
      .member("code", refusal.code)
      .text_if("field", refusal.field)
      .text_if("wanted", refusal.wanted)
      .text_if("found", refusal.found)
      .member("what", refusal.what)
      .end();
}

void write_bundle_summary(JsonWriter& json, const Bundle& bundle) {
  json.object().member("mediaType", bundle.media_type);
  json.text_if("keyHint", bundle.key_hint).key("certificates").array();
  for (const Certificate& certificate : bundle.certificates)
    write_certificate_summary(json, certificate);
  json.end();
  if (!bundle.certificates.empty()) {
    if (const auto identity = identity_of(bundle.certificates.front())) {
      json.texts("names", identity->names).member("issuer", identity->issuer);
    }
  }
  json.key("logEntries").array();
  for (const LogEntry& entry : bundle.entries) write_unverified_entry(json, entry);
  json.end().key("timestamps").array();
  for (const auto& timestamp : bundle.timestamps) {
    const auto time = unverified_time(timestamp);
    json.value(time ? rfc3339(*time) : time.error().what);
  }
  json.end();
  if (bundle.message && bundle.message->hash) json.member("digest", hex(bundle.message->digest));
  if (bundle.envelope) {
    json.member("payloadType", bundle.envelope->payload_type);
    if (const auto statement = parse_statement(bundle.envelope->payload)) {
      json.member("predicateType", statement->predicate_type).key("subjects").array();
      for (const Subject& subject : statement->subjects) {
        json.object().member("name", subject.name).key("digest").object();
        for (const auto& [algorithm, value] : subject.digest) json.member(algorithm, value);
        json.end().end();
      }
      json.end();
    }
  }
  json.end();
}

}  // namespace boltseal
