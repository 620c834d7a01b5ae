// The program: which commands there are, and what a wrong call says. Real things are wired in this
// folder and nowhere else.
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/config.h"
#include "cli/hints.h"

namespace {

constexpr std::string_view description =
    "Boltseal says what is in a container image, what is wrong with it, and proves every word of "
    "it.\n"
    "Start with:  boltseal scan IMAGE";

// The command that the words choose, with those of its own; null when they choose none.
const CLI::App* called(const CLI::App& program, int argc, char** argv) {
  const CLI::App* command = nullptr;
  for (int i = 1; i < argc; ++i) {
    const auto named = (command ? *command : program).get_subcommands([&](const CLI::App* one) {
      return one->get_name() == argv[i];
    });
    if (!named.empty()) command = named.front();
  }
  return command;
}

// CLI11's own words first, then what was probably meant. An option that the command has is meant.
int complain_of_words(const CLI::App& program, const CLI::ParseError& error, int argc,
                      char** argv) {
  if (program.exit(error) == 0) return boltseal::Exit::clean;  // --help, --version
  std::vector<std::string> names;
  for (const auto* command : program.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  const CLI::App* command = called(program, argc, argv);
  std::vector<std::string_view> words;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const std::string option(word.substr(0, word.find('=')));
    if (!command || !command->get_option_no_throw(option)) words.push_back(word);
  }
  const std::string hint =
      boltseal::hint_for(words, std::vector<std::string_view>(names.begin(), names.end()));
  if (!hint.empty()) std::fputs((hint + "\n").c_str(), stderr);
  return boltseal::Exit::usage;
}

// The options keep a name, for the configuration file knows them by it; none with "=" in it can be
// in an environment.
void without_environment(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    if (const auto name = option->get_envname(); !name.empty()) option->envname("=" + name);
  }
  for (CLI::App* inner : command.get_subcommands([](CLI::App*) { return true; }))
    without_environment(*inner);
}

// CLI11 reads the environment for commands that were not called too, and one name may mean
// something else there. Those that print the help of all commands keep it.
void keep_environment_of_the_called(CLI::App& program, int argc, char** argv) {
  const auto commands = program.get_subcommands([](CLI::App*) { return true; });
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (std::ranges::none_of(commands, [&](CLI::App* c) { return c->get_name() == word; }))
      continue;
    if (word == "man" || word == "completion") return;
    for (CLI::App* command : commands) {
      if (command->get_name() != word) without_environment(*command);
    }
    return;
  }
}

int run(int argc, char** argv) {
  CLI::App program{std::string(description), "boltseal"};
  boltseal::Command commands(program);
  int exit = boltseal::Exit::usage;
  program.set_version_flag("--version", "boltseal " BOLTSEAL_VERSION);
  program.require_subcommand(1);
  program.fallthrough();  // --config behind the command too
  program.failure_message(CLI::FailureMessage::simple);
  boltseal::add_config_file(commands);
  boltseal::add_scan(commands, exit);
  boltseal::add_sbom(commands, exit);
  boltseal::add_why(commands, exit);
  boltseal::add_diff(commands, exit);
  boltseal::add_sign(commands, exit);
  boltseal::add_verify(commands, exit);
  boltseal::add_attest(commands, exit);
  boltseal::add_verify_attestation(commands, exit);
  boltseal::add_sign_blob(commands, exit);
  boltseal::add_verify_blob(commands, exit);
  boltseal::add_bundle(commands, exit);
  boltseal::add_attach(commands, exit);
  boltseal::add_tree(commands, exit);
  boltseal::add_download(commands, exit);
  boltseal::add_copy(commands, exit);
  boltseal::add_clean(commands, exit);
  boltseal::add_key(commands, exit);
  boltseal::add_custody(commands, exit);
  boltseal::add_seal(commands, exit);
  boltseal::add_drift(commands, exit);
  boltseal::add_channel(commands, exit);
  boltseal::add_log(commands, exit);
  boltseal::add_tuf(commands, exit);
  boltseal::add_db(commands, exit);
  boltseal::add_cache(commands, exit);
  boltseal::add_version(commands, exit);
  boltseal::add_docs(commands, exit);
  keep_environment_of_the_called(program, argc, argv);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return complain_of_words(program, error, argc, argv);
  }
  return exit;
}

}  // namespace

int main(int argc, char** argv) {
  // A standard descriptor that is closed would be the next file that is opened, and what is printed
  // would go there. Standard output gets one that cannot be written, so that its loss is told.
  for (const int fd : {0, 1, 2}) {
    if (::fcntl(fd, F_GETFD) < 0) (void)::open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY);
  }
  (void)std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is a failed write, not a death
  // Before anything is set up: pipelines call this often.
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    std::puts("boltseal " BOLTSEAL_VERSION);
    return 0;
  }
  // A warm scan is over in milliseconds, of which a good part went into pages that the allocator
  // gave back and asked for again.
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
  try {
    const int exit = run(argc, argv);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit;
    std::fputs("boltseal: standard output cannot be written\n", stderr);
    return boltseal::Exit::could_not;
  } catch (const std::exception& error) {
    std::fputs(fmt::format("boltseal: {}\n", error.what()).c_str(), stderr);
    return boltseal::Exit::could_not;
  }
}
