#include "files/wanted.h"

#include <fmt/format.h>

#include <algorithm>

#include "files/glob.h"

namespace boltseal {
namespace {

struct Parts {
  std::string_view folder, name,
      extension;  // name of the parent folder, of the file, and what follows its last dot
};

Parts parts_of(std::string_view path) {
  Parts parts;
  const auto slash = path.rfind('/');
  parts.name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  if (slash != std::string_view::npos) {
    const auto above = path.substr(0, slash);
    const auto before = above.rfind('/');
    parts.folder = before == std::string_view::npos ? above : above.substr(before + 1);
  }
  const auto dot = parts.name.rfind('.');
  if (dot != std::string_view::npos) parts.extension = parts.name.substr(dot + 1);
  return parts;
}

bool literal(std::string_view text) { return text.find_first_of("*?") == std::string_view::npos; }

void push_once(const Reader* reader, std::vector<const Reader*>& out) {
  if (std::ranges::find(out, reader) == out.end()) out.push_back(reader);
}

}  // namespace

Wanted::Wanted(std::span<const Reader* const> readers) : readers_(readers) {
  for (std::uint32_t i = 0; i < readers.size(); ++i) {
    for (const auto glob : readers[i]->globs) add({glob, i});
    for (const auto magic : readers[i]->magics)
      heads_[static_cast<unsigned char>(magic[0])].push_back({magic, i});
    fingerprint_ += fmt::format("{}:{} ", readers[i]->name, readers[i]->version);
  }
}

void Wanted::add(Glob glob) {
  const auto [folder, name, extension] = parts_of(glob.text);
  if (literal(name))
    by_name_[name].push_back(glob);
  else if (!extension.empty() && literal(extension))
    by_extension_[extension].push_back(glob);
  else if (!folder.empty() && literal(folder))
    by_folder_[folder].push_back(glob);
  else
    others_.push_back(glob);
}

void Wanted::by_path(std::string_view path, std::vector<const Reader*>& out) const {
  out.clear();
  const auto consider = [&](const std::vector<Glob>& globs) {
    for (const Glob& glob : globs) {
      if (glob_matches(glob.text, path)) push_once(readers_[glob.reader], out);
    }
  };
  const auto look_up = [&](const Index& index, std::string_view key) {
    if (const auto found = index.find(key); found != index.end()) consider(found->second);
  };
  const auto [folder, name, extension] = parts_of(path);
  look_up(by_name_, name);
  if (!extension.empty()) look_up(by_extension_, extension);
  if (!folder.empty()) look_up(by_folder_, folder);
  consider(others_);
}

void Wanted::by_head(std::string_view head, std::vector<const Reader*>& out) const {
  if (head.empty()) return;
  for (const Head& candidate : heads_[static_cast<unsigned char>(head[0])]) {
    if (head.starts_with(candidate.magic)) push_once(readers_[candidate.reader], out);
  }
}

}  // namespace boltseal
