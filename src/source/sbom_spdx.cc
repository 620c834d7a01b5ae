// SPDX 2.2 and 2.3, https://spdx.github.io/spdx-spec/v2.3/ ; the tag-value form is turned into the
// JSON one first (sbom_spdx_text.cc).
//
// Packages are identified by the purl among their externalRefs. Syft puts where it found a package
// into sourceInfo
// ("acquired package info from DPKG DB: /var/lib/dpkg/status, …"), Trivy what it was built from
// ("built package from: openssl 3.0.11-1"). Files, snippets, annotations and extracted licence
// texts are not read. The package that the document describes is the image, not a part of it,
// unless it has a purl of an ecosystem or is the only one.
#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/text.h"
#include "crypto/digest.h"
#include "source/sbom_model.h"

namespace boltseal {
namespace {

std::string stated(const Value& value) {
  const auto text = value.text();
  return text == "NOASSERTION" || text == "NONE" ? std::string() : std::string(text);
}

// "Organization: Debian (mail)" → "Debian (mail)"
std::string party(const Value& value) {
  const std::string text = stated(value);
  for (const std::string_view kind : {"Organization: ", "Person: ", "Tool: "}) {
    if (text.starts_with(kind)) return text.substr(kind.size());
  }
  return text;
}

constexpr std::size_t max_described = 1000;

struct Edge {
  std::string_view name;
  bool forward;  // the first needs the second
};
constexpr std::array needs = {
    Edge{"DEPENDS_ON", true},
    Edge{"DEPENDENCY_OF", false},
    Edge{"RUNTIME_DEPENDENCY_OF", false},
    Edge{"OPTIONAL_DEPENDENCY_OF", false},
    Edge{"PROVIDED_DEPENDENCY_OF", false},
    Edge{"BUILD_DEPENDENCY_OF", false},
    Edge{"DEV_DEPENDENCY_OF", false},
    Edge{"TEST_DEPENDENCY_OF", false},
    Edge{"HAS_PREREQUISITE", true},
    Edge{"PREREQUISITE_FOR", false},
    Edge{"DYNAMIC_LINK", true},
    Edge{"STATIC_LINK", true},
};

class Spdx {
 public:
  Spdx(const Value& root, SbomBuilder builder) : root_(root), builder_(std::move(builder)) {}

  Result<Inventory> read() {
    find_roots();
    for (const Value& package : root_["packages"].items()) TRY_DO(read_package(package));
    // Of a document about nothing but what it describes, that is the list.
    if (!builder_.has_packages()) {
      for (SbomComponent& described : described_) TRY_DO(builder_.add(std::move(described)));
    }
    for (const Value& relation : root_["relationships"].items()) read_relation(relation);
    return builder_.finish();
  }

 private:
  void find_roots() {
    for (const Value& id : root_["documentDescribes"].items()) roots_.emplace(id.string());
    for (const Value& relation : root_["relationships"].items()) {
      const auto from = relation["spdxElementId"].text(),
                 to = relation["relatedSpdxElement"].text();
      const auto type = relation["relationshipType"].text();
      if (type == "DESCRIBES" && from == "SPDXRef-DOCUMENT") roots_.emplace(to);
      if (type == "DESCRIBED_BY" && to == "SPDXRef-DOCUMENT") roots_.emplace(from);
      if (type.starts_with("DEV_") || type.starts_with("TEST_") || type.starts_with("BUILD_"))
        development_.emplace(from);
      else if (const auto edge = std::ranges::find(needs, type, &Edge::name); edge != needs.end())
        runs_.emplace(edge->forward ? to : from);
    }
  }

  void read_relation(const Value& relation) {
    const auto type = relation["relationshipType"].text();
    const auto from = builder_.ref(relation["spdxElementId"].text()),
               to = builder_.ref(relation["relatedSpdxElement"].text());
    const auto edge = std::ranges::find(needs, type, &Edge::name);
    if (edge != needs.end()) {
      if (edge->forward)
        builder_.needs(from, to);
      else
        builder_.needs(to, from);
    } else if (type == "CONTAINS" || (type == "OTHER" && relation["comment"].text().starts_with(
                                                             "ownership-by-file-overlap"))) {
      // Ours and Syft's word for a package whose files belong to one of the system.
      builder_.owned(to, from);
    }
  }

