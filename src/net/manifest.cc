#include "net/manifest.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <span>

#include "base/text.h"
#include "codec/members.h"
#include "codec/value.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

constexpr std::size_t max_layers = 1000;
constexpr std::size_t max_entries = 10'000;

constexpr std::string_view index_types[] = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json"};
constexpr std::string_view image_types[] = {"application/vnd.oci.image.manifest.v1+json",
                                            "application/vnd.docker.distribution.manifest.v2+json"};
// Early Docker pushed configs as octet-stream.
constexpr std::string_view config_types[] = {"application/vnd.oci.image.config.v1+json",
                                             "application/vnd.docker.container.image.v1+json",
                                             "application/octet-stream", ""};
constexpr std::string_view schema1 = "application/vnd.docker.distribution.manifest.v1";

bool among(std::span<const std::string_view> list, std::string_view type) {
  return std::ranges::find(list, type) != list.end();
}

bool known(std::string_view type) { return among(index_types, type) || among(image_types, type); }

Platform platform_of(const Value& value) {
  return {value["os"].string(), value["architecture"].string(), value["variant"].string()};
}

Annotations read_annotations(const Value& value) {
  Annotations out;
  for (const auto& [key, text] : value.members()) {
    if (text.is_text()) out.emplace(key, text.text());
  }
  return out;
}

// The members that somebody acts on. What pulls the image may take "Layers" for layers, or the
// other of two, and so other layers than we do.
constexpr std::string_view manifest_members[] = {"schemaVersion", "mediaType",   "artifactType",
                                                 "config",        "layers",      "manifests",
                                                 "subject",       "annotations", "fsLayers"};
constexpr std::string_view descriptor_members[] = {
    "mediaType", "digest", "size", "platform", "annotations", "urls", "artifactType", "data"};
constexpr std::string_view platform_members[] = {"os", "architecture", "variant"};

Result<Descriptor> read_descriptor(const Value& value, const std::string& where) {
  TRY_DO(check_members(value, descriptor_members, where));
  TRY_DO(check_members(value["platform"], platform_members, where));
  Descriptor out;
  out.media_type = value["mediaType"].string();
  out.digest = value["digest"].string();
  if (!is_digest(out.digest)) {
    return fail(Fault::corrupt,
                fmt::format("the manifest names '{}', which is no digest", out.digest), where);
  }
  const auto size = value["size"].integer();
  if (!size || *size < 0)
    return fail(Fault::corrupt, "the size of " + out.digest + " is no number", where);
  out.size = static_cast<std::uint64_t>(*size);
  out.platform = platform_of(value["platform"]);
  const Value& notes = value["annotations"];
  out.ref_name = notes["org.opencontainers.image.ref.name"].string();
  // What has a real platform is pulled as an image, whatever else is said of it.
  out.attestation = out.platform.os == "unknown" && out.platform.architecture == "unknown";
  if (!out.platform) out.attestation = notes["vnd.docker.reference.type"].is_text();
  TRY_DO(check_members(notes, {}, where));
  out.artifact_type = value["artifactType"].string();
  out.annotations = read_annotations(notes);
  return out;
}

Result<std::vector<Descriptor>> read_list(const Value& list, std::size_t limit,
                                          const std::string& where) {
  if (list.items().size() > limit) {
    return fail(
        Fault::too_large,
        fmt::format("{} entries in a manifest, the limit is {}", list.items().size(), limit),
        where);
  }
  std::vector<Descriptor> out;
  for (const Value& item : list.items()) {
    TRY(auto descriptor, read_descriptor(item, where));
    out.push_back(std::move(descriptor));
  }
  return out;
}

// Row 23 of the security record: a document must be one thing, whoever asks.
Result<> check_kind(const Value& root, std::string_view content_type, const std::string& where) {
  const std::string_view own = root["mediaType"].text();
  if (own.starts_with(schema1) || content_type.starts_with(schema1) || root["fsLayers"] ||
      root["schemaVersion"].integer() == 1) {
    return fail(Fault::unsupported,
                "a Docker schema 1 manifest, which registries gave up in 2019: pull and push the "
                "image again",
                where);
  }
  if (root["schemaVersion"].integer() != 2)
    return fail(Fault::corrupt, "no schemaVersion 2", where);
  const bool index = bool(root["manifests"]);
  const bool image = root["layers"] || root["config"];
  if (index && image)
    return fail(Fault::corrupt, "a manifest and an index at once: refused", where);
  if (!index && !image)
    return fail(Fault::unsupported, "neither an image manifest nor an index", where);
  for (const std::string_view type : {own, content_type}) {
    if (known(type) && among(index_types, type) != index) {
      return fail(Fault::corrupt,
                  fmt::format("calls itself {} but is {}: refused", type,
                              index ? "an index" : "an image manifest"),
                  where);
    }
  }
  if (known(own) && known(content_type) && own != content_type) {
    return fail(Fault::corrupt,
                fmt::format("sent as {}, calls itself {}: refused", content_type, own), where);
  }
  return {};
}

