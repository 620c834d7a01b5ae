// CycloneDX 1.2 to 1.7, https://cyclonedx.org/docs/1.6/json/ ; the XML form is turned into the JSON
// one first (sbom_cyclonedx_xml.cc).
//
// Producers differ in what they put into properties: Syft "syft:location:0:path",
// "syft:package:type" and "syft:cpe23", Trivy "aquasecurity:trivy:SrcName", "…:FilePath",
// "…:LayerDiffID"; both are used where they say more than the purl. A component of type
// operating-system is the distribution. Components of type file without a purl are the files of the
// image, not packages; an application of Trivy's class lang-pkgs is the lock file that its packages
// stand in. Vulnerabilities, services and signatures are not read: the matching is ours.
#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "crypto/digest.h"
#include "source/config.h"
#include "source/sbom_model.h"

namespace boltseal {
namespace {

constexpr std::size_t max_nested = 2'000'000;  // components waiting to be read
constexpr std::string_view trivy = "aquasecurity:trivy:";

std::string_view property(const Value& component, std::string_view name) {
  for (const Value& item : component["properties"].items()) {
    if (item["name"].text() == name) return item["value"].text();
  }
  return {};
}

std::string_view trivy_property(const Value& component, std::string_view name) {
  return property(component, std::string(trivy) + std::string(name));
}

std::string either(std::string_view a, std::string_view b) {
  return std::string(a.empty() ? b : a);
}

// {ref of a package, path of the lock file it stands in}
using LockFiles = std::unordered_map<std::string, std::string>;

class CycloneDx {
 public:
  CycloneDx(const Value& root, SbomBuilder builder) : root_(root), builder_(std::move(builder)) {}

  Result<Inventory> read() {
    const Value& subject = root_["metadata"]["component"];
    read_subject(subject);
    find_lock_files();
    // Nested components are listed like others; the list is a stack because the attacker chooses
    // the depth.
    std::vector<const Value*> waiting;
    const auto push = [&](const Value& list) {
      for (const Value& item : list.items()) waiting.push_back(&item);
    };
    push(root_["components"]);
    push(subject["components"]);
    const std::string_view subject_purl = subject["purl"].text();
    const bool image = subject["type"].text() == "container" ||
                       subject_purl.starts_with("pkg:oci/") ||
                       subject_purl.starts_with("pkg:docker/");
    if (!subject_purl.empty() && !image) waiting.push_back(&subject);
    while (!waiting.empty()) {
      const Value& component = *waiting.back();
      waiting.pop_back();
      if (waiting.size() > max_nested) return fail(Fault::too_large, "too many components");
      if (&component != &subject) push(component["components"]);
      TRY_DO(read_component(component));
    }
    for (const Value& item : root_["dependencies"].items()) {
      const auto package = builder_.ref(item["ref"].text());
      for (const Value& needed : item["dependsOn"].items())
        builder_.needs(package, builder_.ref(needed.text()));
    }
    return builder_.finish();
  }

 private:
  void read_subject(const Value& subject) {
    ImageInfo& image = builder_.image();
    if (is_digest(subject["version"].text())) image.manifest_digest = subject["version"].string();
    if (const auto id = trivy_property(subject, "ImageID"); is_digest(id)) image.config_digest = id;
    constexpr std::string_view label = "aquasecurity:trivy:Labels:",
                               syft_label = "syft:image:labels:";
    for (const Value& item : subject["properties"].items()) {
      const auto name = item["name"].text(), value = item["value"].text();
      if (name == "aquasecurity:trivy:DiffID" && is_digest(value) &&
          image.layers.size() < max_image_layers)
        image.layers.push_back({{}, std::string(value), {}, 0, {}});
      if (name == "aquasecurity:trivy:RepoDigest") {
        const auto digest = value.substr(value.find('@') + 1);
        if (is_digest(digest)) image.manifest_digest = digest;
      }
      for (const auto prefix : {label, syft_label}) {
        if (name.starts_with(prefix)) image.labels.emplace_back(name.substr(prefix.size()), value);
      }
    }
    std::ranges::sort(image.labels);
  }

  void find_lock_files() {
    std::unordered_map<std::string, std::string> applications;
    for (const Value& component : root_["components"].items()) {
      if (is_lock_file(component))
        applications.emplace(component["bom-ref"].string(),
                             said_for_many(component["name"].text()));
    }
    if (applications.empty()) return;
    for (const Value& item : root_["dependencies"].items()) {
      const auto found = applications.find(item["ref"].string());
      if (found == applications.end()) continue;
      for (const Value& needed : item["dependsOn"].items())
        lock_files_.emplace(needed.string(), found->second);
    }
  }

  static bool is_lock_file(const Value& component) {
    return component["type"].text() == "application" && !component["purl"] &&
           trivy_property(component, "Class") == "lang-pkgs";
  }

  void read_system(const Value& component) {
    Distribution& out = builder_.distribution();
    out.id = either(property(component, "syft:distro:id"), component["name"].text());
    out.version_id =
        either(property(component, "syft:distro:versionID"), component["version"].text());
    out.codename = property(component, "syft:distro:versionCodename");
    out.name =
        either(property(component, "syft:distro:prettyName"), component["description"].text());
    out.cpe = component["cpe"].string();
    for (const auto like : words(property(component, "syft:distro:idLike:0")))
      out.id_like.emplace_back(like);
  }

