// The program: which commands there are, and what a wrong call says. Real things are wired in this
// folder and nowhere else.
#include <fmt/format.h>
#include <malloc.h>

#include <cstdio>
#include <exception>
#include <string_view>

#include "cli/commands.h"
#include "cli/config.h"

namespace {

constexpr std::string_view description =
    "Boltseal says what is in a container image, what is wrong with it, and proves every word of "
    "it.\n"
    "Start with:  boltseal scan IMAGE";

int run(int argc, char** argv) {
  CLI::App program{std::string(description), "boltseal"};
  int exit = boltseal::Exit::usage;
  program.set_version_flag("--version", "boltseal " BOLTSEAL_VERSION);
  program.require_subcommand(1);
  program.failure_message(CLI::FailureMessage::simple);
  boltseal::add_config_file(program);
  boltseal::add_scan(program, exit);
  boltseal::add_sbom(program, exit);
  boltseal::add_why(program, exit);
  boltseal::add_diff(program, exit);
  boltseal::add_db(program, exit);
  boltseal::add_cache(program, exit);
  boltseal::add_version(program, exit);
  boltseal::add_docs(program, exit);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // 0 for --help and --version, our own code for every wrong call.
    return program.exit(error) == 0 ? boltseal::Exit::clean : boltseal::Exit::usage;
  }
  return exit;
}

}  // namespace

int main(int argc, char** argv) {
  // Before anything is set up: pipelines call this often.
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    std::puts("boltseal " BOLTSEAL_VERSION);
    return 0;
  }
  // A warm scan is over in milliseconds, of which a good part went into pages that the allocator gave
  // back and asked for again.
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fputs(fmt::format("boltseal: {}\n", error.what()).c_str(), stderr);
    return boltseal::Exit::could_not;
  }
}
