#include "layers/content_squash.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "layers/content_list.h"
#include "layers/entries.h"

namespace boltseal {
namespace {

constexpr std::size_t record_limit = 20'000'000;
constexpr std::uint64_t implied_limit = 128 << 20;  // one path of 4 KB makes 4 MB of folders' paths
constexpr unsigned link_limit = 40;                 // as the kernel: symlinks in one path
constexpr std::size_t path_limit = 16 << 10;
constexpr std::size_t unknown_limit = 5'000;
constexpr std::uint32_t implied_mode = 0755;

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}
std::string_view name_in(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string joined(std::string_view folder, std::string_view name) {
  std::string out(folder);
  if (!out.empty()) out += '/';
  out += name;
  return out;
}

// The parts of a path, last first, so that the next one is taken off the end.
void push_parts(std::string_view path, std::vector<std::string>& todo) {
  const auto parts = split(path, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part)
    if (!part->empty() && *part != ".") todo.emplace_back(*part);
}

// All paths below a folder lie between "folder/" and "folder0", '0' being the next byte.
template <class Tree>
auto below(Tree& tree, const std::string& path) {
  return std::pair(tree.lower_bound(path + '/'), tree.lower_bound(path + '0'));
}

}  // namespace

ContentSquash::ContentSquash(std::vector<ContentRecord> below) {
  for (ContentRecord& record : below) {
    std::string path = std::exchange(record.path, {});
    record.layer.reset();
    tree_.emplace_hint(tree_.end(), std::move(path), std::move(record));
  }
}

void ContentSquash::unknown(std::string_view path, Fault fault, std::string what) {
  if (unknowns_.size() < unknown_limit)
    unknowns_.push_back({std::string(path), layer_, "seal", fault, std::move(what), {}});
  else if (unknowns_.size() == unknown_limit)
    unknowns_.push_back({{}, layer_, "seal", Fault::too_large, "more of these are not listed", {}});
}

// One part of a path below `at`. A symlink of this very layer is followed, since the layer is
// unpacked by itself; anything else in the way, a symlink of a lower layer too, makes room for a
// folder, which is what overlayfs shows. False: there is no such folder, and none is to be made.
Result<bool> ContentSquash::enter(std::string& at, std::string_view name,
                                  std::vector<std::string>& todo, bool make) {
  const std::string path = joined(at, name);
  const auto found = tree_.find(path);
  if (found != tree_.end() && found->second.type == FileType::symlink &&
      found->second.layer == layer_) {
    if (++links_followed_ > link_limit || found->second.link.size() > path_limit)
      return fail(Fault::corrupt, "symlinks that lead in a circle");
    if (found->second.link.starts_with('/')) at.clear();
    push_parts(found->second.link, todo);
    return true;
  }
  const bool folder = found != tree_.end() && found->second.type == FileType::directory;
  if (!folder && !make) return false;
  if (!folder) {
    if ((implied_bytes_ += path.size()) > implied_limit)
      return fail(Fault::too_large, "too many folders that no layer names");
    ContentRecord implied;
    implied.type = FileType::directory;
    implied.mode = implied_mode;
    TRY_DO(put(path, std::move(implied)));
  }
  at = path;
  return true;
}

// Where the entry of a path lies when the symlinks of this layer above it are followed. `make`:
// folders that are not there are made. not_found: there is no such folder.
Result<std::string> ContentSquash::resolve(std::string_view path, bool make) {
  const auto parent = parent_of(path);
  if (parent.empty() || parent == last_parent_) return std::string(path);
  links_followed_ = 0;
  std::string at;
  std::vector<std::string> todo;
  push_parts(parent, todo);
  while (!todo.empty()) {
    const std::string name = std::move(todo.back());
    todo.pop_back();
    if (name == "..") {
      at = parent_of(at);
      continue;
    }
    if (at.size() + name.size() > path_limit)
      return fail(Fault::corrupt, "symlinks that lead to a path of more than 16 KiB");
    TRY(const bool there, enter(at, name, todo, make));
    if (!there) return fail(Fault::not_found, "no such folder");
  }
  if (make && at == parent) last_parent_ = at;
  return joined(at, name_in(path));
}

Result<> ContentSquash::put(const std::string& path, ContentRecord record) {
  record.layer = layer_;
  record.path.clear();
  const auto [found, fresh] = tree_.try_emplace(path);
  if (fresh && tree_.size() > record_limit)
    return fail(Fault::too_large, "an image with more than 20 million files");
  const bool was_folder = !fresh && found->second.type == FileType::directory;
  if (was_folder && record.type != FileType::directory) {
    const auto [first, last] = below(tree_, path);
    tree_.erase(first, last);
    last_parent_.clear();
  }
  found->second = std::move(record);
  return {};
}

// A name for a file that is there. Content and metadata are those that the file has now, as for tar
// and umoci. containerd and Docker give both names what the entry states; where that is something
// else, a set-id bit say, it is told.
Result<> ContentSquash::link(const std::string& path, const ContentEntry& entry) {
  const auto target = resolve(entry.record.link, false);
  const auto found = target ? tree_.find(*target) : tree_.end();
  if (found == tree_.end()) {
    unknown(path, Fault::not_found,
            "a hard link to a file that is not there: " + entry.record.link);
    return {};
  }
  if (found->second.type == FileType::directory) {
    unknown(path, Fault::corrupt, "a hard link to a folder: " + entry.record.link);
    return {};
  }
  const ContentRecord& file = found->second;
  const ContentRecord& stated = entry.record;
  if (file.type != FileType::symlink &&
      (file.mode != stated.mode || file.uid != stated.uid || file.gid != stated.gid))
    unknown(path, Fault::unsupported,
            fmt::format("a hard link that states {:04o} {}:{} where its file has {:04o} {}:{}: "
                        "containerd and Docker give both names what it states, others do not",
                        stated.mode, stated.uid, stated.gid, file.mode, file.uid, file.gid));
  if (*target == path) return {};
  return put(path, found->second);
}

// The folder that holds `path`, with "/" behind it, below which this layer has taken away what
// lower ones have, so that all there is is its own; nullptr where there is none.
const std::string* ContentSquash::hidden_folder(std::string_view path) const {
  const auto after = hidden_.upper_bound(path);
  if (after == hidden_.begin()) return nullptr;
  const std::string& folder = *std::prev(after);
  return path.starts_with(folder) ? &folder : nullptr;
}

// Takes away what lower layers have below a folder; true: something of this layer is there. Goes
// from the last file to the first, so that what is left below a folder is known when it is reached,
// and past folders where it has been: how often it comes is the attacker's choice.
bool ContentSquash::hide_below(const std::string& path) {
  const std::string here = path.empty() ? path : path + '/';
  const auto is_below = [&](std::string_view other) { return other.starts_with(here); };
  const auto holds_any = [&](const std::string& folder) {
    const auto first = tree_.lower_bound(folder);
    return first != tree_.end() && first->first.starts_with(folder);
  };
  last_parent_.clear();
  auto at = path.empty() ? tree_.end() : tree_.lower_bound(path + '0');
  while (at != tree_.begin()) {
    const auto item = std::prev(at);
    if (!is_below(item->first)) break;
    ContentRecord& record = item->second;
    if (const std::string* folder = hidden_folder(item->first)) {
      at = tree_.lower_bound(*folder);
    } else if (record.layer == layer_) {
      at = item;
    } else if (record.type == FileType::directory && holds_any(item->first + '/')) {
      // This layer has put something into a folder of a lower one: it stays as a folder of nobody.
      record = {};
      record.type = FileType::directory;
      record.mode = implied_mode;
      record.layer = layer_;
      at = item;
    } else {
      tree_.erase(item);
    }
  }
  if (!hidden_folder(here)) {
    for (auto inner = hidden_.lower_bound(here); inner != hidden_.end() && is_below(*inner);)
      inner = hidden_.erase(inner);
    hidden_.insert(here);
  }
  return holds_any(here);
}

Result<> ContentSquash::whiteout(const std::string& path) {
  const auto found = tree_.find(path);
  if (found == tree_.end()) return {};
  if (found->second.type != FileType::directory) {
    if (found->second.layer != layer_) tree_.erase(found);
    return {};
  }
  const bool kept = hide_below(path);
  if (found->second.layer == layer_) return {};
  if (!kept) {
    tree_.erase(found);
    return {};
  }
  ContentRecord implied;
  implied.type = FileType::directory;
  implied.mode = implied_mode;
  return put(path, std::move(implied));
}

Result<> ContentSquash::apply(const ContentEntry& entry) {
  if (entry.kind == ContentEntry::Kind::opaque) {
    std::string folder;
    if (!entry.record.path.empty()) {
      TRY(const auto path, resolve(entry.record.path + "/x", true));
      folder = parent_of(path);
    }
    hide_below(folder);
    return {};
  }
  TRY(const auto path, resolve(entry.record.path, true));
  switch (entry.kind) {
    case ContentEntry::Kind::hard_link:
      return link(path, entry);
    case ContentEntry::Kind::whiteout:
      return whiteout(path);
    default:
      return put(path, entry.record);
  }
}

Result<> ContentSquash::apply(std::uint32_t layer, std::string_view entries) {
  layer_ = layer;
  last_parent_.clear();
  hidden_.clear();
  ContentWalk walk(entries);
  while (walk.next()) {
    auto done = apply(walk.entry());
    // A path that goes nowhere is one entry's fault; the rest is over a limit of all of it.
    if (!done && done.error().fault == Fault::corrupt)
      unknown(walk.entry().record.path, Fault::corrupt, done.error().what);
    else if (!done)
      return done;
  }
  if (walk.damaged()) return fail(Fault::corrupt, "the list of a layer's files is damaged");
  return {};
}

std::vector<ContentRecord> ContentSquash::take() {
  std::vector<ContentRecord> out;
  out.reserve(tree_.size());
  while (!tree_.empty()) {
    auto node = tree_.extract(tree_.begin());
    out.push_back(std::move(node.mapped()));
    out.back().path = std::move(node.key());
  }
  return out;
}

}  // namespace boltseal
