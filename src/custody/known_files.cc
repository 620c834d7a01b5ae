#include "custody/known_files.h"

#include <sys/stat.h>

#include "inventory/wire.h"

namespace boltseal {
namespace {

struct Root {
  std::uint64_t device = 0, inode = 0;
  bool operator==(const Root&) const = default;
};
template <class A>
void wire(A& a, Root& v) {
  wire_all(a, v.device, v.inode);
}

Root root_of(int fd) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

}  // namespace

// Only what take_known() of file_probe.cc asks for.
template <class A>
void wire(A& a, FoundFile& v) {
  wire_all(a, v.record.path, v.record.type, v.record.size, v.record.sha256, v.record.link,
           v.record.xattrs, v.times.inode, v.times.modified, v.times.changed, v.program);
}

std::string known_files_bytes(int root, const std::vector<FoundFile>& files) {
  WireWriter writer;
  Root own = root_of(root);
  wire(writer, own);
  std::uint64_t count = 0;
  for (const FoundFile& file : files) count += file.settled;
  writer.varint(count);
  for (const FoundFile& file : files)
    if (file.settled) wire(writer, const_cast<FoundFile&>(file));  // writing changes nothing
  return writer.take();
}

Result<std::vector<FoundFile>> known_files(int root, std::string_view bytes) {
  WireReader reader(bytes);
  Root of;
  std::vector<FoundFile> files;
  wire(reader, of);
  if (!reader.ok() || of != root_of(root)) return fail(Fault::not_found, "of another root");
  wire(reader, files);
  if (!reader.at_end()) return fail(Fault::corrupt, "not the bytes that were written");
  for (FoundFile& file : files) file.settled = true;
  return files;
}

KnownFiles by_path(const std::vector<FoundFile>& files) {
  KnownFiles out;
  out.reserve(files.size());
  for (const FoundFile& file : files) out.emplace(file.record.path, &file);
  return out;
}

}  // namespace boltseal
