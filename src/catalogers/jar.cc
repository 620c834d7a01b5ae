// Java archives: jar, war, ear and their kin, and the archives inside them to any depth within
// limits.
//
// Format: zip with META-INF/MANIFEST.MF (JAR File Specification). What Maven builds carries
// META-INF/maven/GROUP/ARTIFACT/ pom.properties and pom.xml: who it is, in so many words. A shaded
// ("uber") jar carries those of all that went into it, and each is a package of its own. What
// Gradle, Ant and old tools build says less: file name, manifest and the packages of its classes
// are put together then (java_identity.cc), and the evidence says that it was inferred. Nested
// archives stand as "a.jar!/BOOT-INF/lib/b.jar". Classes are not looked into. A renamed file inside
// a shaded jar without its pom.properties is not found: nothing in it says what it was.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "catalogers/java_identity.h"
#include "catalogers/maven_pom.h"
#include "codec/zip.h"
#include "crypto/digest.h"
#include "files/reader.h"
#include "licences/licences.h"
#include "licences/texts.h"

namespace boltseal {
namespace {

constexpr int max_depth = 8;
constexpr std::uint64_t max_archives = 100'000;
constexpr std::uint64_t max_inflated = std::uint64_t{512} << 20;
// What a large file may inflate to: jars in a war in an ear are packed again at each level.
constexpr std::uint64_t inflated_per_byte = 3;
constexpr std::uint64_t max_metadata = 1 << 20;  // one manifest, pom.properties or pom.xml
constexpr std::uint64_t max_all_metadata = 64 << 20;
constexpr std::size_t max_packages = 100'000;
constexpr std::size_t max_path = 4096;      // of a nested archive, outer names included
constexpr std::size_t max_name = 1024;      // of a class or a piece of metadata
constexpr std::size_t licence_head = 2048;  // bytes that tell a licence; bundled ones may follow
constexpr std::string_view extensions[] = {".jar", ".war", ".ear", ".par", ".jpi", ".hpi",
                                           ".sar", ".nar", ".kar", ".rar", ".aar", ".lpkg"};

bool is_java_archive(std::string_view name) {
  return std::ranges::any_of(extensions,
                             [&](auto e) { return name.size() > e.size() && name.ends_with(e); });
}

std::string_view stem_of(std::string_view path) {
  path = path.substr(path.rfind('/') + 1);
  return path.substr(0, path.rfind('.'));
}

// A pom.properties or a pom.xml, and its neighbour in the same folder.
struct Metadata {
  std::string_view folder;
  const ZipEntry* properties = nullptr;
  const ZipEntry* pom = nullptr;
};

struct Contents {
  const ZipEntry* manifest = nullptr;
  const ZipEntry* licence = nullptr;  // the licence's text
  std::vector<Metadata> metadata;     // sorted by folder
  std::vector<const ZipEntry*> nested;
  std::string classes;
  bool has_classes = false;
  bool application = false;  // of Spring Boot
  int year = 0;              // of the newest class
};

// The package that most classes share: the common beginning of those that begin with the commonest
// two parts.
std::string common_package(const std::set<std::string_view>& folders) {
  std::map<std::string_view, std::size_t> counts;
  const auto two_parts = [](std::string_view folder) {
    const auto slash = folder.find('/');
    return folder.substr(0, slash == std::string_view::npos ? slash : folder.find('/', slash + 1));
  };
  for (const auto folder : folders) ++counts[two_parts(folder)];
  if (counts.empty()) return {};
  const auto most = std::ranges::max_element(counts, {}, [](const auto& c) { return c.second; });
  if (most->second * 10 < folders.size() * 6) return {};
  std::string_view common;
  bool first = true;
  for (const auto folder : folders) {
    if (two_parts(folder) != most->first) continue;
    if (first) common = folder;
    first = false;
    const auto differ = std::ranges::mismatch(common, folder);
    auto size = static_cast<std::size_t>(differ.in1 - common.begin());
    // Whole parts only: "org/a/bc" and "org/a/bd" have "org/a" in common.
    const bool ends = (size == common.size() || common[size] == '/') &&
                      (size == folder.size() || folder[size] == '/');
    if (!ends) size = size == 0 ? 0 : common.substr(0, size).rfind('/');
    common = size == std::string_view::npos ? std::string_view{} : common.substr(0, size);
  }
  return replace_all(common, "/", ".");
}

constexpr std::string_view boot_loader = "org/springframework/boot/loader";

// The folder of a class as its package has it: an application's own lie deeper.
void add_package_folder(std::string_view folder, std::set<std::string_view>& folders) {
  for (const std::string_view root : {"BOOT-INF/classes/", "WEB-INF/classes/"}) {
    if (folder.starts_with(root)) folder.remove_prefix(root.size());
  }
  const bool other = folder.starts_with("META-INF") || folder.starts_with("WEB-INF") ||
                     folder.starts_with("BOOT-INF");
  if (!folder.empty() && !other) folders.insert(folder);
}

Contents list_contents(const Zip& zip) {
  Contents out;
  std::map<std::string_view, Metadata> metadata;
  std::set<std::string_view> folders;
  std::string_view last_folder;
  bool deployed = false;  // what an application holds lies in a folder of its own
  for (const auto& entry : zip.entries()) {
    const auto name = entry.name;
    if (entry.is_folder() || (name.size() > max_name && !is_java_archive(name))) continue;
    deployed = deployed || name.starts_with("BOOT-INF/") || name.starts_with("WEB-INF/");
    if (name.ends_with(".class")) {
      out.has_classes = true;
      out.year = std::max(out.year, entry.year());
      const auto slash = name.rfind('/');
      const auto folder =
          slash == std::string_view::npos ? std::string_view{} : name.substr(0, slash);
      if (folder != last_folder) add_package_folder(folder, folders);
      last_folder = folder;
      continue;
    }
    if (is_java_archive(name)) out.nested.push_back(&entry);
    if (name == "META-INF/MANIFEST.MF" && out.manifest == nullptr) out.manifest = &entry;
    const bool licence = name == "META-INF/LICENSE" || name == "META-INF/LICENSE.txt" ||
                         name == "META-INF/LICENSE.md" || name == "LICENSE" ||
                         name == "LICENSE.txt";
    if (licence && out.licence == nullptr) out.licence = &entry;
    // Some builds put the pom.properties elsewhere; a pom.xml elsewhere may be of any project.
    const auto slash = name.rfind('/');
    const auto last = slash == std::string_view::npos ? name : name.substr(slash + 1);
    const bool properties = last == "pom.properties", pom = last == "pom.xml";
    if (properties || (pom && name.find("META-INF/maven/") != std::string_view::npos)) {
      const auto folder = name.substr(0, slash == std::string_view::npos ? 0 : slash);
      Metadata& m = metadata[folder];
      m.folder = folder;
      (properties ? m.properties : m.pom) = &entry;
    }
  }
  for (const auto& [folder, m] : metadata) out.metadata.push_back(m);
  // The classes that start an application of Spring Boot are none of its own.
  out.application = deployed && std::erase_if(folders, [](auto folder) {
                                  return folder.starts_with(boot_loader);
                                }) > 0;
  out.classes = common_package(folders);
  return out;
}

// One package that Maven metadata names, with its pom.xml where there is one.
struct Described {
  const Metadata* where = nullptr;
  MavenCoordinates id;
  Pom pom;
  bool from_properties = false;
};

// java.util.Properties, the part that Maven writes: "key=value" lines and comments.
void read_properties(std::string_view text, Described& out) {
  each_line(text, [&](std::string_view line) {
    line = trim(line);
    const auto parts = line.starts_with('#') ? std::nullopt : cut(line, "=");
    if (!parts) return;
    const auto key = trim(parts->first), value = trim(parts->second);
    if (key == "groupId")
      out.id.group = value;
    else if (key == "artifactId")
      out.id.artifact = value;
    else if (key == "version")
      out.id.version = value;
  });
  out.from_properties = true;
}

bool is_complete(const Described& d) {
  return is_maven_id(d.id.group) && is_maven_id(d.id.artifact) && is_maven_version(d.id.version);
}

// A list by commas, each with attributes behind a semicolon: "Apache-2.0;link=…,MIT"; but a name
// may hold a comma too: "Apache License, Version 2.0; see: …".
std::vector<std::string> bundle_licences(std::string_view text) {
  std::vector<std::string> names;
  const auto head = text.substr(0, text.find(';'));
  const bool one = contains_nocase(head, ", version");
  for (const auto part : one ? std::vector{head} : split(text, ',')) {
    const auto name = trim(part.substr(0, part.find(';')));
    const auto bare = trim_end(name.substr(name.starts_with('"')), '"');
    if (!bare.empty() && names.size() < 16) names.emplace_back(bare);
  }
  return names;
}

class Walk {
 public:
  explicit Walk(const FileView& file, Sink& sink) : file_(file), sink_(sink) {}

