#include "files/layer_reader.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::uint64_t large_file = 32 << 20;   // from here on one at a time
constexpr std::uint64_t kept_scratch = 8 << 20;  // a larger buffer is given back after its file
constexpr std::uint64_t entry_limit = 50'000'000;
constexpr std::size_t folder_limit = 20'000;
constexpr std::size_t folders_shown = 64;
constexpr std::size_t magic_size = 8;
constexpr std::uint64_t inflated_per_byte = 4;   // archives in archives, each packed to a half
constexpr std::uint64_t unknown_limit = 5'000;   // of a layer; the rest is counted
constexpr std::uint64_t link_limit = 1'000'000;  // wanted names that are hard links
constexpr std::uint64_t read_again_limit = 4ULL << 30;  // bytes, on the second walk
constexpr std::uint64_t amendment_limit = 64 << 20;     // of what is kept until then
constexpr std::uint64_t program_link_limit = 10'000;    // names of programs that are hard links

std::string_view top_folder(std::string_view path) {
  const auto first = path.find('/');
  if (first == std::string_view::npos) return {};
  const auto second = path.find('/', first + 1);
  return path.substr(0, second == std::string_view::npos ? first : second);
}

// Libraries need no x bit, and a program that was carried about in an archive may have lost it:
// then it is large, since it holds its libraries.
bool may_be_program(const TarEntry& entry, std::string_view path) {
  constexpr std::uint64_t large = 1 << 20, large_without_extension = 64 << 10;
  constexpr std::array<std::string_view, 7> extensions = {"dll",  "dylib", "exe", "jnilib",
                                                          "node", "pyd",   "so"};
  if ((entry.mode & 0111) || entry.size >= large) return true;
  const auto name = path.substr(path.rfind('/') + 1);
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return entry.size >= large_without_extension;
  return name.find(".so.") != std::string_view::npos ||
         std::ranges::find(extensions, lower(name.substr(dot + 1))) != extensions.end();
}

// False: the process may not have as much memory as the reader wants (layers/sandbox.h). Readers
// throw nothing of their own and hold nothing that does not free itself, so this is the one place
// where the program goes on after std::bad_alloc: one file is lost and not the image.
bool read_within_memory(const Reader& reader, const FileView& file, Sink& sink) {
  try {
    if (auto done = reader.read(file, sink); !done) sink.unknown(done.error());
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

std::uint64_t bytes_of(const std::vector<std::string>& texts) {
  std::uint64_t sum = 0;
  for (const std::string& text : texts) sum += text.size();
  return sum;
}

std::uint64_t text_bytes(const Fragment& fragment) {
  std::uint64_t sum = 0;
  for (const Package& p : fragment.packages) {
    for (const auto* text : {&p.name, &p.version, &p.source_name, &p.source_version, &p.licence,
                             &p.licence_text, &p.supplier, &p.homepage, &p.description})
      sum += text->size();
    sum += bytes_of(p.cpes) + bytes_of(p.depends) + bytes_of(p.provides);
  }
  for (const Ownership& ownership : fragment.ownerships) sum += bytes_of(ownership.paths);
  for (const LicenceNote& note : fragment.licences) sum += note.licence.size();
  return sum;
}

}  // namespace

Result<> count(const Fragment& fragment, ReadingLimits& limits) {
  TRY_DO(limits.add_packages(fragment.packages.size()));
  return limits.add_text(text_bytes(fragment));
}

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
  if (++unknowns_ > unknown_limit) return;
  Fragment fragment;
  fragment.path = path;
  fragment.unknowns.push_back(
      {fragment.path, 0, std::string(reader), error.fault, std::move(error.what), error.offset});
  keep(std::move(fragment), ordinal_);
}

void LayerReader::keep(Fragment fragment, std::uint64_t ordinal) {
  ordinals_.push_back(ordinal);
  out_.fragments.push_back(std::move(fragment));
}

void LayerReader::note_usage(std::string_view path, std::uint64_t size) {
  out_.usage.bytes += size;
  ++out_.usage.files;
  const std::string folder(top_folder(path));
  if (folders_.size() < folder_limit || folders_.contains(folder)) folders_[folder] += size;
}

