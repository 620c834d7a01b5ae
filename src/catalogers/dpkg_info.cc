// Which files a dpkg package owns: var/lib/dpkg/info/PACKAGE.list (or PACKAGE:ARCH.list for
// Multi-Arch: same), one absolute path per line, folders included; opkg writes the same in
// usr/lib/opkg/info/. Distroless images have no .list but var/lib/dpkg/status.d/PACKAGE.md5sums,
// lines of "digest  path/without/slash" (md5sum(1)). deb-md5sums(5) and dpkg's doc/spec say so.
// dpkg's own info/*.md5sums name a part of the same paths again and are not read. A line of two
// bytes becomes a string, hence the small cap (the largest real list has 3 MB). Folders cannot be
// told from files here; the tree can.
#include "base/text.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::string_view globs[] = {
    "var/lib/dpkg/info/*.list",        "usr/lib/dpkg/info/*.list",
    "var/lib/dpkg/status.d/*.list",    "usr/lib/dpkg/status.d/*.list",
    "var/lib/dpkg/status.d/*.md5sums", "usr/lib/dpkg/status.d/*.md5sums",
    "usr/lib/opkg/info/*.list",        "var/lib/opkg/info/*.list",
};

// "/usr/share/doc" -> "usr/share/doc"; "/." and "./" are the root and nobody's.
std::string_view inside(std::string_view path) {
  while (path.starts_with('/') || path.starts_with("./")) path.remove_prefix(1);
  return path == "." ? std::string_view{} : path;
}

Result<> read(const FileView& file, Sink& sink) {
  Ownership owned;
  owned.type = PackageType::deb;
  const auto base = file.path.substr(file.path.rfind('/') + 1);
  owned.name = base.substr(0, base.rfind('.'));
  const bool sums = base.ends_with(".md5sums");
  std::optional<std::uint64_t> broken;
  each_line(file.content, [&](std::string_view line) {
    const auto begin = static_cast<std::uint64_t>(line.data() - file.content.data());
    if (sums) {
      const auto gap = line.find("  ");
      if (gap != 32 && !line.empty() && !broken) broken = begin;
      line = gap == 32 ? line.substr(gap + 2) : std::string_view{};
    }
    if (const auto path = inside(line); !path.empty()) owned.paths.emplace_back(path);
  });
  if (owned.name.empty())
    return fail(Fault::corrupt, "a list of files whose name names no package");
  if (!owned.paths.empty()) sink.owns(std::move(owned));
  if (broken) return fail(Fault::corrupt, "a line that is no digest and path", {}, broken);
  return {};
}

}  // namespace

extern const Reader dpkg_info_reader;
const Reader dpkg_info_reader = {"dpkg-info", 2, globs, {}, 8 << 20, read};

}  // namespace boltseal
