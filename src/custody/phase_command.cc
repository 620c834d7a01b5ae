#include "custody/phase_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "base/fd.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  Fd read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::unexpected(errno_error("cannot make a pipe"));
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// In the child, between fork and exec: nothing but system calls.
[[noreturn]] void become(char* const* words, const char* folder, int out, int err, int told,
                         bool own_group) {
  if (own_group) ::setpgid(0, 0);
  (void)std::signal(SIGXFSZ, SIG_DFL);
  if (::chdir(folder) == 0 && ::dup2(out, 1) == 1 && ::dup2(err, 2) == 2) ::execvp(words[0], words);
  const int reason = errno;
  (void)!::write(told, &reason, sizeof reason);
  ::_exit(127);
}

class Tee {
 public:
  Tee(int from, int to, std::uint64_t keep) : from_(from), to_(to), keep_(keep) {}
  bool open() const { return open_; }
  int fd() const { return open_ ? from_ : -1; }
  void pass() {
    std::array<char, 65536> buffer;
    const auto got = ::read(from_, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) return;
    if (got <= 0) {
      open_ = false;
      return;
    }
    const std::string_view chunk(buffer.data(), static_cast<std::size_t>(got));
    hasher_.update(chunk);
    if (out_.text.size() < keep_) out_.text += chunk.substr(0, keep_ - out_.text.size());
    out_.size += chunk.size();
    if (to_ >= 0) (void)write_all(to_, chunk, "");
  }
  StreamDigest take() {
    out_.sha256 = hex(hasher_.finish());
    return std::move(out_);
  }

 private:
  int from_, to_;
  std::uint64_t keep_;
  bool open_ = true;
  Hasher hasher_;
  StreamDigest out_;
};

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Passes both streams on until they end; false when the time is over before.
bool pass_streams(Tee& out, Tee& err, std::optional<Clock::time_point> deadline) {
  while (out.open() || err.open()) {
    int wait = -1;
    if (deadline) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - Clock::now()).count();
      if (left <= 0) return false;
      wait = static_cast<int>(std::min<std::int64_t>(left, 60'000));
    }
    std::array<pollfd, 2> polled = {{{out.fd(), POLLIN, 0}, {err.fd(), POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), wait) < 0 && errno != EINTR) return true;
    if (polled[0].revents != 0) out.pass();
    if (polled[1].revents != 0) err.pass();
  }
  return true;
}

}  // namespace

Result<CommandRun> run_command(const std::vector<std::string>& words,
                               const CommandOptions& options) {
  if (words.empty()) return fail(Fault::unsupported, "no command is given");
  TRY(auto out, make_pipe());
  TRY(auto err, make_pipe());
  TRY(auto told, make_pipe());
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return std::unexpected(errno_error("cannot start a process", words[0]));
  if (child == 0)
    become(arguments.data(), options.folder.c_str(), out.write.get(), err.write.get(),
           told.write.get(), options.seconds.has_value());
  out.write = Fd();
  err.write = Fd();
  told.write = Fd();
  int reason = 0;
  if (::read(told.read.get(), &reason, sizeof reason) == sizeof reason) {
    wait_for(child);
    return fail(Fault::not_found, fmt::format("cannot run it: {}", std::strerror(reason)),
                words[0]);
  }
  Tee first(out.read.get(), options.quiet ? -1 : STDOUT_FILENO, options.keep);
  Tee second(err.read.get(), options.quiet ? -1 : STDERR_FILENO, options.keep);
  std::optional<Clock::time_point> deadline;
  if (options.seconds) deadline = Clock::now() + std::chrono::seconds(*options.seconds);
  const bool in_time = pass_streams(first, second, deadline);
  if (!in_time) ::kill(-child, SIGKILL);
  CommandRun run;
  run.exit_code = wait_for(child);
  if (!in_time)
    return fail(Fault::too_large, fmt::format("ended after {} s", *options.seconds), words[0]);
  run.out = first.take();
  run.err = second.take();
  return run;
}

std::optional<GitState> git_state(const std::string& folder, const std::string& left_out) {
  // No helper that the repository's configuration names may run because we look.
  const auto git = [&](std::vector<std::string> words) -> std::optional<std::string> {
    std::vector<std::string> all = {"git",
                                    "-C",
                                    folder,
                                    "-c",
                                    "core.fsmonitor=false",
                                    "-c",
                                    "core.hooksPath=/dev/null",
                                    "--no-optional-locks"};
    all.insert(all.end(), words.begin(), words.end());
    const auto run =
        run_command(all, {.folder = ".", .quiet = true, .seconds = 300, .keep = 65536});
    if (!run || run->exit_code != 0) return std::nullopt;
    return std::string(trim(run->out.text));
  };
  if (git({"rev-parse", "--is-inside-work-tree"}) != "true") return std::nullopt;
  GitState state;
  state.commit = git({"rev-parse", "--verify", "-q", "HEAD"}).value_or("");
  state.branch = git({"symbolic-ref", "--short", "-q", "HEAD"}).value_or("");
  std::vector<std::string> status = {"status", "--porcelain", "--untracked-files=normal", "--",
                                     "."};
  if (!left_out.empty()) status.push_back(":(exclude)" + left_out);
  const auto changes = git(status);
  state.dirty = !changes || !changes->empty();
  return state;
}

bool looks_secret(std::string_view name) {
  constexpr std::array<std::string_view, 10> parts = {
      "pass", "secret", "token", "key", "credential", "auth", "cookie", "pin", "cert", "private"};
  return std::ranges::any_of(parts, [&](auto part) { return contains_nocase(name, part); });
}

std::vector<std::pair<std::string, std::string>> allowed_environment(
    const std::vector<std::string>& allowed) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& name : allowed) {
    const char* value = std::getenv(name.c_str());
    if (value && !looks_secret(name)) out.emplace_back(name, valid_or_replaced_utf8(value));
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

}  // namespace boltseal
