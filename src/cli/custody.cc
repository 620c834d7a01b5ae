// `custody`: the chain from the first commit to what runs, phase by phase.
#include "cli/custody.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/trust_options.h"
#include "crypto/timestamp.h"
#include "seal/timestamp_client.h"

namespace boltseal {

void add_custody_place(Command& command, CustodyPlace& place, bool with_owners) {
  command.add_option("--policy", place.policy, "The phases and what they ask for")
      ->capture_default_str();
  command.add_option("--records", place.records, "Folder of the records")->capture_default_str();
  if (!with_owners) return;
  command
      .add_option("--owner", place.owners,
                  "Public key of an owner of the policy, which must be signed (POLICY.dsse)")
      ->allow_extra_args(false);
  command.add_option("--require", place.require, "How many different owners must have signed it")
      ->capture_default_str();
  command.add_option("--min-policy-version", place.min_version,
                     "Refuse an older policy than this one");
  auto* records =
      command
          .add_option("--key-records", place.key_records,
                      "Signed records about keys (`boltseal key records`): what a revoked key has "
                      "signed counts only when a timestamp proves that it was before")
          ->type_name("FILE|DIR");
  command
      .add_option("--timestamp-certificate-chain", place.timestamp_chain,
                  "PEM of the authority of those timestamps, the root last")
      ->type_name("FILE")
      ->needs(records);
  command
      .add_option("--trusted-root", place.trusted_root, "trusted_root.json with such authorities")
      ->type_name("FILE")
      ->needs(records);
  command.add_option("--at", place.at, "The moment that ages are counted to, instead of now");
}

namespace {

// Who is trusted to tell the time; nobody where nothing is given.
Checked<TrustedRoot> custody_authorities(const CustodyPlace& place) {
  if (place.timestamp_chain.empty() && place.trusted_root.empty()) return TrustedRoot{};
  TrustOptions options;
  options.trusted_root = place.trusted_root;
  options.timestamp_chain = place.timestamp_chain;
  auto root = trusted_root(options);
  if (!root) return refuse(root.error(), "timestamp authority");
  return *std::move(root);
}

}  // namespace

Checked<CustodyPolicy> open_custody_policy(const CustodyPlace& place) {
  KeyTrust trust;
  if (!place.key_records.empty()) {
    TRY(auto records, KeyRecords::read(place.key_records));
    trust = KeyTrust(std::move(records));
  }
  TRY(const auto authorities, custody_authorities(place));
  const auto yaml = read_file(place.policy, max_custody_policy);
  if (!yaml) return refuse(yaml.error(), "policy");
  if (place.owners.empty()) {
    auto policy = parse_custody_policy(*yaml);
    if (!policy) return refuse(policy.error(), "policy");
    policy->trust = trust;
    policy->authorities = authorities;
    return *std::move(policy);
  }
  std::vector<PublicKey> owners;
  for (const auto& reference : place.owners) {
    auto key = open_public_key(reference);
    if (!key) return refuse(key.error(), "owner");
    owners.push_back(*std::move(key));
  }
  const auto envelope = read_file(place.policy + ".dsse", max_custody_policy * 2);
  if (!envelope)
    return refuse("policy-unsigned",
                  "no signature of the policy; `boltseal custody sign-policy` makes one", "policy",
                  place.policy + ".dsse", {});
  return open_signed_policy(*yaml, *envelope, owners, place.require, trust, authorities);
}

void add_custody_timestamp(Command& command, std::string& url) {
  command
      .add_option("--timestamp-server-url", url,
                  "Have the signature stamped (RFC 3161): it stands when its key is revoked later")
      ->type_name("URL");
}

Result<> stamp_signatures(const std::string& url, const PublicKey& key, DsseEnvelope& envelope) {
  if (url.empty()) return {};
  for (DsseSignature& signature : envelope.signatures) {
    if (signature.key_id != key.id() || !signature.timestamps.empty()) continue;
    TRY(const auto answer, request_timestamp(url, signature.signature));
    TRY(signature.timestamps.emplace_back(), timestamp_token(answer));
  }
  return {};
}

Result<> stamp_record(const CustodyPlace& place, const std::string& url, const PublicKey& key,
                      const std::string& sha256) {
  const auto find = [&]() -> Result<StoredRecord> {
    const auto records = load_records(place.records);
    if (!records) return fail(Fault::corrupt, records.error().message(), place.records);
    const auto found = std::ranges::find(*records, sha256, &StoredRecord::sha256);
    if (found == records->end()) return fail(Fault::io, "the record is gone", place.records);
    return *found;
  };
  TRY(auto stamped, find());
  TRY_DO(stamp_signatures(url, key, stamped.envelope));
  TRY(const auto lock, lock_records(place.records));
  TRY(auto record, find());
  for (DsseSignature& signature : record.envelope.signatures)
    for (const DsseSignature& with : stamped.envelope.signatures)
      if (with.signature == signature.signature && signature.timestamps.empty())
        signature.timestamps = with.timestamps;
  return rewrite_record(place.records, record);
}

std::string records_in_tree(const CustodyPlace& place) {
  std::string_view path = place.records;
  while (path.starts_with("./")) path.remove_prefix(2);
  path = trim_end(path, '/');
  return path.starts_with('/') || path.starts_with("..") ? "" : std::string(path);
}

Result<std::int64_t> custody_now(const CustodyPlace& place) {
  if (place.at.empty()) return unix_now();
  const auto moment = parse_rfc3339(place.at);
  if (!moment)
    return fail(Fault::unsupported, "a moment is like 2026-01-02T03:04:05Z", "--at " + place.at);
  return *moment;
}

std::vector<std::string> last_phases(const CustodyPolicy& policy,
                                     const std::vector<StoredRecord>* with_records) {
  const auto counts = [&](const CustodyPhase& phase) {
    return !with_records || last_of(*with_records, phase.name);
  };
  std::vector<std::string> out;
  for (const CustodyPhase& phase : policy.phases) {
    const bool followed = std::ranges::any_of(policy.phases, [&](const CustodyPhase& later) {
      return counts(later) && std::ranges::find(later.after, phase.name) != later.after.end();
    });
    if (counts(phase) && !followed) out.push_back(phase.name);
  }
  return out;
}

void run_custody(Command& command, const std::function<int()>& run, int& exit) {
  const auto quiet = std::make_shared<bool>(false);
  command.add_flag("-q,--quiet", *quiet, "No notes");
  command.callback([quiet, run, &exit] {
    if (*quiet) set_verbosity(Verbosity::quiet);
    exit = run();
  });
}

int complain_of_refusal(const Refusal& refusal, std::string_view about) {
  std::fputs(fmt::format("boltseal: {}{}{}\n", about, about.empty() ? "" : ": ", refusal.message())
                 .c_str(),
             stderr);
  return Exit::findings;
}

Result<PhaseArtifact> image_artifact(const std::string& reference, const SourceOptions& options) {
  const auto at = reference.rfind("@sha256:");
  std::string digest;
  if (at != std::string::npos && is_digest(std::string_view(reference).substr(at + 1))) {
    digest = reference.substr(at + 1);
  } else {
    TRY(const auto opened, open_source(reference, options));
    const auto* image = std::get_if<OpenedImage>(&opened);
    if (!image || image->info.manifest_digest.empty())
      return fail(Fault::unsupported, "an image with a manifest is wanted here", reference);
    digest = image->info.manifest_digest;
  }
  if (!digest.starts_with("sha256:"))
    return fail(Fault::unsupported, "only images named by SHA-256 can be recorded", reference);
  return PhaseArtifact{"image:" + valid_or_replaced_utf8(reference.substr(0, at)), "image",
                       digest.substr(7)};
}

Result<std::vector<PhaseArtifact>> collect_artifacts_here(const CustodyPlace& place,
                                                          const std::vector<std::string>& globs,
                                                          const std::vector<std::string>& images,
                                                          const SourceOptions& options) {
  TRY(auto out, collect_artifacts(".", globs, {records_in_tree(place)}));
  for (const auto& reference : images) {
    TRY(auto image, image_artifact(reference, options));
    out.push_back(std::move(image));
  }
  std::ranges::sort(out, {}, &PhaseArtifact::path);
  const auto twice = std::ranges::adjacent_find(out, {}, &PhaseArtifact::path);
  if (twice != out.end()) return fail(Fault::unsupported, "this is given twice", twice->path);
  return out;
}

void add_custody(Command& program, int& exit) {
  auto* custody =
      program
          .add_subcommand("custody",
                          "The chain of custody: phases, who may do them, what they show")
          ->require_subcommand(1);
  add_custody_init(*custody, exit);
  add_custody_step(*custody, exit);
  add_custody_verify(*custody, exit);
  add_custody_in_toto(*custody, exit);
  add_custody_witness(*custody, exit);
  add_custody_snippets(*custody, exit);
}

}  // namespace boltseal
