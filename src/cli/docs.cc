// Shell completion and man pages, made from the options themselves, so that they cannot differ from
// --help.
#include <fmt/format.h>
#include <sys/stat.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

#include "base/fd.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"

namespace boltseal {
namespace {

struct Word {
  std::string text, what;
};

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  auto all = app.get_subcommands([](const CLI::App*) { return true; });
  return {all.begin(), all.end()};
}

std::vector<Word> options_of(const CLI::App& app) {
  std::vector<Word> words;
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames())
      words.push_back({"--" + name, option->get_description()});
  }
  return words;
}

std::string names(const std::vector<const CLI::App*>& apps) {
  std::string out;
  for (const auto* app : apps) out += (out.empty() ? "" : " ") + app->get_name();
  return out;
}

std::string bash(const CLI::App& program) {
  std::string out =
      "_boltseal() {\n  local word=${COMP_WORDS[COMP_CWORD]} words=\n  case ${COMP_WORDS[1]} in\n";
  for (const auto* command : commands_of(program)) {
    out += fmt::format("    {}) words=\"{}", command->get_name(), names(commands_of(*command)));
    for (const auto& option : options_of(*command)) out += " " + option.text;
    out += "\" ;;\n";
  }
  out += fmt::format("  esac\n  [ \"$COMP_CWORD\" -gt 1 ] || words=\"{} --help --version\"\n",
                     names(commands_of(program)));
  return out +
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n  [ ${#COMPREPLY[@]} -gt 0 ] || "
         "COMPREPLY=($(compgen -f -- \"$word\"))\n}\ncomplete -o filenames -F _boltseal boltseal\n";
}

std::string zsh(const CLI::App& program) {
  return "#compdef boltseal\nautoload -U +X bashcompinit && bashcompinit\n" + bash(program);
}

std::string single_quoted(std::string_view text) {
  return "'" + replace_all(text, "'", "\\'") + "'";
}

std::string fish(const CLI::App& program) {
  std::string out;
  for (const auto* command : commands_of(program)) {
    out += fmt::format("complete -c boltseal -n __fish_use_subcommand -a {} -d {}\n",
                       command->get_name(), single_quoted(command->get_description()));
    for (const auto* inner : commands_of(*command)) {
      out += fmt::format("complete -c boltseal -n '__fish_seen_subcommand_from {}' -a {} -d {}\n",
                         command->get_name(), inner->get_name(),
                         single_quoted(inner->get_description()));
    }
    for (const auto& option : options_of(*command)) {
      out += fmt::format("complete -c boltseal -n '__fish_seen_subcommand_from {}' -l {} -d {}\n",
                         command->get_name(), option.text.substr(2), single_quoted(option.what));
    }
  }
  return out;
}

std::string roff(std::string_view text) {
  std::string out = replace_all(replace_all(text, "\\", "\\e"), "-", "\\-");
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

// One page for the program and one per command: boltseal(1), boltseal-scan(1), …
std::string man_page(const CLI::App& app, const std::string& name) {
  std::string out = fmt::format(
      ".TH {} 1 \"\" \"boltseal {}\" \"Boltseal manual\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.B "
      "{}\n",
      [&] {
        std::string upper;
        for (const char c : name) upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
        return upper;
      }(),
      BOLTSEAL_VERSION, roff(name), roff(app.get_description()), roff(replace_all(name, "-", " ")));
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) out += fmt::format(".I {}\n", roff(option->get_name(true)));
  }
  if (!commands_of(app).empty()) out += ".I COMMAND\n.SH COMMANDS\n";
  for (const auto* command : commands_of(app))
    out += fmt::format(".TP\n.B {}\n{}\n", roff(command->get_name()),
                       roff(command->get_description()));
  out += ".SH OPTIONS\n";
  for (const CLI::Option* option : app.get_options()) {
    out += fmt::format(".TP\n.B {}\n{}", roff(option->get_name(option->get_positional(), true)),
                       roff(option->get_description()));
    if (!option->get_envname().empty()) out += fmt::format(" (also as {})", option->get_envname());
    out += '\n';
  }
  return out +
         ".SH EXIT STATUS\n0 clean, 1 findings over the limit, 2 could not do it, 3 wrong "
         "call.\n.SH FILES\nboltseal.yaml: options by command and long name.\n";
}

Result<> write_pages(const CLI::App& app, const std::string& name, const std::string& directory) {
  TRY_DO(write_file_atomically(fmt::format("{}/{}.1", directory, name), man_page(app, name)));
  for (const auto* command : commands_of(app))
    TRY_DO(write_pages(*command, name + "-" + command->get_name(), directory));
  return {};
}

}  // namespace

void add_docs(Command& commands, int& exit) {
  auto* completion =
      commands.add_subcommand("completion", "Print the completion script of a shell");
  const auto shell = std::make_shared<std::string>();
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(one_of({"bash", "zsh", "fish"}));
  completion->callback([shell, &program = commands.app(), &exit] {
    const std::string script = *shell == "bash"  ? bash(program)
                               : *shell == "zsh" ? zsh(program)
                                                 : fish(program);
    std::fputs(script.c_str(), stdout);
    exit = Exit::clean;
  });
  auto* man = commands.add_subcommand("man", "Write the man pages into a folder");
  const auto directory = std::make_shared<std::string>();
  man->add_option("DIR", *directory, "An existing folder")->required();
  man->callback([directory, &program = commands.app(), &exit] {
    struct stat info{};
    if (::stat(directory->c_str(), &info) != 0) {
      exit = complain(errno_error("cannot write man pages into this folder", *directory));
      return;
    }
    if (!S_ISDIR(info.st_mode)) {
      exit = complain({Fault::io, "man pages go into a folder, and this is none", *directory, {}});
      return;
    }
    const auto written = write_pages(program, "boltseal", *directory);
    exit = written ? static_cast<int>(Exit::clean) : complain(written.error());
  });
}

}  // namespace boltseal
