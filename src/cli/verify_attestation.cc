// `verify-attestation`: what trusted keys say about an image, one DSSE envelope a line.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <set>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/image_options.h"
#include "cli/options.h"
#include "codec/json_writer.h"
#include "seal/evidence.h"
#include "seal/predicate.h"

namespace boltseal {
namespace {

struct VerifyAttestationCommand {
  ImageOptions what;
  std::string type = "custom";
  std::vector<std::string> policies;

  int run() const;
  int verify_one(const std::string& reference, ArtifactStore& signatures, const std::string& digest,
                 const ImagePolicy& policy, std::string& out) const;
};

int complain_of(const Refusal& reason, const std::vector<Refused>& refused,
                const ImagePolicy& policy) {
  std::set<std::string> types;
  for (const Refused& one : refused) {
    std::fputs(fmt::format("  {}: {}\n", printable(one.source), one.reason.message()).c_str(),
               stderr);
    if (one.reason.code == "predicate-type-mismatch") types.insert(one.reason.found);
  }
  if (!types.empty() && types.size() == refused.size())
    return seal_complain(
        fmt::format("none of the attestations matched the predicate type: {}, found: {}",
                    policy.predicate_type, printable(fmt::format("{}", fmt::join(types, ",")))),
        seal_error);
  return seal_complain("no matching attestations: " + reason.message(), seal_error);
}

int VerifyAttestationCommand::verify_one(const std::string& reference, ArtifactStore& signatures,
                                         const std::string& digest, const ImagePolicy& policy,
                                         std::string& out) const {
  std::vector<Refused> refused;
  const auto verdict = verify_attestations(signatures, digest, policy, &refused);
  if (what.output == "report") {
    JsonWriter json(true);
    json.object()
        .member("image", reference)
        .member("digest", digest)
        .member("predicateType", policy.predicate_type)
        .member("verified", verdict.has_value());
    if (!verdict) write_refusal(json.key("reason"), verdict.error());
    json.key("attestations").array();
    if (verdict) {
      for (const VerifiedAttached& one : verdict->attached()) {
        json.object().member("source", one.source()).member("form", name_of(one.form()));
        if (one.evidence()) write_evidence(json.key("evidence"), *one.evidence());
        json.texts("keys", one.keys()).key("statement").raw(trim(one.payload())).end();
      }
    }
    json.end();
    write_refused(json, refused);
    out += json.end().take();
  }
  if (!verdict) return complain_of(verdict.error(), refused, policy);
  std::fputs(
      fmt::format("\nVerification for {} --\nThe following checks were performed on each of these "
                  "signatures:\n  - The cosign claims were validated\n{}",
                  printable(reference),
                  policy.trust.keys.empty()
                      ? "  - The code-signing certificate was verified using trusted certificate "
                        "authority certificates\n"
                      : "  - The signatures were verified against the specified public key\n")
          .c_str(),
      stderr);
  if (what.output == "report") return seal_good;
  for (const VerifiedAttached& one : verdict->attached()) out += one.envelope() + "\n";
  return seal_good;
}

int VerifyAttestationCommand::run() const {
  if (!policies.empty())
    return seal_complain(
        "policies in CUE and Rego are not run here: --type, --key, --require and "
        "--certificate-… say what must have been attested; pipe what is printed into cue or opa, "
        "or write the policy of a chain (`boltseal custody init`)",
        Exit::usage);
  if (!what.check_claims)
    log_warning("the subject of a statement is compared with the image all the same");
  ImageTrust trust;
  if (const int failed = read_image_trust(what, trust); failed != seal_good) return failed;
  ImagePolicy& policy = trust.policy;
  auto type_uri = predicate_type_of(type);
  if (!type_uri) return seal_complain(type_uri.error()), Exit::usage;
  policy.predicate_type = std::move(*type_uri);
  std::string out;
  const int exit = for_each_image(what, [&](const std::string& reference, ArtifactStore& signatures,
                                            const std::vector<StoredManifest>& images) {
    return verify_one(reference, signatures, images.front().digest, policy, out);
  });
  // cosign has no code of its own here for an image that is not there.
  const int told = exit == seal_no_image ? static_cast<int>(seal_error) : exit;
  if (exit != seal_good && what.output != "report") return told;
  if (const auto written = write_all(1, out, "standard output"); !written)
    return seal_complain(written.error());
  return told;
}

}  // namespace

void add_verify_attestation(Command& program, int& exit) {
  auto* command = program.add_subcommand("verify-attestation",
                                         "Verify what is attested about an image, and print it");
  const auto state = std::make_shared<VerifyAttestationCommand>();
  add_image_options(*command, state->what, {"json", "text", "report"},
                    "json, text: one envelope a line; report: also what did not hold, and why");
  command
      ->add_option("--type", state->type,
                   fmt::format("{} or a URI", fmt::join(predicate_names(), ", ")))
      ->capture_default_str()
      ->type_name("TYPE");
  command
      ->add_option("--policy", state->policies,
                   "Not taken: CUE and Rego are not run here; the refusal says what is")
      ->type_name("FILE");
  command->add_flag("--check-claims", state->what.check_claims,
                    "Accepted for cosign's sake: a statement's subject is always compared");
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
