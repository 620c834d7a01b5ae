// What a user writes for an image: taken apart and checked, before anything is opened or asked.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

struct Reference {
  enum class Kind : std::uint8_t {
    registry,
    daemon,
    containerd,
    oci_layout,
    archive,
    directory,
    sbom
  };
  Kind kind = Kind::registry;
  std::string text;    // as the user wrote it
  std::string scheme;  // "oci", "oci-archive", "docker-archive", "dir", "sbom", "docker", "podman",
                       // "containerd"; empty for a registry, and for an archive whose kind only its
                       // content tells
  bool guessed = false;  // the user wrote no scheme
  std::string location;  // path, or the name as a daemon knows it
  std::string
      name;  // which image inside a layout or archive: tag, name:tag or digest; may be empty

  // Of a registry reference: docker.io, library/ and the tag latest filled in.
  std::string host;         // "docker.io", "reg.example:5000", "[::1]:5000"
  std::string repository;   // "library/alpine"
  std::string tag;          // may be empty when there is a digest
  std::string digest;       // "sha256:…" or empty
  bool plain_http = false;  // the user wrote "http://"

  // With its scheme, as the user could have written it.
  std::string canonical() const;
};

// Looks at the file system for a bare path or name (and for a colon that may be part of a path),
// nowhere else. Errors say what to write instead.
Result<Reference> parse_reference(const std::string& text);

// A registry reference by the grammar of the distribution project
// (github.com/distribution/reference, OCI distribution-spec 1.1 for the repository and the tag).
Result<Reference> parse_registry_reference(const std::string& text);

// Whether two image names are the same to Docker: "debian" and "docker.io/library/debian:latest".
// False when one is none.
bool same_image_name(const std::string& a, const std::string& b);

}  // namespace boltseal