Result<bool> LayerReader::entry(const TarEntry& entry) {
  ++ordinal_;
  // A file that shrank or failed while it was read has no end().
  TRY_DO(give_back_large());
  const auto cleaned = clean_path(entry.path, storage_);
  if (!cleaned) {
    if (!second_walk_) unknown(cleaned.error().where, "layer", cleaned.error());
    return false;
  }
  const std::string_view path = *cleaned;
  if (path.empty()) return false;
  if (second_walk_) return want_again(entry, path);
  if (entries_.count() >= entry_limit)
    return fail(Fault::too_large, "a layer with more than 50 million entries");
  const auto whiteout = whiteout_of(path);
  if (!whiteout) {
    unknown(path, "layer", whiteout.error());
    return false;
  }
  if (whiteout->counts) entries_.add(whiteout->kind, whiteout->path);
  if (whiteout->kind == EntryKind::opaque && whiteout->counts && whiteout->path.empty())
    unknown(path, "layer",
            Error{Fault::unsupported,
                  "an opaque marker at the root: overlayfs passes over it, other storage does not; "
                  "what lies below is listed",
                  {},
                  {}});
  if (whiteout->is) return false;
  entries_.add(entry.kind == TarEntry::Kind::directory ? EntryKind::folder : EntryKind::file, path);
  TRY_DO(limits_.add_names(entries_.bytes().size(), names_counted_));
  note_symlink(entry, path);
  if (!programs_.empty()) programs_.erase(std::string(path));
  if (entry.kind == TarEntry::Kind::hard_link) {
    wanted_.by_path(path, readers_);
    if (!readers_.empty())
      note_link(entry, path);
    else if (!programs_.empty())
      note_program_link(entry, path);
    TRY_DO(within_limits_);
    return false;
  }
  if (entry.kind != TarEntry::Kind::file) return false;
  note_usage(path, entry.stored);
  wanted_.by_path(path, readers_);
  return want_file(entry, path);
}

void LayerReader::note_link(const TarEntry& entry, std::string_view path) {
  std::string storage;
  const auto target = clean_path(entry.link, storage);
  if (!target || target->empty())
    return unknown(path, "layer",
                   Error{Fault::corrupt, "a hard link out of the image is not followed", {}, {}});
  if (++link_count_ > link_limit)
    return unknown(path, "layer",
                   Error{Fault::too_large, "more than a million hard links", {}, {}});
  links_[std::string(*target)].push_back({std::string(path), ordinal_, false, {}});
}

// A program is wanted for its first bytes, whatever it is called. What was read of it stands under
// each of its names, for a later layer may take some of them away.
void LayerReader::note_program_link(const TarEntry& entry, std::string_view path) {
  std::string storage;
  const auto target = clean_path(entry.link, storage);
  const auto program = target ? programs_.find(std::string(*target)) : programs_.end();
  if (program == programs_.end()) return;
  if (++program_links_ > program_link_limit)
    return unknown(path, "layer",
                   Error{Fault::too_large, "more than 10,000 hard links to programs", {}, {}});
  Fragment again = out_.fragments[program->second];
  const auto rename = [&](std::string& place) {
    if (place.starts_with(*target)) place.replace(0, target->size(), path);
  };
  rename(again.path);
  for (Package& package : again.packages)
    for (Evidence& evidence : package.evidence) rename(evidence.path);
  for (Unknown& unread : again.unknowns) rename(unread.path);
  if (within_limits_) within_limits_ = count(again, limits_);
  keep(std::move(again), ordinal_);
  programs_[std::string(path)] = out_.fragments.size() - 1;
}

// What unpacks the layer follows a symlink that stands before the file: "l" to "opt/x", then
// "l/file" makes opt/x/file. Names are not followed here, so once for each such link it is said.
void LayerReader::note_symlink(const TarEntry& entry, std::string_view path) {
  const std::hash<std::string_view> hash;
  if (entry.kind == TarEntry::Kind::symlink) {
    if (symlinks_.size() < link_limit) symlinks_.insert(hash(path));
    folder_.clear();
  } else if (!symlinks_.empty()) {
    std::string storage;
    const auto target = entry.kind == TarEntry::Kind::hard_link ? clean_path(entry.link, storage)
                                                                : Result<std::string_view>("");
    if (target && !target->empty() && symlinks_.contains(hash(*target))) {
      symlinks_.insert(hash(path));  // another name of the symlink
      folder_.clear();
    } else {
      symlinks_.erase(hash(path));  // replaced by what is here
    }
  }
  const auto slash = path.rfind('/');
  if (symlinks_.empty() || slash == std::string_view::npos) return;
  if (path.substr(0, slash) == folder_) return;
  for (auto at = path.find('/'); at != std::string_view::npos; at = path.find('/', at + 1)) {
    if (symlinks_.erase(hash(path.substr(0, at))) == 0) continue;
    unknown(path.substr(0, at), "layer",
            Error{Fault::unsupported,
                  "a symlink that the same layer writes through: not followed",
                  {},
                  {}});
  }
  folder_ = path.substr(0, slash);
}

