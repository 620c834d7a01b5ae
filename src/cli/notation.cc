#include "cli/notation.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/timestamp.h"
#include "custody/chain_policy.h"
#include "seal/notation_image.h"
#include "seal/timestamp_client.h"

namespace boltseal {
namespace {

constexpr std::uint64_t file_limit = 16 << 20;
constexpr std::string_view jws_format = "notation-jws", cose_format = "notation-cose";

void say(const std::string& line) { std::fputs((line + "\n").c_str(), stderr); }

Result<std::int64_t> duration_of(const std::string& text) {
  constexpr std::int64_t longest = 100LL * 365 * 24 * 3600;  // a later end fits no certificate
  const auto seconds = parse_duration(text);
  if (seconds && *seconds > 0 && *seconds <= longest) return *seconds;
  return fail(Fault::unsupported, "not a time like 12h, 90m or 30d", text);
}

Result<std::vector<std::string>> chain_of(const NotationSignFlags& flags, const Signer& signer) {
  if (flags.chain.empty())
    return fail(Fault::unsupported,
                "notation signs with a certificate: name its chain (the key's own first, the root "
                "last) with --certificate-chain FILE");
  TRY(const auto bytes, read_file(flags.chain, file_limit));
  auto certificates = Certificate::all_from_file(bytes);
  if (!certificates) {
    certificates.error().where = flags.chain;
    return std::unexpected(certificates.error());
  }
  if (!(certificates->front().public_key() == signer.public_key()))
    return fail(Fault::unsupported, "the first certificate is not of the key that signs",
                flags.chain);
  if (const auto good = check_notation_chain(*certificates); !good)
    return fail(Fault::unsupported, good.error().message(), flags.chain);
  std::vector<std::string> out;
  for (const Certificate& certificate : *certificates) out.push_back(certificate.der());
  return out;
}

Result<NotationTrust> trust_of(const NotationVerifyFlags& flags, const NotationPolicy& policy) {
  TRY(auto trust, read_notation_trust(flags.store, policy));
  for (const std::string& file : flags.revocation_lists) {
    TRY(const auto bytes, read_file(file, file_limit));
    auto lists = RevocationList::all_from_file(bytes);
    if (!lists) {
      lists.error().where = file;
      return std::unexpected(lists.error());
    }
    trust.revocations.insert(trust.revocations.end(), lists->begin(), lists->end());
  }
  return trust;
}

int say_verified(const VerifiedNotation& verified, const std::string& name) {
  for (const NotationOutcome& outcome : verified.outcomes()) {
    if (outcome.refusal)
      say(fmt::format("Warning: {} is only logged by the trust policy: {}", name_of(outcome.check),
                      outcome.refusal->message()));
  }
  std::fputs(fmt::format("Successfully verified signature for {}\n", printable(name)).c_str(),
             stdout);
  return seal_good;
}

}  // namespace

void add_notation_sign_options(Command& command, NotationSignFlags& flags) {
  command
      .add_option("--certificate-chain", flags.chain,
                  "With a notation format: the certificates of the key, its own first, as PEM")
      ->type_name("FILE");
  command
      .add_option("--expiry", flags.expiry,
                  "With a notation format: how long the signature holds (12h, 30d)")
      ->type_name("TIME");
  command
      .add_option("--timestamp-server-url", flags.timestamp_url,
                  "With a notation format: a timestamp authority (RFC 3161) to stamp the signature")
      ->type_name("URL");
}

bool is_notation_format(std::string_view format) {
  return format == jws_format || format == cose_format;
}

Result<> sign_by_notation(ArtifactStore& store, const std::vector<StoredManifest>& images,
                          const Signer& signer, std::string_view format,
                          const NotationSignFlags& flags, const Annotations& metadata) {
  NotationSignOptions options;
  options.media_type = format == cose_format ? cose_media_type : jws_media_type;
  options.metadata.assign(metadata.begin(), metadata.end());
  options.now = writing_time();
  TRY(options.certificates, chain_of(flags, signer));
  if (!flags.expiry.empty()) {
    TRY(const std::int64_t seconds, duration_of(flags.expiry));
    options.expiry = options.now + seconds;
  }
  if (!flags.timestamp_url.empty()) {
    options.timestamp = [&](std::string_view signature) -> Result<std::string> {
      TRY(const auto response, request_timestamp(flags.timestamp_url, signature));
      return timestamp_token(response);
    };
  }
  for (const StoredManifest& image : images) {
    TRY_DO(sign_image_by_notation(store, image, signer, options));
    say(fmt::format("Successfully signed {}@{}", printable(store.name()), image.digest));
  }
  return {};
}

void add_notation_verify_options(Command& command, NotationVerifyFlags& flags) {
  command
      .add_option("--trust-policy", flags.policy,
                  "Verify notation's signatures by this trustpolicy.json")
      ->type_name("FILE");
  command
      .add_option("--trust-store", flags.store,
                  "The folder that holds x509/ca/NAME/… (default: truststore beside the policy)")
      ->type_name("DIR");
  command
      .add_option(
          "--scope", flags.scope,
          "The registry/repository that the policy's scopes mean (default: the image's own)")
      ->type_name("NAME");
  command
      .add_option("--crl", flags.revocation_lists,
                  "Revocation lists of the certificates' issuers; nothing is fetched")
      ->allow_extra_args(false)
      ->type_name("FILE");
}

int verify_by_notation(ArtifactStore& store, const std::vector<StoredManifest>& images,
                       const std::string& reference, const NotationVerifyFlags& given,
                       const Annotations& metadata) {
  NotationVerifyFlags flags = given;
  if (flags.store.empty()) {
    const auto slash = flags.policy.rfind('/');
    flags.store =
        (slash == std::string::npos ? "." : flags.policy.substr(0, slash)) + "/truststore";
  }
  const auto text = read_file(flags.policy, file_limit);
  if (!text) return seal_complain(text.error());
  const auto policies = parse_notation_policy(*text, NotationSubject::image);
  if (!policies) return seal_complain(policies.error().message(), seal_error);
  const auto policy = policy_of_image(*policies, flags.scope.empty() ? store.name() : flags.scope);
  if (!policy) return seal_complain(policy.error().message(), seal_error);
  if ((*policy)->skip) {
    say(fmt::format("The trust policy \"{}\" verifies nothing of {}: it is not signed for you",
                    printable((*policy)->name), printable(reference)));
    return seal_good;
  }
  const auto trust = trust_of(flags, **policy);
  if (!trust) return seal_complain(trust.error());
  for (const StoredManifest& image : images) {
    std::vector<RefusedNotation> refused;
    const auto verdict = verify_image_by_notation(store, image, {metadata.begin(), metadata.end()},
                                                  **policy, *trust, unix_now(), &refused);
    if (!verdict) {
      for (const RefusedNotation& one : refused)
        say(fmt::format("  {}: {}", one.source, one.reason.message()));
      const bool none = verdict.error().code == "signature-missing";
      return seal_complain(verdict.error().message(), none ? seal_no_signature : seal_no_match);
    }
    say_verified(*verdict, store.name() + "@" + image.digest);
  }
  return seal_good;
}

}  // namespace boltseal
