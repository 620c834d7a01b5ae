#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>
#include <zstd.h>

#include <array>
#include <cstring>

#include "base/text.h"
#include "source/source.h"
#include "source/temporary_test.h"

namespace boltseal {
namespace {

// A tar, member by member.
class Tar {
 public:
  Tar& add(const std::string& path, std::string_view bytes, char type = '0',
           const std::string& link = {}) {
    std::array<char, 512> block{};
    const auto put = [&](std::size_t at, std::string_view text) {
      std::memcpy(&block[at], text.data(), text.size());
    };
    put(0, std::string_view(path).substr(0, 100));
    put(100, "0000644");
    put(124, fmt::format("{:011o}", bytes.size()));
    put(148, "        ");
    block[156] = type;
    put(157, std::string_view(link).substr(0, 100));
    put(257, std::string_view("ustar\00000", 8));
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put(148, fmt::format("{:06o}", sum) + '\0');
    out_.append(block.data(), block.size()).append(bytes);
    out_.resize((out_.size() + 511) / 512 * 512);
    return *this;
  }
  std::string bytes() const { return out_ + std::string(1024, '\0'); }

 private:
  std::string out_;
};

std::string config_of(const std::vector<std::string>& layers) {
  std::vector<std::string> ids;
  for (const auto& layer : layers) ids.push_back("\"" + sha256_digest(layer) + "\"");
  return R"({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [)" +
         join(ids, ",") + "]}}";
}

// What `docker save` up to 24 writes for two layers of the same content: the second is a link.
Tar docker_save() {
  const std::string config = config_of({"layer one", "layer one"});
  Tar tar;
  tar.add("aa/", "", '5').add("aa/layer.tar", "layer one").add("bb/", "", '5');
  tar.add("bb/layer.tar", "", '2', "../aa/layer.tar").add(sha256_hex(config) + ".json", config);
  return tar.add(
      "manifest.json",
      R"([{"Config": ")" + sha256_hex(config) +
          R"(.json", "RepoTags": ["app:1"], "Layers": ["aa/layer.tar", "bb/layer.tar"]}])");
}

std::string layers_of(const Result<Opened>& opened) {
  if (!opened) return "error: " + opened.error().message();
  const auto& image = std::get<OpenedImage>(*opened);
  std::string out;
  for (std::size_t i = 0; i < image.info.layers.size(); ++i) {
    const auto bytes = image.open_layer(i);
    if (!bytes) return "error: " + bytes.error().message();
    std::string layer(bytes->length.value_or(0), '\0');
    EXPECT_EQ(
        ::pread(bytes->fd.get(), layer.data(), layer.size(), static_cast<off_t>(bytes->offset)),
        static_cast<ssize_t>(layer.size()));
    out += layer + ";";
  }
  return out;
}

Result<Opened> open(const TemporaryFolder& folder, const std::string& text,
                    std::string* guess = nullptr) {
  SourceOptions options;
  options.spool_directory = folder.path();
  return open_source(text, options, guess);
}

TEST(DockerArchive, ReadsDockerSaveWithALinkedLayer) {
  const TemporaryFolder folder;
  folder.write("image.tar", docker_save().bytes());
  std::string guess;
  const auto opened = open(folder, folder.path("image.tar"), &guess);
  EXPECT_EQ(layers_of(opened), "layer one;layer one;");
  EXPECT_EQ(guess, "docker-archive:" + folder.path("image.tar"));
  const auto& info = std::get<OpenedImage>(*opened).info;
  EXPECT_EQ(info.layers.at(0).digest, "");
  EXPECT_EQ(info.layers.at(0).diff_id, sha256_digest("layer one"));
  EXPECT_EQ(info.config_digest, sha256_digest(config_of({"layer one", "layer one"})));
  EXPECT_EQ(layers_of(open(
                folder, "docker-archive:" + folder.path("image.tar") + ":docker.io/library/app:1")),
            "layer one;layer one;");
  EXPECT_NE(layers_of(open(folder, "docker-archive:" + folder.path("image.tar") + ":other"))
                .find("there is app:1"),
            std::string::npos);
}

