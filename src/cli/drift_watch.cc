#include "cli/drift_watch.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <map>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "custody/drift_report.h"
#include "custody/processes.h"
#include "custody/watch.h"

namespace boltseal {
namespace {

constexpr int look_every = 1000;  // milliseconds: whether the process still lives

volatile std::sig_atomic_t asked_to_stop = 0;
void stop(int) { asked_to_stop = 1; }

bool is_in(const std::vector<std::string>& scopes, std::string_view path) {
  if (scopes.empty()) return true;
  for (const auto& scope : scopes)
    if (path == scope || (path.starts_with(scope) && path[scope.size()] == '/')) return true;
  return false;
}

class Telling {
 public:
  explicit Telling(const WatchedDrift& watched) : watched_(watched) {}
  bool drifted() const { return drifted_; }

  // What is new, what is another than it was, and what is as sealed again.
  void tell(const DriftReport& report, const std::vector<std::string>& scopes) {
    std::map<Key, DriftFinding> now;
    for (const DriftFinding& finding : report.findings)
      now.emplace(Key(finding.path, finding.kind), finding);
    for (auto old = known_.begin(); old != known_.end();) {
      const bool looked = !old->second.processes.empty() || is_in(scopes, old->second.path);
      if (looked && !now.contains(old->first)) {
        line("gone", old->second);
        old = known_.erase(old);
      } else {
        ++old;
      }
    }
    for (auto& [key, finding] : now) {
      const auto old = known_.find(key);
      const bool same = old != known_.end() && old->second.found == finding.found &&
                        old->second.processes == finding.processes;
      if (!same) line("found", finding);
      known_.insert_or_assign(key, std::move(finding));
    }
    drifted_ = drifted_ || !known_.empty();
    std::fflush(stdout);
  }

 private:
  using Key = std::pair<std::string, DriftKind>;
  void line(std::string_view event, const DriftFinding& finding) const {
    const std::string text =
        watched_.json ? fmt::format("{{\"event\":\"{}\",\"finding\":{}}}\n", event,
                                    finding_json(finding, watched_.sealed))
                      : fmt::format("{} {}\n", event == "gone" ? "as sealed again:" : "drift:",
                                    finding_line(finding, watched_.sealed));
    std::fputs(text.c_str(), stdout);
  }
  const WatchedDrift& watched_;
  std::map<Key, DriftFinding> known_;
  bool drifted_ = false;
};

}  // namespace

int watch_drift(const WatchedDrift& watched) {
  struct sigaction action{};
  action.sa_handler = stop;  // without SA_RESTART: waiting ends
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  const std::uint32_t pid = watched.target.pid;
  const auto start = pid ? start_of_process(pid) : std::nullopt;
  // Watched first, looked at then: what happens in between is an event.
  auto watch = Watch::open(watched.target.root.get(), pid);
  if (!watch) return complain(watch.error());
  Telling telling(watched);
  auto report = watched.look({});
  if (!report) return complain(report.error());
  telling.tell(*report, {});
  log_note("watching");
  while (!asked_to_stop) {
    if (pid && start_of_process(pid) != start) {
      log_note("the process has ended");
      break;
    }
    auto paths = watch->next(look_every);
    if (!paths) return complain(paths.error());
    if (paths->empty()) continue;
    if (paths->front().empty()) paths->clear();  // events were lost: look at everything
    report = watched.look(*paths);
    if (!report && pid && start_of_process(pid) != start) continue;  // it is over
    if (!report) return complain(report.error());
    telling.tell(*report, *paths);
  }
  return telling.drifted() ? Exit::findings : Exit::clean;
}

}  // namespace boltseal
