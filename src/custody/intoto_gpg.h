// OpenPGP keys in in-toto's files, as securesystemslib writes them: the numbers of a key and of its
// subkeys, and signatures with the hashed part of OpenPGP's packet ("other_headers").
// https://www.rfc-editor.org/rfc/rfc4880 (5.2.3, 5.2.4);
// https://github.com/secure-systems-lab/securesystemslib
//
// RSA and Ed25519 over SHA-256 are verified. DSA, which nobody should sign with any more, is not.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/value.h"
#include "crypto/public_key.h"

namespace boltseal {

struct GpgPart {
  PublicKey key;
  std::optional<std::int64_t> expires;
};
// By fingerprint: the key itself and those of its subkeys that can sign.
using GpgKey = std::map<std::string, GpgPart>;

bool is_gpg_key(const Value& value);
// unsupported for a key that is neither RSA nor Ed25519; corrupt for one that cannot be read. `id`:
// the fingerprint of the key itself.
Result<GpgKey> read_gpg_key(const Value& value, std::string_view id);

// Whether the part called `id` has signed the message as binary data, and had not expired by `now`.
// `headers`: from the version of the signature's packet to the end of what is hashed.
[[nodiscard]] bool signed_by_gpg(const GpgKey& key, std::string_view id, std::string_view message,
                                 std::string_view headers, std::string_view signature,
                                 std::int64_t now);

}  // namespace boltseal
