#include "catalogers/java_identity.h"

#include <algorithm>

#include "base/text.h"

namespace boltseal {
namespace {

// Words that are part of a version, not a classifier, when they follow it: "2.0-beta-9",
// "30.1-jre", "4.1.0-incubating".
bool is_qualifier(std::string_view token) {
  static constexpr std::string_view known[] = {
      "alpha",     "android",  "atlassian", "b",     "beta",   "build",     "cdh",     "cr",
      "dev",       "ea",       "fcs",       "final", "fuse",   "ga",        "hotfix",  "incubating",
      "incubator", "jbossorg", "jenkins",   "jre",   "m",      "milestone", "nightly", "patch",
      "pre",       "preview",  "r",         "rc",    "redhat", "rel",       "release", "rev",
      "seam",      "security", "snapshot",  "sp",    "stable", "v"};
  const auto word = lower(token.substr(0, token.find_first_of("0123456789.")));
  return std::ranges::binary_search(known, word);
}

bool starts_version(std::string_view token) {
  if (token.empty()) return false;
  if (is_digit(token[0])) return true;
  return token.size() > 1 && (token[0] == 'r' || token[0] == 'v') && is_digit(token[1]);
}

std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c)) out += to_lower(c);
  }
  return out;
}

// A reverse domain: "org.apache", not "Sun Microsystems, Inc.".
bool is_domain(std::string_view text) {
  return is_maven_id(text) && text.find('.') != std::string_view::npos && !is_digit(text.front());
}

// Without the directives behind it.
std::string_view symbolic_name(const JarManifest& manifest) {
  const auto name = manifest["bundle-symbolicname"];
  return trim(name.substr(0, name.find(';')));
}

// maven-bundle-plugin makes the symbolic name from group and artifact, without what both have:
// org.apache.commons and commons-lang3 give org.apache.commons.lang3; com.h2database and h2 (the
// end of the group) would give com.h2database. This is the way back. What follows the artifact is a
// classifier ("com.acme.tool.native").
std::string group_of_symbolic_name(std::string_view symbolic, std::string_view artifact) {
  if (!is_domain(symbolic) || symbolic == artifact) return {};
  std::string_view group = symbolic;
  for (auto dot = group.rfind('.'); dot != std::string_view::npos; dot = group.rfind('.')) {
    group = group.substr(0, dot);
    if (group.find('.') == std::string_view::npos) break;
    const auto last = group.substr(group.rfind('.') + 1);
    const auto tail = symbolic.substr(dot + 1);
    if (plain(tail.substr(0, tail.find('.'))) == plain(artifact) || plain(tail) == plain(artifact))
      return std::string(group);
    if (plain(std::string(last) + std::string(tail)) == plain(artifact)) return std::string(group);
  }
  return {};
}

// Most groups are the first three parts of the package of the classes: org.apache.htrace,
// com.google.re2j; those of a project with a domain of its own are two: io.ktor holds ktor-utils.
std::string group_of_classes(std::string_view classes, std::string_view artifact) {
  const auto parts = split(classes, '.');
  if (parts.size() < 2 || classes == "org.apache") return {};
  // org.apache is no domain of an "apache-mime4j".
  const bool own_domain =
      !lies_in_package(classes, "org.apache") &&
      plain(parts[1]) == plain(artifact.substr(0, artifact.find_first_of("-_.")));
  std::string group;
  for (std::size_t i = 0; i < std::min<std::size_t>(own_domain ? 2 : 3, parts.size()); ++i) {
    if (i > 0) group += '.';
    group += parts[i];
  }
  return group;
}

