// The writing side; reading is in channel_resolve.cc.
#include "seal/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "seal/tuf_write.h"

namespace boltseal {
namespace {

constexpr std::uint64_t file_limit = 16ULL << 20;
constexpr std::uint64_t version_limit = 1'000'000;  // of one walk

std::string file_of(const std::string& role, std::uint64_t version) {
  return fmt::format("{}.{}.json", version, percent_encode(role));
}
std::string draft_of(const std::string& role) { return "draft-" + percent_encode(role) + ".json"; }

Result<std::string> add_key(TufKeys& keys, TufRing& ring, const PublicKey& key) {
  TufKey made = tuf_key_of(key);
  if (!made.key) return fail(Fault::unsupported, "a kind of key that TUF has no name for");
  std::string id = tuf_key_id(made);
  keys.emplace(id, std::move(made));
  if (std::ranges::find(ring.key_ids, id) == ring.key_ids.end()) ring.key_ids.push_back(id);
  return id;
}

// Keys that no role names any more.
void drop_unused(TufKeys& keys, const std::vector<const TufRing*>& rings) {
  std::erase_if(keys, [&](const auto& entry) {
    return std::ranges::none_of(rings, [&](const TufRing* ring) {
      return std::ranges::find(ring->key_ids, entry.first) != ring->key_ids.end();
    });
  });
}

void drop_unused_keys(TufRoot& root) {
  std::vector<const TufRing*> rings;
  for (const auto& [name, ring] : root.roles) rings.push_back(&ring);
  drop_unused(root.keys, rings);
}

void drop_unused_keys(TufTargets& targets) {
  std::vector<const TufRing*> rings;
  for (const TufDelegation& role : targets.delegations) rings.push_back(&role.ring);
  drop_unused(targets.keys, rings);
}

}  // namespace

Checked<Channel> Channel::create(FileStore& store, const SignerList& root,
                                 const SignerList& targets, const SignerList& timestamp,
                                 std::int64_t now, const ChannelLifetimes& lifetimes) {
  Channel out(store, now, lifetimes);
  TRY(const auto present, out.read(file_of("root", 1)));
  if (present)
    return refuse("already-initialised", "there is a channel here already", file_of("root", 1));
  TufRoot first;
  first.expires = now + lifetimes.root;
  for (const auto& [name, signers] :
       std::initializer_list<std::pair<const char*, SignerList>>{{"root", root},
                                                                 {"targets", targets},
                                                                 {"snapshot", timestamp},
                                                                 {"timestamp", timestamp}}) {
    TufRing& ring = first.roles[name];
    for (const Signer* signer : signers)
      TRY_DO(readable(add_key(first.keys, ring, signer->public_key()), "keys"));
    ring.threshold = ring.key_ids.size();
    if (ring.key_ids.empty())
      return refuse("key-missing", fmt::format("a channel needs a key for \"{}\"", name), name);
  }
  TRY(const auto json, readable(sign_tuf(write_tuf_body(first), root), "root"));
  TRY_DO(readable(store.put(file_of("root", 1), json), "root"));
  TRY_DO(out.load_root());
  TRY_DO(out.set("targets", {}, targets));
  TRY_DO(out.publish(timestamp));
  return out;
}

Checked<Channel> Channel::open(FileStore& store, std::int64_t now,
                               const ChannelLifetimes& lifetimes) {
  Channel out(store, now, lifetimes);
  TRY_DO(out.load_root());
  TRY_DO(out.load_current());
  TRY_DO(out.load_role("targets"));
  for (const std::string& role : out.roles()) TRY_DO(out.load_role(role));
  return out;
}

Checked<std::optional<std::string>> Channel::read(const std::string& name) const {
  auto bytes = store_->get(name, file_limit);
  if (bytes) return std::optional(std::move(*bytes));
  if (bytes.error().fault == Fault::not_found) return std::nullopt;
  return refuse(bytes.error(), name);
}

Checked<void> Channel::load_root() {
  for (std::uint64_t version = 1; version < version_limit; ++version) {
    TRY(const auto json, read(file_of("root", version)));
    if (!json && version == 1)
      return refuse("channel-missing", "there is no channel here; `channel init` makes one",
                    file_of("root", 1));
    if (!json) return {};
    TRY(auto root, readable(parse_tuf_root(*json), file_of("root", version)));
    const TufRoot& judge = version == 1 ? root : root_;
    TRY_DO(tuf_signed_by(root, judge.keys, judge.roles.at("root"), "root"));
    TRY_DO(tuf_signed_by(root, root.keys, root.roles.at("root"), "root"));
    if (root.version != version)
      return refuse("metadata-version-mismatch", "the file holds another version than its name",
                    "root.version", fmt::format("{}", version), fmt::format("{}", root.version));
    root_ = std::move(root);
  }
  return refuse("root-rotations-too-many", "too many roots", "root");
}

// The current snapshot and timestamp. After a change of their keys they are nobody's, and their
// versions begin anew, as clients expect.
Checked<void> Channel::load_current() {
  TRY(const auto json, read("timestamp.json"));
  if (!json) return {};
  TRY(auto timestamp, readable(parse_tuf_timestamp(*json), "timestamp"));
  if (!tuf_signed_by(timestamp, root_.keys, root_.roles.at("timestamp"), "timestamp")) {
    // Higher than all before, for clients that were not there while the keys changed.
    timestamp_ = std::move(timestamp);
    return {};
  }
  timestamp_ = std::move(timestamp);
  TRY(const auto other, read(file_of("snapshot", timestamp_->snapshot.version)));
  if (!other)
    return refuse("metadata-missing", "the snapshot of the timestamp is gone", "snapshot");
  TRY_DO(tuf_hashes_match(*other, timestamp_->snapshot.hashes, "snapshot"));
  TRY(snapshot_, readable(parse_tuf_snapshot(*other), "snapshot"));
  return {};
}

Checked<TufRing> Channel::ring_of(const std::string& role, const TufKeys*& keys) const {
  if (is_tuf_top_level(role)) {
    keys = &root_.keys;
    return root_.roles.at(role);
  }
  const auto targets = roles_.find("targets");
  if (targets != roles_.end()) {
    keys = &targets->second.keys;
    for (const TufDelegation& delegation : targets->second.delegations)
      if (delegation.name == role) return delegation.ring;
  }
  return refuse("role-unknown", "nothing is delegated to a role of this name", role);
}

// The newest version of a role that is there, published or not.
Checked<void> Channel::load_role(const std::string& name) {
  std::uint64_t version = 1;
  if (snapshot_) {
    const auto known = snapshot_->files.find(name + ".json");
    if (known != snapshot_->files.end()) version = known->second.version;
  }
  std::string newest;
  for (const std::uint64_t end = version + version_limit; version < end; ++version) {
    TRY(auto json, read(file_of(name, version)));
    if (!json) break;
    newest = std::move(*json);
  }
  if (newest.empty()) return {};
  TRY(auto parsed, readable(parse_tuf_targets(newest), name));
  if (parsed.version != version - 1)
    return refuse("metadata-version-mismatch", "the file holds another version than its name",
                  name + ".version", fmt::format("{}", version - 1),
                  fmt::format("{}", parsed.version));
  TRY_DO(believable(name, parsed, newest));
  files_[name] = std::move(newest);
  roles_[name] = std::move(parsed);
  return {};
}

// What others may have put into the store must not be signed over: a file counts that its role has
// signed, or, when the keys of the role have changed since, that the snapshot has.
Checked<void> Channel::believable(const std::string& name, const TufTargets& metadata,
                                  std::string_view json) const {
  const TufKeys* keys = nullptr;
  TRY(const auto ring, ring_of(name, keys));
  const auto good = tuf_signed_by(metadata, *keys, ring, name);
  if (good || !snapshot_) return good;
  const auto seen = snapshot_->files.find(name + ".json");
  if (seen == snapshot_->files.end() || seen->second.version != metadata.version) return good;
  return tuf_hashes_match(json, seen->second.hashes, name);
}

const TufTargets* Channel::role(const std::string& name) const {
  const auto found = roles_.find(name);
  return found == roles_.end() ? nullptr : &found->second;
}

std::vector<std::string> Channel::roles() const {
  std::vector<std::string> out{"targets"};
  if (const TufTargets* targets = role("targets")) {
    for (const TufDelegation& delegation : targets->delegations) out.push_back(delegation.name);
  }
  return out;
}

// How many signatures of a role's ring a file lacks.
Checked<std::uint64_t> Channel::missing(const std::string& role, std::string_view json) const {
  const bool is_root = role == "root";
  TufSigned metadata;
  TufRoot next;
  if (is_root) {
    TRY(next, readable(parse_tuf_root(json), role));
    metadata = next;
  } else {
    TRY(metadata, readable(parse_tuf_targets(json), role));
  }
  const TufKeys* keys = nullptr;
  TRY(const auto ring, ring_of(role, keys));
  const auto lacks = [&](const TufKeys& of, TufRing by) {
    const std::uint64_t wanted = by.threshold;
    while (by.threshold > 0 && !tuf_signed_by(metadata, of, by, role)) --by.threshold;
    return wanted - by.threshold;
  };
  const std::uint64_t now = lacks(*keys, ring);
  return is_root ? std::max(now, lacks(next.keys, next.roles.at("root"))) : now;
}

Checked<ChannelStep> Channel::finish(const std::string& role, std::uint64_t version,
                                     const std::string& json) {
  TRY(const auto lacking, missing(role, json));
  if (lacking > 0) {
    TRY_DO(readable(store_->put(draft_of(role), json), role));
    return ChannelStep{role, version, lacking};
  }
  TRY(const auto taken, read(file_of(role, version)));
  if (taken)
    return refuse("channel-conflict", "somebody else has written this version meanwhile; try again",
                  file_of(role, version));
  TRY_DO(readable(store_->put(file_of(role, version), json), role));
  // A registry may not let go of it; a draft of an old version is refused by sign().
  if (store_->get(draft_of(role), file_limit)) (void)store_->remove(draft_of(role));
  if (role == "root")
    TRY_DO(load_root());
  else
    TRY_DO(load_role(role));
  return ChannelStep{role, version, 0};
}

Checked<ChannelStep> Channel::write_targets(const std::string& role, TufTargets next,
                                            const SignerList& signers) {
  const TufTargets* last = this->role(role);
  next.version = last != nullptr ? last->version + 1 : 1;
  next.expires = now_ + lifetimes_.targets;
  TRY(const auto json, readable(sign_tuf(write_tuf_body(next), signers), role));
  TRY(const auto step, finish(role, next.version, json));
  const TufKeys* keys = nullptr;
  TRY(const auto ring, ring_of(role, keys));
  if (step.missing >= ring.threshold)
    return refuse("threshold-not-met", "the key given is none of this role's", role + ".signatures",
                  fmt::format("{} different keys", ring.threshold), "0");
  return step;
}

// What a role says outside of its patterns nobody would believe.
Checked<void> Channel::may_speak(const std::string& role, const std::string& target) const {
  const TufTargets* targets = this->role("targets");
  if (role == "targets" || targets == nullptr) return {};
  for (const TufDelegation& delegation : targets->delegations) {
    if (delegation.name == role && !delegation.covers(target))
      return refuse("role-not-allowed", "the role may not speak for this name", target,
                    join(delegation.paths, " "), target);
  }
  return {};
}

Checked<ChannelStep> Channel::set(const std::string& role,
                                  const std::map<std::string, TufTarget>& records,
                                  const SignerList& signers) {
  const TufKeys* keys = nullptr;
  TRY_DO(ring_of(role, keys));
  TufTargets next = this->role(role) != nullptr ? *this->role(role) : TufTargets{};
  for (const auto& [name, target] : records) {
    TRY_DO(may_speak(role, name));
    if (target.hashes.empty()) {
      if (next.targets.erase(name) == 0)
        return refuse("channel-tag-unknown", "there is no record to take away", name);
    } else {
      next.targets[name] = target;
    }
  }
  return write_targets(role, std::move(next), signers);
}

Checked<ChannelStep> Channel::delegate(const std::string& name, std::span<const PublicKey> keys,
                                       std::uint64_t threshold, std::vector<std::string> paths,
                                       bool terminating, const SignerList& signers) {
  if (name.empty() || is_tuf_top_level(name))
    return refuse("role-unknown", "not a name for a delegated role", name);
  TufTargets next = role("targets") != nullptr ? *role("targets") : TufTargets{};
  TufDelegation made{name, {{}, threshold}, terminating, std::move(paths), {}};
  for (const PublicKey& key : keys) TRY_DO(readable(add_key(next.keys, made.ring, key), "keys"));
  if (threshold == 0 || made.ring.key_ids.size() < threshold)
    return refuse("threshold-invalid", "so many keys could never sign", name + ".threshold",
                  fmt::format("1 to {}", made.ring.key_ids.size()), fmt::format("{}", threshold));
  std::erase_if(next.delegations, [&](const TufDelegation& d) { return d.name == name; });
  next.delegations.push_back(std::move(made));
  drop_unused_keys(next);
  return write_targets("targets", std::move(next), signers);
}

Checked<ChannelStep> Channel::undelegate(const std::string& name, const SignerList& signers) {
  TufTargets next = role("targets") != nullptr ? *role("targets") : TufTargets{};
  if (std::erase_if(next.delegations, [&](const TufDelegation& d) { return d.name == name; }) == 0)
    return refuse("role-unknown", "nothing is delegated to a role of this name", name);
  drop_unused_keys(next);
  return write_targets("targets", std::move(next), signers);
}

Checked<ChannelStep> Channel::change_keys(const std::string& role, std::span<const PublicKey> add,
                                          std::span<const std::string> remove,
                                          std::uint64_t threshold, const SignerList& signers) {
  if (!is_tuf_top_level(role))
    return refuse("role-unknown", "keys of delegated roles are changed by `channel delegate`",
                  role);
  TufRoot next = root_;
  const auto both = role == "timestamp" ? std::vector<std::string>{"timestamp", "snapshot"}
                                        : std::vector<std::string>{role};
  for (const std::string& name : both) {
    TufRing& ring = next.roles[name];
    for (const std::string& id : remove) {
      if (std::erase(ring.key_ids, id) == 0)
        return refuse("key-unknown", "the role has no such key", role, id);
    }
    for (const PublicKey& key : add) TRY_DO(readable(add_key(next.keys, ring, key), "keys"));
    if (threshold > 0) ring.threshold = threshold;
    if (ring.key_ids.size() < ring.threshold)
      return refuse("threshold-invalid", "so many keys could never sign", role + ".threshold",
                    fmt::format("1 to {}", ring.key_ids.size()), fmt::format("{}", ring.threshold));
  }
  drop_unused_keys(next);
  next.version = root_.version + 1;
  next.expires = now_ + lifetimes_.root;
  TRY(const auto json, readable(sign_tuf(write_tuf_body(next), signers), "root"));
  return finish("root", next.version, json);
}

Checked<ChannelStep> Channel::sign(const std::string& role, const SignerList& signers) {
  TRY(auto json, read(draft_of(role)));
  if (!json) return refuse("draft-missing", "no change of this role waits for a signature", role);
  for (const Signer* signer : signers) {
    auto more = add_tuf_signature(*json, *signer);
    TRY(json, readable(std::move(more), role));
  }
  TufSigned draft;
  if (role == "root") {
    TRY(draft, readable(parse_tuf_root(*json), role));
  } else {
    TRY(draft, readable(parse_tuf_targets(*json), role));
  }
  const std::uint64_t now = role == "root"                ? root_.version
                            : this->role(role) != nullptr ? this->role(role)->version
                                                          : 0;
  if (draft.version != now + 1)
    return refuse("channel-conflict", "the change that waits is not for the current version", role,
                  fmt::format("{}", now + 1), fmt::format("{}", draft.version));
  return finish(role, draft.version, *json);
}

Checked<ChannelStep> Channel::publish(const SignerList& signers) {
  TufSnapshot next;
  for (const std::string& name : roles()) {
    const TufTargets* metadata = role(name);
    if (metadata == nullptr) continue;  // delegated to, but nothing was said yet
    const TufKeys* keys = nullptr;
    TRY(const auto ring, ring_of(name, keys));
    TRY_DO(tuf_signed_by(*metadata, *keys, ring, name));
    next.files[name + ".json"] = describe_tuf_file(files_.at(name), metadata->version);
  }
  // A role that was seen may not vanish, or clients take it for a rollback.
  if (snapshot_) {
    for (const auto& [name, file] : snapshot_->files) next.files.emplace(name, file);
  }
  TufTimestamp stamp;
  stamp.expires = now_ + lifetimes_.timestamp;
  const bool same =
      snapshot_ && snapshot_->expires >= stamp.expires &&
      std::ranges::equal(snapshot_->files, next.files, [](const auto& a, const auto& b) {
        return a.first == b.first && a.second.version == b.second.version;
      });
  const std::uint64_t last = timestamp_ ? timestamp_->snapshot.version : 0;
  next.version = same ? last : last + 1;
  next.expires = std::max(now_ + lifetimes_.snapshot, stamp.expires);
  stamp.version = timestamp_ ? timestamp_->version + 1 : 1;
  stamp.snapshot = same ? timestamp_->snapshot : TufFile{};
  if (!same) {
    TRY(const auto json, readable(sign_tuf(write_tuf_body(next), signers), "snapshot"));
    TRY(const auto read_back, readable(parse_tuf_snapshot(json), "snapshot"));
    TRY_DO(tuf_signed_by(read_back, root_.keys, root_.roles.at("snapshot"), "snapshot"));
    TRY_DO(readable(store_->put(file_of("snapshot", next.version), json), "snapshot"));
    stamp.snapshot = describe_tuf_file(json, next.version);
  }
  TRY(const auto json, readable(sign_tuf(write_tuf_body(stamp), signers), "timestamp"));
  TRY(auto read_back, readable(parse_tuf_timestamp(json), "timestamp"));
  TRY_DO(tuf_signed_by(read_back, root_.keys, root_.roles.at("timestamp"), "timestamp"));
  TRY_DO(readable(store_->put("timestamp.json", json), "timestamp"));
  timestamp_ = std::move(read_back);
  TRY_DO(load_current());
  return ChannelStep{"timestamp", stamp.version, 0};
}

}  // namespace boltseal
