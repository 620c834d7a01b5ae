#include "source/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "codec/members.h"
#include "codec/value.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

constexpr std::size_t max_history = 100'000;
constexpr std::string_view config_members[] = {
    "architecture", "config", "created", "diff_ids", "history", "os", "rootfs", "type", "variant"};

// A history line makes a layer unless it says empty_layer. Some builders leave lines out; then
// nothing is said about the step of a layer, because a guess would blame the wrong one.
Result<> read_history(const Value& history, ImageInfo& info, const std::string& where) {
  if (history.items().size() > max_history) {
    return fail(Fault::too_large, fmt::format("over {} history lines", max_history), where);
  }
  std::vector<std::string> makers;
  for (const Value& step : history.items()) {
    const std::string by = step["created_by"].string();
    const std::string text = by.empty() ? step["comment"].string() : by;
    info.history.push_back(text);
    if (!step["empty_layer"].boolean()) makers.push_back(text);
  }
  if (makers.size() == info.layers.size()) {
    for (std::size_t i = 0; i < makers.size(); ++i) info.layers[i].created_by = makers[i];
  }
  return {};
}

Result<> read_diff_ids(const Value& rootfs, ImageInfo& info, const std::string& where) {
  const auto ids = rootfs["diff_ids"].items();
  if (ids.size() != info.layers.size()) {
    return fail(Fault::corrupt,
                fmt::format("the config names {} layers (rootfs.diff_ids), the manifest {}",
                            ids.size(), info.layers.size()),
                where);
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!is_digest(ids[i].text())) {
      return fail(Fault::corrupt, fmt::format("diff_id {} is not a digest", i), where);
    }
    info.layers[i].diff_id = ids[i].string();
  }
  return {};
}

}  // namespace

Result<ImageInfo> image_from_config(std::string_view config_json, std::vector<LayerInfo> layers,
                                    const std::string& where) {
  if (config_json.size() > max_config_bytes)
    return fail(Fault::too_large, "image config over 16 MiB", where);
  if (layers.size() > max_image_layers) {
    return fail(Fault::too_large,
                fmt::format("{} layers, the limit is {}", layers.size(), max_image_layers), where);
  }
  auto parsed = parse_json(config_json);
  if (!parsed) return fail(parsed.error().fault, "image config: " + parsed.error().what, where);
  const Value& config = parsed->root();
  if (!config.is_object()) return fail(Fault::corrupt, "the image config is no JSON object", where);

  // Docker and its kin would take the later of two members, or "RootFS" for rootfs, and so other
  // diff_ids than we do.
  for (const Value* part : {&config, &config["rootfs"]})
    TRY_DO(check_members(*part, config_members, where, "the image config "));

  ImageInfo info;
  info.kind = "image";
  info.layers = std::move(layers);
  TRY_DO(read_diff_ids(config["rootfs"], info, where));
  TRY_DO(read_history(config["history"], info, where));
  info.os = config["os"].string();
  info.architecture = config["architecture"].string();
  info.variant = config["variant"].string();
  info.created = config["created"].string();
  info.user = config["config"]["User"].string();
  for (const auto& [key, value] : config["config"]["Labels"].members()) {
    info.labels.emplace_back(key, value.scalar());
  }
  std::ranges::sort(info.labels);
  return info;
}

Result<> check_platform(const ImageInfo& info, const Platform& by, const std::string& wanted,
                        const std::string& where) {
  const Platform has = by ? by : Platform{info.os, info.architecture, info.variant};
  if (wanted.empty() || has.os.empty() || has.architecture.empty()) return {};
  TRY(const Platform asked, parse_platform(wanted));
  if (platform_fits(has, asked)) return {};
  return fail(Fault::not_found,
              fmt::format("the image is for {}, not for {}", has.text(), asked.text()), where);
}

}  // namespace boltseal
