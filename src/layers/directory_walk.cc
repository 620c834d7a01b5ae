#include "layers/directory_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"

namespace boltseal {
namespace {

constexpr std::size_t chunk_size = 512 << 10;

TarEntry::Kind kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return TarEntry::Kind::file;
    case S_IFDIR:
      return TarEntry::Kind::directory;
    case S_IFLNK:
      return TarEntry::Kind::symlink;
    case S_IFCHR:
      return TarEntry::Kind::character_device;
    case S_IFBLK:
      return TarEntry::Kind::block_device;
    case S_IFIFO:
      return TarEntry::Kind::fifo;
    default:
      return TarEntry::Kind::other;
  }
}

class Walker {
 public:
  Walker(int root, const DirectoryWalk& walk)
      : root_(root), walk_(walk), buffer_(std::make_unique<char[]>(chunk_size)) {}

  Result<> run() {
    std::vector<std::string> todo = {""};  // folders still to list, next one last
    while (!todo.empty()) {
      const std::string folder = std::move(todo.back());
      todo.pop_back();
      auto listed = names_in(folder);
      if (!listed) {
        walk_.unreadable(folder, std::move(listed).error());
        continue;
      }
      std::vector<std::string> below;
      for (const auto& name : *listed) {
        std::string path = folder.empty() ? name : fmt::format("{}/{}", folder, name);
        if (walk_.left_out && walk_.left_out(path)) continue;
        TRY(const bool is_folder, visit(path));
        if (is_folder) below.push_back(std::move(path));
      }
      todo.insert(todo.end(), std::make_move_iterator(below.rbegin()),
                  std::make_move_iterator(below.rend()));
    }
    return {};
  }

 private:
  Result<std::vector<std::string>> names_in(const std::string& folder) {
    Fd fd(::openat(root_, folder.empty() ? "." : folder.c_str(),
                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return std::unexpected(errno_error("cannot list the folder"));
    std::vector<std::string> names;
    const FileSystem kind = file_system_of(fd.get());
    if (folder.empty()) root_kind_ = kind;
    if (kind == FileSystem::kernel) return names;
    if (kind == FileSystem::remote && root_kind_ != FileSystem::remote)
      return fail(Fault::unsupported,
                  "a network or FUSE file system is mounted here; give its own path to scan it");
    DIR* dir = ::fdopendir(fd.get());
    if (!dir) return std::unexpected(errno_error("cannot list the folder"));
    fd.release();
    while (const dirent* item = ::readdir(dir)) {
      const std::string_view name = item->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    ::closedir(dir);
    std::ranges::sort(names);
    return names;
  }

  // Tells the visitor of one entry; true for a folder to go into.
  Result<bool> visit(const std::string& path) {
    struct stat info{};
    if (::fstatat(root_, path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      walk_.unreadable(path, errno_error("cannot look at the file"));
      return false;
    }
    const std::vector<std::pair<std::string, std::string>> no_xattrs;
    TarEntry entry;
    entry.kind = kind_of(info.st_mode);
    entry.path = path;
    entry.size = entry.kind == TarEntry::Kind::file ? static_cast<std::uint64_t>(info.st_size) : 0;
    entry.stored = entry.size;
    entry.mode = info.st_mode & 07777;
    entry.uid = info.st_uid;
    entry.gid = info.st_gid;
    entry.xattrs = &no_xattrs;
    TRY(const bool wanted, walk_.visitor.entry(entry));
    if (wanted) TRY_DO(content(path, entry.size));
    if (walk_.progress && ++files_ % 1024 == 0) walk_.progress(files_);
    return entry.kind == TarEntry::Kind::directory;
  }

  // Exactly the size that was announced: a file that grows while we look is cut, one that shrinks
  // is unreadable.
  Result<> content(const std::string& path, std::uint64_t size) {
    const Fd fd(
        ::openat(root_, path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd) return walk_.unreadable(path, errno_error("cannot open the file")), Result<>{};
    // The first piece is small: most files are looked at for their first bytes only.
    std::size_t step = 4096;
    for (std::uint64_t left = size; left > 0;) {
      const ssize_t got = ::read(fd.get(), buffer_.get(),
                                 static_cast<std::size_t>(std::min<std::uint64_t>(left, step)));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        walk_.unreadable(path,
                         got < 0 ? errno_error("cannot read the file")
                                 : Error{Fault::io, "the file changed while it was read", {}, {}});
        return {};
      }
      left -= static_cast<std::uint64_t>(got);
      step = chunk_size;
      TRY(const bool more, walk_.visitor.content({buffer_.get(), static_cast<std::size_t>(got)}));
      if (!more) return {};
    }
    return walk_.visitor.end();
  }

  int root_;
  const DirectoryWalk& walk_;
  std::unique_ptr<char[]> buffer_;
  std::uint64_t files_ = 0;
  FileSystem root_kind_ = FileSystem::local;
};

}  // namespace

FileSystem file_system_of(int fd) {
  constexpr std::array<long, 11> kernel = {
      PROC_SUPER_MAGIC,   SYSFS_MAGIC,    CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
      DEVPTS_SUPER_MAGIC, DEBUGFS_MAGIC,  TRACEFS_MAGIC,      SECURITYFS_MAGIC,
      BPF_FS_MAGIC,       PSTOREFS_MAGIC, EFIVARFS_MAGIC};
  constexpr long nfs = 0x6969, cifs = 0xff534d42, smb2 = 0xfe534d42, smb = 0x517b,
                 fuse = 0x65735546, nine_p = 0x01021997, afs = 0x5346414f, ceph = 0x00c36400,
                 coda = 0x73757245, lustre = 0x0bd00bd0, gpfs = 0x47504653;
  constexpr std::array remote = {nfs, cifs, smb2, smb, fuse, nine_p, afs, ceph, coda, lustre, gpfs};
  struct statfs info{};
  if (::fstatfs(fd, &info) != 0) return FileSystem::local;
  const auto type = static_cast<long>(static_cast<unsigned long>(info.f_type) & 0xffffffffUL);
  if (std::ranges::find(kernel, type) != kernel.end()) return FileSystem::kernel;
  return std::ranges::find(remote, type) != remote.end() ? FileSystem::remote : FileSystem::local;
}

Result<> walk_directory(int root, const DirectoryWalk& walk) { return Walker(root, walk).run(); }

}  // namespace boltseal
