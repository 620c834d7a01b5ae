// An HTTP server on loopback for tests: one connection at a time, one request per connection, every
// wait bounded.
#pragma once
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/text.h"

namespace boltseal::test {

struct Received {
  std::string method, target;
  std::map<std::string, std::string> headers;  // lower case
  std::string body;
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string{} : found->second;
  }
};

inline std::string reply(int status, std::string_view body, std::string_view headers = {}) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", status,
                     body.size(), headers, body);
}

class Server {
 public:
  using Handler = std::function<std::string(const Received&)>;

  // On a port of loopback, or on the unix socket at `path`.
  explicit Server(Handler handler, const std::string& path = {}) : handler_(std::move(handler)) {
    if (path.empty())
      listen_on_port();
    else
      listen_on_socket(path);
    thread_ = std::thread([this] { run(); });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }

  std::string host() const { return fmt::format("127.0.0.1:{}", port_); }
  std::string url(std::string_view target = "/") const {
    return fmt::format("http://{}{}", host(), target);
  }
  int port() const { return port_; }
  std::vector<Received> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }

 private:
  void listen_on_port() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::listen(listener_, 16) != 0)
      std::abort();
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }
  void listen_on_socket(const std::string& path) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 16) != 0)
      std::abort();
  }
  static bool readable(int fd, int milliseconds) {
    pollfd wait{fd, POLLIN, 0};
    return ::poll(&wait, 1, milliseconds) > 0;
  }
  void run() {
    while (!stop_) {
      if (!readable(listener_, 20)) continue;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      if (auto request = receive(fd)) {
        {
          const std::scoped_lock lock(mutex_);
          requests_.push_back(*request);
        }
        send_all(fd, handler_(*request));
      }
      ::close(fd);
    }
  }
  std::optional<Received> receive(int fd) const {
    std::string bytes;
    std::size_t head = std::string::npos, length = 0;
    while (head == std::string::npos || bytes.size() < head + 4 + length) {
      char buffer[4096];
      if (stop_ || bytes.size() > (1U << 20) || !readable(fd, 2000)) return std::nullopt;
      const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) return std::nullopt;
      bytes.append(buffer, static_cast<std::size_t>(got));
      if (bytes[0] == 0x16) return std::nullopt;  // a TLS hello
      if (head != std::string::npos || (head = bytes.find("\r\n\r\n")) == std::string::npos)
        continue;
      const auto at = lower(bytes).find("content-length: ");
      if (at < head) length = std::stoul(bytes.substr(at + 16));
    }
    return parse(bytes, head);
  }
  static Received parse(const std::string& bytes, std::size_t head) {
    Received out;
    each_line(std::string_view(bytes).substr(0, head), [&](std::string_view line) {
      if (out.method.empty()) {
        const auto parts = words(line);
        out.method = parts.at(0);
        out.target = parts.at(1);
      } else if (const auto pair = cut(line, ":")) {
        out.headers[lower(pair->first)] = trim(pair->second);
      }
    });
    out.body = bytes.substr(head + 4);
    return out;
  }
  static void send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t put = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    ::shutdown(fd, SHUT_WR);
    char rest[256];
    while (readable(fd, 200) && ::recv(fd, rest, sizeof rest, 0) > 0) {
    }
  }

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  std::vector<Received> requests_;
  std::thread thread_;
};

}  // namespace boltseal::test
