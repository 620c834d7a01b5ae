#include "seal/attached.h"

#include <fmt/format.h>

#include "seal/dsse.h"
#include "seal/predicate.h"
#include "seal/simple_signing.h"

namespace boltseal {
namespace {

// Reads blobs as long as all of them together stay under the limit.
class Collector {
 public:
  Collector(ArtifactStore& store, const CollectOptions& options)
      : store_(store), options_(options) {}

  Result<> add_list(const std::string& tag, bool signatures);
  Result<> add_bundles(const std::string& digest);
  Collected take() { return std::move(out_); }

 private:
  Result<> room(std::size_t more) const {
    if (out_.attached.size() + out_.unreadable.size() + more <= max_attached) return {};
    return fail(Fault::too_large,
                fmt::format("over {} signatures or attestations: refused, because a registry could "
                            "keep a verifier busy for ever",
                            max_attached),
                store_.name());
  }
  Result<> take_blob(const Descriptor& blob, std::uint64_t cap, Attached attached) {
    TRY_DO(room(1));
    if (blob.size <= cap && blob.size > max_attached_bytes - bytes_)
      return fail(Fault::too_large, "signatures and attestations of over 512 MiB: refused",
                  store_.name());
    auto bytes = store_.blob(blob, cap);
    if (!bytes) {
      refuse_one(attached, bytes.error());
      return {};
    }
    bytes_ += bytes->size();
    attached.bytes = std::move(*bytes);
    out_.attached.push_back(std::move(attached));
    return {};
  }
  void refuse_one(const Attached& attached, const Error& error) {
    out_.unreadable.push_back({attached.source, attached.form,
                               Refusal{error.fault == Fault::too_large ? "too-large" : "unreadable",
                                       "blob",
                                       {},
                                       {},
                                       error.message()}});
  }
  bool other_predicate(const Annotations& annotations, const char* key) const {
    if (options_.predicate_type.empty()) return false;
    const auto found = annotations.find(key);
    return found != annotations.end() && !found->second.empty() &&
           found->second != options_.predicate_type;
  }

  ArtifactStore& store_;
  const CollectOptions& options_;
  Collected out_;
  std::uint64_t bytes_ = 0;
};

Result<> Collector::add_list(const std::string& tag, bool signatures) {
  const auto entries = store_.list(tag, ListKind::layers, options_.thorough);
  if (!entries && entries.error().fault == Fault::not_found) return {};
  if (!entries) return std::unexpected(entries.error());
  TRY_DO(room(entries->size()));
  for (const Descriptor& entry : *entries) {
    if (!signatures && other_predicate(entry.annotations, "predicateType")) continue;
    Attached attached;
    attached.form = signatures ? AttachedForm::simple_signing : AttachedForm::dsse;
    attached.source = tag + " " + entry.digest;
    attached.annotations = entry.annotations;
    attached.entry = entry;
    TRY_DO(take_blob(entry, signatures ? max_simple_signing : max_envelope, std::move(attached)));
  }
  return {};
}

Result<> Collector::add_bundles(const std::string& digest) {
  TRY(const auto referrers,
      store_.referrers(digest, std::string(bundle_artifact_prefix), options_.thorough));
  for (const Descriptor& entry : referrers) {
    if (other_predicate(entry.annotations, bundle_predicate_annotation)) continue;
    TRY_DO(room(1));
    Attached attached;
    attached.source = "referrer " + entry.digest;
    attached.entry = entry;
    const auto manifest = store_.manifest(entry.digest);
    if (!manifest) {
      refuse_one(attached, manifest.error());
      continue;
    }
    const Manifest& parsed = manifest->manifest;
    // Some registries list referrers without their type.
    if (entry.artifact_type.empty() &&
        !parsed.artifact_type.starts_with("application/vnd.dev.sigstore.bundle"))
      continue;
    attached.annotations = parsed.annotations;
    if (other_predicate(parsed.annotations, bundle_predicate_annotation)) continue;
    if (parsed.is_index || parsed.layers.size() != 1 || !parsed.subject ||
        parsed.subject->digest != digest) {
      refuse_one(attached,
                 Error{Fault::corrupt, "not one bundle that has the image as its subject", {}, {}});
      continue;
    }
    TRY_DO(take_blob(parsed.layers[0], max_envelope, std::move(attached)));
  }
  return {};
}

}  // namespace

std::string_view name_of(AttachedForm form) {
  switch (form) {
    case AttachedForm::simple_signing:
      return "simple-signing";
    case AttachedForm::dsse:
      return "dsse";
    case AttachedForm::bundle:
      return "bundle";
  }
  return {};
}

Result<Collected> collect_attached(ArtifactStore& store, const std::string& digest,
                                   const CollectOptions& options) {
  Collector collector(store, options);
  if (const auto tag = cosign_tag(digest, options.signatures ? "sig" : "att"))
    TRY_DO(collector.add_list(*tag, options.signatures));
  if (options.bundles) TRY_DO(collector.add_bundles(digest));
  return collector.take();
}

}  // namespace boltseal
