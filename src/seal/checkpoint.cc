#include "seal/checkpoint.h"

#include <fmt/format.h>

#include <set>

#include "base/cursor.h"
#include "base/text.h"
#include "codec/base64.h"
#include "crypto/digest.h"
#include "seal/schemes.h"

namespace boltseal {
namespace {

constexpr std::string_view mark = "\u2014 ";  // em dash, space
constexpr std::size_t signature_limit = 100, line_limit = 100;
constexpr char ed25519_type = 1, cosignature_type = 4;

// Ed25519 keys are known by their name too; others by their SPKI alone.
std::string hint_of(std::string_view name, char type, std::string_view key) {
  std::string text = fmt::format("{}\n", name);
  text += type;
  text += key;
  return hash(HashKind::sha256, text).substr(0, 4);
}

bool hint_matches(const NoteSignature& line, const PublicKey& key) {
  if (line.hint == hash(HashKind::sha256, key.spki()).substr(0, 4)) return true;
  return key.kind() == KeyKind::ed25519 &&
         line.hint == hint_of(line.name, ed25519_type, key.raw_ed25519());
}

Result<NoteSignature> read_signature(std::string_view line) {
  if (!line.starts_with(mark)) return fail(Fault::corrupt, "a checkpoint with a broken signature");
  const auto parts = cut(line.substr(mark.size()), " ");
  if (!parts || parts->first.empty() || parts->first.contains('+'))
    return fail(Fault::corrupt, "a checkpoint with a broken signature");
  TRY(const auto bytes, unbase64(parts->second));
  if (bytes.size() < 5) return fail(Fault::corrupt, "a checkpoint with a signature too short");
  return NoteSignature{std::string(parts->first), bytes.substr(0, 4), bytes.substr(4)};
}

// A name may not hold what would make two lines of one, or another name of it.
bool is_name(std::string_view name) {
  return !name.empty() && name.find_first_of(" +\t\r\n") == std::string_view::npos;
}

Result<> read_text(std::string_view text, Checkpoint& out) {
  const auto lines = split(text.substr(0, text.size() - 1), '\n');
  if (lines.size() < 3) return fail(Fault::corrupt, "a checkpoint of fewer than three lines");
  if (lines.size() > line_limit) return fail(Fault::too_large, "a checkpoint of too many lines");
  for (const auto line : lines)
    if (line.empty()) return fail(Fault::corrupt, "a checkpoint with an empty line");
  out.origin = lines[0];
  const auto size = parse_u64(lines[1]);
  if (!size || *size > static_cast<std::uint64_t>(INT64_MAX) ||
      (lines[1].size() > 1 && lines[1].starts_with('0')))
    return fail(Fault::corrupt,
                fmt::format("a checkpoint whose size is \"{}\"", printable(lines[1])));
  out.size = *size;
  auto root = unbase64(lines[2]);
  if (!root || root->size() != 32)
    return fail(Fault::corrupt, "a checkpoint whose root is not base64 of 32 bytes");
  out.root = *std::move(root);
  for (std::size_t i = 3; i < lines.size(); ++i) out.extensions.emplace_back(lines[i]);
  out.text = text;
  return {};
}

// A signature of type 4: 8 bytes of time, then Ed25519 over the time and the text.
std::optional<std::int64_t> cosigned(const Checkpoint& checkpoint, const NoteSignature& line,
                                     const Witness& witness) {
  Cursor cursor(line.signature);
  const std::uint64_t time = cursor.u64be();
  const std::string_view signature = cursor.bytes(64);
  if (!cursor.ok() || !cursor.at_end() || time > static_cast<std::uint64_t>(INT64_MAX))
    return std::nullopt;
  const std::string message = fmt::format("cosignature/v1\ntime {}\n{}", time, checkpoint.text);
  if (!witness.key.verify(message, signature)) return std::nullopt;
  return static_cast<std::int64_t>(time);
}

}  // namespace

Result<Checkpoint> parse_checkpoint(std::string_view envelope) {
  if (envelope.size() > max_checkpoint)
    return fail(Fault::too_large, "a checkpoint of more than 64 KiB");
  if (!valid_utf8(envelope)) return fail(Fault::corrupt, "a checkpoint that is no text");
  const auto gap = envelope.find("\n\n");
  if (gap == std::string_view::npos || gap == 0 || !envelope.ends_with('\n'))
    return fail(Fault::corrupt, "a checkpoint without its signatures");
  Checkpoint out;
  TRY_DO(read_text(envelope.substr(0, gap + 1), out));
  const auto lines = split(envelope.substr(gap + 2, envelope.size() - gap - 3), '\n');
  if (lines.size() > signature_limit)
    return fail(Fault::too_large, "a checkpoint with more than 100 signatures");
  for (const auto line : lines) {
    TRY(auto signature, read_signature(line));
    out.signatures.push_back(std::move(signature));
  }
  return out;
}

std::string checkpoint_text(std::string_view origin, std::uint64_t size, std::string_view root) {
  return fmt::format("{}\n{}\n{}\n", origin, size, base64(root));
}

Result<std::string> checkpoint_signature(std::string_view text, std::string_view name,
                                         const Signer& signer) {
  if (!is_name(name)) return fail(Fault::unsupported, "not a name for a signature of a checkpoint");
  const PublicKey& key = signer.public_key();
  TRY(const auto signature, signer.sign(text, usual_scheme(key)));
  const std::string hint = key.kind() == KeyKind::ed25519
                               ? hint_of(name, ed25519_type, key.raw_ed25519())
                               : hash(HashKind::sha256, key.spki()).substr(0, 4);
  return fmt::format("{}{} {}\n", mark, name, base64(hint + signature));
}

Checked<void> verify_checkpoint(const Checkpoint& checkpoint, const PublicKey& key,
                                std::string_view name, const std::string& field) {
  bool seen = false;
  for (const NoteSignature& line : checkpoint.signatures) {
    if ((!name.empty() && line.name != name) || !hint_matches(line, key)) continue;
    if (signed_by(key, checkpoint.text, line.signature)) return {};
    seen = true;
  }
  if (seen)
    return refuse("checkpoint-signature-invalid", "the log's signature of its checkpoint is wrong",
                  field, "a signature by key " + key.id(), "another");
  std::string found;
  for (const NoteSignature& line : checkpoint.signatures)
    found += fmt::format("{}{} {}", found.empty() ? "" : ", ", line.name, hex(line.hint));
  return refuse("checkpoint-signature-missing", "the log has not signed this checkpoint", field,
                fmt::format("{}key {}", name.empty() ? "" : std::string(name) + " with ",
                            key.id().substr(0, 8)),
                found);
}

Result<Witness> parse_witness(std::string_view verifier_key) {
  const auto name = cut(verifier_key, "+");
  const auto rest = name ? cut(name->second, "+") : std::nullopt;
  const auto hint = rest ? unhex(rest->first) : std::nullopt;
  if (!hint || !is_name(name->first))
    return fail(Fault::corrupt, "not a witness key: name+hint+base64 is wanted");
  TRY(const auto bytes, unbase64(rest->second));
  if (bytes.size() != 33 || (bytes[0] != ed25519_type && bytes[0] != cosignature_type))
    return fail(Fault::unsupported, "a witness key that is not Ed25519");
  if (*hint != hint_of(name->first, bytes[0], std::string_view(bytes).substr(1)))
    return fail(Fault::corrupt, "a witness key whose hint is not its own");
  TRY(auto key, PublicKey::from_ed25519(std::string_view(bytes).substr(1)));
  return Witness{std::string(name->first), std::move(key)};
}

Checked<std::vector<Cosignature>> verify_cosignatures(const Checkpoint& checkpoint,
                                                      std::span<const Witness> witnesses,
                                                      std::size_t threshold,
                                                      const std::string& field) {
  std::vector<Cosignature> out;
  std::set<std::string> counted;  // keys: a witness under two names is one
  for (const Witness& witness : witnesses) {
    const std::string hint = hint_of(witness.name, cosignature_type, witness.key.raw_ed25519());
    for (const NoteSignature& line : checkpoint.signatures) {
      if (line.name != witness.name || line.hint != hint) continue;
      const auto time = cosigned(checkpoint, line, witness);
      if (!time)
        return refuse("witness-signature-invalid", "a witness's signature is wrong", field,
                      "a signature by " + witness.name, "another");
      if (counted.insert(witness.key.id()).second) out.push_back({witness.name, *time});
      break;
    }
  }
  if (out.size() < threshold)
    return refuse("witnesses-missing", "too few witnesses have signed the checkpoint", field,
                  fmt::format("{} witnesses", threshold), fmt::format("{}", out.size()));
  return out;
}

}  // namespace boltseal
