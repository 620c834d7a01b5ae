// All layers of an image laid over each other, as the runtimes unpack them: whiteouts, opaque
// folders, files that replace folders and the reverse, hard links, folders that no layer names.
//
// Where unpacking tools differ this follows what containerd and Docker give on overlayfs, since
// that is what runs; doc/formats/seal.md, "Flattening", lists every such case.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inventory/content_manifest.h"

namespace boltseal {

class ContentSquash {
 public:
  ContentSquash() = default;
  // Starts from files that are there already, as index of a layer below all others.
  explicit ContentSquash(std::vector<ContentRecord> below);

  // Lays the entries of a ContentList over what is there. Layers come lowest first. corrupt when
  // the bytes are damaged, too_large over the limits of what one image may hold.
  Result<> apply(std::uint32_t layer, std::string_view entries);
  std::vector<ContentRecord> take();      // sorted by path
  std::vector<Unknown> take_unknowns() {  // entries that no file could be made of
    return std::move(unknowns_);
  }

 private:
  using Tree = std::map<std::string, ContentRecord, std::less<>>;  // `path` is empty in here
  Result<> apply(const ContentEntry& entry);
  Result<std::string> resolve(std::string_view path, bool make);
  Result<bool> enter(std::string& at, std::string_view name, std::vector<std::string>& todo,
                     bool make);
  Result<> put(const std::string& path, ContentRecord record);
  Result<> link(const std::string& path, const ContentEntry& entry);
  const std::string* hidden_folder(std::string_view path) const;
  bool hide_below(const std::string& path);
  Result<> whiteout(const std::string& path);
  void unknown(std::string_view path, Fault fault, std::string what);

  Tree tree_;
  std::vector<Unknown> unknowns_;
  std::uint32_t layer_ = 0;
  std::uint64_t implied_bytes_ = 0;            // paths of folders that no layer names
  std::set<std::string, std::less<>> hidden_;  // what hidden_folder finds; none below another one
  unsigned links_followed_ = 0;                // of the path at hand
  std::string last_parent_;  // a folder that is known to be there; "" after anything went
};

}  // namespace boltseal
