// What the readers of the SBOM formats have in common: they hand over components, edges and what
// was seen of the image, and get an Inventory in our order. Only the sbom_*.cc files include this.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codec/value.h"
#include "inventory/image.h"

namespace boltseal {

struct SbomComponent {
  std::string ref;  // its id inside the document; may be empty
  Package package;  // what the document says; the purl completes and corrects it
  std::string purl;
  std::string ecosystem;  // the tool's own word for the type ("java-archive", "gobinary"), where
                          // there is no purl
  std::vector<std::string> licences;       // SPDX ids and expressions
  std::vector<std::string> licence_names;  // licences that the document does not call SPDX ones
  std::vector<std::pair<std::string, std::string>>
      seen;  // {path, digest or diff_id of the layer}, both may be empty
};

// What a document says once for many packages, which each repeat it: "" where that is longer than
// any path or word.
inline std::string said_for_many(std::string_view text) {
  return std::string(text.size() > 4096 ? std::string_view{} : text);
}

class SbomBuilder {
 public:
  // `format` names the kind of document in evidence and unknowns: "CycloneDX", "SPDX", …
  SbomBuilder(const std::string& reference, std::string file, std::string format);

  Result<> add(SbomComponent component);  // too_large over a million
  // A number for an id of the document, which is long as it likes and named in many relations.
  std::uint32_t ref(std::string_view id);
  void needs(std::uint32_t package, std::uint32_t needed) { needs_.emplace_back(package, needed); }
  void owned(std::uint32_t package, std::uint32_t owner) { owned_.emplace_back(package, owner); }
  void unknown(Fault fault, std::string what);
  Distribution& distribution() { return inventory_.distribution; }
  ImageInfo& image() { return inventory_.image; }
  bool has_packages() const { return !inventory_.packages.empty(); }

  Inventory finish();

 private:
  void complete(SbomComponent& component);
  void place(SbomComponent& component);
  void set_licence(SbomComponent& component);
  void settle_distribution();
  std::vector<std::uint32_t> sort_packages();

  Inventory inventory_;
  std::string file_, format_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> needs_, owned_;
  std::unordered_map<std::string, std::uint32_t> refs_;  // looked up only
  std::unordered_map<std::string, std::uint32_t>
      layer_of_;  // by diff_id and digest; looked up only
  std::size_t layers_known_ = 0;
  std::unordered_map<std::uint32_t, std::uint32_t> by_ref_;  // looked up only
  std::vector<std::pair<Distribution, std::uint32_t>>
      distributions_;  // of purls, with how many say so
};

// What SPDX ids, expressions and names declare, as one expression; what is none becomes a
// LicenseRef-. "" for nothing, NONE and NOASSERTION. `whole` becomes false where there are more
// than can be said in one.
std::string licence_expression(const std::vector<std::string>& licences,
                               const std::vector<std::string>& names, bool& whole);

// "SHA-256", "SHA256", "sha256" → "sha256".
std::string hash_name(std::string_view name);

// RFC 4648, with or without padding; corrupt for anything else.
Result<std::string> decode_base64(std::string_view text);

// One per format; `root` is a tree that sbom.cc found to be theirs.
Result<Inventory> read_cyclonedx(const Value& root, SbomBuilder builder);
Result<Inventory> read_spdx(const Value& root, SbomBuilder builder);
Result<Inventory> read_syft(const Value& root, SbomBuilder builder);
Result<Inventory> read_trivy(const Value& root, SbomBuilder builder);
// The same trees from the other spellings.
Result<Document> cyclonedx_from_xml(std::string_view bytes);
Result<Document> spdx_from_tag_value(std::string_view bytes);

}  // namespace boltseal
