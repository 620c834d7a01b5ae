// Keys in PKCS#11 tokens: smart cards, HSMs, TPMs, SoftHSM. The private half never leaves the
// token.
//
// A URI with module-path= loads that library into this process: take URIs from the person who runs
// the program, never from a document that is being checked.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/key_file.h"
#include "crypto/public_key.h"
#include "crypto/signer.h"

namespace boltseal {

// The one private key that a URI means; unsupported, with a list, when it means several keys or
// tokens. The PIN is that of the URI, else COSIGN_PKCS11_PIN or BOLTSEAL_PKCS11_PIN, else what
// `pin` gives. Each signature is checked against the public half before it is given out.
Result<std::unique_ptr<Signer>> open_token_signer(const std::string& uri,
                                                  const PasswordSource& pin);

// The public key that a URI means: a public key object, else a certificate. Logs in only where it
// is not to be seen otherwise and the PIN is known without asking.
Result<PublicKey> open_token_public_key(const std::string& uri);

struct TokenKey {
  std::string uri;  // means this key and no other
  std::string token, label;
  PublicKey key;
};
// The public keys and certificates that can be seen without a PIN.
Result<std::vector<TokenKey>> list_token_keys(const std::string& uri);

// Makes a key pair in the token, called by the URI's object= (and id=, else one of our own). The
// private half is marked as never to leave. unsupported when there is a key of that name.
Result<PublicKey> make_token_key(const std::string& uri, KeyKind kind, unsigned rsa_bits,
                                 const PasswordSource& pin);

}  // namespace boltseal
