#include "files/content_reader.h"

#include <algorithm>
#include <map>

#include "layers/entries.h"

namespace boltseal {
namespace {

constexpr std::uint64_t entry_limit = 50'000'000;
constexpr std::size_t unknown_limit = 5'000;  // of a layer; the rest is counted
constexpr std::uint32_t symlink_mode = 0777;  // the kernel knows no other

std::optional<FileType> type_of(TarEntry::Kind kind) {
  switch (kind) {
    case TarEntry::Kind::file:
      return FileType::file;
    case TarEntry::Kind::directory:
      return FileType::directory;
    case TarEntry::Kind::symlink:
      return FileType::symlink;
    case TarEntry::Kind::character_device:
      return FileType::character_device;
    case TarEntry::Kind::block_device:
      return FileType::block_device;
    case TarEntry::Kind::fifo:
      return FileType::fifo;
    case TarEntry::Kind::hard_link:
    case TarEntry::Kind::other:
      break;
  }
  return std::nullopt;
}

// Of a record that is stated twice the later one counts.
std::vector<std::pair<std::string, std::string>> sorted_xattrs(const TarEntry& entry) {
  if (!entry.xattrs || entry.xattrs->empty()) return {};
  std::map<std::string, std::string> by_name;
  for (const auto& [name, value] : *entry.xattrs) by_name[name] = value;
  return {by_name.begin(), by_name.end()};
}

}  // namespace

void ContentReader::unknown(std::string_view path, Error error) {
  if (unknowns_.size() > unknown_limit) return;
  if (unknowns_.size() == unknown_limit)
    unknowns_.push_back({{}, 0, "seal", Fault::too_large, "more of these are not listed", {}});
  else
    unknowns_.push_back(
        {std::string(path), 0, "seal", error.fault, std::move(error.what), error.offset});
}

Result<bool> ContentReader::entry(const TarEntry& entry) {
  if (list_.count() >= entry_limit)
    return fail(Fault::too_large, "a layer with more than 50 million entries");
  TRY_DO(limits_.add_names(list_.size(), names_counted_));
  const auto cleaned = clean_path(entry.path, storage_);
  if (!cleaned) {
    unknown(cleaned.error().where, cleaned.error());
    return false;
  }
  // The root is whatever the runtime makes of it, and aufs's own folders are no files.
  if (cleaned->empty() || (cleaned->starts_with(".wh..wh.") && *cleaned != ".wh..wh..opq"))
    return false;
  auto whiteout = whiteout_of(*cleaned);
  if (!whiteout) {
    unknown(*cleaned, whiteout.error());
    return false;
  }
  at_hand_ = {};
  if (whiteout->is) {
    at_hand_.kind = whiteout->kind == EntryKind::opaque ? ContentEntry::Kind::opaque
                                                        : ContentEntry::Kind::whiteout;
    at_hand_.record.path = std::move(whiteout->path);
    if (whiteout->counts) list_.add(at_hand_);
    return false;
  }
  at_hand_.record.path = *cleaned;
  return record(entry);
}

Result<bool> ContentReader::record(const TarEntry& entry) {
  ContentRecord& r = at_hand_.record;
  const auto type = type_of(entry.kind);
  if (entry.kind == TarEntry::Kind::hard_link) {
    std::string storage;
    const auto target = clean_path(entry.link, storage);
    if (!target || target->empty()) {
      unknown(r.path,
              Error{Fault::corrupt, "a hard link out of the image is not followed", {}, {}});
      return false;
    }
    at_hand_.kind = ContentEntry::Kind::hard_link;
    r.link = *target;
    r.mode = entry.mode;  // what it states of itself
    r.uid = entry.uid;
    r.gid = entry.gid;
    list_.add(at_hand_);
    return false;
  }
  if (!type) {
    unknown(r.path,
            Error{Fault::unsupported, "an entry of a kind that no runtime unpacks", {}, {}});
    return false;
  }
  r.type = *type;
  r.mode = r.type == FileType::symlink ? symlink_mode : entry.mode;
  constexpr std::uint64_t id_limit = UINT32_MAX;  // Linux has no larger ones
  if (std::max({entry.uid, entry.gid, entry.device_major, entry.device_minor}) > id_limit) {
    unknown(r.path, Error{Fault::unsupported, "a user or device number of over 32 bits", {}, {}});
    return false;
  }
  r.uid = entry.uid;
  r.gid = entry.gid;
  r.xattrs = sorted_xattrs(entry);
  r.device_major = entry.device_major;
  r.device_minor = entry.device_minor;
  if (r.type == FileType::symlink) {
    if (entry.link.empty() || entry.link.find('\0') != std::string_view::npos) {
      unknown(r.path, Error{Fault::corrupt, "a symlink to nothing", {}, {}});
      return false;
    }
    r.link = entry.link;
  }
  if (r.type != FileType::file) {
    list_.add(at_hand_);
    return false;
  }
  r.size = entry.size;
  hasher_.emplace();
  return true;
}

Result<bool> ContentReader::content(std::string_view chunk) {
  hasher_->update(chunk);
  return true;
}

Result<> ContentReader::end() {
  at_hand_.record.sha256 = hasher_->finish();
  list_.add(at_hand_);
  return {};
}

LayerContent ContentReader::take() { return {list_.take(), std::move(unknowns_)}; }

}  // namespace boltseal
