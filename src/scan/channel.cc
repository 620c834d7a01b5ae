#include "scan/channel.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace boltseal {
namespace {

struct Header {
  std::uint32_t kind = 0;
  std::uint32_t has_fd = 0;
  std::uint64_t size = 0;
};

Result<> send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    // MSG_NOSIGNAL: a child that died is an error here, not a SIGPIPE. sendmsg, because the child's
    // filter knows only that.
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return std::unexpected(errno_error("cannot talk to the reading process"));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

// Fills all of `out`; false at the orderly end before the first byte.
Result<bool> receive_all(int socket, char* out, std::size_t size, Fd* fd) {
  std::size_t got = 0;
  while (got < size) {
    iovec part{out + got, size - got};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(errno_error("cannot hear the other process"));
    if (n == 0 && got == 0) return false;
    if (n == 0) return fail(Fault::io, "the other process stopped in the middle of a message");
    const cmsghdr* extra = CMSG_FIRSTHDR(&message);
    if (fd && extra && extra->cmsg_type == SCM_RIGHTS && extra->cmsg_len == CMSG_LEN(sizeof(int))) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(extra), sizeof number);
      *fd = Fd(number);
    }
    got += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

Result<> send_message(int socket, std::uint32_t kind, std::string_view body, int fd) {
  const Header header{kind, fd >= 0, body.size()};
  iovec part{const_cast<Header*>(&header), sizeof header};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* extra = CMSG_FIRSTHDR(&message);
    extra->cmsg_level = SOL_SOCKET;
    extra->cmsg_type = SCM_RIGHTS;
    extra->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(extra), &fd, sizeof fd);
  }
  ssize_t sent = -1;
  do sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent != sizeof header)
    return std::unexpected(errno_error("cannot talk to the reading process"));
  return send_all(socket, body);
}

Result<std::optional<Message>> receive_message(int socket, std::uint64_t cap) {
  Header header;
  Message message;
  TRY(const bool there,
      receive_all(socket, reinterpret_cast<char*>(&header), sizeof header, &message.fd));
  if (!there) return std::nullopt;
  if (header.size > cap)
    return fail(Fault::too_large, fmt::format("a message of {} bytes", header.size));
  message.kind = header.kind;
  message.body.resize(static_cast<std::size_t>(header.size));
  TRY(const bool whole, receive_all(socket, message.body.data(), message.body.size(), nullptr));
  if (!whole && header.size > 0)
    return fail(Fault::io, "the other process stopped in the middle of a message");
  return message;
}

}  // namespace boltseal
