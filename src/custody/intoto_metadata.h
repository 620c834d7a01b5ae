// in-toto's own files: layouts (who may do what, in which steps) and links (what a step did), in
// metablocks or DSSE envelopes. https://github.com/in-toto/docs/blob/master/in-toto-spec.md and
// what the reference implementation writes.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "codec/value.h"
#include "crypto/signer.h"
#include "custody/intoto_gpg.h"
#include "seal/dsse.h"

namespace boltseal {

// A key as securesystemslib has it: its id is what a file calls it, its scheme is a part of it.
struct InTotoKey {
  std::string id;
  PublicKey key;
  SignatureScheme scheme;
  std::shared_ptr<const GpgKey> gpg;  // of OpenPGP, whose signatures are made in another way
};

struct InTotoSignature {
  std::string key_id, bytes;
  std::string gpg_headers;  // empty: not of OpenPGP
};

// The object of a layout's "keys". `id`: what it is called there; "" for what it calls itself.
Result<InTotoKey> read_in_toto_key(const Value& value, std::string_view id);
// The key of a PEM; its id is the one that in-toto 2 and later give it.
Result<InTotoKey> in_toto_key_of(const PublicKey& key);
// All ids that implementations give the key: SHA-256 of its canonical form with and without
// "keyid_hash_algorithms", and with and without the PEM's last line end.
std::vector<std::string> in_toto_ids(const PublicKey& key);
// The object that a layout holds for it.
std::string write_in_toto_key(const InTotoKey& key);

using InTotoDigests = std::map<std::string, std::string>;      // "sha256" → hex
using InTotoArtifacts = std::map<std::string, InTotoDigests>;  // path → digests
using InTotoRule = std::vector<std::string>;                   // ["MATCH", "*", …]

struct InTotoLink {
  std::string name;
  std::vector<std::string> command;
  InTotoArtifacts materials, products;
};

struct InTotoStep {
  std::string name;
  std::int64_t threshold = 1;
  std::vector<std::string> key_ids, command;
  std::vector<InTotoRule> materials, products;
};

struct InTotoInspection {
  std::string name;
  std::vector<std::string> run;
  std::vector<InTotoRule> materials, products;
};

struct InTotoLayout {
  std::int64_t expires = 0;
  std::map<std::string, InTotoKey> keys;
  std::vector<InTotoStep> steps;
  std::vector<InTotoInspection> inspections;
};

struct InTotoMetadata {
  std::variant<InTotoLink, InTotoLayout> payload;
  std::string message;  // the bytes that were signed
  std::vector<InTotoSignature> signatures;
};

// corrupt for what is neither; a rule of no known form is one of the reasons.
Result<InTotoMetadata> parse_in_toto(std::string_view json);
// `now`: a key of OpenPGP may be over.
[[nodiscard]] bool in_toto_signed_by(const InTotoMetadata& metadata, const InTotoKey& key,
                                     std::int64_t now);

// The payload of a link, to be signed.
std::string write_in_toto_link(const InTotoLink& link, int exit_code);
// Signs the JSON of a link or layout and writes the file: a metablock, or a DSSE envelope. Layouts
// are checked first.
Result<std::string> sign_in_toto(std::string_view payload, const Signer& signer, bool dsse);

// "STEP.KEYID8.link"
std::string in_toto_link_name(std::string_view step, std::string_view key_id);

}  // namespace boltseal
