// Runs a credential helper. The protocol: https://github.com/docker/docker-credential-helpers (the
// server's name on standard input, a JSON object or an error text on standard output).
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "base/fd.h"
#include "net/credentials.h"

namespace boltseal {
namespace {

constexpr auto patience = std::chrono::seconds(30);
constexpr std::size_t max_answer = 64U << 10;

// Both ends of the talk: a socket pair, because MSG_NOSIGNAL spares us SIGPIPE when the helper does
// not listen.
Result<std::pair<Fd, Fd>> channel() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return std::unexpected(errno_error("cannot make a socket pair"));
  }
  return std::pair(Fd(ends[0]), Fd(ends[1]));
}

Result<pid_t> start(const std::string& program, int channel_end) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, channel_end, 0);
  ::posix_spawn_file_actions_adddup2(&actions, channel_end, 1);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  std::string name = program, verb = "get";
  char* arguments[] = {name.data(), verb.data(), nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, program.c_str(), &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return pid;
  errno = error;
  return std::unexpected(
      errno_error("cannot run the credential helper; is it on the PATH?", program));
}

Result<std::string> listen_to(int fd, const std::string& program) {
  const auto end = std::chrono::steady_clock::now() + patience;
  std::string answer;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd wait{fd, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) == 0) {
      return fail(Fault::io, "no answer within 30 seconds", program);
    }
    char buffer[4096];
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno_error("cannot read its answer", program));
    if (got == 0) return answer;
    answer.append(buffer, static_cast<std::size_t>(got));
    if (answer.size() > max_answer) return fail(Fault::too_large, "an answer over 64 KiB", program);
  }
}

}  // namespace

Result<std::string> run_credential_helper(const std::string& program, const std::string& server) {
  TRY(auto ends, channel());
  TRY(const pid_t pid, start(program, ends.second.get()));
  ends.second = Fd();
  const std::string line = server + "\n";
  (void)::send(ends.first.get(), line.data(), line.size(), MSG_NOSIGNAL);
  ::shutdown(ends.first.get(), SHUT_WR);
  auto answer = listen_to(ends.first.get(), program);
  if (!answer) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!answer || answer->starts_with("credentials not found")) return answer;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail(Fault::io,
                fmt::format("failed with status {}", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
                program);
  }
  return answer;
}

}  // namespace boltseal
