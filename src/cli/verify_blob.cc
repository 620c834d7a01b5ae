// `verify-blob`: whether a file is what somebody signed. Flags and output are cosign's.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>

#include "base/fd.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/notation_blob.h"
#include "cli/options.h"
#include "cli/trust_options.h"
#include "codec/base64.h"
#include "net/http.h"
#include "seal/bundle.h"
#include "seal/evidence.h"
#include "seal/verify_bundle.h"

namespace boltseal {
namespace {

constexpr std::uint64_t stdin_limit = 1ULL << 30, small_file_limit = 4 << 20;

struct VerifyBlobCommand {
  std::string artifact, bundle, signature, certificate, timestamp, type, output = "text";
  TrustOptions trust;
  NotationBlobVerifyFlags notation;
  bool offline = false, insecure_http = false;
  bool bundle_format = true, oci_references = true;  // as it always is
  unsigned workers = 0;
  std::string digest_algorithm;

  VerifyBlobCommand() { trust.keys_need_log = true; }
  int run() const;
  int run_notation() const;
  int report(const Checked<VerifiedBundle>& verdict) const;
};

// A file of that name counts first, as it does for cosign.
Result<Artifact> open_artifact(const std::string& name) {
  if (name == "-") {
    TRY(auto bytes, read_all(STDIN_FILENO, stdin_limit, "standard input"));
    return Artifact::from_bytes(std::move(bytes));
  }
  if (is_digest(name) && ::access(name.c_str(), F_OK) != 0) return Artifact::from_digest(name);
  return Artifact::from_file(name);
}

bool is_bundle(std::string_view json) { return !json.contains("\"base64Signature\""); }

// A signature in a file or written out, in base64 or as it is.
Result<std::string> read_signature(const std::string& given) {
  std::string text = given;
  if (::access(given.c_str(), R_OK) == 0) {
    TRY(text, read_file(given, small_file_limit));
  }
  const auto decoded = unbase64_any(trim(text));
  return decoded ? *decoded : text;
}

// The parts that were files of their own before there were bundles.
Result<Bundle> assemble(const VerifyBlobCommand& command) {
  Bundle out;
  out.media_type = "parts";
  out.minor = 0;
  out.message.emplace();
  TRY(out.message->signature, read_signature(command.signature));
  if (!command.certificate.empty()) {
    TRY(auto text, read_file(command.certificate, small_file_limit));
    if (const auto inner = unbase64_any(trim(text)); inner && inner->starts_with("-----"))
      text = *inner;  // cosign's --output-certificate writes base64 of PEM
    TRY(out.certificates, Certificate::all_from_file(text));
  }
  if (!command.timestamp.empty()) {
    TRY(auto timestamp, read_file(command.timestamp, small_file_limit));
    out.timestamps.push_back(std::move(timestamp));
  }
  return out;
}

Checked<Bundle> read_bundle(std::string_view json) {
  return is_bundle(json) ? parse_bundle(json) : parse_cosign_bundle(json);
}

int VerifyBlobCommand::report(const Checked<VerifiedBundle>& verdict) const {
  if (output == "json") {
    JsonWriter json;
    json.object().member("verified", verdict.has_value());
    if (verdict)
      write_evidence(json.key("evidence"), verdict->evidence());
    else
      write_refusal(json.key("refusal"), verdict.error());
    const std::string text = json.end().take();
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  if (!verdict) return refused(verdict.error());
  std::fputs("Verified OK\n", stderr);
  return Exit::clean;
}

// cosign knows one code for all that is not "verified".
int could_not(const Error& error) {
  complain(error);
  return Exit::findings;
}

int VerifyBlobCommand::run_notation() const {
  if (signature.empty() || !bundle.empty())
    return complain_of_call({Fault::unsupported,
                             "with --trust-policy give the signature of notation: --signature FILE",
                             {},
                             {}});
  const auto blob = open_artifact(artifact);
  if (!blob) return could_not(blob.error());
  NotationBlobVerifyFlags flags = notation;
  flags.notation.offline = offline;
  return verify_blob_as_notation(flags, *blob, artifact, signature);
}

int VerifyBlobCommand::run() const {
  if (offline) forbid_network();
  if (notation.asked()) return run_notation();
  if (bundle.empty() == signature.empty())
    return complain_of_call(
        {Fault::unsupported, "give the signature: --bundle FILE, or --signature FILE", {}, {}});
  auto trusted = read_trust(trust);
  if (!trusted)
    return trusted.error().fault == Fault::unsupported ? complain_of_call(trusted.error())
                                                       : could_not(trusted.error());
  trusted->policy.predicate_type = type;
  StoreOptions store;
  store.insecure_http = insecure_http;
  std::optional<RequiredLog> log;
  if (const auto held = require_log(trust.log, store, log, trusted->policy, trusted->root); !held)
    return report(std::unexpected(held.error()));
  const auto blob = open_artifact(artifact);
  if (!blob) return could_not(blob.error());
  if (bundle.empty()) {
    const auto parts = assemble(*this);
    if (!parts) return could_not(parts.error());
    return report(verify_bundle(*parts, *blob, trusted->policy, trusted->root));
  }
  const auto text = read_file(bundle, max_bundle);
  if (!text) return could_not(text.error());
  const auto parsed = read_bundle(*text);
  if (!parsed) return report(std::unexpected(parsed.error()));
  return report(verify_bundle(*parsed, *blob, trusted->policy, trusted->root));
}

}  // namespace

void add_verify_blob(Command& program, int& exit) {
  auto* command =
      program.add_subcommand("verify-blob", "Say whether a file is what somebody signed");
  const auto state = std::make_shared<VerifyBlobCommand>();
  command
      ->add_option("FILE", state->artifact,
                   "The file, - for standard input, or sha256:HEX of one that is not here")
      ->required();
  command
      ->add_option("--bundle", state->bundle, "Sigstore bundle (0.1 to 0.3), or cosign's old one")
      ->type_name("FILE");
  command
      ->add_option("--signature", state->signature,
                   "Signature alone, in place of a bundle: a file, or base64")
      ->type_name("FILE");
  command->add_option("--certificate", state->certificate, "With --signature: who signed")
      ->type_name("FILE");
  command->add_option("--rfc3161-timestamp", state->timestamp, "With --signature: its timestamp")
      ->type_name("FILE");
  command
      ->add_option("--type", state->type,
                   "What kind of statement is wanted, where the bundle holds one")
      ->type_name("URI");
  command->add_option("-o,--output", state->output, "text, or json for all that was checked")
      ->type_name("FORMAT")
      ->check(one_of({"text", "json"}))
      ->capture_default_str();
  add_trust_options(*command, state->trust);
  add_notation_blob_verify_options(*command, state->notation);
  command->add_option("--max-workers", state->workers, "Accepted for cosign's sake");
  command->add_flag("--new-bundle-format", state->bundle_format, "Accepted for cosign's sake");
  command->add_flag("--experimental-oci11", state->oci_references, "Accepted for cosign's sake");
  command
      ->add_option("--signature-digest-algorithm", state->digest_algorithm,
                   "Accepted for cosign's sake: what goes with the key is tried")
      ->type_name("NAME");
  command->add_flag(
      "--offline", state->offline,
      "Send not one packet: neither to a --log that is elsewhere, nor about revocation");
  command->add_flag("--insecure-http", state->insecure_http,
                    "Allow plain HTTP to the registry of --log");
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
