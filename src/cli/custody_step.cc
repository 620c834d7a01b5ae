// `custody step` does a phase and records it; `custody cosign` puts another name under a record.
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/custody.h"
#include "cli/options.h"

namespace boltseal {
namespace {

constexpr std::uint64_t evidence_limit = 256 << 20;

struct StepCommand {
  CustodyPlace place;
  std::string phase, key, timestamp_url;
  PasswordOptions password;
  std::vector<std::string> command, materials, products, evidence, environment;
  std::vector<std::string> material_images, product_images;
  SourceOptions source;
  bool no_gate = false;

  int run() const;

 private:
  std::optional<Refusal> gate(const CustodyPolicy& policy, const CustodyPhase& now,
                              const std::vector<StoredRecord>& records, const PublicKey& signer,
                              const std::vector<PhaseArtifact>& taken) const;
  Result<CustodyRecord> perform(const CustodyPolicy& policy, const CustodyPhase& now,
                                const std::vector<StoredRecord>& records,
                                std::vector<PhaseArtifact> taken) const;
  Result<std::string> keep(const Signer& signer, CustodyRecord& record) const;
};

// Both of two lists, one behind the other.
std::vector<std::string> joined(std::vector<std::string> one, const std::vector<std::string>& two) {
  one.insert(one.end(), two.begin(), two.end());
  return one;
}

std::optional<Refusal> StepCommand::gate(const CustodyPolicy& policy, const CustodyPhase& now,
                                         const std::vector<StoredRecord>& records,
                                         const PublicKey& signer,
                                         const std::vector<PhaseArtifact>& taken) const {
  const auto allowed = policy.keys_of(now.keys);
  if (const auto counts = policy.trust.standing(signer, {}); !counts) return counts.error();
  if (std::ranges::find(allowed, signer) == allowed.end())
    return Refusal{"key-not-allowed", "key", join(now.keys, ", "), policy.name_of_key(signer.id()),
                   "this key may not sign the phase"};
  const auto moment = custody_now(place);
  if (!moment) return refuse(moment.error(), "--at").error();
  CustodyVerdict verdict;
  if (!now.after.empty()) {
    verdict = verify_custody(policy, records, {now.after, {}, *moment, place.min_version});
    if (!verdict.holds()) return verdict.refusal;
  }
  verdict.hops.push_back({now.name, nullptr, {policy.name_of_key(signer.id())}, {}, false});
  if (auto wrong = check_separation(policy, verdict.hops)) return wrong;
  return check_materials(now, taken, verdict);
}

Result<CustodyRecord> StepCommand::perform(const CustodyPolicy& policy, const CustodyPhase& now,
                                           const std::vector<StoredRecord>& records,
                                           std::vector<PhaseArtifact> taken) const {
  CustodyRecord record;
  record.project = policy.project;
  record.phase = now.name;
  for (const auto& earlier : now.after)
    if (const auto* last = last_of(records, earlier))
      record.previous.push_back({earlier, last->sha256});
  record.policy_version = policy.version;
  record.policy_sha256 = policy.sha256;
  record.materials = std::move(taken);
  record.command = command;
  for (std::string& word : record.command) word = valid_or_replaced_utf8(word);
  record.git = git_state(".", records_in_tree(place));
  record.started = writing_time();
  CommandRun run;
  if (command.empty()) {
    run.out.sha256 = run.err.sha256 = sha256_hex("");
  } else {
    TRY(run, run_command(command));
  }
  record.finished = std::max(record.started, writing_time());
  record.exit_code = run.exit_code;
  record.out = std::move(run.out);
  record.err = std::move(run.err);
  TRY(record.products,
      collect_artifacts_here(place, joined(now.products, products), product_images, source));
  for (const auto& name : evidence) {
    const auto bytes = read_file(name, evidence_limit);
    if (!bytes && run.exit_code != 0) continue;  // a command that failed need not have written it
    if (!bytes) return std::unexpected(bytes.error());
    TRY(auto read, read_evidence_file(*bytes, name));
    record.evidence.push_back(std::move(read));
  }
  record.environment = allowed_environment(joined(now.environment, environment));
  utsname host{};
  if (::uname(&host) == 0) record.system = host.sysname, record.machine = host.machine;
  return record;
}

// The record gets its number only here: phases that do not rest on each other run side by side.
Result<std::string> StepCommand::keep(const Signer& signer, CustodyRecord& record) const {
  TRY(const auto lock, lock_records(place.records));
  const auto records = load_records(place.records);
  if (!records) return fail(Fault::corrupt, records.error().message(), place.records);
  record.sequence = records->size() + 1;
  if (!records->empty()) record.before = records->back().sha256;
  const Signer* one = &signer;
  TRY(const auto envelope, sign_dsse(in_toto_payload, write_record(record), std::span(&one, 1)));
  return append_record(place.records, record, envelope);
}

int StepCommand::run() const {
  const auto policy = open_custody_policy(place);
  if (!policy) return complain_of_refusal(policy.error());
  const CustodyPhase* now = policy->phase(phase);
  if (!now)
    return complain({Fault::unsupported, "the policy has no phase of that name", phase, {}}),
           Exit::usage;
  const auto records = load_records(place.records);
  if (!records) return complain_of_refusal(records.error());
  const auto signer = open_signer(key, password_source(password));
  if (!signer) return complain(signer.error());
  auto taken =
      collect_artifacts_here(place, joined(now->materials, materials), material_images, source);
  if (!taken) return complain(taken.error());
  if (!no_gate) {
    if (const auto wrong = gate(*policy, *now, *records, (*signer)->public_key(), *taken))
      return complain_of_refusal(*wrong, "the gate to " + phase + " stays shut");
  }
  auto record = perform(*policy, *now, *records, *std::move(taken));
  if (!record) return complain(record.error());
  const auto file = keep(**signer, *record);
  if (!file) return complain(file.error());
  log_note(fmt::format("recorded {} in {}/{}", phase, place.records, *file));
  if (!timestamp_url.empty()) {
    const auto stamped = stamp_record(place, timestamp_url, (*signer)->public_key(),
                                      sha256_hex(write_record(*record)));
    if (!stamped) return complain(stamped.error());
  }
  if (record->exit_code != 0) return record->exit_code;
  if (const auto wrong = check_evidence(*policy, *now, *record))
    return complain_of_refusal(*wrong, "the record is written, but no gate will take it");
  return Exit::clean;
}

struct CosignCommand {
  CustodyPlace place;
  std::string phase, key, timestamp_url;
  PasswordOptions password;

