#include "cli/notation_blob.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/trust_options.h"
#include "seal/notation_blob.h"

namespace boltseal {
namespace {

void add_metadata_option(Command& command, std::vector<std::string>& annotations,
                         const std::string& what) {
  command.add_option("-a,--annotations", annotations, what)
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

}  // namespace

void add_notation_blob_sign_options(Command& command, NotationBlobSignFlags& flags) {
  command
      .add_option("--format", flags.format,
                  "notation-jws, notation-cose: write a signature of notation in place of a bundle")
      ->type_name("FORMAT")
      ->check(one_of({"notation-jws", "notation-cose"}));
  add_notation_sign_options(command, flags.notation);
  command
      .add_option("--media-type", flags.media_type,
                  "With a notation format: what the file is (default: application/octet-stream)")
      ->type_name("TYPE");
  add_metadata_option(command, flags.annotations,
                      "With a notation format: key=value to sign along");
}

Result<> sign_blob_as_notation(const NotationBlobSignFlags& flags, const Artifact& blob,
                               const std::string& name, const Signer& signer,
                               const std::string& output) {
  if (name == "-" && output.empty())
    return fail(Fault::unsupported,
                "standard input has no name to call the signature after; give --output-signature");
  TRY(const auto metadata, read_annotations(flags.annotations));
  TRY(const auto options, notation_sign_options(flags.format, flags.notation, signer, metadata));
  TRY(const auto envelope,
      sign_blob_by_notation(blob, flags.media_type.empty() ? blob_media_type : flags.media_type,
                            signer, options));
  const std::string ending = options.media_type == cose_media_type ? ".cose.sig" : ".jws.sig";
  const std::string file = output.empty() ? name + ending : output;
  TRY_DO(write_output({"", file}, envelope));
  std::fputs(fmt::format("Successfully signed {}\nSignature file written to {}\n", printable(name),
                         printable(file))
                 .c_str(),
             stderr);
  return {};
}

void add_notation_blob_verify_options(Command& command, NotationBlobVerifyFlags& flags) {
  add_notation_verify_options(command, flags.notation);
  command
      .add_option("--policy-name", flags.policy_name,
                  "With --trust-policy: the policy of that name (default: the global one)")
      ->type_name("NAME");
  command
      .add_option("--media-type", flags.media_type,
                  "With --trust-policy: what the signature must call the file")
      ->type_name("TYPE");
  add_metadata_option(command, flags.annotations,
                      "With --trust-policy: key=value that must have been signed");
}

int verify_blob_as_notation(const NotationBlobVerifyFlags& flags, const Artifact& blob,
                            const std::string& name, const std::string& signature) {
  const auto metadata = read_annotations(flags.annotations);
  if (!metadata) return complain_of_call(metadata.error());
  const auto judge = notation_judge(flags.notation, NotationSubject::blob, flags.policy_name);
  if (!judge) return complain(judge.error()), Exit::findings;
  if (judge->policy.skip) return say_skipped(judge->policy, name), Exit::clean;
  const auto envelope = read_file(signature, max_notation_envelope);
  if (!envelope) return complain(envelope.error()), Exit::findings;
  const auto verdict = verify_blob_by_notation(*envelope, blob, flags.media_type,
                                               {metadata->begin(), metadata->end()}, judge->policy,
                                               judge->trust, unix_now());
  if (!verdict) return refused(verdict.error());
  say_logged(*verdict);
  std::fputs(fmt::format("Successfully verified signature for {}\n", printable(name)).c_str(),
             stdout);
  return Exit::clean;
}

}  // namespace boltseal