  // `inside` is "" for the file itself, else "!/BOOT-INF/lib/b.jar".
  void archive(std::string_view bytes, const std::string& inside, int depth) {
    const auto zip = Zip::open(bytes, {.total_bytes = budget_});
    if (!zip) return complain(zip.error(), inside);
    if (!zip->is_whole()) {
      complain({Fault::corrupt, "the directory of the archive holds more than its entries", {}, {}},
               inside);
    }
    const Contents contents = list_contents(*zip);
    const std::size_t before = found_;
    identify(*zip, contents, bytes, inside);
    for (const auto* entry : contents.nested) {
      if (!nested(*zip, *entry, inside, depth)) break;
    }
    if (found_ == before && contents.has_classes && contents.nested.empty()) {
      complain({Fault::unsupported, std::string(nameless_archive), {}, {}}, inside);
    }
  }

 private:
  void complain(Error error, const std::string& inside) {
    error.where = inside;
    sink_.unknown(error);
  }

  // Everything that is inflated, at any depth, counts against one budget.
  Result<std::string> read(const Zip& zip, const ZipEntry& entry, std::uint64_t cap) {
    if (entry.size > budget_)
      return fail(Fault::too_large,
                  "more than 512 MiB and three times its size inflated in one file", {},
                  entry.offset);
    const auto left = zip.budget_left();
    auto content = zip.read(entry, cap);
    // A read that fails has cost as much.
    const auto spent = left - zip.budget_left();
    budget_ -= std::min(budget_, spent);
    sink_.inflated(spent);
    return content;
  }