  int run() const;
};

int CosignCommand::run() const {
  const auto policy = open_custody_policy(place);
  if (!policy) return complain_of_refusal(policy.error());
  const auto signer = open_signer(key, password_source(password));
  if (!signer) return complain(signer.error());
  const auto lock = lock_records(place.records);
  if (!lock) return complain(lock.error());
  const auto records = load_records(place.records);
  if (!records) return complain_of_refusal(records.error());
  const CustodyPhase* now = policy->phase(phase);
  const StoredRecord* last = now ? last_of(*records, phase) : nullptr;
  if (!last)
    return complain_of_refusal({"phase-missing", "phase", phase, {}, "the phase has no record"});
  const PublicKey& mine = (*signer)->public_key();
  const auto allowed = policy->keys_of(now->keys);
  if (std::ranges::find(allowed, mine) == allowed.end())
    return complain_of_refusal({"key-not-allowed", "key", join(now->keys, ", "),
                                policy->name_of_key(mine.id()), "this key may not sign the phase"});
  // Nobody puts a name under what no one who may has vouched for.
  const auto signed_before = policy->verify(last->envelope, now->keys, 1);
  if (!signed_before) return complain_of_refusal(signed_before.error(), last->file);
  if (std::ranges::find(signed_before->keys(), mine.id()) != signed_before->keys().end())
    return complain({Fault::unsupported, "this key has signed the record already", last->file, {}});
  const Signer* one = signer->get();
  auto more = sign_dsse(in_toto_payload, last->envelope.payload, std::span(&one, 1));
  if (!more) return complain(more.error());
  StoredRecord again = *last;
  again.envelope.signatures.push_back(more->signatures.front());
  if (const auto stamped = stamp_signatures(timestamp_url, mine, again.envelope); !stamped)
    return complain(stamped.error());
  if (const auto written = rewrite_record(place.records, again); !written)
    return complain(written.error());
  log_note(fmt::format("{} has {} signatures; {} of {} keys are needed", last->file,
                       again.envelope.signatures.size(), now->threshold, now->keys.size()));
  return Exit::clean;
}

}  // namespace

void add_custody_step(Command& custody, int& exit) {
  auto* command = custody.add_subcommand(
      "step", "Do a phase and record it: its command, what it took, what it made");
  const auto state = std::make_shared<StepCommand>();
  command->add_option("PHASE", state->phase, "Its name in the policy")->required();
  command->add_option("COMMAND", state->command, "Behind --: what is run; its exit code is ours");
  command->add_option("--key", state->key, "Private key that signs the record")->required();
  const auto add = [&](const char* name, std::vector<std::string>& into, const char* what) {
    command->add_option(name, into, what)->allow_extra_args(false);  // what follows is the command
  };
  add("--materials", state->materials, "Glob of files that it takes, besides those of the policy");
  add("--products", state->products, "Glob of files that it makes");
  add("--material-image", state->material_images, "Image that it takes");
  add("--product-image", state->product_images, "Image that it makes: oci:DIR, NAME@sha256:…, …");
  add("--evidence", state->evidence,
      "JUnit XML, TAP, go test -json, a scan's JSON, an attestation (DSSE)");
  add("--environment", state->environment,
      "Variable to record; the value of a name that looks secret never is");
  command->add_option("--platform", state->source.platform, "Of images, as linux/arm64");
  command->add_flag("--insecure-http", state->source.insecure_http, "Registries without TLS");
  command->add_flag("--no-gate", state->no_gate,
                    "Record without asking whether the phases before hold; a verifier asks");
  add_custody_timestamp(*command, state->timestamp_url);
  add_custody_place(*command, state->place);
  add_password_options(*command, state->password);
  run_custody(*command, [state] { return state->run(); }, exit);

  auto* cosign = custody.add_subcommand("cosign", "Sign the last record of a phase too");
  const auto signing = std::make_shared<CosignCommand>();
  cosign->add_option("PHASE", signing->phase, "Its name in the policy")->required();
  cosign->add_option("--key", signing->key, "Private key of another who may sign it")->required();
  add_custody_timestamp(*cosign, signing->timestamp_url);
  add_custody_place(*cosign, signing->place);
  add_password_options(*cosign, signing->password);
  run_custody(*cosign, [signing] { return signing->run(); }, exit);
}

}  // namespace boltseal
