// A reader sees one file, so what spans files is joined here, after the squash: which distribution
// it is, whose files are whose, licences that stand elsewhere, one package seen in several places,
// and who needs whom.
#include "catalogers/assemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"
#include "catalogers/binary_parts.h"
#include "catalogers/declared_evidence.h"
#include "catalogers/dependencies.h"
#include "catalogers/go_root.h"
#include "catalogers/installed_trees.h"
#include "catalogers/java_identity.h"
#include "catalogers/language.h"
#include "catalogers/maven_pom.h"
#include "layers/squash.h"
#include "licences/licences.h"

namespace boltseal {

extern const Reader os_release_reader;

namespace {

std::string identity_text(const Package& p) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", name_of(p.type), p.name, p.version, p.arch, p.module);
}

// A package database is written anew by each step that installs something. What stood in the same
// file of the layer below as well, was brought by that layer or one below it.
void find_origins(std::vector<Fragment>& fragments, const std::vector<bool>& visible) {
  std::unordered_map<std::string_view, std::vector<std::size_t>> hidden;  // by path, lowest first
  for (std::size_t i = 0; i < fragments.size(); ++i)
    if (!visible[i]) hidden[fragments[i].path].push_back(i);
  if (hidden.empty()) return;
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    const auto below = visible[i] ? hidden.find(fragments[i].path) : hidden.end();
    if (below == hidden.end()) continue;
    std::unordered_map<std::string, std::vector<Package*>> open;  // not traced to the end yet
    for (Package& package : fragments[i].packages) open[identity_text(package)].push_back(&package);
    for (auto at = below->second.rbegin(); at != below->second.rend() && !open.empty(); ++at) {
      const Fragment& lower = fragments[*at];
      if (lower.layer >= fragments[i].layer) continue;
      std::unordered_map<std::string, std::vector<Package*>> still;
      for (const Package& package : lower.packages) {
        const auto found = open.find(identity_text(package));
        if (found == open.end()) continue;
        for (Package* traced : found->second)
          for (Evidence& evidence : traced->evidence) evidence.layer = lower.layer;
        still.insert(open.extract(found));
      }
      open = std::move(still);
    }
  }
}

std::vector<Fragment> visible_fragments(std::vector<LayerOutcome>& layers, Result<>& status) {
  std::vector<Fragment> fragments;
  std::vector<std::string_view> entries;
  for (std::uint32_t i = 0; i < layers.size(); ++i) {
    entries.push_back(layers[i].entries);
    for (Fragment& fragment : layers[i].fragments) {
      fragment.layer = i;
      for (Package& package : fragment.packages) {
        // Only a child that was taken over sends a package that was seen nowhere.
        if (package.evidence.empty()) package.evidence.push_back({fragment.path, i, {}});
        for (Evidence& evidence : package.evidence) evidence.layer = i;
      }
      for (Unknown& unknown : fragment.unknowns) unknown.layer = i;
      fragments.push_back(std::move(fragment));
    }
  }
  std::vector<LayerFile> files;
  for (const Fragment& fragment : fragments) files.push_back({fragment.layer, fragment.path});
  const auto visible = squash(entries, files);
  if (!visible) {
    status = std::unexpected(visible.error());
    return {};
  }
  find_origins(fragments, *visible);
  std::vector<Fragment> kept;
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    if ((*visible)[i]) kept.push_back(std::move(fragments[i]));
  }
  std::ranges::stable_sort(kept, {}, &Fragment::path);
  return kept;
}

