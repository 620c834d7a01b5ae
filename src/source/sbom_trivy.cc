// Trivy's JSON report, schema version 2:
// https://trivy.dev/latest/docs/configuration/reporting/#json
//
// Read for its packages (Results[].Packages, which an image report has by default since 0.57 and
// with --list-all-pkgs before); its findings are not taken over, because the matching is ours.
// "DependsOn" names ids that are unique in one result only.
#include <fmt/format.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "source/config.h"
#include "source/sbom_model.h"

namespace boltseal {
namespace {

// [epoch:]version[-release]
std::string full_version(const Value& package, const char* version, const char* release,
                         const char* epoch) {
  std::string out = package[version].string();
  if (out.empty()) return out;
  if (const auto text = package[release].text(); !text.empty()) out += "-" + std::string(text);
  if (const auto number = package[epoch].integer(); number && *number > 0)
    out = std::to_string(*number) + ":" + out;
  return out;
}

class Trivy {
 public:
  Trivy(const Value& root, SbomBuilder builder) : root_(root), builder_(std::move(builder)) {}

  Result<Inventory> read() {
    read_image(root_["Metadata"]);
    bool findings = false;
    std::size_t number = 0;
    for (const Value& result : root_["Results"].items()) {
      findings = findings || !result["Vulnerabilities"].items().empty();
      ++number;
      for (const Value& package : result["Packages"].items())
        TRY_DO(read_package(package, result, number));
    }
    if (!builder_.has_packages() && findings) {
      return fail(Fault::unsupported,
                  "a Trivy report without packages: make it with --list-all-pkgs");
    }
    return builder_.finish();
  }

 private:
  void read_image(const Value& data) {
    builder_.distribution().id = data["OS"]["Family"].string();
    builder_.distribution().version_id = data["OS"]["Name"].string();
    ImageInfo& image = builder_.image();
    const Value& config = data["ImageConfig"];
    for (const Value& diff_id : data["DiffIDs"].items()) {
      if (!is_digest(diff_id.text()) || image.layers.size() >= max_image_layers) break;
      const Value& layer = data["Layers"][image.layers.size()];
      const bool known =
          layer["DiffID"].text() == diff_id.text() && is_digest(layer["Digest"].text());
      image.layers.push_back(
          {known ? layer["Digest"].string() : std::string(), diff_id.string(), {}, 0, {}});
    }
    for (const Value& name : data["RepoDigests"].items()) {
      const auto digest = name.text().substr(name.text().find('@') + 1);
      if (is_digest(digest)) image.manifest_digest = digest;
    }
    if (is_digest(data["ImageID"].text())) image.config_digest = data["ImageID"].string();
    image.os = config["os"].string();
    image.architecture = config["architecture"].string();
    image.created = config["created"].string();
    image.user = config["config"]["User"].string();
    for (const auto& [key, value] : config["config"]["Labels"].members())
      image.labels.emplace_back(key, value.scalar());
    std::vector<std::string> makers;
    for (const Value& step : config["history"].items()) {
      image.history.push_back(step["created_by"].string());
      if (!step["empty_layer"].boolean()) makers.push_back(image.history.back());
    }
    if (makers.size() != image.layers.size()) return;
    for (std::size_t i = 0; i < makers.size(); ++i)
      image.layers[i].created_by = std::move(makers[i]);
  }

  Result<> read_package(const Value& value, const Value& result, std::size_t number) {
    SbomComponent out;
    Package& package = out.package;
    const auto ref = [&](std::string_view id) { return fmt::format("{}/{}", number, id); };
    out.ref = ref(value["ID"].text());
    out.purl = value["Identifier"]["PURL"].string();
    out.ecosystem = said_for_many(result["Type"].text());
    package.name = value["Name"].string();
    package.version = full_version(value, "Version", "Release", "Epoch");
    package.arch = value["Arch"].string();
    package.source_name = value["SrcName"].string();
    package.source_version = full_version(value, "SrcVersion", "SrcRelease", "SrcEpoch");
    package.module = value["Modularitylabel"].string();
    package.supplier = value["Maintainer"].string();
    package.development = value["Dev"].boolean();
    // Trivy turns most into SPDX ids; a licence's whole text comes with a mark.
    for (const Value& licence : value["Licenses"].items()) {
      const auto text = licence.text();
      const bool id =
          !text.starts_with("text://") && !text.starts_with("file://") && !text.contains(' ');
      (id ? out.licences : out.licence_names).emplace_back(text);
    }
    if (const auto digest = cut(value["Digest"].text(), ":"))
      package.hashes.emplace_back(digest->first, digest->second);
    // A lock file is the target itself.
    const bool target = result["Class"].text() == "lang-pkgs" && value["FilePath"].text().empty();
    const std::string layer = is_digest(value["Layer"]["DiffID"].text())
                                  ? value["Layer"]["DiffID"].string()
                                  : value["Layer"]["Digest"].string();
    out.seen.emplace_back(
        target ? said_for_many(result["Target"].text()) : value["FilePath"].string(), layer);
    const auto own = builder_.ref(out.ref);
    for (const Value& needed : value["DependsOn"].items())
      builder_.needs(own, builder_.ref(ref(needed.text())));
    return builder_.add(std::move(out));
  }

  const Value& root_;
  SbomBuilder builder_;
};

}  // namespace

Result<Inventory> read_trivy(const Value& root, SbomBuilder builder) {
  return Trivy(root, std::move(builder)).read();
}

}  // namespace boltseal
