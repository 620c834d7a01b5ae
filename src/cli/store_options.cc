#include "cli/store_options.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"
#include "net/http.h"
#include "seal/evidence.h"
#include "seal/key_reference.h"

namespace boltseal {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

Result<TextRule> rule_of(const std::string& exact, const std::string& pattern,
                         std::string_view option) {
  if (exact.empty() == pattern.empty())
    return fail(Fault::unsupported,
                fmt::format("without --key, give one of --{} and --{}-regexp", option, option));
  if (!exact.empty()) return TextRule::exact(exact);
  return TextRule::expression(pattern);
}

Result<> add_identity(const TrustFlags& flags, BundlePolicy& trust) {
  TRY(auto identity, rule_of(flags.identity, flags.identity_pattern, "certificate-identity"));
  TRY(auto issuer, rule_of(flags.issuer, flags.issuer_pattern, "certificate-oidc-issuer"));
  trust.identities.push_back({std::move(identity), std::move(issuer)});
  return {};
}

Result<TrustedRoot> read_root(const std::string& file) {
  if (file.empty()) {
    auto root = public_good_root();
    if (!root) return fail(Fault::corrupt, root.error().message(), "trusted root");
    return std::move(*root);
  }
  TRY(const auto text, read_file(file, max_trusted_root));
  auto root = parse_trusted_root(text);
  if (!root) return fail(Fault::corrupt, root.error().message(), file);
  root->source = file;
  return std::move(*root);
}

}  // namespace

void add_store_options(Command& command, StoreFlags& flags) {
  command.add_flag("--allow-http-registry", flags.allow_http, "Allow plain HTTP to the registry");
  command.add_flag("--allow-insecure-registry", flags.allow_insecure,
                   "The same; a certificate of your own CA goes into --registry-cacert");
  command.add_flag("--insecure-http", flags.insecure_http, "The same");
  command.add_option("--registry-username", flags.username, "User name at the registry");
  command.add_option("--registry-password", flags.password,
                     "Password at the registry; better in BOLTSEAL_REGISTRY_PASSWORD, or by "
                     "`docker login`");
  command.add_option("--registry-token", flags.token, "Bearer token for the registry");
  command.add_option("--registry-cacert", flags.ca_file, "CA certificates of the registry (PEM)")
      ->type_name("FILE");
  command.add_flag("--offline", flags.offline, "Send not one packet; layouts only");
}

StoreOptions store_options(const StoreFlags& flags, const std::string& actions) {
  if (flags.offline) forbid_network();
  if (!flags.ca_file.empty()) ::setenv("BOLTSEAL_CA_FILE", flags.ca_file.c_str(), 1);
  StoreOptions out;
  out.insecure_http = flags.allow_http || flags.allow_insecure || flags.insecure_http;
  out.actions = actions;
  out.bearer_token = flags.token;
  if (!flags.username.empty() || !flags.password.empty())
    out.credentials = Credentials{flags.username, flags.password, {}};
  return out;
}

Result<OpenedArtifact> open_reference(const std::string& reference, const StoreFlags& flags,
                                      const std::string& actions) {
  return open_artifact(reference, environment("COSIGN_REPOSITORY"), store_options(flags, actions));
}

void add_sign_options(Command& command, SignFlags& flags, bool notation) {
  command.add_option("--key", flags.key, "Private key: a file, env://VARIABLE or a pkcs11: URI")
      ->required()
      ->type_name("KEY");
  std::vector<std::string> formats = {"bundle", "legacy", "both"};
  std::string what =
      "bundle: Sigstore bundle as a referrer; legacy: cosign's .sig and .att tags; both";
  if (notation) {
    formats.insert(formats.end(), {"notation-jws", "notation-cose"});
    what += "; notation-jws, notation-cose: a signature of notation, with --certificate-chain";
  }
  command.add_option("--format", flags.format, what)->check(one_of(formats))->capture_default_str();
  add_password_options(command, flags.password);
  command.add_flag("-y,--yes", flags.yes, "Accepted for cosign's sake; nothing is asked");
  command.add_flag("--tlog-upload", flags.tlog_upload,
                   "Accepted with =false: nothing is sent to a transparency log");
  command.add_flag("--use-signing-config", flags.use_signing_config, "Accepted with =false");
  command.add_option("--signing-config", flags.signing_config, "Accepted and not read")
      ->type_name("FILE");
  command.add_flag("--new-bundle-format", flags.bundle_format, "With =false: --format legacy");
}