  // The image, the system or a lock file: nothing that is installed.
  bool is_no_package(const Value& package, const SbomComponent& component) {
    const auto purpose = package["primaryPackagePurpose"].text();
    const bool foreign = component.purl.empty() || component.purl.starts_with("pkg:oci/") ||
                         component.purl.starts_with("pkg:docker/");
    if (purpose == "OPERATING-SYSTEM" || purpose == "OPERATING_SYSTEM") {
      Distribution& out = builder_.distribution();
      out.id = component.package.name;
      out.version_id = component.package.version;
      return true;
    }
    if (!foreign) return false;
    const bool root = roots_.contains(component.ref);
    if (root || purpose == "CONTAINER") {
      if (is_digest(component.package.version))
        builder_.image().manifest_digest = component.package.version;
      return true;
    }
    // Trivy's lock files, and files that a package is listed for.
    return purpose == "FILE" || (purpose == "APPLICATION" && component.package.version.empty());
  }

  Result<> read_package(const Value& value) {
    SbomComponent out;
    Package& package = out.package;
    out.ref = value["SPDXID"].string();
    package.name = value["name"].string();
    package.version = stated(value["versionInfo"]);
    package.supplier = party(value["supplier"]);
    if (package.supplier.empty()) package.supplier = party(value["originator"]);
    package.homepage = stated(value["homepage"]);
    const std::string text =
        stated(value["summary"]).empty() ? stated(value["description"]) : stated(value["summary"]);
    package.description = text.substr(0, text.find('\n'));
    package.development = development_.contains(out.ref) && !runs_.contains(out.ref);
    for (const Value& reference : value["externalRefs"].items()) {
      // SPDX 2.2 has it as an address too: "http://spdx.org/rdf/references/purl".
      auto type = reference["referenceType"].text();
      type.remove_prefix(type.rfind('/') + 1);
      if (type == "purl" && out.purl.empty()) out.purl = reference["referenceLocator"].string();
      if (type == "cpe23Type") package.cpes.push_back(reference["referenceLocator"].string());
    }
    const bool skipped = is_no_package(value, out);
    const auto purpose = value["primaryPackagePurpose"].text();
    const bool is_software = purpose.empty() || purpose == "APPLICATION" || purpose == "LIBRARY" ||
                             purpose == "FRAMEWORK" || purpose == "SOURCE";
    const bool described = skipped && is_software && roots_.contains(out.ref) && out.purl.empty() &&
                           !is_digest(package.version) && described_.size() < max_described;
    if (skipped && !described) return {};
    for (const Value& sum : value["checksums"].items()) {
      package.hashes.emplace_back(hash_name(sum["algorithm"].text()),
                                  lower(sum["checksumValue"].text()));
    }
    // What the package says of itself; what somebody concluded only where it says nothing.
    const std::string declared = stated(value["licenseDeclared"]);
    out.licences.push_back(declared.empty() ? stated(value["licenseConcluded"]) : declared);
    read_source_info(value["sourceInfo"].text(), out);
    if (!described) return builder_.add(std::move(out));
    described_.push_back(std::move(out));
    return {};
  }

  static void read_source_info(std::string_view text, SbomComponent& out) {
    constexpr std::string_view built = "built package from: ", our_own = "found in ",
                               from = "; built from ";
    if (text.starts_with(built)) {
      const auto parts = words(text.substr(built.size()));
      if (!parts.empty()) out.package.source_name = parts[0];
      if (parts.size() > 1) out.package.source_version = parts[1];
    } else if (const auto at = text.rfind(from);
               text.starts_with(our_own) && at != std::string_view::npos) {
      const auto parts = words(text.substr(at + from.size()));
      // Other sources stand in the purl.
      if (parts.size() == 2 && parts[0] == out.package.name) out.package.source_version = parts[1];
    } else if (text.starts_with("acquired package info from ")) {
      const auto paths = cut(text, ": ");
      if (paths)
        out.seen.emplace_back(trim(paths->second.substr(0, paths->second.find(", "))),
                              std::string());
    }
  }

  const Value& root_;
  SbomBuilder builder_;
  std::unordered_set<std::string> roots_, development_, runs_;
  std::vector<SbomComponent> described_;  // not taken for packages unless there is no other
};

}  // namespace

Result<Inventory> read_spdx(const Value& root, SbomBuilder builder) {
  return Spdx(root, std::move(builder)).read();
}

}  // namespace boltseal
