#include "seal/tuf_client.h"

#include <fmt/format.h>

#include <set>

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

namespace boltseal {
namespace {

constexpr std::uint64_t root_limit = 512ULL << 10;
constexpr std::uint64_t timestamp_limit = 16ULL << 10;
constexpr std::uint64_t snapshot_limit = 4ULL << 20;
constexpr std::uint64_t targets_limit = 16ULL << 20;
constexpr std::uint64_t target_limit = 4ULL << 30;
constexpr unsigned root_rotations = 256;  // in one refresh
constexpr std::size_t visited_roles = 32;

std::string stored_name(const std::string& role) {
  return is_tuf_top_level(role) ? role + ".json" : "role-" + sha256_hex(role) + ".json";
}

Checked<void> signed_by_root(const TufSigned& metadata, const TufRoot& root,
                             const std::string& role) {
  return tuf_signed_by(metadata, root.keys, root.roles.at(role), role);
}

std::unexpected<Refusal> rolled_back(const std::string& field, std::uint64_t seen,
                                     std::uint64_t offered) {
  return refuse("metadata-rollback",
                "the repository offers older metadata than was seen here before", field,
                fmt::format("version {} or later", seen), fmt::format("version {}", offered));
}

Checked<void> is_version(const TufSigned& metadata, std::uint64_t wanted, const std::string& role) {
  if (metadata.version == wanted) return {};
  return refuse("metadata-version-mismatch", "this is not the version that was asked for",
                role + ".version", fmt::format("{}", wanted), fmt::format("{}", metadata.version));
}

Checked<void> is_described(std::string_view json, const TufFile& expected,
                           const std::string& role) {
  if (expected.length && json.size() > *expected.length)
    return refuse("length-mismatch", "there are more bytes than the signed metadata says",
                  role + ".length", fmt::format("at most {}", *expected.length),
                  fmt::format("{}", json.size()));
  return expected.hashes.empty() ? Checked<void>{} : tuf_hashes_match(json, expected.hashes, role);
}

}  // namespace

Checked<void> tuf_init(const std::string& directory, std::string_view root) {
  TRY(const auto parsed, readable(parse_tuf_root(root), "root"));
  TRY_DO(signed_by_root(parsed, parsed, "root"));
  TRY_DO(readable(make_directories(directory), "metadata directory"));
  TRY(const auto lock, readable(lock_file(directory + "/.lock"), "metadata directory"));
  const auto present = read_file(directory + "/root.json", root_limit);
  if (present && *present != root)
    return refuse("already-initialised",
                  "the directory trusts another root; use a new directory for another repository",
                  directory);
  if (!present && present.error().fault != Fault::not_found) return refuse(present.error(), "root");
  return readable(write_durably(directory + "/root.json", root), "root");
}

Checked<void> ensure_trust(const std::string& directory, std::string_view root) {
  if (open_read(directory + "/root.json")) return {};
  return tuf_init(directory, root);
}

Checked<TufClient> TufClient::open(const std::string& directory, TufFetch metadata,
                                   std::int64_t now) {
  TufClient out;
  out.directory_ = directory;
  out.metadata_ = std::move(metadata);
  out.now_ = now;
  auto lock = lock_file(directory + "/.lock");
  if (lock) out.lock_ = std::move(*lock);
  TRY(const auto root, out.stored("root"));
  if (!root)
    return refuse("not-initialised", "there is no trusted root; run `tuf init` with one",
                  directory + "/root.json");
  if (!lock) return refuse(lock.error(), "metadata directory");
  TRY(out.root_, readable(parse_tuf_root(*root), "root"));
  TRY_DO(signed_by_root(out.root_, out.root_, "root"));
  return out;
}

Checked<std::optional<std::string>> TufClient::stored(const std::string& role) const {
  auto json = read_file(directory_ + "/" + stored_name(role), targets_limit);
  if (json) return std::optional(std::move(*json));
  if (json.error().fault == Fault::not_found) return std::nullopt;
  return refuse(json.error(), "stored " + role);
}

Checked<void> TufClient::store(const std::string& role, std::string_view json) const {
  return readable(write_durably(directory_ + "/" + stored_name(role), json), "stored " + role);
}

Checked<void> TufClient::fresh(const TufSigned& metadata, const std::string& role) const {
  if (metadata.expires > now_) return {};
  return refuse("metadata-expired",
                fmt::format("what the repository says as \"{}\" is out of date", role),
                role + ".expires", "after " + rfc3339(now_), rfc3339(metadata.expires));
}

// `version` 0: the file without a version in its name.
Checked<std::string> TufClient::fetch(const std::string& role, std::uint64_t version,
                                      const TufFile& expected, std::uint64_t limit) const {
  if (offline_)
    return refuse("metadata-missing", "the stored state is not complete; refresh it first", role);
  const std::string file = percent_encode(role) + ".json";
  auto json = metadata_(version == 0 ? file : fmt::format("{}.{}", version, file),
                        expected.length.value_or(limit));
  if (json) return std::move(*json);
  if (json.error().fault == Fault::not_found)
    return refuse("metadata-missing", json.error().message(), role);
  if (json.error().fault == Fault::too_large)
    return refuse("length-mismatch", json.error().message(), role + ".length");
  return refuse("unreachable", json.error().message(), role);
}

Checked<void> TufClient::update_root() {
  for (unsigned i = 0; i < root_rotations; ++i) {
    const std::uint64_t next = root_.version + 1;
    const auto json = metadata_(fmt::format("{}.root.json", next), root_limit);
    if (!json && json.error().fault == Fault::not_found) return fresh(root_, "root");
    if (!json) return refuse("unreachable", json.error().message(), "root");
    TRY(auto root, readable(parse_tuf_root(*json), "root"));
    TRY_DO(signed_by_root(root, root_, "root"));
    TRY_DO(signed_by_root(root, root, "root"));
    TRY_DO(is_version(root, next, "root"));
    TRY_DO(store("root", *json));
    root_ = std::move(root);
  }
  return refuse("root-rotations-too-many", "the repository has too many new roots at once", "root",
                fmt::format("at most {}", root_rotations));
}

// Metadata that the current root's keys have not signed is as good as none: after a change of keys
// the repository may begin anew, which is how it recovers from versions that were driven up.
Checked<TufTimestamp> TufClient::read_timestamp(std::string_view json,
                                                const TufTimestamp* stored) const {
  TRY(auto out, readable(parse_tuf_timestamp(json), "timestamp"));
  TRY_DO(signed_by_root(out, root_, "timestamp"));
  if (stored == nullptr) return out;
  if (out.version < stored->version)
    return rolled_back("timestamp.version", stored->version, out.version);
  if (out.version > stored->version && out.snapshot.version < stored->snapshot.version)
    return rolled_back("timestamp.snapshot.version", stored->snapshot.version,
                       out.snapshot.version);
  return out;
}

Checked<void> TufClient::update_timestamp() {
  std::optional<TufTimestamp> last;
  TRY(const auto before, stored("timestamp"));
  if (before) {
    TRY(auto parsed, readable(parse_tuf_timestamp(*before), "stored timestamp"));
    if (signed_by_root(parsed, root_, "timestamp")) last = std::move(parsed);
  }
  if (offline_ && last) {
    timestamp_ = std::move(last);
    return fresh(*timestamp_, "timestamp");
  }
  TRY(const auto json, fetch("timestamp", 0, {}, timestamp_limit));
  TRY(auto next, read_timestamp(json, last ? &*last : nullptr));
  const bool is_new = !last || next.version > last->version;
  timestamp_ = is_new ? std::move(next) : std::move(*last);
  TRY_DO(fresh(*timestamp_, "timestamp"));
  return is_new ? store("timestamp", json) : Checked<void>{};
}

Checked<TufSnapshot> TufClient::read_snapshot(std::string_view json,
                                              const TufSnapshot* stored) const {
  TRY_DO(is_described(json, timestamp_->snapshot, "snapshot"));
  TRY(auto out, readable(parse_tuf_snapshot(json), "snapshot"));
  TRY_DO(signed_by_root(out, root_, "snapshot"));
  TRY_DO(is_version(out, timestamp_->snapshot.version, "snapshot"));
  if (stored != nullptr) {
    for (const auto& [name, file] : stored->files) {
      const auto now = out.files.find(name);
      if (now == out.files.end())
        return refuse("metadata-rollback", "the repository has dropped a role that was seen here",
                      "snapshot.meta", name);
      if (now->second.version < file.version)
        return rolled_back("snapshot.meta." + name, file.version, now->second.version);
    }
  }
  TRY_DO(fresh(out, "snapshot"));
  return out;
}

Checked<void> TufClient::update_snapshot() {
  std::optional<TufSnapshot> last;
  TRY(const auto before, stored("snapshot"));
  if (before) {
    TRY(auto parsed, readable(parse_tuf_snapshot(*before), "stored snapshot"));
    if (signed_by_root(parsed, root_, "snapshot")) last = std::move(parsed);
    if (auto same = read_snapshot(*before, nullptr)) {
      snapshot_ = std::move(*same);
      return {};
    }
  }
  const bool versioned = root_.consistent_snapshot;
  TRY(const auto json, fetch("snapshot", versioned ? timestamp_->snapshot.version : 0,
                             timestamp_->snapshot, snapshot_limit));
  TRY(snapshot_, read_snapshot(json, last ? &*last : nullptr));
  return store("snapshot", json);
}

Checked<TufTargets> TufClient::read_targets(std::string_view json, const std::string& role,
                                            const TufKeys& keys, const TufRing& ring) const {
  const TufFile& expected = snapshot_->files.at(role + ".json");
  TRY_DO(is_described(json, expected, role));
  TRY(auto out, readable(parse_tuf_targets(json), role));
  TRY_DO(tuf_signed_by(out, keys, ring, role));
  TRY_DO(is_version(out, expected.version, role));
  TRY_DO(fresh(out, role));
  return out;
}

// A role is judged by the keys of whoever delegates to it now, also when another one did so before.
Checked<void> TufClient::load_targets(const std::string& role, const TufKeys& keys,
                                      const TufRing& ring) {
  const auto known = loaded_.find(role);
  if (known != loaded_.end()) return tuf_signed_by(known->second, keys, ring, role);
  const auto described = snapshot_->files.find(role + ".json");
  if (described == snapshot_->files.end())
    return refuse("role-unknown", "the snapshot does not have the role that is delegated to",
                  "snapshot.meta", role + ".json");
  TRY(const auto before, stored(role));
  if (before) {
    if (auto same = read_targets(*before, role, keys, ring)) {
      loaded_.emplace(role, std::move(*same));
      return {};
    }
  }
  const TufFile& file = described->second;
  TRY(const auto json,
      fetch(role, root_.consistent_snapshot ? file.version : 0, file, targets_limit));
  TRY(auto next, read_targets(json, role, keys, ring));
  TRY_DO(store(role, json));
  loaded_.emplace(role, std::move(next));
  return {};
}

Checked<void> TufClient::refresh() {
  TRY_DO(update_root());
  TRY_DO(update_timestamp());
  TRY_DO(update_snapshot());
  return load_targets("targets", root_.keys, root_.roles.at("targets"));
}

Checked<void> TufClient::use_stored() {
  offline_ = true;
  TRY_DO(fresh(root_, "root"));
  TRY_DO(update_timestamp());
  TRY_DO(update_snapshot());
  return load_targets("targets", root_.keys, root_.roles.at("targets"));
}

// Pre-order, depth first; a terminating delegation that covers the target ends the search for
// whoever comes behind it, and so does a bin (TAP 15).
Checked<TufTarget> TufClient::find(const std::string& target) {
  struct Visit {
    std::string role;
    const TufKeys* keys;
    const TufRing* ring;
  };
  std::vector<Visit> open{{"targets", &root_.keys, &root_.roles.at("targets")}};
  std::set<std::string> visited;
  while (!open.empty()) {
    const Visit visit = std::move(open.back());
    open.pop_back();
    if (!visited.insert(visit.role).second) continue;
    if (visited.size() > visited_roles)
      return refuse("delegations-too-many", "the search for the target visits too many roles",
                    target, fmt::format("at most {}", visited_roles));
    TRY_DO(load_targets(visit.role, *visit.keys, *visit.ring));
    const TufTargets& role = loaded_.at(visit.role);
    if (const auto found = role.targets.find(target); found != role.targets.end())
      return found->second;
    std::vector<Visit> next;
    for (const TufDelegation& delegation : role.delegations) {
      if (!delegation.covers(target)) continue;
      next.push_back({delegation.name, &role.keys, &delegation.ring});
      if (!delegation.terminating) continue;
      open.clear();
      break;
    }
    if (role.bins) {
      next.push_back({role.bins->bin_of(target), &role.keys, &role.bins->ring});
      open.clear();
    }
    open.insert(open.end(), next.rbegin(), next.rend());
  }
  return refuse("target-unknown", "the repository has no such target, or nobody may speak for it",
                target);
}

Checked<std::string> TufClient::download(const std::string& target, const TufFetch& targets) {
  TRY(const auto wanted, find(target));
  if (wanted.length > target_limit)
    return refuse("length-mismatch", "the target is too large", target + ".length",
                  fmt::format("at most {}", target_limit), fmt::format("{}", wanted.length));
  for (const auto part : split(target, '/')) {
    if (part.empty() || part == "." || part == "..")
      return refuse("target-name-unsafe", "the name could lead elsewhere", target);
  }
  std::string name = percent_encode(target, "/");
  if (root_.consistent_snapshot) {
    const auto hash =
        wanted.hashes.contains("sha256") ? wanted.hashes.find("sha256") : wanted.hashes.begin();
    const auto slash = name.rfind('/');
    name.insert(slash == std::string::npos ? 0 : slash + 1, percent_encode(hash->second) + ".");
  }
  auto bytes = targets(name, wanted.length);
  if (!bytes && bytes.error().fault == Fault::too_large)
    return refuse("length-mismatch", bytes.error().message(), target + ".length");
  if (!bytes) return refuse("unreachable", bytes.error().message(), target);
  if (bytes->size() != wanted.length)
    return refuse("length-mismatch", "these are other bytes than the signed metadata says",
                  target + ".length", fmt::format("{}", wanted.length),
                  fmt::format("{}", bytes->size()));
  TRY_DO(tuf_hashes_match(*bytes, wanted.hashes, target));
  return std::move(*bytes);
}

std::string tuf_file_name(std::string_view target) {
  constexpr std::size_t longest = 200;
  std::string out = percent_encode(target);
  if (out.starts_with('.')) out.replace(0, 1, "%2E");
  return out.empty() || out.size() > longest ? sha256_hex(target) : out;
}

}  // namespace boltseal
