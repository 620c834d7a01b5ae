#include "custody/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <map>
#include <thread>

#include "base/cursor.h"
#include "base/fd.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

constexpr std::uint64_t proc_file_limit = 256 << 20;
constexpr std::string_view gone = " (deleted)";
constexpr std::size_t mapped_per_process = 1000;
constexpr off_t program_limit = 4LL << 30;  // a sparse one can have any size

std::string link_of(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t got = ::readlink(path.c_str(), target.data(), target.size());
  return got > 0 ? std::string(target.data(), static_cast<std::size_t>(got)) : std::string();
}

// The mount namespace of a process, and its root where the namespace is ours too; empty when it is
// gone or not ours to see. In a namespace of its own a process that changes its root does not leave
// the container.
std::string identity_of(std::uint32_t pid) {
  const std::string space = link_of(fmt::format("/proc/{}/ns/mnt", pid));
  if (space.empty() || space != link_of("/proc/self/ns/mnt")) return space;
  struct stat root{};
  if (::stat(fmt::format("/proc/{}/root", pid).c_str(), &root) != 0) return {};
  return fmt::format("{} {} {}", space, root.st_dev, root.st_ino);
}

// What a running program is, read through the process that holds it.
std::optional<ContentRecord> running_program(std::uint32_t pid, const std::string& path) {
  const Fd fd(::open(fmt::format("/proc/{}/exe", pid).c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  ContentRecord record;
  record.path = path;
  record.mode = info.st_mode & 07777;
  record.uid = info.st_uid;
  record.gid = info.st_gid;
  record.size = static_cast<std::uint64_t>(info.st_size);
  if (info.st_size > program_limit) return record;  // gone it is, whatever it held
  record.size = 0;
  Hasher hasher;
  std::vector<char> buffer(1 << 20);
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    hasher.update({buffer.data(), static_cast<std::size_t>(got)});
    record.size += static_cast<std::uint64_t>(got);
  }
  record.sha256 = hasher.finish();
  return record;
}

// The path of a file that is gone, without the kernel's mark; empty for one that is there.
std::string gone_path(std::string_view text) {
  if (!text.ends_with(gone)) return {};
  text.remove_suffix(gone.size());
  while (text.starts_with('/')) text.remove_prefix(1);
  return std::string(text);
}

// Code that a process has mapped from files that are gone. Anonymous memory that has a name (memfd,
// shared memory) is what just-in-time compilers use, and no file of an image.
Result<std::vector<std::string>> mapped_and_gone(std::uint32_t pid) {
  std::vector<std::string> out;
  TRY(const auto text, read_file(fmt::format("/proc/{}/maps", pid), proc_file_limit));
  each_line(text, [&](std::string_view line) {
    const auto space = line.find(' ');
    const auto slash = line.find('/');
    if (space == std::string_view::npos || slash == std::string_view::npos ||
        line.substr(space + 1, 4).find('x') == std::string_view::npos)
      return;
    const auto path = line.substr(slash);
    if (path.starts_with("/memfd:") || path.starts_with("/SYSV") || path.starts_with("/dev/"))
      return;
    std::string name = gone_path(path);
    if (!name.empty() && out.size() < mapped_per_process) out.push_back(std::move(name));
  });
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

std::optional<std::uint64_t> mount_of(int at, const char* path) {
  struct statx info{};
  if (::statx(at, path, AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_MNT_ID,
              &info) != 0 ||
      !(info.stx_mask & STATX_MNT_ID))
    return std::nullopt;
  return info.stx_mnt_id;
}

// What mountinfo and its options write as \040 and the like.
std::string unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto code =
        text[0] == '\\' && text.size() > 3 ? parse_u64(text.substr(1, 3), 8) : std::nullopt;
    out += code && *code < 256 ? static_cast<char>(*code) : text[0];
    text.remove_prefix(code && *code < 256 ? 4 : 1);
  }
  return out;
}

struct Mounted {
  std::string type, source, options;
};

