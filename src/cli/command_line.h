// The command line as the commands see it: a thin face on CLI11. Whoever includes that library pays
// seconds of compiling for it, so that only the files that need more than this do.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace boltseal {

// What a value must be.
struct ValueCheck {
  std::function<std::string(const std::string&)> wrong;  // what is wrong with it; empty: nothing
  std::string choice = {};                               // for --help, in place of a type
};

ValueCheck one_of(std::vector<std::string> words);
ValueCheck between(std::int64_t least, std::int64_t most);

// An option of a command, or a word without one. Each call gives the argument itself.
class Argument {
 public:
  explicit Argument(CLI::Option* option) : option_(option) {}

  Argument* required(bool yes = true);
  Argument* type_name(const std::string& name);  // what --help shows for the value
  Argument* envname(const std::string& name);
  Argument* check(const ValueCheck& check);
  Argument* check(std::string (*wrong)(const std::string&));
  Argument* needs(Argument* other);
  Argument* excludes(Argument* other);
  Argument* delimiter(char between);  // one value is a list
  Argument* expected(int least, int most);
  Argument* allow_extra_args(bool yes);  // false: one value each time, for options that repeat
  Argument* capture_default_str();       // --help shows the value that is there now
  bool given() const;  // once the command line has been read: there, or in the environment or file

 private:
  CLI::Option* option_;
};

// A command, or a command of a command. What it gives lives as long as it does.
class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  CLI::App& app() const { return *app_; }

  Command* add_subcommand(const std::string& name, const std::string& what);
  // `names`: "-o,--output", or a word in capitals for one that is known by its place.
  Argument* add_option(const std::string& names, std::string& into, const std::string& what);
  Argument* add_option(const std::string& names, std::vector<std::string>& into,
                       const std::string& what);
  Argument* add_option(const std::string& names, unsigned& into, const std::string& what);
  Argument* add_option(const std::string& names, std::uint64_t& into, const std::string& what);
  Argument* add_option(const std::string& names, std::int64_t& into, const std::string& what);
  Argument* add_flag(const std::string& names, bool& into, const std::string& what);
  Argument* get_option(const std::string& name);

  Command* callback(const std::function<void()>& run);
  Command* require_subcommand(int exactly);
  Command* require_subcommand(int least, int most);
  Command* require_option(int least, int most);
  Command* fallthrough();  // options of this one are known behind its commands too
  bool has_chosen_subcommand() const;

 private:
  Argument* keep(CLI::Option* option);

  CLI::App* app_;
  std::deque<Command> commands_;
  std::deque<Argument> arguments_;
};

// "--some-name" → "BOLTSEAL_SOME_NAME"
std::string environment_name(std::string_view option);
// Gives every option of the command its environment variable; call when all are added.
void add_environment(Command& command);

}  // namespace boltseal
