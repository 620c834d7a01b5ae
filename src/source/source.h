// From what a user wrote to bytes: opens an image wherever it lies, and gives each layer as a
// descriptor, because the bytes are read by a sandboxed child that can open nothing itself.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "base/fd.h"
#include "inventory/image.h"

namespace boltseal {

// The bytes of one layer blob: a regular file from `offset` on, or a pipe that somebody fills.
struct LayerBytes {
  Fd fd;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;  // nothing: to the end
  // After the reader is done: what the filler of the pipe says (a registry that broke off, say).
  std::function<Result<>()> finish;
};

struct OpenedImage {
  ImageInfo info;
  // Layer i of info.layers. May be called from several threads, once per layer.
  std::function<Result<LayerBytes>(std::size_t)> open_layer;
};
struct OpenedDirectory {
  ImageInfo info;  // kind "directory", no layers
  std::string path;
};
struct OpenedSbom {
  Inventory inventory;  // image.kind "sbom"
};
using Opened = std::variant<OpenedImage, OpenedDirectory, OpenedSbom>;

struct SourceOptions {
  std::string platform;        // "linux/arm64/v8"; empty: this machine's
  bool insecure_http = false;  // --insecure-http
  std::string
      spool_directory;  // for what must be random access (docker-archive.gz): unnamed files only
  std::string containerd_root;  // containerd's --root; empty: where distributions have it
};

// REF: `registry/repo:tag@digest`, `docker:…`, `podman:…`, `containerd:…`, `oci:DIR[:tag]`,
// `docker-archive:FILE`, `oci-archive:FILE`, `dir:PATH`, `sbom:FILE`; a bare path or name is
// guessed. `guess`, when not null, gets the reference with its scheme when it was guessed.
Result<Opened> open_source(const std::string& reference, const SourceOptions& options,
                           std::string* guess = nullptr);

}  // namespace boltseal