  Result<std::string> read_metadata(const Zip& zip, const ZipEntry& entry) {
    if (entry.size > metadata_budget_)
      return fail(Fault::too_large, "more than 64 MiB of metadata", {}, entry.offset);
    auto content = read(zip, entry, max_metadata);
    if (content) metadata_budget_ -= content->size();
    return content;
  }

  // False when a limit of the whole was met and the rest of the archive is left alone, which is
  // said once.
  bool nested(const Zip& zip, const ZipEntry& entry, const std::string& inside, int depth) {
    const std::string path = inside + "!/" + valid_or_replaced_utf8(entry.name);
    if (exhausted_) return false;
    if (entry.size == 0) return true;
    if (path.size() > max_path) return over("an archive under an overlong name", inside);
    if (depth == max_depth) return over("archives nested more than 8 deep", path);
    if (entry.size > max_inflated) return over("a nested archive over 512 MiB", path);
    if (++archives_ > max_archives || entry.size > budget_) {
      exhausted_ = true;
      return over(
                 "more than 100000 archives, or 512 MiB and three times its size, in one file; the "
                 "rest is not looked into",
                 path),
             false;
    }
    if (const auto view = zip.stored_view(entry)) {
      archive(*view, path, depth + 1);
    } else if (const auto content = read(zip, entry, max_inflated)) {
      archive(*content, path, depth + 1);
    } else {
      complain(content.error(), path);
      return content.error().fault != Fault::too_large;
    }
    return true;
  }

  bool over(std::string_view what, const std::string& path) {
    complain({Fault::too_large, std::string(what), {}, {}}, path);
    return true;
  }

  std::vector<Described> described(const Zip& zip, const Contents& contents,
                                   const std::string& inside) {
    std::vector<Described> out;
    for (const auto& m : contents.metadata) {
      Described d;
      d.where = &m;
      if (m.properties != nullptr) {
        const auto text = read_metadata(zip, *m.properties);
        if (text)
          read_properties(*text, d);
        else
          complain(text.error(), inside + "!/" + valid_or_replaced_utf8(m.properties->name));
      }
      if (m.pom != nullptr) {
        const auto text = read_metadata(zip, *m.pom);
        auto pom = text ? parse_pom(*text) : Result<Pom>(std::unexpected(text.error()));
        if (pom)
          d.pom = *std::move(pom);
        else if (!is_complete(d))
          complain(pom.error(), inside + "!/" + valid_or_replaced_utf8(m.pom->name));
      }
      if (!is_complete(d)) {
        d.from_properties = false;
        d.id.group = d.pom.group;
        d.id.artifact = d.pom.artifact;
        d.id.version = d.pom.version;
      }
      // Archetypes and templates carry poms with properties for names.
      if (is_complete(d)) out.push_back(std::move(d));
    }
    return out;
  }

  // An archive that is being identified, and what is known of it.
  struct Self {
    const Zip& zip;
    const Contents& contents;
    std::string_view bytes;
    std::string path;
    JarManifest manifest;
  };

