// Asks a certificate authority like Fulcio for a certificate of a key that lives for one signature.
// https://github.com/sigstore/fulcio (fulcio.proto, docs/how-certificate-issuing-works.md)
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/signer.h"
#include "seal/identity_token.h"
#include "seal/refusal.h"
#include "seal/service_request.h"
#include "seal/trusted_root.h"

namespace boltseal {

// The chain of an answer, the leaf first. Refusal "service-answer-invalid" for what is none.
Checked<std::vector<Certificate>> parse_fulcio_answer(std::string_view json);

// A certificate for the signer's key, which has been judged: it is of this key
// ("certificate-key-mismatch"), by an authority that the root trusts, for signing code, known to a
// certificate log (unless `ignore_sct`), and given to the bearer of the token
// ("certificate-identity-mismatch"), as far as the token says who that is.
Checked<Certificate> request_certificate(const std::string& url, const Signer& signer,
                                         const IdentityToken& token, const TrustedRoot& root,
                                         bool ignore_sct, const ServiceAccess& access);

}  // namespace boltseal
