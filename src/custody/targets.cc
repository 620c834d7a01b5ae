#include "custody/targets.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <thread>

#include "base/text.h"
#include "custody/container.h"
#include "custody/processes.h"

namespace boltseal {
namespace {

Result<DriftTarget> open_folder(DriftTarget::Kind kind, const std::string& path) {
  DriftTarget out;
  out.kind = kind;
  out.root = Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!out.root) return std::unexpected(errno_error("cannot open the folder", path));
  std::array<char, PATH_MAX> real{};
  out.key = ::realpath(path.c_str(), real.data()) ? real.data() : path;
  return out;
}

Result<DriftTarget> open_process(const Process& process, const std::string& where) {
  DriftTarget out;
  out.kind = DriftTarget::Kind::process;
  out.pid = process.pid;
  const std::string path = fmt::format("/proc/{}/root", process.pid);
  out.root = Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!out.root) {
    Error error = errno_error("cannot open the root of the process (as root?)", where);
    if (errno == ENOENT) error = {Fault::not_found, "there is no such process", where, {}};
    return std::unexpected(std::move(error));
  }
  // A number is given to another process once its process is gone: the one that was meant must be
  // there now, after its root was opened.
  const auto start = start_of_process(process.pid);
  if (!start || (process.start && *start != process.start))
    return fail(Fault::not_found, "the process that was meant is gone", where);
  out.start = *start;
  out.key = fmt::format("process {} {}", process.pid, *start);
  return out;
}

// The first process of a container may have changed its root (chroot, which Docker allows by
// default) to one that shows what it likes. The root of its mount namespace is what the runtime
// made, and is reached from inside alone: by a thread of its own, so that nothing else moves.
void look_from_the_namespace(DriftTarget& target) {
  struct statx own{}, seen{};
  const auto look = [](int fd, struct statx& info) {
    return ::statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &info) == 0;
  };
  const Fd space(::open(fmt::format("/proc/{}/ns/mnt", target.pid).c_str(), O_RDONLY | O_CLOEXEC));
  Fd root;
  std::thread([&] {
    if (!space || ::unshare(CLONE_FS) != 0 || ::setns(space.get(), CLONE_NEWNS) != 0) return;
    root = Fd(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }).join();
  if (!root || !look(root.get(), seen) || !look(target.root.get(), own)) return;
  if (own.stx_ino == seen.stx_ino && own.stx_mnt_id == seen.stx_mnt_id) return;
  target.root = std::move(root);
  target.notice += "; it has changed its root, and is looked at from that of its namespace";
}

bool has_own_mounts(std::uint32_t pid) {
  struct stat own{}, its{};
  return ::stat("/proc/self/ns/mnt", &own) == 0 &&
         ::stat(fmt::format("/proc/{}/ns/mnt", pid).c_str(), &its) == 0 && own.st_ino != its.st_ino;
}

}  // namespace

Result<> still_there(const DriftTarget& target) {
  if (!target.pid || start_of_process(target.pid) == target.start) return {};
  return fail(Fault::not_found,
              "it ended or was started again while its files were looked at, which says nothing of "
              "them: look again",
              fmt::format("process {}", target.pid));
}

Result<DriftTarget> open_target(const std::string& text,
                                const std::vector<std::string>& runtime_roots) {
  const auto pair = cut(text, ":");
  const std::string_view scheme = pair ? pair->first : std::string_view{};
  const std::string rest(pair ? pair->second : std::string_view{});
  if (scheme == "dir") return open_folder(DriftTarget::Kind::folder, rest);
  if (scheme == "overlay") return open_folder(DriftTarget::Kind::overlay, rest);
  if (scheme == "pid") {
    const auto pid = parse_u64(rest);
    if (!pid || *pid == 0 || *pid > INT32_MAX)
      return fail(Fault::unsupported, "pid: wants the number of a process", text);
    return open_process({static_cast<std::uint32_t>(*pid), 0}, text);
  }
  if (scheme == "container") {
    TRY(const auto container, find_container(rest, runtime_roots));
    TRY(auto out, open_process(container.process, text));
    out.notice =
        fmt::format("container {} of {}, process {}", container.id, container.runtime, out.pid);
    if (has_own_mounts(out.pid)) look_from_the_namespace(out);
    TRY_DO(still_there(out));
    return out;
  }
  return DriftTarget{};
}

bool is_runtime_xattr(std::string_view name) {
  return name.starts_with("trusted.overlay.") || name.starts_with("user.overlay.") ||
         name.starts_with("user.fuseoverlayfs.") || name == "security.selinux" ||
         name == "user.containers.override_stat";
}

}  // namespace boltseal
