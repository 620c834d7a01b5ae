// What parent and child say to each other. The parent trusts none of it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inventory/wire.h"

namespace boltseal {

enum class MessageKind : std::uint32_t { ready, progress, outcome };

// What is wanted of a layer.
struct Wants {
  bool inventory = true;           // what readers find in its files
  bool content = false;            // all of every file: LayerOutcome::content
  std::vector<std::string> names;  // files of these names, sorted: LayerOutcome::texts
  // And what a NewCodeSearch of these wants.
  std::vector<std::string> endings = {}, folders = {};
  bool texts() const { return !names.empty() || !endings.empty(); }
  bool wants_text(std::string_view path) const;
};
template <class A>
void wire(A& a, Wants& v) {
  wire_all(a, v.inventory, v.content, v.names, v.endings, v.folders);
}

// Parent to child, with the descriptor of the blob or the folder.
struct TaskHeader {
  std::uint32_t number = 0;
  bool folder = false;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
  std::string digest, diff_id;
  std::vector<std::string> exclude;  // of a folder
  Wants wants;
};
template <class A>
void wire(A& a, TaskHeader& v) {
  wire_all(a, v.number, v.folder, v.offset, v.length, v.digest, v.diff_id, v.exclude, v.wants);
}

struct Progress {
  std::uint32_t number = 0;
  std::uint64_t bytes = 0;
};
template <class A>
void wire(A& a, Progress& v) {
  wire_all(a, v.number, v.bytes);
}

// Child to parent; a LayerOutcome, its content and its texts follow unless `failed`.
struct ResultHeader {
  std::uint32_t number = 0;
  bool failed = false;
  Unknown error;
};
template <class A>
void wire(A& a, ResultHeader& v) {
  wire_all(a, v.number, v.failed, v.error);
}

// The child's whole life. `folder` ≥ 0: the only folder it may read.
void child_main(int socket, unsigned threads, bool sandbox, int folder);

}  // namespace boltseal
