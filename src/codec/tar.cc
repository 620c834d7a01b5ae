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
constexpr std::uint64_t holes_limit = 4ULL << 30;    // zeros cost nothing to store but time to read
constexpr std::array<char, 65536> zeros{};

std::string_view field(std::string_view block, std::size_t at, std::size_t size) {
  const auto text = block.substr(at, size);
  return text.substr(0, std::min(text.find('\0'), text.size()));
}

// The sum of the header's bytes with the checksum field as spaces; some old tars summed signed
// bytes.
bool checksum_holds(std::string_view block) {
  constexpr std::size_t at = 148, size = 8;
  std::int32_t plain = ' ' * static_cast<std::int32_t>(size), negative = 0;
  const auto add = [&](char c, int times) {
    const auto byte = static_cast<unsigned char>(c);
    plain += times * byte;
    negative += times * (byte >> 7);
  };
  // All bytes, then without the field: a loop without a question is one for vectors.
  const char* bytes = block.substr(0, block_size).data();
  for (std::size_t i = 0; i < block_size; ++i) add(bytes[i], 1);
  for (std::size_t i = at; i < at + size; ++i) add(bytes[i], -1);
  const auto stated = tar_number(block.substr(at, size));
  if (!stated) return false;
  const auto sum = static_cast<std::int64_t>(*stated);
  return sum == plain || sum == plain - 256 * negative;
}

bool all_zero(std::string_view block) {
  return std::ranges::all_of(block, [](char c) { return c == '\0'; });
}

// A number as Go's reader takes it for a time: octal, or of base 256 and then negative too.
bool is_time(std::string_view field) {
  if (!(static_cast<unsigned char>(field[0]) & 0x80)) return tar_number(field).has_value();
  const int inverted = field[0] & 0x40 ? 0xff : 0;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (value >> 56) return false;
    const auto byte = static_cast<unsigned>(static_cast<unsigned char>(field[i]) ^ inverted);
    value = value << 8 | (i == 0 ? byte & 0x7f : byte);
  }
  return value >> 63 == 0;
}

