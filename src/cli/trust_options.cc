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

std::vector<std::pair<std::string, std::string>> claims_of(const TrustOptions& options) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) out.emplace_back(name, value);
  };
  add("githubWorkflowTrigger", options.trigger);
  add("githubWorkflowSHA", options.sha);
  add("githubWorkflowName", options.workflow);
  add("githubWorkflowRepository", options.repository);
  add("githubWorkflowRef", options.ref);
  return out;
}

// Every identity with the one issuer and the same claims.
Result<> add_identities(const TrustOptions& options, BundlePolicy& policy) {
  const auto claims = claims_of(options);
  const bool named = !options.identities.empty() || !options.identity_patterns.empty();
  const bool issued = !options.issuer.empty() || !options.issuer_pattern.empty();
  if (!named && !issued && claims.empty()) return {};
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
    policy.identities.push_back({TextRule::exact(identity), issuer, claims});
  for (const auto& pattern : options.identity_patterns) {
    TRY(auto rule, rule_of("", pattern, "--certificate-identity-regexp"));
    policy.identities.push_back({std::move(rule), issuer, claims});
  }
  return {};
}

Result<std::vector<Certificate>> certificates_of(const std::string& file) {
  TRY(const auto text, read_file(file, chain_file_limit));
  auto out = Certificate::all_from_pem(text);
  if (!out) out.error().where = file;
  return out;
}

// An authority out of a PEM: its leaf's side first, its anchor last, trusted as long as the anchor
// is valid.
Result<std::vector<TrustedAuthority>> authority_of(const std::string& file) {
  TRY(auto chain, certificates_of(file));
  const Certificate& anchor = chain.back();
  TrustedAuthority authority{anchor.subject_text(), {}, {anchor.not_before(), anchor.not_after()}};
  authority.chain = std::move(chain);
  return std::vector{std::move(authority)};
}

