// Signing statements, and the keys that statements are checked with, for the commands that do both.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/password.h"
#include "crypto/public_key.h"
#include "crypto/signer.h"
#include "seal/refusal.h"
#include "seal/statement.h"

namespace boltseal {

// Signers, for as long as they are used.
class Signers {
 public:
  std::vector<const Signer*> list() const;

 private:
  friend Result<Signers> open_signers(const std::vector<std::string>&, const PasswordOptions&);
  std::vector<std::unique_ptr<Signer>> owned_;
};
Result<Signers> open_signers(const std::vector<std::string>& references,
                             const PasswordOptions& password);

struct SigningOptions {
  std::vector<std::string> keys;  // files, env://VAR, pkcs11:…
  PasswordOptions password;
};
// The keys as `option`, and where their passwords come from.
void add_signing_options(Command& command, SigningOptions& options, const std::string& option);

// A DSSE envelope of the statement with one signature per key, and a line end.
Result<std::string> signed_statement(const std::vector<Subject>& subjects, std::string_view type,
                                     std::string_view predicate, const SigningOptions& options);
// The envelope `text` with signatures of these keys added; one that has signed is left as it is.
Result<std::string> cosigned(std::string_view text, const SigningOptions& options);

Result<std::vector<PublicKey>> open_public_keys(const std::vector<std::string>& references);

// A refusal as the Error that a command ends with.
Error refused(const Refusal& refusal, std::string where);

}  // namespace boltseal
