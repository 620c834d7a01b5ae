#include "cli/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <iterator>

#include "cli/options.h"
#include "codec/value.h"

namespace boltseal {
namespace {

// CLI11 asks for items with a path of command names; a YAML map of maps is just that. An unknown
// key is CLI11's error.
class YamlConfig : public CLI::Config {
 public:
  std::string to_config(const CLI::App*, bool, bool, std::string) const override { return {}; }

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    const std::string text{std::istreambuf_iterator<char>(input), std::istreambuf_iterator<char>()};
    const auto document = parse_yaml(text);
    if (!document) throw CLI::FileError(document.error().message());
    std::vector<CLI::ConfigItem> found;
    for (const auto& [command, options] : document->root().members()) {
      for (const auto& [name, value] : options.members())
        add(found, std::string(command), std::string(name), value);
    }
    return found;
  }

 private:
  static void add(std::vector<CLI::ConfigItem>& found, const std::string& command,
                  const std::string& name, const Value& value) {
    if (std::getenv(environment_name(name).c_str()))
      return;  // the environment stands over the file
    CLI::ConfigItem item;
    item.parents = {command};
    item.name = name;
    if (value.is_array()) {
      for (const Value& one : value.items()) item.inputs.push_back(one.scalar());
    } else {
      item.inputs.push_back(value.scalar());
    }
    found.push_back(std::move(item));
  }
};

std::string default_file() {
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

void add_config_file(CLI::App& program) {
  program.config_formatter(std::make_shared<YamlConfig>());
  const std::string file = default_file();
  program.set_config("--config", file, "Read options from this YAML file (default: boltseal.yaml)")
      ->envname("BOLTSEAL_CONFIG");
  program.allow_config_extras(CLI::config_extras_mode::error);
}

}  // namespace boltseal
