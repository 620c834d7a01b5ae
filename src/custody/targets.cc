#include "custody/targets.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <memory>

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
  out.key = fmt::format("process {} {}", process.pid, *start);
  return out;
}

}  // namespace

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