  void identify(const Zip& zip, const Contents& contents, std::string_view bytes,
                const std::string& inside) {
    Self self{zip, contents, bytes, std::string(file_.path) + inside, {}};
    if (contents.manifest != nullptr) {
      const auto text = read_metadata(zip, *contents.manifest);
      if (text)
        self.manifest = JarManifest(*text);
      else
        complain(text.error(), inside + "!/META-INF/MANIFEST.MF");
    }
    const auto all = described(zip, contents, inside);
    const auto stem = stem_of(self.path);
    std::vector<MavenCoordinates> ids;
    for (const auto& d : all) ids.push_back(d.id);
    const auto own = own_coordinates(stem, self.manifest, ids, !contents.nested.empty());
    for (std::size_t i = 0; i < all.size(); ++i) {
      Package package = package_of(all[i]);
      if (i == own) package.version = published_version(stem, ids[i]);
      const std::string_view what = all[i].from_properties ? "pom.properties" : "pom.xml";
      const ZipEntry* entry = all[i].from_properties ? all[i].where->properties : all[i].where->pom;
      const std::string path = self.path + "!/" + valid_or_replaced_utf8(entry->name);
      package.evidence = {{i == own ? self.path : path, 0, std::string(what)}};
      push(std::move(package), i == own ? &self : nullptr);
    }
    if (own) return;
    if (auto name = infer_java_name(
            {stem, &self.manifest, contents.classes, contents.year, contents.application})) {
      Package package;
      package.name = name->group.empty() ? name->artifact : name->group + ":" + name->artifact;
      package.version = std::move(name->version);
      package.evidence = {{self.path, 0, std::move(name->how)}};
      push(std::move(package), &self);
    }
  }

  static Package package_of(const Described& d) {
    Package package;
    package.name = d.id.group + ":" + d.id.artifact;
    package.version = d.id.version;
    package.licence_text = join(d.pom.licences, ", ");
    package.licence = licence_choice(d.pom.licences);
    package.homepage = d.pom.homepage;
    package.description = d.pom.description;
    package.supplier = d.pom.organization;
    for (const auto& needed : d.pom.dependencies) {
      const bool runs =
          needed.scope.empty() || needed.scope == "compile" || needed.scope == "runtime";
      if (needed.optional || !runs) continue;
      package.depends.push_back(needed.group + ":" + needed.artifact +
                                (needed.version.empty() ? "" : "@" + needed.version));
    }
    return package;
  }

  // What the pom leaves open: parents declare the licences of most.
  void complete(const Self& self, Package& package) {
    if (package.licence.empty()) {
      const auto names = bundle_licences(self.manifest["bundle-license"]);
      package.licence_text = join(names, ", ");
      package.licence = licence_choice(names);
    }
    if (package.licence.empty() && self.contents.licence != nullptr) {
      if (const auto text = read_metadata(self.zip, *self.contents.licence)) {
        package.licence = licence_of_whole_text(*text);
        if (package.licence.empty()) {
          package.licence =
              licence_of_copyright_file(std::string_view(*text).substr(0, licence_head));
        }
      }
    }
    if (package.supplier.empty()) package.supplier = self.manifest["implementation-vendor"];
    if (package.supplier.empty()) package.supplier = self.manifest["bundle-vendor"];
    if (holds_property(package.supplier)) package.supplier.clear();
    package.hashes = {{"sha1", hex(hash(HashKind::sha1, self.bytes))}};
  }

  // `self` when the package is the archive itself, nullptr when it is inside.
  void push(Package package, const Self* self) {
    if (++found_ > max_packages) {
      if (found_ == max_packages + 1)
        complain({Fault::too_large, "more than 100000 packages", {}, {}}, "");
      return;
    }
    package.type = PackageType::maven;
    if (self != nullptr) complete(*self, package);
    if (package.licence_text == package.licence) package.licence_text.clear();
    for (auto* text :
         {&package.licence_text, &package.homepage, &package.description, &package.supplier}) {
      *text = valid_or_replaced_utf8(*text);
    }
    sink_.package(std::move(package), {});
  }

  const FileView& file_;
  Sink& sink_;
  std::uint64_t budget_ =
      std::min(std::max<std::uint64_t>(max_inflated, inflated_per_byte* file_.content.size()),
               sink_.may_inflate());
  std::uint64_t metadata_budget_ = max_all_metadata;
  std::uint64_t archives_ = 0;
  std::size_t found_ = 0;
  bool exhausted_ = false;
};

Result<> read(const FileView& file, Sink& sink) {
  // Other things end in .rar, .par or .nar too.
  const bool sure =
      file.path.ends_with(".jar") || file.path.ends_with(".war") || file.path.ends_with(".ear");
  if (file.content.empty() || (!sure && !file.content.starts_with("PK"))) return {};
  Walk(file, sink).archive(file.content, "", 0);
  return {};
}

constexpr std::string_view globs[] = {"**/*.jar", "**/*.war", "**/*.ear", "**/*.par",
                                      "**/*.jpi", "**/*.hpi", "**/*.sar", "**/*.nar",
                                      "**/*.kar", "**/*.rar", "**/*.aar", "**/*.lpkg"};

}  // namespace

extern const Reader jar_reader;
const Reader jar_reader = {"jar", 9, globs, {}, std::uint64_t{1} << 30, read};

}  // namespace boltseal
