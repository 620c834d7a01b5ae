// The sandboxed child that inflates, walks and reads. It is started before the first byte of an
// image is looked at, gets each layer as a descriptor, and gives back outcomes; whatever happens to
// it, the parent only sees bytes that it checks.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "files/layer_reader.h"
#include "scan/worker_child.h"
#include "source/source.h"

namespace boltseal {

struct WorkerOptions {
  unsigned threads = 2;  // 1: everything in one thread
  bool sandbox = true;
  std::vector<std::string> exclude;  // of a folder: patterns of paths not to go into
  std::function<void(std::size_t layer, std::uint64_t bytes)> progress;  // bytes of the blob read
};

struct LayerTask {
  std::size_t layer = 0;
  std::string digest, diff_id;  // expected; empty: not checked
  std::uint64_t size = 0;       // for the order: largest first
  Wants wants;
};

// Reads all `tasks`, opening each layer when its turn comes. Outcomes in the order of `tasks`.
// `sandbox_note` gets why a wall of the sandbox is missing, if so.
Result<std::vector<LayerOutcome>> read_layers(
    const std::vector<LayerTask>& tasks, const std::function<Result<LayerBytes>(std::size_t)>& open,
    const WorkerOptions& options, std::string* sandbox_note);

// The same for a folder on this machine.
Result<LayerOutcome> read_directory(const std::string& path, const WorkerOptions& options,
                                    std::string* sandbox_note);

}  // namespace boltseal
