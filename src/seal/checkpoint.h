// Checkpoints: what a transparency log signs of its tree, as a signed note.
// https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-cosignature
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/public_key.h"
#include "crypto/signer.h"
#include "seal/refusal.h"

namespace boltseal {

constexpr std::size_t max_checkpoint = 64 << 10;

struct NoteSignature {
  std::string name;
  std::string hint;       // 4 bytes: which key
  std::string signature;  // what follows them
};

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  std::string root;                     // 32 bytes
  std::vector<std::string> extensions;  // further lines
  std::string text;                     // what is signed: all lines, each with its end
  std::vector<NoteSignature> signatures;
};

// corrupt for what is no checkpoint: a line missing, a size that is no number, a root that is not
// 32 bytes, no signature line. Lines with signatures of kinds that we do not know are kept.
Result<Checkpoint> parse_checkpoint(std::string_view envelope);

// The text of a checkpoint, without signatures.
std::string checkpoint_text(std::string_view origin, std::uint64_t size, std::string_view root);
// A signature line for it ("— name base64\n"), by an ECDSA or Ed25519 key.
Result<std::string> checkpoint_signature(std::string_view text, std::string_view name,
                                         const Signer& signer);

// Refuses unless the key has signed: "checkpoint-signature-missing" when no line is by this name
// (where one is given) and key, "checkpoint-signature-invalid" when one is and is wrong.
Checked<void> verify_checkpoint(const Checkpoint& checkpoint, const PublicKey& key,
                                std::string_view name, const std::string& field);

// A witness, who signs that a log grew without rewriting itself.
struct Witness {
  std::string name;
  PublicKey key;  // Ed25519
};
// "name+hint+base64", the form of signed-note's verifier keys (type 4: timestamped cosignature, or
// type 1).
Result<Witness> parse_witness(std::string_view verifier_key);

struct Cosignature {
  std::string witness;
  std::int64_t time = 0;
};
// The good cosignatures, one per witness. Refuses ("witnesses-missing") when they are fewer than
// `threshold`; a line by a known witness that is wrong is "witness-signature-invalid".
Checked<std::vector<Cosignature>> verify_cosignatures(const Checkpoint& checkpoint,
                                                      std::span<const Witness> witnesses,
                                                      std::size_t threshold,
                                                      const std::string& field);

}  // namespace boltseal