// Each root, with the authorities that may stand between it and a signer.
Result<std::vector<TrustedAuthority>> authorities_of(const std::string& roots,
                                                     const std::string& intermediates) {
  TRY(const auto anchors, certificates_of(roots));
  std::vector<Certificate> others;
  if (!intermediates.empty()) {
    TRY(others, certificates_of(intermediates));
  }
  std::vector<TrustedAuthority> out;
  for (const Certificate& anchor : anchors) {
    out.push_back({anchor.subject_text(), others, {anchor.not_before(), anchor.not_after()}});
    out.back().chain.push_back(anchor);
  }
  return out;
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
  const auto claim = [&](const char* name, std::string& to, const char* what) {
    command
        .add_option(std::string("--certificate-github-workflow-") + name, to,
                    std::string("What the certificate must say of the GitHub workflow: ") + what)
        ->type_name("TEXT");
  };
  claim("trigger", options.trigger, "the event that started it");
  claim("sha", options.sha, "the commit that it ran on");
  claim("name", options.workflow, "its name");
  claim("repository", options.repository, "the repository, as OWNER/NAME");
  claim("ref", options.ref, "the ref that it ran on, as refs/heads/main");
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
      .add_option("--ca-roots", options.ca_roots,
                  "PEM of roots, each an authority of its own, in place of the root's")
      ->type_name("FILE");
  command
      .add_option("--ca-intermediates", options.ca_intermediates,
                  "With --ca-roots: PEM of the authorities between a root and a signer")
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

void add_standing(Command& command, TrustOptions& options) {
  command
      .add_option(
          "--key-records", options.key_records,
          "Signed records about keys (`boltseal key records`): which were revoked and when, "
          "and which follow another")
      ->type_name("FILE|DIR");
  command.add_flag("--accept-undecided-keys", options.standing.accept_undecided,
                   "Take the signature of a revoked key where nothing tells when it was made");
  command.add_flag("--refuse-superseded-keys", options.standing.refuse_superseded,
                   "Of a key that has a successor take only what it signed before");
}

// The records that were named, with those of the store where a key of it is trusted.
Result<std::optional<KeyRecords>> key_records(const TrustOptions& options) {
  std::vector<DsseEnvelope> all;
  const auto add = [&](const Checked<KeyRecords>& some, const std::string& where) -> Result<> {
    if (!some) return fail(Fault::corrupt, some.error().message(), where);
    all.insert(all.end(), some->envelopes().begin(), some->envelopes().end());
    return {};
  };
  const KeyStore store;
  for (const auto& reference : options.keys) {
    TRY(const auto stored, stored_key(reference, store));
    if (!stored) continue;
    TRY_DO(add(store.records(), store.records_file()));
    break;
  }
  if (!options.key_records.empty())
    TRY_DO(add(KeyRecords::read(options.key_records), options.key_records));
  else if (all.empty())
    return std::nullopt;
  auto set = KeyRecords::verified(all);
  if (!set) return fail(Fault::corrupt, set.error().message(), options.key_records);
  return *std::move(set);
}

Result<> add_keys(const TrustOptions& options, BundlePolicy& policy) {
  for (const auto& reference : options.keys) {
    TRY(auto key, open_public_key(reference));
    policy.keys.push_back(std::move(key));
  }
  const bool judged = !options.key_records.empty() || options.standing.accept_undecided ||
                      options.standing.refuse_superseded;
  if (options.keys.empty() && judged)
    return fail(Fault::unsupported, "--key-records and what goes with it are about a --key");
  TRY(auto records, key_records(options));
  if (!records) return {};
  policy.key_trust = KeyTrust(*std::move(records), options.standing);
  policy.keys = policy.key_trust.with_successors(policy.keys);
  return {};
}

// What of a trusted root a policy asks for.
bool needs_root(const TrustOptions& options, const BundlePolicy& policy) {
  return !policy.identities.empty() || !policy.ignore_log || policy.timestamps > 0 ||
         policy.key_trust.has_records() || !options.trusted_root.empty() ||
         !options.certificate_chain.empty() || !options.ca_roots.empty() ||
         !options.timestamp_chain.empty();
}

Result<BundlePolicy> bundle_policy(const TrustOptions& options) {
  BundlePolicy policy;
  TRY_DO(add_keys(options, policy));
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
  // A key that is trusted by itself asks nobody else, unless it must; a log of one's own that must
  // have the signature is the one that is needed.
  policy.ignore_log =
      options.ignore_log ||
      (!policy.keys.empty() && (!options.keys_need_log || options.log.asked()) && !more);
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
  add_standing(command, options);
  command.add_flag("--insecure-ignore-sct", options.ignore_sct,
                   "Do without a certificate log's timestamp in the certificate");
  command.add_flag("--use-signed-timestamps", options.use_timestamps,
                   "Ask for a timestamp of an authority (RFC 3161)");
  add_required_log_options(command, options.log);
}

Result<Trust> read_trust(const TrustOptions& options) {
  if (options.ca_roots.empty() && !options.ca_intermediates.empty())
    return fail(Fault::unsupported, "--ca-intermediates goes with --ca-roots");
  Trust out;
  TRY(out.policy, bundle_policy(options));
  if (needs_root(options, out.policy)) {
    TRY(out.root, trusted_root(options));
  }
  return out;
}

Result<TrustedRoot> trusted_root(const TrustOptions& options) {
  if (!options.ca_roots.empty() && !options.certificate_chain.empty())
    return fail(Fault::unsupported, "give --certificate-chain or --ca-roots, not both");
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
  if (!options.ca_roots.empty()) {
    TRY(root->certificate_authorities, authorities_of(options.ca_roots, options.ca_intermediates));
  }
  if (!options.timestamp_chain.empty()) {
    TRY(root->timestamp_authorities, authority_of(options.timestamp_chain));
  }
  return *std::move(root);
}

int refused(const Refusal& refusal) {
  std::fputs(fmt::format("boltseal: refused: {}\n", refusal.message()).c_str(), stderr);
  return Exit::findings;
}

}  // namespace boltseal
