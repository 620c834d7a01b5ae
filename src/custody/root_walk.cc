#include "custody/root_walk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include "custody/file_probe.h"
#include "layers/directory_walk.h"

namespace boltseal {
namespace {

constexpr std::size_t batch_size = 256;      // files of one folder that one thread takes at once
constexpr std::size_t path_piece = 3500;     // the kernel takes paths of up to 4096 bytes
constexpr std::size_t path_limit = 8 << 10;  // folders in folders: somebody's trap
constexpr std::uint64_t names_limit = 4ULL << 30;  // bytes of all paths together
constexpr std::size_t listing_size = 64 << 10;
constexpr int tries_limit = 3;  // for a file or folder that changes while it is read
constexpr std::size_t file_limit = 50'000'000;

struct Task {
  std::string folder;
  std::vector<std::string> names;  // none: list the folder
  int tries = 0;                   // so often it was a folder no more
};

// Threads that take tasks and make new ones, until none is left and nobody works.
class Tasks {
 public:
  void add(Task task) {
    const std::scoped_lock lock(mutex_);
    tasks_.push_back(std::move(task));
    ++open_;
    changed_.notify_one();
  }
  bool take(Task& out) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_ == 0 || !tasks_.empty(); });
    if (tasks_.empty()) return false;
    out = std::move(tasks_.back());  // the deepest first keeps the list short
    tasks_.pop_back();
    return true;
  }
  void done() {
    const std::scoped_lock lock(mutex_);
    if (--open_ == 0) changed_.notify_all();
  }
  // Long paths in deep folders grow with the square of the depth; attributes cost their maker
  // little.
  bool has_room_for(std::size_t name) { return (names_ += name) <= names_limit; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Task> tasks_;
  std::size_t open_ = 0;  // waiting and being worked on
  std::atomic<std::uint64_t> names_ = 0;
};

std::string joined(std::string_view folder, std::string_view name) {
  std::string out;
  out.reserve(folder.size() + 1 + name.size());
  if (!folder.empty()) out.append(folder).append(1, '/');
  out.append(name);
  return out;
}

// The root's own mount, by its id; before Linux 5.8, which has none, by its device.
struct OwnMount {
  explicit OwnMount(const struct statx& info)
      : id(info.stx_mask & STATX_MNT_ID ? info.stx_mnt_id : 0), device(device_of(info)) {}
  bool holds(const struct statx& info) const {
    if (info.stx_mask & STATX_MNT_ID) return info.stx_mnt_id == id;
    return !S_ISDIR(info.stx_mode) || device_of(info) == device;
  }
  static std::uint64_t device_of(const struct statx& info) {
    return static_cast<std::uint64_t>(info.stx_dev_major) << 32 | info.stx_dev_minor;
  }
  std::uint64_t id, device;
};

class Walker {
 public:
  Walker(int root, const RootWalk& walk, const OwnMount& mount, Tasks& tasks)
      : root_(root),
        mount_(mount),
        tasks_(tasks),
        probe_(walk),
        // A server of the container's own (FUSE) that is mounted in it must not be asked, because
        // it may never answer. Where the root itself is served, what is remembered may be too old.
        look_(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT |
              (file_system_of(root) == FileSystem::remote ? 0 : AT_STATX_DONT_SYNC)),
        listing_(std::make_unique<char[]>(listing_size)) {}

  void work() {
    for (Task task; tasks_.take(task); tasks_.done()) run(task);
    in_order_.reserve(out_.files.size());
    for (FoundFile& file : out_.files) in_order_.push_back(&file);
    std::ranges::sort(in_order_, {}, path_of);
  }
  static const std::string& path_of(const FoundFile* file) { return file->record.path; }
  // What work() found, sorted by path; gone after take().
  const std::vector<FoundFile*>& in_order() const { return in_order_; }
  FoundRoot take() {
    out_.hashed = probe_.hashed();
    return std::move(out_);
  }
  // One path and, for a folder, all below it. Of what lies under a mount, the mount is told of.
  void begin(std::string path) {
    for (;;) {
      const auto slash = path.rfind('/');
      const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
      const auto fd = open_below(root_, folder, O_RDONLY | O_DIRECTORY);
      if (fd) return visit(fd->get(), folder, path.substr(slash + 1));
      if (fd.error().fault != Fault::unsupported || folder.empty()) return;
      path = folder;
    }
  }

 private:
  void unreadable(std::string_view path, Error error) {
    const bool race = error.fault == Fault::not_found || error.fault == Fault::corrupt;
    auto& list = race ? out_.raced : out_.unreadable;
    list.push_back({std::string(path), 0, "drift", error.fault, std::move(error.what), {}});
  }