void write_annotations(JsonWriter& json, const Annotations& annotations) {
  if (annotations.empty()) return;
  json.key("annotations").object();
  for (const auto& [key, text] : annotations) json.member(key, text);
  json.end();
}

std::string architecture_name(std::string_view machine) {
  constexpr std::pair<std::string_view, std::string_view> names[] = {
      {"x86_64", "amd64"}, {"x86-64", "amd64"}, {"aarch64", "arm64"},
      {"i386", "386"},     {"i686", "386"},     {"armv7l", "arm"},
      {"armv6l", "arm"},   {"armhf", "arm"},    {"loongarch64", "loong64"}};
  for (const auto& [from, to] : names) {
    if (machine == from) return std::string(to);
  }
  return std::string(machine);
}

std::string this_architecture() {
  utsname name{};
  return ::uname(&name) == 0 ? architecture_name(name.machine) : "amd64";
}

// arm's variants as numbers, so that v7 runs v6; other variants (amd64's v2, arm64's v8) are
// numbers as well.
std::uint64_t variant_number(const Platform& platform) {
  if (!platform.variant.empty())
    return parse_u64(std::string_view(platform.variant).substr(1)).value_or(0);
  const auto architecture = architecture_name(lower(platform.architecture));
  return architecture == "arm" ? 7 : architecture == "arm64" ? 8 : 1;
}

// Of two images that fit, the one for the highest level up to the wanted one, which without a wish
// is the lowest that there is of the architecture: amd64's v3 does not run everywhere.
bool goes_before(const Platform& a, const Platform& b, const Platform& wanted) {
  const std::uint64_t most = variant_number(wanted);
  const std::uint64_t level_a = variant_number(a), level_b = variant_number(b);
  if ((level_a <= most) != (level_b <= most)) return level_a <= most;
  return level_a <= most ? level_a > level_b : level_a < level_b;
}

// Of two that fit: the same platform, but only some runtimes see that.
bool spelled_otherwise(const Platform& a, const Platform& b) {
  return variant_number(a) == variant_number(b) &&
         (a.os != b.os || a.architecture != b.architecture);
}

}  // namespace

std::string Platform::text() const {
  return fmt::format("{}/{}{}{}", os, architecture, variant.empty() ? "" : "/", variant);
}

Result<Manifest> parse_artifact(std::string_view body, std::string_view content_type,
                                const std::string& where) {
  content_type = trim(content_type.substr(0, content_type.find(';')));
  auto parsed = parse_json(body);
  if (!parsed) return fail(parsed.error().fault, "manifest: " + parsed.error().what, where);
  const Value& root = parsed->root();
  if (!root.is_object()) return fail(Fault::corrupt, "the manifest is no JSON object", where);
  TRY_DO(check_members(root, manifest_members, where));
  TRY_DO(check_kind(root, content_type, where));

  Manifest out;
  out.is_index = bool(root["manifests"]);
  out.media_type = root["mediaType"].string();
  if (out.media_type.empty())
    out.media_type = known(content_type) ? content_type
                     : out.is_index      ? index_types[0]
                                         : image_types[0];
  out.artifact_type = root["artifactType"].string();
  TRY_DO(check_members(root["annotations"], {}, where));
  out.annotations = read_annotations(root["annotations"]);
  if (root["subject"]) {
    TRY(out.subject, read_descriptor(root["subject"], where));
  }
  if (out.is_index) {
    TRY(out.manifests, read_list(root["manifests"], max_entries, where));
    return out;
  }
  TRY(out.config, read_descriptor(root["config"], where));
  if (out.artifact_type.empty()) out.artifact_type = out.config.media_type;
  TRY(out.layers, read_list(root["layers"], max_layers, where));
  return out;
}

Result<Manifest> parse_manifest(std::string_view body, std::string_view content_type,
                                const std::string& where) {
  TRY(auto out, parse_artifact(body, content_type, where));
  if (out.is_index) {
    for (Descriptor& entry : out.manifests)
      entry.attestation = entry.attestation || (!entry.platform && is_attachment(entry));
    return out;
  }
  if (!among(config_types, out.config.media_type)) {
    return fail(Fault::unsupported,
                fmt::format("no container image but an artefact of type {}", out.config.media_type),
                where);
  }
  for (std::size_t i = 0; i < out.layers.size(); ++i) {
    if (out.layers[i].media_type.ends_with("+encrypted"))
      return fail(Fault::unsupported,
                  fmt::format("layer {} is encrypted (ocicrypt); decrypt the image first", i + 1),
                  where);
  }
  return out;
}

bool is_attachment(const Descriptor& entry) {
  if (!entry.artifact_type.empty() && !among(config_types, entry.artifact_type)) return true;
  if (const auto kind = entry.annotations.find("kind"); kind != entry.annotations.end()) {
    const std::string_view cosign = "dev.cosignproject.cosign/";
    if (kind->second.starts_with(cosign) &&
        !kind->second.starts_with("dev.cosignproject.cosign/image"))
      return true;
  }
  const std::string_view name = entry.ref_name;
  return name.starts_with("sha256-") && name.size() >= 71 && unhex(name.substr(7, 64)) &&
         (name.size() == 71 || name[71] == '.');
}

