// The child's side: from here on no path, no socket but the one to the parent, no other process.
#include "scan/worker_child.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "catalogers/readers.h"
#include "crypto/digest.h"
#include "custody/snippet_new.h"
#include "files/content_reader.h"
#include "files/glob.h"
#include "files/layer_reader.h"
#include "files/text_reader.h"
#include "layers/directory_walk.h"
#include "layers/layer_stream.h"
#include "layers/sandbox.h"
#include "scan/channel.h"

namespace boltseal {
namespace {

constexpr std::uint64_t memory_limit = 16ULL
                                       << 30;  // of address space: buffers are reserved, not filled
constexpr std::uint64_t progress_step = 4 << 20;
constexpr std::uint64_t task_limit = 64 << 20;  // the names that are wanted may be many

struct Job {
  TaskHeader task;
  Fd fd;
};

// Gives a layer to whoever wants something of it, in one pass.
class Listeners : public TarVisitor {
 public:
  void add(TarVisitor& listener) { listeners_.push_back({&listener, false}); }
  Result<bool> entry(const TarEntry& entry) override {
    bool wanted = false;
    for (Listener& one : listeners_) {
      TRY(one.hears, one.visitor->entry(entry));
      wanted = wanted || one.hears;
    }
    return wanted;
  }
  Result<bool> content(std::string_view chunk) override {
    bool wanted = false;
    for (Listener& one : listeners_) {
      if (!one.hears) continue;
      TRY(one.hears, one.visitor->content(chunk));
      wanted = wanted || one.hears;
    }
    return wanted;
  }
  Result<> end() override {
    for (Listener& one : listeners_)
      if (one.hears) TRY_DO(one.visitor->end());
    return {};
  }

 private:
  struct Listener {
    TarVisitor* visitor;
    bool hears;  // the content of the entry at hand
  };
  std::vector<Listener> listeners_;
};

class Child {
 public:
  Child(int socket, unsigned threads)
      : socket_(socket), threads_(threads), wanted_(all_readers()) {}

  void run() {
    std::vector<std::thread> pool;
    for (unsigned i = 0; i < threads_; ++i) pool.emplace_back([this] { work(); });
    for (;;) {
      auto message = receive_message(socket_, task_limit);
      if (!message || !*message) break;
      auto task = from_wire<TaskHeader>((*message)->body);
      if (!task) break;
      const std::scoped_lock lock(mutex_);
      jobs_.push_back({std::move(*task), std::move((*message)->fd)});
      ready_.notify_one();
    }
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
      ready_.notify_all();
    }
    for (auto& thread : pool) thread.join();
  }

 private:
  void work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [&] { return closed_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      const Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      answer(job);
    }
  }

  void answer(const Job& job) {
    auto outcome = job.task.folder ? read_folder(job) : read_layer(job);
    ResultHeader header;
    header.number = job.task.number;
    if (!outcome) {
      Error& error = outcome.error();
      header.failed = true;
      header.error = {{}, 0, {}, error.fault, std::move(error.what), error.offset};
      send(MessageKind::outcome, to_wire(header));
    } else {
      WireWriter writer;
      wire(writer, header);
      wire(writer, *outcome);
      wire(writer, outcome->content);
      wire(writer, outcome->texts);
      wire(writer, outcome->complete);
      *outcome = {};
      send(MessageKind::outcome, writer.take());
    }
  }

