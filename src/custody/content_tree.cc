#include "custody/content_tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/merkle.h"
#include "custody/in_parts.h"

namespace boltseal {
namespace {

constexpr std::string_view tag = "boltseal/content/1";

void put(std::string& out, std::string_view field) {
  const auto size = static_cast<std::uint32_t>(field.size());
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
  out += field;
}

void put(std::string& out, std::uint64_t number) {
  const fmt::format_int text(number);
  put(out, std::string_view(text.data(), text.size()));
}

}  // namespace

std::string canonical_record(const ContentRecord& r, std::string_view diff_id) {
  std::string out;
  out.reserve(192 + r.path.size());
  put(out, tag);
  put(out, r.path);
  put(out, name_of(r.type));
  put(out, fmt::format("{:04o}", r.mode));
  put(out, r.uid);
  put(out, r.gid);
  put(out, r.size);
  put(out, r.sha256);
  put(out, r.link);
  const bool device = r.type == FileType::character_device || r.type == FileType::block_device;
  put(out, device ? fmt::format("{}:{}", r.device_major, r.device_minor) : std::string());
  put(out, diff_id);
  for (const auto& [name, value] : r.xattrs) {
    put(out, name);
    put(out, value);
  }
  return out;
}

std::string canonical_record(const ContentRecord& record, const std::vector<LayerInfo>& layers) {
  const bool known = record.layer && *record.layer < layers.size();
  return canonical_record(record, known ? layers[*record.layer].diff_id : std::string_view{});
}

// A last node without a partner goes up as it is: that is the shape that RFC 6962 defines by
// splitting at powers of two.
ContentTree::ContentTree(const ContentManifest& manifest) {
  auto* level = &levels_.emplace_back(manifest.records.size());
  in_parts(level->size(), [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i)
      (*level)[i] = merkle_leaf(canonical_record(manifest.records[i], manifest.image.layers));
  });
  while (levels_.back().size() > 1) {
    const auto& lower = levels_.back();
    std::vector<std::string> upper((lower.size() + 1) / 2);
    in_parts(upper.size(), [&](std::size_t from, std::size_t to) {
      for (std::size_t i = from; i < to; ++i)
        upper[i] =
            2 * i + 1 < lower.size() ? merkle_node(lower[2 * i], lower[2 * i + 1]) : lower[2 * i];
    });
    levels_.push_back(std::move(upper));
  }
  root_ = levels_.back().empty() ? merkle_root({}) : levels_.back().front();
}

std::vector<std::string> ContentTree::proof(std::uint64_t index) const {
  std::vector<std::string> out;
  for (const auto& level : levels_) {
    const std::uint64_t partner = index ^ 1;
    if (level.size() > 1 && partner < level.size()) out.push_back(level[partner]);
    index /= 2;
  }
  return out;
}

std::pair<std::size_t, std::size_t> records_below(const std::vector<ContentRecord>& records,
                                                  std::string_view path) {
  const auto at = [&](char after) {
    const auto found =
        std::ranges::lower_bound(records, std::string(path) + after, {}, &ContentRecord::path);
    return static_cast<std::size_t>(found - records.begin());
  };
  return {at('/'), at('0')};
}

const ContentRecord* record_of(const std::vector<ContentRecord>& records, std::string_view path) {
  const auto found = std::ranges::lower_bound(records, path, {}, &ContentRecord::path);
  return found != records.end() && found->path == path ? &*found : nullptr;
}

}  // namespace boltseal
