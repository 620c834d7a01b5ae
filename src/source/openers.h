// One opener per kind of reference; only source/ includes this. open_source (source.cc) chooses
// between them.
//
// The registry opener reads these members of Reference: text (as the user wrote it), host
// ("docker.io", "reg.example:5000"), repository ("library/alpine"), tag, digest (either may be
// empty, not both), plain_http (the user wrote "http://").
#pragma once
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "source/reference.h"
#include "source/source.h"

namespace boltseal {

// registry.cc
Result<Opened> open_registry(const Reference& reference, const SourceOptions& options);
// daemon.cc: `scheme` is "docker" or "podman", `name` an image name or id as the daemon knows it.
Result<Opened> open_daemon(const std::string& scheme, const std::string& name,
                           const SourceOptions& options);
// containerd.cc: an image of containerd's store, by a name that it has in one of the namespaces.
Result<Opened> open_containerd(const std::string& name, const SourceOptions& options);
// archive.cc: the tar that `docker save` writes, already open and seekable (plain or gzip);
// `name` chooses one of several images by RepoTag, "" takes the only one; `reference` goes to
// ImageInfo::reference and into errors.
Result<Opened> open_docker_archive(Fd archive, const std::string& name,
                                   const std::string& reference, const SourceOptions& options);
// The same for a tar of an OCI layout.
Result<Opened> open_oci_archive(Fd archive, const std::string& name, const std::string& reference,
                                const SourceOptions& options);

}  // namespace boltseal
