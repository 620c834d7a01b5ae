#include "codec/tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::size_t block_size = 512;
constexpr std::uint64_t meta_limit =
    1 << 20;  // one PAX or long-name entry (row 9: a header of huge PAX size)
constexpr std::uint64_t content_limit = 1ULL << 43;  // 8 TiB: more is a lie

std::string_view field(std::string_view block, std::size_t at, std::size_t size) {
  const auto text = block.substr(at, size);
  return text.substr(0, std::min(text.find('\0'), text.size()));
}

// Octal, or base-256 when the high bit of the first byte is set (GNU).
std::optional<std::uint64_t> number(std::string_view block, std::size_t at, std::size_t size) {
  const auto raw = block.substr(at, size);
  if (static_cast<unsigned char>(raw[0]) & 0x80) {
    std::uint64_t value = static_cast<unsigned char>(raw[0]) & 0x7f;
    for (const char c : raw.substr(1)) {
      if (value >> 55) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
  }
  const auto digits = trim(field(block, at, size));
  return digits.empty() ? 0 : parse_u64(digits, 8);
}

// The sum of the header's bytes with the checksum field as spaces; some old tars summed signed
// bytes.
bool checksum_holds(std::string_view block) {
  std::uint64_t plain = 0;
  std::int64_t with_sign = 0;
  for (std::size_t i = 0; i < block_size; ++i) {
    const char c = i >= 148 && i < 156 ? ' ' : block[i];
    plain += static_cast<unsigned char>(c);
    with_sign += static_cast<signed char>(c);
  }
  const auto stated = number(block, 148, 8);
  return stated && (*stated == plain || static_cast<std::int64_t>(*stated) == with_sign);
}

bool all_zero(std::string_view block) {
  return std::ranges::all_of(block, [](char c) { return c == '\0'; });
}

TarEntry::Kind kind_of(char type) {
  switch (type) {
    case '0':
    case '\0':
    case '7':
    case 'S':
      return TarEntry::Kind::file;
    case '1':
      return TarEntry::Kind::hard_link;
    case '2':
      return TarEntry::Kind::symlink;
    case '3':
      return TarEntry::Kind::character_device;
    case '4':
      return TarEntry::Kind::block_device;
    case '5':
      return TarEntry::Kind::directory;
    case '6':
      return TarEntry::Kind::fifo;
    default:
      return TarEntry::Kind::other;
  }
}

}  // namespace

Result<> TarParser::feed(std::string_view chunk) {
  while (!chunk.empty()) {
    std::size_t used = chunk.size();
    switch (state_) {
      case State::header: {
        TRY(used, feed_header(chunk));
        break;
      }
      case State::meta: {
        TRY(used, feed_meta(chunk));
        break;
      }
      case State::content: {
        TRY(used, feed_content(chunk));
        break;
      }
      case State::padding:
        used = static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size(), pad_));
        pad_ -= used;
        break;
      case State::ended:
        break;  // what follows the end marker is nobody's
    }
    offset_ += used;
    chunk.remove_prefix(used);
    if (state_ == State::padding && pad_ == 0) state_ = State::header;
  }
  return {};
}

Result<> TarParser::finish() const {
  const bool between = state_ == State::ended || (state_ == State::header && block_.empty());
  if (!between) return corrupt("the archive ends inside an entry");
  return {};
}

Result<std::size_t> TarParser::feed_header(std::string_view chunk) {
  if (block_.empty() && chunk.size() >= block_size) {
    TRY_DO(header(chunk.substr(0, block_size)));
    return block_size;
  }
  const std::size_t take = std::min(chunk.size(), block_size - block_.size());
  block_ += chunk.substr(0, take);
  if (block_.size() == block_size) {
    const std::string block = std::exchange(block_, {});
    TRY_DO(header(block));
  }
  return take;
}

Result<> TarParser::header(std::string_view block) {
  if (block[0] == '\0' && all_zero(block)) {
    if (++zero_blocks_ == 2) state_ = State::ended;
    return {};
  }
  zero_blocks_ = 0;
  if (!checksum_holds(block)) return corrupt("not a tar header (wrong checksum)");
  const auto size = number(block, 124, 12);
  if (!size || *size > content_limit) return corrupt("a tar header with an impossible size");
  const char kind = block[156];
  if (kind == 'x' || kind == 'g' || kind == 'L' || kind == 'K') return begin_meta(kind, *size);
  return begin_entry(block, kind, *size);
}

Result<> TarParser::begin_meta(char kind, std::uint64_t size) {
  if (size > meta_limit) {
    return fail(Fault::too_large,
                fmt::format("an extended header of {} bytes, the limit is {}", size, meta_limit),
                {}, offset_);
  }
  meta_kind_ = kind;
  meta_.clear();
  left_ = size;
  pad_ = (block_size - size % block_size) % block_size;
  state_ = size ? State::meta : State::header;
  return {};
}