// By the ids of mounts, which statx gives too. proc(5): fields up to a lone "-" vary.
std::map<std::uint64_t, Mounted> mounts_of(std::uint32_t pid) {
  std::map<std::uint64_t, Mounted> out;
  const auto text =
      read_file(pid ? fmt::format("/proc/{}/mountinfo", pid) : std::string("/proc/self/mountinfo"),
                proc_file_limit);
  if (!text) return out;
  each_line(*text, [&](std::string_view line) {
    const auto parts = words(line);
    const auto dash = std::ranges::find(parts, std::string_view("-"));
    const auto id = parts.empty() ? std::nullopt : parse_u64(parts[0]);
    if (!id || parts.end() - dash < 4) return;
    out[*id] = {unescaped(dash[1]), unescaped(dash[2]), std::string(dash[3])};
  });
  return out;
}

// "inside outside count" per line.
struct IdRange {
  std::uint64_t inside = 0, outside = 0, count = 0;
};

// Nothing where all of them are the same inside and outside.
std::vector<IdRange> id_ranges(std::uint32_t pid, std::string_view which) {
  constexpr std::uint64_t all = UINT32_MAX;
  std::vector<IdRange> out;
  const auto text = read_file(fmt::format("/proc/{}/{}", pid, which), 1 << 20);
  if (!text) return out;
  each_line(*text, [&](std::string_view line) {
    const auto parts = words(line);
    if (parts.size() != 3) return;
    out.push_back({parse_u64(parts[0]).value_or(0), parse_u64(parts[1]).value_or(0),
                   parse_u64(parts[2]).value_or(0)});
  });
  const bool whole = out.size() == 1 && out[0].inside == 0 && out[0].outside == 0;
  return whole && out[0].count >= all ? std::vector<IdRange>{} : out;
}

// False: it is in none of the ranges, and stays what it is.
bool map_id(const std::vector<IdRange>& ranges, std::uint64_t& id) {
  for (const IdRange& r : ranges) {
    if (id < r.outside || id - r.outside >= r.count) continue;
    id = r.inside + (id - r.outside);
    return true;
  }
  return ranges.empty();
}

// linux/capability.h: revision 3 is revision 2 with the user at its end, outside, whom the
// namespace calls 0. Inside it is told as revision 2, as an image has it.
void map_capability(const std::vector<IdRange>& users, std::string& value) {
  constexpr std::size_t with_user = 24, without = 20, revision_at = 3;
  if (value.size() != with_user || value[revision_at] != 3) return;
  Cursor in(std::string_view(value).substr(without));
  std::uint64_t user = in.u32le();
  if (!map_id(users, user) || user != 0) return;
  value.resize(without);
  value[revision_at] = 2;
}

// Programs that processes run out of another mount than their root, and that the seal has nothing
// of at that place: by path.
std::map<std::string, DriftFinding> mounted_programs(const std::vector<std::uint32_t>& pids,
                                                     std::uint64_t own,
                                                     const ReadManifest& sealed) {
  std::map<std::string, DriftFinding> by_path;
  for (const std::uint32_t pid : pids) {
    const std::string exe = fmt::format("/proc/{}/exe", pid);
    const auto mount = mount_of(AT_FDCWD, exe.c_str());
    std::string path = link_of(exe);
    if (!mount || *mount == own || path.empty() || !gone_path(path).empty()) continue;
    path.erase(0, path.find_first_not_of('/'));
    if (record_of(sealed.manifest.records, path)) continue;  // hidden, and told of as that
    DriftFinding& finding = by_path[path];
    finding.kind = DriftKind::unknown_executable;
    finding.path = path;
    finding.changes = {"mounted"};
    finding.program = true;
    finding.processes.push_back(pid);
  }
  return by_path;
}

}  // namespace

// The name of the program stands in brackets and may hold any character: counted from the last one.
std::optional<std::uint64_t> start_of_process(std::uint32_t pid) {
  const auto text = read_file(fmt::format("/proc/{}/stat", pid), 1 << 16);
  if (!text) return std::nullopt;
  const auto bracket = text->rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  const auto parts = words(std::string_view(*text).substr(bracket + 1));
  constexpr std::size_t start_time = 19;  // field 22, the first behind the bracket being 3
  if (parts.size() <= start_time || parts[0] == "Z" || parts[0] == "X") return std::nullopt;
  return parse_u64(parts[start_time]);
}

