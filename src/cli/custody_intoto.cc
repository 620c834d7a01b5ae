// `custody in-toto`: layouts and links of in-toto, for those who have them or need them.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/custody.h"
#include "cli/options.h"
#include "custody/chain_show.h"
#include "custody/intoto_verify.h"

namespace boltseal {
namespace {

struct VerifyLayout {
  std::string layout, at;
  std::vector<std::string> keys, parameters;  // NAME=VALUE
  std::string output = "table";
  InTotoOptions options;

  int run();

 private:
  Result<> read_options();
};

// PEM, or securesystemslib's JSON of a key.
Result<InTotoKey> open_in_toto_key(const std::string& reference) {
  const auto text = read_file(reference, 1 << 20);
  if (text && trim(*text).starts_with('{')) {
    TRY(const auto document, parse_json(*text));
    return read_in_toto_key(document.root(), "");
  }
  TRY(const auto key, open_public_key(reference));
  return in_toto_key_of(key);
}

Result<> VerifyLayout::read_options() {
  for (const auto& reference : keys) {
    TRY(auto key, open_in_toto_key(reference));
    options.owners.push_back(std::move(key));
  }
  if (!parameters.empty()) options.parameters.emplace();
  for (const auto& text : parameters) {
    const auto pair = cut(text, "=");
    if (!pair) return fail(Fault::unsupported, "a parameter is given as NAME=VALUE", text);
    options.parameters->emplace(pair->first, pair->second);
  }
  options.now = unix_now();
  if (at.empty()) return {};
  const auto moment = parse_rfc3339(at);
  if (!moment) return fail(Fault::unsupported, "a moment is like 2026-01-02T03:04:05Z", at);
  options.now = *moment;
  return {};
}

int VerifyLayout::run() {
  const auto text = read_file(layout, max_envelope);
  if (!text) return complain(text.error());
  if (const auto read = read_options(); !read) return complain_of_call(read.error());
  const auto outcome = verify_in_toto(*text, options);
  if (outcome)
    for (const auto& warning : outcome->warnings) log_warning(printable(warning));
  if (output == "json") {
    JsonWriter json;
    json.object().member("schemaVersion", "1.0").member("holds", outcome.has_value());
    if (!outcome) write_refusal(json, "refusal", outcome.error());
    if (outcome) json.texts("warnings", outcome->warnings).key("products").object();
    if (outcome) {
      for (const auto& [path, digests] : outcome->summary.products) {
        json.key(path).object();
        for (const auto& [algorithm, digest] : digests) json.member(algorithm, digest);
        json.end();
      }
      json.end();
    }
    const std::string out = json.end().take();
    if (const auto written = write_output({"json", {}}, out); !written)
      return complain(written.error());
    return outcome ? Exit::clean : Exit::findings;
  }
  if (!outcome) return complain_of_refusal(outcome.error(), layout);
  std::fputs(
      fmt::format("the supply chain holds: {} files at its end\n", outcome->summary.products.size())
          .c_str(),
      stdout);
  return Exit::clean;
}

struct RunStep {
  std::string name, key, folder = ".";
  PasswordOptions password;
  std::vector<std::string> command, materials, products;
  bool dsse = false;

  int run() const;

 private:
  Result<InTotoArtifacts> collect(const std::vector<std::string>& globs) const;
};

Result<InTotoArtifacts> RunStep::collect(const std::vector<std::string>& globs) const {
  TRY(const auto files, collect_artifacts(".", globs, {}));
  InTotoArtifacts out;
  for (const PhaseArtifact& a : files)
    if (a.mode != "120000" && !a.path.ends_with(".link")) out[a.path] = {{"sha256", a.sha256}};
  return out;
}

int RunStep::run() const {
  const auto signer = open_signer(key, password_source(password));
  if (!signer) return complain(signer.error());
  const auto id = in_toto_key_of((*signer)->public_key());
  if (!id) return complain(id.error());
  InTotoLink link{name, command, {}, {}};
  auto before = collect(materials);
  if (!before) return complain(before.error());
  int code = 0;
  if (!command.empty()) {
    const auto run = run_command(command);
    if (!run) return complain(run.error());
    code = run->exit_code;
  }
  auto after = collect(products);
  if (!after) return complain(after.error());
  link.materials = *std::move(before);
  link.products = *std::move(after);
  const auto file = sign_in_toto(write_in_toto_link(link, code), **signer, dsse);
  if (!file) return complain(file.error());
  const std::string path = folder + "/" + in_toto_link_name(name, id->id);
  if (const auto written = write_file_atomically(path, *file); !written)
    return complain(written.error());
  log_note(fmt::format("{} is written", path));
  return code;
}

struct SignLayout {
  std::string file, key, output;
  PasswordOptions password;
  bool dsse = false;

