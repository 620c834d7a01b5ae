// What is attached to an image as signature or attestation, collected from everywhere it may be,
// not yet believed: cosign's `.sig` and `.att` lists, and Sigstore bundles that refer to it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "net/manifest.h"
#include "seal/artifact_store.h"
#include "seal/bundle.h"
#include "seal/refusal.h"

namespace boltseal {

constexpr std::string_view bundle_artifact_prefix = "application/vnd.dev.sigstore.bundle*";
constexpr std::string_view bundle_artifact_type = bundle_v3_type;
constexpr const char* cosign_signature_annotation = "dev.cosignproject.cosign/signature";
constexpr const char* bundle_content_annotation = "dev.sigstore.bundle.content";
constexpr const char* bundle_predicate_annotation = "dev.sigstore.bundle.predicateType";
// The most that one image's attachments may be, so that a registry cannot keep a verifier busy.
constexpr std::size_t max_attached = 1000;
constexpr std::uint64_t max_attached_bytes = 512ULL << 20;

enum class AttachedForm : std::uint8_t { simple_signing, dsse, bundle };
std::string_view name_of(AttachedForm form);  // "cosign-legacy", …

struct Attached {
  AttachedForm form = AttachedForm::bundle;
  std::string source;       // the list's tag and the blob, or the referrer: for reports
  std::string bytes;        // payload, envelope or bundle
  Annotations annotations;  // of the layer or manifest that names it
  Descriptor entry;         // of the list or the referrer
};

// One that cannot be had, or did not hold.
struct Refused {
  std::string source;
  AttachedForm form = AttachedForm::bundle;
  Refusal reason;
};

struct Collected {
  std::vector<Attached> attached;
  std::vector<Refused> unreadable;
};

struct CollectOptions {
  bool signatures = true;  // the .sig list; else the .att list
  bool bundles = true;
  // Of bundles and .att entries that say what their predicate is, leave out others; "" for all.
  std::string predicate_type;
  bool thorough = false;  // see ArtifactStore::referrers
};

// An Error only when the store cannot be asked, or holds more than the limits.
Result<Collected> collect_attached(ArtifactStore& store, const std::string& digest,
                                   const CollectOptions& options);

}  // namespace boltseal
