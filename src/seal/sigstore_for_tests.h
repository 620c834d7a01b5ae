// A Sigstore of one's own: an authority like Fulcio, logs of both generations, a certificate log, a
// timestamp authority, a witness, and bundles that they vouch for.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "codec/base64.h"
#include "crypto/certificates_for_tests.h"
#include "crypto/merkle.h"
#include "seal/bundle.h"
#include "seal/checkpoint.h"
#include "seal/sct.h"
#include "seal/statement.h"
#include "seal/trusted_root.h"
#include "seal/verify_bundle.h"

namespace boltseal::test {

constexpr std::string_view artifact_bytes = "the artifact\n";

inline void append_be(std::string& out, std::uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(number >> shift & 0xff);
}

// The value of the extension that holds these SCTs.
inline std::string sct_extension(const std::vector<Sct>& scts) {
  std::string list;
  for (const Sct& sct : scts) {
    std::string one(1, '\0');
    one += sct.log_id;
    append_be(one, sct.time, 8);
    append_be(one, sct.extensions.size(), 2);
    one += sct.extensions + "\x04\x03";
    append_be(one, sct.signature.size(), 2);
    one += sct.signature;
    append_be(list, one.size(), 2);
    list += one;
  }
  std::string framed;
  append_be(framed, list.size(), 2);
  framed += list;
  std::string out = "\x04\x82";
  append_be(out, framed.size(), 2);
  return out + framed;
}

class Sigstore {
 public:
  Sigstore() : ca(issue(authority_spec("fulcio"), ca_key, nullptr, ca_key)), leaf(leaf_at(noon)) {
    root.certificate_authorities.push_back({"fulcio", {ca}, {noon - 300 * day, {}}});
    root.timestamp_authorities.push_back({"tsa", {tsa.signer, tsa.root}, {noon - 300 * day, {}}});
    root.ct_logs.push_back(
        {"https://ct.example", "ct.example", ct_id(), ct_key.public_key(), {noon - 300 * day, {}}});
    root.logs.push_back({"https://rekor.example",
                         "rekor.example",
                         log_id(),
                         log_key.public_key(),
                         {noon - 300 * day, {}}});
    root.logs.push_back({"https://tiles.example",
                         "tiles.example",
                         "tiles",
                         tiles_key.public_key(),
                         {noon - 300 * day, {}}});
    IdentityRule rule{TextRule::exact("me@example.org"), TextRule::exact("https://id.example")};
    policy.identities = {rule};
    key_policy.keys = {key.public_key()};
  }

  // A certificate of ten minutes for `key`, with an SCT.
  Certificate leaf_at(std::int64_t moment) const {
    CertificateSpec spec = leaf_spec("", "codeSigning");
    spec.from = moment - 300;
    spec.to = moment + 300;
    spec.extensions.emplace_back("subjectAltName", "critical,email:me@example.org");
    spec.raw.emplace_back("1.3.6.1.4.1.57264.1.1", "https://id.example");
    spec.raw.emplace_back("1.3.6.1.4.1.57264.1.8", "\x0c\x12https://id.example");
    CertificateSpec draft = spec;
    draft.raw.emplace_back(oid_embedded_scts, "\x04\x02\x00\x00");
    Sct sct{ct_id(), static_cast<std::uint64_t>(moment) * 1000, "", ""};
    sct.signature = *ct_key.sign(*sct_message(sct, issue(draft, key, &ca, ca_key), ca));
    spec.raw.emplace_back(oid_embedded_scts, sct_extension({sct}));
    return issue(spec, key, &ca, ca_key);
  }

  std::string signer_pem(bool certified) const {
    return certified ? leaf.pem() : key.public_key().pem();
  }

  // An entry with this body in a log of five leaves.
  LogEntry logged(std::string body, std::string kind, std::string version, bool tiled) const {
    LogEntry entry;
    entry.body = std::move(body);
    entry.kind = std::move(kind);
    entry.version = std::move(version);
    std::vector<std::string> leaves;
    for (const char* other : {"a", "b", "c", "d"}) leaves.push_back(merkle_leaf(other));
    leaves.insert(leaves.begin() + 2, merkle_leaf(entry.body));
    InclusionProof proof;
    proof.log_index = 2;
    proof.tree_size = leaves.size();
    proof.root = merkle_root(leaves);
    proof.hashes = inclusion_proof(leaves, 2);
    const std::string origin = tiled ? "tiles.example" : "rekor.example - 42";
    const std::string text = checkpoint_text(origin, proof.tree_size, proof.root);
    const PrivateKey& signer = tiled ? tiles_key : log_key;
    proof.checkpoint =
        text + "\n" +
        *checkpoint_signature(text, tiled ? "tiles.example" : "rekor.example", signer) +
        cosignature(text);
    entry.log_index = tiled ? 2 : 1002;
    entry.log_id = tiled ? "tiles" : log_id();
    if (!tiled) {
      entry.integrated_time = noon + 5;
      promise(entry);
    }
    entry.proof = std::move(proof);
    return entry;
  }
  void promise(LogEntry& entry) const {
    entry.promise = *log_key.sign(
        fmt::format(R"({{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}})",
                    base64(entry.body), entry.integrated_time, hex(entry.log_id), entry.log_index));
  }
  std::string cosignature(std::string_view text) const {
    const std::string signature =
        *witness_key.sign(fmt::format("cosignature/v1\ntime {}\n{}", noon + 9, text));
    std::string bytes =
        hash(HashKind::sha256, "w.example\n\x04" + witness_key.public_key().raw_ed25519())
            .substr(0, 4);
    append_be(bytes, noon + 9, 8);
    return "\u2014 w.example " + base64(bytes + signature) + "\n";
  }

