// Keys as they are named on a command line: a file, `env://VAR`, `pkcs11:…`, `store:NAME`, or
// the NAME of a key in the store where there is no such file.
//
// A pkcs11: URI may load a library, and a file name may be any file: a reference comes from the
// person who runs the program, never from a document that is being checked.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "crypto/key_file.h"
#include "crypto/signer.h"
#include "seal/key_store.h"

namespace boltseal {

// A private key: PEM, cosign's encrypted file, an object in a token, a key of the store that is
// neither revoked nor superseded.
Result<std::unique_ptr<Signer>> open_signer(const std::string& reference,
                                            const PasswordSource& password);
// A public key: PEM of a key or certificate, DER, or the public half of what open_signer opens
// (where that needs no password).
Result<PublicKey> open_public_key(const std::string& reference);
// The key of the store that a reference means; no value where it means something else.
Result<std::optional<StoredKey>> stored_key(const std::string& reference, const KeyStore& store);

}  // namespace boltseal
