// The config of an image (OCI image-spec "config.md"; Docker's image v1.2 config is the same in
// what we read) as ImageInfo.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inventory/image.h"
#include "net/manifest.h"

namespace boltseal {

constexpr std::size_t max_image_layers = 1000;
constexpr std::uint64_t max_config_bytes = 16ULL << 20;
constexpr std::uint64_t max_manifest_bytes = 4ULL << 20;

// `layers` come from the manifest, lowest first: digest, media_type and size (all empty for a
// docker-archive). What comes back holds them with diff_id and created_by; kind is "image",
// reference and both digests are left to the caller. Corrupt: the number of diff_ids is not the
// number of layers, a digest is none. `where` names the config in errors.
Result<ImageInfo> image_from_config(std::string_view config_json, std::vector<LayerInfo> layers,
                                    const std::string& where);

// Whether the image is for the platform asked for (empty: any is right). `by` is what the index
// says that the image was taken from, which counts before the config: runtimes choose by it, and
// old configs have no variant.
Result<> check_platform(const ImageInfo& info, const Platform& by, const std::string& wanted,
                        const std::string& where);

}  // namespace boltseal
