// Signs images and says things of them, and attaches that to them.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signer.h"
#include "net/manifest.h"
#include "seal/artifact_store.h"
#include "seal/bundle.h"

namespace boltseal {

class BundleMaker;  // seal/bundle_maker.h

struct AttachFormats {
  bool bundle = true;   // Sigstore bundle 0.3 as a referrer
  bool legacy = false;  // cosign's lists under tags
};

// An entry of cosign's lists.
struct ListEntry {
  std::string bytes;        // payload, or envelope
  Annotations annotations;  // the signature or the predicate's type, and what services say
  // Who has signed, where that is known: his signature of a payload is not added twice.
  std::optional<PublicKey> key;
  Bundle material;  // what was made, before it was cut to the annotations
};

// A signature or attestation that has been made and is not attached yet.
struct MadeAttachment {
  bool attestation = false;
  std::string predicate_type;
  std::optional<ListEntry> entry;
  std::optional<Bundle> bundle;
};

struct SignImageOptions {
  AttachFormats formats;
  // Signs where services have a part in it; null: the signer alone does.
  const BundleMaker* maker = nullptr;
  Annotations annotations;  // signed along
  std::string reference;    // what the signer calls the image: "reg.example/app"
  std::string payload;      // signed in place of the payload that is made; the older form's
  std::string created;      // RFC 3339
};

// Of the image `digest`. unsupported for what the older form has no place for.
Result<MadeAttachment> make_signature(const std::string& digest, const Signer& signer,
                                      const SignImageOptions& options);
// Makes it and attaches it.
Result<> sign_image(ArtifactStore& store, const StoredManifest& image, const Signer& signer,
                    const SignImageOptions& options);

struct AttestImageOptions {
  AttachFormats formats;
  const BundleMaker* maker = nullptr;  // likewise
  bool replace = false;                // take away earlier attestations of the same predicate type
  std::string created;
};

// Of an in-toto statement, which must be about the image.
Result<MadeAttachment> make_attestation(const std::string& digest, const Signer& signer,
                                        std::string_view statement,
                                        const AttestImageOptions& options);
Result<> attest_image(ArtifactStore& store, const StoredManifest& image, const Signer& signer,
                      std::string_view statement, const AttestImageOptions& options);

// The entry for a signature of `payload`, for an envelope of a statement of this kind.
Result<ListEntry> signature_entry(std::string_view payload, Bundle material,
                                  std::span<const Certificate> issuers);
Result<ListEntry> attestation_entry(std::string_view envelope, const std::string& predicate_type,
                                    Bundle material, std::span<const Certificate> issuers);

// `replace`: as above; `created`: RFC 3339, or empty.
Result<> attach_made(ArtifactStore& store, const StoredManifest& image, const MadeAttachment& made,
                     bool replace, const std::string& created);

// The statement that a predicate makes about the image `digest`.
std::string statement_about(const std::string& digest, const std::string& reference,
                            std::string_view predicate_type, std::string_view predicate,
                            const Annotations& annotations = {});

}  // namespace boltseal
