// `sign-blob`: signs a file with a key, and writes a bundle. Flags are cosign's.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "base/fd.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/notation_blob.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/service_options.h"
#include "codec/base64.h"
#include "net/http.h"
#include "seal/artifact.h"
#include "seal/bundle.h"
#include "seal/bundle_maker.h"
#include "seal/key_reference.h"

namespace boltseal {
namespace {

struct SignBlobCommand {
  std::string artifact, bundle, signature, timestamp_file;
  ServiceFlags services;
  NotationBlobSignFlags notation;
  bool yes = false, offline = false, insecure_http = false;

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
  StoreOptions store;
  store.insecure_http = insecure_http;
  TRY(const auto maker, bundle_maker(services, store, insecure_http));
  auto out = maker.sign(blob);
  if (!out) return fail(Fault::corrupt, out.error().message(), artifact);
  return *std::move(out);
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
  NotationBlobSignFlags flags = notation;
  ServiceFlags others = services;
  flags.notation.timestamp_url = std::exchange(others.timestamp_url, {});
  if (names_services(others)) return fail(Fault::unsupported, std::string(notation_services));
  TRY(const auto signer, open_signer(services.key, password_source(services.password)));
  return sign_blob_as_notation(flags, blob, artifact, *signer, signature);
}

int SignBlobCommand::run() const {
  if (!timestamp_file.empty() && services.timestamp_url.empty())
    return complain_of_call(
        {Fault::unsupported, "--rfc3161-timestamp needs --timestamp-server-url", {}, {}});
  if (const auto good = check_service_call(services); !good) return complain_of_call(good.error());
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
  auto* command = program.add_subcommand("sign-blob", "Sign a file");
  const auto state = std::make_shared<SignBlobCommand>();
  command->add_option("FILE", state->artifact, "The file, or - for standard input")->required();
  add_service_options(*command, state->services);
  command->add_option("--bundle", state->bundle, "Write a Sigstore bundle (0.3)")
      ->type_name("FILE");
  command
      ->add_option("--output-signature", state->signature,
                   "Write the signature in base64 (default: to standard output)")
      ->type_name("FILE");
  command
      ->add_option("--rfc3161-timestamp", state->timestamp_file,
                   "Write the timestamp to a file of its own too")
      ->type_name("FILE");
  add_notation_blob_sign_options(*command, state->notation);
  command->add_flag("--insecure-http", state->insecure_http,
                    "Allow plain HTTP to services and to the registry of --log");
  command->add_flag("--offline", state->offline, "Send not one packet");
  command->add_flag("-y,--yes", state->yes, "Nothing is asked: taken, as cosign's scripts give it");
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
