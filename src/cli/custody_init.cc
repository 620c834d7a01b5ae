// `custody init` writes a first policy; `custody sign-policy` puts an owner's name under it.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/custody.h"
#include "cli/options.h"
#include "codec/json_writer.h"

namespace boltseal {
namespace {

struct InitCommand {
  std::string file = "custody.yaml", project, layout;
  std::vector<std::string> phases, keys;  // keys: PHASE=FILE; with a layout NAME=FILE

  Result<std::string> policy() const;
  Result<std::string> policy_of_layout() const;
  int run() const;
};

// "alice.pub" → "alice"
std::string key_name(std::string_view reference) {
  reference = reference.substr(reference.rfind('/') + 1);
  for (const std::string_view ending : {".pub", ".pem", ".key"})
    if (reference.ends_with(ending)) reference.remove_suffix(ending.size());
  return std::string(reference);
}

Result<std::string> InitCommand::policy() const {
  std::vector<PhaseKey> named;
  for (const auto& text : keys) {
    const auto pair = cut(text, "=");
    if (!pair || std::ranges::find(phases, pair->first) == phases.end())
      return fail(Fault::unsupported, "a key is given as PHASE=FILE, of a phase that there is",
                  text);
    const std::string reference(pair->second);
    TRY(const auto key, open_public_key(reference));
    named.push_back({std::string(pair->first), key_name(reference), key.pem()});
    for (const PhaseKey& other : named)
      if (other.name == named.back().name && other.pem != named.back().pem)
        return fail(Fault::unsupported, "two different keys of one name; rename the file",
                    reference);
  }
  for (const auto& phase : phases) {
    if (!is_phase_name(phase))
      return fail(Fault::unsupported, "a phase has a name of letters, digits and hyphens", phase);
    if (std::ranges::find(named, phase, &PhaseKey::phase) == named.end())
      return fail(Fault::unsupported, fmt::format("who may sign it? --key {}=PUBLIC-KEY", phase),
                  phase);
  }
  const auto name = project.empty() ? std::filesystem::current_path().filename().string() : project;
  std::string text = custody_template(name, phases, named);
  TRY(const auto checked, parse_custody_policy(text));
  return text;
}

// A file that has all but the keys, which are put behind it.
Result<std::string> InitCommand::policy_of_layout() const {
  TRY(auto text, read_file(layout, max_custody_policy));
  text += text.ends_with('\n') ? "\nkeys:\n" : "\n\nkeys:\n";
  for (const auto& given : keys) {
    const auto pair = cut(given, "=");
    if (!pair) return fail(Fault::unsupported, "a key is given as NAME=FILE", given);
    TRY(const auto key, open_public_key(std::string(pair->second)));
    text += fmt::format("  {}: |\n", json_quote(pair->first));
    each_line(key.pem(), [&](std::string_view line) { text += fmt::format("    {}\n", line); });
  }
  TRY(const auto checked, parse_custody_policy(text));
  return text;
}

int InitCommand::run() const {
  if (layout.empty() == phases.empty())
    return complain({Fault::unsupported,
                     "name the phases, or a --layout that has them",
                     "custody init",
                     {}}),
           Exit::usage;
  if (::access(file.c_str(), F_OK) == 0)
    return complain({Fault::io, "this file is there already", file, {}});
  const auto text = layout.empty() ? policy() : policy_of_layout();
  if (!text) return complain_of_call(text.error());
  if (const auto written = write_file_atomically(file, *text); !written)
    return complain(written.error());
  log_note(
      fmt::format("{} is written: look it over, then sign it with `boltseal custody "
                  "sign-policy --key OWNER`",
                  file));
  return Exit::clean;
}

struct SignPolicyCommand {
  CustodyPlace place;
  std::string key, timestamp_url;
  PasswordOptions password;

  int run() const;
};

int SignPolicyCommand::run() const {
  const auto yaml = read_file(place.policy, max_custody_policy);
  if (!yaml) return complain(yaml.error());
  if (const auto policy = parse_custody_policy(*yaml); !policy) return complain(policy.error());
  const auto signer = open_signer(key, password_source(password));
  if (!signer) return complain(signer.error());
  const Signer* one = signer->get();
  auto envelope = sign_dsse(custody_policy_payload, *yaml, std::span(&one, 1));
  if (!envelope) return complain(envelope.error());
  if (const auto stamped = stamp_signatures(timestamp_url, one->public_key(), *envelope); !stamped)
    return complain(stamped.error());
  const std::string file = place.policy + ".dsse";
  // Owners of before stay when they have signed these very bytes; an owner twice counts once.
  if (const auto old = read_file(file, max_custody_policy * 2); old) {
    const auto before = parse_dsse(*old);
    if (before && before->payload == *yaml && before->payload_type == custody_policy_payload)
      for (const DsseSignature& signature : before->signatures)
        if (signature.key_id != one->public_key().id()) envelope->signatures.push_back(signature);
  }
  std::ranges::sort(envelope->signatures, {}, &DsseSignature::key_id);
  if (const auto written = write_file_atomically(file, write_dsse(*envelope) + "\n"); !written)
    return complain(written.error());
  log_note(fmt::format("{} has {} of the policy", file,
                       envelope->signatures.size() == 1
                           ? "one signature"
                           : fmt::format("{} signatures", envelope->signatures.size())));
  return Exit::clean;
}

}  // namespace

void add_custody_init(Command& custody, int& exit) {
  auto* command = custody.add_subcommand("init", "Write a first policy with the phases given");
  const auto state = std::make_shared<InitCommand>();
  command->add_option("PHASES", state->phases, "In their order: source test build …");
  command->add_option("--layout", state->layout,
                      "A policy without keys to begin with; --key is NAME=FILE then");
  command->add_option("--key", state->keys, "PHASE=FILE: a public key that may sign the phase")
      ->allow_extra_args(false);
  command->add_option("--project", state->project, "Its name; the folder's when not given");
  command->add_option("--policy", state->file, "The file to write")->capture_default_str();
  run_custody(*command, [state] { return state->run(); }, exit);

  auto* sign = custody.add_subcommand("sign-policy", "Sign the policy as one of its owners");
  const auto signing = std::make_shared<SignPolicyCommand>();
  sign->add_option("--policy", signing->place.policy, "The policy; POLICY.dsse is written")
      ->capture_default_str();
  sign->add_option("--key", signing->key, "An owner's private key")->required();
  add_custody_timestamp(*sign, signing->timestamp_url);
  add_password_options(*sign, signing->password);
  run_custody(*sign, [signing] { return signing->run(); }, exit);
}

}  // namespace boltseal