Result<std::size_t> TarParser::feed_meta(std::string_view chunk) {
  const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size(), left_));
  meta_ += chunk.substr(0, take);
  left_ -= take;
  if (left_ == 0) {
    TRY_DO(end_meta());
    state_ = State::padding;
  }
  return take;
}

Result<> TarParser::end_meta() {
  if (meta_kind_ == 'L')
    next_.path = field(meta_, 0, meta_.size());
  else if (meta_kind_ == 'K')
    next_.link = field(meta_, 0, meta_.size());
  else
    return pax(meta_);
  return {};
}

// "<length> <key>=<value>\n", the length counting all of it.
Result<> TarParser::pax(std::string_view records) {
  Extended& to = meta_kind_ == 'g' ? global_ : next_;
  while (!records.empty()) {
    const auto space = records.find(' ');
    const auto length =
        space == std::string_view::npos ? std::nullopt : parse_u64(records.substr(0, space));
    if (!length || *length <= space + 1 || *length > records.size() ||
        records[*length - 1] != '\n') {
      return corrupt("a broken PAX record");
    }
    const auto pair = cut(records.substr(space + 1, *length - space - 2), "=");
    records.remove_prefix(static_cast<std::size_t>(*length));
    if (!pair) return corrupt("a PAX record without '='");
    const auto& [key, value] = *pair;
    constexpr std::string_view xattr = "SCHILY.xattr.";
    if (key == "path")
      to.path = value;
    else if (key == "linkpath")
      to.link = value;
    else if (key == "size")
      to.size = parse_u64(value);
    else if (key == "uid")
      to.uid = parse_u64(value);
    else if (key == "gid")
      to.gid = parse_u64(value);
    else if (key == "GNU.sparse.name")
      to.path = value;
    else if (key.starts_with("GNU.sparse."))
      to.sparse = true;
    else if (key.starts_with(xattr))
      to.xattrs.emplace_back(key.substr(xattr.size()), value);
    if (key == "size" && (!to.size || *to.size > content_limit))
      return corrupt("a PAX record with an impossible size");
  }
  return {};
}

Result<> TarParser::begin_entry(std::string_view block, char kind, std::uint64_t size) {
  const bool ustar = block.substr(257, 5) == "ustar";
  std::string name;
  TarEntry entry;
  entry.kind = kind_of(kind);
  if (!next_.path.empty())
    entry.path = next_.path;
  else if (!global_.path.empty())
    entry.path = global_.path;
  else {
    entry.path = field(block, 0, 100);
    // The prefix field is POSIX's; GNU keeps times there ("ustar " with a space).
    const auto prefix = ustar && block[262] == '\0' ? field(block, 345, 155) : std::string_view{};
    if (!prefix.empty()) {
      name = fmt::format("{}/{}", prefix, entry.path);
      entry.path = name;
    }
  }
  entry.link = !next_.link.empty() ? std::string_view(next_.link) : field(block, 157, 100);
  entry.size = next_.size.value_or(global_.size.value_or(size));
  entry.mode = static_cast<std::uint32_t>(number(block, 100, 8).value_or(0) & 07777);
  entry.uid = next_.uid.value_or(number(block, 108, 8).value_or(0));
  entry.gid = next_.gid.value_or(number(block, 116, 8).value_or(0));
  entry.sparse = kind == 'S' || next_.sparse;
  entry.xattrs = &next_.xattrs;
  // Old tars mark a folder by the slash alone.
  if (entry.kind == TarEntry::Kind::file && entry.path.ends_with('/'))
    entry.kind = TarEntry::Kind::directory;
  if (kind == 'S' && block[482] != '\0')
    return fail(Fault::unsupported, "an old GNU sparse file with an extended map", {}, offset_);
  // Only files have content; a link or folder that states a size has none in the archive (POSIX),
  // but for type '7' and unknown.
  if (entry.kind != TarEntry::Kind::file && entry.kind != TarEntry::Kind::other) entry.size = 0;
  TRY(wanted_, visitor_.entry(entry));
  left_ = entry.size;
  pad_ = (block_size - left_ % block_size) % block_size;
  next_ = {};
  if (left_ == 0) {
    if (wanted_) TRY_DO(visitor_.end());
    state_ = State::header;
  } else {
    state_ = State::content;
  }
  return {};
}

Result<std::size_t> TarParser::feed_content(std::string_view chunk) {
  const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size(), left_));
  if (wanted_) {
    TRY(wanted_, visitor_.content(chunk.substr(0, take)));
  }
  left_ -= take;
  if (left_ == 0) {
    if (wanted_) TRY_DO(visitor_.end());
    state_ = pad_ ? State::padding : State::header;
  }
  return take;
}

}  // namespace boltseal