// The field is POSIX's, shorter with star; GNU ("ustar" with a space) keeps times there. Where
// those are none Go takes the field for a prefix all the same, since Go before 1.8 wrote such
// archives.
std::string_view prefix_of(std::string_view block) {
  constexpr std::size_t at = 345;
  if (block.substr(257, 6) == std::string_view("ustar\0", 6))
    return field(block, at, block.substr(508, 4) == std::string_view("tar\0", 4) ? 131 : 155);
  if (block.substr(257, 8) != std::string_view("ustar  \0", 8)) return {};
  const auto accessed = block.substr(at, 12), changed = block.substr(at + 12, 12);
  if ((accessed[0] == '\0' || is_time(accessed)) && (changed[0] == '\0' || is_time(changed)))
    return {};
  const auto prefix = field(block, at, 155);
  const bool ascii = std::ranges::all_of(prefix, [](char c) { return c >= 0; });
  return ascii ? prefix : std::string_view{};
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
      case State::header:
      case State::map: {
        TRY(used, feed_block(chunk));
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
  const bool between = state_ == State::ended || state_ == State::padding ||
                       (state_ == State::header && block_.empty());
  if (!between) return corrupt("the archive ends inside an entry");
  return {};
}

Result<std::size_t> TarParser::feed_block(std::string_view chunk) {
  const auto whole = [&](std::string_view block) {
    return state_ == State::map ? map(block) : header(block);
  };
  if (block_.empty() && chunk.size() >= block_size) {
    TRY_DO(whole(chunk.substr(0, block_size)));
    return block_size;
  }
  const std::size_t take = std::min(chunk.size(), block_size - block_.size());
  block_ += chunk.substr(0, take);
  if (block_.size() == block_size) {
    const std::string block = std::exchange(block_, {});
    TRY_DO(whole(block));
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
  const auto size = tar_number(block.substr(124, 12));
  if (!size || *size > content_limit) return corrupt("a tar header with an impossible size");
  const char kind = block[156];
  if (kind == 'x' || kind == 'g' || kind == 'L' || kind == 'K') return begin_meta(kind, *size);
  return begin_file(block, kind, *size);
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
  state_ = State::meta;
  if (size == 0) {
    TRY_DO(end_meta());
    state_ = State::header;
  }
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
  switch (meta_kind_) {
    case 'L':
      gnu_path_ = field(meta_, 0, meta_.size());
      return {};
    case 'K':
      gnu_link_ = field(meta_, 0, meta_.size());
      return {};
    case 'g':  // what it says of all entries counts for none (and ends what stood before it)
      gnu_path_.clear();
      gnu_link_.clear();
      TRY_DO(pax(meta_));
      next_ = {};
      return {};
    default:
      next_ = {};
      return pax(meta_);
  }
}

// "<length> <key>=<value>\n", the length counting all of it.
Result<> TarParser::pax(std::string_view records) {
  Extended& to = next_;
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
    else if (key == "size" && !value.empty())
      to.size = parse_u64(value);
    else if (key == "uid")
      to.uid = parse_u64(value);
    else if (key == "gid")
      to.gid = parse_u64(value);
    else if (!to.sparse.take(key, value) && key.starts_with(xattr))
      to.xattrs.emplace_back(key.substr(xattr.size()), value);
    const bool sized = key == "size" && !value.empty() && meta_kind_ != 'g';
    if (sized && (!to.size || *to.size > content_limit))
      return corrupt("a PAX record with an impossible size");
  }
  return {};
}

// An entry of its own: told of now, or as soon as the map of its holes is there.
Result<> TarParser::begin_file(std::string_view block, char kind, std::uint64_t size) {
  const std::uint64_t stored = next_.size.value_or(size);
  const auto placed = [&](Error error) {
    error.offset = offset_;
    return std::unexpected(std::move(error));
  };
  bool more = false;
  if (kind == 'S') {
    auto begun = sparse_.emplace().header(block);
    if (!begun) return placed(begun.error());
    more = *begun;
  } else if (next_.sparse.in_records() || next_.sparse.in_content()) {
    const auto real = next_.sparse.size.empty() ? stored : parse_u64(next_.sparse.size);
    if (!real || kind_of(kind) != TarEntry::Kind::file)
      return corrupt("PAX records of a sparse file that is none");
    sparse_.emplace().real_size = *real;
    more = next_.sparse.in_content();
    if (auto read = sparse_->records(more ? SparseRecords{} : next_.sparse); !read)
      return placed(read.error());
  }
  if (!more) return begin_entry(block, kind, stored);
  pending_ = block;
  left_ = stored;
  state_ = State::map;
  return {};
}

Result<> TarParser::map(std::string_view block) {
  const char kind = pending_[156];
  if (kind != 'S') {
    if (left_ < block_size) return corrupt("a sparse file that is shorter than its map");
    left_ -= block_size;
  }
  auto more = kind == 'S' ? sparse_->extension(block) : sparse_->content(block);
  if (!more) return fail(more.error().fault, more.error().what, {}, offset_);
  if (*more) return {};
  const std::string header = std::exchange(pending_, {});
  return begin_entry(header, kind, left_);
}

Result<> TarParser::begin_entry(std::string_view block, char kind, std::uint64_t stored) {
  TarEntry entry;
  entry.kind = kind_of(kind);
  std::string name;
  if (sparse_ && !next_.sparse.name.empty())
    entry.path = next_.sparse.name;
  else if (!gnu_path_.empty())
    entry.path = gnu_path_;
  else if (!next_.path.empty())
    entry.path = next_.path;
  else {
    entry.path = field(block, 0, 100);
    if (const auto prefix = prefix_of(block); !prefix.empty()) {
      name = fmt::format("{}/{}", prefix, entry.path);
      entry.path = name;
    }
  }
  entry.link = !gnu_link_.empty()    ? std::string_view(gnu_link_)
               : !next_.link.empty() ? std::string_view(next_.link)
                                     : field(block, 157, 100);
  entry.mode = static_cast<std::uint32_t>(tar_number(block.substr(100, 8)).value_or(0) & 07777);
  entry.uid = next_.uid.value_or(tar_number(block.substr(108, 8)).value_or(0));
  entry.gid = next_.gid.value_or(tar_number(block.substr(116, 8)).value_or(0));
  if (entry.kind == TarEntry::Kind::character_device ||
      entry.kind == TarEntry::Kind::block_device) {
    entry.device_major = tar_number(block.substr(329, 8)).value_or(0);
    entry.device_minor = tar_number(block.substr(337, 8)).value_or(0);
  }
  entry.xattrs = &next_.xattrs;
  // Tars older than POSIX mark a folder by the slash alone.
  if (kind == '\0' && entry.path.ends_with('/')) entry.kind = TarEntry::Kind::directory;
  // Only files have content; a link or folder that states a size has none in the archive (POSIX),
  // but for type '7' and unknown.
  if (entry.kind != TarEntry::Kind::file && entry.kind != TarEntry::Kind::other) stored = 0;
  if (sparse_) {
    if (auto whole = sparse_->check(stored); !whole)
      return fail(whole.error().fault, whole.error().what, std::string(entry.path), offset_);
  }
  entry.stored = left_ = stored;
  entry.size = sparse_ ? sparse_->real_size : stored;
  pad_ = (block_size - left_ % block_size) % block_size;
  piece_ = position_ = 0;
  TRY(wanted_, visitor_.entry(entry));
  next_ = {};
  gnu_path_.clear();
  gnu_link_.clear();
  state_ = State::content;
  return left_ == 0 ? end_content() : Result<>{};
}

Result<std::size_t> TarParser::feed_content(std::string_view chunk) {
  const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size(), left_));
  if (wanted_ && sparse_) {
    TRY_DO(sparse_content(chunk.substr(0, take)));
  } else if (wanted_) {
    TRY(wanted_, visitor_.content(chunk.substr(0, take)));
  }
  left_ -= take;
  if (left_ == 0) TRY_DO(end_content());
  return take;
}

// The bytes of the pieces, with the holes before them.
Result<> TarParser::sparse_content(std::string_view chunk) {
  while (!chunk.empty() && wanted_ && piece_ < sparse_->pieces.size()) {
    const auto& [offset, size] = sparse_->pieces[piece_];
    TRY_DO(hole(offset));
    const std::uint64_t rest = offset + size - std::max(position_, offset);
    const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(rest, chunk.size()));
    if (take == rest) ++piece_;
    if (take == 0 || !wanted_) continue;
    TRY(wanted_, visitor_.content(chunk.substr(0, take)));
    chunk.remove_prefix(take);
    position_ += take;
  }
  return {};
}

Result<> TarParser::hole(std::uint64_t until) {
  while (wanted_ && position_ < until) {
    const std::uint64_t size = std::min<std::uint64_t>(until - position_, zeros.size());
    if ((holes_ += size) > holes_limit)
      return fail(Fault::too_large, "the holes of sparse files are a bomb", {}, offset_);
    TRY(wanted_, visitor_.content({zeros.data(), static_cast<std::size_t>(size)}));
    position_ += size;
  }
  return {};
}

Result<> TarParser::end_content() {
  if (sparse_) TRY_DO(hole(sparse_->real_size));
  if (wanted_) TRY_DO(visitor_.end());
  sparse_.reset();
  state_ = pad_ ? State::padding : State::header;
  return {};
}

}  // namespace boltseal