  void run(const Task& task) {
    if (out_.files.size() > file_limit || task.folder.size() > path_limit ||
        !tasks_.has_room_for(0))
      return unreadable(task.folder, {Fault::too_large, "too many or too deep folders", {}, {}});
    const auto fd = open_below(root_, task.folder, O_RDONLY | O_DIRECTORY);
    if (!fd) return look_again(task, fd.error());
    if (!task.names.empty()) {
      for (const auto& name : task.names) visit(fd->get(), task.folder, name);
      return;
    }
    if (!task.folder.empty()) own_record(fd->get(), task.folder);
    list(fd->get(), task.folder);
  }

  // A folder that cannot be entered any more. What is gone is gone; but who goes on exchanging it,
  // or one above it, for something else does not hide what it holds: that is looked at instead, or
  // told to be there and not to be read.
  void look_again(const Task& task, const Error& error) {
    std::string path = task.folder, above, name;
    Result<Fd> fd = std::unexpected(error);
    while (!fd && fd.error().fault == Fault::not_found && !path.empty()) {
      const auto slash = path.rfind('/');
      name = path.substr(slash == std::string::npos ? 0 : slash + 1);
      above = slash == std::string::npos ? "" : path.substr(0, slash);
      fd = open_below(root_, above, O_RDONLY | O_DIRECTORY);
      if (!fd) path = above;
    }
    if (!fd) return unreadable(task.folder, fd.error());
    struct statx info{};
    if (::statx(fd->get(), name.c_str(), look_, STATX_BASIC_STATS, &info) != 0)
      return unreadable(task.folder, error);
    if (task.tries == tries_limit)
      return unreadable(task.folder,
                        {Fault::io, "exchanged for something else again and again", {}, {}});
    if (path == task.folder && task.names.empty())
      return visit(fd->get(), above, name, task.tries + 1);
    tasks_.add({task.folder, task.names, task.tries + 1});
  }

  void own_record(int fd, const std::string& path) {
    FoundFile file;
    file.record.path = path;
    auto read = probe_.folder(fd, file);
    if (!read) return unreadable(path, std::move(read).error());
    out_.files.push_back(std::move(file));
  }

  void list(int fd, const std::string& folder) {
    std::vector<std::string> names;
    for (;;) {
      const auto got = ::syscall(SYS_getdents64, fd, listing_.get(), listing_size);
      if (got < 0) unreadable(folder, probe_error("cannot list the folder"));
      if (got <= 0) break;
      add_names({listing_.get(), static_cast<std::size_t>(got)}, names);
    }
    for (; names.size() > batch_size; names.resize(names.size() - batch_size)) {
      const auto from = names.end() - static_cast<std::ptrdiff_t>(batch_size);
      tasks_.add(
          {folder, {std::make_move_iterator(from), std::make_move_iterator(names.end())}, 0});
    }
    for (const auto& name : names) visit(fd, folder, name);
  }

  // struct linux_dirent64: inode and offset (8 bytes each), size of the entry (2), type (1), name.
  static void add_names(std::string_view entries, std::vector<std::string>& names) {
    constexpr std::size_t size_at = 16, name_at = 19;
    while (entries.size() > name_at) {
      std::uint16_t size = 0;
      std::memcpy(&size, entries.data() + size_at, sizeof size);
      if (size <= name_at || size > entries.size()) return;
      const std::string_view room = entries.substr(name_at, size - name_at);
      const std::string_view name = room.substr(0, room.find('\0'));
      if (name != "." && name != "..") names.emplace_back(name);
      entries.remove_prefix(size);
    }
  }

  // `looks`: so often it was looked at before, and was a folder no more when it was to be listed.
  void visit(int folder, const std::string& folder_path, const std::string& name, int looks = 0) {
    std::string path = joined(folder_path, name);
    if (!tasks_.has_room_for(path.size()))
      return unreadable(path, {Fault::too_large, "too many or too long paths", {}, {}});
    struct statx info{};
    for (int tries = 1;; ++tries) {
      if (::statx(folder, name.c_str(), look_, STATX_BASIC_STATS | STATX_MNT_ID, &info) != 0)
        return unreadable(path, probe_error("gone, or cannot be looked at"));
      const bool directory = S_ISDIR(info.stx_mode);
      if (!mount_.holds(info)) {
        out_.mounts.push_back({std::move(path), info.stx_mnt_id, directory});
        return;
      }
      if (directory) return tasks_.add({std::move(path), {}, looks});
      FoundFile file;
      file.record.path = path;
      auto read = probe_.file(folder, name, info, file);
      if (!read && read.error().fault == Fault::corrupt && tries < tries_limit) continue;
      file.unstable = !read && read.error().fault == Fault::corrupt;
      if (!read) unreadable(path, read.error());
      if (read && !tasks_.has_room_for(beside(file.record)))
        return unreadable(path, {Fault::too_large, "too many extended attributes", {}, {}});
      if (read || file.unstable) out_.files.push_back(std::move(file));
      return;
    }
  }

