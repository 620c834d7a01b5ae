// Which paths below a root something happens to, as it happens: fanotify(7) on the whole file
// system that the root lies on.
#pragma once
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace boltseal {

class Watch {
 public:
  // Begins to watch. A root on overlayfs cannot be watched itself: then it is the file system of
  // its upper folder, where every change of it lands, found in the mountinfo of `pid` (0: this
  // process). unsupported when the kernel or the rights do not allow it, with the reason.
  static Result<Watch> open(int root, std::uint32_t pid);

  // Paths below the root that something happened to since the last call, sorted, each once; ""
  // stands for everything, when events were lost. Waits for the first up to `milliseconds`, then
  // until nothing more happens for a moment. Empty: nothing happened.
  Result<std::vector<std::string>> next(int milliseconds);

 private:
  Watch() = default;
  Result<> read_events(std::vector<std::string>& out);
  void add_event(std::string_view event, std::vector<std::string>& out) const;

  Fd events_;
  Fd base_;           // the root, or the upper folder that stands for it
  std::string path_;  // of base_, as the kernel tells paths below it
};

}  // namespace boltseal