// Maven 1 named the group after the project: until 2005 nearly every group is the artifact's own
// name, or as much of its beginning as the packages of the classes have in that order: ant for
// ant-launcher (org.apache.tools.ant.launch), commons-attributes for commons-attributes-api.
std::string group_of_its_age(const JarFacts& facts, std::string_view artifact) {
  constexpr int first_year = 1997, last_year = 2005;
  if (facts.year < first_year || facts.year > last_year) return {};
  // Interfaces of Java itself have always stood under their own names.
  for (const std::string_view api : {"javax", "org.w3c", "org.xml"}) {
    if (facts.classes.starts_with(api)) return {};
  }
  const auto parts = split(facts.classes, '.');
  std::size_t end = 0, part = 0;
  while (end < artifact.size()) {
    const auto dash = std::min(artifact.find('-', end == 0 ? 0 : end + 1), artifact.size());
    const auto word = artifact.substr(end == 0 ? 0 : end + 1, dash - (end == 0 ? 0 : end + 1));
    while (part < parts.size() && plain(parts[part]) != plain(word)) ++part;
    if (part == parts.size()) break;
    end = dash;
  }
  return std::string(end == 0 ? artifact : artifact.substr(0, end));
}

// "core_2.13", "core_3": sbt writes the organisation, which becomes the group, as vendor id.
bool is_scala_name(std::string_view artifact) {
  const auto tail = artifact.substr(std::min(artifact.rfind('_'), artifact.size()));
  return tail == "_3" || (tail.starts_with("_2.1") && tail.size() == 5 && is_digit(tail[4]));
}

struct Group {
  std::string name;
  std::string_view from;
};

// Ivy's and Nebula's "group#artifact;version".
std::string_view group_of_title(std::string_view title, std::string_view artifact) {
  const auto hash = title.find('#');
  const auto end = title.find(';');
  const bool whole = hash != std::string_view::npos && end != std::string_view::npos &&
                     hash < end && title.substr(hash + 1, end - hash - 1) == artifact;
  return whole ? title.substr(0, hash) : std::string_view{};
}

Group infer_group(const JarFacts& facts, std::string_view artifact, std::string_view version) {
  const JarManifest& manifest = *facts.manifest;
  if (const auto named = group_of_title(manifest["implementation-title"], artifact); !named.empty())
    return {std::string(named), sure_java_groups[1]};
  const auto vendor = manifest["implementation-vendor-id"];
  if (is_scala_name(artifact) && is_domain(vendor))
    return {std::string(vendor), sure_java_groups[2]};
  // An application may be called like a library: spring-petclinic is none of Spring's.
  if (const auto known = known_java_group(artifact, facts.classes, version);
      !known.empty() && !facts.application)
    return {std::string(known), sure_java_groups[0]};
  if (auto group = group_of_its_age(facts, artifact); !group.empty()) return {group, "its age"};
  // Vendor ids were copied around; one that its classes bear out is believed.
  if (is_domain(vendor) && vendor != "org.apache" && vendor != "com.sun" &&
      (facts.classes.empty() || facts.classes.starts_with(vendor))) {
    return {std::string(vendor), "Implementation-Vendor-Id"};
  }
  const auto symbolic = symbolic_name(manifest);
  if (auto group = group_of_symbolic_name(symbolic, artifact); !group.empty())
    return {group, "Bundle-SymbolicName"};
  if (auto group = group_of_symbolic_name(manifest["automatic-module-name"], artifact);
      !group.empty()) {
    return {group, "Automatic-Module-Name"};
  }
  if (auto group = group_of_classes(facts.classes, artifact); !group.empty())
    return {group, "the packages of its classes"};
  if (is_domain(symbolic)) return {std::string(symbolic), "Bundle-SymbolicName"};
  return {{}, {}};
}

// A file name as group, separator, artifact.
struct Prefixed {
  std::string_view group, artifact;
  char separator;
};

// "org.postgresql.postgresql", "io.netty-netty-buffer": the artifact begins with a part of its
// group.
bool echoes_group(const Prefixed& name) {
  const auto word = lower(name.artifact.substr(0, name.artifact.find_first_of("-_")));
  const auto parts = split(name.group, '.');
  // After a hyphen it has to be the last: net.sourceforge.htmlunit has a neko-htmlunit.
  if (name.separator == '-') return lower(parts.back()) == word;
  return std::any_of(parts.begin() + 1, parts.end(), [&](std::string_view part) {
    return lower(part.substr(0, part.find('-'))) == word || lower(part) == word;
  });
}