TEST(DockerArchive, RefusesOneNameForTwoImages) {
  const TemporaryFolder folder;
  const std::string one = config_of({"one"}), two = config_of({"two"});
  const auto image = [](const std::string& config, const std::string& layer) {
    return R"({"Config": "sha256:)" + sha256_hex(config) +
           R"(", "RepoTags": ["app:1"], "Layers": [")" + layer + R"("]})";
  };
  const auto parts = [&] {
    Tar tar;
    return tar.add("one", "one")
        .add("two", "two")
        .add("sha256:" + sha256_hex(one), one)
        .add("sha256:" + sha256_hex(two), two);
  };
  const std::string name = "docker-archive:" + folder.path("image.tar");
  folder.write("image.tar",
               parts()
                   .add("manifest.json", "[" + image(one, "one") + "," + image(two, "two") + "]")
                   .bytes());
  EXPECT_NE(layers_of(open(folder, name + ":app:1")).find("two images are called"),
            std::string::npos);
  EXPECT_EQ(layers_of(open(folder, name + ":" + sha256_hex(two).substr(0, 12))), "two;");
  folder.write("image.tar", parts()
                                .add("manifest.json", "[" + image(one, "one") + "]")
                                .add("./manifest.json", "[" + image(two, "two") + "]")
                                .bytes());
  EXPECT_NE(layers_of(open(folder, name)).find("has two of manifest.json"), std::string::npos);
}

TEST(DockerArchive, ReadsACompressedOneAndLeavesNothingBehind) {  // security-record row 38
  const TemporaryFolder folder;
  const std::string plain = docker_save().bytes();
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 1));
  folder.write("image.tar.zst", packed);
  EXPECT_EQ(layers_of(open(folder, "docker-archive:" + folder.path("image.tar.zst"))),
            "layer one;layer one;");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  for (const std::size_t cut : {std::size_t{5}, packed.size() / 2, packed.size() - 1}) {
    folder.write("image.tar.zst", packed.substr(0, cut));
    EXPECT_TRUE(layers_of(open(folder, "docker-archive:" + folder.path("image.tar.zst")))
                    .starts_with("error"))
        << cut;
  }
}

TEST(DockerArchive, ReadsFromAPipe) {
  const TemporaryFolder folder;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string whole = docker_save().bytes();  // less than a pipe holds
  ASSERT_EQ(::write(ends[1], whole.data(), whole.size()), static_cast<ssize_t>(whole.size()));
  ::close(ends[1]);
  EXPECT_EQ(layers_of(open(folder, fmt::format("docker-archive:/dev/fd/{}", ends[0]))),
            "layer one;layer one;");
  ::close(ends[0]);
}

TEST(DockerArchive, RefusesABomb) {  // row 7: over 256 MiB from under a two-hundredth of it
  const TemporaryFolder folder;
  std::string block(8 << 20, '\0');
  std::string packed(ZSTD_compressBound(block.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), block.data(), block.size(), 1));
  std::string bomb;
  for (int i = 0; i < 40; ++i) bomb += packed;
  folder.write("bomb.tar.zst", bomb);
  EXPECT_EQ(open(folder, "docker-archive:" + folder.path("bomb.tar.zst")).error().fault,
            Fault::too_large);
}

TEST(DockerArchive, ChecksTheConfigAndTheLayersThatItNames) {
  const TemporaryFolder folder;
  const std::string config = config_of({"x"});
  const auto save = [&](const std::string& name, const std::string& body,
                        const std::string& layer) {
    Tar tar;
    tar.add(name, body).add("l.tar", "x");
    tar.add("manifest.json", R"([{"Config": ")" + name + R"(", "Layers": [")" + layer + R"("]}])");
    folder.write("a.tar", tar.bytes());
    return layers_of(open(folder, "docker-archive:" + folder.path("a.tar")));
  };
  EXPECT_EQ(save(sha256_hex(config) + ".json", config, "l.tar"), "x;");
  EXPECT_EQ(save("blobs/sha256/" + sha256_hex(config), config, "./l.tar"), "x;");
  EXPECT_NE(save(sha256_hex("other") + ".json", config, "l.tar").find("has the digest"),
            std::string::npos);
  EXPECT_NE(save("c.json", config, "missing.tar").find("no such member"), std::string::npos);
  EXPECT_TRUE(save("c.json", config, "../../etc/passwd").starts_with("error"));
  EXPECT_TRUE(save("c.json", "[]", "l.tar").starts_with("error"));
}

