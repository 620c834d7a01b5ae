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

constexpr std::uint64_t file_limit = max_revocation_list;
constexpr std::string_view jws_format = "notation-jws", cose_format = "notation-cose";

void say(const std::string& line) { std::fputs((line + "\n").c_str(), stderr); }

Result<std::int64_t> duration_of(const std::string& text) {
  constexpr std::int64_t longest = 100LL * 365 * 24 * 3600;  // a later end fits no certificate
  const auto seconds = parse_duration(text);
  if (seconds && *seconds > 0 && *seconds <= longest) return *seconds;
  return fail(Fault::unsupported, "not a time like 12h, 90m or 30d", text);
}

// What a file says by its parser; an error names the file.
template <class Parse>
auto read_as(const std::string& file, Parse parse) -> decltype(parse(std::string_view{})) {
  TRY(const auto bytes, read_file(file, file_limit));
  auto out = parse(bytes);
  if (!out) out.error().where = file;
  return out;
}

Result<std::vector<std::string>> chain_of(const NotationSignFlags& flags, const Signer& signer) {
  if (flags.chain.empty())
    return fail(Fault::unsupported,
                "notation signs with a certificate: name its chain (the key's own first, the root "
                "last) with --certificate-chain FILE");
  TRY(const auto certificates, read_as(flags.chain, Certificate::all_from_file));
  if (!(certificates.front().public_key() == signer.public_key()))
    return fail(Fault::unsupported, "the first certificate is not of the key that signs",
                flags.chain);
  if (const auto good = check_notation_chain(certificates); !good)
    return fail(Fault::unsupported, good.error().message(), flags.chain);
  std::vector<std::string> out;
  for (const Certificate& certificate : certificates) out.push_back(certificate.der());
  return out;
}

std::string store_of(const NotationVerifyFlags& flags) {
  if (!flags.store.empty()) return flags.store;
  const auto slash = flags.policy.rfind('/');
  return (slash == std::string::npos ? "." : flags.policy.substr(0, slash)) + "/truststore";
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
}

bool is_notation_format(std::string_view format) {
  return format == jws_format || format == cose_format;
}

Result<NotationSignOptions> notation_sign_options(std::string_view format,
                                                  const NotationSignFlags& flags,
                                                  const Signer& signer,
                                                  const Annotations& metadata) {
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
    options.timestamp =
        [url = flags.timestamp_url](std::string_view signature) -> Result<std::string> {
      TRY(const auto response, request_timestamp(url, signature));
      return timestamp_token(response);
    };
  }
  return options;
}

Result<> sign_by_notation(ArtifactStore& store, const std::vector<StoredManifest>& images,
                          const Signer& signer, std::string_view format,
                          const NotationSignFlags& flags, const Annotations& metadata) {
  TRY(const auto options, notation_sign_options(format, flags, signer, metadata));
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
      .add_option("--crl", flags.revocation_lists,
                  "With --trust-policy: revocation lists of the certificates' issuers")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command
      .add_option("--ocsp-response", flags.ocsp_responses,
                  "With --trust-policy: what a responder answered (DER)")
      ->allow_extra_args(false)
      ->type_name("FILE");
}

Result<NotationJudge> notation_judge(const NotationVerifyFlags& flags, NotationSubject subject,
                                     const std::string& name) {
  TRY(const auto policies, read_as(flags.policy, [&](std::string_view json) {
        return parse_notation_policy(json, subject);
      }));
  NotationJudge out;
  TRY(const auto* policy, subject == NotationSubject::image ? policy_of_image(policies, name)
                                                            : policy_of_blob(policies, name));
  out.policy = *policy;
  if (out.policy.skip) return out;  // nothing is trusted
  TRY(out.trust, read_notation_trust(store_of(flags), out.policy));
  for (const std::string& file : flags.revocation_lists) {
    TRY(const auto lists, read_as(file, RevocationList::all_from_file));
    auto& known = out.trust.revocations.lists;
    known.insert(known.end(), lists.begin(), lists.end());
  }
  for (const std::string& file : flags.ocsp_responses) {
    TRY(auto response, read_as(file, OcspResponse::from_der));
    out.trust.revocations.responses.push_back(std::move(response));
  }
  if (!flags.offline) {
    out.fetcher = std::make_unique<RevocationFetcher>();
    out.trust.fetcher = out.fetcher.get();
  }
  return out;
}

void say_skipped(const NotationPolicy& policy, const std::string& what) {
  say(fmt::format("The trust policy \"{}\" verifies nothing of {}: it is not signed for you",
                  printable(policy.name), printable(what)));
}

void say_logged(const VerifiedNotation& verified) {
  for (const NotationOutcome& outcome : verified.outcomes()) {
    if (outcome.refusal)
      say(fmt::format("Warning: {} is only logged by the trust policy: {}", name_of(outcome.check),
                      outcome.refusal->message()));
  }
}

int verify_by_notation(ArtifactStore& store, const std::vector<StoredManifest>& images,
                       const std::string& reference, const NotationVerifyFlags& flags,
                       const Annotations& metadata) {
  const auto judge = notation_judge(flags, NotationSubject::image,
                                    flags.scope.empty() ? store.name() : flags.scope);
  if (!judge) return seal_complain(judge.error());
  if (judge->policy.skip) return say_skipped(judge->policy, reference), seal_good;
  for (const StoredManifest& image : images) {
    std::vector<RefusedNotation> refused;
    const auto verdict =
        verify_image_by_notation(store, image, {metadata.begin(), metadata.end()}, judge->policy,
                                 judge->trust, unix_now(), &refused);
    if (!verdict) {
      for (const RefusedNotation& one : refused)
        say(fmt::format("  {}: {}", one.source, one.reason.message()));
      const bool none = verdict.error().code == "signature-missing";
      return seal_complain(verdict.error().message(), none ? seal_no_signature : seal_no_match);
    }
    say_logged(*verdict);
    std::fputs(fmt::format("Successfully verified signature for {}@{}\n", printable(store.name()),
                           image.digest)
                   .c_str(),
               stdout);
  }
  return seal_good;
}

}  // namespace boltseal