// How well it is borne out that the file is called by group and artifact; 0 for not at all. Many a
// bundle's artifact is a full name too ("org.osgi.core" of the group org.osgi), so that classes
// below the group prove nothing.
int prefix_evidence(const JarFacts& facts, std::string_view whole, std::string_view version,
                    const Prefixed& name) {
  const JarManifest& manifest = *facts.manifest;
  const auto [group, artifact, separator] = name;
  const auto title = manifest["implementation-title"];
  const bool vendor = manifest["implementation-vendor-id"] == group;
  if (group_of_title(title, artifact) == group) return 4;
  const auto bare = is_scala_name(artifact) ? artifact.substr(0, artifact.rfind('_')) : artifact;
  if (vendor && (title == artifact || title == bare)) return 4;
  if (known_java_group(artifact, facts.classes, version) == group) return 3;
  if (!is_domain(group)) return 0;
  // "org.jacoco.org.jacoco.agent": no name repeats its domain.
  const auto domain = group.substr(0, group.find('.', group.find('.') + 1));
  if (artifact.starts_with(domain) &&
      (artifact.size() == domain.size() || !is_alnum(artifact[domain.size()])))
    return 3;
  const auto symbolic = symbolic_name(manifest);
  if (symbolic == artifact) return 2;
  if (symbolic != whole && group_of_symbolic_name(symbolic, artifact) == group) return 2;
  // A bundle's full name has no hyphen at its end.
  const bool plain_word = artifact.find_first_of("-_") == std::string_view::npos;
  if (symbolic == whole && plain_word) return 0;
  if (echoes_group(name)) return 1;
  return vendor && symbolic != whole && !plain_word && separator != '-' ? 1 : 0;
}

// Quarkus and sbt-native-packager call a jar group.artifact, Provisio (Trino) group_artifact, the
// assemblies of BookKeeper and Pulsar group-artifact. Empty for others.
JavaCoordinates split_prefix(const JarFacts& facts, std::string_view whole,
                             std::string_view version) {
  JavaCoordinates best;
  int most = 0, left = max_name_parts;
  for (auto at = whole.find_first_of("._-"); at != std::string_view::npos && left-- > 0;
       at = whole.find_first_of("._-", at + 1)) {
    const Prefixed name{whole.substr(0, at), whole.substr(at + 1), whole[at]};
    if (name.group.empty() || name.artifact.empty() || !is_alpha(name.artifact.front())) continue;
    // "ant-launcher" is an artifact, not one of the group "ant"; "ant-ant-launcher" is.
    if (name.separator == '-' && !is_domain(name.group) && !name.artifact.starts_with(name.group))
      continue;
    const int evidence = prefix_evidence(facts, whole, version, name);
    if (evidence > most) best = {name.group, name.artifact}, most = evidence;
  }
  return best;
}

// "1.2.3 (build 7)" → "1.2.3"; "" for what is no version.
std::string_view version_in(std::string_view text) {
  text = trim(text);
  text = text.substr(0, text.find_first_of(" \t,;("));
  return is_maven_version(text) ? text : std::string_view{};
}

}  // namespace

JarManifest::JarManifest(std::string_view text) {
  constexpr std::size_t max_attributes = 1000;
  std::string* value = nullptr;
  bool done = false;
  each_line(text, [&](std::string_view line) {
    if (done) return;
    if (line.empty()) {
      done = !main_.empty();
    } else if (line.front() == ' ') {
      if (value != nullptr) value->append(line.substr(1));
    } else if (const auto parts = cut(line, ":"); parts && main_.size() < max_attributes) {
      value = &main_[lower(trim(parts->first))];
      *value = parts->second.starts_with(' ') ? parts->second.substr(1) : parts->second;
    } else {
      value = nullptr;
    }
  });
}

std::string_view JarManifest::operator[](std::string_view lower_name) const {
  const auto at = main_.find(lower_name);
  return at == main_.end() ? std::string_view{} : trim(at->second);
}

bool lies_in_package(std::string_view name, std::string_view package) {
  return name.starts_with(package) &&
         (name.size() == package.size() || name[package.size()] == '.');
}

bool is_maven_id(std::string_view text) {
  return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [](char c) {
    return is_alnum(c) || c == '.' || c == '-' || c == '_';
  });
}

bool is_maven_version(std::string_view text) {
  return text.size() <= 128 && std::ranges::any_of(text, is_digit) &&
         std::ranges::all_of(text, [](char c) {
           return is_alnum(c) || c == '.' || c == '-' || c == '_' || c == '+' || c == '~';
         });
}

