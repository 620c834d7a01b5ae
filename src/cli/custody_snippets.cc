// `custody snippets`: seals over tested code, and what became of it in an artifact.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
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
#include "codec/json_writer.h"
#include "custody/chain_show.h"
#include "custody/phase_command.h"
#include "custody/snippet_new.h"
#include "custody/snippet_seal.h"
#include "custody/snippet_sources.h"
#include "custody/snippet_split.h"
#include "scan/texts.h"

namespace boltseal {
namespace {

constexpr std::uint64_t text_limit = 256 << 20;

struct SignSnippets {
  std::vector<std::string> coverage, sources;
  std::string tests, command, key, output;
  PasswordOptions password;

  int run() const;

 private:
  Checked<PhaseEvidence> passed() const;
  Result<std::map<std::string, std::string>> texts(std::vector<std::string>& folders) const;
};

// What says that the tests went well. No: there is nothing to seal then.
Checked<PhaseEvidence> SignSnippets::passed() const {
  if (!command.empty()) {
    const auto run = run_command({"sh", "-c", command});
    if (!run) return refuse(run.error(), "--run");
    if (run->exit_code != 0)
      return refuse("tests-failed", "the tests did not pass: nothing is sealed", "--run", "0",
                    fmt::format("{}", run->exit_code));
    PhaseEvidence out;
    out.name = command;
    out.format = "command";
    out.tests.passed = 1;
    return out;
  }
  const auto bytes = read_file(tests, text_limit);
  if (!bytes) return refuse(bytes.error(), "--tests");
  auto evidence = read_evidence_file(*bytes, tests);
  if (!evidence) return refuse(evidence.error(), "--tests");
  if (evidence->kind != PhaseEvidence::Kind::tests)
    return refuse("evidence-missing", "this holds no results of tests", "--tests",
                  "JUnit XML, TAP "
                  "or go test -json",
                  evidence->format);
  if (evidence->tests.failed != 0)
    return refuse("tests-failed", "the tests did not pass: nothing is sealed", "failed", "0",
                  fmt::format("{}", evidence->tests.failed));
  if (evidence->tests.passed == 0)
    return refuse("tests-too-few", "no test has passed: nothing is sealed", "passed", "at least 1",
                  "0");
  return *std::move(evidence);
}

Result<std::map<std::string, std::string>> SignSnippets::texts(
    std::vector<std::string>& folders) const {
  std::map<std::string, std::string> out;
  for (std::string source : sources) {
    while (source.size() > 1 && source.ends_with('/')) source.pop_back();
    while (source.starts_with("./")) source.erase(0, 2);
    if (source.empty()) source = ".";
    struct stat info{};
    if (::stat(source.c_str(), &info) != 0)
      return std::unexpected(errno_error("cannot look at it", source));
    if (!S_ISDIR(info.st_mode)) {
      TRY(out[source], read_file(source, text_limit));
      continue;
    }
    TRY(auto found, read_texts_of_folder(source, [](std::string_view path) {
          return snippet_language(path) != SnippetLanguage::none;
        }));
    std::erase_if(found, [](const auto& file) { return file.second == left_out_text; });
    folders.push_back(source == "." ? "" : source);
    for (auto& [path, text] : found)
      out[source == "." ? path : source + "/" + path] = std::move(text);
  }
  return out;
}

int SignSnippets::run() const {
  if (tests.empty() == command.empty())
    return complain({Fault::unsupported,
                     "say that the tests passed by --tests FILE or --run COMMAND",
                     "custody snippets sign",
                     {}}),
           Exit::usage;
  const auto signer = open_signer(key, password_source(password));
  if (!signer) return complain(signer.error());
  auto result = passed();
  if (!result) return complain_of_refusal(result.error());
  std::vector<std::string> folders;
  const auto sources_read = texts(folders);
  if (!sources_read) return complain(sources_read.error());
  std::vector<LineCoverage> read;
  for (const auto& name : coverage) {
    const auto bytes = read_file(name, text_limit);
    if (!bytes) return complain(bytes.error());
    auto one = read_line_coverage(*bytes);
    if (!one) return one.error().where = name, complain(one.error());
    read.push_back(*std::move(one));
  }
  auto seal = make_snippet_seal(*sources_read, read, std::move(folders));
  if (!seal) return complain(seal.error());
  seal->tests = *std::move(result);
  seal->created = writing_time();
  const Signer* one = signer->get();
  const auto envelope = sign_dsse(in_toto_payload, write_snippet_seal(*seal), std::span(&one, 1));
  if (!envelope) return complain(envelope.error());
  if (const auto written = write_file_atomically(output, write_dsse(*envelope) + "\n"); !written)
    return complain(written.error());
  const auto covered =
      std::ranges::count_if(seal->snippets, [](const auto& s) { return s.covered > 0; });
  log_note(fmt::format("{} seals {} pieces of code in {} files; {} were never covered", output,
                       covered, seal->files.size(),
                       seal->snippets.size() - static_cast<std::size_t>(covered)));
  return Exit::clean;
}

struct VerifySnippets {
  std::string artifact, seal, under;
  std::vector<std::string> keys, outputs;
  SourceOptions source;
  bool strict = false, fail_on_new = false, all = false, no_sandbox = false;