// What was read of two files of one layer together (Reader::amends) stands for what was read of
// each, as long as both are what the image has.
void apply_amendments(std::vector<Fragment>& fragments) {
  std::unordered_map<std::string, Fragment*> by_path;
  for (Fragment& fragment : fragments) by_path[fragment.path] = &fragment;
  for (Fragment& fragment : fragments) {
    if (fragment.amends.empty()) continue;
    const auto amended = by_path.find(fragment.amends);
    const bool both = amended != by_path.end() && amended->second != &fragment &&
                      amended->second->layer == fragment.layer;
    Fragment& void_one = both ? *amended->second : fragment;
    Fragment emptied;
    emptied.path = void_one.path;
    emptied.layer = void_one.layer;
    if (!both)
      emptied.unknowns.push_back({fragment.path,
                                  fragment.layer,
                                  "layer",
                                  Fault::unsupported,
                                  "it changes a file of another layer, which is not read so",
                                  {}});
    void_one = std::move(emptied);
  }
}

// etc/os-release is what the image says it is; the rest stand in for it, in the order of the
// reader's own list.
Distribution choose_distribution(const std::vector<Fragment>& fragments) {
  const auto order = os_release_reader.globs;
  const Distribution* best = nullptr;
  auto best_rank = order.end();
  for (const Fragment& fragment : fragments) {
    const auto rank = std::ranges::find(order, std::string_view(fragment.path));
    if (fragment.distributions.empty() || rank >= best_rank) continue;
    best = &fragment.distributions.front();
    best_rank = rank;
  }
  if (!best) return {};
  Distribution chosen = *best;
  // Debian's testing and unstable have no VERSION_ID; an os-release without one may be completed by
  // a lesser file.
  const Distribution* apk = nullptr;
  for (const Fragment& fragment : fragments) {
    for (const Distribution& other : fragment.distributions) {
      if (other.id != chosen.id) continue;
      if (fragment.path == "etc/apk/repositories") {
        apk = &other;
        continue;
      }
      if (chosen.version_id.empty()) chosen.version_id = other.version_id;
      if (chosen.codename.empty()) chosen.codename = other.codename;
    }
  }
  // Where Alpine's packages come from says which release they are only where nothing better does:
  // an address may have been added to take a single package from edge.
  if (apk && (chosen.version_id.empty() || (chosen.codename == "edge" && apk->codename.empty()))) {
    chosen.version_id = apk->version_id;
    chosen.codename = apk->codename;
  }
  return chosen;
}

// What a work tree only declares counts where nothing beside it knows better: of a .NET project
// what restore resolved, of Go modules what was copied into vendor, else a go.mod that lists all
// that is needed.
void drop_what_is_known_better(std::vector<Fragment>& fragments) {
  const auto read_as = [](const Fragment& fragment, std::string_view what) {
    return !fragment.packages.empty() &&
           fragment.packages.front().evidence.front().what.starts_with(what);
  };
  std::unordered_set<std::string> restored;                      // folders of projects
  std::unordered_set<std::string> vendored;                      // of Go modules
  std::unordered_map<std::string, const Fragment*> old_modules;  // go.mod before 1.17, by folder
  for (const Fragment& fragment : fragments) {
    const auto name = file_name(fragment.path);
    std::string folder(folder_of(fragment.path));
    if (name == "packages.lock.json")
      restored.insert(std::move(folder));
    else if (name == "project.assets.json" && folder.ends_with("obj/"))
      restored.insert(folder.substr(0, folder.size() - 4));
    else if (read_as(fragment, go_vendor_evidence))
      vendored.insert(folder.substr(0, folder.size() - std::string_view("vendor/").size()));
    else if (read_as(fragment, go_mod_before_117_evidence))
      old_modules.emplace(std::move(folder), &fragment);
  }
  for (Fragment& fragment : fragments) {
    const std::string folder(folder_of(fragment.path));
    if (read_as(fragment, nuget_project_evidence) && restored.contains(folder))
      fragment.packages.clear();
    if ((file_name(fragment.path) == "go.mod" || read_as(fragment, go_sum_evidence)) &&
        vendored.contains(folder))
      fragment.packages.clear();
    if (!read_as(fragment, go_sum_evidence)) continue;
    const auto modules = old_modules.find(folder);
    std::unordered_set<std::string_view> named;  // whose version go.mod gives
    if (modules != old_modules.end())
      for (const Package& p : modules->second->packages) named.insert(p.name);
    std::erase_if(fragment.packages, [&](const Package& p) {
      return modules == old_modules.end() || named.contains(p.name);
    });
  }
}