Descriptor empty_config() {
  Descriptor out;
  out.media_type = oci_empty_type;
  out.digest = sha256_digest(oci_empty_bytes);
  out.size = oci_empty_bytes.size();
  return out;
}

void write_descriptor(JsonWriter& json, const Descriptor& descriptor) {
  json.object()
      .text_if("mediaType", descriptor.media_type)
      .member("digest", descriptor.digest)
      .member("size", descriptor.size)
      .text_if("artifactType", descriptor.artifact_type);
  write_annotations(json, descriptor.annotations);
  if (descriptor.platform) {
    json.key("platform")
        .object()
        .member("architecture", descriptor.platform.architecture)
        .member("os", descriptor.platform.os)
        .text_if("variant", descriptor.platform.variant)
        .end();
  }
  json.end();
}

std::string write_manifest(const Manifest& manifest) {
  JsonWriter json(false);
  json.object().member("schemaVersion", 2).member("mediaType", manifest.media_type);
  const bool implied = !manifest.is_index && manifest.artifact_type == manifest.config.media_type;
  if (!implied) json.text_if("artifactType", manifest.artifact_type);
  if (!manifest.is_index) write_descriptor(json.key("config"), manifest.config);
  (manifest.is_index ? json.key("manifests") : json.key("layers")).array();
  for (const Descriptor& entry : manifest.is_index ? manifest.manifests : manifest.layers)
    write_descriptor(json, entry);
  json.end();
  if (manifest.subject) write_descriptor(json.key("subject"), *manifest.subject);
  write_annotations(json, manifest.annotations);
  return json.end().take();
}

Result<Platform> parse_platform(std::string_view text) {
  const auto parts = split(text, '/');
  const auto sound = [](std::string_view part) {
    return std::ranges::all_of(
        part, [](char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; });
  };
  if (parts.size() > 3 || !std::ranges::all_of(parts, sound)) {
    return fail(Fault::corrupt, "not a platform: write it as linux/arm64 or linux/arm/v7",
                std::string(text));
  }
  Platform out{"linux", this_architecture(), {}};
  if (text.empty()) return out;
  if (parts.size() == 1 &&
      (parts[0] == "linux" || parts[0] == "windows" || parts[0] == "freebsd")) {
    out.os = parts[0];
    return out;
  }
  if (parts.size() > 1) out.os = lower(parts[0]);
  const std::string machine = lower(parts[parts.size() == 1 ? 0 : 1]);
  out.architecture = architecture_name(machine);
  if (parts.size() == 3)
    out.variant = lower(parts[2]);
  else if (machine == "armhf" || machine == "armv7l")
    out.variant = "v7";
  else if (machine == "armv6l")
    out.variant = "v6";
  return out;
}

bool platform_fits(const Platform& has, const Platform& wanted) {
  // containerd takes "x86_64" for amd64 and any case; Podman does not (choose_platform).
  if (lower(has.os) != wanted.os ||
      architecture_name(lower(has.architecture)) != wanted.architecture)
    return false;
  if (wanted.variant.empty() && wanted.architecture != "arm") return true;
  return variant_number(has) <= variant_number(wanted);
}

Result<Descriptor> choose_platform(const Manifest& index, std::string_view platform,
                                   const std::string& where) {
  TRY(const Platform wanted, parse_platform(platform));
  const Descriptor* best = nullptr;
  std::vector<const Descriptor*> images;
  bool attached = false;  // something says of itself, and nothing else does, that it is no image
  for (const Descriptor& entry : index.manifests) {
    const bool typed = known(entry.media_type) || entry.media_type.empty();
    attached = attached || (entry.attestation && !entry.platform && typed);
    if (entry.attestation || !(typed || entry.platform)) continue;
    images.push_back(&entry);
    if (!platform_fits(entry.platform, wanted)) continue;
    if (best != nullptr && best->digest != entry.digest &&
        spelled_otherwise(entry.platform, best->platform))
      return fail(
          Fault::corrupt,
          fmt::format("two images for {} whose platforms are spelled differently: which one "
                      "is run hangs on the runtime; name one by its digest",
                      wanted.text()),
          where);
    if (best == nullptr || goes_before(entry.platform, best->platform, wanted)) best = &entry;
  }
  // One image without a platform, or one image and no wish: there is nothing to choose.
  if (best == nullptr && images.size() == 1 &&
      (!images[0]->platform || (platform.empty() && !attached)))
    best = images[0];
  if (best != nullptr) return *best;
  std::vector<std::string> names;
  for (const Descriptor* entry : images) {
    if (names.size() < 40) names.push_back(entry->platform ? entry->platform.text() : "(unnamed)");
  }
  return fail(Fault::not_found,
              fmt::format("no image for {}; there is {}: choose one with --platform", wanted.text(),
                          names.empty() ? "none at all" : join(names, ", ")),
              where);
}

}  // namespace boltseal
