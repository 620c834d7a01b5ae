#include "layers/entries.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/cursor.h"
#include "base/text.h"

namespace boltseal {
namespace {
constexpr std::size_t path_limit = 4095;  // PATH_MAX without its NUL: nothing unpacks more

void put_varint(std::string& out, std::uint64_t n) {
  for (; n >= 0x80; n >>= 7) out += static_cast<char>(n | 0x80);
  out += static_cast<char>(n);
}

}  // namespace

// Nothing to clean: relative, no empty, "." or ".." part. The usual case.
bool is_clean_path(std::string_view path) {
  bool part_start = true;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == '\0') return false;
    if (part_start && (c == '/' || c == '.')) {
      if (c == '/') return false;
      const auto part = path.substr(i, path.find('/', i) - i);
      if (part == "." || part == "..") return false;
    }
    part_start = c == '/';
  }
  return !part_start;
}

void EntryList::add(EntryKind kind, std::string_view path) {
  const auto shared =
      static_cast<std::size_t>(std::ranges::mismatch(last_, path).in1 - last_.begin());
  bytes_ += static_cast<char>(kind);
  put_varint(bytes_, shared);
  put_varint(bytes_, path.size() - shared);
  bytes_ += path.substr(shared);
  last_.resize(shared);
  last_ += path.substr(shared);
  ++count_;
}

bool EntryWalk::next() {
  if (bytes_.empty()) return false;
  Cursor in(bytes_);
  const std::uint8_t kind = in.u8();
  const std::uint64_t shared = in.varint();
  const auto rest = in.bytes(in.varint());
  if (!in.ok() || kind > static_cast<std::uint8_t>(EntryKind::opaque) || shared > path_.size()) {
    damaged_ = true;
    return false;
  }
  kind_ = static_cast<EntryKind>(kind);
  path_.resize(static_cast<std::size_t>(shared));
  path_ += rest;
  bytes_.remove_prefix(in.offset());
  return true;
}

Result<std::string_view> clean_path(std::string_view path, std::string& storage) {
  if (path.starts_with("./")) path.remove_prefix(2);
  path = trim_end(path, '/');
  if (path.empty() || path == ".") return std::string_view{};
  if (path.size() > path_limit)
    return fail(Fault::too_large, "a path of more than 4,095 bytes",
                std::string(path.substr(0, 80)));
  if (is_clean_path(path)) return path;
  storage.clear();
  for (const auto part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !storage.empty()) {
      const auto slash = storage.rfind('/');
      storage.resize(slash == std::string::npos ? 0 : slash);
      continue;
    }
    if (part == ".." || part.find('\0') != std::string_view::npos) {
      return fail(Fault::corrupt,
                  "the path leaves the image or holds a NUL; the entry is not followed",
                  std::string(path));
    }
    if (!storage.empty()) storage += '/';
    storage += part;
  }
  return storage;
}

Result<Whiteout> whiteout_of(std::string_view path) {
  const auto slash = path.rfind('/');
  const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const auto folder = slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
  Whiteout out;
  out.is = name.starts_with(".wh.");
  if (!out.is) return out;
  if (name == ".wh..wh..opq") return Whiteout{true, true, EntryKind::opaque, std::string(folder)};
  if (name.starts_with(".wh..wh.")) return out;
  const auto hidden = name.substr(4);
  if (hidden.empty() || hidden == "." || hidden == "..")
    return fail(Fault::corrupt, "a whiteout that names no file");
  out.counts = true;
  out.path = folder.empty() ? std::string(hidden) : fmt::format("{}/{}", folder, hidden);
  return out;
}

}  // namespace boltseal
