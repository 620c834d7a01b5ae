// A tar archive as it streams by: ustar, PAX (POSIX.1-2001), GNU long names, GNU and PAX sparse
// files, base-256 numbers, v7. Push parser: bytes go in in chunks of any size, entries come out at
// a visitor; memory is bounded by the limits on names and maps.
//
// Where writers disagree about the format the parser reads an archive as Go's archive/tar does:
// that is what containerd, Docker, Podman and umoci unpack a layer with, and whoever reads it
// otherwise sees another image than the one that runs.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codec/tar_sparse.h"

namespace boltseal {

struct TarEntry {
  enum class Kind : std::uint8_t {
    file,
    hard_link,
    symlink,
    character_device,
    block_device,
    directory,
    fifo,
    other
  };
  Kind kind = Kind::file;
  std::string_view path;     // as written
  std::string_view link;     // target of a link
  std::uint64_t size = 0;    // bytes of content
  std::uint64_t stored = 0;  // and those of them that follow in the archive: a sparse file's holes
                             // do not, content() gets them as zeros
  std::uint32_t mode = 0;    // permission bits, set-id bits, sticky bit
  std::uint64_t uid = 0, gid = 0;
  std::uint64_t device_major = 0, device_minor = 0;  // of a device
  // PAX records "SCHILY.xattr.…", key without that prefix.
  const std::vector<std::pair<std::string, std::string>>* xattrs = nullptr;
};

class TarVisitor {
 public:
  virtual ~TarVisitor() = default;
  // A new entry; views are valid during the call only. True: content() gets its bytes.
  virtual Result<bool> entry(const TarEntry& entry) = 0;
  // The next bytes of the content; false: no more of it is wanted.
  virtual Result<bool> content(std::string_view chunk) = 0;
  // The content is over; called after content() as long as nobody returned false.
  virtual Result<> end() = 0;
};

class TarParser {
 public:
  explicit TarParser(TarVisitor& visitor) : visitor_(visitor) {}
  Result<> feed(std::string_view chunk);
  // Call after the last byte. corrupt when the archive ends inside an entry; a missing end marker
  // is forgiven, as tar does, and so is missing padding before it, as Go does.
  Result<> finish() const;
  std::uint64_t offset() const { return offset_; }  // bytes fed that were understood

 private:
  enum class State : std::uint8_t { header, meta, map, content, padding, ended };
  struct Extended {  // what a PAX entry says of the next one
    std::string path, link;
    std::optional<std::uint64_t> size, uid, gid;
    SparseRecords sparse;
    std::vector<std::pair<std::string, std::string>> xattrs;
  };

  Result<std::size_t> feed_block(std::string_view chunk);
  Result<std::size_t> feed_meta(std::string_view chunk);
  Result<std::size_t> feed_content(std::string_view chunk);
  Result<> header(std::string_view block);
  Result<> begin_meta(char kind, std::uint64_t size);
  Result<> end_meta();
  Result<> pax(std::string_view records);
  Result<> begin_file(std::string_view block, char kind, std::uint64_t size);
  Result<> map(std::string_view block);
  Result<> begin_entry(std::string_view block, char kind, std::uint64_t stored);
  Result<> sparse_content(std::string_view chunk);
  Result<> hole(std::uint64_t until);
  Result<> end_content();
  std::unexpected<Error> corrupt(std::string what) const {
    return fail(Fault::corrupt, std::move(what), {}, offset_);
  }

  TarVisitor& visitor_;
  State state_ = State::header;
  std::string block_;  // a header that came in parts
  std::string meta_;   // content of a PAX or GNU entry
  char meta_kind_ = 0;
  std::uint64_t left_ = 0;  // bytes of content to come
  std::uint64_t pad_ = 0;   // and the padding after it
  bool wanted_ = false;     // the visitor wants the content
  Extended next_;
  std::string gnu_path_, gnu_link_;  // of GNU's long-name entries; they win over PAX
  std::optional<SparseMap> sparse_;  // of the entry at hand
  std::string pending_;              // its header, while the map is read
  std::size_t piece_ = 0;            // of the map, the next to fill
  std::uint64_t position_ = 0;       // in the file, holes counted
  std::uint64_t holes_ = 0;          // bytes of holes given so far, all entries together
  std::uint64_t offset_ = 0;
  int zero_blocks_ = 0;
};

}  // namespace boltseal
