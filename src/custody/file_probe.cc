#include "custody/file_probe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>

#include "base/text.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

constexpr std::size_t read_size = 1 << 20;
constexpr std::uint64_t large_file = 4ULL << 30;
constexpr std::size_t xattr_limit = 64 << 10;  // the kernel's, of a value and of all names
constexpr std::int64_t second = 1'000'000'000;
// A later change may carry the same time when the clock of the file system has not moved on: local
// ones count in timer ticks, some others in seconds.
constexpr std::int64_t tick = 20'000'000;

std::int64_t nanoseconds(const statx_timestamp& t) { return t.tv_sec * second + t.tv_nsec; }

FileTimes times_of(const struct statx& info) {
  return {info.stx_ino, nanoseconds(info.stx_mtime), nanoseconds(info.stx_ctime)};
}

bool settled(const FileTimes& times) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const bool whole_seconds = times.changed % second == 0 && times.modified % second == 0;
  return times.changed < now.tv_sec * second + now.tv_nsec - (whole_seconds ? 2 * second : tick);
}

FileType type_of(unsigned mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return FileType::directory;
    case S_IFLNK:
      return FileType::symlink;
    case S_IFCHR:
      return FileType::character_device;
    case S_IFBLK:
      return FileType::block_device;
    case S_IFIFO:
      return FileType::fifo;
    case S_IFSOCK:
      return FileType::socket;
    default:
      return FileType::file;
  }
}

void fill(const struct statx& info, FoundFile& out) {
  ContentRecord& r = out.record;
  r.type = type_of(info.stx_mode);
  r.mode = r.type == FileType::symlink ? 0777 : info.stx_mode & 07777;
  r.uid = info.stx_uid;
  r.gid = info.stx_gid;
  if (r.type == FileType::file) r.size = info.stx_size;
  if (r.type == FileType::character_device || r.type == FileType::block_device) {
    r.device_major = info.stx_rdev_major;
    r.device_minor = info.stx_rdev_minor;
  }
  out.times = times_of(info);
}

bool looks_like_a_program(std::string_view head) {
  return head.starts_with(
             "\x7f"
             "ELF") ||
         head.starts_with("#!");
}

Error changed_meanwhile() { return {Fault::corrupt, "changed while it was read", {}, {}}; }

Result<struct statx> look_at(int fd) {
  struct statx info{};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &info) != 0)
    return std::unexpected(probe_error("cannot look at it"));
  return info;
}

// The regular file that an O_PATH descriptor holds, for reading.
Result<Fd> reopened(int held) {
  constexpr int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const auto path = fmt::format("/proc/self/fd/{}", held);
  Fd fd(::open(path.c_str(), flags | O_NOATIME));
  if (!fd && errno == EPERM) fd = Fd(::open(path.c_str(), flags));
  if (fd) return fd;
  Error error = errno_error("cannot open the file by /proc/self/fd");
  error.fault = Fault::io;  // it is held, so that it is there
  return std::unexpected(std::move(error));
}

}  // namespace

Error probe_error(std::string_view doing) {
  const bool gone = errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ESTALE;
  const bool elsewhere = errno == EXDEV;
  Error error = errno_error(doing);
  error.fault = elsewhere ? Fault::unsupported : Fault::io;
  if (gone) error.fault = Fault::not_found;
  return error;
}

FileProbe::FileProbe(const RootWalk& walk)
    : walk_(walk), buffer_(std::make_unique<char[]>(read_size)), names_(xattr_limit) {}

Result<> FileProbe::folder(int fd, FoundFile& out) {
  TRY(const auto info, look_at(fd));
  fill(info, out);
  return xattrs(fd, false, out);
}

bool FileProbe::take_known(const struct statx& info, FoundFile& out) const {
  if (!walk_.known) return false;
  const auto found = walk_.known->find(out.record.path);
  if (found == walk_.known->end()) return false;
  const FoundFile& known = *found->second;
  if (!known.settled || known.times != times_of(info) || known.record.type != out.record.type ||
      known.record.size != out.record.size)
    return false;
  out.record.sha256 = known.record.sha256;
  out.record.link = known.record.link;
  out.record.xattrs = known.record.xattrs;  // a change of theirs changes ctime too
  out.program = known.program;
  out.settled = true;
  return true;
}

Result<> FileProbe::file(int folder, const std::string& name, const struct statx& info,
                         FoundFile& out) {
  fill(info, out);
  if (take_known(info, out)) return {};
  if (out.record.type == FileType::file) return regular(folder, name, info, out);
  TRY_DO(special(folder, name, out));
  out.settled = settled(out.times);
  return {};
}

