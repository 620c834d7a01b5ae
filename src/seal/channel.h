// Channels: which digest a tag means, said by keys, for a limited time, and never taken back in
// silence. What Docker Content Trust gave, without a server of its own.
//
// A channel is a TUF repository whose targets are "NAME:TAG" and whose hashes are the digests of
// image manifests; any TUF client reads it. The `timestamp` key also signs the snapshot: it says
// what is current, and may be online. Times are seconds since 1970.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/signer.h"
#include "seal/file_store.h"
#include "seal/refusal.h"
#include "seal/tuf_metadata.h"

namespace boltseal {

using SignerList = std::vector<const Signer*>;

struct ChannelLifetimes {  // in seconds
  std::int64_t root = 365 * 86400;
  std::int64_t targets = 365 * 86400;
  std::int64_t snapshot = 30 * 86400;
  std::int64_t timestamp = 7 * 86400;
};

// What a writing step has led to.
struct ChannelStep {
  std::string role;
  std::uint64_t version = 0;
  // More than 0: the threshold is not met, the change waits for so many more signatures.
  std::uint64_t missing = 0;
};

// A channel as those who write it see it: every file is verified before anything is built on it.
class Channel {
 public:
  // Refuses where there is a channel already. Each role has all the keys given and their number,
  // or `threshold` where that is not 0, as its threshold.
  static Checked<Channel> create(FileStore& store, const SignerList& root,
                                 const SignerList& targets, const SignerList& timestamp,
                                 std::int64_t now, const ChannelLifetimes& lifetimes);
  static Checked<Channel> open(FileStore& store, std::int64_t now,
                               const ChannelLifetimes& lifetimes);

  const TufRoot& root() const { return root_; }
  // "targets" or a delegated role; nullptr for one that has not been written yet.
  const TufTargets* role(const std::string& name) const;
  std::vector<std::string> roles() const;  // "targets" and what it delegates to

  // Records of a role: an empty hash takes the record away. Signed anew, also without a change.
  Checked<ChannelStep> set(const std::string& role, const std::map<std::string, TufTarget>& records,
                           const SignerList& signers);
  // Lets others speak for the names that `paths` cover; replaces a delegation of the same name.
  Checked<ChannelStep> delegate(const std::string& name, std::span<const PublicKey> keys,
                                std::uint64_t threshold, std::vector<std::string> paths,
                                bool terminating, const SignerList& signers);
  Checked<ChannelStep> undelegate(const std::string& name, const SignerList& signers);
  // A new root in which `role` has a key more or one less; 0 leaves the threshold.
  Checked<ChannelStep> change_keys(const std::string& role, std::span<const PublicKey> add,
                                   std::span<const std::string> remove, std::uint64_t threshold,
                                   const SignerList& signers);
  // One more signature for a change that waits.
  Checked<ChannelStep> sign(const std::string& role, const SignerList& signers);
  // Makes what is there current: a new timestamp, and a new snapshot where something changed.
  Checked<ChannelStep> publish(const SignerList& signers);

 private:
  Channel(FileStore& store, std::int64_t now, const ChannelLifetimes& lifetimes)
      : store_(&store), now_(now), lifetimes_(lifetimes) {}
  Checked<std::optional<std::string>> read(const std::string& name) const;
  Checked<void> load_root();
  Checked<void> load_role(const std::string& name);
  Checked<void> believable(const std::string& name, const TufTargets& metadata,
                           std::string_view json) const;
  Checked<void> load_current();
  Checked<TufRing> ring_of(const std::string& role, const TufKeys*& keys) const;
  Checked<void> may_speak(const std::string& role, const std::string& target) const;
  Checked<std::uint64_t> missing(const std::string& role, std::string_view json) const;
  Checked<ChannelStep> finish(const std::string& role, std::uint64_t version,
                              const std::string& json);
  Checked<ChannelStep> write_targets(const std::string& role, TufTargets next,
                                     const SignerList& signers);

  FileStore* store_;
  std::int64_t now_;
  ChannelLifetimes lifetimes_;
  TufRoot root_;
  std::map<std::string, TufTargets> roles_;
  std::map<std::string, std::string> files_;  // their bytes
  std::optional<TufSnapshot> snapshot_;
  std::optional<TufTimestamp> timestamp_;
};

// "reg.example/team/app" and "1.0" of "reg.example/team/app:1.0", Docker's short names filled in.
struct ChannelTag {
  std::string name, tag;
  std::string target() const { return name + ":" + tag; }
};
Result<ChannelTag> parse_channel_tag(const std::string& reference);

struct ResolvedTag {
  ChannelTag tag;
  std::string digest;         // is_digest holds
  std::uint64_t version = 0;  // of the timestamp
  std::int64_t expires = 0;   // when this answer must be asked for again
};
// What the channel says now. `root` is the root that the user trusts; what was seen under it lies
// in `state`, a directory of that root. Refusals: channel-freeze (the timestamp or the snapshot has
// run out: somebody may hold back news), channel-expired (root or targets have), channel-rollback,
// channel-tag-unknown, and those of TufClient.
Checked<ResolvedTag> resolve_channel(FileStore& store, std::string_view root,
                                     const std::string& state, const ChannelTag& tag,
                                     std::int64_t now);
// $state_directory()/channels/<SHA-256 of the trusted root>
std::string channel_state(std::string_view root);

}  // namespace boltseal
