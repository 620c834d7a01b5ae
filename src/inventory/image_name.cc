#include "inventory/image_name.h"

#include "base/text.h"

namespace boltseal {

std::optional<std::string_view> name_of_place(std::string_view reference) {
  for (const std::string_view scheme :
       {"oci:", "oci-archive:", "docker-archive:", "dir:", "sbom:"}) {
    if (reference.starts_with(scheme)) return reference.substr(scheme.size());
  }
  return std::nullopt;
}

std::string_view name_in_registry(std::string_view reference) {
  if (const auto parts = cut(reference, "://")) reference = parts->second;
  for (const std::string_view scheme : {"docker:", "podman:", "containerd:"})
    if (reference.starts_with(scheme)) reference.remove_prefix(scheme.size());
  return reference;
}

}  // namespace boltseal
