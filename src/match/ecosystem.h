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
  // Whether the feeds speak of releases of the distribution and nothing says which one it is.
  bool lacks_release() const { return lacks_release_; }
  bool covers(const Package& package) const;

 private:
  std::vector<std::string> distribution_;
  std::string wanted_;
  bool lacks_release_ = false;
  bool by_source_ = false, by_binary_ = false, alike_only_ = false;
  std::vector<std::string_view> languages_;  // that the database has
};

// "PyPI" for pypi, "Hex" for the generic package "hex:phoenix", …; empty for OS packages and for
// what no ecosystem names.
std::string_view language_ecosystem(const Package& package);

}  // namespace boltseal
