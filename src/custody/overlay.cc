// The upper folder of an overlay mount: Documentation/filesystems/overlayfs.rst. Whiteouts are
// character devices 0/0 or empty files with the attribute "whiteout"; "opaque" hides what is below
// a folder, "redirect" says where a renamed folder's lower files lie, "metacopy" that a file's
// content is still below. The attributes begin with "trusted.overlay." or, when mounted by a user,
// "user.overlay.". What fuse-overlayfs writes instead (".wh." files) is shown as files: a name
// alone must not hide anything.
#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "custody/targets.h"
#include "layers/content_list.h"
#include "layers/content_squash.h"

namespace boltseal {
namespace {

std::optional<std::string> overlay_value(const ContentRecord& record, std::string_view name) {
  for (const auto& [key, value] : record.xattrs) {
    for (const std::string_view prefix : {"trusted.overlay.", "user.overlay."})
      if (key.starts_with(prefix) && std::string_view(key).substr(prefix.size()) == name)
        return value;
  }
  return std::nullopt;
}

bool is_whiteout(const ContentRecord& r) {
  if (r.type == FileType::character_device) return r.device_major == 0 && r.device_minor == 0;
  return r.type == FileType::file && r.size == 0 && overlay_value(r, "whiteout");
}

class Upper {
 public:
  Upper(const std::vector<ContentRecord>& sealed, std::vector<std::string>& notices)
      : sealed_(sealed), notices_(notices) {}

  void add(const FoundFile& file) {
    ContentRecord record = file.record;
    if (is_whiteout(record)) return mark(ContentEntry::Kind::whiteout, record.path);
    const auto redirect = overlay_value(record, "redirect");
    if (record.type == FileType::directory && redirect) {
      move_below(lower_path(record.path, redirect), record.path);
    } else if (record.type == FileType::directory) {
      if (const auto opaque = overlay_value(record, "opaque"); opaque && *opaque == "y")
        mark(ContentEntry::Kind::opaque, record.path);
    } else if (record.type == FileType::file && overlay_value(record, "metacopy")) {
      take_content_below(record, redirect);
    }
    std::erase_if(record.xattrs, [](const auto& item) { return is_runtime_xattr(item.first); });
    if (record.type == FileType::file && record.sha256.empty()) record.sha256.assign(32, '\0');
    list(ContentEntry::Kind::record, std::move(record));
  }
  std::string take() { return list_.take(); }

 private:
  void list(ContentEntry::Kind kind, ContentRecord record) {
    record.layer.reset();
    list_.add({kind, std::move(record)});
  }
  void mark(ContentEntry::Kind kind, const std::string& path) {
    ContentRecord record;
    record.path = path;
    list(kind, std::move(record));
  }
  // Where the lower file of a path lies: a redirect counts from the root or beside it, and the
  // folders above may have been renamed themselves.
  std::string lower_path(const std::string& path,
                         const std::optional<std::string>& redirect) const {
    if (redirect && redirect->starts_with('/')) return redirect->substr(1);
    const auto slash = path.rfind('/');
    const std::string_view name =
        redirect ? std::string_view(*redirect) : std::string_view(path).substr(slash + 1);
    std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
    for (std::string_view part = folder; !part.empty();) {
      if (const auto moved = moves_.find(part); moved != moves_.end()) {
        folder = moved->second + folder.substr(part.size());
        break;
      }
      const auto above = part.rfind('/');
      part = above == std::string_view::npos ? std::string_view{} : part.substr(0, above);
    }
    return folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name);
  }
  // A renamed folder brings its lower files with it and hides what was below its new name.
  void move_below(const std::string& from, const std::string& to) {
    moves_[to] = from;
    mark(ContentEntry::Kind::opaque, to);
    const auto [first, last] = records_below(sealed_, from);
    for (std::size_t i = first; i < last; ++i) {
      ContentRecord moved = sealed_[i];
      moved.path = to + moved.path.substr(from.size());
      list(ContentEntry::Kind::record, std::move(moved));
    }
  }
  void take_content_below(ContentRecord& record, const std::optional<std::string>& redirect) {
    const std::string from = lower_path(record.path, redirect);
    const ContentRecord* below = record_of(sealed_, from);
    if (below && below->type == FileType::file) {
      record.sha256 = below->sha256;
      record.size = below->size;
    } else {
      notices_.push_back(
          fmt::format("the content of {} lies in a layer below that the seal does not know", from));
    }
  }

  const std::vector<ContentRecord>& sealed_;
  std::vector<std::string>& notices_;
  ContentList list_;
  std::map<std::string, std::string, std::less<>> moves_;  // of folders: what each was called below
};

}  // namespace

Result<FoundRoot> walk_overlay(int upper, const RootWalk& walk, const ReadManifest& sealed,
                               std::vector<std::string>& notices) {
  RootWalk with_marks = walk;
  with_marks.hidden_xattr = [](std::string_view name) {
    return is_runtime_xattr(name) && name.find(".overlay.") == std::string_view::npos;
  };
  TRY(auto found, walk_root(upper, with_marks));
  Upper layer(sealed.manifest.records, notices);
  std::map<std::string, FoundFile> flags;
  for (FoundFile& file : found.files) {
    layer.add(file);
    FoundFile& kept = flags[file.record.path];
    kept.program = file.program;
    kept.unstable = file.unstable;
    kept.unread = file.unread;
  }
  ContentSquash squash(sealed.manifest.records);
  TRY_DO(squash.apply(0, layer.take()));
  found.files.clear();
  for (ContentRecord& record : squash.take()) {
    FoundFile& file = found.files.emplace_back();
    record.layer.reset();
    if (const auto known = flags.find(record.path); known != flags.end()) file = known->second;
    file.record = std::move(record);
  }
  return found;
}

}  // namespace boltseal
