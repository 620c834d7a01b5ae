#include "codec/rpm_header.h"

#include <algorithm>
#include <string>

#include "base/cursor.h"

namespace boltseal {
namespace {

constexpr std::string_view file_magic{"\x8e\xad\xe8\x01\0\0\0\0", 8};
constexpr std::uint32_t max_entries = 0xffff;  // rpm's own bound
constexpr std::uint32_t max_items =
    2'000'000;  // of one tag; the largest real packages hold 200,000 files
enum : std::uint32_t {
  int32_type = 4,
  string_type = 6,
  string_array_type = 8,
  i18n_string_type = 9
};

}  // namespace

Result<RpmHeader> RpmHeader::parse(std::string_view bytes) {
  Cursor in(bytes);
  if (bytes.starts_with(file_magic)) in.skip(file_magic.size());
  const std::uint32_t entries = in.u32be(), size = in.u32be();
  if (entries == 0 || entries > max_entries)
    return fail(Fault::corrupt, "rpm header with a wrong number of entries", {}, 0);
  RpmHeader header;
  for (std::uint32_t i = 0; i < entries && in.ok(); ++i) {
    Entry entry{};
    entry.tag = in.u32be();
    entry.type = in.u32be();
    entry.offset = in.u32be();
    entry.count = in.u32be();
    header.entries_.push_back(entry);
  }
  header.data_ = in.bytes(size);
  if (!in.ok()) return in.corrupt("rpm header that ends too early");
  return header;
}

const RpmHeader::Entry* RpmHeader::find(RpmTag tag) const {
  const auto found = std::ranges::find(entries_, static_cast<std::uint32_t>(tag), &Entry::tag);
  return found == entries_.end() ? nullptr : &*found;
}

std::string_view RpmHeader::text(RpmTag tag) const {
  const Entry* entry = find(tag);
  if (entry == nullptr || entry->count == 0) return {};
  if (entry->type != string_type && entry->type != string_array_type &&
      entry->type != i18n_string_type)
    return {};
  Cursor in(data_);
  in.seek(entry->offset);
  return in.until('\0');
}

std::vector<std::string_view> RpmHeader::texts(RpmTag tag) const {
  std::vector<std::string_view> out;
  const Entry* entry = find(tag);
  if (entry == nullptr || (entry->type != string_array_type && entry->type != i18n_string_type &&
                           entry->type != string_type))
    return out;
  Cursor in(data_);
  in.seek(entry->offset);
  for (std::uint32_t i = 0; i < std::min(entry->count, max_items) && in.ok(); ++i) {
    const auto one = in.until('\0');
    if (in.ok()) out.push_back(one);
  }
  return out;
}

std::vector<std::uint32_t> RpmHeader::numbers(RpmTag tag) const {
  std::vector<std::uint32_t> out;
  const Entry* entry = find(tag);
  if (entry == nullptr || entry->type != int32_type) return out;
  Cursor in(data_);
  in.seek(entry->offset);
  for (std::uint32_t i = 0; i < std::min(entry->count, max_items) && in.ok(); ++i) {
    const std::uint32_t one = in.u32be();
    if (in.ok()) out.push_back(one);
  }
  return out;
}

std::pair<std::vector<std::string>, bool> RpmHeader::files() const {
  std::pair<std::vector<std::string>, bool> out{{}, true};
  // One long folder name serves any number of files: the sum has a bound. A real file takes 80
  // bytes and more of the header (digest, times, mode, owner), so the paths of real packages are
  // shorter than their header.
  std::size_t left = 4 * data_.size() + 256;
  const auto add = [&](std::string_view folder, std::string_view name) {
    if (folder.starts_with('/'))
      folder.remove_prefix(1);
    else if (folder.empty() && name.starts_with('/'))
      name.remove_prefix(1);
    const std::size_t cost = folder.size() + name.size() + sizeof(std::string);
    if (cost > left) return out.second = false;
    left -= cost;
    std::string path(folder);
    out.first.push_back(std::move(path += name));
    return true;
  };
  const auto names = texts(RpmTag::base_names), folders = texts(RpmTag::dir_names);
  const auto indexes = numbers(RpmTag::dir_indexes);
  if (names.size() != indexes.size()) out.second = false;
  for (std::size_t i = 0; i < std::min(names.size(), indexes.size()) && out.second; ++i) {
    if (indexes[i] >= folders.size())
      out.second = false;
    else
      add(folders[indexes[i]], names[i]);
  }
  // Packages of rpm 3 name whole paths.
  for (const auto path : texts(RpmTag::old_filenames)) {
    if (names.empty() && !add({}, path)) break;
  }
  return out;
}

}  // namespace boltseal
