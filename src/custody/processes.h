// What /proc says of the processes that share a root: which of them run files that are gone, and
// what is mounted there.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "custody/drift.h"

namespace boltseal {

struct Process {
  std::uint32_t pid = 0;
  std::uint64_t start = 0;  // clock ticks since boot, as /proc/PID/stat has it; 0: not known
};

// When a process began; nothing when there is none.
std::optional<std::uint64_t> start_of_process(std::uint32_t pid);

// All processes with the mount namespace of `pid`, and its root where the namespace is ours too, in
// order.
std::vector<std::uint32_t> processes_with_root_of(std::uint32_t pid);

// Adds a finding for every file that one of the processes runs and that is no longer there: its
// program, and code that it has mapped.
void find_deleted(const std::vector<std::uint32_t>& pids, const ReadManifest& sealed,
                  DriftReport& report);

// Adds a finding for every program that one of the processes runs and that does not lie on the
// mount of `root`: nobody compares it. Its server is not asked for its bytes.
void find_mounted(const std::vector<std::uint32_t>& pids, int root, const ReadManifest& sealed,
                  DriftReport& report);

// Fills in type and source of mounts from the mountinfo of a process; 0: this one.
void name_mounts(std::uint32_t pid, const std::vector<FoundMount>& found,
                 std::vector<DriftMount>& mounts);

// The upper folder of the overlay that a root is, from the mountinfo of a process; empty when it is
// none, or its folder is not said.
std::string overlay_upper_of(int root, std::uint32_t pid);

// Users, groups and capabilities as they are inside the user namespace of a process; files of
// others are marked.
void map_owners(std::uint32_t pid, FoundRoot& found);

}  // namespace boltseal