  Result<LayerOutcome> read_layer(const Job& job) {
    LayerReader reader(wanted_, reading_limits_);
    const LayerJob layer{.fd = job.fd.get(),
                         .offset = job.task.offset,
                         .length = job.task.length,
                         .digest = job.task.digest,
                         .diff_id = job.task.diff_id};
    std::uint64_t last = 0;
    StreamOptions options{.threads = threads_ > 1,
                          .progress =
                              [&](std::uint64_t bytes) {
                                if (bytes - last >= progress_step)
                                  send_progress(job.task.number, last = bytes);
                              },
                          .limits = &limits_};
    ContentReader content(reading_limits_);
    TextReader texts(
        [&wants = job.task.wants](std::string_view path) { return wants.wants_text(path); });
    Listeners listeners;
    if (job.task.wants.inventory) listeners.add(reader);
    if (job.task.wants.content) listeners.add(content);
    if (job.task.wants.texts()) listeners.add(texts);
    TRY(const LayerTotals totals, stream_layer(layer, listeners, options));
    if (reader.wants_second_walk()) {
      if (::lseek(job.fd.get(), 0, SEEK_CUR) < 0) {
        reader.give_up_second_walk();
      } else {
        reader.begin_second_walk();
        // Checked again: what is read now is believed, and kept under the digest.
        TRY_DO(stream_layer(
            {.fd = layer.fd,
             .offset = layer.offset,
             .length = layer.length,
             .digest = {},
             .diff_id = totals.diff_id},
            reader,
            {.threads = options.threads, .progress = {}, .limits = &limits_, .again = true}));
      }
    }
    LayerOutcome outcome = reader.take();
    outcome.content = content.take();
    outcome.texts = texts.take();
    return outcome;
  }

  Result<LayerOutcome> read_folder(const Job& job) {
    LayerReader reader(wanted_, reading_limits_);
    reader.pick_programs();
    const PathFilter filter(job.task.exclude);
    const DirectoryWalk walk{
        .visitor = reader,
        .left_out = [&](std::string_view path) { return filter.covers_itself(path); },
        .unreadable = [&](std::string_view path,
                          Error error) { reader.unknown(path, "folder", std::move(error)); },
        .progress = [&](std::uint64_t files) { send_progress(job.task.number, files); }};
    TRY_DO(walk_directory(job.fd.get(), walk));
    if (reader.wants_second_walk()) {
      reader.begin_second_walk();
      TRY_DO(walk_directory(job.fd.get(), walk));
    }
    return reader.take();
  }

  void send_progress(std::uint32_t number, std::uint64_t bytes) {
    send(MessageKind::progress, to_wire(Progress{number, bytes}));
  }
  void send(MessageKind kind, std::string_view body) {
    const std::scoped_lock lock(sending_);
    (void)send_message(socket_, static_cast<std::uint32_t>(kind),
                       body);  // a parent that left needs no answer
  }

  int socket_;
  unsigned threads_;
  Wanted wanted_;
  ImageLimits limits_;
  ReadingLimits reading_limits_;
  std::mutex mutex_, sending_;
  std::condition_variable ready_;
  std::deque<Job> jobs_;
  bool closed_ = false;
};

}  // namespace

bool Wants::wants_text(std::string_view path) const {
  return std::ranges::binary_search(names, last_part(path)) ||
         (!endings.empty() && NewCodeSearch{folders, endings}.wants(path));
}

void child_main(int socket, unsigned threads, bool sandbox, int folder) {
  // Whatever else the program has open is none of the child's business.
  const auto low = static_cast<unsigned>(std::min(socket, folder < 0 ? socket : folder));
  const auto high = static_cast<unsigned>(std::max(socket, folder));
  (void)::syscall(SYS_close_range, 3U, low - 1, 0U);
  if (low + 1 < high) (void)::syscall(SYS_close_range, low + 1, high - 1, 0U);
  (void)::syscall(SYS_close_range, high + 1, ~0U, 0U);
  // Nor are what somebody types and what the program writes. Errors of the system stay readable.
  if (const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC); nothing >= 0) {
    for (const int standard : {0, 1})
      if (standard != socket && standard != folder) ::dup2(nothing, standard);
  }
  // What libraries open on first use must be open before the walls go up.
  for (const HashKind kind : {HashKind::sha1, HashKind::sha256, HashKind::sha512})
    (void)hash(kind, "");
  Child child(socket, threads);
  const SandboxState state =
      sandbox ? enter_sandbox(folder, memory_limit) : SandboxState{.missing = "switched off"};
  (void)send_message(socket, static_cast<std::uint32_t>(MessageKind::ready), state.missing);
  child.run();
}

}  // namespace boltseal