  // Bytes of what may be large beside the path.
  static std::size_t beside(const ContentRecord& record) {
    std::size_t out = record.link.size();
    for (const auto& [name, value] : record.xattrs) out += name.size() + value.size();
    return out;
  }

  int root_;
  const OwnMount& mount_;
  Tasks& tasks_;
  FileProbe probe_;
  int look_;
  std::unique_ptr<char[]> listing_;
  FoundRoot out_;
  std::vector<FoundFile*> in_order_;
};

// The files of all walkers, each of which has sorted its own.
std::vector<FoundFile> merged(const std::vector<std::unique_ptr<Walker>>& walkers) {
  std::vector<FoundFile*> order;
  for (const auto& walker : walkers) {
    const auto middle = static_cast<std::ptrdiff_t>(order.size());
    order.insert(order.end(), walker->in_order().begin(), walker->in_order().end());
    std::ranges::inplace_merge(order, order.begin() + middle, {}, Walker::path_of);
  }
  std::vector<FoundFile> out;
  out.reserve(order.size());
  for (FoundFile* file : order) out.push_back(std::move(*file));
  return out;
}

// Where the system has no openat2, or a container's filter forbids it: part by part.
Result<Fd> open_by_parts(int from, const std::string& path, int flags) {
  Fd at;
  std::string_view rest = path;
  while (!rest.empty()) {
    const auto slash = rest.find('/');
    const std::string name(rest.substr(0, slash));
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    const int how = rest.empty() ? flags : O_PATH | O_DIRECTORY;
    Fd next(::openat(at ? at.get() : from, name.c_str(), how | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return std::unexpected(probe_error("cannot open the folder"));
    at = std::move(next);
  }
  return at;
}

Result<Fd> open_piece(int from, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  for (int tries = 0; tries < 64; ++tries) {
    Fd fd(static_cast<int>(
        ::syscall(SYS_openat2, from, path.empty() ? "." : path.c_str(), &how, sizeof how)));
    if (fd) return fd;
    if (errno == EAGAIN || errno == EINTR) continue;  // somebody renamed something meanwhile
    if (errno == ENOSYS || errno == EPERM)
      return open_by_parts(from, path.empty() ? "." : path, flags);
    break;
  }
  return std::unexpected(probe_error("cannot open the folder"));
}

}  // namespace

Result<Fd> open_below(int root, std::string_view path, int flags) {
  Fd at;
  while (path.size() > path_piece) {
    const auto slash = path.rfind('/', path_piece);
    if (slash == std::string_view::npos || slash == 0) break;
    TRY(at,
        open_piece(at ? at.get() : root, std::string(path.substr(0, slash)), O_PATH | O_DIRECTORY));
    path.remove_prefix(slash + 1);
  }
  return open_piece(at ? at.get() : root, std::string(path), flags);
}

Result<FoundRoot> walk_root(int root, const RootWalk& walk, std::string_view below) {
  struct statx info{};
  if (::statx(root, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &info) != 0)
    return std::unexpected(errno_error("cannot look at the root"));
  if (!S_ISDIR(info.stx_mode)) return fail(Fault::not_found, "the root is not a folder");
  Tasks tasks;
  const unsigned count =
      std::clamp(walk.threads ? walk.threads : std::thread::hardware_concurrency(), 1U, 64U);
  const OwnMount mount(info);
  std::vector<std::unique_ptr<Walker>> walkers;
  for (unsigned i = 0; i < count; ++i)
    walkers.push_back(std::make_unique<Walker>(root, walk, mount, tasks));
  if (below.empty())
    tasks.add({});
  else
    walkers[0]->begin(std::string(below));
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < count; ++i) threads.emplace_back([&, i] { walkers[i]->work(); });
  walkers[0]->work();
  for (auto& thread : threads) thread.join();

  FoundRoot out;
  out.files = merged(walkers);
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  for (const auto& walker : walkers) {
    FoundRoot part = walker->take();
    append(out.mounts, part.mounts);
    append(out.unreadable, part.unreadable);
    append(out.raced, part.raced);
    out.hashed += part.hashed;
  }
  std::ranges::sort(out.mounts, {}, &FoundMount::path);
  std::ranges::sort(out.unreadable, {}, &Unknown::path);
  std::ranges::sort(out.raced, {}, &Unknown::path);
  return out;
}

}  // namespace boltseal
