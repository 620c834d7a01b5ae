// A client of a TUF repository: the workflow of section 5 of the specification.
//
// What has been seen lies in a directory: root.json, timestamp.json, snapshot.json, targets.json
// and role-<SHA-256 of its name>.json for delegated roles, as they came. It is what an attacker
// cannot roll back: each file is written durably before the next one is asked for.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "seal/refusal.h"
#include "seal/tuf_metadata.h"

namespace boltseal {

// The bytes under a name below the repository's base; not_found when there are none, too_large
// when there are more than `cap`. Names are percent-encoded already and hold no "." or ".." part.
using TufFetch = std::function<Result<std::string>(const std::string& name, std::uint64_t cap)>;

// From https://…, http://… when `allow_http`, file://… or a folder.
Result<TufFetch> tuf_fetch_from(const std::string& base, bool allow_http);

// Takes a root that the user trusts as the first one. Refuses one that is not signed by its own
// keys, and a directory that has another root already: that would undo what it has seen.
Checked<void> tuf_init(const std::string& directory, std::string_view root);

// Makes the root the trusted one of a directory that has none yet; else what it has seen counts.
Checked<void> ensure_trust(const std::string& directory, std::string_view root);

class TufClient {
 public:
  // Waits for other clients of the directory; it stays locked as long as the client lives. Refuses
  // when there is no root or the stored state is damaged. `now`: seconds since 1970, counts for
  // everything that this client does.
  static Checked<TufClient> open(const std::string& directory, TufFetch metadata, std::int64_t now);

  // Brings the top-level roles up to date. Must have gone well before anything else is asked.
  Checked<void> refresh();
  // The stored roles as they are, without asking the repository; they must not have expired.
  Checked<void> use_stored();

  // What the targets role, or the first delegated one that may and does, says of a target.
  Checked<TufTarget> find(const std::string& target);
  // Its bytes. `targets` fetches below the base of the targets.
  Checked<std::string> download(const std::string& target, const TufFetch& targets);

  const TufRoot& root() const { return root_; }
  const TufTimestamp& timestamp() const { return *timestamp_; }
  const TufSnapshot& snapshot() const { return *snapshot_; }
  const TufTargets& targets() const { return loaded_.at("targets"); }

 private:
  TufClient() = default;
  Checked<void> update_root();
  Checked<void> update_timestamp();
  Checked<void> update_snapshot();
  Checked<TufTimestamp> read_timestamp(std::string_view json, const TufTimestamp* stored) const;
  Checked<TufSnapshot> read_snapshot(std::string_view json, const TufSnapshot* stored) const;
  Checked<void> load_targets(const std::string& role, const TufKeys& keys, const TufRing& ring);
  Checked<TufTargets> read_targets(std::string_view json, const std::string& role,
                                   const TufKeys& keys, const TufRing& ring) const;
  Checked<void> fresh(const TufSigned& metadata, const std::string& role) const;
  Checked<std::string> fetch(const std::string& role, std::uint64_t version,
                             const TufFile& expected, std::uint64_t limit) const;
  Checked<std::optional<std::string>> stored(const std::string& role) const;
  Checked<void> store(const std::string& role, std::string_view json) const;

  std::string directory_;
  Fd lock_;
  TufFetch metadata_;
  std::int64_t now_ = 0;
  bool offline_ = false;
  TufRoot root_;
  std::optional<TufTimestamp> timestamp_;
  std::optional<TufSnapshot> snapshot_;
  std::map<std::string, TufTargets> loaded_;  // roles by name
};

// A target's name as the name of a file, which is never a path and never hidden.
std::string tuf_file_name(std::string_view target);

}  // namespace boltseal