  LogEntry hashedrekord(std::string_view signature, std::string_view digest_of,
                        bool certified) const {
    return logged(
        fmt::format(
            R"({{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{{"data":{{"hash":{{"algorithm":"sha256","value":"{}"}}}},"signature":{{"content":"{}","publicKey":{{"content":"{}"}}}}}}}})",
            sha256_hex(digest_of), base64(signature), base64(signer_pem(certified))),
        "hashedrekord", "0.0.1", false);
  }
  LogEntry tiled(std::string_view signature, std::string_view digest_of, bool certified) const {
    const std::string verifier =
        certified
            ? fmt::format(R"("x509Certificate":{{"rawBytes":"{}"}})", base64(leaf.der()))
            : fmt::format(R"("publicKey":{{"rawBytes":"{}"}})", base64(key.public_key().spki()));
    return logged(
        fmt::format(
            R"({{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{{"hashedRekordV002":{{"data":{{"algorithm":"SHA2_256","digest":"{}"}},"signature":{{"content":"{}","verifier":{{"keyDetails":"PKIX_ECDSA_P256_SHA_256",{}}}}}}}}}}})",
            base64(hash(HashKind::sha256, digest_of)), base64(signature), verifier),
        "hashedrekord", "0.0.2", true);
  }
  LogEntry dsse(std::string_view signature, std::string_view payload, bool certified) const {
    return logged(
        fmt::format(
            R"({{"apiVersion":"0.0.1","kind":"dsse","spec":{{"payloadHash":{{"algorithm":"sha256","value":"{}"}},"signatures":[{{"signature":"{}","verifier":"{}"}}]}}}})",
            sha256_hex(payload), base64(signature), base64(signer_pem(certified))),
        "dsse", "0.0.1", false);
  }

  Bundle unlogged(bool certified) const {
    Bundle out;
    out.media_type = bundle_v3_type;
    if (certified) out.certificates = {leaf};
    out.message = MessageSignature{HashKind::sha256, hash(HashKind::sha256, artifact_bytes),
                                   *key.sign(artifact_bytes)};
    return out;
  }
  // A signature of the artifact with an entry of the first generation.
  Bundle message(bool certified = true) const {
    Bundle out = unlogged(certified);
    out.entries = {hashedrekord(out.signature(), artifact_bytes, certified)};
    return out;
  }
  // The same with one of the second, and a timestamp.
  Bundle tiled_message(bool certified = true) const {
    Bundle out = unlogged(certified);
    out.entries = {tiled(out.signature(), artifact_bytes, certified)};
    out.timestamps = {tsa.stamp(out.signature(), noon + 3)};
    return out;
  }
  Bundle statement(std::string_view payload, bool two = false) const {
    Bundle out = unlogged(true);
    out.message.reset();
    const std::vector<const Signer*> signers{&key};
    out.envelope = *sign_dsse(in_toto_payload, payload, signers);
    out.entries = {two ? tiled(out.signature(), pre_authentication(in_toto_payload, payload), true)
                       : dsse(out.signature(), payload, true)};
    if (two) out.timestamps = {tsa.stamp(out.signature(), noon + 3)};
    return out;
  }
  static std::string statement_text(std::string_view type = "https://example.org/predicate") {
    return write_statement({{"a", {{"sha256", sha256_hex(artifact_bytes)}}}}, type, "{}");
  }
  std::string witness_text() const {
    const std::string raw = "\x04" + witness_key.public_key().raw_ed25519();
    return "w.example+" + hex(hash(HashKind::sha256, "w.example\n" + raw).substr(0, 4)) + "+" +
           base64(raw);
  }
  std::string log_id() const { return hash(HashKind::sha256, log_key.public_key().spki()); }
  std::string ct_id() const { return hash(HashKind::sha256, ct_key.public_key().spki()); }

  PrivateKey key = *PrivateKey::generate(KeyKind::ecdsa_p256);
  PrivateKey ca_key = *PrivateKey::generate(KeyKind::ecdsa_p256);
  PrivateKey ct_key = *PrivateKey::generate(KeyKind::ecdsa_p256);
  PrivateKey log_key = *PrivateKey::generate(KeyKind::ecdsa_p256);
  PrivateKey tiles_key = *PrivateKey::generate(KeyKind::ed25519);
  PrivateKey witness_key = *PrivateKey::generate(KeyKind::ed25519);
  TimestampAuthority tsa;
  Certificate ca, leaf;
  TrustedRoot root;
  BundlePolicy policy, key_policy;
};

}  // namespace boltseal::test
