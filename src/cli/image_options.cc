#include "cli/image_options.h"

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/options.h"

namespace boltseal {

void add_image_options(Command& command, ImageOptions& options,
                       const std::vector<std::string>& outputs, const std::string& about) {
  command.add_option("REF", options.references, "Image in a registry, or oci:DIR[:tag]");
  command.add_flag("--local-image", options.local,
                   "REF is the folder of an OCI layout, or of what `cosign save` wrote");
  add_trust_options(command, options.trust);
  command
      .add_option("--require", options.required,
                  "How many different keys (or identities) must have signed")
      ->type_name("K")
      ->check(between(1, 1000))
      ->capture_default_str();
  command.add_option("--platform", options.platform, "Of this image of an index")
      ->type_name("OS/ARCH");
  command.add_option("-o,--output", options.output, about)
      ->check(one_of(outputs))
      ->capture_default_str();
  command.add_flag("--new-bundle-format", options.bundles,
                   "With =false: only cosign's tags are looked at");
  command.add_flag("--experimental-oci11", options.oci_references,
                   "Accepted for cosign's sake: both ways are always read");
  command
      .add_option("--signature-digest-algorithm", options.digest_algorithm,
                  "Accepted for cosign's sake: what goes with the key is tried")
      ->check(one_of({"sha224", "sha256", "sha384", "sha512"}))
      ->type_name("NAME");
  command.add_option("--max-workers", options.workers, "Accepted for cosign's sake");
  add_store_options(command, options.store);
}

int read_image_trust(const ImageOptions& options, ImageTrust& out) {
  auto trust = read_trust(options.trust);
  if (!trust) {
    const int exit = seal_complain(trust.error());
    return trust.error().fault == Fault::unsupported ? static_cast<int>(Exit::usage) : exit;
  }
  out.trust = *std::move(trust);
  const auto held = require_log(options.trust.log, store_options(options.store, "pull"), out.log,
                                out.trust.policy, out.trust.root);
  if (!held) return seal_complain(held.error().message(), seal_error);
  out.policy.trust = out.trust.policy;
  out.policy.root = &out.trust.root;
  out.policy.required = options.required;
  out.policy.check_claims = options.check_claims;
  out.policy.bundles = options.bundles;
  return seal_good;
}

int for_each_image(const ImageOptions& options,
                   const std::function<int(const std::string&, ArtifactStore&,
                                           const std::vector<StoredManifest>&)>& check) {
  if (options.references.empty())
    return seal_complain("name an image, or a folder with --local-image", Exit::usage);
  for (const std::string& given : options.references) {
    const std::string reference =
        options.local && !given.starts_with("oci:") ? "oci:" + given : given;
    const auto opened = open_reference(reference, options.store, "pull");
    if (!opened) return seal_complain_of_image(opened.error());
    // A tag is asked for once; from here on there are digests only.
    const auto images =
        resolve_subjects(*opened->images, opened->reference, options.platform, options.recursive);
    if (!images) return seal_complain_of_image(images.error());
    if (const int exit = check(given, opened->signatures(), *images); exit != seal_good)
      return exit;
  }
  return seal_good;
}

}  // namespace boltseal