  int run() const {
    const auto text = read_file(file, max_envelope);
    if (!text) return complain(text.error());
    const auto signer = open_signer(key, password_source(password));
    if (!signer) return complain(signer.error());
    const auto made = sign_in_toto(*text, **signer, dsse);
    if (!made) return complain(made.error());
    const auto written = write_file_atomically(output.empty() ? file : output, *made);
    return written ? Exit::clean : complain(written.error());
  }
};

struct ShowKey {
  std::string key;

  int run() const {
    const auto read = open_in_toto_key(key);
    if (!read) return complain(read.error());
    std::fputs((write_in_toto_key(*read) + "\n").c_str(), stdout);
    return Exit::clean;
  }
};

void add_run(Command& in_toto, int& exit) {
  auto* run = in_toto.add_subcommand("run", "Run a command and write the link of the step");
  const auto running = std::make_shared<RunStep>();
  run->add_option("NAME", running->name, "The step's name in the layout")->required();
  run->add_option("COMMAND", running->command, "Behind --: what is run; its exit code is ours");
  run->add_option("--key", running->key, "Private key of the functionary")->required();
  run->add_option("--materials", running->materials, "Glob of files that it takes")
      ->allow_extra_args(false);
  run->add_option("--products", running->products, "Glob of files that it makes")
      ->allow_extra_args(false);
  run->add_option("--link-dir", running->folder, "Where the link goes")->capture_default_str();
  run->add_flag("--dsse", running->dsse, "A DSSE envelope instead of a metablock");
  add_password_options(*run, running->password);
  run_custody(*run, [running] { return running->run(); }, exit);
}

}  // namespace

void add_custody_in_toto(Command& custody, int& exit) {
  auto* in_toto =
      custody.add_subcommand("in-toto", "Layouts and links of in-toto")->require_subcommand(1);
  auto* verify = in_toto->add_subcommand("verify", "Verify a supply chain by its layout");
  const auto state = std::make_shared<VerifyLayout>();
  verify->add_option("--layout", state->layout, "The layout")->required();
  verify
      ->add_option("--verification-keys", state->keys,
                   "Public keys of its owners; each must have signed it")
      ->required();
  verify->add_option("--link-dir", state->options.link_folder, "Where the links are")
      ->capture_default_str();
  verify->add_option("--parameter", state->parameters, "NAME=VALUE for {NAME} in the layout")
      ->allow_extra_args(false);
  verify->add_flag("--allow-inspections", state->options.allow_inspections,
                   "Run the commands that the layout names, here");
  verify->add_option("--inspection-timeout", state->options.inspection_seconds, "Seconds for each")
      ->capture_default_str();
  verify->add_option("--at", state->at, "The moment that counts for expiry, instead of now");
  verify->add_option("-o,--output", state->output, "table or json")
      ->check(one_of({"table", "json"}));
  run_custody(*verify, [state] { return state->run(); }, exit);
  add_run(*in_toto, exit);

  auto* sign = in_toto->add_subcommand("sign", "Sign a layout (or link) written as JSON");
  const auto signing = std::make_shared<SignLayout>();
  sign->add_option("FILE", signing->file, "The layout; is written again with the signature")
      ->required();
  sign->add_option("--key", signing->key, "Private key of its owner")->required();
  sign->add_option("--output", signing->output, "Another file to write");
  sign->add_flag("--dsse", signing->dsse, "A DSSE envelope instead of a metablock");
  add_password_options(*sign, signing->password);
  run_custody(*sign, [signing] { return signing->run(); }, exit);

  auto* key = in_toto->add_subcommand("key", "Print a public key as a layout holds it");
  const auto shown = std::make_shared<ShowKey>();
  key->add_option("KEY", shown->key, "PEM or JSON")->required();
  run_custody(*key, [shown] { return shown->run(); }, exit);
}

}  // namespace boltseal