JarName split_jar_name(std::string_view stem, const std::vector<std::string_view>& hints) {
  for (const auto hint : hints) {
    if (hint.empty()) continue;
    const auto at = stem.rfind("-" + std::string(hint));
    if (at == std::string_view::npos || at == 0) continue;
    const auto rest = stem.substr(at + 1 + hint.size());
    if (rest.empty()) return {stem.substr(0, at), hint, {}};
  }
  // Without a hint the first part that starts with a digit begins the version, unless a plain word
  // and then another such part follow: that word ended the artifact ("log4j-1.2-api-2.14.1", but
  // not "usb-1.3.0-linux-x86-64").
  std::size_t version = std::string_view::npos, end = stem.size();
  bool word = false, dotted = false;  // the version so far has a dot
  for (auto dash = stem.find('-'); dash != std::string_view::npos;
       dash = stem.find('-', dash + 1)) {
    const auto token = stem.substr(dash + 1, stem.find('-', dash + 1) - dash - 1);
    // In "devtools-v120-4.18.1" the letter marks a part of the artifact.
    const auto next = stem.substr(std::min(stem.size(), dash + 2 + token.size()));
    const bool lettered = !token.empty() && !is_digit(token[0]) && !next.empty() &&
                          is_digit(next[0]) && next.find('.') < next.find('-');
    const bool starts = dash > 0 && starts_version(token) && !lettered;
    const bool dot = token.find('.') != std::string_view::npos;
    if (version == std::string_view::npos || (word && starts && dot >= dotted)) {
      if (!starts) continue;
      dotted = dot;
      version = dash + 1;
      end = stem.size();
      word = false;
    } else if (!starts && !is_qualifier(token) && !word) {
      word = true;
      end = dash;
    }
  }
  if (version == std::string_view::npos) return {stem, {}, {}};
  return {stem.substr(0, version - 1), stem.substr(version, end - version),
          end < stem.size() ? stem.substr(end + 1) : std::string_view{}};
}

std::optional<JavaName> infer_java_name(const JarFacts& facts) {
  const JarManifest& manifest = *facts.manifest;
  const std::vector<std::string_view> declared = {version_in(manifest["implementation-version"]),
                                                  version_in(manifest["bundle-version"]),
                                                  version_in(manifest["specification-version"])};
  JarName name = split_jar_name(facts.stem, declared);
  // Eclipse writes its bundles as name_version.
  const auto symbolic = symbolic_name(manifest);
  if (is_maven_id(symbolic) && facts.stem.starts_with(std::string(symbolic) + "_") &&
      starts_version(facts.stem.substr(symbolic.size() + 1)) && !is_scala_name(name.artifact)) {
    name = {facts.stem.substr(0, symbolic.size()), facts.stem.substr(symbolic.size() + 1), {}};
  }
  JavaName out;
  const bool in_name = !name.version.empty();
  const auto first = std::ranges::find_if(declared, [](auto v) { return !v.empty(); });
  if (in_name)
    out.version = name.version;
  else if (first != declared.end())
    out.version = *first;
  if (!is_maven_version(out.version) || !is_maven_id(name.artifact)) return std::nullopt;
  out.artifact = name.artifact;
  Group group;
  auto both = shipped_java_name(facts, name.artifact, out.version);
  group.from = sure_java_groups[0];
  if (both.artifact.empty()) {
    both = split_prefix(facts, name.artifact, out.version);
    group.from = sure_java_groups[3];
  }
  if (both.artifact.empty()) {
    group = infer_group(facts, out.artifact, out.version);
  } else {
    group.name = both.group;
    out.artifact = both.artifact;
  }
  if (is_maven_id(group.name)) out.group = std::move(group.name);
  out.version = published_as_version(out.group, out.version);
  const bool confirmed = std::ranges::find(declared, name.version) != declared.end();
  out.how = std::string(inferred_java_name) + (in_name && !confirmed ? "" : " and manifest");
  if (!out.group.empty()) out.how += std::string(java_group_from) + std::string(group.from);
  return out;
}

}  // namespace boltseal
