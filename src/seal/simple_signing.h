// Simple signing: what cosign's signatures of images are made over, besides bundles.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
// https://github.com/containers/image/blob/main/docs/containers-signature.5.md
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/value.h"
#include "net/manifest.h"

namespace boltseal {

constexpr std::string_view simple_signing_media_type =
    "application/vnd.dev.cosign.simplesigning.v1+json";
constexpr std::string_view cosign_signature_type = "cosign container image signature";
constexpr std::size_t max_simple_signing = 1 << 20;

struct SimpleSigning {
  std::string reference;    // the repository that the signer called the image by; informative
  std::string digest;       // "sha256:<hex>"
  Annotations annotations;  // the texts of "optional"
  Document document;
};

// corrupt for what is none: a member missing, of another type, or there twice.
Result<SimpleSigning> parse_simple_signing(std::string_view json);

// On one line, members in cosign's order.
std::string write_simple_signing(const std::string& reference, const std::string& digest,
                                 const Annotations& annotations,
                                 std::string_view type = cosign_signature_type);

}  // namespace boltseal
