#include "cli/trust_options.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "seal/key_reference.h"

namespace boltseal {
namespace {

constexpr std::uint64_t chain_file_limit = 4 << 20;

Result<TextRule> rule_of(const std::string& exact, const std::string& pattern,
                         std::string_view option) {
  if (!exact.empty()) return TextRule::exact(exact);
  TRY(auto rule, TextRule::expression(pattern));
  if (!rule.anchored())
    log_warning(
        fmt::format("{} matches anywhere in the text; write ^…$ to mean all of it", option));
  return rule;
}

// Every identity with the one issuer.
Result<> add_identities(const TrustOptions& options, BundlePolicy& policy) {
  const bool named = !options.identities.empty() || !options.identity_patterns.empty();
  const bool issued = !options.issuer.empty() || !options.issuer_pattern.empty();
  if (!named && !issued) return {};
  if (!named || !issued)
    return fail(Fault::unsupported,
                "give both who signed and who vouches for them: --certificate-identity (or "
                "-regexp) and --certificate-oidc-issuer (or -regexp)");
  if (!options.issuer.empty() && !options.issuer_pattern.empty())
    return fail(Fault::unsupported,
                "give --certificate-oidc-issuer or --certificate-oidc-issuer-regexp, not both");
  TRY(const auto issuer,
      rule_of(options.issuer, options.issuer_pattern, "--certificate-oidc-issuer-regexp"));
  for (const auto& identity : options.identities)
    policy.identities.push_back({TextRule::exact(identity), issuer});
  for (const auto& pattern : options.identity_patterns) {
    TRY(auto rule, rule_of("", pattern, "--certificate-identity-regexp"));
    policy.identities.push_back({std::move(rule), issuer});
  }
  return {};
}

// An authority out of a PEM: its leaf's side first, its anchor last, trusted as long as the anchor
// is valid.
Result<std::vector<TrustedAuthority>> authority_of(const std::string& file) {
  TRY(const auto text, read_file(file, chain_file_limit));
  auto chain = Certificate::all_from_pem(text);
  if (!chain) {
    chain.error().where = file;
    return std::unexpected(chain.error());
  }
  const Certificate& anchor = chain->back();
  TrustedAuthority authority{anchor.subject_text(), {}, {anchor.not_before(), anchor.not_after()}};
  authority.chain = *std::move(chain);
  return std::vector{std::move(authority)};
}

void add_signers(Command& command, TrustOptions& options) {
  command
      .add_option("--key", options.keys,
                  "Public key that is trusted: a file, env://VAR, pkcs11:…, or a key of the store; "
                  "may be given more than once")
      ->type_name("KEY")
      ->allow_extra_args(false);
  command
      .add_option("--certificate-identity", options.identities,
                  "Who signed: the e-mail address or URI in the certificate")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command
      .add_option("--certificate-identity-regexp", options.identity_patterns,
                  "The same as an expression in the syntax of RE2")
      ->type_name("RE")
      ->allow_extra_args(false);
  command.add_option("--certificate-oidc-issuer", options.issuer, "Who vouches for the identity")
      ->type_name("URL");
  command
      .add_option("--certificate-oidc-issuer-regexp", options.issuer_pattern,
                  "The same as an expression in the syntax of RE2")
      ->type_name("RE");
}

void add_authorities(Command& command, TrustOptions& options) {
  command
      .add_option(
          "--trusted-root", options.trusted_root,
          "trusted_root.json with the logs and authorities (default: Sigstore's public good)")
      ->type_name("FILE");
  command
      .add_option("--certificate-chain", options.certificate_chain,
                  "PEM of the authorities of certificates, the root last, in place of the root's")
      ->type_name("FILE");
  command
      .add_option("--timestamp-certificate-chain", options.timestamp_chain,
                  "PEM of a timestamp authority, the root last, in place of the root's")
      ->type_name("FILE");
  command
      .add_option("--witness", options.witnesses,
                  "Key of a witness of checkpoints (name+hint+base64); may be given more than once")
      ->type_name("KEY")
      ->allow_extra_args(false);
  command
      .add_option("--require-witnesses", options.witness_threshold,
                  "How many of them must have signed")
      ->type_name("N")
      ->check(between(0, 100));
}

// What of a trusted root a policy asks for.
bool needs_root(const TrustOptions& options, const BundlePolicy& policy) {
  return !policy.identities.empty() || !policy.ignore_log || policy.timestamps > 0 ||
         !options.trusted_root.empty() || !options.certificate_chain.empty() ||
         !options.timestamp_chain.empty();
}

Result<BundlePolicy> bundle_policy(const TrustOptions& options) {
  BundlePolicy policy;
  for (const auto& reference : options.keys) {
    TRY(auto key, open_public_key(reference));
    policy.keys.push_back(std::move(key));
  }
  TRY_DO(add_identities(options, policy));
  if (policy.keys.empty() == policy.identities.empty())
    return fail(Fault::unsupported,
                "say who is trusted: --key KEY, or --certificate-identity NAME with "
                "--certificate-oidc-issuer URL");
  policy.logs = options.logs;
  const bool more = options.logs > 1 || options.witness_threshold > 0;
  if (options.ignore_log && more)
    return fail(Fault::unsupported,
                "--insecure-ignore-tlog does not go with --require-logs or --require-witnesses");
  // A key that is trusted by itself asks nobody else, unless it must.
  policy.ignore_log =
      options.ignore_log || (!policy.keys.empty() && !options.keys_need_log && !more);
  policy.ignore_sct = options.ignore_sct;
  policy.timestamps = options.use_timestamps ? 1 : 0;
  if (policy.ignore_log && !policy.identities.empty() && !options.use_timestamps)
    policy.assumed_time = unix_now();
  for (const auto& text : options.witnesses) {
    TRY(auto witness, parse_witness(text));
    policy.witnesses.witnesses.push_back(std::move(witness));
  }
  policy.witnesses.threshold = options.witness_threshold;
  return policy;
}

Result<TrustedRoot> read_root(const TrustOptions& options) {
  std::string text;
  if (!options.trusted_root.empty()) {
    TRY(text, read_file(options.trusted_root, max_trusted_root));
  }
  auto root = options.trusted_root.empty() ? public_good_root() : parse_trusted_root(text);
  if (!root)
    return fail(Fault::corrupt, root.error().message(),
                options.trusted_root.empty() ? "trusted root" : options.trusted_root);
  if (!options.trusted_root.empty()) root->source = options.trusted_root;
  if (!options.certificate_chain.empty()) {
    TRY(root->certificate_authorities, authority_of(options.certificate_chain));
  }
  if (!options.timestamp_chain.empty()) {
    TRY(root->timestamp_authorities, authority_of(options.timestamp_chain));
  }
  return *std::move(root);
}

}  // namespace

void add_trust_options(Command& command, TrustOptions& options) {
  add_signers(command, options);
  add_authorities(command, options);
  command
      .add_option("--require-logs", options.logs, "How many different logs must have the signature")
      ->type_name("N")
      ->check(between(1, 32));
  auto* ignored = command.add_flag("--insecure-ignore-tlog", options.ignore_log,
                                   "Do without a transparency log's entry");
  command.add_flag("--private-infrastructure", options.ignore_log, "The same");
  command
      .add_flag("--require-log", options.keys_need_log,
                options.keys_need_log
                    ? "The default: of a key's signature a transparency log has an entry"
                    : "With --key: a transparency log must have an entry")
      ->excludes(ignored);
  command.add_flag("--insecure-ignore-sct", options.ignore_sct,
                   "Do without a certificate log's timestamp in the certificate");
  command.add_flag("--use-signed-timestamps", options.use_timestamps,
                   "Ask for a timestamp of an authority (RFC 3161)");
}

Result<Trust> read_trust(const TrustOptions& options) {
  Trust out;
  TRY(out.policy, bundle_policy(options));
  if (needs_root(options, out.policy)) {
    TRY(out.root, read_root(options));
  }
  return out;
}

int refused(const Refusal& refusal) {
  std::fputs(fmt::format("boltseal: refused: {}\n", refusal.message()).c_str(), stderr);
  return Exit::findings;
}

}  // namespace boltseal
