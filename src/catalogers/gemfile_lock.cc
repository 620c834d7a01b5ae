// Gemfile.lock (or gems.locked; Gemfile.next.lock beside it while a project prepares the next
// Rails): the gems that Bundler resolved.
//
// Format: Bundler's own (bundler/lib/bundler/lockfile_parser.rb reads it): sections at column 0
// (GEM, GIT, PATH, PLUGIN SOURCE, PLATFORMS, DEPENDENCIES, CHECKSUMS, BUNDLED WITH). Under "specs:"
// a gem stands at four spaces, "name (version)" or "name (version-platform)", what it needs at six.
// It does not say what is for development. A lock file inside a gem's own folder is its author's,
// and is passed over.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

struct Gem {
  std::string_view name, version, platform;
};

// "nokogiri (1.13.9-x86_64-linux)"; a Gem version in a lock file holds no "-".
Gem parse(std::string_view text) {
  const auto parts = cut(text, " (");
  if (!parts) return {trim(text), {}, {}};
  const auto inside = parts->second.substr(0, parts->second.find(')'));
  const auto platform = cut(inside, "-");
  return {trim(parts->first), platform ? platform->first : inside,
          platform ? platform->second : std::string_view{}};
}

Result<> read(const FileView& file, Sink& sink) {
  if (inside_installed_package(file.path)) return {};
  std::vector<std::pair<Package, std::string_view>> gems;   // with the section they stand in
  std::map<std::string, std::size_t, std::less<>> by_text;  // "name (version-platform)"
  std::map<std::string_view, std::string_view> version_of;
  std::string_view section;
  std::size_t needs = 0;
  each_line(file.content, [&](std::string_view line) {
    const auto indent = std::min(line.find_first_not_of(' '), line.size());
    const auto text = trim(line);
    if (indent == 0 && !text.empty()) section = text;
    const bool source =
        section == "GEM" || section == "GIT" || section == "PATH" || section == "PLUGIN SOURCE";
    if (source && indent == 4 && gems.size() <= max_locked_packages) {
      const auto gem = parse(text);
      if (gem.version.empty()) return;
      Package package;
      package.type = PackageType::gem;
      package.name = gem.name;
      package.version = gem.version;
      if (gem.platform != "ruby") package.arch = gem.platform;
      version_of.emplace(gem.name, gem.version);
      by_text.emplace(text, gems.size());
      gems.emplace_back(std::move(package), section);
    } else if (source && indent == 6 && !gems.empty() && ++needs <= max_locked_dependencies) {
      gems.back().first.depends.emplace_back(trim_end(parse(text).name, '!'));
    } else if (section == "CHECKSUMS" && indent == 2) {
      const auto parts = cut(text, ") ");
      const auto gem = parts ? by_text.find(std::string(parts->first) + ")") : by_text.end();
      const auto hash = parts ? hash_of_integrity(parts->second) : std::nullopt;
      if (gem != by_text.end() && hash) gems[gem->second].first.hashes = {*hash};
    }
  });
  if (gems.size() > max_locked_packages) return fail(Fault::too_large, "too many packages");
  NeedWriter writer(file.content.size(), sink);
  for (auto& [package, from] : gems) {
    for (const auto& name : std::exchange(package.depends, {})) {
      const auto known = version_of.find(name);
      writer.add(package.depends, name,
                 known == version_of.end() ? std::string_view{} : known->second);
    }
    settle_depends(package);
    sink.package(std::move(package), from == "PATH" ? "Gemfile.lock, local gem" : "Gemfile.lock");
  }
  return {};
}

constexpr std::string_view globs[] = {"**/Gemfile.lock", "**/Gemfile.next.lock", "**/gems.locked"};

}  // namespace

extern const Reader gemfile_lock_reader;
const Reader gemfile_lock_reader = {"gemfile-lock", 3, globs, {}, 16 << 20, read};

}  // namespace boltseal
