// Hears a layer go by and hands the files that readers want to them. What comes out is a plain
// value that depends on the layer's bytes and the readers alone: the layer's outcome, which is
// cached under its diff_id.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "codec/tar.h"
#include "files/reading_limits.h"
#include "files/text_reader.h"
#include "files/wanted.h"
#include "inventory/content_manifest.h"
#include "inventory/image.h"
#include "inventory/wire.h"
#include "layers/entries.h"

namespace boltseal {

// Says of a file that reading it met the end of memory, of which the next run may have more.
constexpr std::string_view out_of_memory =
    "reading it needs more memory than is allowed, so nothing of it is listed";

struct LayerOutcome {
  std::string entries;              // bytes of an EntryList
  std::vector<Fragment> fragments;  // in the order of the layer
  LayerUsage usage;
  // Only when a content seal is wanted. Cached under a key of its own, so no part of the wire form.
  LayerContent content;
  LayerTexts texts;  // only when some are wanted; never cached
  // False when something but the layer's bytes kept it from being read: a pipe has no second walk,
  // and memory may be short. Such an outcome is not that of the layer's bytes alone, and is not
  // cached.
  bool complete = true;
};
template <class A>
void wire(A& a, LayerOutcome& v) {
  wire_all(a, v.entries, v.fragments, v.usage);
}

// Counts the packages of a fragment and what they say of themselves; too_large when `limits` holds
// no more of them.
Result<> count(const Fragment& fragment, ReadingLimits& limits);

// Memory for the content of one file at a time. Pages come as bytes do, so a header that lies about
// its size costs nothing.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();
  Result<> begin(std::uint64_t size);   // forgets what was there
  void append(std::string_view chunk);  // not more than `size` bytes in all
  std::string_view bytes() const { return {memory_, filled_}; }

 private:
  void unmap();
  char* memory_ = nullptr;
  std::uint64_t capacity_ = 0;
  std::size_t filled_ = 0;
};

class LayerReader : public TarVisitor {
 public:
  // `limits` are shared by all layers of an image.
  LayerReader(const Wanted& wanted, ReadingLimits& limits) : wanted_(wanted), limits_(limits) {}

  Result<bool> entry(const TarEntry& entry) override;
  Result<bool> content(std::string_view chunk) override;
  Result<> end() override;

  // Wanted names that are hard links to other files of the layer, and files that another one
  // amends. When there are any, the layer is walked once more after begin_second_walk(): readers
  // see the content of a link's target under the link's name, and an amended file with what amends
  // it.
  bool wants_second_walk() const { return !links_.empty() || !amendments_.empty(); }
  void begin_second_walk() {
    second_walk_ = true;
    ordinal_ = 0;
  }
  // When there can be no second walk (a pipe): each such link becomes an unknown.
  void give_up_second_walk();

  // For a folder, where to look at a file's first bytes means to open it: only what may be a
  // program or a library by its mode or its name is looked at.
  void pick_programs() { pick_programs_ = true; }

  // Something of the layer that could not be read, by whatever part tried.
  void unknown(std::string_view path, std::string_view reader, Error error);

  LayerOutcome take();

 private:
  void note_usage(std::string_view path, std::uint64_t size);
  bool want_file(const TarEntry& entry, std::string_view path);
  Fragment fragment_of(std::string_view path, std::string_view content, std::string_view beside);
  void run_readers(std::string_view path, std::string_view content, std::uint64_t ordinal);
  void note_link(const TarEntry& entry, std::string_view path);
  void note_program_link(const TarEntry& entry, std::string_view path);
  void keep_to_caps(std::string_view path, std::uint64_t size);
  void want_by_head(std::string_view head);
  Result<> give_back_large();
  void note_symlink(const TarEntry& entry, std::string_view path);
  void note_amendment(std::string_view path, std::string_view content, bool said);
  Result<bool> want_again(const TarEntry& entry, std::string_view path);
  void read_links(std::string_view content);
  void read_amended(std::string_view content);
  void give_up_links(std::string_view why);
  void keep(Fragment fragment, std::uint64_t ordinal);
  void sort_fragments();

  const Wanted& wanted_;
  ReadingLimits& limits_;
  std::unique_lock<std::mutex> large_held_;
  EntryList entries_;
  LayerOutcome out_;
  std::string storage_;
  std::unordered_map<std::string, std::uint64_t> folders_;
  struct Link {
    std::string name;
    std::uint64_t ordinal = 0;  // of its entry in the archive
    bool read = false;
    std::optional<std::size_t> fragment;  // of what was read, where there was anything
  };
  std::map<std::string, std::vector<Link>> links_;  // by target, in the order of the archive
  struct Amendment {
    std::string content;
    std::size_t fragment = 0;  // of what was said of it alone
    bool applied = false;
  };
  std::map<std::string, Amendment> amendments_;  // by the path of what they amend
  std::unordered_set<std::size_t> symlinks_;     // hashes of their paths
  std::string folder_;                           // the last one that was found to lie behind none
  // Of programs that were wanted for their first bytes: the fragment, by each of their names.
  std::unordered_map<std::string, std::size_t> programs_;
  std::uint64_t link_count_ = 0, program_links_ = 0, read_again_ = 0;
  std::uint64_t names_counted_ = 0;  // bytes of entries_ that limits_ knows of
  Result<> within_limits_;           // an error of limits_, until it is told
  bool second_walk_ = false;
  std::uint64_t ordinal_ = 0;              // of the entry at hand
  std::vector<std::uint64_t> ordinals_;    // of the fragments
  std::uint64_t inflatable_ = 2ULL << 30;  // inside of readers; content adds to it
  std::uint64_t unknowns_ = 0;             // met so far, listed or not
  bool pick_programs_ = false;

  // The file at hand.
  std::string path_;
  std::vector<const Reader*> readers_;
  std::uint64_t size_ = 0;
  std::uint32_t mode_ = 0;
  bool by_head_ = false;     // no reader wanted it by its name
  bool begun_ = false;       // bytes are being kept in scratch_
  std::string_view direct_;  // or the content came in one piece
  Scratch scratch_;
};

}  // namespace boltseal