  Result<> read_component(const Value& component) {
    const std::string_view type = component["type"].text();
    if (type == "operating-system") {
      read_system(component);
      return {};
    }
    if ((type == "file" && !component["purl"]) || is_lock_file(component)) return {};
    // Algorithms, keys, certificates and data sets are no software.
    if ((type == "cryptographic-asset" || type == "data") && !component["purl"]) return {};
    SbomComponent out;
    out.ref = component["bom-ref"].string();
    out.purl = component["purl"].string();
    out.ecosystem =
        either(property(component, "syft:package:type"), trivy_property(component, "PkgType"));
    read_names(component, out);
    read_licences(component["licenses"], out);
    read_origin(component, out);
    read_places(component, out);
    for (const Value& item : component["hashes"].items()) {
      out.package.hashes.emplace_back(hash_name(item["alg"].text()), lower(item["content"].text()));
    }
    if (const auto cpe = component["cpe"].string(); !cpe.empty()) out.package.cpes.push_back(cpe);
    for (const Value& item : component["properties"].items()) {
      if (item["name"].text() == "syft:cpe23") out.package.cpes.push_back(item["value"].string());
      if (item["name"].text().ends_with(":development") && item["value"].text() == "true")
        out.package.development = true;
    }
    if (component["scope"].text() == "excluded") out.package.development = true;
    // Ours: the package of the system that the files belong to.
    if (const auto owner = property(component, "boltseal:owner"); !owner.empty())
      builder_.owned(builder_.ref(out.ref), builder_.ref(owner));
    return builder_.add(std::move(out));
  }

  static void read_names(const Value& component, SbomComponent& out) {
    Package& package = out.package;
    const std::string_view group = component["group"].text();
    package.name = component["name"].string();
    if (!group.empty()) {
      const bool maven = out.purl.starts_with("pkg:maven/") || out.ecosystem == "jar" ||
                         out.ecosystem == "java-archive";
      package.name = std::string(group) + (maven ? ":" : "/") + package.name;
    }
    package.version = component["version"].string();
    for (const auto name : {component["supplier"]["name"].text(), component["publisher"].text(),
                            component["author"].text()}) {
      if (package.supplier.empty()) package.supplier = name;
    }
    package.description = component["description"].string();
    package.description = package.description.substr(0, package.description.find('\n'));
    for (const Value& reference : component["externalReferences"].items()) {
      if (reference["type"].text() == "website" && package.homepage.empty())
        package.homepage = reference["url"].string();
    }
  }

  static void read_licences(const Value& licences, SbomComponent& out) {
    for (const Value& item : licences.items()) {
      const Value& licence = item["license"];
      if (item["expression"])
        out.licences.push_back(item["expression"].string());
      else if (licence["id"])
        out.licences.push_back(licence["id"].string());
      else if (licence["name"])
        out.licence_names.push_back(licence["name"].string());
      else if (licence["text"]["content"])
        out.licence_names.push_back(licence["text"]["content"].string());
    }
  }

  // Trivy's purls do not name the source package, its properties do. Of a Go program ours do not
  // say what its build recorded.
  static void read_origin(const Value& component, SbomComponent& out) {
    Package& package = out.package;
    package.source_name = trivy_property(component, "SrcName");
    if (!package.source_name.empty()) {
      package.source_version = trivy_property(component, "SrcVersion");
      const auto release = trivy_property(component, "SrcRelease");
      const auto epoch = trivy_property(component, "SrcEpoch");
      if (!release.empty()) package.source_version += "-" + std::string(release);
      if (!epoch.empty() && epoch != "0")
        package.source_version = std::string(epoch) + ":" + package.source_version;
    } else {
      package.source_version = property(component, "boltseal:source:version");
    }
    package.module = trivy_property(component, "Modularitylabel");
  }

  void read_places(const Value& component, SbomComponent& out) const {
    const std::string layer = either(trivy_property(component, "LayerDiffID"),
                                     property(component, "syft:location:0:layerID"));
    for (const auto path :
         {property(component, "syft:location:0:path"), trivy_property(component, "FilePath")}) {
      if (!path.empty()) out.seen.emplace_back(path, layer);
    }
    for (const Value& place : component["evidence"]["occurrences"].items()) {
      if (out.seen.size() < 100 && place["location"])
        out.seen.emplace_back(place["location"].string(), std::string());
    }
    if (const auto found = lock_files_.find(out.ref);
        out.seen.empty() && found != lock_files_.end()) {
      out.seen.emplace_back(found->second, layer);
    }
    if (out.seen.empty() && !layer.empty()) out.seen.emplace_back(std::string(), layer);
  }

  const Value& root_;
  SbomBuilder builder_;
  LockFiles lock_files_;
};

}  // namespace

Result<Inventory> read_cyclonedx(const Value& root, SbomBuilder builder) {
  return CycloneDx(root, std::move(builder)).read();
}

}  // namespace boltseal