// A link has the content that its target had when the link was made: of the last file of that name
// before it.
Result<bool> LayerReader::want_again(const TarEntry& entry, std::string_view path) {
  if (entry.kind != TarEntry::Kind::file) return false;
  const std::string name(path);
  const auto links = links_.find(name);
  const bool linked = links != links_.end() && links->second.back().ordinal >= ordinal_;
  const auto amendment = amendments_.find(name);
  const bool amended = amendment != amendments_.end();
  if (linked) read_again_ += (entry.size + 512) * links->second.size();
  if (amended) read_again_ += entry.size + amendment->second.content.size();
  if ((!linked && !amended) || read_again_ > read_again_limit) return false;
  wanted_.by_path(linked ? links->second.front().name : name, readers_);
  return !readers_.empty() && want_file(entry, path);
}

// Drops the readers for which the file is too large, and says so.
void LayerReader::keep_to_caps(std::string_view path, std::uint64_t size) {
  std::erase_if(readers_, [&](const Reader* reader) {
    if (size <= reader->cap) return false;
    unknown(path, reader->name,
            Error{Fault::too_large,
                  fmt::format("{} bytes, the reader's limit is {}", size, reader->cap),
                  {},
                  {}});
    return true;
  });
}

void LayerReader::want_by_head(std::string_view head) {
  const bool named = !readers_.empty();
  wanted_.by_head(head, readers_);
  by_head_ = !named && !readers_.empty();
  keep_to_caps(path_, size_);
}

bool LayerReader::want_file(const TarEntry& entry, std::string_view path) {
  by_head_ = false;
  keep_to_caps(path, entry.size);
  // A file that no reader wants by name may be wanted for its first bytes.
  if (readers_.empty() &&
      (entry.size < magic_size || (pick_programs_ && !may_be_program(entry, path))))
    return false;
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
    if (head.size() == magic_size) want_by_head(head);
    if (readers_.empty() && head.size() == magic_size) return false;
    if (whole) {
      direct_ = chunk;
      return true;
    }
    if (size_ > large_file) large_held_ = std::unique_lock(limits_.large);
    TRY_DO(scratch_.begin(size_));
    begun_ = true;
    scratch_.append(chunk);
    return true;
  }
  const bool judged = scratch_.bytes().size() >= magic_size;
  scratch_.append(chunk);
  if (!judged && scratch_.bytes().size() >= magic_size) {
    want_by_head(scratch_.bytes().substr(0, magic_size));
    if (readers_.empty()) TRY_DO(give_back_large());
    return !readers_.empty();
  }
  return true;
}

Result<> LayerReader::end() {
  const std::string_view content = begun_ ? scratch_.bytes() : direct_;
  if (second_walk_) {
    read_links(content);
    read_amended(content);
  } else {
    run_readers(path_, content, ordinal_);
  }
  TRY_DO(give_back_large());
  return within_limits_;
}

// A large buffer goes before the next one may take its own.
Result<> LayerReader::give_back_large() {
  if (!large_held_) return {};
  TRY_DO(scratch_.begin(0));
  large_held_.unlock();
  return {};
}

void LayerReader::read_links(std::string_view content) {
  const auto links = links_.find(path_);
  if (links == links_.end()) return;
  for (Link& link : links->second) {
    if (link.ordinal < ordinal_) continue;
    wanted_.by_path(link.name, readers_);
    keep_to_caps(link.name, content.size());
    const std::size_t before = out_.fragments.size();
    run_readers(link.name, content, link.ordinal);
    if (link.fragment) out_.fragments[*link.fragment] = {};  // of what the target was before
    link.fragment.reset();
    if (out_.fragments.size() > before) link.fragment = before;
    link.read = true;
  }
}

// Both fragments stay, since a later layer may take one of the two files away.
void LayerReader::read_amended(std::string_view content) {
  const auto found = amendments_.find(path_);
  if (found == amendments_.end()) return;
  Amendment& amendment = found->second;
  wanted_.by_path(path_, readers_);
  std::erase_if(readers_, [&](const Reader* reader) { return content.size() > reader->cap; });
  if (readers_.empty()) return;
  Fragment both = fragment_of(path_, content, amendment.content);
  both.amends = path_;
  both.path = out_.fragments[amendment.fragment].path;
  out_.fragments[amendment.fragment] = std::move(both);
  if (std::exchange(amendment.applied, true)) return;
  if (std::ranges::find(out_.fragments, path_, &Fragment::path) != out_.fragments.end()) return;
  Fragment silent;
  silent.path = path_;
  keep(std::move(silent), ordinal_);
}

