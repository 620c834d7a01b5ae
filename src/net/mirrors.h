// Where the images of a registry may be read from besides the registry: BOLTSEAL_MIRRORS and
// containers-registries.conf(5).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

// One place that serves a repository.
struct Endpoint {
  std::string host;          // "registry-1.docker.io", "mirror.local:5000"
  std::string repository;    // as that place calls it
  bool plain_http = false;   // http only, as the user wrote it
  bool may_be_http = false;  // https is tried first (on loopback http)
  // A mirror may be meant for images named by a tag, or by a digest, only.
  bool for_tags = true, for_digests = true;
};

struct MirrorFiles {
  std::string variable;  // the value of BOLTSEAL_MIRRORS: "docker.io=mirror.local:5000/cache,…"
  std::vector<std::string> files;  // registries.conf, later ones add
};
MirrorFiles mirrors_from_environment();

// The endpoints of host/repository in the order to try them; the registry itself is the last.
// unsupported when registries.conf blocks it. A file that is not TOML is an Error, because it may
// hold the block.
Result<std::vector<Endpoint>> endpoints_of(const std::string& host, const std::string& repository,
                                           const MirrorFiles& mirrors);

}  // namespace boltseal
