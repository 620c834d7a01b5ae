// Seals, amendments and drift reports as signed in-toto statements. doc/formats/seal.md,
// "Attestations".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "custody/drift.h"
#include "seal/dsse.h"
#include "seal/statement.h"

namespace boltseal {

constexpr std::string_view content_seal_type = "https://boltseal.dev/attestation/content-seal/v1";
constexpr std::string_view amendment_type = "https://boltseal.dev/attestation/content-amendment/v1";
constexpr std::string_view drift_report_type = "https://boltseal.dev/attestation/drift/v1";

// What the statements about an image are about: its manifest, else its config, else the root
// itself.
std::vector<Subject> content_subjects(const ReadManifest& sealed);

// The predicate of a content seal: root, size, algorithm, counts, and the digest of the manifest
// file, which are the bytes of write_manifest().
std::string content_seal_predicate(const ReadManifest& sealed, std::string_view manifest_file);

// What a signed seal vouches for.
struct SignedSeal {
  std::string root;             // 32 bytes
  std::uint64_t size = 0;       // records
  std::string manifest_digest;  // of the manifest file, "sha256:…"
};
Checked<SignedSeal> verify_seal(std::string_view envelope, const std::vector<PublicKey>& keys,
                                std::size_t threshold);
// Refuses records of another root than the signed one.
Checked<void> check_against(const SignedSeal& seal, const ReadManifest& sealed);

// A change of a sealed image that somebody approves: what a path is from now on.
struct Amendment {
  std::string path;
  std::optional<ContentRecord> record;  // nothing: it is removed
};
struct Amendments {
  std::string root, reason;
  std::vector<Amendment> changes;  // sorted by path
};
std::string amendment_predicate(const Amendments& amendments);
Checked<Amendments> verify_amendments(std::string_view envelope, const std::vector<PublicKey>& keys,
                                      std::size_t threshold);
// Moves findings that are exactly what was approved to the allowed ones. Refuses amendments of
// another seal.
Checked<void> apply(const Amendments& amendments, const ReadManifest& sealed, DriftReport& report);

}  // namespace boltseal