void LayerReader::note_amendment(std::string_view path, std::string_view content, bool said) {
  for (const Reader* reader : readers_) {
    if (reader->amends.empty() || !path.ends_with(reader->amends)) continue;
    const std::string amended(path.substr(0, path.size() - reader->amends.size()));
    amendments_.erase(amended);
    std::uint64_t kept = content.size();
    for (const auto& [name, other] : amendments_) kept += other.content.size();
    if (said && kept <= amendment_limit)
      amendments_[amended] = {std::string(content), out_.fragments.size() - 1, false};
  }
}

Fragment LayerReader::fragment_of(std::string_view path, std::string_view content,
                                  std::string_view beside) {
  Fragment fragment;
  fragment.path = path;
  inflatable_ += content.size() * inflated_per_byte;
  for (const Reader* reader : readers_) {
    Sink sink(fragment, reader->name, &inflatable_);
    const FileView file{.path = path, .content = content, .mode = mode_, .beside = beside};
    if (read_within_memory(*reader, file, sink)) continue;
    fragment = {};  // gives back what it holds
    fragment.path = path;
    sink.unknown({Fault::too_large, std::string(out_of_memory), {}, {}});
    out_.complete = false;
    break;
  }
  if (within_limits_) within_limits_ = count(fragment, limits_);
  const std::uint64_t left = unknown_limit - std::min(unknowns_, unknown_limit);
  unknowns_ += fragment.unknowns.size();
  if (fragment.unknowns.size() > left) fragment.unknowns.resize(left);
  return fragment;
}

void LayerReader::run_readers(std::string_view path, std::string_view content,
                              std::uint64_t ordinal) {
  if (readers_.empty()) return;
  Fragment fragment = fragment_of(path, content, {});
  const bool said = !fragment.packages.empty() || !fragment.ownerships.empty() ||
                    !fragment.licences.empty() || !fragment.distributions.empty() ||
                    !fragment.maven_models.empty() || !fragment.unknowns.empty();
  const bool program = by_head_ && !second_walk_ && !fragment.packages.empty();
  if (said) keep(std::move(fragment), ordinal);
  if (program) programs_[std::string(path)] = out_.fragments.size() - 1;
  if (!second_walk_) note_amendment(path, content, said);
}

void LayerReader::give_up_second_walk() {
  out_.complete = false;
  give_up_links("a hard link whose target was not kept; scan the image from a local copy");
}

void LayerReader::give_up_links(std::string_view why) {
  for (const auto& [target, names] : links_) {
    for (const auto& link : names) {
      if (!link.read)
        unknown(link.name, "layer", Error{Fault::unsupported, std::string(why), {}, {}});
    }
  }
  links_.clear();
}

LayerOutcome LayerReader::take() {
  if (second_walk_)
    give_up_links(read_again_ > read_again_limit
                      ? "hard links to more than 4 GiB are not read"
                      : "a hard link to no file of this layer that stands before it");
  if (unknowns_ > unknown_limit) {
    Fragment rest;
    rest.unknowns.push_back(
        {{},
         0,
         "layer",
         Fault::too_large,
         fmt::format("{} more that could not be read are not listed", unknowns_ - unknown_limit),
         {}});
    keep(std::move(rest), ordinal_);
  }
  sort_fragments();
  out_.entries = std::move(entries_.bytes());
  out_.usage.folders.assign(folders_.begin(), folders_.end());
  std::ranges::sort(out_.usage.folders, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (out_.usage.folders.size() > folders_shown) out_.usage.folders.resize(folders_shown);
  return std::move(out_);
}

// In the order of the archive, since of a path that a layer holds twice the later one counts: what
// was read under a link's name stands where the link stands.
void LayerReader::sort_fragments() {
  if (std::ranges::is_sorted(ordinals_)) return;
  std::vector<std::size_t> order(ordinals_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return ordinals_[i]; });
  std::vector<Fragment> sorted;
  sorted.reserve(order.size());
  for (const std::size_t i : order) sorted.push_back(std::move(out_.fragments[i]));
  out_.fragments = std::move(sorted);
}

}  // namespace boltseal
