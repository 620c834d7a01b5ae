#include "files/layer_reader.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

namespace boltseal {
namespace {

constexpr std::uint64_t large_file = 32 << 20;   // from here on one at a time
constexpr std::uint64_t kept_scratch = 8 << 20;  // a larger buffer is given back after its file
constexpr std::uint64_t entry_limit = 50'000'000;
constexpr std::size_t folder_limit = 20'000;
constexpr std::size_t folders_shown = 64;
constexpr std::size_t magic_size = 8;

std::string_view top_folder(std::string_view path) {
  const auto first = path.find('/');
  if (first == std::string_view::npos) return {};
  const auto second = path.find('/', first + 1);
  return path.substr(0, second == std::string_view::npos ? first : second);
}

}  // namespace

Scratch::~Scratch() { unmap(); }

void Scratch::unmap() {
  if (memory_) ::munmap(memory_, capacity_);
  memory_ = nullptr;
  capacity_ = 0;
}

Result<> Scratch::begin(std::uint64_t size) {
  filled_ = 0;
  if (capacity_ > kept_scratch) unmap();
  if (size <= capacity_) return {};
  unmap();
  const std::uint64_t capacity = std::max<std::uint64_t>(size, 1 << 20);
  void* memory = ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return std::unexpected(errno_error("no memory for a file's content"));
  memory_ = static_cast<char*>(memory);
  capacity_ = capacity;
  return {};
}

void Scratch::append(std::string_view chunk) {
  const std::size_t fits = std::min<std::size_t>(chunk.size(), capacity_ - filled_);
  std::memcpy(memory_ + filled_, chunk.data(), fits);
  filled_ += fits;
}

void LayerReader::unknown(std::string_view path, std::string_view reader, Error error) {
  Fragment fragment;
  fragment.path = path;
  fragment.unknowns.push_back(
      {fragment.path, 0, std::string(reader), error.fault, std::move(error.what), error.offset});
  out_.fragments.push_back(std::move(fragment));
}

void LayerReader::note_usage(std::string_view path, std::uint64_t size) {
  out_.usage.bytes += size;
  ++out_.usage.files;
  const std::string folder(top_folder(path));
  if (folders_.size() < folder_limit || folders_.contains(folder)) folders_[folder] += size;
}

Result<bool> LayerReader::entry(const TarEntry& entry) {
  const auto cleaned = clean_path(entry.path, storage_);
  if (!cleaned) {
    if (!second_walk_) unknown(cleaned.error().where, "layer", cleaned.error());
    return false;
  }
  const std::string_view path = *cleaned;
  if (path.empty()) return false;
  if (second_walk_) {
    if (entry.kind != TarEntry::Kind::file || !links_.contains(std::string(path))) return false;
    wanted_.by_path(links_.at(std::string(path)).front(), readers_);
    return want_file(entry, path);
  }
  if (entries_.count() >= entry_limit)
    return fail(Fault::too_large, "a layer with more than 50 million entries");
  const auto slash = path.rfind('/');
  const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  if (name.starts_with(".wh.")) return whiteout(path, name, slash);
  entries_.add(entry.kind == TarEntry::Kind::directory ? EntryKind::folder : EntryKind::file, path);
  if (entry.kind == TarEntry::Kind::hard_link) {
    wanted_.by_path(path, readers_);
    std::string storage;
    const auto target = clean_path(entry.link, storage);
    if (!readers_.empty() && target && !target->empty())
      links_[std::string(*target)].emplace_back(path);
    return false;
  }
  if (entry.kind != TarEntry::Kind::file) return false;
  note_usage(path, entry.size);
  wanted_.by_path(path, readers_);
  return want_file(entry, path);
}

// aufs's names, as the OCI image specification keeps them (layer.md, "Whiteouts").
Result<bool> LayerReader::whiteout(std::string_view path, std::string_view name,
                                   std::size_t slash) {
  const auto folder = slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
  if (name == ".wh..wh..opq") {
    entries_.add(EntryKind::opaque, folder);
  } else if (!name.starts_with(".wh..wh.") &&
             name.size() > 4) {  // the rest is aufs's own book-keeping
    const auto hidden = name.substr(4);
    entries_.add(EntryKind::whiteout,
                 folder.empty() ? std::string(hidden) : fmt::format("{}/{}", folder, hidden));
  }
  return false;
}

bool LayerReader::want_file(const TarEntry& entry, std::string_view path) {
  std::erase_if(readers_, [&](const Reader* reader) {
    if (entry.sparse)
      unknown(path, reader->name, Error{Fault::unsupported, "a sparse file is not read", {}, {}});
    else if (entry.size > reader->cap) {
      unknown(path, reader->name,
              Error{Fault::too_large,
                    fmt::format("{} bytes, the reader's limit is {}", entry.size, reader->cap),
                    {},
                    {}});
    } else
      return false;
    return true;
  });
  // A file that no reader wants by name may be wanted for its first bytes.
  if (readers_.empty() && (entry.size < magic_size || entry.sparse)) return false;
  path_ = path;
  size_ = entry.size;
  mode_ = entry.mode;
  begun_ = false;
  direct_ = {};
  return true;
}

Result<bool> LayerReader::content(std::string_view chunk) {
  if (!begun_) {
    const bool whole = chunk.size() == size_;
    const auto head = chunk.substr(0, magic_size);
    if (readers_.empty() && !wanted_.may_begin(head[0])) return false;
    // A magic may be cut by the end of a chunk: then the file is kept until there is enough of it.
    if (head.size() == magic_size) wanted_.by_head(head, readers_);
    std::erase_if(readers_, [&](const Reader* reader) { return size_ > reader->cap; });
    if (readers_.empty() && head.size() == magic_size) return false;
    if (whole) {
      direct_ = chunk;
      return true;
    }
    if (size_ > large_file) large_held_ = std::unique_lock(large_);
    TRY_DO(scratch_.begin(size_));
    begun_ = true;
    scratch_.append(chunk);
    return true;
  }
  const bool judged = scratch_.bytes().size() >= magic_size;
  scratch_.append(chunk);
  if (!judged && scratch_.bytes().size() >= magic_size) {
    wanted_.by_head(scratch_.bytes().substr(0, magic_size), readers_);
    std::erase_if(readers_, [&](const Reader* reader) { return size_ > reader->cap; });
    if (readers_.empty()) {
      if (large_held_) large_held_.unlock();
      return false;
    }
  }
  return true;
}

Result<> LayerReader::end() {
  const std::string_view content = begun_ ? scratch_.bytes() : direct_;
  if (second_walk_) {
    for (const std::string& name : links_.at(path_)) {
      wanted_.by_path(name, readers_);
      run_readers(name, content);
    }
  } else {
    run_readers(path_, content);
  }
  if (large_held_) {
    TRY_DO(scratch_.begin(0));  // gives a large buffer back before the next one may take its own
    large_held_.unlock();
  }
  return {};
}

void LayerReader::run_readers(std::string_view path, std::string_view content) {
  if (readers_.empty()) return;
  Fragment fragment;
  fragment.path = path;
  for (const Reader* reader : readers_) {
    Sink sink(fragment, reader->name);
    const FileView file{.path = path, .content = content, .mode = mode_};
    if (auto done = reader->read(file, sink); !done) sink.unknown(done.error());
  }
  if (fragment.packages.empty() && fragment.ownerships.empty() && fragment.licences.empty() &&
      fragment.distributions.empty() && fragment.unknowns.empty()) {
    return;
  }
  out_.fragments.push_back(std::move(fragment));
}

void LayerReader::give_up_links() {
  for (const auto& [target, names] : links_) {
    for (const auto& name : names) {
      unknown(name, "layer",
              Error{Fault::unsupported,
                    "a hard link whose target was not kept; scan the image from a local copy",
                    {},
                    {}});
    }
  }
}

LayerOutcome LayerReader::take() {
  out_.entries = std::move(entries_.bytes());
  out_.usage.folders.assign(folders_.begin(), folders_.end());
  std::ranges::sort(out_.usage.folders, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (out_.usage.folders.size() > folders_shown) out_.usage.folders.resize(folders_shown);
  return std::move(out_);
}

}  // namespace boltseal
