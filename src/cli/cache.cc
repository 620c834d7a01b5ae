#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/options.h"
#include "layers/cache.h"

namespace boltseal {

void add_cache(Command& program, int& exit) {
  auto* cache = program.add_subcommand("cache", "The cache of layers that were read before")
                    ->require_subcommand(1);
  const auto directory = std::make_shared<std::string>(default_cache_directory());
  cache->add_option("--cache-dir", *directory, "Folder of the layer cache")
      ->type_name("DIR")
      ->capture_default_str();
  cache->add_subcommand("path", "Print its folder")->callback([directory, &exit] {
    std::fputs((*directory + "\n").c_str(), stdout);
    exit = Exit::clean;
  });
  cache->add_subcommand("clear", "Remove all of it")->callback([directory, &exit] {
    const auto removed = Cache(*directory, 0).clear();
    if (!removed) {
      exit = complain(removed.error());
      return;
    }
    std::fputs(fmt::format("{} entries removed\n", *removed).c_str(), stdout);
    exit = Exit::clean;
  });
}

}  // namespace boltseal
