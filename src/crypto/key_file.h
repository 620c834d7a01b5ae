// Private keys as files: cosign's encrypted form, and the PEM forms that OpenSSL writes.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"
#include "crypto/signer.h"

namespace boltseal {

constexpr std::size_t max_key_file = 64 << 10;

// Asked when a key turns out to be encrypted, or lies in a token; `what` names it for a prompt. A
// `what` that begins with `pin_of_token` is a PIN: what is kept as a password must not be tried for
// it, because a few wrong ones lock the token.
constexpr std::string_view pin_of_token = "the PIN of the token ";
using PasswordSource = std::function<Result<Secret>(const std::string& what)>;

// The private key of a PEM text, whichever of these it is: cosign's file, PKCS#8 (plain, or
// encrypted by PBES2), SEC1, PKCS#1. `password` is called for an encrypted one only, with `name`.
// corrupt for a wrong password: it cannot be told from an altered file.
Result<PrivateKey> read_private_key(std::string_view pem, const std::string& name,
                                    const PasswordSource& password);
// The public half of the same where no password is needed for it, or the key of a PEM or DER that
// holds a public key or a certificate.
Result<PublicKey> read_public_key(std::string_view bytes);

// cosign's file, as `cosign generate-key-pair` writes it. The password may be empty.
Result<std::string> write_key_file(const PrivateKey& key, std::string_view password);

}  // namespace boltseal
