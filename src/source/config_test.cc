#include "source/config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace boltseal {
namespace {

const std::string diff_a = "sha256:" + std::string(64, 'a');
const std::string diff_b = "sha256:" + std::string(64, 'b');

std::string config(std::string_view history) {
  return fmt::format(
      R"({{"os":"linux","architecture":"arm64","variant":"v8","created":"2026-01-01T00:00:00Z",
    "config":{{"User":"app","Labels":{{"z":"1","a":"2"}}}},"rootfs":{{"type":"layers","diff_ids":["{}","{}"]}},
    "history":{}}})",
      diff_a, diff_b, history);
}

TEST(ImageConfig, GivesEachLayerItsStep) {
  const auto info = image_from_config(
      config(
          R"([{"created_by":"one"},{"created_by":"ENV x","empty_layer":true},{"comment":"two"}])"),
      std::vector<LayerInfo>(2), "x");
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->layers[0].created_by, "one");
  EXPECT_EQ(info->layers[1].created_by, "two");
  EXPECT_EQ(info->layers[1].diff_id, diff_b);
  EXPECT_THAT(info->history, testing::ElementsAre("one", "ENV x", "two"));
  EXPECT_EQ(info->user, "app");
  EXPECT_EQ(info->variant, "v8");
  EXPECT_EQ(info->labels.at(0).first, "a");
  EXPECT_EQ(info->kind, "image");
}

TEST(ImageConfig, BlamesNoStepWhenTheHistoryHasGaps) {
  for (const char* history :
       {"null", "[]", R"([{"created_by":"one"}])", R"([{},{},{"created_by":"three"}])"}) {
    const auto info = image_from_config(config(history), std::vector<LayerInfo>(2), "x");
    ASSERT_TRUE(info) << history;
    EXPECT_EQ(info->layers[0].created_by + info->layers[1].created_by, "") << history;
  }
}

TEST(ImageConfig, RefusesAnotherNumberOfLayers) {
  for (const std::size_t count : {0U, 1U, 3U}) {
    const auto info = image_from_config(config("[]"), std::vector<LayerInfo>(count), "x");
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().fault, Fault::corrupt);
  }
  EXPECT_EQ(image_from_config("{}", std::vector<LayerInfo>(1001), "x").error().fault,
            Fault::too_large);
  EXPECT_TRUE(image_from_config("{}", {}, "x"));
}

TEST(ImageConfig, RefusesMembersThatReadersTakeDifferently) {
  std::string twice = config("[]");
  ASSERT_TRUE(image_from_config(twice, std::vector<LayerInfo>(2), "x"));
  twice.insert(1, R"("RootFS":{"diff_ids":[]},)");
  EXPECT_FALSE(image_from_config(twice, std::vector<LayerInfo>(2), "x"));
  std::string inside = config("[]");
  inside.insert(inside.find(R"("diff_ids")"), R"("diff_IDs":[],)");
  EXPECT_FALSE(image_from_config(inside, std::vector<LayerInfo>(2), "x"));
  for (const auto& [from, to] :
       {std::pair{R"("rootfs")", R"("RootFS")"}, std::pair{R"("diff_ids")", R"("Diff_IDs")"}}) {
    std::string odd = config("[]");
    odd.replace(odd.find(from), std::string_view(from).size(), to);
    const auto info = image_from_config(odd, {}, "x");
    ASSERT_FALSE(info) << to << ": nothing named, and no layers: it would look empty";
    EXPECT_EQ(info.error().fault, Fault::corrupt);
    EXPECT_TRUE(info.error().what.find("some take for another") != std::string::npos);
  }
}

TEST(ImageConfig, RefusesRubbish) {
  std::string text = config("[]");
  text.replace(text.find(diff_b), diff_b.size(), "sha256:../../etc/passwd");
  EXPECT_FALSE(image_from_config(text, std::vector<LayerInfo>(2), "x"));
  EXPECT_FALSE(image_from_config("[]", {}, "x"));
  EXPECT_FALSE(image_from_config("", {}, "x"));
  EXPECT_EQ(image_from_config(std::string((16U << 20) + 1, ' '), {}, "x").error().fault,
            Fault::too_large);
  const std::string whole = config("[]");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_FALSE(image_from_config(whole.substr(0, n), std::vector<LayerInfo>(2), "x"));
  }
}

}  // namespace
}  // namespace boltseal
