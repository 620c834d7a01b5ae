#include "seal/artifact_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "crypto/digest.h"
#include "source/reference.h"

namespace boltseal {
namespace {

constexpr int max_index_depth = 4;
constexpr std::size_t max_subjects = 1000;

Result<> add_children(ArtifactStore& store, const StoredManifest& index, int depth,
                      std::set<std::string>& seen, std::vector<StoredManifest>& out) {
  if (depth >= max_index_depth)
    return fail(Fault::too_large, "indexes nested too deep", store.name());
  for (const Descriptor& entry : index.manifest.manifests) {
    if (entry.attestation || is_attachment(entry) || !seen.insert(entry.digest).second) continue;
    if (out.size() >= max_subjects)
      return fail(Fault::too_large, fmt::format("an index of over {} images", max_subjects),
                  store.name());
    TRY(auto child, store.manifest(entry.digest));
    out.push_back(child);
    if (child.manifest.is_index) TRY_DO(add_children(store, child, depth + 1, seen, out));
  }
  return {};
}

Result<std::unique_ptr<ArtifactStore>> open_registry_store(const Reference& reference,
                                                           const StoreOptions& options) {
  RegistryOptions how = registry_options();
  how.insecure_http = options.insecure_http;
  how.plain_http = reference.plain_http;
  how.actions = options.actions;
  how.credentials = options.credentials;
  how.bearer_token = options.bearer_token;
  TRY(auto registry, Registry::open(reference.host, reference.repository, std::move(how)));
  return registry_store(std::move(registry), reference.host, reference.repository);
}

}  // namespace

Descriptor StoredManifest::descriptor() const {
  Descriptor out;
  out.media_type = manifest.media_type;
  out.digest = digest;
  out.size = body.size();
  return out;
}

Result<std::string> ArtifactStore::blob(const Descriptor& blob, std::uint64_t cap) {
  if (blob.size > cap)
    return fail(Fault::too_large,
                fmt::format("{} is {} bytes, the limit is {}", blob.digest, blob.size, cap),
                name());
  TRY(const HashKind kind, hash_of_digest(blob.digest));
  std::string bytes;
  TRY_DO(pull(blob, [&](std::string_view chunk) -> Result<> {
    if (chunk.size() > blob.size - bytes.size())
      return fail(Fault::corrupt, "more bytes than its descriptor says", blob.digest);
    bytes += chunk;
    return {};
  }));
  if (hex(hash(kind, bytes)) != blob.digest.substr(blob.digest.find(':') + 1))
    return fail(Fault::corrupt, "the bytes of " + blob.digest + " have another digest: refused",
                name());
  return bytes;
}

Result<Descriptor> ArtifactStore::put_bytes(std::string_view bytes, std::string_view media_type) {
  Descriptor out;
  out.media_type = media_type;
  out.digest = sha256_digest(bytes);
  out.size = bytes.size();
  TRY_DO(put_blob(
      out.digest, out.size,
      [&](const std::function<Result<>(std::string_view)>& sink) { return sink(bytes); }, {}));
  return out;
}

std::string fallback_tag(const std::string& digest) {
  const auto colon = digest.find(':');
  std::string out =
      digest.substr(0, std::min<std::size_t>(colon, 32)) + "-" + digest.substr(colon + 1, 64);
  for (char& c : out)
    if (!is_alnum(c) && c != '_' && c != '.' && c != '-') c = '-';
  return out;
}

Result<std::string> cosign_tag(const std::string& digest, std::string_view suffix) {
  if (!is_digest(digest) || !digest.starts_with("sha256:"))
    return fail(Fault::unsupported,
                "cosign's tags are of SHA-256 digests only: use --format bundle", digest);
  return fmt::format("sha256-{}.{}", digest.substr(7), suffix);
}

Result<OpenedArtifact> open_artifact(const std::string& text, const std::string& repository,
                                     const StoreOptions& options) {
  TRY(const Reference reference, parse_reference(text));
  OpenedArtifact out;
  out.text = text;
  if (reference.kind == Reference::Kind::oci_layout) {
    TRY(out.images, layout_store(reference.location, false));
    out.reference = reference.name;
  } else if (reference.kind == Reference::Kind::registry) {
    TRY(out.images, open_registry_store(reference, options));
    out.reference = reference.digest.empty() ? reference.tag : reference.digest;
  } else {
    return fail(Fault::unsupported,
                "signatures are kept beside images in registries and OCI layouts; push the image, "
                "or copy it into a layout (oci:DIR), first",
                text);
  }
  if (!repository.empty()) {
    TRY(const Reference other, parse_registry_reference(repository));
    TRY(out.elsewhere, open_registry_store(other, options));
  }
  return out;
}

Result<std::vector<StoredManifest>> resolve_subjects(ArtifactStore& store,
                                                     const std::string& reference,
                                                     const std::string& platform, bool recursive) {
  TRY(auto found, store.manifest(reference));
  for (int depth = 0; !platform.empty() && found.manifest.is_index; ++depth) {
    if (depth >= max_index_depth)
      return fail(Fault::too_large, "indexes nested too deep", store.name());
    TRY(const Descriptor entry, choose_platform(found.manifest, platform, store.name()));
    TRY(found, store.manifest(entry.digest));
  }
  std::vector<StoredManifest> out{found};
  std::set<std::string> seen{found.digest};
  if (recursive && found.manifest.is_index) TRY_DO(add_children(store, found, 0, seen, out));
  return out;
}

}  // namespace boltseal
