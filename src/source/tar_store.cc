// Random access to the members of a tar: one pass over the headers, the contents are skipped, so
// that indexing a 3 GB archive reads a few hundred KB. Members are never unpacked; a symlink is
// followed inside the archive only (`docker save` before 25 wrote one for a layer that two images
// share).
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <unordered_map>

#include "base/text.h"
#include "codec/decompress.h"
#include "codec/tar.h"
#include "source/archive.h"
#include "source/spool.h"

namespace boltseal {
namespace {

constexpr std::size_t block_size = 512;
constexpr std::size_t max_members = 200'000;
constexpr std::size_t max_meta_blocks = 8192;  // PAX and long-name blocks before one entry
constexpr int max_links = 16;
constexpr std::uint64_t max_inflated = 1ULL << 37;   // 128 GiB
constexpr std::uint64_t free_inflated = 1ULL << 28;  // below this no ratio is asked for
constexpr std::uint64_t max_ratio = 200;             // security-record row 7

// The path as docker and OCI write it: no "./", no leading slash; empty for one that climbs out.
std::string normal_path(std::string_view path) {
  std::vector<std::string> steps;
  for (const std::string_view step : split(path, '/')) {
    if (step.empty() || step == ".") continue;
    if (step != "..") {
      steps.emplace_back(step);
    } else if (steps.empty()) {
      return {};
    } else {
      steps.pop_back();
    }
  }
  return join(steps, "/");
}

Result<std::size_t> read_at(int fd, std::span<char> into, std::uint64_t offset,
                            const std::string& where) {
  std::size_t at = 0;
  while (at < into.size()) {
    const auto got =
        ::pread(fd, into.data() + at, into.size() - at, static_cast<off_t>(offset + at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno_error("cannot read", where));
    if (got == 0) break;
    at += static_cast<std::size_t>(got);
  }
  return at;
}

struct Member {
  std::uint64_t offset = 0, size = 0;
  std::string link;  // of a symlink or hard link: path inside the archive
};

// Keeps the one entry that a parser is fed.
class OneEntry : public TarVisitor {
 public:
  Result<bool> entry(const TarEntry& entry) override {
    seen = true;
    kind = entry.kind;
    path = normal_path(entry.path);
    size = entry.stored;
    sparse = entry.stored != entry.size;
    const std::string raw(entry.path);
    // A symlink is relative to its folder, a hard link to the archive.
    link = kind == TarEntry::Kind::symlink && !entry.link.starts_with('/')
               ? normal_path(raw.substr(0, raw.rfind('/') + 1) + std::string(entry.link))
               : normal_path(entry.link);
    return false;
  }
  Result<bool> content(std::string_view) override { return false; }
  Result<> end() override { return {}; }

  bool seen = false, sparse = false;
  TarEntry::Kind kind = TarEntry::Kind::other;
  std::string path, link;
  std::uint64_t size = 0;
};

using Members = std::unordered_map<std::string, Member>;  // looked up only, never listed

class TarStore : public BlobStore {
 public:
  TarStore(Fd fd, std::string where, Members members)
      : fd_(std::move(fd)), where_(std::move(where)), members_(std::move(members)) {}
  const std::string& where() const override { return where_; }

  Result<LayerBytes> open(const std::string& path) const override {
    std::string at = normal_path(path);
    for (int links = 0; links <= max_links; ++links) {
      const auto found = members_.find(at);
      if (found == members_.end())
        return fail(Fault::not_found, "no such member", where_ + "/" + path);
      if (!found->second.link.empty()) {
        at = found->second.link;
        continue;
      }
      LayerBytes out;
      // A description of its own where the system allows it, so that nobody shares a file position.
      out.fd = Fd(::open(fmt::format("/proc/self/fd/{}", fd_.get()).c_str(), O_RDONLY | O_CLOEXEC));
      if (!out.fd) out.fd = Fd(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
      if (!out.fd) return std::unexpected(errno_error("cannot open again", where_));
      out.offset = found->second.offset;
      out.length = found->second.size;
      return out;
    }
    return fail(Fault::corrupt, "links that lead in a circle", where_ + "/" + path);
  }

 private:
  Fd fd_;
  std::string where_;
  Members members_;
};

// Reads the entry whose first header is at `offset`, which moves behind its content. False at the
// end of the archive.
Result<bool> next_entry(int fd, std::uint64_t& offset, std::uint64_t size, OneEntry& entry,
                        const std::string& where) {
  TarParser parser(entry);
  char block[block_size];
  for (std::size_t blocks = 0; !entry.seen; ++blocks) {
    if (blocks > max_meta_blocks)
      return fail(Fault::too_large, "endless tar headers", where, offset);
    TRY(const std::size_t got, read_at(fd, block, offset, where));
    if (got == 0) return false;
    const std::string_view bytes(block, got);
    if (blocks == 0 && bytes.find_first_not_of('\0') == std::string_view::npos) return false;
    if (got < block_size)
      return fail(Fault::corrupt, "the archive ends inside a header", where, offset);
    if (auto fed = parser.feed(bytes); !fed)
      return fail(fed.error().fault, fed.error().what, where, offset);
    offset += block_size;
  }
  if (entry.kind != TarEntry::Kind::file) entry.size = 0;
  if (entry.size > size || offset > size - entry.size) {
    return fail(Fault::corrupt, "the archive ends inside " + printable(entry.path), where, offset);
  }
  return true;
}

Result<Members> read_members(int fd, std::uint64_t size, const std::string& where) {
  Members members;
  std::uint64_t offset = 0;
  for (std::size_t count = 0;; ++count) {
    if (count > max_members)
      return fail(Fault::too_large, fmt::format("over {} members", max_members), where);
    OneEntry entry;
    auto more = next_entry(fd, offset, size, entry, where);
    if (!more && count == 0)
      return fail(Fault::unsupported, "neither a tar archive nor a compressed one", where);
    if (!more) return std::unexpected(more.error());
    if (!*more) return members;
    const std::uint64_t at = offset;
    offset += (entry.size + block_size - 1) / block_size * block_size;
    const bool link =
        entry.kind == TarEntry::Kind::symlink || entry.kind == TarEntry::Kind::hard_link;
    const bool plain = entry.kind == TarEntry::Kind::file && !entry.sparse;
    if (entry.path.empty() || (link ? entry.link.empty() : !plain)) continue;
    // Docker takes the last of two, Podman the first.
    if ((entry.path == "manifest.json" || entry.path == "index.json") &&
        members.contains(entry.path))
      return fail(Fault::corrupt, "has two of " + entry.path + ", which differ by who reads them",
                  where);
    members.insert_or_assign(std::move(entry.path),
                             Member{at, entry.size, link ? std::move(entry.link) : std::string()});
  }
}

// All of a compressed archive in an unnamed file.
Result<Fd> inflate(int fd, Compression compression, const std::string& where,
                   const std::string& spool_directory) {
  TRY(Spool out, make_spool(spool_directory));
  const auto inflater = Decompressor::make(compression);
  std::vector<char> in(1 << 18), block(1 << 20);
  std::uint64_t offset = 0, written = 0;
  for (;;) {
    TRY(const std::size_t got, read_at(fd, in, offset, where));
    if (got == 0) break;
    offset += got;
    std::string_view left(in.data(), got);
    for (bool full = false; !left.empty() || full;) {
      auto step = inflater->step(left, block);
      if (!step) return fail(step.error().fault, step.error().what, where, offset - left.size());
      left.remove_prefix(step->consumed);
      written += step->produced;
      full = step->produced == block.size();
      if (written > max_inflated || (written > free_inflated && written / max_ratio > offset)) {
        return fail(Fault::too_large,
                    fmt::format("inflates to over {} bytes from {}: refused", written, offset),
                    where);
      }
      TRY_DO(write_all(out.file.get(), {block.data(), step->produced},
                       "the unnamed file in " + out.folder));
      if (step->consumed == 0 && step->produced == 0) break;
    }
    if (!left.empty())
      return fail(Fault::corrupt, "bytes after the end of the compressed data", where,
                  offset - left.size());
  }
  if (!inflater->complete())
    return fail(Fault::corrupt, "the compressed data ends early", where, offset);
  return std::move(out.file);
}

// All of a pipe (`docker save x | boltseal scan docker-archive:/dev/stdin`) in an unnamed file.
Result<Fd> spool(int fd, const std::string& where, const std::string& directory) {
  TRY(Spool out, make_spool(directory));
  std::vector<char> block(1 << 20);
  for (std::uint64_t written = 0; written <= max_inflated;) {
    const auto got = ::read(fd, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno_error("cannot read", where));
    if (got == 0) return std::move(out.file);
    written += static_cast<std::uint64_t>(got);
    TRY_DO(write_all(out.file.get(), {block.data(), static_cast<std::size_t>(got)},
                     "the unnamed file in " + out.folder));
  }
  return fail(Fault::too_large, fmt::format("over {} bytes", max_inflated), where);
}

}  // namespace

Result<std::shared_ptr<const BlobStore>> tar_store(Fd archive, const std::string& where,
                                                   const std::string& spool_directory) {
  struct stat info{};
  if (::fstat(archive.get(), &info) != 0) return std::unexpected(errno_error("cannot stat", where));
  if (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode)) {
    TRY(archive, spool(archive.get(), where, spool_directory));
  } else if (!S_ISREG(info.st_mode)) {
    return fail(Fault::unsupported, "not a file", where);
  }
  char head[6] = {};
  TRY(const std::size_t got, read_at(archive.get(), head, 0, where));
  if (const auto compression = compression_of({head, got}); compression != Compression::none) {
    TRY(archive, inflate(archive.get(), compression, where, spool_directory));
  }
  if (::fstat(archive.get(), &info) != 0) return std::unexpected(errno_error("cannot stat", where));
  TRY(Members members,
      read_members(archive.get(), static_cast<std::uint64_t>(info.st_size), where));
  return std::make_shared<TarStore>(std::move(archive), where, std::move(members));
}

}  // namespace boltseal