Result<> FileProbe::regular(int folder, const std::string& name, const struct statx& info,
                            FoundFile& out) {
  // What the name stands for may be a device by now, and opening one can do things (a watchdog, a
  // tape). So it is held first by a descriptor that opens nothing, and read through that one.
  const Fd held(::openat(folder, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!held) return std::unexpected(probe_error("cannot open the file"));
  TRY(const auto before, look_at(held.get()));
  if (!S_ISREG(before.stx_mode) || before.stx_ino != info.stx_ino)
    return std::unexpected(changed_meanwhile());
  fill(before, out);
  TRY(const Fd fd, reopened(held.get()));
  out.unread = out.record.size > large_file && walk_.differs &&
               walk_.differs(out.record.path, out.record.size);
  TRY_DO(out.unread ? beginning(fd.get(), out) : hash(fd.get(), out));
  TRY_DO(xattrs(fd.get(), false, out));
  TRY(const auto after, look_at(fd.get()));
  if (times_of(after) != out.times || after.stx_size != out.record.size)
    return std::unexpected(changed_meanwhile());
  out.settled = !out.unread && settled(out.times);
  return {};
}

// Enough to tell a program.
Result<> FileProbe::beginning(int fd, FoundFile& out) {
  const ssize_t got = ::pread(fd, buffer_.get(), 4, 0);
  if (got < 0) return std::unexpected(probe_error("cannot read the file"));
  out.program = (out.record.mode & 0111) &&
                looks_like_a_program({buffer_.get(), static_cast<std::size_t>(got)});
  return {};
}

Result<> FileProbe::hash(int fd, FoundFile& out) {
  Hasher hasher;
  std::uint64_t total = 0;
  for (;;) {
    const ssize_t got = ::read(fd, buffer_.get(), read_size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(probe_error("cannot read the file"));
    if (got == 0) break;
    const std::string_view chunk(buffer_.get(), static_cast<std::size_t>(got));
    if (total == 0) out.program = (out.record.mode & 0111) && looks_like_a_program(chunk);
    hasher.update(chunk);
    total += chunk.size();
    // A file that grows as fast as it is read would never end.
    if (total > out.record.size) return std::unexpected(changed_meanwhile());
    if (total == out.record.size) break;
  }
  if (total != out.record.size) return std::unexpected(changed_meanwhile());
  out.record.sha256 = hasher.finish();
  hashed_ += total;
  return {};
}

// Links, devices, pipes and sockets are looked at through a descriptor that opens nothing.
Result<> FileProbe::special(int folder, const std::string& name, FoundFile& out) {
  const Fd fd(::openat(folder, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return std::unexpected(probe_error("cannot open it"));
  TRY(const auto info, look_at(fd.get()));
  if (type_of(info.stx_mode) != out.record.type) return std::unexpected(changed_meanwhile());
  fill(info, out);
  if (out.record.type == FileType::symlink) {
    const ssize_t got = ::readlinkat(fd.get(), "", buffer_.get(), PATH_MAX);
    if (got < 0) return std::unexpected(probe_error("cannot read the link"));
    out.record.link.assign(buffer_.get(), static_cast<std::size_t>(got));
  }
  return xattrs(fd.get(), true, out);
}

Result<std::string> FileProbe::xattr_value(int fd, const char* path, const char* name) {
  const ssize_t got = path ? ::getxattr(path, name, buffer_.get(), xattr_limit)
                           : ::fgetxattr(fd, name, buffer_.get(), xattr_limit);
  if (got < 0) return std::unexpected(probe_error("cannot read an extended attribute"));
  return std::string(buffer_.get(), static_cast<std::size_t>(got));
}

Result<> FileProbe::xattrs(int fd, bool by_path, FoundFile& out) {
  out.record.xattrs.clear();
  const std::string path = by_path ? fmt::format("/proc/self/fd/{}", fd) : std::string();
  const ssize_t got = by_path ? ::listxattr(path.c_str(), names_.data(), names_.size())
                              : ::flistxattr(fd, names_.data(), names_.size());
  if (got == 0 || (got < 0 && (errno == ENOTSUP || errno == EPERM))) return {};
  if (got < 0) return std::unexpected(probe_error("cannot list extended attributes"));
  const std::string_view all(names_.data(), static_cast<std::size_t>(got));
  for (const auto name : split(all, '\0')) {
    if (name.empty() || (walk_.hidden_xattr && walk_.hidden_xattr(name))) continue;
    const std::string text(name);
    auto value = xattr_value(fd, by_path ? path.c_str() : nullptr, text.c_str());
    if (!value && errno == ENODATA) continue;  // gone meanwhile
    if (!value) return std::unexpected(std::move(value).error());
    out.record.xattrs.emplace_back(text, *std::move(value));
  }
  std::ranges::sort(out.record.xattrs);
  return {};
}

}  // namespace boltseal
