#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "crypto/digest.h"
#include "net/test_server.h"
#include "source/openers.h"

namespace boltseal {
namespace {

using test::Received;
using test::reply;
using test::Server;
using testing::HasSubstr;

// A registry with one image of one layer, which is `layer`, or what `bend` makes of it.
class OneImage {
 public:
  explicit OneImage(std::string layer, std::function<std::string(const std::string&)> bend = {})
      : layer_(std::move(layer)),
        server_([this, bend](const Received& r) { return answer(r, bend); }) {}

  Result<Opened> open(const std::string& platform = {}) const {
    Reference reference;
    reference.text = "http://" + server_.host() + "/app:1";
    reference.host = server_.host();
    reference.repository = "app";
    reference.tag = "1";
    reference.plain_http = true;
    SourceOptions options;
    options.platform = platform;
    return open_registry(reference, options);
  }
  Result<LayerBytes> open_layer() const {
    TRY(auto opened, open());
    return std::get<OpenedImage>(opened).open_layer(0);
  }

 private:
  std::string config() const {
    return fmt::format(
        R"({{"os":"linux","architecture":"amd64","rootfs":{{"diff_ids":["{}"]}},"history":[{{"created_by":"RUN x"}}]}})",
        sha256_digest("tar"));
  }
  std::string answer(const Received& r,
                     const std::function<std::string(const std::string&)>& bend) const {
    if (r.target.contains("/manifests/")) {
      return reply(
          200, fmt::format(
                   R"({{"schemaVersion":2,"config":{{"mediaType":"","digest":"{}","size":{}}},
        "layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{}","size":{}}}]}})",
                   sha256_digest(config()), config().size(), sha256_digest(layer_), layer_.size()));
    }
    if (r.target.ends_with(sha256_digest(config()))) return reply(200, config());
    return bend ? bend(layer_) : reply(200, layer_);
  }

  std::string layer_;
  Server server_;
};

std::string drain(int fd) {
  std::string out;
  char buffer[8192];
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof buffer)) > 0;)
    out.append(buffer, static_cast<std::size_t>(got));
  return out;
}

class RegistrySource : public testing::Test {
 protected:
  void SetUp() override {  // nothing of the user's own configuration
    ::setenv("HOME", "/proc/none", 1);
    ::setenv("CONTAINERS_REGISTRIES_CONF", "/proc/none", 1);
  }
  const std::string large_ = std::string(3U << 20, 'L');
};

TEST_F(RegistrySource, DescribesTheImage) {
  const OneImage image("layer");
  const auto opened = image.open();
  ASSERT_TRUE(opened) << opened.error().message();
  const ImageInfo& info = std::get<OpenedImage>(*opened).info;
  EXPECT_THAT(info.reference, HasSubstr("/app:1"));
  EXPECT_THAT(info.manifest_digest, HasSubstr("sha256:"));
  ASSERT_EQ(info.layers.size(), 1U);
  EXPECT_EQ(info.layers[0].digest, sha256_digest("layer"));
  EXPECT_EQ(info.layers[0].size, 5U);
  EXPECT_EQ(info.layers[0].created_by, "RUN x");
  EXPECT_FALSE(std::get<OpenedImage>(*opened).open_layer(1));
}

TEST_F(RegistrySource, RefusesAnotherPlatformThanAskedFor) {
  const OneImage image("layer");
  EXPECT_TRUE(image.open("linux/amd64"));
  const auto other = image.open("linux/arm64");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().what, HasSubstr("linux/amd64"));
}

TEST_F(RegistrySource, GivesALayerThroughAPipe) {
  const OneImage image(large_);
  auto layer = image.open_layer();
  ASSERT_TRUE(layer) << layer.error().message();
  EXPECT_EQ(drain(layer->fd.get()), large_);
  EXPECT_TRUE(layer->finish());
}

TEST_F(RegistrySource, TellsThroughFinishWhyAPipeEnded) {
  const OneImage image(large_, [](const std::string&) { return reply(404, ""); });
  auto layer = image.open_layer();
  ASSERT_TRUE(layer);
  EXPECT_EQ(drain(layer->fd.get()), "");
  const auto end = layer->finish();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().fault, Fault::not_found);
}

TEST_F(RegistrySource, ToleratesAReaderThatStopsEarly) {
  const OneImage image(large_);
  for (const bool close_first : {true, false}) {
    auto layer = image.open_layer();
    ASSERT_TRUE(layer);
    char byte = 0;
    ASSERT_EQ(::read(layer->fd.get(), &byte, 1), 1);
    if (close_first) layer->fd = Fd();
    EXPECT_TRUE(layer->finish());
  }
  auto forgotten = image.open_layer();  // neither read nor finished
  EXPECT_TRUE(forgotten);
}

}  // namespace
}  // namespace boltseal
