// `sign-blob` and `verify-blob` in notation's form: signatures in files beside the blob.
#pragma once
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/notation.h"
#include "seal/artifact.h"

namespace boltseal {

struct NotationBlobSignFlags {
  std::string format, media_type;
  std::vector<std::string> annotations;
  NotationSignFlags notation;
  bool asked() const { return !format.empty(); }
};
void add_notation_blob_sign_options(Command& command, NotationBlobSignFlags& flags);
// Writes the envelope to `output`, or beside the file as notation names it: NAME.jws.sig.
Result<> sign_blob_as_notation(const NotationBlobSignFlags& flags, const Artifact& blob,
                               const std::string& name, const Signer& signer,
                               const std::string& output);

struct NotationBlobVerifyFlags {
  std::string policy_name, media_type;
  std::vector<std::string> annotations;
  NotationVerifyFlags notation;
  bool asked() const { return notation.asked(); }
};
void add_notation_blob_verify_options(Command& command, NotationBlobVerifyFlags& flags);
// The verdict on the envelope in the file `signature`; prints it and gives the exit code.
int verify_blob_as_notation(const NotationBlobVerifyFlags& flags, const Artifact& blob,
                            const std::string& name, const std::string& signature);

}  // namespace boltseal
