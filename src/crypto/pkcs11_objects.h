// Public keys as PKCS#11 objects have them.
#pragma once
#include <string>

#include "base/result.h"
#include "crypto/pkcs11_module.h"
#include "crypto/public_key.h"

namespace boltseal {

// What an object of class CKO_PUBLIC_KEY or CKO_CERTIFICATE holds.
Result<PublicKey> key_of_public_object(const Pkcs11Session& session, ck_object_handle_t object);
Result<PublicKey> key_of_certificate_object(const Pkcs11Session& session,
                                            ck_object_handle_t object);

// The one public key that object= and id= of a URI mean, from a public key object or else a
// certificate (its type= may ask for one of the two); not_found when there is none, unsupported
// when there are several different ones.
Result<PublicKey> find_public_key(const Pkcs11Session& session, const Pkcs11Uri& uri);

// A URI that means one object of the token of `session`.
std::string uri_of_object(const Pkcs11Session& session, const Pkcs11Uri& found_by,
                          ck_object_handle_t object);

}  // namespace boltseal
