// A set of key records: each verified by itself, then all together.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <tuple>

#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"
#include "seal/key_records.h"
#include "seal/key_records_form.h"

namespace boltseal {
namespace {

constexpr std::size_t most_records = 10'000;
constexpr std::uint64_t largest_file = 16 << 20;

// Who must have signed: both keys of a succession and of a recovery, the one that revokes.
Checked<KeyRecordForm> checked(const DsseEnvelope& envelope, const std::string& field) {
  auto record = parse_key_record(envelope.payload);
  if (!record) return refuse("key-record-invalid", record.error().message(), field);
  std::vector<PublicKey> signers = {record->other};
  if (record->kind != KeyRecordKind::revocation) signers.push_back(record->key);
  if (const auto payload = verify_dsse(envelope, signers, signers.size(), key_record_payload);
      !payload)
    return refuse("key-record-signature",
                  "a key record is not signed as it has to be: " + payload.error().message(),
                  field);
  return std::move(*record);
}

}  // namespace

class KeyRecordsBuilder {
 public:
  std::optional<Refusal> add(const DsseEnvelope& envelope, const std::string& field);
  Checked<KeyRecords> take();

 private:
  std::optional<Refusal> follow(const KeyRecordForm& record, std::string digest,
                                const std::string& field);
  KeyRecords set_;
  std::set<std::string> seen_;
};

std::optional<Refusal> KeyRecordsBuilder::add(const DsseEnvelope& envelope,
                                              const std::string& field) {
  if (seen_.size() >= most_records)
    return refuse("key-record-invalid", "more than 10,000 key records", field).error();
  auto record = checked(envelope, field);
  if (!record) return record.error();
  std::string digest = sha256_digest(envelope.payload);
  if (!seen_.insert(digest).second) return std::nullopt;
  set_.all_.push_back(*record);
  set_.envelopes_.push_back(envelope);
  switch (record->kind) {
    case KeyRecordKind::succession:
      return follow(*record, std::move(digest), field);
    case KeyRecordKind::recovery:
      break;
    case KeyRecordKind::revocation:
      set_.revocations_[record->key.id()].push_back(
          {record->key, record->other, record->time, record->from, record->reason, record->keeps});
      break;
  }
  return std::nullopt;
}

std::optional<Refusal> KeyRecordsBuilder::follow(const KeyRecordForm& record, std::string digest,
                                                 const std::string& field) {
  const auto [found, first] = set_.successions_.try_emplace(
      record.key.id(), KeySuccession{record.key, record.other, record.time, digest});
  if (first) return std::nullopt;
  return refuse("key-record-fork",
                "two records say who follows the key " + record.key.id() +
                    "; one of them may be a thief's",
                field, found->second.successor.id(), record.other.id())
      .error();
}

Checked<KeyRecords> KeyRecordsBuilder::take() {
  for (const auto& [id, list] : set_.revocations_) {
    for (const KeyRevocation& revocation : list) {
      if (revocation.by == revocation.key) continue;
      const bool named = std::ranges::any_of(set_.all_, [&](const KeyRecordForm& recovery) {
        return recovery.kind == KeyRecordKind::recovery && recovery.key == revocation.key &&
               recovery.other == revocation.by && recovery.time <= revocation.time;
      });
      if (!named)
        return refuse("key-record-unauthorised",
                      "a key was revoked by one that no earlier record names as its recovery key",
                      "key " + id, id + " or a recovery key of it", revocation.by.id());
    }
  }
  for (const auto& [id, succession] : set_.successions_) {
    std::size_t steps = 0;
    for (const KeySuccession* at = &succession; at; at = set_.succession_of(at->successor)) {
      if (++steps > set_.successions_.size())
        return refuse("key-record-loop", "successions that lead back to where they began",
                      "key " + id);
    }
  }
  std::ranges::sort(set_.all_, {}, [](const KeyRecordForm& record) {
    return std::tuple(record.time, record.kind, record.key.id(), record.other.id(), record.from);
  });
  return std::move(set_);
}

namespace {

std::optional<Refusal> add_file(KeyRecordsBuilder& builder, const std::string& path) {
  const auto text = read_file(path, largest_file);
  if (!text) return refuse(text.error(), path).error();
  if (const auto whole = parse_dsse(*text)) return builder.add(*whole, path);
  std::optional<Refusal> problem;
  std::size_t number = 0;
  each_line(*text, [&](std::string_view line) {
    ++number;
    if (problem || trim(line).empty()) return;
    const std::string field = fmt::format("{}:{}", path, number);
    const auto envelope = parse_dsse(line);
    problem = envelope ? builder.add(*envelope, field)
                       : refuse("key-record-invalid", envelope.error().message(), field).error();
  });
  return problem;
}

// The files of a folder, sorted.
Result<std::vector<std::string>> files_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector{path};
  std::vector<std::string> out;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    const auto ending = at->path().extension();
    if (ending == ".json" || ending == ".jsonl") out.push_back(at->path().string());
  }
  if (error) return fail(Fault::io, "the folder cannot be read: " + error.message(), path);
  std::ranges::sort(out);
  return out;
}

}  // namespace

Checked<KeyRecords> KeyRecords::verified(std::span<const DsseEnvelope> records) {
  KeyRecordsBuilder builder;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (const auto problem = builder.add(records[i], fmt::format("records[{}]", i)))
      return std::unexpected(*problem);
  }
  return builder.take();
}

Checked<KeyRecords> KeyRecords::read(const std::string& path) {
  const auto files = files_of(path);
  if (!files) return refuse(files.error(), path);
  KeyRecordsBuilder builder;
  for (const std::string& file : *files) {
    if (const auto problem = add_file(builder, file)) return std::unexpected(*problem);
  }
  return builder.take();
}

namespace {

Result<DsseEnvelope> signed_record(const KeyRecordForm& record,
                                   std::span<const Signer* const> signers) {
  TRY(const auto payload, write_key_record(record));
  return sign_dsse(key_record_payload, payload, signers);
}

}  // namespace

Result<DsseEnvelope> sign_succession(const Signer& key, const Signer& successor,
                                     std::int64_t time) {
  const std::array<const Signer*, 2> both = {&key, &successor};
  return signed_record(
      {KeyRecordKind::succession, key.public_key(), successor.public_key(), time, 0, {}, {}}, both);
}

Result<DsseEnvelope> sign_recovery(const Signer& key, const Signer& recovery, std::int64_t time) {
  const std::array<const Signer*, 2> both = {&key, &recovery};
  return signed_record(
      {KeyRecordKind::recovery, key.public_key(), recovery.public_key(), time, 0, {}, {}}, both);
}

Result<DsseEnvelope> sign_revocation(const KeyRevocation& revocation, const Signer& by) {
  const std::array<const Signer*, 1> one = {&by};
  return signed_record({KeyRecordKind::revocation, revocation.key, by.public_key(), revocation.time,
                        revocation.from, revocation.reason, revocation.keeps},
                       one);
}

}  // namespace boltseal