std::string key_of(PackageType type, std::string_view name) {
  return fmt::format("{}\n{}", name_of(type), name);
}

using Index = std::unordered_map<std::string, std::vector<std::uint32_t>>;

// The packages of package databases by name, and by "name:arch" as dpkg writes multi-arch names. A
// package note is what a file says of itself: it owns nothing.
Index index_by_name(const std::vector<Package>& packages) {
  Index index;
  for (std::uint32_t i = 0; i < packages.size(); ++i) {
    if (packages[i].evidence.front().what == package_note_evidence) continue;
    index[key_of(packages[i].type, packages[i].name)].push_back(i);
    if (packages[i].type == PackageType::deb)
      index[key_of(packages[i].type, packages[i].name + ":" + packages[i].arch)].push_back(i);
  }
  return index;
}

void attach_licences(const std::vector<Fragment>& fragments, const Index& index,
                     std::vector<Package>& packages) {
  for (const Fragment& fragment : fragments) {
    for (const LicenceNote& note : fragment.licences) {
      const auto found = index.find(key_of(note.type, note.name));
      if (found == index.end()) continue;
      for (const auto i : found->second) {
        if (packages[i].licence.empty()) packages[i].licence = note.licence;
      }
    }
  }
  // usr/share/doc/X may be a link to the folder of another package of the same source (Debian
  // policy 12.5), and nobody reads through links: what is built from one source has one copyright
  // file.
  std::map<std::tuple<std::string, std::string>, std::string> of_source;
  const auto source = [](const Package& p) {
    return std::tuple(p.source_name, p.source_version.empty() ? p.version : p.source_version);
  };
  for (const Package& p : packages) {
    if (p.type == PackageType::deb && !p.licence.empty())
      of_source.try_emplace(source(p), p.licence);
  }
  for (Package& p : packages) {
    if (p.type != PackageType::deb || !p.licence.empty()) continue;
    if (const auto found = of_source.find(source(p)); found != of_source.end())
      p.licence = found->second;
  }
}

// The file a piece of evidence lies in: "a.jar!/b.jar" lies in a.jar.
std::string_view file_of(std::string_view path) { return path.substr(0, path.find("!/")); }

// Since the merge of / and /usr a package's list may say lib/x where the file is usr/lib/x, and the
// reverse.
std::string other_spelling(std::string_view path) {
  if (path.starts_with("usr/")) return std::string(path.substr(4));
  for (const std::string_view folder : {"bin/", "sbin/", "lib/", "lib32/", "lib64/", "libx32/"}) {
    if (path.starts_with(folder)) return fmt::format("usr/{}", path);
  }
  return {};
}

using OwnerOf = std::unordered_map<std::string, std::int32_t>;  // path → package; only for paths
                                                                // that somebody asks for

void ask(OwnerOf& owner_of, std::string_view path) {
  owner_of.try_emplace(std::string(path), -1);
  if (auto other = other_spelling(path); !other.empty()) owner_of.try_emplace(std::move(other), -1);
}

std::int32_t owner_in(const OwnerOf& owner_of, std::string_view path) {
  const auto found = owner_of.find(std::string(path));
  if (found != owner_of.end() && found->second >= 0) return found->second;
  const auto other = owner_of.find(other_spelling(path));
  return other == owner_of.end() ? -1 : other->second;
}

// Packages that live in files which may be another package's: those of languages, and package notes
// inside executables.
bool has_owner(const Package& package) {
  return !is_os_package(package.type) || package.evidence.front().what == package_note_evidence;
}

bool is_nameless(const Unknown& unknown) { return unknown.what == nameless_archive; }

