#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "source/blob_store.h"
#include "source/source.h"
#include "source/temporary_test.h"

namespace boltseal {
namespace {

Result<Opened> open(const TemporaryFolder& folder, const std::string& name = {},
                    const std::string& platform = {}) {
  SourceOptions options;
  options.platform = platform;
  return open_source("oci:" + folder.path() + (name.empty() ? "" : ":" + name), options);
}

// The bytes of the only layer, or the error.
std::string layer_of(const Result<Opened>& opened) {
  if (!opened) return "error: " + opened.error().message();
  const auto& image = std::get<OpenedImage>(*opened);
  const auto bytes = image.open_layer(0);
  if (!bytes) return "error: " + bytes.error().message();
  std::string out(bytes->length.value_or(0), '\0');
  EXPECT_EQ(::pread(bytes->fd.get(), out.data(), out.size(), static_cast<off_t>(bytes->offset)),
            static_cast<ssize_t>(out.size()));
  return out;
}

std::string entry(const TestImage& image, const std::string& extra = {}) {
  return descriptor("manifest.v1+json", image.digest, image.body.size(), extra);
}
std::string named(const std::string& name) {
  return R"("annotations": {"org.opencontainers.image.ref.name": ")" + name + R"("})";
}
std::string platform(const std::string& architecture) {
  return R"("platform": {"os": "linux", "architecture": ")" + architecture + R"("})";
}

TEST(OciLayout, OpensTheOnlyImageWithoutATag) {
  const TemporaryFolder folder;
  write_index(folder, entry(add_image(folder, "one")));
  const auto opened = open(folder);
  EXPECT_EQ(layer_of(opened), "one");
  const auto& info = std::get<OpenedImage>(*opened).info;
  EXPECT_EQ(info.kind, "image");
  EXPECT_EQ(info.architecture, "amd64");
  EXPECT_TRUE(info.manifest_digest.starts_with("sha256:"));
  EXPECT_EQ(info.layers.at(0).diff_id, sha256_digest("one"));
  EXPECT_EQ(info.layers.at(0).digest, sha256_digest("one"));
}

TEST(OciLayout, ChoosesByTagNameOrDigest) {
  const TemporaryFolder folder;
  const auto a = add_image(folder, "one"), b = add_image(folder, "two");
  write_index(folder, entry(a, named("v1")) + "," + entry(b, named("reg.example/app:v2")));
  EXPECT_EQ(layer_of(open(folder, "v1")), "one");
  EXPECT_EQ(layer_of(open(folder, "v2")), "two");
  EXPECT_EQ(layer_of(open(folder, "reg.example/app:v2")), "two");
  EXPECT_EQ(layer_of(open_source("oci:" + folder.path() + "@" + b.digest, {})), "two");
  EXPECT_NE(layer_of(open(folder)).find("several images"), std::string::npos);
  EXPECT_NE(layer_of(open(folder, "v3")).find("there is v1, reg.example/app:v2"),
            std::string::npos);
}

TEST(OciLayout, ReadsContainerdNamesAndOneImageUnderTwoTags) {
  const TemporaryFolder folder;
  const auto a = add_image(folder, "one");
  const std::string name =
      R"("annotations": {"io.containerd.image.name": "docker.io/library/app:7"})";
  write_index(folder, entry(a, name) + "," + entry(a, named("latest")));
  EXPECT_EQ(layer_of(open(folder, "7")), "one");
  EXPECT_EQ(layer_of(open(folder, "app:7")), "one");
  EXPECT_EQ(layer_of(open(folder)), "one");
}

TEST(OciLayout, ChoosesThePlatformInsideANestedIndex) {
  const TemporaryFolder folder;
  const auto intel = add_image(folder, "intel", "amd64"), arm = add_image(folder, "arm", "arm64");
  const std::string index = R"({"schemaVersion": 2, "manifests": [)" +
                            entry(intel, platform("amd64")) + "," + entry(arm, platform("arm64")) +
                            "]}";
  write_index(folder,
              descriptor("index.v1+json", folder.blob(index), index.size(), named("latest")));
  EXPECT_EQ(layer_of(open(folder, "latest", "linux/arm64")), "arm");
  EXPECT_EQ(std::get<OpenedImage>(*open(folder, "latest", "linux/arm64")).info.index_digests,
            (std::vector<std::string>{sha256_digest(index)}));
  EXPECT_EQ(layer_of(open(folder, "", "linux/amd64")), "intel");
  EXPECT_TRUE(layer_of(open(folder, "", "linux/s390x")).starts_with("error"));
  write_index(folder, entry(intel, platform("amd64")) + "," + entry(arm, platform("arm64")));
  EXPECT_EQ(layer_of(open(folder, "", "linux/arm64")), "arm");
  write_index(folder, entry(arm));
  EXPECT_NE(layer_of(open(folder, "", "linux/amd64")).find("is for linux/arm64"),
            std::string::npos);
}

TEST(OciLayout, RefusesOneNameForTwoImages) {
  const TemporaryFolder folder;
  const auto one = add_image(folder, "one"), two = add_image(folder, "two");
  const std::string extra = named("1") + "," + platform("amd64");
  write_index(folder, entry(one, extra) + "," + entry(two, extra));
  for (const char* name : {"", "1"})
    EXPECT_NE(layer_of(open(folder, name)).find("two images for linux/amd64 have one name"),
              std::string::npos);
  EXPECT_EQ(layer_of(open_source("oci:" + folder.path() + "@" + two.digest, {})), "two");
}

// The config of an image for arm may lack the variant, by which runtimes choose in the index.
TEST(OciLayout, BelievesAnIndexAboutThePlatform) {
  const TemporaryFolder folder;
  const auto image = add_image(folder, "v6", "arm");
  write_index(folder, entry(image, R"("platform": {"os": "linux", "architecture": "arm", )"
                                   R"("variant": "v6"})"));
  EXPECT_EQ(layer_of(open(folder, "", "linux/arm/v6")), "v6");
  EXPECT_TRUE(layer_of(open(folder, "", "linux/arm/v5")).starts_with("error"));
}

TEST(OciLayout, RefusesBlobsThatAreNotWhatTheirDigestSays) {
  const TemporaryFolder folder;
  const auto image = add_image(folder, "one");
  write_index(folder, entry(image));
  folder.write("blobs/sha256/" + image.digest.substr(7), image.body + " ");
  EXPECT_EQ(open(folder).error().fault, Fault::corrupt);
  folder.write("blobs/sha256/" + image.digest.substr(7), image.body);
  folder.write("blobs/sha256/" + sha256_hex("one"), "longer than it was");
  EXPECT_NE(layer_of(open(folder)).find("the manifest says 3"), std::string::npos);
}

TEST(OciLayout, RefusesWaysOutOfTheFolder) {  // security-record rows 2 and 4
  const TemporaryFolder outside, folder;
  const auto image = add_image(outside, "one");
  std::filesystem::create_directories(folder.path("blobs"));
  std::filesystem::create_directory_symlink(outside.path("blobs/sha256"),
                                            folder.path("blobs/sha256"));
  write_index(folder, entry(image));
  EXPECT_EQ(open(folder).error().fault, Fault::corrupt);
  for (const std::string& bad : std::vector<std::string>{
           "sha256:../../../etc/passwd", "sha256:", "../x", "sha512:" + image.digest.substr(7)}) {
    write_index(folder, entry({bad, image.body}));
    EXPECT_EQ(open(folder).error().fault, Fault::corrupt) << bad;
  }
  const auto store = folder_store(folder.path());
  ASSERT_TRUE(store);
  for (const char* path :
       {"../x", "blobs/../../x", "/etc/passwd", "blobs/sha256/x", "blobs", "."}) {
    EXPECT_FALSE((*store)->open(path)) << path;
  }
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  EXPECT_FALSE((*store)->open("pipe"));  // and does not wait for a writer
}

TEST(OciLayout, RefusesAManifestThatIsAnIndexToo) {  // row 23
  const TemporaryFolder folder;
  const auto image = add_image(folder, "one");
  std::string both = image.body;
  both.insert(1, R"("manifests": [], )");
  write_index(folder, descriptor("manifest.v1+json", folder.blob(both), both.size()));
  EXPECT_EQ(open(folder).error().fault, Fault::corrupt);
  const std::string lying =
      R"({"mediaType": "application/vnd.oci.image.index.v1+json", )" + image.body.substr(1);
  write_index(folder, descriptor("manifest.v1+json", folder.blob(lying), lying.size()));
  EXPECT_EQ(open(folder).error().fault, Fault::corrupt);
}

TEST(OciLayout, BoundsWhatItReads) {  // row 9
  const TemporaryFolder folder;
  folder.write("index.json", "");
  std::filesystem::resize_file(folder.path("index.json"), 5'000'000'000);
  EXPECT_EQ(open(folder).error().fault, Fault::too_large);
  // An index that leads to an index, and so on.
  auto image = add_image(folder, "one");
  std::string inner = entry(image);
  for (int i = 0; i < 8; ++i) {
    const std::string index = R"({"schemaVersion": 2, "manifests": [)" + inner + "]}";
    inner = descriptor("index.v1+json", folder.blob(index), index.size());
  }
  write_index(folder, inner);
  EXPECT_EQ(open(folder).error().fault, Fault::too_large);
}

TEST(OciLayout, SurvivesEveryTruncationOfItsIndex) {
  const TemporaryFolder folder;
  const std::string whole = R"({"schemaVersion": 2, "manifests": [)" +
                            entry(add_image(folder, "one"), named("v1")) + "]}";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    folder.write("index.json", whole.substr(0, i));
    EXPECT_FALSE(open(folder)) << i;
  }
}

TEST(OciLayout, SaysWhatIsMissing) {
  const TemporaryFolder folder;
  EXPECT_EQ(open(folder).error().fault, Fault::not_found);
  EXPECT_EQ(open_source("oci:/nowhere/at/all", {}).error().fault, Fault::not_found);
}

}  // namespace
}  // namespace boltseal
