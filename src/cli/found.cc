#include "cli/found.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/sealed.h"
#include "custody/known_files.h"
#include "custody/processes.h"
#include "layers/cache.h"

namespace boltseal {
namespace {

constexpr std::uint64_t worth_keeping = 16 << 20;  // bytes that were read

// Files of another image, as if they had been found.
Result<FoundRoot> image_files(const std::string& reference, const CommonOptions& common) {
  TRY(auto other, sealed_content(reference, common));
  FoundRoot found;
  for (ContentRecord& record : other.manifest.records) {
    record.layer.reset();
    found.files.push_back({std::move(record), {}, false, false, false});
  }
  return found;
}

Result<FoundRoot> walked(const DriftTarget& target, RootWalk& walk, const FoundOptions& options,
                         const Cache& cache, DriftReport& report) {
  const std::string key = fmt::format("drift 1 {}", target.key);
  std::vector<FoundFile> kept;
  KnownFiles known;
  if (options.trust_times) {
    const auto bytes = cache.get(key);
    if (auto files = bytes ? known_files(target.root.get(), *bytes) : fail(Fault::not_found, ""))
      kept = *std::move(files);
    if (kept.empty())
      report.notices.emplace_back("no earlier run of this root is known: every file was read");
    known = by_path(kept);
    walk.known = &known;
  }
  TRY(auto found, walk_root(target.root.get(), walk));
  // What was read again because it had changed is worth remembering only once it is much.
  if (!options.trust_times || kept.empty() || found.hashed > worth_keeping) {
    cache.replace(key, known_files_bytes(target.root.get(), found.files));
    cache.prune();  // each start of a container leaves an entry
  }
  return found;
}

Result<FoundRoot> scoped(const DriftTarget& target, const RootWalk& walk,
                         const std::vector<std::string>& scopes) {
  FoundRoot out;
  const std::string* last = nullptr;
  for (const auto& scope : scopes) {
    if (last && scope.starts_with(*last + '/')) continue;
    last = &scope;
    TRY(auto part, walk_root(target.root.get(), walk, scope));
    std::ranges::move(part.files, std::back_inserter(out.files));
    std::ranges::move(part.mounts, std::back_inserter(out.mounts));
    std::ranges::move(part.unreadable, std::back_inserter(out.unreadable));
    std::ranges::move(part.raced, std::back_inserter(out.raced));
  }
  std::ranges::sort(out.files, {},
                    [](const FoundFile& f) -> const std::string& { return f.record.path; });
  // A folder that was looked at from two sides: "a", "a-b", "a/c" are sorted in this order.
  const auto twice = std::ranges::unique(
      out.files, {}, [](const FoundFile& f) -> const std::string& { return f.record.path; });
  out.files.erase(twice.begin(), twice.end());
  return out;
}

}  // namespace

void add_found_options(Command& command, FoundOptions& options) {
  command.add_flag("--trust-times", options.trust_times,
                   "Read only files whose size, inode or times differ from those of the last run");
  command
      .add_option("--runtime-root", options.runtime_roots,
                  "A further folder where a container runtime keeps its state")
      ->type_name("DIR")
      ->allow_extra_args(false);
}

Result<FoundRoot> found_files(const DriftTarget& target, const std::string& text,
                              const ReadManifest& sealed, const FoundOptions& options,
                              const CommonOptions& common, DriftReport& report,
                              const std::vector<std::string>& scopes) {
  if (target.kind == DriftTarget::Kind::image) return image_files(text, common);
  const ScanOptions scanning = scan_options(text, common);
  RootWalk walk;
  walk.threads = common.threads;
  walk.hidden_xattr = is_runtime_xattr;
  walk.differs = [&](std::string_view path, std::uint64_t size) {
    const ContentRecord* record = record_of(sealed.manifest.records, path);
    return !record || record->size != size;
  };
  if (target.kind == DriftTarget::Kind::overlay)
    return walk_overlay(target.root.get(), walk, sealed, report.notices);
  if (!scopes.empty()) {
    TRY(auto found, scoped(target, walk, scopes));
    if (target.pid) map_owners(target.pid, found);
    return found;
  }
  TRY(auto found,
      walked(target, walk, options, Cache(scanning.cache_directory, scanning.cache_limit), report));
  if (target.pid) map_owners(target.pid, found);
  return found;
}

}  // namespace boltseal
