// Keys and what is signed about them.
#include "codec/pem.h"
#include "crypto/key_file.h"
#include "crypto/pkcs11_uri.h"
#include "seal/key_records.h"
#include "targets.h"

namespace boltseal {
namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

// Up to the password: what scrypt makes of one is not ours, and slow.
void read_key_file(std::string_view bytes) {
  (void)read_private_key(bytes, "k", [](const std::string&) -> Result<Secret> {
    return fail(Fault::not_found, "none");
  });
  (void)read_public_key(bytes);
}

// Blocks that we write are read as they were.
void read_pem(std::string_view bytes) {
  const auto blocks = parse_pem(bytes);
  if (!blocks) return;
  for (const PemBlock& block : *blocks) {
    const auto again = parse_pem(write_pem(block.label, block.bytes));
    require(again && again->front().label == block.label && again->front().bytes == block.bytes);
  }
}

// A URI that we write means the same objects.
void read_pkcs11_uri(std::string_view bytes) {
  const auto uri = parse_pkcs11_uri(bytes);
  if (!uri) return;
  const std::string text = write_pkcs11_uri(*uri);
  const auto again = parse_pkcs11_uri(text);
  if (text.size() > 4096) return;  // escapes made it too long
  require(again && again->object == uri->object && again->id == uri->id &&
          again->token == uri->token && again->slot_id == uri->slot_id);
  require(write_pkcs11_uri(*again) == text);
}

// One payload says one thing: what is read is written the same.
void read_key_record(std::string_view bytes) {
  if (const auto record = parse_key_record(bytes)) require(write_key_record(*record) == bytes);
  if (const auto envelope = parse_dsse(bytes)) (void)KeyRecords::verified({&*envelope, 1});
}

}  // namespace

std::map<std::string, FuzzTarget> key_targets() {
  return {{"key-file", read_key_file},
          {"pem", read_pem},
          {"pkcs11-uri", read_pkcs11_uri},
          {"key-record", read_key_record}};
}

}  // namespace boltseal
