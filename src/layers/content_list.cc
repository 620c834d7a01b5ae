#include "layers/content_list.h"

#include <algorithm>

#include "inventory/wire.h"
#include "layers/entries.h"

namespace boltseal {
namespace {

constexpr std::size_t digest_size = 32;

// What follows kind and path, the same list for both directions.
template <class A>
void wire_rest(A& a, ContentEntry::Kind kind, ContentRecord& r) {
  if (kind == ContentEntry::Kind::whiteout || kind == ContentEntry::Kind::opaque) return;
  if (kind == ContentEntry::Kind::hard_link) return wire_all(a, r.link, r.mode, r.uid, r.gid);
  wire_all(a, r.type, r.mode, r.uid, r.gid, r.xattrs);
  switch (r.type) {
    case FileType::file:
      return wire_all(a, r.size, r.sha256);
    case FileType::symlink:
      return wire(a, r.link);
    case FileType::character_device:
    case FileType::block_device:
      return wire_all(a, r.device_major, r.device_minor);
    case FileType::directory:
    case FileType::fifo:
    case FileType::socket:
      return;
  }
}

// The root has no record, and it can only be made opaque. A list may come from a child
// that was taken over.
bool has_good_path(const ContentEntry& entry, const std::string& path) {
  return is_clean_path(path) || (path.empty() && entry.kind == ContentEntry::Kind::opaque);
}

}  // namespace

void ContentList::add(const ContentEntry& entry) {
  const std::string& path = entry.record.path;
  const auto shared =
      static_cast<std::size_t>(std::ranges::mismatch(last_, path).in1 - last_.begin());
  WireWriter writer;
  writer.value(entry.kind);
  writer.varint(shared);
  writer.value(path.substr(shared));
  // The member list serves both directions; writing changes nothing.
  wire_rest(writer, entry.kind, const_cast<ContentRecord&>(entry.record));
  bytes_ += writer.take();
  last_ = path;
  ++count_;
}

bool ContentWalk::next() {
  if (bytes_.empty()) return false;
  WireReader in(bytes_);
  ContentRecord record;
  record.path = std::move(entry_.record.path);
  std::string rest;
  in.value(entry_.kind);
  const std::uint64_t shared = in.varint();
  in.value(rest);
  if (shared > record.path.size()) in.fail();
  if (in.ok()) {
    record.path.resize(static_cast<std::size_t>(shared));
    record.path += rest;
    wire_rest(in, entry_.kind, record);
  }
  const bool digest_fits =
      record.sha256.size() ==
      (entry_.kind == ContentEntry::Kind::record && record.type == FileType::file ? digest_size
                                                                                  : 0);
  if (!in.ok() || !digest_fits || !has_good_path(entry_, record.path)) {
    damaged_ = true;
    return false;
  }
  bytes_.remove_prefix(bytes_.size() - in.left());
  entry_.record = std::move(record);
  return true;
}

}  // namespace boltseal
