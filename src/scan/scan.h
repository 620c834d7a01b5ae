// A scan as a list of passes over one object: open, read, squash, match.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "advisories/database.h"
#include "inventory/content_manifest.h"
#include "inventory/finding.h"
#include "match/match.h"
#include "policy/licence_policy.h"
#include "source/source.h"

namespace boltseal {

struct ScanOptions {
  std::string reference;
  SourceOptions source;
  unsigned threads = 0;  // 0: as many as there are cores
  bool sandbox = true;
  std::vector<std::string> exclude;  // patterns of paths to leave out (files/glob.h, PathFilter)
  std::string cache_directory;       // empty: no cache
  std::uint64_t cache_limit = 2ULL << 30;
  const Database* database = nullptr;  // nullptr: inventory only
  ContentManifest* content = nullptr;  // when set: gets what every file of the image is
  MatchOptions match;
  LicencePolicy licences;
  std::function<void(const ImageInfo& image)> opened;  // the image is known, reading begins
  std::function<void(std::size_t layer, std::uint64_t bytes)>
      progress;  // bytes of a layer's blob read so far
};

// Everything that a report shows. Errors are those that end a scan: no such image, a wrong digest,
// no database.
Result<Report> scan(const ScanOptions& options);

// The content manifest of an image alone: nothing of it is parsed but its archives.
Result<ContentManifest> read_content(const ScanOptions& options);

}  // namespace boltseal