Result<AttachFormats> attach_formats(const SignFlags& flags) {
  if (flags.tlog_upload)
    return fail(Fault::unsupported, "nothing is uploaded to a transparency log here",
                "--tlog-upload");
  AttachFormats out;
  out.bundle = flags.format != "legacy" && flags.bundle_format;
  out.legacy = flags.format != "bundle" || !flags.bundle_format;
  return out;
}

Result<std::unique_ptr<Signer>> signer_of(const SignFlags& flags) {
  return open_signer(flags.key, password_source(flags.password));
}

void add_trust_options(Command& command, TrustFlags& flags) {
  command
      .add_option("--key", flags.keys,
                  "Public key that is trusted: a file, env://VARIABLE or a pkcs11: URI; may be "
                  "given more than once")
      ->type_name("KEY")
      ->allow_extra_args(false);
  command
      .add_option("--require", flags.required,
                  "How many different keys (or identities) must have signed")
      ->type_name("K")
      ->check(between(1, 1000))
      ->capture_default_str();
  command
      .add_option("--certificate-identity", flags.identity,
                  "Without --key: who the certificate is of")
      ->type_name("NAME");
  command
      .add_option("--certificate-identity-regexp", flags.identity_pattern,
                  "The same as an expression (RE2)")
      ->type_name("RE");
  command
      .add_option("--certificate-oidc-issuer", flags.issuer,
                  "Without --key: who vouched for that identity")
      ->type_name("URL");
  command
      .add_option("--certificate-oidc-issuer-regexp", flags.issuer_pattern,
                  "The same as an expression (RE2)")
      ->type_name("RE");
  command
      .add_option("--trusted-root", flags.trusted_root,
                  "trusted_root.json (default: Sigstore's public-good instance)")
      ->type_name("FILE");
  command.add_flag("--insecure-ignore-tlog", flags.ignore_log,
                   "Without --key: no entry of a transparency log is needed");
  command.add_flag("--private-infrastructure", flags.private_infrastructure, "The same");
  command.add_flag("--require-log", flags.require_log,
                   "With --key: an entry of a transparency log is needed");
  command.add_flag("--insecure-ignore-sct", flags.ignore_sct,
                   "No entry of a certificate log is needed");
  command.add_flag("--use-signed-timestamps", flags.signed_timestamps,
                   "A timestamp (RFC 3161) is needed");
}

Result<ImagePolicy> image_policy(const TrustFlags& flags, TrustedRoot& root) {
  ImagePolicy out;
  out.root = &root;
  out.required = flags.required;
  out.trust.ignore_sct = flags.ignore_sct;
  out.trust.timestamps = flags.signed_timestamps ? 1 : 0;
  for (const std::string& key : flags.keys) {
    TRY(auto opened, open_public_key(key));
    out.trust.keys.push_back(std::move(opened));
  }
  out.trust.ignore_log =
      flags.keys.empty() ? flags.ignore_log || flags.private_infrastructure : !flags.require_log;
  if (flags.keys.empty()) TRY_DO(add_identity(flags, out.trust));
  // A key that is trusted by itself asks nobody else; the root would only cost time.
  const bool needed = flags.keys.empty() || flags.require_log || flags.signed_timestamps ||
                      !flags.trusted_root.empty();
  if (needed) {
    TRY(root, read_root(flags.trusted_root));
  }
  return out;
}

Result<Annotations> read_annotations(const std::vector<std::string>& given) {
  Annotations out;
  for (const std::string& text : given) {
    const auto pair = cut(text, "=");
    if (!pair || pair->first.empty())
      return fail(Fault::unsupported, "write an annotation as key=value", text);
    out[std::string(pair->first)] = pair->second;
  }
  return out;
}

int seal_complain(const std::string& what, int exit) {
  std::fputs(fmt::format("Error: {}\nerror during command execution: {}\n", what, what).c_str(),
             stderr);
  return exit;
}

int seal_complain(const Error& error) { return seal_complain(error.message(), seal_error); }

int seal_complain_of_image(const Error& error) {
  if (error.fault != Fault::not_found) return seal_complain(error);
  return seal_complain("image tag not found: " + error.message(), seal_no_image);
}

void write_refused(JsonWriter& json, const std::vector<Refused>& refused) {
  json.key("refused").array();
  for (const Refused& one : refused) {
    json.object().member("source", one.source).member("form", name_of(one.form)).key("reason");
    write_refusal(json, one.reason);
    json.end();
  }
  json.end();
}

}  // namespace boltseal
