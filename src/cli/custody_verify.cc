// `custody gate`, `custody verify`, `custody show`: whether the chain holds, and where it broke.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/custody.h"
#include "cli/options.h"
#include "custody/chain_show.h"
#include "custody/witness_collection.h"

namespace boltseal {
namespace {

constexpr std::array<std::string_view, 4> picture_formats = {"table", "json", "svg", "html"};

struct VerifyCommand {
  CustodyPlace place;
  std::string phase;  // of gate
  std::string from;
  std::vector<std::string> to, outputs, images;
  std::string artifact, image, file;
  std::vector<std::string> keys;  // of `file`
  SourceOptions source;

  int gate() const;
  int show_file() const;
  int verify() const;
  int show() const;

 private:
  int draw(const CustodyPolicy& policy, const CustodyVerdict& verdict, bool table = true) const;
  int refuse_all(const CustodyPolicy& policy, const Refusal& refusal) const;
  Result<std::optional<Refusal>> check_end(const CustodyVerdict& verdict,
                                           const std::vector<std::string>& ends) const;
};

int VerifyCommand::draw(const CustodyPolicy& policy, const CustodyVerdict& verdict,
                        bool table) const {
  const auto wanted = read_outputs(outputs, "table", picture_formats);
  if (!wanted) return complain_of_call(wanted.error());
  const CustodyPicture picture{policy, verdict, !place.owners.empty()};
  for (const Output& output : *wanted) {
    if (!table && output.format == "table") continue;
    const auto written = write_output(output, output.format == "json"   ? custody_json(picture)
                                              : output.format == "svg"  ? custody_svg(picture)
                                              : output.format == "html" ? custody_html(picture)
                                                                        : custody_text(picture));
    if (!written) return complain(written.error());
  }
  return Exit::clean;
}

// No hop could be judged. Programs get their document all the same, and no older one stays behind.
int VerifyCommand::refuse_all(const CustodyPolicy& policy, const Refusal& refusal) const {
  CustodyVerdict verdict;
  verdict.refusal = refusal;
  const int exit = draw(policy, verdict, false);
  return exit == Exit::clean ? complain_of_refusal(refusal) : exit;
}

int VerifyCommand::gate() const {
  const auto policy = open_custody_policy(place);
  if (!policy) return complain_of_refusal(policy.error());
  const CustodyPhase* now = policy->phase(phase);
  if (!now)
    return complain_of_refusal(
        {"phase-unknown", "phase", {}, phase, "the policy has no phase of that name"});
  const auto records = load_records(place.records);
  if (!records) return complain_of_refusal(records.error());
  const auto moment = custody_now(place);
  if (!moment) return complain_of_call(moment.error());
  CustodyVerdict verdict;
  if (!now->after.empty()) {
    verdict = verify_custody(*policy, *records, {now->after, {}, *moment, place.min_version});
    if (!verdict.holds())
      return complain_of_refusal(*verdict.refusal, "the gate to " + phase + " stays shut");
  }
  const auto here = collect_artifacts_here(place, now->materials, images, source);
  if (!here) return complain(here.error());
  if (const auto wrong = check_materials(*now, *here, verdict))
    return complain_of_refusal(*wrong, "the gate to " + phase + " stays shut");
  log_note(fmt::format("the gate to {} is open: {} phases hold", phase, verdict.hops.size()));
  return Exit::clean;
}

// Whether what the caller holds came out of the chain.
Result<std::optional<Refusal>> VerifyCommand::check_end(
    const CustodyVerdict& verdict, const std::vector<std::string>& ends) const {
  if (!artifact.empty()) {
    TRY(const auto sha256, sha256_of_file(artifact));
    if (auto wrong = check_known_file(verdict, sha256)) return wrong;
  }
  if (!image.empty()) {
    TRY(const auto found, image_artifact(image, source));
    if (auto wrong = check_known_image(verdict, ends, found.sha256)) return wrong;
  }
  return std::optional<Refusal>{};
}

int VerifyCommand::verify() const {
  const auto policy = open_custody_policy(place);
  if (!policy) return refuse_all({}, policy.error());
  const auto records = load_records(place.records);
  if (!records) return refuse_all(*policy, records.error());
  const auto moment = custody_now(place);
  if (!moment) return complain_of_call(moment.error());
  const auto ends = to.empty() ? last_phases(*policy) : to;
  auto verdict = verify_custody(*policy, *records, {ends, from, *moment, place.min_version});
  if (verdict.holds()) {
    auto end = check_end(verdict, ends);
    if (!end) return complain(end.error());
    verdict.refusal = *end;
  }
  if (const int exit = draw(*policy, verdict); exit != Exit::clean) return exit;
  return verdict.holds() ? Exit::clean : Exit::findings;
}

// A collection of Witness's. Without a key nobody vouches for what it says.
int VerifyCommand::show_file() const {
  const auto wanted = read_outputs(outputs, "table", answer_formats);
  if (!wanted) return complain_of_call(wanted.error());
  const auto text = read_file(file, max_envelope);
  if (!text) return complain(text.error());
  const auto envelope = parse_dsse(*text);
  if (!envelope) return complain(envelope.error());
  std::vector<PublicKey> trusted;
  for (const auto& reference : keys) {
    auto key = open_public_key(reference);
    if (!key) return complain(key.error());
    trusted.push_back(*std::move(key));
  }
  if (trusted.empty()) {
    log_warning("no --key is given: the signature is not checked");
  } else if (const auto verified = verify_dsse(*envelope, trusted, 1); !verified) {
    return complain_of_refusal(verified.error(), file);
  }
  const auto statement = parse_statement(envelope->payload);
  if (!statement) return complain(statement.error());
  const auto collection = read_witness_collection(*statement);
  if (!collection) return complain(collection.error());
  for (const Output& output : *wanted) {
    const auto written = write_output(
        output, output.format == "json" ? witness_json(*collection) : witness_text(*collection));
    if (!written) return complain(written.error());
  }
  return Exit::clean;
}

int VerifyCommand::show() const {
  if (!file.empty()) return show_file();
  const auto policy = open_custody_policy(place);
  if (!policy) return refuse_all({}, policy.error());
  const auto records = load_records(place.records);
  if (!records) return refuse_all(*policy, records.error());
  const auto moment = custody_now(place);
  if (!moment) return complain_of_call(moment.error());
  auto ends = to.empty() ? last_phases(*policy, &*records) : to;
  const bool none = ends.empty();
  if (none) {
    log_note("no phase has a record yet");
    ends = last_phases(*policy);
  }
  const CustodyQuestion question{ends, from, *moment, place.min_version};
  return draw(*policy, verify_custody(*policy, *records, question), !none);
}

}  // namespace

void add_custody_verify(Command& custody, int& exit) {
  auto* gate = custody.add_subcommand(
      "gate",
      "Refuse (exit code 1) unless the phases before this one hold, and its files are theirs");
  const auto shut = std::make_shared<VerifyCommand>();
  gate->add_option("PHASE", shut->phase, "The phase that is to begin")->required();
  gate->add_option("--material-image", shut->images, "Image that it is to take")
      ->allow_extra_args(false);
  gate->add_option("--platform", shut->source.platform, "Of images, as linux/arm64");
  gate->add_flag("--insecure-http", shut->source.insecure_http, "Registries without TLS");
  add_custody_place(*gate, shut->place);
  run_custody(*gate, [shut] { return shut->gate(); }, exit);

  const auto add = [&](const char* name, const char* what, bool verify) {
    auto* command = custody.add_subcommand(name, what);
    const auto state = std::make_shared<VerifyCommand>();
    command->add_option("--from", state->from, "Phase to begin with");
    command->add_option("--to", state->to, "Phase to end with; the last one when not given")
        ->allow_extra_args(false);
    command
        ->add_option("-o,--output", state->outputs,
                     "FORMAT or FORMAT=FILE, several behind commas: table, json, svg, html")
        ->allow_extra_args(false);
    if (verify) {
      command->add_option("--artifact", state->artifact, "A file that must come out of the chain");
      command->add_option("--image", state->image, "An image that must come out of it");
      command->add_option("--platform", state->source.platform, "Of the image, as linux/arm64");
      command->add_flag("--insecure-http", state->source.insecure_http, "Registries without TLS");
    }
    if (!verify) {
      command->add_option("FILE", state->file,
                          "Show this collection of Witness's instead of the project's chain");
      command->add_option("--key", state->keys, "Public key that must have signed FILE")
          ->allow_extra_args(false);
    }
    add_custody_place(*command, state->place);
    run_custody(
        *command, [state, verify] { return verify ? state->verify() : state->show(); }, exit);
  };
  add("verify",
      "Verify the chain offline; exit code 1 and the first broken hop when it does not hold", true);
  add("show", "Draw the chain", false);
}

}  // namespace boltseal
