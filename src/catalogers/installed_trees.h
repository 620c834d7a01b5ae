// Where node_modules lies beside a lock file, what is installed is the truth: the lock also lists
// optional packages for other systems.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "files/reader.h"

namespace boltseal {

class InstalledTrees {
 public:
  // Only what lies in no node_modules is asked about (apply), so of each path only the first one
  // matters. The attacker chooses how many there are.
  explicit InstalledTrees(const std::vector<Fragment>& fragments);
  // Takes out of a fragment of no node_modules what a lock file's installed tree has not, and a
  // project itself.
  void apply(Fragment& lock) const;

 private:
  bool is_in_project(std::string_view path) const;

  std::unordered_map<std::string, std::uint32_t> folders_;  // that hold a node_modules
  std::unordered_set<std::string> installed_;    // "<number of folder>\n<name>\n<version>"
  std::set<std::string, std::less<>> projects_;  // folders, none in another one
  bool top_is_project_ = false;
};

}  // namespace boltseal
