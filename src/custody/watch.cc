#include "custody/watch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>

#include "base/cursor.h"
#include "base/text.h"
#include "custody/processes.h"

namespace boltseal {
namespace {

constexpr std::uint64_t watched = FAN_CREATE | FAN_DELETE | FAN_MODIFY | FAN_ATTRIB |
                                  FAN_MOVED_FROM | FAN_MOVED_TO | FAN_CLOSE_WRITE | FAN_ONDIR;
constexpr int quiet_time = 150;  // milliseconds: a file that is being written is looked at once
constexpr int settle_rounds = 10;
constexpr std::size_t event_limit = 10'000;  // of one call; more is "everything"
constexpr std::size_t handle_limit = 128;    // MAX_HANDLE_SZ

// Nothing where the kernel cannot say it: paths end at 4096 bytes.
std::optional<std::string> path_of(int fd) {
  std::array<char, PATH_MAX> target{};
  const std::string self = fmt::format("/proc/self/fd/{}", fd);
  const ssize_t got = ::readlink(self.c_str(), target.data(), target.size());
  if (got <= 0 || static_cast<std::size_t>(got) == target.size()) return std::nullopt;
  return std::string(target.data(), static_cast<std::size_t>(got));
}

bool mark(int events, int folder) {
  return ::fanotify_mark(events, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, watched, folder, ".") == 0;
}

// The folder of a handle, opened on the file system of `base`; "" when it is gone by now.
std::optional<std::string> folder_of_handle(int base, unsigned type, std::string_view handle) {
  struct {
    file_handle head;
    std::array<unsigned char, handle_limit> room;
  } own{};
  if (handle.size() > handle_limit) return std::nullopt;
  own.head.handle_bytes = static_cast<unsigned>(handle.size());
  own.head.handle_type = static_cast<int>(type);
  std::memcpy(reinterpret_cast<char*>(&own) + sizeof(file_handle), handle.data(), handle.size());
  const Fd fd(::open_by_handle_at(base, &own.head, O_PATH | O_CLOEXEC));
  return fd ? path_of(fd.get()) : std::optional(std::string());
}

}  // namespace

Result<Watch> Watch::open(int root, std::uint32_t pid) {
  Watch out;
  out.events_ = Fd(::fanotify_init(
      FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DFID_NAME, O_RDONLY | O_CLOEXEC));
  if (!out.events_) {
    Error error = errno_error("cannot watch: fanotify wants root and Linux 5.9");
    error.fault = Fault::unsupported;
    return std::unexpected(std::move(error));
  }
  out.base_ = Fd(::fcntl(root, F_DUPFD_CLOEXEC, 0));
  if (!mark(out.events_.get(), root)) {
    Error error = errno_error("the file system of this root cannot be watched");
    error.fault = Fault::unsupported;
    const std::string upper = overlay_upper_of(root, pid);
    out.base_ = Fd(upper.empty() ? -1 : ::open(upper.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!out.base_ || !mark(out.events_.get(), out.base_.get()))
      return std::unexpected(std::move(error));
  }
  out.path_ = path_of(out.base_.get()).value_or("");
  if (out.path_ == "/") out.path_.clear();
  return out;
}

// One event: its information records name the folder, by a handle, and the file in it.
void Watch::add_event(std::string_view event, std::vector<std::string>& out) const {
  constexpr std::size_t fsid_size = 8;
  Cursor in(event);
  const auto head_size = in.slice(6, 2);  // fanotify_event_metadata.metadata_len
  std::uint16_t skip = 0;
  if (head_size.size() == sizeof skip) std::memcpy(&skip, head_size.data(), sizeof skip);
  in.skip(skip);
  while (in.ok() && !in.at_end()) {
    const std::uint8_t type = in.u8();
    in.skip(1);
    const std::uint16_t size = in.u16le();
    if (size < 4) return;
    Cursor info(in.bytes(size - 4U));
    if (type != FAN_EVENT_INFO_TYPE_DFID_NAME) continue;
    info.skip(fsid_size);
    const std::uint32_t bytes = info.u32le();
    const std::uint32_t handle_type = info.u32le();
    const auto handle = info.bytes(bytes);
    const auto name = info.until('\0');
    if (!info.ok()) return;
    const auto folder = folder_of_handle(base_.get(), handle_type, handle);
    if (!folder) {
      out.emplace_back();  // somewhere: everything is looked at
      continue;
    }
    if (*folder != path_ && !folder->starts_with(path_ + '/')) continue;
    std::string path = folder->substr(std::min(folder->size(), path_.size() + 1));
    if (name != ".") path += fmt::format("{}{}", path.empty() ? "" : "/", name);
    while (path.starts_with('/')) path.erase(0, 1);
    if (!path.empty()) out.push_back(std::move(path));
  }
}

Result<> Watch::read_events(std::vector<std::string>& out) {
  alignas(fanotify_event_metadata) std::array<char, 64 << 10> buffer;
  for (;;) {
    const ssize_t got = ::read(events_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return {};
    if (got <= 0) return std::unexpected(errno_error("cannot read events"));
    std::string_view left(buffer.data(), static_cast<std::size_t>(got));
    while (left.size() >= sizeof(fanotify_event_metadata)) {
      fanotify_event_metadata head;
      std::memcpy(&head, left.data(), sizeof head);
      if (head.event_len < sizeof head || head.event_len > left.size()) break;
      if ((head.mask & FAN_Q_OVERFLOW) || out.size() >= event_limit)
        out.assign({std::string()});
      else
        add_event(left.substr(0, head.event_len), out);
      if (head.fd >= 0) ::close(head.fd);
      left.remove_prefix(head.event_len);
    }
  }
}

Result<std::vector<std::string>> Watch::next(int milliseconds) {
  std::vector<std::string> out;
  pollfd wait{events_.get(), POLLIN, 0};
  for (int round = 0; round < settle_rounds; ++round) {
    const int ready = ::poll(&wait, 1, round == 0 ? milliseconds : quiet_time);
    if (ready < 0 && errno == EINTR) return out;
    if (ready < 0) return std::unexpected(errno_error("cannot wait for events"));
    if (ready == 0) break;
    TRY_DO(read_events(out));
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

}  // namespace boltseal
