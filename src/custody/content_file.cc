#include "custody/content_file.h"

#include <fmt/format.h>

#include <map>
#include <mutex>

#include "base/text.h"
#include "custody/in_parts.h"

namespace boltseal {
namespace {

constexpr std::string_view manifest_type = "https://boltseal.dev/content-manifest/v1";

std::unexpected<Error> broken(std::string what) { return fail(Fault::corrupt, std::move(what)); }

void put_image(JsonWriter& json, const ImageInfo& image) {
  json.key("image").object().member("kind", image.kind);
  json.text_if("manifestDigest", image.manifest_digest);
  json.text_if("configDigest", image.config_digest);
  json.text_if("os", image.os).text_if("architecture", image.architecture);
  json.text_if("variant", image.variant);
  json.key("layers").array();
  for (const LayerInfo& layer : image.layers)
    json.object()
        .member("diffId", layer.diff_id)
        .text_if("digest", layer.digest)
        .text_if("createdBy", layer.created_by)
        .end();
  json.end().end();
}

ImageInfo read_image(const Value& object) {
  ImageInfo image;
  image.kind = object["kind"].string();
  image.manifest_digest = object["manifestDigest"].string();
  image.config_digest = object["configDigest"].string();
  image.os = object["os"].string();
  image.architecture = object["architecture"].string();
  image.variant = object["variant"].string();
  for (const Value& item : object["layers"].items()) {
    LayerInfo& layer = image.layers.emplace_back();
    layer.diff_id = item["diffId"].string();
    layer.digest = item["digest"].string();
    layer.created_by = item["createdBy"].string();
  }
  return image;
}

void put_unknowns(JsonWriter& json, const std::vector<Unknown>& unknowns) {
  if (unknowns.empty()) return;
  json.key("unknowns").array();
  for (const Unknown& unknown : unknowns) {
    json.object();
    put_bytes(json, "path", unknown.path);
    json.member("layer", unknown.layer).member("what", unknown.what).end();
  }
  json.end();
}

Result<> read_unknowns(const Value& list, std::vector<Unknown>& out) {
  for (const Value& item : list.items()) {
    Unknown& unknown = out.emplace_back();
    TRY(unknown.path, get_bytes(item, "path"));
    unknown.layer = static_cast<std::uint32_t>(item["layer"].integer().value_or(0));
    unknown.reader = "seal";
    unknown.what = item["what"].string();
  }
  return {};
}

Result<> read_files(const Value& list, ContentManifest& out) {
  if (!list.is_array()) return broken("a manifest without \"files\"");
  const auto items = list.items();
  out.records.resize(items.size());
  std::mutex mutex;
  std::map<std::size_t, Error> failed;  // the first of each part
  in_parts(items.size(), [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      auto record = read_record(items[i]);
      if (record) {
        out.records[i] = *std::move(record);
        continue;
      }
      const std::scoped_lock lock(mutex);
      failed.emplace(i, std::move(record).error());
      return;
    }
  });
  if (!failed.empty())
    return broken(
        fmt::format("file {}: {}", failed.begin()->first + 1, failed.begin()->second.what));
  for (std::size_t i = 0; i < out.records.size(); ++i) {
    const ContentRecord& record = out.records[i];
    if (record.path.empty() || (i > 0 && out.records[i - 1].path >= record.path))
      return broken(fmt::format("file {}: not in the order of paths", i + 1));
    if (record.layer && *record.layer >= out.image.layers.size())
      return broken(fmt::format("file {}: there is no such layer", i + 1));
  }
  return {};
}

}  // namespace

std::string write_manifest(const ContentManifest& manifest, const ContentTree& tree) {
  JsonWriter json;
  json.expect(manifest.records.size() * 224);
  json.object().member("type", manifest_type);
  put_image(json, manifest.image);
  json.key("merkle")
      .object()
      .member("algorithm", "rfc6962-sha256")
      .member("size", tree.size())
      .member("root", "sha256:" + hex(tree.root()))
      .end();
  put_unknowns(json, manifest.unknowns);
  // One line per file, so that line tools can work with it.
  json.key("files").array();
  for (const ContentRecord& record : manifest.records) {
    JsonWriter line(false);
    line.object();
    put_record(line, record);
    line.end();
    json.raw(line.take());
  }
  json.end().end();
  return json.take();
}

bool is_content_manifest(const Value& document) { return document["type"].text() == manifest_type; }

Result<ReadManifest> read_manifest(std::string_view text) {
  TRY(const auto document, parse_json(text));
  return read_manifest(document.root());
}

Result<ReadManifest> read_manifest(const Value& document) {
  if (!is_content_manifest(document))
    return broken(
        fmt::format("this is no content manifest: its \"type\" is not {}", manifest_type));
  ContentManifest manifest;
  manifest.image = read_image(document["image"]);
  TRY_DO(read_unknowns(document["unknowns"], manifest.unknowns));
  TRY_DO(read_files(document["files"], manifest));
  const Value& merkle = document["merkle"];
  if (merkle["algorithm"].text() != "rfc6962-sha256")
    return fail(Fault::unsupported, "a manifest by another algorithm than rfc6962-sha256");
  ContentTree tree(manifest);
  const std::string root = "sha256:" + hex(tree.root());
  if (merkle["root"].text() != root)
    return broken(fmt::format("the files have the root {}, but the manifest states {}", root,
                              printable(merkle["root"].text())));
  if (merkle["size"].integer() != static_cast<std::int64_t>(tree.size()))
    return broken("the manifest states another number of files than it has");
  return ReadManifest{std::move(manifest), std::move(tree)};
}

}  // namespace boltseal
