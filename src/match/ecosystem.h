// By which key a feed knows a package: the OSV ecosystem and the name and version that its
// advisories speak of.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "advisories/database.h"
#include "inventory/image.h"

namespace boltseal {

struct Key {
  std::string_view ecosystem;  // points into Ecosystems
  std::string_view name, version;
  bool source = false;  // the name is that of the source package
};

// The ecosystems of a database that speak of one inventory.
class Ecosystems {
 public:
  Ecosystems(const Database& database, const Distribution& distribution);

  // Every key to ask for; none when no feed covers the package.
  std::vector<Key> keys(const Package& package) const;
  // The distribution's own that the database has.
  const std::vector<std::string>& distribution() const { return distribution_; }
  // What the distribution is called where it is covered, for messages: "Debian:13".
  const std::string& wanted() const { return wanted_; }
  bool covers(PackageType type) const;

 private:
  std::vector<std::string> distribution_;
  std::string wanted_;
  bool by_source_ = false, by_binary_ = false;
  std::vector<bool> languages_;  // by PackageType
};

// "PyPI" for pypi, …; empty for OS packages and for what no ecosystem names.
std::string_view language_ecosystem(PackageType type);

}  // namespace boltseal
