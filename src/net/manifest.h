// Manifests and indexes of images: OCI image-spec 1.1 and Docker's schema 2 with its manifest list,
// which differ in names only. Used by the registry client and by whatever else reads an OCI layout.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json_writer.h"

namespace boltseal {

constexpr std::string_view oci_manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view oci_index_type = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view oci_config_type = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view oci_empty_type = "application/vnd.oci.empty.v1+json";
constexpr std::string_view oci_empty_bytes = "{}";

using Annotations = std::map<std::string, std::string>;

struct Platform {
  std::string os, architecture, variant;
  explicit operator bool() const { return !os.empty() || !architecture.empty(); }
  std::string text() const;  // "linux/arm64/v8"
};

struct Descriptor {
  std::string media_type;
  std::string digest;  // is_digest holds
  std::uint64_t size = 0;
  Platform platform;     // of an index entry, where it says so
  std::string ref_name;  // annotation org.opencontainers.image.ref.name
  bool attestation =
      false;  // an index entry that describes another one (BuildKit's provenance), not an image
  std::string artifact_type{};
  Annotations annotations{};
};

struct Manifest {
  std::string media_type;
  bool is_index = false;
  std::vector<Descriptor> manifests;  // of an index
  Descriptor config;                  // of an image
  std::vector<Descriptor> layers;     // of an image, lowest first
  // Of artefacts; an image has none of them.
  std::string artifact_type{};
  std::optional<Descriptor> subject{};
  Annotations annotations{};
};

// `content_type` is what a transport says of the body ("" when it says nothing). A body that is a
// manifest and an index at once, or that calls itself other than the transport does, is refused
// (CVE-2021-41190). Docker schema 1 and things that are no image (charts, signatures) are
// unsupported. `urls` of foreign layers are not read at all.
Result<Manifest> parse_manifest(std::string_view body, std::string_view content_type,
                                const std::string& where);

// The same for any manifest or index, whatever it carries: signatures, attestations, charts. The
// artifact type is the config's media type where the manifest names none.
Result<Manifest> parse_artifact(std::string_view body, std::string_view content_type,
                                const std::string& where);

// The JSON of a manifest or index, on one line. An empty member is left out.
std::string write_manifest(const Manifest& manifest);
void write_descriptor(JsonWriter& json, const Descriptor& descriptor);
// Whether an entry of an index is attached to an image rather than one: it has an artifact type, or
// the tag of a list of signatures or referrers.
bool is_attachment(const Descriptor& entry);
// "{}" as a config, for artefacts that have none.
Descriptor empty_config();

// "linux/arm64/v8", "arm64", "linux"; what is left out, or all of it, is this machine's (the system
// is always linux).
Result<Platform> parse_platform(std::string_view text);
// Whether an image for `has` runs on `wanted`: variants of arm go downwards, v8 of arm64 is no
// variant.
bool platform_fits(const Platform& has, const Platform& wanted);

// The entry of an index for `platform` (as SourceOptions writes it). With an empty text an index of
// one image gives that, whatever its platform. not_found lists what there is.
Result<Descriptor> choose_platform(const Manifest& index, std::string_view platform,
                                   const std::string& where);

}  // namespace boltseal
