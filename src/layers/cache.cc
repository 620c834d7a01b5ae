#include "layers/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "codec/decompress.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

constexpr std::string_view magic = "BSCACHE1";
constexpr std::size_t digest_size = 32;
constexpr std::uint64_t entry_limit = 2ULL << 30;
constexpr int compression_level =
    1;  // the disk is slower than this, and a warm scan only pays the inflating

struct Entry {
  std::string path;
  std::int64_t used = 0;  // ns
  std::uint64_t size = 0;
};

std::vector<Entry> entries_of(const std::string& directory) {
  std::vector<Entry> entries;
  DIR* dir = ::opendir(directory.c_str());
  if (!dir) return entries;
  while (const dirent* item = ::readdir(dir)) {
    if (!std::string_view(item->d_name).ends_with(".layer")) continue;
    struct stat info{};
    std::string path = fmt::format("{}/{}", directory, item->d_name);
    if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    entries.push_back({std::move(path),
                       info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec,
                       static_cast<std::uint64_t>(info.st_size)});
  }
  ::closedir(dir);
  return entries;
}

std::string compressed(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), compression_level));
  return out;
}

}  // namespace

std::string Cache::path_of(std::string_view key) const {
  return fmt::format("{}/{}.layer", directory_, sha256_hex(key));
}

std::optional<std::string> Cache::get(std::string_view key) const {
  if (directory_.empty()) return std::nullopt;
  const std::string path = path_of(key);
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  const auto bytes = read_file(path, entry_limit);
  if (!bytes) return std::nullopt;
  const std::string_view all = *bytes;
  const bool whole = all.size() >= magic.size() + digest_size && all.starts_with(magic) &&
                     hash(HashKind::sha256, all.substr(magic.size() + digest_size)) ==
                         all.substr(magic.size(), digest_size);
  auto value =
      whole ? decompress(Compression::zstd, all.substr(magic.size() + digest_size), entry_limit * 2)
            : fail(Fault::corrupt, "damaged");
  if (!value) {
    log_debug(fmt::format("cache entry {} is damaged; removed", path));
    ::unlink(path.c_str());
    return std::nullopt;
  }
  ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);  // "used now", for prune()
  return std::move(*value);
}

std::string Cache::entry_bytes(std::string_view value) {
  const std::string body = compressed(value);
  std::string bytes(magic);
  bytes += hash(HashKind::sha256, body);
  bytes += body;
  return bytes;
}

void Cache::put(std::string_view key, std::string_view value) const {
  if (directory_.empty()) return;
  if (const auto stored = store(path_of(key), entry_bytes(value)); !stored)
    log_debug("not cached: " + stored.error().message());
}

void Cache::replace(std::string_view key, std::string_view value) const {
  if (directory_.empty()) return;
  auto stored = make_directories(directory_);
  if (stored) stored = write_file_atomically(path_of(key), entry_bytes(value));
  if (!stored) log_debug("not cached: " + stored.error().message());
}

Result<> Cache::store(const std::string& path, std::string_view bytes) const {
  TRY_DO(make_directories(directory_));
  const Fd fd(::open(directory_.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (!fd) return write_file_atomically(path, bytes);  // a file system without unnamed files
  TRY_DO(write_all(fd.get(), bytes, path));
  const std::string self = fmt::format("/proc/self/fd/{}", fd.get());
  if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0 ||
      errno == EEXIST)
    return {};
  return write_file_atomically(path, bytes);  // no /proc
}

void Cache::prune() const {
  if (directory_.empty()) return;
  auto entries = entries_of(directory_);
  std::uint64_t total = 0;
  for (const auto& entry : entries) total += entry.size;
  if (total <= limit_) return;
  std::ranges::sort(entries, {}, &Entry::used);
  // Somewhat below the limit, so that not every scan has to prune.
  for (const auto& entry : entries) {
    if (total <= limit_ - limit_ / 10) break;
    if (::unlink(entry.path.c_str()) == 0) total -= entry.size;
  }
}

Result<std::uint64_t> Cache::clear() const {
  std::uint64_t removed = 0;
  for (const auto& entry : entries_of(directory_)) {
    if (::unlink(entry.path.c_str()) == 0) ++removed;
  }
  return removed;
}

std::string default_cache_directory() {
  if (const char* own = std::getenv("BOLTSEAL_CACHE_DIR"); own && *own) return own;
  if (const char* base = std::getenv("XDG_CACHE_HOME"); base && *base == '/')
    return fmt::format("{}/boltseal", base);
  if (const char* home = std::getenv("HOME"); home && *home == '/')
    return fmt::format("{}/.cache/boltseal", home);
  return {};
}

}  // namespace boltseal
