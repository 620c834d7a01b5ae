#include "scan/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "scan/channel.h"
#include "scan/worker_child.h"

namespace boltseal {
namespace {

constexpr std::uint64_t outcome_limit = 4ULL << 30;

// The running child; gone, whatever happens, when this goes.
class Worker {
 public:
  static Result<Worker> start(const WorkerOptions& options, int folder) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
      return std::unexpected(errno_error("cannot make a socket pair"));
    Fd ours(pair[0]), theirs(pair[1]);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return std::unexpected(errno_error("cannot start the reading process"));
    if (pid == 0) {
      ours = Fd();
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      try {
        child_main(theirs.get(), options.threads, options.sandbox, folder);
      } catch (const std::exception&) {  // must not unwind into what the parent goes on with
        ::_exit(1);
      }
      ::_exit(0);
    }
    return Worker(std::move(ours), pid);
  }
  Worker(Worker&& other) noexcept
      : socket_(std::move(other.socket_)), pid_(std::exchange(other.pid_, -1)) {}
  Worker& operator=(Worker&&) = delete;
  ~Worker() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  int socket() const { return socket_.get(); }
  // Why no message came: what became of the child.
  Error death() {
    if (pid_ <= 0) return {Fault::io, "the reading process is gone", {}, {}};
    // One that was taken over may close its socket and stay.
    constexpr int waits = 200, wait_us = 10'000;
    int status = 0;
    pid_t gone = 0;
    for (int i = 0; i < waits && gone == 0; ++i) {
      if (i > 0) ::usleep(wait_us);
      gone = ::waitpid(pid_, &status, WNOHANG);
    }
    if (gone == 0) {
      ::kill(pid_, SIGKILL);
      gone = ::waitpid(pid_, &status, 0);
    }
    pid_ = -1;
    if (gone < 0) return {Fault::io, "the reading process is gone", {}, {}};
    if (WIFSIGNALED(status)) {
      const int signal = WTERMSIG(status);
      return {Fault::corrupt,
              fmt::format("the sandboxed reading process was stopped by signal {} ({}): the image "
                          "holds something that a reader cannot bear; nothing was written",
                          signal, ::strsignal(signal)),
              {},
              {}};
    }
    return {Fault::io,
            "the reading process ended too early: memory or threads may be short here",
            {},
            {}};
  }
  // It has answered everything.
  void finish() {
    socket_ = Fd();
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

 private:
  Worker(Fd socket, pid_t pid) : socket_(std::move(socket)), pid_(pid) {}
  Fd socket_;
  pid_t pid_;
};

Result<Message> next_message(Worker& worker) {
  auto message = receive_message(worker.socket(), outcome_limit);
  if (!message && message.error().fault == Fault::too_large)
    return std::unexpected(message.error());
  if (!message || !*message) return std::unexpected(worker.death());
  return std::move(**message);
}

Result<std::string> wait_until_ready(Worker& worker) {
  TRY(auto message, next_message(worker));
  if (message.kind != static_cast<std::uint32_t>(MessageKind::ready))
    return fail(Fault::io, "the reading process does not answer");
  return std::move(message.body);
}

struct Answer {
  std::uint32_t number = 0;
  Result<LayerOutcome> outcome;
};

// Waits for the next outcome, passing progress on.
Result<Answer> next_answer(Worker& worker, const WorkerOptions& options,
                           const std::vector<std::size_t>& layer_of) {
  for (;;) {
    TRY(const auto message, next_message(worker));
    if (message.kind == static_cast<std::uint32_t>(MessageKind::progress)) {
      TRY(const auto progress, from_wire<Progress>(message.body));
      if (options.progress && progress.number < layer_of.size())
        options.progress(layer_of[progress.number], progress.bytes);
      continue;
    }
    WireReader reader(message.body);
    ResultHeader header;
    wire(reader, header);
    if (!reader.ok() || header.number >= layer_of.size())
      return fail(Fault::corrupt, "the reading process gave a broken answer");
    if (header.failed) {
      return Answer{header.number, std::unexpected(Error{header.error.fault, header.error.what,
                                                         header.error.path, header.error.offset})};
    }
    LayerOutcome outcome;
    wire(reader, outcome);
    wire(reader, outcome.content);
    wire(reader, outcome.texts);
    wire(reader, outcome.complete);
    if (!reader.at_end()) return fail(Fault::corrupt, "the reading process gave a broken answer");
    return Answer{header.number, std::move(outcome)};
  }
}

}  // namespace

Result<std::vector<LayerOutcome>> read_layers(
    const std::vector<LayerTask>& tasks, const std::function<Result<LayerBytes>(std::size_t)>& open,
    const WorkerOptions& options, std::string* sandbox_note) {
  std::vector<LayerOutcome> outcomes(tasks.size());
  if (tasks.empty()) return outcomes;
  TRY(auto worker, Worker::start(options, -1));
  TRY(*sandbox_note, wait_until_ready(worker));

  std::vector<std::uint32_t> order(tasks.size());
  std::vector<std::size_t> layer_of;
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  for (const LayerTask& task : tasks) layer_of.push_back(task.layer);
  std::ranges::stable_sort(order, [&](auto a, auto b) { return tasks[a].size > tasks[b].size; });

  std::vector<std::function<Result<>()>> finishers(tasks.size());
  std::size_t sent = 0, done = 0;
  while (done < tasks.size()) {
    // One more than there are threads, so that none waits for its next layer.
    while (sent < tasks.size() && sent - done <= options.threads) {
      const auto number = order[sent++];
      TRY(auto bytes, open(tasks[number].layer));
      finishers[number] = std::move(bytes.finish);
      const LayerTask& task = tasks[number];
      const TaskHeader header{number,      false,        bytes.offset, bytes.length,
                              task.digest, task.diff_id, {},           task.wants};
      if (!send_message(worker.socket(), 0, to_wire(header), bytes.fd.get()))
        return std::unexpected(worker.death());
    }
    TRY(auto answer, next_answer(worker, options, layer_of));
    // A download that broke off is the cause, the truncated layer only its effect.
    if (finishers[answer.number]) {
      if (auto filled = finishers[answer.number](); !filled) return std::unexpected(filled.error());
    }
    if (!answer.outcome) {
      Error error = answer.outcome.error();
      error.where = fmt::format("layer {} ({})", layer_of[answer.number] + 1,
                                tasks[answer.number].digest.empty() ? tasks[answer.number].diff_id
                                                                    : tasks[answer.number].digest);
      return std::unexpected(std::move(error));
    }
    outcomes[answer.number] = std::move(*answer.outcome);
    ++done;
  }
  worker.finish();
  return outcomes;
}

Result<LayerOutcome> read_directory(const std::string& path, const WorkerOptions& options,
                                    std::string* sandbox_note) {
  const Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return std::unexpected(errno_error("cannot open the folder", path));
  TRY(auto worker, Worker::start(options, folder.get()));
  TRY(*sandbox_note, wait_until_ready(worker));
  const TaskHeader header{0, true, 0, std::nullopt, {}, {}, options.exclude, {}};
  if (!send_message(worker.socket(), 0, to_wire(header), folder.get()))
    return std::unexpected(worker.death());
  TRY(auto answer, next_answer(worker, options, {0}));
  worker.finish();
  if (!answer.outcome) return std::unexpected(answer.outcome.error());
  return std::move(*answer.outcome);
}

}  // namespace boltseal