TEST(DockerArchive, FollowsNoLinkOutOrInACircle) {  // rows 1 to 3
  const TemporaryFolder folder;
  const auto with = [&](char type, const std::string& target) {
    const std::string config = config_of({"x"});
    Tar tar;
    tar.add("c.json", config).add("l.tar", "", type, target).add("m.tar", "", type, "l.tar");
    tar.add("manifest.json", R"([{"Config": "c.json", "Layers": ["l.tar"]}])");
    folder.write("a.tar", tar.bytes());
    return layers_of(open(folder, "docker-archive:" + folder.path("a.tar")));
  };
  for (const char* target : {"/etc/passwd", "../../etc/passwd", "m.tar", "l.tar", ""}) {
    EXPECT_TRUE(with('2', target).starts_with("error")) << target;
    EXPECT_TRUE(with('1', target).starts_with("error")) << target;
  }
}

TEST(OciArchive, ReadsALayoutInATarAndPrefersWhatTheUserSays) {
  const TemporaryFolder folder;
  const auto image = add_image(folder, "oci layer");
  write_index(folder, descriptor("manifest.v1+json", image.digest, image.body.size()));
  Tar tar;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    tar.add("./" + file.path().lexically_relative(folder.path()).string(), bytes);
  }
  folder.write("image.tar", tar.bytes());
  std::string guess;
  EXPECT_EQ(layers_of(open(folder, folder.path("image.tar"), &guess)), "oci layer;");
  EXPECT_EQ(guess, "oci-archive:" + folder.path("image.tar"));
  // A recent `docker save` is both.
  const std::string config = config_of({"docker layer"});
  tar.add("c.json", config).add("l.tar", "docker layer");
  tar.add("manifest.json", R"([{"Config": "c.json", "Layers": ["l.tar"]}])");
  folder.write("both.tar", tar.bytes());
  EXPECT_THAT(layers_of(open(folder, folder.path("both.tar"), &guess)),
              testing::HasSubstr("name different images"));
  EXPECT_EQ(layers_of(open(folder, "docker-archive:" + folder.path("both.tar"))), "docker layer;");
  EXPECT_EQ(layers_of(open(folder, "oci-archive:" + folder.path("both.tar"))), "oci layer;");
}

TEST(DockerArchive, SurvivesTruncationAndFlippedBits) {
  const TemporaryFolder folder;
  const std::string whole = docker_save().bytes();
  const std::string file = "docker-archive:" + folder.path("a.tar");
  for (std::size_t i = 0; i < whole.find("bb/layer.tar\"]"); i += 37) {
    folder.write("a.tar", whole.substr(0, i));
    EXPECT_TRUE(layers_of(open(folder, file)).starts_with("error")) << i;
  }
  for (std::size_t i = 0; i < whole.size(); i += 13) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x41);
    folder.write("a.tar", flipped);
    const std::string is = layers_of(open(folder, file));
    EXPECT_FALSE(is.empty()) << i;
  }
}

TEST(DockerArchive, SaysWhatATarWithoutAnImageIs) {
  const TemporaryFolder folder;
  folder.write("root.tar", Tar().add("etc/passwd", "root").bytes());
  EXPECT_EQ(open(folder, folder.path("root.tar")).error().fault, Fault::unsupported);
  folder.write("text", "this is no archive, whatever its name\n");
  EXPECT_EQ(open(folder, folder.path("text")).error().fault, Fault::unsupported);
  folder.write("empty", "");
  EXPECT_FALSE(open(folder, folder.path("empty")));
}

TEST(Directory, IsOpenedByItsPath) {
  const TemporaryFolder folder;
  const auto opened = open(folder, "dir:" + folder.path() + "/");
  ASSERT_TRUE(opened);
  EXPECT_EQ(std::get<OpenedDirectory>(*opened).path, folder.path());
  EXPECT_EQ(std::get<OpenedDirectory>(*opened).info.kind, "directory");
  EXPECT_EQ(std::get<OpenedDirectory>(*open(folder, "dir:/")).path, "/");
  EXPECT_EQ(open(folder, "dir:/nowhere").error().fault, Fault::not_found);
}

}  // namespace
}  // namespace boltseal
