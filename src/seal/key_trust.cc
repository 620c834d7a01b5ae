#include "seal/key_trust.h"

#include <algorithm>

namespace boltseal {
namespace {

// A time that is assumed proves nothing.
bool proves(const VerifiedTime& time) { return time.source == "rfc3161" || time.source == "rekor"; }

}  // namespace

std::vector<PublicKey> KeyTrust::with_successors(const std::vector<PublicKey>& pinned) {
  std::vector<PublicKey> out = pinned;
  if (!records_) return out;
  for (const PublicKey& key : pinned) {
    const PublicKey* at = &key;
    std::optional<Refusal> broken;
    std::vector<std::string> line = {key.id()};
    for (std::size_t steps = 0; steps < records_->size(); ++steps) {
      const KeySuccession* next = records_->succession_of(*at);
      if (!next) break;
      if (!broken && !records_->stands(*next)) broken = trusted_successors(*records_, *at).error();
      if (broken)
        doubtful_.push_back({next->successor, *broken});
      else if (std::ranges::find(out, next->successor) == out.end())
        out.push_back(next->successor);
      at = &next->successor;
      line.push_back(at->id());
    }
    // Lines that meet are one.
    std::string holder = key.id();
    for (const std::string& id : line) {
      if (const auto known = holders_.find(id); known != holders_.end()) holder = known->second;
    }
    for (const std::string& id : line) holders_[id] = holder;
  }
  return out;
}

const std::string& KeyTrust::holder_of(const std::string& key_id) const {
  const auto found = holders_.find(key_id);
  return found == holders_.end() ? key_id : found->second;
}

Checked<KeyStanding> KeyTrust::standing(const PublicKey& key,
                                        std::span<const VerifiedTime> times) const {
  // The earliest time is the best proof that a signature is old.
  std::optional<TrustedMoment> first;
  for (const VerifiedTime& time : times) {
    if (proves(time) && (!first || time.time < first->seconds))
      first = {time.time, time.name.empty() ? time.source : time.source + " " + time.name};
  }
  if (records_) return standing_of(*records_, key, first, rules_);
  TRY(const auto none, KeyRecords::verified({}));
  return standing_of(none, key, first, rules_);
}

Refusal KeyTrust::reason(const std::function<bool(const PublicKey&)>& has_signed,
                         const Refusal& otherwise) const {
  const auto found = std::ranges::find_if(
      doubtful_, [&](const DoubtfulKey& doubtful) { return has_signed(doubtful.key); });
  return found == doubtful_.end() ? otherwise : found->why;
}

}  // namespace boltseal
