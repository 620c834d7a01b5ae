// An inventory out of files that a test writes down.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "catalogers/assemble.h"
#include "catalogers/readers.h"
#include "files/glob.h"
#include "files/reader.h"
#include "layers/entries.h"

namespace boltseal::test {

using Files = std::vector<std::pair<std::string, std::string>>;  // path, content

// One layer with these files, each read by all readers that want it.
inline LayerOutcome layer_of(const Files& files) {
  LayerOutcome layer;
  EntryList entries;
  for (const auto& [path, content] : files) {
    entries.add(EntryKind::file, path);
    for (const Reader* reader : all_readers()) {
      if (std::ranges::none_of(reader->globs, [&](auto g) { return glob_matches(g, path); }) &&
          std::ranges::none_of(reader->magics, [&](auto m) { return content.starts_with(m); }))
        continue;
      Fragment& fragment = layer.fragments.emplace_back();
      fragment.path = path;
      Sink sink(fragment, reader->name);
      EXPECT_TRUE(reader->read({path, content, 0644}, sink)) << path;
    }
  }
  layer.entries = entries.bytes();
  return layer;
}

inline Inventory inventory_of(const Files& files) {
  return assemble({}, {layer_of(files)}).value();
}

}  // namespace boltseal::test
