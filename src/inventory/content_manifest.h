// What every file of an image is: the values that a content seal is made of. doc/formats/seal.md.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inventory/image.h"

namespace boltseal {

enum class FileType : std::uint8_t {
  file,
  directory,
  symlink,
  character_device,
  block_device,
  fifo,
  socket,  // of running systems; no archive holds one
};
std::string_view name_of(FileType type);  // "file", "character-device", …
std::optional<FileType> file_type_of(std::string_view name);

struct ContentRecord {
  std::string path;  // bytes as the image has them, no leading slash; the root has no record
  FileType type = FileType::file;
  std::uint32_t mode = 0;  // permission bits, set-id bits, sticky bit; 0777 of every symlink
  std::uint64_t uid = 0, gid = 0;
  std::uint64_t size = 0;                            // of a file's content, else 0
  std::string sha256;                                // 32 bytes, of a file's content, else empty
  std::string link;                                  // target of a symlink
  std::uint64_t device_major = 0, device_minor = 0;  // of a device
  std::vector<std::pair<std::string, std::string>> xattrs;  // sorted by name, each name once
  std::optional<std::uint32_t> layer;  // that it comes from, an index into the image's layers
  bool operator==(const ContentRecord&) const = default;
};

struct ContentManifest {
  ImageInfo image;
  std::vector<ContentRecord> records;  // sorted by the bytes of their paths, each path once
  std::vector<Unknown> unknowns;       // entries that no file could be made of
};

// One entry of a layer, before layers are laid over each other.
struct ContentEntry {
  enum class Kind : std::uint8_t {
    record,     // a file of whatever type
    hard_link,  // `record.link` is the path of the file that it is a name for; mode and owner are
                // those that the entry states
    whiteout,   // `record.path` and all below it are gone from the layers below
    opaque,     // all below `record.path` is gone from the layers below
  };
  Kind kind = Kind::record;
  ContentRecord record;
};

// All entries of a layer, as bytes that layers/content_list.h writes and walks.
struct LayerContent {
  std::string entries;
  std::vector<Unknown> unknowns;
};

}  // namespace boltseal
