// An archive may hold the Maven metadata of all that went into it: which of them are its own? Those
// that its file name fits; in a renamed file ("app.jar" in most images) those that its manifest
// means. None when its own are missing, as in many a shaded jar: then it is one package more.
#include <algorithm>

#include "base/text.h"
#include "catalogers/java_identity.h"

namespace boltseal {
namespace {

// The names that a file of these coordinates goes by, without the version. Quarkus and
// sbt-native-packager write "group.artifact", Provisio (Trino) "group_artifact", the assemblies of
// BookKeeper and Pulsar "group-artifact".
std::vector<std::string> file_names(const MavenCoordinates& own) {
  std::vector<std::string> names = {own.artifact, own.group + '.' + own.artifact,
                                    own.group + '_' + own.artifact};
  // "ant-launcher" is the name of an artifact, not of one in the group "ant".
  if (own.group.find('.') != std::string::npos) names.push_back(own.group + '-' + own.artifact);
  return names;
}

// How well a file name fits: 0 not at all, more is better.
int fitness(std::string_view stem, const MavenCoordinates& own) {
  for (const std::string& name : file_names(own)) {
    if (stem == name) return 3;
    if (!stem.starts_with(name + "-") && !stem.starts_with(name + "_")) continue;
    const auto rest = stem.substr(name.size() + 1);
    if (rest.starts_with(own.version)) return 4;
    if (!rest.empty() && is_digit(rest.front())) return 2;
  }
  return 0;
}

std::optional<std::size_t> best_fit(std::string_view stem,
                                    const std::vector<MavenCoordinates>& all) {
  std::optional<std::size_t> best;
  int fit = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const int here = fitness(stem, all[i]);
    const bool better = here > fit || (here == fit && here > 0 &&
                                       all[i].artifact.size() > all[*best].artifact.size());
    if (better) best = i, fit = here;
  }
  return best;
}

// "Jenkins war" is jenkins-war.
std::string letters(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c)) out += to_lower(c);
  }
  return out;
}

// The only one of which it is true; nullopt when there are several, or none.
template <class Is>
std::optional<std::size_t> only(const std::vector<MavenCoordinates>& all, Is is) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!is(all[i])) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

}  // namespace

std::optional<std::size_t> own_coordinates(std::string_view stem, const JarManifest& manifest,
                                           const std::vector<MavenCoordinates>& all, bool nested) {
  if (const auto best = best_fit(stem, all)) return best;
  // A renamed file: neither its name nor its manifest may claim another version.
  const auto declared = manifest["implementation-version"];
  const auto possible = [&](const MavenCoordinates& own) {
    const auto version = split_jar_name(stem, {own.version}).version;
    return (version.empty() || version == own.version) &&
           (declared.empty() || declared == own.version);
  };
  const auto title = letters(manifest["implementation-title"]);
  const auto titled = [&](const MavenCoordinates& own) {
    return possible(own) && letters(own.artifact) == title;
  };
  if (!title.empty()) {
    if (const auto own = only(all, titled)) return own;
  }
  const auto start = manifest["start-class"];
  const auto first = start.empty() ? manifest["main-class"] : start;
  const auto vendor = manifest["implementation-vendor-id"];
  const auto started = [&](const MavenCoordinates& own) {
    return declared == own.version && possible(own) &&
           (lies_in_package(first, own.group) || lies_in_package(vendor, own.group));
  };
  if (const auto own = only(all, started)) return own;
  // The only one that there is. Where archives lie inside, it may be of another one that was
  // unpacked among them: there the manifest has to bear it out.
  if (all.size() == 1 && (!nested || declared == all[0].version)) {
    const auto version = split_jar_name(stem, {all[0].version}).version;
    if (version.empty() || version == all[0].version) return 0;
  }
  return std::nullopt;
}

std::string published_version(std::string_view stem, const MavenCoordinates& own) {
  for (const std::string& name : file_names(own)) {
    if (!stem.starts_with(name + "-")) continue;
    const auto rest = stem.substr(name.size() + 1);
    const bool released = own.version == std::string(rest) + "-SNAPSHOT";
    const bool longer = rest.starts_with(own.version + ".") && is_maven_version(rest) &&
                        rest.find('-', own.version.size()) == std::string_view::npos;
    if (released || longer) return std::string(rest);
  }
  return own.version;
}

}  // namespace boltseal
