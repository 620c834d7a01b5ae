#include "cli/service_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/trust_options.h"
#include "seal/identity.h"
#include "seal/key_reference.h"
#include "seal/local_log.h"
#include "seal/signing_config.h"

namespace boltseal {
namespace {

template <class T>
Result<T> or_error(Checked<T> checked, std::string where = {}) {
  if (!checked) return fail(Fault::corrupt, checked.error().message(), std::move(where));
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return *std::move(checked);
}

bool upload_said(const ServiceFlags& flags) {
  return flags.tlog_upload_option != nullptr && flags.tlog_upload_option->given();
}
bool upload_asked(const ServiceFlags& flags) { return upload_said(flags) && flags.tlog_upload; }
bool upload_forbidden(const ServiceFlags& flags) {
  return upload_said(flags) && !flags.tlog_upload;
}

// What the file names, then what options name in its place.
Result<SigningServices> services_of(const ServiceFlags& flags) {
  SigningServices out;
  if (!flags.signing_config.empty()) {
    TRY(const auto text, read_file(flags.signing_config, max_signing_config));
    TRY(out, or_error(select_services(text, unix_now()), flags.signing_config));
  }
  if (!flags.fulcio_url.empty()) out.certificate_authority = flags.fulcio_url;
  if (!flags.rekor_url.empty())
    out.logs = {{flags.rekor_url, static_cast<int>(flags.rekor_version)}};
  if (!flags.timestamp_url.empty()) out.timestamp_authorities = {flags.timestamp_url};
  if (upload_forbidden(flags)) out.logs.clear();
  if (upload_asked(flags) && out.logs.empty())
    return fail(
        Fault::unsupported,
        "--tlog-upload wants a log: name it by --rekor-url URL; the signing config has none");
  if (flags.key.empty() && out.certificate_authority.empty())
    return fail(Fault::unsupported,
                "to sign without --key, name a certificate authority: --fulcio-url URL; the "
                "signing config has none");
  return out;
}

std::unexpected<Error> no_tiles() {
  return fail(Fault::unsupported,
              "a list under a tag has no place for an entry of a log of the second generation: "
              "--format bundle, or --tlog-upload=false");
}

Result<TrustedRoot> root_of(const ServiceFlags& flags) {
  TrustOptions options;
  options.trusted_root = flags.trusted_root;
  options.timestamp_chain = flags.timestamp_chain;
  return trusted_root(options);
}

Result<> certify_with_token(const ServiceFlags& flags, BundleMaker::Parts& parts) {
  const TokenRequest request{flags.identity_token, flags.oidc_provider, parts.access};
  TRY(const auto token, or_error(find_identity_token(request, unix_now())));
  TRY_DO(or_error(certify(parts, token)));
  const auto identity = identity_of(*parts.certificate);
  if (!identity) return fail(Fault::corrupt, identity.error().message());
  // Whoever signs should see as whom, for names in a public log stay there.
  std::fputs(fmt::format("Signing as {} by {}\n", printable(identity->names.front()),
                         printable(identity->issuer))
                 .c_str(),
             stderr);
  return {};
}

Result<OwnLog> own_log(const ServiceFlags& flags, StoreOptions options) {
  OwnLog out;
  if (flags.log.empty()) return out;
  options.actions = "pull,push";
  TRY(out.signer, open_signer(flags.log_key, password_source(flags.password)));
  TRY(out.store, open_file_store(flags.log, true, false, options));
  TRY(const auto log, or_error(log_identity(*out.store, out.signer->public_key()), flags.log));
  out.origin = log.origin;
  return out;
}

void add_service_urls(Command& command, ServiceFlags& flags) {
  command
      .add_option("--fulcio-url", flags.fulcio_url,
                  "In place of --key: an authority that certifies a key for this signature")
      ->type_name("URL");
  command.add_option("--rekor-url", flags.rekor_url, "A transparency log that gets the signature")
      ->type_name("URL");
  command.add_option("--rekor-version", flags.rekor_version, "Which API --rekor-url speaks")
      ->check(between(1, 2))
      ->type_name("1|2")
      ->capture_default_str();
  command
      .add_option("--timestamp-server-url", flags.timestamp_url,
                  "Have an authority stamp the signature (RFC 3161)")
      ->type_name("URL");
  command
      .add_option("--signing-config", flags.signing_config,
                  "signing_config.json with these services; the options above come in place of "
                  "its own")
      ->type_name("FILE");
  command.add_flag("--use-signing-config", flags.use_signing_config,
                   "Taken as cosign's scripts give it: =false, or with --signing-config");
  flags.tlog_upload_option =
      command.add_flag("--tlog-upload", flags.tlog_upload,
                       "=false: into no log, whatever the signing config names; else a log must be "
                       "named");
  command
      .add_option("--service-timeout", flags.patience,
                  "Seconds until a service that says nothing is given up")
      ->check(between(1, 3600))
      ->type_name("SECONDS")
      ->capture_default_str();
}

void add_trust_of_services(Command& command, ServiceFlags& flags) {
  command
      .add_option("--trusted-root", flags.trusted_root,
                  "trusted_root.json that the services' answers must hold by (default: Sigstore's "
                  "public good)")
      ->type_name("FILE");
  command
      .add_option("--timestamp-certificate-chain", flags.timestamp_chain,
                  "PEM of the timestamp authority, the root last, in place of the root's")
      ->type_name("FILE");
  command.add_flag("--insecure-ignore-sct", flags.ignore_sct,
                   "Do without a certificate log's timestamp in the certificate");
}

}  // namespace

void add_service_options(Command& command, ServiceFlags& flags) {
  command
      .add_option("--key", flags.key,
                  "Private key: a file, env://VARIABLE, a pkcs11: URI or a name in the key store")
      ->type_name("KEY");
  add_service_urls(command, flags);
  command
      .add_option("--identity-token", flags.identity_token,
                  "With --fulcio-url: who signs, as a token or a file with one (or "
                  "SIGSTORE_ID_TOKEN)")
      ->type_name("TOKEN");
  command
      .add_option("--oidc-provider", flags.oidc_provider,
                  "Where else a token comes from: github-actions, filesystem, environment "
                  "(default: the first that is there)")
      ->check(one_of({"github-actions", "filesystem", "environment"}))
      ->type_name("NAME");
  add_trust_of_services(command, flags);
  auto* log = command.add_option("--log", flags.log,
                                 "A log of your own that records the signature: a folder, oci:DIR "
                                 "or oci://HOST/REPOSITORY");
  log->type_name("LOG");
  auto* log_key = command.add_option("--log-key", flags.log_key, "With --log: its private key");
  log_key->type_name("KEY");
  log->needs(log_key);
  log_key->needs(log);
  add_password_options(command, flags.password);
}

Result<> check_service_call(const ServiceFlags& flags) {
  const bool configured = !flags.signing_config.empty();
  if (flags.key.empty() && flags.fulcio_url.empty() && !configured)
    return fail(Fault::unsupported,
                "give --key KEY; or, to be certified for this signature, --fulcio-url URL (or "
                "--signing-config FILE) and an identity token");
  if (!flags.key.empty() && !flags.fulcio_url.empty())
    return fail(Fault::unsupported, "a key needs no certificate: give --key or --fulcio-url");
  if (!flags.key.empty() && !flags.identity_token.empty())
    return fail(Fault::unsupported, "--identity-token is for a certificate, in place of --key");
  if (flags.use_signing_config && !configured)
    return fail(Fault::unsupported,
                "services are not looked up: name the file by --signing-config FILE");
  if (upload_asked(flags) && flags.rekor_url.empty() && !configured)
    return fail(Fault::unsupported,
                "--tlog-upload wants a log: name it by --rekor-url URL or --signing-config FILE");
  return {};
}

bool names_services(const ServiceFlags& flags) {
  return flags.key.empty() || !flags.fulcio_url.empty() || !flags.rekor_url.empty() ||
         !flags.timestamp_url.empty() || !flags.signing_config.empty() || !flags.log.empty();
}

Result<> check_lists(const ServiceFlags& flags) {
  if (!flags.log.empty())
    return fail(Fault::unsupported,
                "a list under a tag has no place for an entry of a log of one's own (--log): "
                "--format bundle");
  if (!flags.rekor_url.empty() && flags.rekor_version == 2) return no_tiles();
  return {};
}

Result<BundleMaker> bundle_maker(const ServiceFlags& flags, const StoreOptions& store,
                                 bool insecure_http, bool lists) {
  BundleMaker::Parts parts;
  TRY(parts.services, services_of(flags));
  if (lists && std::ranges::any_of(parts.services.logs,
                                   [](const RekorService& log) { return log.version == 2; }))
    return no_tiles();
  parts.access = {insecure_http, static_cast<int>(flags.patience)};
  parts.ignore_sct = flags.ignore_sct;
  parts.root_given = !flags.trusted_root.empty() || !flags.timestamp_chain.empty();
  if (parts.root_given || flags.key.empty() || !parts.services.logs.empty()) {
    TRY(parts.root, root_of(flags));
  }
  TRY(parts.own_log, own_log(flags, store));
  if (flags.key.empty()) {
    TRY_DO(certify_with_token(flags, parts));
  } else {
    TRY(parts.signer, open_signer(flags.key, password_source(flags.password)));
  }
  return or_error(BundleMaker::make(std::move(parts)));
}

}  // namespace boltseal
