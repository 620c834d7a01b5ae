// Tells the SBOM formats apart by content and takes them out of their wrappers: an in-toto
// statement (https://github.com/in-toto/attestation) with the SBOM as predicate, as `cosign attest`
// makes them, and around it a DSSE envelope. The envelope's signature is not checked here: that is
// another command's job, and a report says "sbom:".
#include "source/sbom.h"

#include "base/text.h"
#include "codec/unicode.h"
#include "source/sbom_model.h"

namespace boltseal {
namespace {

constexpr int max_wrappers = 4;

Result<Inventory> read_tree(const Value& outer, const std::string& reference,
                            const std::string& file, int depth);

Result<Inventory> unwrap(const Value& root, const std::string& reference, const std::string& file,
                         int depth) {
  if (depth >= max_wrappers) return fail(Fault::too_large, "wrapped too deep", file);
  if (root["payload"].is_text() && root["payloadType"].is_text()) {  // DSSE
    auto payload = decode_base64(root["payload"].text());
    if (!payload) return fail(Fault::corrupt, "DSSE payload: " + payload.error().what, file);
    TRY(const Document inner, parse_json(*payload));
    return read_tree(inner.root(), reference, file, depth + 1);
  }
  const Value& predicate = root["predicate"];
  const Value& data =
      predicate["Data"];  // cosign before 1.13 wrapped the document once more, as text or tree
  if (data.is_text()) {
    TRY(const Document inner, parse_json(data.text()));
    return read_tree(inner.root(), reference, file, depth + 1);
  }
  return read_tree(data.is_object() ? data : predicate, reference, file, depth + 1);
}

Result<Inventory> read_tree(const Value& root, const std::string& reference,
                            const std::string& file, int depth) {
  const auto builder = [&](const char* format) { return SbomBuilder(reference, file, format); };
  if (root["bomFormat"].text() == "CycloneDX") return read_cyclonedx(root, builder("CycloneDX"));
  if (root["spdxVersion"].text().starts_with("SPDX-2.")) return read_spdx(root, builder("SPDX"));
  if (root["artifacts"].is_array() && (root["descriptor"] || root["schema"]))
    return read_syft(root, builder("Syft"));
  if (root["SchemaVersion"].integer() == 2 && (root["ArtifactName"] || root["Results"])) {
    return read_trivy(root, builder("Trivy"));
  }
  if (root["payload"] || root["predicate"]) return unwrap(root, reference, file, depth);
  const bool spdx3 = root["@context"].text().contains("spdx.org/rdf/3") ||
                     root["spdxVersion"].text().starts_with("SPDX-3");
  return fail(
      Fault::unsupported,
      std::string(spdx3 ? "SPDX 3 is not read" : "no SBOM that we know") +
          "; there is CycloneDX (JSON, XML), SPDX 2 (JSON, tag-value), Syft JSON and Trivy JSON",
      file);
}

Result<Inventory> placed(Result<Inventory> result, const std::string& file) {
  if (!result && result.error().where.empty()) result.error().where = file;
  return result;
}

}  // namespace

Result<Inventory> read_sbom(std::string_view bytes, const std::string& reference,
                            const std::string& file) {
  if (bytes.size() > max_sbom_bytes) return fail(Fault::too_large, "an SBOM of over 512 MiB", file);
  const auto decoded = utf8_of_utf16(bytes);
  if (decoded) bytes = *decoded;
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  const auto start = trim(bytes.substr(0, 65536));
  if (start.starts_with('{')) {
    const auto tree = parse_json(bytes);
    if (!tree) return fail(tree.error().fault, tree.error().what, file, tree.error().offset);
    return placed(read_tree(tree->root(), reference, file, 0), file);
  }
  if (start.starts_with('<')) {
    const auto tree = cyclonedx_from_xml(bytes);
    if (!tree) return fail(tree.error().fault, tree.error().what, file, tree.error().offset);
    return placed(read_cyclonedx(tree->root(), SbomBuilder(reference, file, "CycloneDX")), file);
  }
  if (start.contains("SPDXVersion:")) {
    const auto tree = spdx_from_tag_value(bytes);
    if (!tree) return fail(tree.error().fault, tree.error().what, file, tree.error().offset);
    return placed(read_tree(tree->root(), reference, file, 0), file);
  }
  return fail(Fault::unsupported, "no SBOM: neither JSON, XML nor SPDX tag-value", file);
}

}  // namespace boltseal
