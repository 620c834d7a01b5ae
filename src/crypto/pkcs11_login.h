// From a PKCS#11 URI to a session with the one token that it means, and the PIN for it.
#pragma once
#include <optional>
#include <string>

#include "base/result.h"
#include "crypto/key_file.h"
#include "crypto/pkcs11_module.h"
#include "crypto/secret.h"

namespace boltseal {

struct OpenToken {
  Pkcs11Uri uri;
  Pkcs11Session session;
};

// unsupported, with a list, when the URI means several tokens: a PIN could be tried on the wrong
// one.
Result<OpenToken> open_token(const std::string& uri, bool writing = false);

// The PIN where nobody has to be asked for it.
Result<std::optional<Secret>> known_pin(const Pkcs11Uri& uri);

// Logs in where the token wants it, and gives the PIN.
Result<Secret> log_in(const OpenToken& open, const PasswordSource& source);

}  // namespace boltseal
