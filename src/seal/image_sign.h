// Signs images and says things of them, and attaches that to them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signer.h"
#include "net/manifest.h"
#include "seal/artifact_store.h"

namespace boltseal {

class BundleMaker;  // seal/bundle_maker.h

struct AttachFormats {
  bool bundle = true;   // Sigstore bundle 0.3 as a referrer
  bool legacy = false;  // cosign's lists under tags
};

struct SignImageOptions {
  AttachFormats formats;
  // Makes the bundles, where services have a part in them; null: the signer alone does. Lists under
  // tags have no place for that.
  const BundleMaker* maker = nullptr;
  Annotations annotations;  // signed along
  std::string reference;    // what the signer calls the image: "reg.example/app"
  std::string created;      // RFC 3339
};

// Signs one manifest. A legacy signature of the same payload by the same key is not added twice.
Result<> sign_image(ArtifactStore& store, const StoredManifest& image, const Signer& signer,
                    const SignImageOptions& options);

struct AttestImageOptions {
  AttachFormats formats;
  const BundleMaker* maker = nullptr;  // likewise
  bool replace = false;                // take away earlier attestations of the same predicate type
  std::string created;
};

// Attaches an in-toto statement, which must be about the image.
Result<> attest_image(ArtifactStore& store, const StoredManifest& image, const Signer& signer,
                      std::string_view statement, const AttestImageOptions& options);

// The statement that a predicate makes about an image.
std::string statement_about(const StoredManifest& image, const std::string& reference,
                            std::string_view predicate_type, std::string_view predicate,
                            const Annotations& annotations = {});

}  // namespace boltseal
