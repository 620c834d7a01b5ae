// What one file of this machine is: metadata, extended attributes, hash of its content.
#pragma once
#include <sys/stat.h>

#include <memory>
#include <string>
#include <vector>

#include "custody/root_walk.h"

struct statx;

namespace boltseal {

// The Error of a system call that just failed; not_found when the file is gone by now, unsupported
// when it lies on another mount.
Error probe_error(std::string_view doing);

class FileProbe {
 public:
  explicit FileProbe(const RootWalk& walk);
  // Fills `out` but for the path, for an open folder.
  Result<> folder(int fd, FoundFile& out);
  // The same for `name` in an open folder, which is no folder and was just looked at. not_found
  // when it is gone, corrupt when it was another file as it was opened or changed while it was
  // read.
  Result<> file(int folder, const std::string& name, const struct statx& info, FoundFile& out);
  std::uint64_t hashed() const { return hashed_; }

 private:
  bool take_known(const struct statx& info, FoundFile& out) const;
  Result<> regular(int folder, const std::string& name, const struct statx& info, FoundFile& out);
  Result<> special(int folder, const std::string& name, FoundFile& out);
  Result<> hash(int fd, FoundFile& out);
  Result<> beginning(int fd, FoundFile& out);
  Result<> xattrs(int fd, bool by_path, FoundFile& out);
  Result<std::string> xattr_value(int fd, const char* path, const char* name);

  const RootWalk& walk_;
  std::unique_ptr<char[]> buffer_;
  std::vector<char> names_;
  std::uint64_t hashed_ = 0;
};

}  // namespace boltseal
