#include "cli/signing.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "seal/dsse.h"
#include "seal/key_reference.h"

namespace boltseal {
Result<Signers> open_signers(const std::vector<std::string>& references,
                             const PasswordOptions& password) {
  Signers out;
  for (const auto& reference : references) {
    TRY(auto signer, open_signer(reference, password_source(password)));
    out.owned_.push_back(std::move(signer));
  }
  return out;
}

std::vector<const Signer*> Signers::list() const {
  std::vector<const Signer*> out;
  for (const auto& signer : owned_) out.push_back(signer.get());
  return out;
}

namespace {

Result<Signers> signers_of(const SigningOptions& options) {
  if (options.keys.empty()) return fail(Fault::unsupported, "a signature wants a key");
  return open_signers(options.keys, options.password);
}

}  // namespace

void add_signing_options(Command& command, SigningOptions& options, const std::string& option) {
  command
      .add_option(option, options.keys,
                  "Private key to sign with: a file, env://VAR or pkcs11:URI; may be given more "
                  "than once")
      ->type_name("KEY")
      ->allow_extra_args(false);
  add_password_options(command, options.password);
}

Result<std::string> signed_statement(const std::vector<Subject>& subjects, std::string_view type,
                                     std::string_view predicate, const SigningOptions& options) {
  TRY(const auto signers, signers_of(options));
  TRY(const auto envelope,
      sign_dsse(in_toto_payload, write_statement(subjects, type, predicate), signers.list()));
  return write_dsse(envelope) + '\n';
}

Result<std::string> cosigned(std::string_view text, const SigningOptions& options) {
  TRY(auto envelope, parse_dsse(text));
  TRY(const auto signers, signers_of(options));
  for (const Signer* signer : signers.list()) {
    const std::vector<PublicKey> own = {signer->public_key()};
    if (verify_dsse(envelope, own, 1, envelope.payload_type)) continue;
    TRY(auto more, sign_dsse(envelope.payload_type, envelope.payload, std::vector{signer}));
    std::ranges::move(more.signatures, std::back_inserter(envelope.signatures));
  }
  return write_dsse(envelope) + '\n';
}

Result<std::vector<PublicKey>> open_public_keys(const std::vector<std::string>& references) {
  std::vector<PublicKey> keys;
  for (const auto& reference : references) {
    TRY(auto key, open_public_key(reference));
    keys.push_back(std::move(key));
  }
  return keys;
}

Error refused(const Refusal& refusal, std::string where) {
  return {Fault::corrupt, "refused: " + refusal.message(), std::move(where), {}};
}

}  // namespace boltseal