// Whose file a language package is, and whose file a dependency on "/bin/sh" means. An archive that
// does not say what it is is no unknown where an OS package owns it.
void attach_owners(const std::vector<Fragment>& fragments, const Index& index,
                   std::vector<Package>& packages, std::vector<Unknown>& unknowns) {
  OwnerOf owner_of;
  for (const Package& package : packages) {
    if (has_owner(package)) ask(owner_of, file_of(package.evidence.front().path));
    for (const std::string_view need : package.depends) {
      if (need.starts_with('/')) ask(owner_of, need.substr(1));
    }
  }
  for (const Unknown& unknown : unknowns) {
    if (is_nameless(unknown)) ask(owner_of, file_of(unknown.path));
  }
  if (owner_of.empty()) return;
  for (const Fragment& fragment : fragments) {
    for (const Ownership& ownership : fragment.ownerships) {
      const auto found = index.find(key_of(ownership.type, ownership.name));
      if (found == index.end()) continue;
      for (const std::string& path : ownership.paths) {
        const auto asked = owner_of.find(path);
        if (asked != owner_of.end())
          asked->second = static_cast<std::int32_t>(found->second.front());
      }
    }
  }
  for (Package& package : packages) {
    if (has_owner(package))
      package.owner = owner_in(owner_of, file_of(package.evidence.front().path));
    for (std::string& need : package.depends) {
      const auto owner =
          need.starts_with('/') ? owner_in(owner_of, std::string_view(need).substr(1)) : -1;
      if (owner >= 0) need = packages[static_cast<std::size_t>(owner)].name;
    }
  }
  std::erase_if(unknowns, [&](const Unknown& unknown) {
    return is_nameless(unknown) && owner_in(owner_of, file_of(unknown.path)) >= 0;
  });
}

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// Each item once, where it stands first.
template <class T>
void drop_repeated(std::vector<T>& items) {
  std::vector<std::uint32_t> order(items.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t i) -> const T& { return items[i]; });
  std::vector<bool> repeated(items.size());
  for (std::size_t n = 1; n < order.size(); ++n)
    repeated[order[n]] = items[order[n]] == items[order[n - 1]];
  std::size_t kept = 0;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (!repeated[i] && kept++ != i) items[kept - 1] = std::move(items[i]);
  items.resize(kept);
}

constexpr std::size_t max_licence_text = 4096;

void merge(Package& to, Package& from) {
  const auto fill = [](std::string& a, std::string& b) {
    if (a.empty()) a = std::move(b);
  };
  fill(to.source_name, from.source_name);
  // Of two commits that one version of a Go program was built from, flaws are asked of the older,
  // or of "(devel)", which is either.
  if (to.type == PackageType::golang && !from.source_version.empty() &&
      from.source_version < to.source_version)
    to.source_version = from.source_version;
  fill(to.source_version, from.source_version);
  // Copies that declare different licences are under both: no copy hides another's.
  if (!from.licence.empty() && from.licence != to.licence && to.licence.size() < max_licence_text)
    to.licence = to.licence.empty() ? from.licence : spdx_all_of({to.licence, from.licence});
  fill(to.licence_text, from.licence_text);
  fill(to.supplier, from.supplier);
  fill(to.homepage, from.homepage);
  fill(to.description, from.description);
  append(to.cpes, from.cpes);
  append(to.depends, from.depends);
  append(to.provides, from.provides);
  append(to.hashes, from.hashes);
  append(to.evidence, from.evidence);
  to.development = to.development && from.development;
}

