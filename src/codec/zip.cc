#include "codec/zip.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <optional>

#include "base/cursor.h"

namespace boltseal {
namespace {

constexpr std::uint32_t local_header = 0x04034b50;
constexpr std::uint32_t central_header = 0x02014b50;
constexpr std::uint32_t end_record = 0x06054b50;
constexpr std::uint32_t end_record64 = 0x06064b50;
constexpr std::uint32_t end_locator64 = 0x07064b50;
constexpr std::size_t local_size = 30, central_size = 46, end_size = 22, locator_size = 20,
                      end64_size = 56;
constexpr std::uint64_t small_archive = 16 << 20;
// Deflate cannot do better than 258 bytes in two bits.
constexpr std::uint64_t deflate_ratio = 1032;

// The end of central directory record, in the 32 or 64 bit form.
struct End {
  std::uint64_t at =
      0;  // where the record stands; the directory ends here, unless something lies between
  std::uint64_t entries = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::string_view comment;
};

std::uint32_t u32_at(std::string_view bytes, std::uint64_t at) {
  Cursor in(bytes);
  in.seek(at);
  return in.u32le();
}

// The record is the last one whose comment fits; one whose comment ends the file is preferred,
// because a comment may hold the signature and junk may follow the archive.
std::optional<std::size_t> find_end(std::string_view bytes) {
  if (bytes.size() < end_size) return std::nullopt;
  std::optional<std::size_t> loose;
  const std::size_t lowest = bytes.size() - std::min<std::size_t>(bytes.size(), end_size + 0xffff);
  for (std::size_t at = bytes.size() - end_size;; --at) {
    if (bytes[at] == 'P' && u32_at(bytes, at) == end_record) {
      Cursor in(bytes.substr(at + 20));
      const std::size_t ends = at + end_size + in.u16le();
      if (ends == bytes.size()) return at;
      if (ends < bytes.size() && !loose) loose = at;
    }
    if (at == lowest) return loose;
  }
}

// Section 4.3.14: the locator stands right before the 32 bit record and says where the 64 bit one
// is. With data in front of the archive that offset may be off, and the record is then looked for
// where it is always written: before the locator.
Result<> read_end64(std::string_view bytes, End& end) {
  if (end.at < locator_size) return {};
  const std::size_t locator = end.at - locator_size;
  Cursor in(bytes);
  in.seek(locator);
  if (in.u32le() != end_locator64) return {};
  in.skip(4);
  std::uint64_t at = in.u64le();
  if (at >= locator || u32_at(bytes, at) != end_record64)
    at = locator - std::min(locator, end64_size);
  Cursor record(bytes);
  record.seek(at);
  if (record.u32le() != end_record64) return record.corrupt("no Zip64 end of central directory");
  record.skip(28);
  end.entries = record.u64le();
  end.size = record.u64le();
  end.offset = record.u64le();
  end.at = at;
  if (!record.ok()) return record.corrupt("truncated Zip64 end of central directory");
  return {};
}

Result<End> read_end(std::string_view bytes) {
  const auto at = find_end(bytes);
  if (!at)
    return fail(Fault::corrupt, "no end of central directory: not a zip archive, or truncated");
  Cursor in(bytes);
  in.seek(*at + 4);
  const auto disk = in.u16le(), directory_disk = in.u16le();
  if (disk != directory_disk && disk != 0xffff && directory_disk != 0xffff) {
    return fail(Fault::unsupported, "an archive of several volumes", {}, *at);
  }
  End end;
  end.at = *at;
  in.skip(2);
  end.entries = in.u16le();
  end.size = in.u32le();
  end.offset = in.u32le();
  end.comment = in.bytes(in.u16le());
  if (end.entries == 0xffff || end.size == 0xffffffff || end.offset == 0xffffffff) {
    TRY_DO(read_end64(bytes, end));
  }
  return end;
}

// Section 4.5.3: the Zip64 extra field holds those values, in this order, that did not fit above.
void read_zip64_extra(std::string_view extra, ZipEntry& entry) {
  Cursor in(extra);
  while (in.left() >= 4) {
    const auto id = in.u16le();
    Cursor field(in.bytes(in.u16le()));
    if (id != 1 || !in.ok()) continue;
    if (entry.size == 0xffffffff) entry.size = field.u64le();
    if (entry.packed == 0xffffffff) entry.packed = field.u64le();
    if (entry.offset == 0xffffffff) entry.offset = field.u64le();
    return;
  }
}

ZipEntry read_central(Cursor& in) {
  ZipEntry entry;
  in.skip(4);
  entry.flags = in.u16le();
  entry.method = in.u16le();
  in.skip(2);
  entry.date = in.u16le();
  entry.crc = in.u32le();
  entry.packed = in.u32le();
  entry.size = in.u32le();
  const auto name = in.u16le(), extra = in.u16le(), comment = in.u16le();
  in.skip(8);
  entry.offset = in.u32le();
  entry.name = in.bytes(name);
  const auto extras = in.bytes(extra);
  if (entry.size == 0xffffffff || entry.packed == 0xffffffff || entry.offset == 0xffffffff) {
    read_zip64_extra(extras, entry);
  }
  in.skip(comment);
  return entry;
}

}  // namespace

Result<Zip> Zip::open(std::string_view bytes, const ZipLimits& limits) {
  TRY(const End end, read_end(bytes));
  if (end.entries > limits.entries) {
    return fail(Fault::too_large, "more than " + std::to_string(limits.entries) + " entries", {},
                end.at);
  }
  if (end.size > end.at || end.entries > end.size / central_size) {
    return fail(Fault::corrupt, "the central directory is smaller than it claims", {}, end.at);
  }
  // What lies in front of the archive shifts all offsets, unless its writer has adjusted them.
  std::uint64_t start = end.at - end.size;
  const bool holds = end.size == 0 || u32_at(bytes, start) == central_header;
  if (!holds) start = end.offset;
  if (start < end.offset || start > end.at)
    return fail(Fault::corrupt, "the central directory is not where it should be", {}, end.at);

  Zip zip;
  zip.bytes_ = bytes;
  zip.comment_ = end.comment;
  zip.entries_.reserve(static_cast<std::size_t>(end.entries));
  TRY_DO(zip.read_directory(start, start - end.offset, end.at, limits.entries));
  // The count is a claim: it wraps at 65536 where there is no Zip64 record, and what runs an
  // archive goes by the headers.
  const std::uint64_t stop = zip.directory_end_;
  zip.whole_ = stop >= start + end.size;
  if (!zip.whole_ && zip.entries_.size() < end.entries)
    return fail(Fault::corrupt, "no central directory header", {}, stop);
  const std::uint64_t honest = std::max<std::uint64_t>(small_archive, bytes.size() * limits.ratio);
  zip.budget_ = std::make_unique<std::atomic<std::uint64_t>>(std::min(limits.total_bytes, honest));
  return zip;
}

// Entries as long as their headers follow each other.
Result<> Zip::read_directory(std::uint64_t start, std::uint64_t shift, std::uint64_t stop,
                             std::uint64_t most) {
  Cursor in(bytes_.substr(0, static_cast<std::size_t>(stop)));
  in.seek(start);
  std::uint64_t packed = 0;
  while (in.left() >= 4 && u32_at(bytes_, in.offset()) == central_header) {
    const auto at = in.offset();
    if (entries_.size() == most)
      return fail(Fault::too_large, "more than " + std::to_string(most) + " entries", {}, at);
    in.skip(4);
    ZipEntry entry = read_central(in);
    if (!in.ok()) return in.corrupt("the central directory ends inside an entry");
    if (entry.offset > start - shift || entry.packed > bytes_.size()) {
      return fail(Fault::corrupt, "an entry lies outside the archive", {}, at);
    }
    entry.offset += shift;
    packed += entry.packed;
    if (packed > bytes_.size()) return fail(Fault::corrupt, "entries overlap", {}, at);
    entries_.push_back(entry);
  }
  directory_end_ = in.offset();
  return {};
}

const ZipEntry* Zip::find(std::string_view name) const {
  const auto at = std::ranges::find(entries_, name, &ZipEntry::name);
  return at == entries_.end() ? nullptr : &*at;
}

bool Zip::spend(std::uint64_t bytes) const {
  std::uint64_t left = budget_->load();
  while (left >= bytes) {
    if (budget_->compare_exchange_weak(left, left - bytes)) return true;
  }
  return false;
}

// The local header repeats what the directory says; only its variable lengths are needed, to find
// the data.
Result<std::string_view> Zip::packed_bytes(const ZipEntry& entry) const {
  if (entry.is_encrypted()) return fail(Fault::unsupported, "an encrypted entry", {}, entry.offset);
  Cursor in(bytes_);
  in.seek(entry.offset);
  if (in.u32le() != local_header)
    return fail(Fault::corrupt, "no local file header", {}, entry.offset);
  in.skip(local_size - 8);
  const auto name = in.u16le(), extra = in.u16le();
  in.skip(std::uint64_t{name} + extra);
  const auto packed = in.bytes(entry.packed);
  if (!in.ok()) return fail(Fault::corrupt, "an entry ends past the archive", {}, entry.offset);
  return packed;
}

Result<std::string_view> Zip::stored_view(const ZipEntry& entry) const {
  if (entry.method != 0) return fail(Fault::unsupported, "not a stored entry", {}, entry.offset);
  if (entry.size != entry.packed)
    return fail(Fault::corrupt, "a stored entry of two sizes", {}, entry.offset);
  return packed_bytes(entry);
}

Result<std::string> Zip::read(const ZipEntry& entry, std::uint64_t cap) const {
  std::string out;
  TRY_DO(read(entry, cap, out));
  return out;
}

Result<> Zip::read(const ZipEntry& entry, std::uint64_t cap, std::string& out) const {
  out.clear();
  if (entry.size > cap)
    return fail(Fault::too_large, "an entry over " + std::to_string(cap) + " bytes", {},
                entry.offset);
  TRY(const auto packed, packed_bytes(entry));
  if (entry.method != 0 && entry.method != 8) {
    return fail(Fault::unsupported, "compression method " + std::to_string(entry.method), {},
                entry.offset);
  }
  if (std::max(entry.size, entry.packed) > 0xffffffff) {
    return fail(Fault::too_large, "an entry over 4 GiB", {}, entry.offset);
  }
  // A size that its packed bytes cannot give is a lie, and is not allocated.
  if (entry.method == 0 ? entry.size != packed.size()
                        : entry.size / deflate_ratio > packed.size()) {
    return fail(Fault::corrupt, "an entry that cannot have the size it claims", {}, entry.offset);
  }
  if (!spend(entry.size)) {
    return fail(Fault::too_large, "the archive inflates to more than its limit", {}, entry.offset);
  }
  if (entry.method == 0) {
    out.assign(packed);
  } else {
    out.resize(static_cast<std::size_t>(entry.size));
    inflate_state state;
    isal_inflate_init(&state);
    state.crc_flag = ISAL_DEFLATE;
    state.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(packed.data()));
    state.avail_in = static_cast<std::uint32_t>(packed.size());
    state.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    state.avail_out = static_cast<std::uint32_t>(out.size());
    if (isal_inflate_stateless(&state) != ISAL_DECOMP_OK || state.total_out != out.size()) {
      out.clear();
      return fail(Fault::corrupt, "an entry that does not inflate to its size", {}, entry.offset);
    }
  }
  const auto* begin = reinterpret_cast<const unsigned char*>(out.data());
  if (crc32_gzip_refl(0, begin, out.size()) != entry.crc) {
    out.clear();
    return fail(Fault::corrupt, "an entry with a wrong CRC", {}, entry.offset);
  }
  return {};
}

}  // namespace boltseal
