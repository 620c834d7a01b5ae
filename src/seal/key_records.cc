#include "seal/key_records.h"

#include <algorithm>

#include "base/time.h"

namespace boltseal {

std::string_view name_of(KeyVerdict verdict) {
  switch (verdict) {
    case KeyVerdict::valid:
      return "valid";
    case KeyVerdict::before_revocation:
      return "before-revocation";
    case KeyVerdict::undecided:
      return "undecided";
  }
  return {};
}

const KeySuccession* KeyRecords::succession_of(const PublicKey& key) const {
  const auto found = successions_.find(key.id());
  return found == successions_.end() ? nullptr : &found->second;
}

const KeyRevocation* KeyRecords::revocation_of(const PublicKey& key) const {
  const auto found = revocations_.find(key.id());
  return found == revocations_.end()
             ? nullptr
             : &*std::ranges::min_element(found->second, {}, &KeyRevocation::from);
}

bool KeyRecords::stands(const KeySuccession& succession) const {
  const auto found = revocations_.find(succession.key.id());
  return found == revocations_.end() ||
         std::ranges::all_of(found->second, [&](const KeyRevocation& revocation) {
           return std::ranges::find(revocation.keeps, succession.digest) != revocation.keeps.end();
         });
}

Checked<KeyStanding> standing_of(const KeyRecords& records, const PublicKey& key,
                                 const std::optional<TrustedMoment>& signed_at,
                                 const StandingRules& rules) {
  const std::string field = "key " + key.id();
  const std::string proved =
      signed_at ? rfc3339(signed_at->seconds) + " (" + signed_at->source + ")" : "no trusted time";
  KeyStanding out;
  if (const KeyRevocation* revocation = records.revocation_of(key)) {
    const std::string reason = revocation->reason.empty() ? "" : " (" + revocation->reason + ")";
    const std::string wanted = "signed before " + rfc3339(revocation->from);
    if (!signed_at && !rules.accept_undecided)
      return refuse("key-revocation-undecided",
                    "the key was revoked" + reason +
                        ", and nothing proves that the signature is older; sign with a timestamp "
                        "or a log to have such proof",
                    field, wanted, proved);
    if (signed_at && signed_at->seconds >= revocation->from)
      return refuse("key-revoked", "the key was revoked" + reason + " before it signed", field,
                    wanted, proved);
    out.verdict_ = signed_at ? KeyVerdict::before_revocation : KeyVerdict::undecided;
  }
  if (const KeySuccession* succession = records.succession_of(key)) {
    out.successor_ = succession->successor.id();
    if (rules.refuse_superseded && (!signed_at || signed_at->seconds >= succession->time))
      return refuse("key-superseded",
                    "another key took the place of this one: " + succession->successor.id(), field,
                    "signed before " + rfc3339(succession->time), proved);
  }
  return out;
}

Checked<std::vector<PublicKey>> trusted_successors(const KeyRecords& records,
                                                   const PublicKey& pinned) {
  std::vector<PublicKey> out;
  const PublicKey* key = &pinned;
  // A set has no loops, so that the line is no longer than the set.
  while (const KeySuccession* succession = records.succession_of(*key)) {
    if (out.size() > records.size()) break;
    if (!records.stands(*succession))
      return refuse("key-succession-undecided",
                    "the key was revoked, and the revocation does not say that its succession to " +
                        succession->successor.id() + " is good",
                    "key " + key->id(), succession->digest + " kept", "revoked without it");
    out.push_back(succession->successor);
    key = &succession->successor;
  }
  return out;
}

}  // namespace boltseal
