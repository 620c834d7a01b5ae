// `sign-blob`: signs a file with a key, and writes a bundle. Flags are cosign's.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "base/fd.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/notation_blob.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/password.h"
#include "codec/base64.h"
#include "net/http.h"
#include "seal/artifact.h"
#include "seal/bundle.h"
#include "seal/key_reference.h"
#include "seal/schemes.h"
#include "seal/timestamp_client.h"

namespace boltseal {
namespace {

struct SignBlobCommand {
  std::string artifact, key, bundle, signature, timestamp_url, timestamp_file;
  PasswordOptions password;
  NotationBlobSignFlags notation;
  bool yes = false, offline = false;

  Result<Bundle> sign() const;
  Result<> write(const Bundle& made) const;
  Result<> sign_as_notation() const;
  int run() const;
};

Result<Artifact> open_artifact(const std::string& name) {
  if (name == "-") {
    TRY(auto bytes, read_all(0, 1ULL << 30, "standard input"));
    return Artifact::from_bytes(std::move(bytes));
  }
  return Artifact::from_file(name);
}

Result<Bundle> SignBlobCommand::sign() const {
  TRY(const auto blob, open_artifact(artifact));
  TRY(const auto content, blob.content());
  TRY(const auto signer, open_signer(key, password_source(password)));
  const PublicKey& own = signer->public_key();
  const SignatureScheme scheme = usual_scheme(own);
  Bundle out;
  out.media_type = bundle_v3_type;
  out.key_hint = key_hint_of(own);
  out.message.emplace();
  out.message->hash = scheme.hash;
  TRY(out.message->digest, blob.digest(scheme.hash));
  TRY(out.message->signature, signer->sign(content, scheme));
  if (!timestamp_url.empty()) {
    TRY(auto timestamp, request_timestamp(timestamp_url, out.message->signature));
    out.timestamps.push_back(std::move(timestamp));
  }
  return out;
}

Result<> SignBlobCommand::write(const Bundle& made) const {
  const std::string text = base64(made.message->signature);
  if (!bundle.empty()) TRY_DO(write_output({"", bundle}, write_bundle(made)));
  if (!timestamp_file.empty()) TRY_DO(write_output({"", timestamp_file}, made.timestamps.front()));
  if (!signature.empty()) return write_output({"", signature}, text);
  std::fputs((text + "\n").c_str(), stdout);
  return {};
}

Result<> SignBlobCommand::sign_as_notation() const {
  if (!bundle.empty() || !timestamp_file.empty())
    return fail(Fault::unsupported,
                "a signature of notation is one file; --bundle and --rfc3161-timestamp are not "
                "for it");
  TRY(const auto blob, open_artifact(artifact));
  TRY(const auto signer, open_signer(key, password_source(password)));
  NotationBlobSignFlags flags = notation;
  flags.notation.timestamp_url = timestamp_url;
  return sign_blob_as_notation(flags, blob, artifact, *signer, signature);
}

int SignBlobCommand::run() const {
  if (!timestamp_file.empty() && timestamp_url.empty())
    return complain_of_call(
        {Fault::unsupported, "--rfc3161-timestamp needs --timestamp-server-url", {}, {}});
  if (offline) forbid_network();
  if (notation.asked()) {
    const auto signed_so = sign_as_notation();
    return signed_so ? static_cast<int>(Exit::clean) : complain_of_call(signed_so.error());
  }
  const auto made = sign();
  if (!made) return complain(made.error());
  if (const auto written = write(*made); !written) return complain(written.error());
  return Exit::clean;
}

}  // namespace

void add_sign_blob(Command& program, int& exit) {
  auto* command = program.add_subcommand("sign-blob", "Sign a file with a key");
  const auto state = std::make_shared<SignBlobCommand>();
  command->add_option("FILE", state->artifact, "The file, or - for standard input")->required();
  command->add_option("--key", state->key, "Private key: a file, env://VAR, pkcs11:…")
      ->type_name("KEY")
      ->required();
  command->add_option("--bundle", state->bundle, "Write a Sigstore bundle (0.3)")
      ->type_name("FILE");
  command
      ->add_option("--output-signature", state->signature,
                   "Write the signature in base64 (default: to standard output)")
      ->type_name("FILE");
  command
      ->add_option("--timestamp-server-url", state->timestamp_url,
                   "Have an authority stamp the signature (RFC 3161)")
      ->type_name("URL");
  command
      ->add_option("--rfc3161-timestamp", state->timestamp_file,
                   "Write the timestamp to a file of its own too")
      ->type_name("FILE");
  add_notation_blob_sign_options(*command, state->notation);
  add_password_options(*command, state->password);
  command->add_flag("--offline", state->offline, "Send not one packet");
  command->add_flag("-y,--yes", state->yes, "Nothing is asked: taken, as cosign's scripts give it");
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