std::vector<std::uint32_t> processes_with_root_of(std::uint32_t pid) {
  std::vector<std::uint32_t> out;
  const std::string wanted = identity_of(pid);
  DIR* dir = wanted.empty() ? nullptr : ::opendir("/proc");
  if (!dir) return out;
  while (const dirent* item = ::readdir(dir)) {
    const auto number = parse_u64(item->d_name);
    if (!number || *number > INT32_MAX) continue;
    const auto one = static_cast<std::uint32_t>(*number);
    if (identity_of(one) == wanted) out.push_back(one);
  }
  ::closedir(dir);
  std::ranges::sort(out);
  return out;
}

void find_deleted(const std::vector<std::uint32_t>& pids, const ReadManifest& sealed,
                  DriftReport& report) {
  std::map<std::string, DriftFinding> by_path;
  const auto note = [&](const std::string& path, std::uint32_t pid) -> DriftFinding& {
    DriftFinding& finding = by_path[path];
    finding.kind = DriftKind::deleted_running;
    finding.path = path;
    if (finding.processes.empty() || finding.processes.back() != pid)
      finding.processes.push_back(pid);
    return finding;
  };
  for (const std::uint32_t pid : pids) {
    const std::string program = gone_path(link_of(fmt::format("/proc/{}/exe", pid)));
    if (!program.empty()) {
      DriftFinding& finding = note(program, pid);
      if (!finding.found) finding.found = running_program(pid, program);
    }
    const auto mapped = mapped_and_gone(pid);
    if (!mapped && start_of_process(pid))
      report.unreadable.push_back({fmt::format("proc/{}/maps", pid),
                                   0,
                                   "drift",
                                   mapped.error().fault,
                                   mapped.error().what,
                                   {}});
    if (!mapped) continue;
    for (const auto& path : *mapped) note(path, pid);
  }
  const auto& records = sealed.manifest.records;
  for (auto& [path, finding] : by_path) {
    if (const ContentRecord* record = record_of(records, path))
      finding.expected = static_cast<std::size_t>(record - records.data());
    report.findings.push_back(std::move(finding));
  }
}

void find_mounted(const std::vector<std::uint32_t>& pids, int root, const ReadManifest& sealed,
                  DriftReport& report) {
  const auto own = mount_of(root, "");
  if (!own) return;  // before Linux 5.8
  auto by_path = mounted_programs(pids, *own, sealed);
  // In its first moment a container runs its runtime's own program. What stays is told of.
  for (int looks = 0; looks < 20 && !by_path.empty(); ++looks) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    by_path = mounted_programs(pids, *own, sealed);
  }
  for (auto& [path, finding] : by_path) report.findings.push_back(std::move(finding));
}

void name_mounts(std::uint32_t pid, const std::vector<FoundMount>& found,
                 std::vector<DriftMount>& mounts) {
  const auto by_id = mounts_of(pid);
  for (DriftMount& mount : mounts) {
    const auto own = std::ranges::find(found, mount.path, &FoundMount::path);
    const auto known = own == found.end() ? by_id.end() : by_id.find(own->id);
    if (known == by_id.end()) continue;
    mount.type = known->second.type;
    mount.source = known->second.source;
  }
}

std::string overlay_upper_of(int root, std::uint32_t pid) {
  struct statx info{};
  if (::statx(root, "", AT_EMPTY_PATH, STATX_MNT_ID, &info) != 0) return {};
  const auto by_id = mounts_of(pid);
  const auto own = by_id.find(info.stx_mnt_id);
  if (own == by_id.end() || own->second.type != "overlay") return {};
  for (const auto option : split(own->second.options, ','))
    if (option.starts_with("upperdir=")) return unescaped(option.substr(9));
  return {};
}

void map_owners(std::uint32_t pid, FoundRoot& found) {
  const auto users = id_ranges(pid, "uid_map"), groups = id_ranges(pid, "gid_map");
  if (users.empty() && groups.empty()) return;
  for (FoundFile& file : found.files) {
    const bool user = map_id(users, file.record.uid), group = map_id(groups, file.record.gid);
    file.unmapped = !user || !group;
    for (auto& [name, value] : file.record.xattrs)
      if (name == "security.capability") map_capability(users, value);
  }
}

}  // namespace boltseal
