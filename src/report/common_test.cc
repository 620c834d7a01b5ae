#include "report/common.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

TEST(ImagePurl, NamesTheRepositoryOnlyWhenThereIsOne) {
  ImageInfo image{.reference = "ghcr.io/acme/App:1.2",
                  .kind = "image",
                  .manifest_digest = "sha256:ab",
                  .config_digest = {},
                  .os = "linux",
                  .architecture = "arm64",
                  .variant = {},
                  .created = {},
                  .user = {},
                  .labels = {},
                  .layers = {},
                  .history = {},
                  .index_digests = {}};
  EXPECT_EQ(image_purl(image),
            "pkg:oci/app@sha256:ab?arch=arm64&repository_url=ghcr.io%2Facme%2Fapp");
  image.reference = "oci:webapp";
  EXPECT_EQ(image_purl(image), "pkg:oci/webapp@sha256:ab?arch=arm64");
  image.reference = "oci:a.b/Img:1.0";
  EXPECT_EQ(image_purl(image), "pkg:oci/img@sha256:ab?arch=arm64");
  image.reference = "docker:ghcr.io/acme/app:ci";
  EXPECT_EQ(image_purl(image),
            "pkg:oci/app@sha256:ab?arch=arm64&repository_url=ghcr.io%2Facme%2Fapp");
  image.kind = "sbom";
  EXPECT_EQ(image_purl(image), "");
  image.kind = "image";
  image.manifest_digest.clear();
  EXPECT_EQ(image_purl(image), "");
}

TEST(Timestamps, AreThoseOfARealDay) {
  EXPECT_TRUE(is_timestamp("2024-02-29T23:59:59.5Z"));
  EXPECT_TRUE(is_timestamp("2024-02-29T23:59:59+09:00"));
  EXPECT_FALSE(is_timestamp("2026-99-99T99:99:99Z"));
  EXPECT_FALSE(is_timestamp("2023-02-29T00:00:00Z"));
  EXPECT_EQ(utc_seconds("2024-03-01T08:30:00.25+09:00"), "2024-02-29T23:30:00Z");
  EXPECT_EQ(utc_seconds("2024-03-01"), "2024-03-01T00:00:00Z");
  EXPECT_EQ(utc_seconds("2024-13-01"), "");
}

}  // namespace
}  // namespace boltseal
