// What has become of an image: its sealed files compared with files that were found somewhere.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "custody/allow_list.h"
#include "custody/content_file.h"
#include "custody/root_walk.h"

namespace boltseal {

enum class DriftKind : std::uint8_t {
  unknown_executable,  // a program at a path where the seal has nothing, or that runs out of a
                       // mount
  deleted_running,     // a process runs a file that is no longer there
  changed,             // content, type, link target or device numbers
  added,
  removed,
  permission,  // mode, owner, extended attributes (capabilities), and nothing else
  hidden,      // something is mounted over a sealed file, or over sealed programs
};
constexpr DriftKind last_drift_kind = DriftKind::hidden;
std::string_view name_of(DriftKind kind);  // "unknown-executable", …
std::optional<DriftKind> drift_kind_of(std::string_view name);

struct DriftFinding {
  DriftKind kind = DriftKind::added;
  std::string path;
  std::vector<std::string> changes;      // "content", "size", "mode", …; empty for added, removed
  std::optional<std::size_t> expected;   // index of the sealed record
  std::optional<ContentRecord> found;    // nothing: not there
  bool program = false;                  // what was found is one, and was not before
  std::string same_content_as;           // sealed path whose content this program has
  std::vector<std::uint32_t> processes;  // that run it
  std::string allowed_by;                // the rule that expects it; empty: it counts
};

struct DriftMount {
  std::string path;
  std::string type, source;  // as mountinfo has them; empty where that cannot be read
  std::size_t hides = 0;     // sealed files at or below it that nobody can see
};

struct DriftReport {
  std::string target;  // as the user wrote it
  std::vector<DriftFinding> findings, allowed;
  std::vector<DriftMount> mounts;
  std::vector<Unknown> unreadable, raced;
  std::vector<std::string> notices;  // sentences for people
  std::size_t checked = 0;           // files that were compared
  bool incomplete() const { return !unreadable.empty(); }
};

// Findings in `report`, sorted by kind and path; mounts and what could not be read are taken over.
// Sealed files under a mount, or under what could not be read, are not called removed.
// `scopes`, sorted: only these paths and what is below them; none: everything.
void compare(const ReadManifest& sealed, FoundRoot found, DriftReport& report,
             const std::vector<std::string>& scopes = {});

// Moves what the rules expect from findings to allowed.
void apply(const AllowList& rules, const ReadManifest& sealed, DriftReport& report);

}  // namespace boltseal
