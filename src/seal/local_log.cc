// Writing a log: entries, checkpoints, cosignatures.
#include "seal/local_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "codec/base64.h"
#include "codec/canonical_json.h"
#include "codec/json_writer.h"
#include "crypto/digest.h"
#include "crypto/merkle.h"
#include "seal/schemes.h"

namespace boltseal {
namespace {

constexpr unsigned tile_width = 256;
constexpr std::string_view note_mark = "\u2014 ";
constexpr char ed25519_type = 1, cosignature_type = 4;

bool is_origin(std::string_view origin) {
  return !origin.empty() && origin.size() <= 253 &&
         std::ranges::all_of(origin, [](char c) { return is_alnum(c) || c == '-' || c == '.'; });
}

Result<std::string> signed_checkpoint(const std::string& origin, std::uint64_t size,
                                      std::string_view root, const Signer& signer) {
  const std::string text = checkpoint_text(origin, size, root);
  TRY(const auto line, checkpoint_signature(text, origin, signer));
  return text + "\n" + line;
}

Checked<std::string> read_note(FileStore& store) {
  auto note = store.get("checkpoint", max_checkpoint);
  if (note) return std::move(*note);
  if (note.error().fault == Fault::not_found)
    return refuse("log-missing", "there is no log here; `log init` makes one", "checkpoint");
  return refuse(note.error(), "checkpoint");
}

std::string hint_hash(std::string_view name, char type, const PublicKey& key) {
  std::string text = fmt::format("{}\n", name);
  text += type;
  text += key.raw_ed25519();
  return hash(HashKind::sha256, text);
}

// The tile that has `index` in its last place, with `last` behind what was in it before.
Result<> extend_tile(FileStore& store, const std::string& level, std::uint64_t index,
                     std::string_view last, std::uint64_t cap, std::string& whole) {
  const std::uint64_t number = index / tile_width;
  const unsigned width = static_cast<unsigned>(index % tile_width) + 1;
  whole.clear();
  if (width > 1) {
    TRY(whole, store.get(tile_path(level, number, width - 1), cap));
  }
  whole += last;
  return store.put(tile_path(level, number, width), whole);
}

// The parts of the tiles that `index` has filled: only once the checkpoint is there, for until then
// the entry may be written again.
Result<> drop_parts(FileStore& store, std::uint64_t index) {
  std::string level = "entries";
  for (unsigned next = 0; index % tile_width == tile_width - 1; ++next) {
    for (unsigned part = 1; part < tile_width; ++part)
      TRY_DO(store.remove(tile_path(level, index / tile_width, part)));
    if (level != "entries") index /= tile_width;
    level = fmt::format("{}", next);
  }
  return {};
}

Result<> add_to_tiles(FileStore& store, std::uint64_t index, std::string_view body) {
  constexpr std::uint64_t entries_cap = std::uint64_t{tile_width} * (max_log_entry + 2);
  std::string whole, framed;
  framed += static_cast<char>(body.size() >> 8);
  framed += static_cast<char>(body.size() & 0xff);
  framed += body;
  TRY_DO(extend_tile(store, "entries", index, framed, entries_cap, whole));
  std::string node = merkle_leaf(body);
  for (unsigned level = 0;; ++level) {
    TRY_DO(extend_tile(store, fmt::format("{}", level), index, node, tile_width * 32, whole));
    if (index % tile_width != tile_width - 1) return {};
    std::vector<std::string> row;
    for (std::size_t at = 0; at < whole.size(); at += 32) row.push_back(whole.substr(at, 32));
    node = merkle_root(row);  // hashes of complete subtrees fold as leaves do
    index /= tile_width;
  }
}

}  // namespace

std::string log_id_of(const LogIdentity& log) {
  return log.key.kind() == KeyKind::ed25519 ? hint_hash(log.origin, ed25519_type, log.key)
                                            : hash(HashKind::sha256, log.key.spki());
}

Checked<void> create_log(FileStore& store, const std::string& origin, const Signer& signer) {
  if (!is_origin(origin))
    return refuse("log-origin-invalid", "a log is named like a host: letters, digits, - and .",
                  "origin", "log.example", origin);
  const auto present = store.get("checkpoint", max_checkpoint);
  if (present) return refuse("already-initialised", "there is a log here already", "checkpoint");
  if (present.error().fault != Fault::not_found) return refuse(present.error(), "checkpoint");
  TRY(const auto note,
      readable(signed_checkpoint(origin, 0, merkle_root({}), signer), "checkpoint"));
  return readable(store.put("checkpoint", note), "checkpoint");
}

Checked<LogEntry> log_append(FileStore& store, const std::string& origin, const Signer& signer,
                             std::string_view body) {
  if (body.empty() || body.size() > max_log_entry)
    return refuse("log-entry-invalid", "an entry of a log is 1 to 65535 bytes", "entry",
                  "1 to 65535", fmt::format("{}", body.size()));
  TRY(const auto note, read_note(store));
  TRY(const auto last, readable(parse_checkpoint(note), "checkpoint"));
  TRY_DO(verify_checkpoint(last, signer.public_key(), origin, "checkpoint"));
  if (last.origin != origin || last.size >= max_log_size)
    return refuse("checkpoint-origin-mismatch", "this is another log", "checkpoint", origin,
                  last.origin);
  // What is signed next must go on from what was signed last, whatever has become of the files.
  LogTree before(store, last.size);
  TRY(const auto old_root, readable(before.root(), "tile"));
  if (old_root != last.root)
    return refuse("log-damaged", "the tiles are not those of the checkpoint", "tile",
                  hex(last.root), hex(old_root));
  TRY_DO(readable(add_to_tiles(store, last.size, body), "tile"));
  LogTree tree(store, last.size + 1);
  TRY(const auto root, readable(tree.root(), "tile"));
  TRY(const auto next,
      readable(signed_checkpoint(origin, tree.size(), root, signer), "checkpoint"));
  TRY_DO(readable(store.put("checkpoint", next), "checkpoint"));
  (void)drop_parts(store, last.size);  // what is left over does no harm
  return log_prove(store, {origin, signer.public_key()}, last.size);
}

Checked<LogEntry> log_prove(FileStore& store, const LogIdentity& log, std::uint64_t index) {
  TRY(const auto note, read_note(store));
  TRY(const auto checkpoint, readable(parse_checkpoint(note), "checkpoint"));
  LogTree tree(store, checkpoint.size);
  LogEntry out;
  TRY(out.body, readable(tree.entry(index), "entry"));
  InclusionProof proof{index, checkpoint.size, checkpoint.root, {}, note};
  TRY(proof.hashes, readable(tree.inclusion(index), "tile"));
  if (!verify_inclusion(index, checkpoint.size, merkle_leaf(out.body), proof.hashes,
                        checkpoint.root))
    return refuse("log-damaged", "the tiles are not those of the checkpoint", "tile");
  out.log_index = index;
  out.log_id = log_id_of(log);
  const auto document = parse_json(out.body);
  if (document) {
    out.kind = (*document)["kind"].text();
    out.version = (*document)["apiVersion"].text();
  }
  out.proof = std::move(proof);
  return out;
}

Result<std::string> hashedrekord_body(HashKind hash, std::string_view digest,
                                      std::string_view signature, const PublicKey& key,
                                      std::string_view certificate) {
  const std::string_view hash_name = hash == HashKind::sha256   ? "SHA2_256"
                                     : hash == HashKind::sha384 ? "SHA2_384"
                                                                : "SHA2_512";
  JsonWriter json(false);
  json.object().member("apiVersion", "0.0.2").member("kind", "hashedrekord");
  json.key("spec").object().key("hashedRekordV002").object();
  json.key("data").object().member("algorithm", hash_name).member("digest", base64(digest)).end();
  json.key("signature").object().member("content", base64(signature));
  json.key("verifier").object().member("keyDetails", key_details_of(key));
  const std::string_view holder = certificate.empty() ? "publicKey" : "x509Certificate";
  json.key(holder).object();
  json.member("rawBytes", base64(certificate.empty() ? std::string_view(key.spki()) : certificate));
  json.end().end().end().end().end().end();
  TRY(const auto document, parse_json(json.take()));
  return canonical_json(document.root());
}

std::string trusted_root_of(const LogIdentity& log, std::int64_t start) {
  JsonWriter json;
  json.object().member("mediaType", "application/vnd.dev.sigstore.trustedroot+json;version=0.1");
  json.key("tlogs").array().object();
  json.member("baseUrl", "https://" + log.origin).member("hashAlgorithm", "SHA2_256");
  json.key("publicKey").object();
  json.member("rawBytes", base64(log.key.spki())).member("keyDetails", key_details_of(log.key));
  json.key("validFor").object().member("start", rfc3339(start)).end().end();
  json.key("logId").object().member("keyId", base64(log_id_of(log))).end();
  return json.end().end().end().take();
}

Result<std::string> witness_key_text(const std::string& name, const PublicKey& key) {
  if (key.kind() != KeyKind::ed25519)
    return fail(Fault::unsupported, "a witness signs with Ed25519");
  if (name.empty() || name.find_first_of(" +\t\r\n") != std::string::npos)
    return fail(Fault::unsupported, "not a name for a witness", name);
  return fmt::format("{}+{}+{}", name, hex(hint_hash(name, cosignature_type, key).substr(0, 4)),
                     base64(std::string(1, cosignature_type) + key.raw_ed25519()));
}

Checked<void> log_witness(FileStore& store, const VerifiedLog& log, const std::string& name,
                          const Signer& witness, std::int64_t now) {
  TRY_DO(readable(witness_key_text(name, witness.public_key()), "witness"));
  const std::string message = fmt::format("cosignature/v1\ntime {}\n{}", now, log.checkpoint.text);
  TRY(const auto signature, readable(witness.sign(message), "witness"));
  std::string bytes = hint_hash(name, cosignature_type, witness.public_key()).substr(0, 4);
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes += static_cast<char>(static_cast<std::uint64_t>(now) >> shift & 0xff);
  bytes += signature;
  TRY(const auto note, read_note(store));
  TRY(const auto current, readable(parse_checkpoint(note), "checkpoint"));
  if (name == current.origin)
    return refuse("witness-name-invalid", "a witness is not called like the log", "name");
  if (current.text != log.checkpoint.text)
    return refuse("log-changed", "the log has grown meanwhile; witness it again", "checkpoint");
  std::string next = current.text + "\n";
  each_line(std::string_view(note).substr(next.size()), [&](std::string_view line) {
    // What this witness has signed before of the same tree is replaced.
    if (!line.starts_with(fmt::format("{}{} ", note_mark, name))) next += fmt::format("{}\n", line);
  });
  next += fmt::format("{}{} {}\n", note_mark, name, base64(bytes));
  return readable(store.put("checkpoint", next), "checkpoint");
}

}  // namespace boltseal
