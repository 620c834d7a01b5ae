// `custody`: the chain from the first commit to what runs, phase by phase.
#include "cli/custody.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/options.h"

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
  command
      .add_option("--key-records", place.key_records,
                  "Signed records about keys (`boltseal key records`): what a revoked key has "
                  "signed counts no more")
      ->type_name("FILE|DIR");
  command.add_option("--at", place.at, "The moment that ages are counted to, instead of now");
}

namespace {

Checked<CustodyPolicy> read_policy(const CustodyPlace& place,
                                   const std::optional<KeyRecords>& records) {
  const auto yaml = read_file(place.policy, max_custody_policy);
  if (!yaml) return refuse(yaml.error(), "policy");
  if (place.owners.empty()) {
    auto policy = parse_custody_policy(*yaml);
    if (!policy) return refuse(policy.error(), "policy");
    return *std::move(policy);
  }
  std::vector<PublicKey> owners;
  for (const auto& reference : place.owners) {
    auto key = open_public_key(reference);
    if (!key) return refuse(key.error(), "owner");
    // Nothing proves when a policy was signed either.
    if (records) TRY_DO(standing_of(*records, *key, std::nullopt));
    owners.push_back(*std::move(key));
  }
  const auto envelope = read_file(place.policy + ".dsse", max_custody_policy * 2);
  if (!envelope)
    return refuse("policy-unsigned",
                  "no signature of the policy; `boltseal custody sign-policy` makes one", "policy",
                  place.policy + ".dsse", {});
  return open_signed_policy(*yaml, *envelope, owners, place.require);
}

}  // namespace

Checked<CustodyPolicy> open_custody_policy(const CustodyPlace& place) {
  std::optional<KeyRecords> records;
  if (!place.key_records.empty()) {
    TRY(records, KeyRecords::read(place.key_records));
  }
  TRY(auto policy, read_policy(place, records));
  if (records) withdraw_revoked(*records, policy);
  return policy;
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