// One package seen in several places becomes one, with all its evidence; owners are re-numbered
// along.
std::vector<Package> merged(std::vector<Package> packages) {
  std::vector<std::uint32_t> order(packages.size());
  std::vector<std::string> names(packages.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    order[i] = i;
    names[i] = compared_name(packages[i].type, packages[i].name);
  }
  const auto identity = [&](std::uint32_t i) {
    const Package& p = packages[i];
    return std::tie(p.type, names[i], p.version, p.arch, p.module, p.owner);
  };
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    if (identity(a) != identity(b)) return identity(a) < identity(b);
    const Evidence &x = packages[a].evidence.front(), &y = packages[b].evidence.front();
    return x != y ? x < y : a < b;
  });
  std::vector<bool> again(order.size());  // the same as the one before
  for (std::size_t n = 1; n < order.size(); ++n)
    again[n] = identity(order[n]) == identity(order[n - 1]);
  std::vector<Package> out;
  std::vector<bool> joined;  // whether it was several
  std::vector<std::int32_t> new_number(packages.size(), -1);
  for (std::size_t n = 0; n < order.size(); ++n) {
    const auto i = order[n];
    Package& next = packages[i];
    // Of a file that an installed package owns a package note says nothing new, and often the
    // source's name.
    if (is_os_package(next.type) && next.owner >= 0) continue;
    if (again[n]) {
      joined.back() = true;
      if (out.back().name == names[i]) out.back().name = next.name;  // the way it is published
      merge(out.back(), next);
    } else {
      out.push_back(std::move(next));
      joined.push_back(false);
    }
    new_number[i] = static_cast<std::int32_t>(out.size()) - 1;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    Package& package = out[i];
    if (joined[i]) {
      drop_repeated(package.cpes);
      drop_repeated(package.depends);
      drop_repeated(package.provides);
      drop_repeated(package.hashes);
    }
    if (package.owner >= 0) package.owner = new_number[static_cast<std::size_t>(package.owner)];
    std::ranges::sort(package.evidence);
    package.evidence.erase(std::ranges::unique(package.evidence).begin(), package.evidence.end());
  }
  return out;
}

// Which sources a manifest of Chisel leaves out is no question where another file gave them all.
void drop_answered(std::vector<Unknown>& unknowns, const std::vector<Package>& packages) {
  const auto asks = [](const Unknown& unknown) { return unknown.what == chisel_sources_unknown; };
  if (std::ranges::none_of(unknowns, asks)) return;
  std::unordered_set<std::string_view> open;  // files with a package of no known source
  for (const Package& p : packages) {
    if (!p.source_name.empty()) continue;
    for (const Evidence& evidence : p.evidence) open.insert(evidence.path);
  }
  std::erase_if(unknowns, [&](const Unknown& unknown) {
    return asks(unknown) && !open.contains(unknown.path);
  });
}

auto unknown_order(const Unknown& u) { return std::tie(u.path, u.layer, u.reader, u.what); }

}  // namespace

Result<Inventory> assemble(ImageInfo image, std::vector<LayerOutcome> layers) {
  Inventory out;
  out.image = std::move(image);
  for (const LayerOutcome& layer : layers) out.usage.push_back(layer.usage);
  Result<> status;
  std::vector<Fragment> fragments = visible_fragments(layers, status);
  TRY_DO(status);
  apply_amendments(fragments);
  out.distribution = choose_distribution(fragments);

  complete_maven_projects(fragments);
  drop_go_toolchain_sources(fragments);
  drop_what_is_known_better(fragments);
  const InstalledTrees trees(fragments);
  std::vector<Package> packages;
  for (Fragment& fragment : fragments) {
    trees.apply(fragment);
    std::ranges::move(fragment.packages, std::back_inserter(packages));
    std::ranges::move(fragment.unknowns, std::back_inserter(out.unknowns));
  }
  settle_java_groups(packages);
  const Index index = index_by_name(packages);
  attach_licences(fragments, index, packages);
  attach_owners(fragments, index, packages, out.unknowns);
  out.packages = merged(std::move(packages));
  drop_answered(out.unknowns, out.packages);
  out.dependencies = resolve_dependencies(out.packages);
  std::ranges::sort(out.unknowns, [](const Unknown& a, const Unknown& b) {
    return unknown_order(a) < unknown_order(b);
  });
  return out;
}

}  // namespace boltseal
