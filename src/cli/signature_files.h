// What is signed as files: for machines that reach no registry, `attach` brings them there later.
#pragma once
#include <string>

#include "base/result.h"
#include "cli/command_line.h"
#include "seal/image_sign.h"

namespace boltseal {

struct SignatureFiles {
  std::string bundle, signature, payload, certificate, timestamp;  // names, or empty
  bool any() const;
};
// --bundle; `all`: also the parts of a signature in the older form.
void add_signature_files(Command& command, SignatureFiles& files, bool all);

// unsupported for a file that these forms have nothing for.
Result<> check_signature_files(const SignatureFiles& files, const AttachFormats& formats,
                               const std::string& timestamp_url);
// `suffix` goes behind the names. `signer` is for --output-certificate where nothing is certified.
Result<> write_signature_files(const SignatureFiles& files, const std::string& suffix,
                               const MadeAttachment& made, const PublicKey& signer);

// "-sha256-<hex>" where there is more than one image, as cosign has it.
std::string file_suffix(const std::string& digest, bool several);

}  // namespace boltseal
