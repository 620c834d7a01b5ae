// What an image says of itself, and the inventory that a scan makes of it.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "inventory/package.h"

namespace boltseal {

struct LayerInfo {
  std::string
      digest;  // of the blob as it is stored; empty where only the diff is known (docker-archive)
  std::string diff_id;  // of the uncompressed tar
  std::string media_type;
  std::uint64_t size = 0;  // of the blob, bytes; 0 when not known
  std::string created_by;  // the history line that made it
};

struct ImageInfo {
  std::string reference;        // as the user wrote it
  std::string kind;             // "image", "directory", "sbom"
  std::string manifest_digest;  // empty when there is no manifest
  std::string config_digest;
  std::string os, architecture, variant;
  std::string created;  // RFC 3339, as the config says
  std::string user;     // config.User
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<LayerInfo> layers;
  std::vector<std::string> history;  // created_by of all steps, the empty ones too
  std::vector<std::string>
      index_digests;  // of the indexes that led to the manifest, outermost first
};

// How much of a layer there is: for the treemap of the report.
struct LayerUsage {
  std::uint64_t bytes = 0;  // uncompressed content of its files
  std::uint64_t files = 0;
  std::vector<std::pair<std::string, std::uint64_t>>
      folders;  // bytes per top folder (two levels), largest first, at most 64
};

struct Inventory {
  ImageInfo image;
  Distribution distribution;
  std::vector<Package> packages;  // sorted by type, name, version, arch, first evidence
  std::vector<std::pair<std::uint32_t, std::uint32_t>>
      dependencies;               // {package, needs package}, sorted
  std::vector<Unknown> unknowns;  // sorted by path
  std::vector<LayerUsage> usage;  // one per layer; empty for an SBOM
};

}  // namespace boltseal
