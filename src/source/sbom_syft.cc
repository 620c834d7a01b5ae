// Syft's own JSON, schema 1 to 16: https://github.com/anchore/syft/tree/main/schema/json
//
// Richer than its CycloneDX: the distribution, the layers, where each package was found, and who
// owns whose files
// ("ownership-by-file-overlap", parent owns child). "dependency-of" reads: the parent is needed by
// the child. The files of the image and what they contain are not read.
#include "source/sbom_model.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "source/config.h"

namespace boltseal {
namespace {

class Syft {
 public:
  Syft(const Value& root, SbomBuilder builder) : root_(root), builder_(std::move(builder)) {}

  Result<Inventory> read() {
    read_distribution(root_["distro"]);
    read_image(root_["source"]);
    for (const Value& artifact : root_["artifacts"].items()) TRY_DO(read_artifact(artifact));
    for (const Value& relation : root_["artifactRelationships"].items()) {
      const auto type = relation["type"].text();
      if (type == "dependency-of")
        builder_.needs(builder_.ref(relation["child"].text()),
                       builder_.ref(relation["parent"].text()));
      if (type == "ownership-by-file-overlap")
        builder_.owned(builder_.ref(relation["child"].text()),
                       builder_.ref(relation["parent"].text()));
    }
    return builder_.finish();
  }

 private:
  void read_distribution(const Value& distro) {
    Distribution& out = builder_.distribution();
    // Before schema 3 the id was called "name".
    out.id = distro["id"].is_text() ? distro["id"].string() : lower(distro["name"].text());
    out.version_id =
        distro["versionID"].is_text() ? distro["versionID"].string() : distro["version"].string();
    out.codename = distro["versionCodename"].string();
    out.name = distro["prettyName"].string();
    out.cpe = distro["cpeName"].string();
    for (const Value& like : distro["idLike"].items()) out.id_like.push_back(like.string());
  }

  void read_image(const Value& source) {
    const Value& data = source["metadata"] ? source["metadata"] : source["target"];
    ImageInfo& image = builder_.image();
    std::vector<LayerInfo> layers;
    for (const Value& layer : data["layers"].items()) {
      if (!is_digest(layer["digest"].text()) || layers.size() >= max_image_layers) return;
      layers.push_back({{}, layer["digest"].string(), layer["mediaType"].string(), 0, {}});
    }
    // The config says who made which layer; without a sound one the diff_ids alone must do.
    if (const auto config = decode_base64(data["config"].text()); config && !layers.empty()) {
      auto whole = image_from_config(*config, layers, "image config");
      if (whole) {
        whole->reference = image.reference;
        whole->kind = image.kind;
        image = std::move(*whole);
      }
    }
    if (image.layers.empty()) image.layers = std::move(layers);
    if (is_digest(data["manifestDigest"].text()))
      image.manifest_digest = data["manifestDigest"].string();
    if (is_digest(data["imageID"].text())) image.config_digest = data["imageID"].string();
  }

  Result<> read_artifact(const Value& artifact) {
    SbomComponent out;
    Package& package = out.package;
    out.ref = artifact["id"].string();
    out.purl = artifact["purl"].string();
    out.ecosystem = artifact["type"].string();
    package.name = artifact["name"].string();
    package.version = artifact["version"].string();
    // A licence is an object since schema 10, a text before.
    for (const Value& licence : artifact["licenses"].items()) {
      if (licence.is_text())
        (licence.text().contains(' ') ? out.licence_names : out.licences)
            .push_back(licence.string());
      else if (!licence["spdxExpression"].text().empty())
        out.licences.push_back(licence["spdxExpression"].string());
      else
        out.licence_names.push_back(licence["value"].string());
    }
    for (const Value& cpe : artifact["cpes"].items()) {
      package.cpes.push_back(cpe.is_text() ? cpe.string() : cpe["cpe"].string());
    }
    read_metadata(artifact["metadata"], package);
    read_places(artifact["locations"], out);
    return builder_.add(std::move(out));
  }

  static void read_metadata(const Value& data, Package& package) {
    package.arch = data["architecture"].string();
    package.source_name =
        data["source"].is_text() ? data["source"].string() : data["originPackage"].string();
    package.source_version = data["sourceVersion"].string();
    for (const char* key : {"maintainer", "vendor", "author"}) {
      if (package.supplier.empty()) package.supplier = data[key].string();
    }
    const std::string_view text = data["description"].text();
    package.description = text.substr(0, text.find('\n'));
    package.homepage =
        data["homepage"].is_text() ? data["homepage"].string() : data["url"].string();
  }

  // The primary places; all of them in documents that do not tell.
  static void read_places(const Value& places, SbomComponent& out) {
    for (const bool primary : {true, false}) {
      for (const Value& place : places.items()) {
        if (primary && place["annotations"]["evidence"].text() != "primary") continue;
        if (out.seen.size() < 100)
          out.seen.emplace_back(place["path"].string(), place["layerID"].string());
      }
      if (!out.seen.empty()) return;
    }
  }

  const Value& root_;
  SbomBuilder builder_;
};

}  // namespace

Result<Inventory> read_syft(const Value& root, SbomBuilder builder) {
  return Syft(root, std::move(builder)).read();
}

}  // namespace boltseal
