#include "codec/ndb.h"

#include <algorithm>
#include <string>

#include "base/cursor.h"

namespace boltseal {
namespace {

constexpr std::uint32_t tag(const char (&four)[5]) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(four[i]);
  return value;
}

constexpr std::uint32_t header_magic = tag("RpmP"), slot_magic = tag("Slot"),
                        head_magic = tag("BlbS"), tail_magic = tag("BlbE");
constexpr std::uint64_t page_size = 4096, block_size = 16, header_size = 32, slot_size = 16,
                        head_size = 16, tail_size = 12;
constexpr int max_damages = 100;

std::uint32_t adler32(std::string_view bytes) {
  std::uint32_t a = 1, b = 0;
  while (!bytes.empty()) {
    // 5552 is the most bytes after which b still fits 32 bits (RFC 1950).
    for (const char c : bytes.substr(0, 5552)) b += a += static_cast<unsigned char>(c);
    bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 5552));
    a %= 65'521;
    b %= 65'521;
  }
  return b << 16 | a;
}

struct Slot {
  std::uint32_t index = 0, block = 0, blocks = 0;
};

// The blob of a slot, or why there is none.
Result<std::string_view> blob_of(std::string_view file, const Slot& slot) {
  Cursor in(file);
  const std::uint64_t begin = slot.block * block_size, size = slot.blocks * block_size;
  const auto bytes = in.slice(begin, size);
  if (!in.ok() || size < head_size + tail_size)
    return fail(Fault::corrupt, "NDB slot points outside of the file", {}, begin);
  Cursor head(bytes);
  const std::uint32_t magic = head.u32le(), index = head.u32le();
  head.skip(4);  // generation
  const std::uint32_t length = head.u32le();
  if (magic != head_magic || index != slot.index || length > size - head_size - tail_size) {
    return fail(Fault::corrupt, "NDB blob without its head", {}, begin);
  }
  Cursor tail(bytes.substr(size - tail_size));
  const std::uint32_t sum = tail.u32le(), again = tail.u32le(), end = tail.u32le();
  if (end != tail_magic || again != length || sum != adler32(bytes.substr(0, size - tail_size))) {
    return fail(Fault::corrupt, "NDB blob whose checksum is wrong", {}, begin);
  }
  return bytes.substr(head_size, length);
}

}  // namespace

Result<> scan_ndb(std::string_view file, const NdbScan& scan) {
  Cursor in(file);
  const std::uint32_t magic = in.u32le(), version = in.u32le();
  in.skip(4);  // generation
  const std::uint32_t slot_pages = in.u32le();
  if (!in.ok() || magic != header_magic) return fail(Fault::corrupt, "not an NDB database", {}, 0);
  if (version != 0) return fail(Fault::unsupported, "this version of NDB", {}, 4);
  if (slot_pages == 0 || slot_pages > file.size() / page_size)
    return fail(Fault::corrupt, "NDB with more slots than room", {}, 12);
  int damages = 0;
  std::uint64_t left = file.size();
  const auto damage = [&](const Error& error) {
    if (damages++ < max_damages) scan.damage(error);
  };
  in.seek(header_size);
  while (in.ok() && in.offset() + slot_size <= slot_pages * page_size && damages < max_damages) {
    const auto at = in.offset();
    const std::uint32_t found = in.u32le();
    Slot slot;
    slot.index = in.u32le();
    slot.block = in.u32le();
    slot.blocks = in.u32le();
    if (found != slot_magic)
      damage({Fault::corrupt, "NDB slot without its magic", {}, at});
    else if (slot.index == 0 || slot.block == 0)
      continue;  // free
    else if (slot.blocks * block_size > left)
      damage({Fault::corrupt, "NDB slots share their blobs", {}, at});
    else if (const auto blob = blob_of(file, slot); !blob)
      damage(blob.error());
    else {
      left -= slot.blocks * block_size;
      scan.blob(slot.index, *blob);
    }
  }
  return {};
}

}  // namespace boltseal
