// Pinned keys, with what signed records say of them: the keys that follow one are trusted with it,
// and a signature counts only as far as the records let its key sign.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/public_key.h"
#include "seal/authorities.h"
#include "seal/key_records.h"
#include "seal/refusal.h"

namespace boltseal {

// A key that follows a pinned one in a way that does not count, and why.
struct DoubtfulKey {
  PublicKey key;
  Refusal why;
};

class KeyTrust {
 public:
  // Nothing is known of any key.
  KeyTrust() = default;
  explicit KeyTrust(KeyRecords records, StandingRules rules = {})
      : records_(std::make_shared<const KeyRecords>(std::move(records))), rules_(rules) {}

  bool has_records() const { return records_ != nullptr; }
  // The pinned keys and those that follow them. A line that breaks leaves doubtful keys behind it.
  std::vector<PublicKey> with_successors(const std::vector<PublicKey>& pinned);
  // Who signs with a key, as far as records tell: keys that follow each other are of one holder,
  // and count once. An id for that.
  const std::string& holder_of(const std::string& key_id) const;
  // Whether a signature by `key` counts; `times` are those at which it was there.
  Checked<KeyStanding> standing(const PublicKey& key, std::span<const VerifiedTime> times) const;
  // Why nobody has signed: the doubt about a key that has, else `otherwise`.
  Refusal reason(const std::function<bool(const PublicKey&)>& has_signed,
                 const Refusal& otherwise) const;

 private:
  std::shared_ptr<const KeyRecords> records_;
  StandingRules rules_;
  std::vector<DoubtfulKey> doubtful_;
  std::map<std::string, std::string> holders_;  // by id of a key
};

}  // namespace boltseal