  int run() const;

 private:
  using Texts = std::map<std::string, std::string>;
  Result<Texts> texts(const Opened& opened, const TextsWanted& what) const;
  Result<std::vector<SnippetAnswer>> unknown(const Opened& opened, const SnippetSeal& of,
                                             const Texts& compared,
                                             const std::vector<SnippetAnswer>& answers) const;
  std::string table(const std::vector<SnippetAnswer>& answers) const;
};

Result<VerifySnippets::Texts> VerifySnippets::texts(const Opened& opened,
                                                    const TextsWanted& what) const {
  std::string_view folder_wanted = trim_end(under, '/');
  while (folder_wanted.starts_with('/') || folder_wanted.starts_with("./"))
    folder_wanted.remove_prefix(folder_wanted.starts_with('/') ? 1 : 2);
  const std::string prefix = folder_wanted.empty() ? "" : std::string(folder_wanted) + "/";
  const NewCodeSearch search{what.folders, what.endings};
  const auto wanted = [&](std::string_view path) {
    return path.starts_with(prefix) &&
           (std::ranges::find(what.names, last_part(path)) != what.names.end() ||
            search.wants(path));
  };
  if (const auto* folder = std::get_if<OpenedDirectory>(&opened))
    return read_texts_of_folder(folder->path, wanted);
  if (const auto* image = std::get_if<OpenedImage>(&opened)) {
    ScanOptions reading;
    reading.sandbox = !no_sandbox;
    TRY(auto found, read_texts(reading, *image, what));
    std::erase_if(found, [&](const auto& file) { return !file.first.starts_with(prefix); });
    return found;
  }
  return fail(Fault::unsupported, "an image or a folder is wanted", artifact);
}

// Code that has come to where the sealed code lies. Without a word of the seal on what else was
// there, a test that it did not touch would be taken for new.
Result<std::vector<SnippetAnswer>> VerifySnippets::unknown(
    const Opened& opened, const SnippetSeal& of, const Texts& compared,
    const std::vector<SnippetAnswer>& answers) const {
  const NewCodeSearch search = new_code_search(of, answers);
  if (fail_on_new && of.folders.empty())
    return fail(Fault::unsupported,
                "the seal does not say which folders it is of, so that --fail-on-new cannot be "
                "answered; sign again, over folders",
                seal);
  const bool refused =
      std::ranges::any_of(answers, [](const auto& a) { return a.state == SnippetState::changed; });
  if (fail_on_new && search.folders.empty() && !refused)
    return fail(Fault::not_found,
                "nothing of the sealed folders lies here as it was sealed, so that what is new "
                "cannot be told",
                artifact);
  if (search.folders.empty()) return std::vector<SnippetAnswer>();
  TRY(const auto found,
      texts(opened, {.names = {}, .endings = search.endings, .folders = search.folders}));
  return new_code(of, compared_paths(of, compared), found);
}

using StateCounts = std::array<std::uint64_t, snippet_states>;

StateCounts counts_of(const std::vector<SnippetAnswer>& answers) {
  StateCounts out{};
  for (const SnippetAnswer& a : answers) ++out[static_cast<std::size_t>(a.state)];
  return out;
}

std::string VerifySnippets::table(const std::vector<SnippetAnswer>& answers) const {
  std::string out;
  for (const SnippetAnswer& a : answers) {
    if (a.state == SnippetState::unchanged && !all) continue;
    out += fmt::format("{:<13}  {}{}  {}", name_of(a.state), a.path,
                       a.first ? fmt::format(":{}", a.first) : "", a.name);
    if (!a.where.empty() && a.state != SnippetState::new_code &&
        (a.where != a.path || a.line != a.first))
      out += fmt::format("  at {}:{}", a.where, a.line);
    out += "\n";
  }
  const auto counts = counts_of(answers);
  for (std::size_t i = 0; i < counts.size(); ++i)
    out += fmt::format("{}{} {}", i == 0 ? "" : ", ", counts[i],
                       name_of(static_cast<SnippetState>(i)));
  return printable(out + "\n", true);
}

std::string answers_as_json(const std::vector<SnippetAnswer>& answers) {
  JsonWriter json;
  json.object().member("schemaVersion", "1.0").key("summary").object();
  const auto counts = counts_of(answers);
  for (std::size_t i = 0; i < counts.size(); ++i)
    json.member(name_of(static_cast<SnippetState>(i)), counts[i]);
  json.end().key("snippets").array();
  for (const SnippetAnswer& a : answers) {
    json.object().member("state", name_of(a.state)).member("path", a.path).member("name", a.name);
    if (a.first) json.member("line", a.first);
    if (!a.where.empty()) json.member("foundAt", a.where).member("foundLine", a.line);
    json.text_if("wanted", a.wanted).text_if("found", a.found).end();
  }
  return json.end().end().take();
}

// Of a seal that nothing is to be read from.
std::string refusal_as_json(const Refusal& refusal) {
  JsonWriter json;
  json.object().member("schemaVersion", "1.0");
  write_refusal(json, "refusal", refusal);
  return json.end().take();
}

int VerifySnippets::run() const {
  const auto wanted = read_outputs(outputs, "table", answer_formats);
  if (!wanted) return complain_of_call(wanted.error());
  std::vector<PublicKey> trusted;
  for (const auto& reference : keys) {
    auto key = open_public_key(reference);
    if (!key) return complain(key.error());
    trusted.push_back(*std::move(key));
  }
  const auto bytes = read_file(seal, max_envelope);
  if (!bytes) return complain(bytes.error());
  const auto envelope = parse_dsse(*bytes);
  if (!envelope) return complain(envelope.error());
  const auto payload = verify_dsse(*envelope, trusted, 1);
  if (!payload) {
    for (const Output& output : *wanted) {
      if (output.format != "json") continue;
      const auto written = write_output(output, refusal_as_json(payload.error()));
      if (!written) return complain(written.error());
    }
    return complain_of_refusal(payload.error(), seal);
  }
  const auto sealed = parse_snippet_seal(payload->bytes());
  if (!sealed) return complain(sealed.error());
  const auto names = sealed_names(*sealed);
  const auto opened = open_source(artifact, source);
  if (!opened) return complain(opened.error());
  const auto found = texts(*opened, {.names = {names.begin(), names.end()}});
  if (!found) return complain(found.error());
  if (found->empty())
    return complain({Fault::not_found,
                     "none of the sealed files is in it, so that nothing can be said",
                     artifact,
                     {}});
  if (const auto doubt = files_in_doubt(*sealed, *found); !doubt.empty())
    return complain(
        {Fault::not_found,
         fmt::format("several files fit a sealed one as well, and differ; name the "
                     "folder that counts with --under ({}{})",
                     printable(doubt.front()),
                     doubt.size() > 1 ? fmt::format("; and {} more", doubt.size() - 1) : ""),
         artifact,
         {}});
  auto answers = compare_snippets(*sealed, *found);
  const auto fresh = unknown(*opened, *sealed, *found, answers);
  if (!fresh) return complain(fresh.error());
  answers.insert(answers.end(), fresh->begin(), fresh->end());
  for (const Output& output : *wanted) {
    const auto written =
        write_output(output, output.format == "json" ? answers_as_json(answers) : table(answers));
    if (!written) return complain(written.error());
  }
  const auto counts = counts_of(answers);
  const auto count = [&](SnippetState state) { return counts[static_cast<std::size_t>(state)]; };
  std::uint64_t bad = count(SnippetState::changed);
  if (strict) bad += count(SnippetState::gone) + count(SnippetState::never_covered);
  if (strict || fail_on_new) bad += count(SnippetState::new_code);
  return bad == 0 ? Exit::clean : Exit::findings;
}

}  // namespace

void add_custody_snippets(Command& custody, int& exit) {
  auto* snippets = custody.add_subcommand("snippets", "Seals over the code that passed its tests")
                       ->require_subcommand(1);
  auto* sign = snippets->add_subcommand("sign", "Seal the functions that the tests ran through");
  const auto signing = std::make_shared<SignSnippets>();
  sign->add_option("SOURCES", signing->sources, "Source files or folders of them")->required();
  sign->add_option(
          "--coverage", signing->coverage,
          "lcov, gcov JSON, coverage.py JSON, Cobertura or JaCoCo XML, Go profile, Istanbul")
      ->required()
      ->allow_extra_args(false);
  sign->add_option("--tests", signing->tests, "Results: JUnit XML, TAP, go test -json");
  sign->add_option("--run", signing->command,
                   "Instead: a command (sh) that ends with 0 on success");
  sign->add_option("--key", signing->key, "Private key")->required();
  sign->add_option("--seal", signing->output, "The file to write")->required();
  add_password_options(*sign, signing->password);
  run_custody(*sign, [signing] { return signing->run(); }, exit);

  auto* verify = snippets->add_subcommand(
      "verify", "Say what became of the sealed code in an artifact; exit code 1 when some changed");
  const auto state = std::make_shared<VerifySnippets>();
  verify->add_option("ARTIFACT", state->artifact, "An image or a folder that holds the sources")
      ->required();
  verify->add_option("--seal", state->seal, "The seal")->required();
  verify->add_option("--key", state->keys, "Public key that must have signed it")
      ->required()
      ->allow_extra_args(false);
  verify->add_option("--under", state->under, "Folder of the artifact to look in, as srv/app");
  verify->add_flag("--strict", state->strict,
                   "Exit code 1 for gone, never covered and new code too");
  verify->add_flag(
      "--fail-on-new", state->fail_on_new,
      "Exit code 1 for new code too: files below the sealed folders that the seal does "
      "not know");
  verify->add_flag("--all", state->all, "Show what is unchanged too");
  verify->add_option("--platform", state->source.platform, "Of an image, as linux/arm64");
  verify->add_flag("--insecure-http", state->source.insecure_http, "Registries without TLS");
  verify->add_flag("--no-sandbox", state->no_sandbox,
                   "Read an image's layers without seccomp and Landlock");
  verify->add_option("-o,--output", state->outputs, "FORMAT or FORMAT=FILE: table, json")
      ->allow_extra_args(false);
  run_custody(*verify, [state] { return state->run(); }, exit);
}

}  // namespace boltseal
