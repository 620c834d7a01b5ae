#include "cli/signature_files.h"

#include <algorithm>

#include "cli/output.h"
#include "codec/base64.h"

namespace boltseal {

bool SignatureFiles::any() const {
  return !bundle.empty() || !signature.empty() || !payload.empty() || !certificate.empty() ||
         !timestamp.empty();
}

void add_signature_files(Command& command, SignatureFiles& files, bool all) {
  command
      .add_option("--bundle", files.bundle,
                  "Write the bundle to a file too; of the older form that is what cosign calls so")
      ->type_name("FILE");
  if (!all) return;
  command
      .add_option("--output-signature", files.signature,
                  "With --format legacy: write the signature to a file too, in base64")
      ->type_name("FILE");
  command
      .add_option("--output-payload", files.payload,
                  "With --format legacy: write what is signed to a file too")
      ->type_name("FILE");
  command
      .add_option("--output-certificate", files.certificate,
                  "Write the certificate to a file too, or the public key (PEM)")
      ->type_name("FILE");
  command
      .add_option("--rfc3161-timestamp", files.timestamp,
                  "Write the timestamp to a file of its own too")
      ->type_name("FILE");
}

Result<> check_signature_files(const SignatureFiles& files, const AttachFormats& formats,
                               const std::string& timestamp_url) {
  if ((!files.signature.empty() || !files.payload.empty()) && !formats.legacy)
    return fail(Fault::unsupported,
                "--output-signature and --output-payload are of the older form: add --format "
                "legacy, or take --bundle FILE");
  if (!files.timestamp.empty() && timestamp_url.empty())
    return fail(Fault::unsupported, "--rfc3161-timestamp needs --timestamp-server-url");
  return {};
}

Result<> write_signature_files(const SignatureFiles& files, const std::string& suffix,
                               const MadeAttachment& made, const PublicKey& signer) {
  const auto write = [&](const std::string& name, const std::string& bytes) -> Result<> {
    if (name.empty()) return {};
    return write_output({"", name + suffix}, bytes);
  };
  const Bundle& material = made.entry ? made.entry->material : *made.bundle;
  TRY_DO(write(files.bundle,
               made.bundle ? write_bundle(*made.bundle) : write_cosign_bundle(material)));
  if (made.entry) {
    TRY_DO(write(files.signature, base64(made.entry->material.signature())));
    TRY_DO(write(files.payload, made.entry->bytes));
  }
  TRY_DO(write(files.certificate,
               material.certificates.empty() ? signer.pem() : material.certificates.front().pem()));
  return material.timestamps.empty() ? Result<>()
                                     : write(files.timestamp, material.timestamps.front());
}

std::string file_suffix(const std::string& digest, bool several) {
  if (!several) return {};
  std::string out = "-" + digest;
  std::ranges::replace(out, ':', '-');
  return out;
}

}  // namespace boltseal
