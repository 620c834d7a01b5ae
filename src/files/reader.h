// What a reader is: it names the files it wants, gets one file's bytes, and pushes what it found
// into a sink.
//
// A reader sees no disk, socket, clock or environment, so it is deterministic and can be fuzzed;
// and each file's outcome depends on that file alone, so it can be cached by the layer's digest.
// What needs several files (who owns a file, a licence that stands elsewhere) is pushed as a note
// and joined after the squash (catalogers/assemble.cc). The one exception is a file that changes
// what the bytes of another say (Reader::amends).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "inventory/package.h"

namespace boltseal {

struct FileView {
  std::string_view path;         // inside the image, no leading slash
  std::string_view content;      // whole
  std::uint32_t mode = 0;        // permission bits
  std::string_view beside = {};  // of the file that amends this one (Reader::amends), else empty
};

class Sink {
 public:
  // `inflatable`, when not null, is what all files of a layer may yet inflate to inside of readers.
  Sink(Fragment& out, std::string_view reader, std::uint64_t* inflatable = nullptr)
      : out_(out), reader_(reader), inflatable_(inflatable) {}

  // `what` says how the package was read there ("dpkg status"). Evidence for the file at hand is
  // filled in unless the package brings its own (a jar inside a jar). Packages without a name are
  // unknowns.
  void package(Package package, std::string_view what);
  void owns(Ownership ownership) { out_.ownerships.push_back(std::move(ownership)); }
  void licence(LicenceNote note) { out_.licences.push_back(std::move(note)); }
  void distribution(Distribution distribution) {
    out_.distributions.push_back(std::move(distribution));
  }
  void maven_model(MavenModel model) { out_.maven_models.push_back(std::move(model)); }
  // What could not be read, while the rest of the file goes on. An error's `where`, when set, is a
  // path inside the file
  // ("!/inner.jar") and is appended.
  void unknown(const Error& error);

  // A reader that inflates what is packed inside of its file asks how much it may, and says how
  // much it did: thousands of small archives are as good a bomb as a large one.
  std::uint64_t may_inflate() const { return inflatable_ ? *inflatable_ : ~std::uint64_t{0}; }
  void inflated(std::uint64_t bytes) {
    if (inflatable_) *inflatable_ -= bytes < *inflatable_ ? bytes : *inflatable_;
  }

 private:
  Fragment& out_;
  std::string_view reader_;
  std::uint64_t* inflatable_;
};

struct Reader {
  std::string_view name;  // "dpkg-status"
  std::uint32_t
      version;  // raise it when the outcome for the same bytes changes: it is part of the cache key
  // Paths wanted: "var/lib/dpkg/status", "var/lib/dpkg/info/*.list", "**/*.jar",
  // "**/node_modules/**/package.json".
  // "*" does not cross "/", "**/" stands for any number of folders. Matching is case-sensitive.
  std::span<const std::string_view> globs;
  // Or content that begins so (at most 8 bytes), in any regular file.
  std::span<const std::string_view> magics;
  std::uint64_t cap;  // a larger file is an unknown
  Result<> (*read)(const FileView& file, Sink& sink);
  // Set: a file "X" + this, of which the reader says anything at all, changes what X says. Where X
  // lies in the same layer, the readers of X get both, and what they say stands for what was said
  // of either alone.
  std::string_view amends = {};
};

}  // namespace boltseal
