#include "custody/chain_store.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/fd.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

constexpr std::size_t record_limit = 10'000;

// The number at the front of "07-build.json"; nothing for a file of another kind.
std::optional<std::uint64_t> number_of(std::string_view name) {
  const auto parts = cut(name, "-");
  if (!parts || !name.ends_with(".json") || parts->first.size() < 2) return std::nullopt;
  return parse_u64(parts->first);
}

Result<std::map<std::uint64_t, std::vector<std::string>>> listed(const std::string& folder) {
  std::map<std::uint64_t, std::vector<std::string>> out;
  DIR* dir = ::opendir(folder.c_str());
  if (!dir && errno == ENOENT) return out;
  if (!dir) return std::unexpected(errno_error("cannot list the records", folder));
  while (const dirent* item = ::readdir(dir)) {
    if (const auto number = number_of(item->d_name)) out[*number].emplace_back(item->d_name);
  }
  ::closedir(dir);
  if (out.size() > record_limit)
    return fail(Fault::too_large, "more than 10,000 records; begin a new folder", folder);
  for (auto& [number, names] : out) std::ranges::sort(names);
  return out;
}

Checked<StoredRecord> load(const std::string& folder, const std::string& name) {
  const auto text = read_file(folder + "/" + name, max_envelope);
  if (!text) return refuse(text.error(), name);
  auto envelope = parse_dsse(*text);
  if (!envelope) return refuse(envelope.error(), name);
  auto record = parse_record(envelope->payload);
  if (!record) return refuse(record.error(), name);
  StoredRecord out{name, *std::move(envelope), {}, *std::move(record)};
  out.sha256 = sha256_hex(out.envelope.payload);
  return out;
}

std::string file_name(const CustodyRecord& record) {
  return fmt::format("{:02}-{}.json", record.sequence, record.phase);
}

}  // namespace

Checked<std::vector<StoredRecord>> load_records(const std::string& folder) {
  const auto names = listed(folder);
  if (!names) return refuse(names.error(), "records");
  std::vector<StoredRecord> out;
  for (const auto& [number, files] : *names) {
    const std::uint64_t wanted = out.size() + 1;
    if (number != wanted)
      return refuse("record-missing", "a record has been taken out", "records",
                    fmt::format("number {}", wanted), files.front());
    if (files.size() != 1)
      return refuse("record-order", "two records of one number", "records", files[0], files[1]);
    auto stored = load(folder, files.front());
    if (!stored) return std::unexpected(stored.error());
    const CustodyRecord& record = stored->record;
    if (file_name(record) != files.front())
      return refuse("record-order", "a record stands in another's place", "records",
                    file_name(record), files.front());
    const std::string before = out.empty() ? "" : out.back().sha256;
    if (record.before != before)
      return refuse("record-changed",
                    fmt::format("{} does not follow what stands before it", files.front()),
                    files.front() + " before", record.before, before);
    out.push_back(*std::move(stored));
  }
  return out;
}

const StoredRecord* last_of(const std::vector<StoredRecord>& records, std::string_view phase) {
  const StoredRecord* out = nullptr;
  for (const StoredRecord& stored : records)
    if (stored.record.phase == phase) out = &stored;
  return out;
}

Result<Fd> lock_records(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    return std::unexpected(errno_error("cannot make the folder of records", folder));
  return lock_file(folder + "/.lock");
}

Result<std::string> append_record(const std::string& folder, const CustodyRecord& record,
                                  const DsseEnvelope& envelope) {
  const std::string name = file_name(record), path = folder + "/" + name;
  TRY(const auto names, listed(folder));
  if (names.contains(record.sequence))
    return fail(Fault::io, "a record of this number is here already", path);
  TRY_DO(write_file_atomically(path, write_dsse(envelope) + "\n"));
  return name;
}

Result<> rewrite_record(const std::string& folder, const StoredRecord& record) {
  return write_file_atomically(folder + "/" + record.file, write_dsse(record.envelope) + "\n");
}

}  // namespace boltseal
