// Signed records about keys: which key follows which, which key may revoke which, which key no
// longer counts and since when. doc/formats/key-records.md is the format.
//
// A set of records is judged as a whole before anything is read out of it: one bad signature, one
// fork, one record of a kind that is not known, and there is no set. A record that could be passed
// over could be the one that revokes a key.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/public_key.h"
#include "crypto/signer.h"
#include "seal/dsse.h"
#include "seal/key_records_form.h"
#include "seal/refusal.h"

namespace boltseal {

constexpr std::string_view key_record_payload = "application/vnd.boltseal.key-record.v1+json";

struct KeySuccession {
  PublicKey key, successor;
  std::int64_t time = 0;  // as the signers claim
  std::string digest;     // "sha256:…" of the record's payload
};
struct KeyRevocation {
  PublicKey key, by;
  std::int64_t time = 0, from = 0;
  std::string reason;
  std::vector<std::string> keeps;  // digests of successions of the key that stay good
};

class KeyRecords {
 public:
  // Records in any order; the same one twice counts once.
  static Checked<KeyRecords> verified(std::span<const DsseEnvelope> records);
  // A file of one record or of one a line, or a folder of such files (*.json, *.jsonl).
  static Checked<KeyRecords> read(const std::string& path);

  // Null where there is none. Of several revocations the one that begins first.
  const KeySuccession* succession_of(const PublicKey& key) const;
  const KeyRevocation* revocation_of(const PublicKey& key) const;
  // A succession of a key that was revoked stands when each revocation of the key keeps it.
  bool stands(const KeySuccession& succession) const;
  std::size_t size() const { return all_.size(); }
  const std::vector<KeyRecordForm>& all() const { return all_; }  // by time
  // As they came, each once.
  const std::vector<DsseEnvelope>& envelopes() const { return envelopes_; }

 private:
  friend class KeyRecordsBuilder;
  KeyRecords() = default;
  std::map<std::string, KeySuccession> successions_;               // by the id of the old key
  std::map<std::string, std::vector<KeyRevocation>> revocations_;  // by the id of the key
  std::vector<KeyRecordForm> all_;
  std::vector<DsseEnvelope> envelopes_;
};

// A moment that somebody else than the signer vouched for, and was verified: an RFC 3161 timestamp,
// a transparency log. The signature was there by then.
struct TrustedMoment {
  std::int64_t seconds = 0;
  std::string source;
};

enum class KeyVerdict : std::uint8_t { valid, before_revocation, undecided };
std::string_view name_of(KeyVerdict verdict);  // "valid", "before-revocation", "undecided"

struct StandingRules {
  bool refuse_superseded = false;  // a key with a successor signs no more
  // A key that was revoked counts where nothing tells when it signed: `undecided`.
  bool accept_undecided = false;
};

// That a signature of a key counts. Only standing_of makes one.
class KeyStanding {
 public:
  KeyVerdict verdict() const { return verdict_; }
  const std::string& successor() const { return successor_; }  // id of the key, or empty

 private:
  friend Checked<KeyStanding> standing_of(const KeyRecords&, const PublicKey&,
                                          const std::optional<TrustedMoment>&,
                                          const StandingRules&);
  KeyStanding() = default;
  KeyVerdict verdict_ = KeyVerdict::valid;
  std::string successor_;
};

// Whether a signature by `key`, known to have been there at `signed_at`, counts:
//   valid              no record revokes the key;
//   before_revocation  it was there before the moment from which the key is revoked;
// refused as key-revoked when it is not known to be older than that, and as
// key-revocation-undecided when there is no trusted moment. With refuse_superseded also as
// key-superseded when it is not known to be older than the key's succession.
Checked<KeyStanding> standing_of(const KeyRecords& records, const PublicKey& key,
                                 const std::optional<TrustedMoment>& signed_at,
                                 const StandingRules& rules = {});

// The keys that follow a pinned one, nearest first. Refused (key-succession-undecided) when a key
// of the line was revoked and its revocation does not keep the succession.
Checked<std::vector<PublicKey>> trusted_successors(const KeyRecords& records,
                                                   const PublicKey& pinned);

// `time`, `from`: seconds since 1970. Each is signed by both keys, so that nobody can claim a key
// that is not his.
Result<DsseEnvelope> sign_succession(const Signer& key, const Signer& successor, std::int64_t time);
// `recovery` may revoke `key` from then on.
Result<DsseEnvelope> sign_recovery(const Signer& key, const Signer& recovery, std::int64_t time);
// `by` is the key itself or a recovery key of it. Fill key, time, from, reason, keeps.
Result<DsseEnvelope> sign_revocation(const KeyRevocation& revocation, const Signer& by);

}  // namespace boltseal
