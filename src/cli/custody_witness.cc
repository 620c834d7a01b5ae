// `custody witness verify`: collections of Witness's against a policy of Witness's.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/custody.h"
#include "cli/options.h"
#include "codec/json_writer.h"
#include "crypto/digest.h"
#include "custody/witness_verify.h"
#include "seal/artifact.h"
#include "seal/dsse.h"
#include "seal/evidence.h"

namespace boltseal {
namespace {

struct WitnessCommand {
  std::string policy, artifact, at, output = "table";
  std::vector<std::string> keys, attestations;

  int run() const;

 private:
  Result<WitnessQuestion> question() const;
};

Result<WitnessQuestion> WitnessCommand::question() const {
  WitnessQuestion out;
  TRY(out.policy, read_file(policy, max_envelope));
  for (const std::string& key : keys) {
    TRY(auto owner, open_public_key(key));
    out.owners.push_back(std::move(owner));
  }
  for (const std::string& file : attestations) {
    TRY(out.attestations.emplace_back(), read_file(file, max_envelope));
  }
  if (is_digest(artifact)) {
    out.artifact = artifact;
  } else {
    TRY(const auto file, Artifact::from_file(artifact));
    TRY(out.artifact, file.name());
  }
  const auto moment = at.empty() ? unix_now() : parse_rfc3339(at);
  if (!moment) return fail(Fault::unsupported, "a moment is like 2026-01-02T03:04:05Z", at);
  out.now = *moment;
  return out;
}

int WitnessCommand::run() const {
  const auto asked = question();
  if (!asked) return complain_of_call(asked.error());
  const auto verdict = verify_witness(*asked);
  if (output == "json") {
    JsonWriter json;
    json.object().member("schemaVersion", "1.0").member("holds", verdict.has_value());
    if (!verdict) write_refusal(json.key("refusal"), verdict.error());
    json.key("steps").array();
    for (const WitnessEvidence& step : verdict ? *verdict : std::vector<WitnessEvidence>{})
      json.object()
          .member("step", step.step)
          .member("signer", step.signer)
          .member("attestation", attestations[step.attestation])
          .end();
    const std::string out = json.end().end().take();
    std::fwrite(out.data(), 1, out.size(), stdout);
    return verdict ? Exit::clean : Exit::findings;
  }
  if (!verdict) return complain_of_refusal(verdict.error(), artifact);
  for (const WitnessEvidence& step : *verdict)
    std::fputs(fmt::format("{}  by {}  {}\n", printable(step.step), printable(step.signer),
                           printable(attestations[step.attestation]))
                   .c_str(),
               stdout);
  std::fputs(fmt::format("the policy holds for {}\n", printable(artifact)).c_str(), stdout);
  return Exit::clean;
}

}  // namespace

void add_custody_witness(Command& custody, int& exit) {
  auto* witness = custody.add_subcommand("witness", "Collections and policies of Witness")
                      ->require_subcommand(1);
  auto* command = witness->add_subcommand("verify", "Verify an artifact by a policy of Witness");
  const auto state = std::make_shared<WitnessCommand>();
  command->add_option("ARTIFACT", state->artifact, "The file, or its digest")->required();
  command->add_option("--policy", state->policy, "The policy, in its signed envelope")->required();
  command
      ->add_option("--policy-key", state->keys,
                   "Public key of the policy's owner; one of those given must have signed it")
      ->required()
      ->allow_extra_args(false);
  command
      ->add_option("--attestation", state->attestations, "A signed collection; one for each step")
      ->required()
      ->allow_extra_args(false);
  command->add_option("--at", state->at, "The moment that counts, instead of now");
  command->add_option("-o,--output", state->output, "table or json")
      ->check(one_of({"table", "json"}));
  run_custody(*command, [state] { return state->run(); }, exit);
}

}  // namespace boltseal
