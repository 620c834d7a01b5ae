#include "cli/config.h"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iterator>

#include "base/text.h"
#include "codec/value.h"

namespace boltseal {
namespace {

// CLI11 asks for items with a path of command names; a YAML map of maps is just that. A key that is
// no command or option is told here, where the file and the choice are known.
class YamlConfig : public CLI::Config {
 public:
  explicit YamlConfig(const CLI::App& program) : program_(program) {}

  std::string to_config(const CLI::App*, bool, bool, std::string) const override { return {}; }

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    const std::string text{std::istreambuf_iterator<char>(input), std::istreambuf_iterator<char>()};
    const auto document = parse_yaml(text);
    if (!document)
      throw CLI::ConfigError(fmt::format("{}: {}", file(), document.error().message()));
    std::vector<CLI::ConfigItem> found;
    if (document->root()) add_all(found, {}, program_, document->root());
    return found;
  }

 private:
  std::string file() const { return printable(program_.get_option("--config")->as<std::string>()); }

  [[noreturn]] void refuse(std::string_view what) const {
    throw CLI::ConfigError(fmt::format("{}: {}", file(), what));
  }

  static const CLI::App* command_of(const CLI::App& app, const std::string& name) {
    const auto named =
        app.get_subcommands([&](const CLI::App* a) { return a->get_name() == name; });
    return named.empty() ? nullptr : named.front();
  }

  static std::string choice(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      if (!choice(*command).empty()) names.push_back(command->get_name());
    }
    for (const CLI::Option* option : app.get_options()) {
      if (configurable(*option)) names.push_back(option->get_lnames()[0]);
    }
    return fmt::format("{}", fmt::join(names, ", "));
  }

  static bool configurable(const CLI::Option& option) {
    return !option.get_lnames().empty() && option.get_configurable() &&
           !option.get_envname().empty() && option.get_lnames()[0] != "config";
  }

  // As deep as commands go: two levels.
  void add_all(std::vector<CLI::ConfigItem>& found, const std::vector<std::string>& path,
               const CLI::App& app, const Value& map) const {
    if (!map.is_object())
      refuse(path.empty() ? "a configuration begins with the name of a command, as in \"scan:\""
                          : fmt::format("\"{}\" must hold options by their long names",
                                        fmt::join(path, ": ")));
    if (const auto key = repeated_member(map); !key.empty())
      refuse(fmt::format("\"{}\" stands twice", printable(key)));
    for (const auto& [key, value] : map.members()) {
      const std::string name(key);
      const CLI::App* command = command_of(app, name);
      const CLI::Option* option = app.get_option_no_throw("--" + name);
      if (command) {
        auto below = path;
        below.push_back(name);
        if (value) add_all(found, below, *command, value);
      } else if (option && configurable(*option)) {
        add(found, path, name, value);
      } else {
        refuse(fmt::format("unknown key \"{}\"{}; known are: {}", printable(name),
                           path.empty() ? "" : fmt::format(" under \"{}\"", fmt::join(path, ": ")),
                           choice(app)));
      }
    }
  }

  void add(std::vector<CLI::ConfigItem>& found, const std::vector<std::string>& path,
           const std::string& name, const Value& value) const {
    const char* variable = std::getenv(environment_name(name).c_str());
    if (variable && *variable) return;  // the environment stands over the file
    CLI::ConfigItem item;
    item.parents = path;
    item.name = name;
    const auto take = [&](const Value& one) {
      if (one.is_object() || one.is_array() || one.scalar().empty())
        refuse(fmt::format("\"{}\" must be a value or a list of values", name));
      item.inputs.push_back(one.scalar());
    };
    if (value.is_array()) {
      for (const Value& one : value.items()) take(one);
    } else {
      take(value);
    }
    if (!item.inputs.empty()) found.push_back(std::move(item));
  }

  const CLI::App& program_;
};

// CLI11 looks at the file before it looks at the environment, so BOLTSEAL_CONFIG is asked here.
std::string default_file() {
  if (const char* named = std::getenv("BOLTSEAL_CONFIG"); named && *named) return named;
  if (::access("boltseal.yaml", R_OK) == 0) return "boltseal.yaml";
  const char* base = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  const std::string folder = base && *base == '/' ? base
                             : home               ? fmt::format("{}/.config", home)
                                                  : "";
  const std::string file = folder + "/boltseal/boltseal.yaml";
  return !folder.empty() && ::access(file.c_str(), R_OK) == 0 ? file : "";
}

}  // namespace

void add_config_file(Command& command) {
  CLI::App& program = command.app();
  program.config_formatter(std::make_shared<YamlConfig>(program));
  const char* named = std::getenv("BOLTSEAL_CONFIG");
  program
      .set_config("--config", default_file(),
                  "Read options from this YAML file (default: boltseal.yaml)",
                  named && *named)  // then it must be there
      ->envname("BOLTSEAL_CONFIG");
  program.allow_config_extras(CLI::config_extras_mode::error);
}

}  // namespace boltseal
