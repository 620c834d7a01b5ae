// `copy` and `clean`: images with what is attached to them, and without.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/store_options.h"
#include "seal/copy_image.h"
#include "source/reference.h"

namespace boltseal {
namespace {

struct CopyCommand {
  std::string from, to, platform;
  std::vector<std::string> only;
  bool signatures_only = false, force = false;
  StoreFlags store;

  CopyOptions options() const {
    CopyOptions out;
    const auto named = [&](const char* kind) {
      return std::ranges::find(only, kind) != only.end();
    };
    if (signatures_only || !only.empty())
      out.only = {signatures_only || named("sig"), named("att"), named("sbom"), false};
    return out;
  }
  // Another image under that tag goes only where that was asked for.
  Result<> may_take(ArtifactStore& there, const std::string& tag, const std::string& digest) const {
    if (force || tag.empty() || options().only) return {};
    const auto before = there.manifest(tag);
    if (!before && before.error().fault == Fault::not_found) return {};
    if (!before) return std::unexpected(before.error());
    if (before->digest == digest) return {};
    return fail(Fault::unsupported,
                "another image has that tag (" + before->digest + "); --force writes over it", to);
  }

  Result<CopyCounts> copy(int& exit) const {
    TRY(const auto source, open_artifact(from, {}, store_options(store, "pull")));
    TRY(const auto images, [&]() -> Result<std::vector<StoredManifest>> {
      auto found = resolve_subjects(*source.images, source.reference, platform, false);
      if (!found && found.error().fault == Fault::not_found) exit = seal_no_image;
      return found;
    }());
    TRY(const Reference target, parse_reference(to));
    std::unique_ptr<ArtifactStore> made;
    std::string tag = target.name;
    if (target.kind == Reference::Kind::oci_layout) {
      TRY(made, layout_store(target.location, true));
    } else {
      TRY(auto opened, open_artifact(to, {}, store_options(store, "pull,push")));
      made = std::move(opened.images);
      tag = target.tag;
    }
    if (!target.digest.empty() && target.digest != images.front().digest)
      return fail(Fault::unsupported, "the image has another digest: " + images.front().digest, to);
    // Of one registry the blobs need not travel.
    const auto origin = parse_reference(from);
    const bool near = origin && origin->kind == Reference::Kind::registry &&
                      target.kind == Reference::Kind::registry && origin->host == target.host;
    // A layout without a tag could not be told apart from its attachments.
    if (tag.empty() && target.kind == Reference::Kind::oci_layout)
      tag = origin && !origin->tag.empty() ? origin->tag : "latest";
    TRY_DO(may_take(*made, tag, images.front().digest));
    CopyOptions how = options();
    if (near) how.mount_from = origin->repository;
    return copy_image(*source.images, images.front(), *made, tag, how);
  }

  int run() const {
    int exit = seal_error;
    const auto counts = copy(exit);
    if (!counts) return seal_complain(counts.error().message(), exit);
    log_note(fmt::format("{} manifests and {} lists or referrers copied", counts->manifests,
                         counts->attachments));
    return seal_good;
  }
};

struct CleanCommand {
  std::string reference, type = "all";
  bool force = false;
  StoreFlags store;

  int run() const {
    if (!force)
      return seal_complain("this takes signatures away for good: say --force", Exit::usage);
    const auto opened = open_reference(reference, store, "pull,push,delete");
    if (!opened) return seal_complain_of_image(opened.error());
    const auto image = opened->images->manifest(opened->reference);
    if (!image) return seal_complain_of_image(image.error());
    AttachmentKinds kinds;
    kinds.signatures = type == "all" || type == "signature";
    kinds.attestations = type == "all" || type == "attestation";
    kinds.sboms = type == "all" || type == "sbom";
    if (type == "referrer") kinds = {true, true, false, true};
    const auto removed = clean_image(opened->signatures(), image->digest, kinds);
    if (!removed) return seal_complain(removed.error());
    log_note(fmt::format("{} lists or referrers taken away", *removed));
    return seal_good;
  }
};

}  // namespace

void add_copy(Command& program, int& exit) {
  auto* command = program.add_subcommand(
      "copy", "Copy an image with its signatures and attestations between registries and layouts");
  const auto state = std::make_shared<CopyCommand>();
  command->add_option("FROM", state->from, "Image in a registry, or oci:DIR[:tag]")->required();
  command->add_option("TO", state->to, "Where to; oci:DIR[:tag] is made")->required();
  command->add_option("--platform", state->platform, "Copy this image of an index only")
      ->type_name("OS/ARCH");
  command
      ->add_option("--only", state->only,
                   "Not the image, but of what is attached to it: sig, att, sbom (a list)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(one_of({"sig", "att", "sbom"}))
      ->type_name("LIST");
  command->add_flag("--sig-only", state->signatures_only, "The same as --only sig");
  command->add_flag("-f,--force", state->force, "Take a tag from another image");
  add_store_options(*command, state->store);
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

void add_clean(Command& program, int& exit) {
  auto* command =
      program.add_subcommand("clean", "Take the signatures and attestations of an image away");
  const auto state = std::make_shared<CleanCommand>();
  command->add_option("REF", state->reference, "Image in a registry, or oci:DIR[:tag]")->required();
  command->add_option("--type", state->type, "What to take away")
      ->check(one_of({"all", "signature", "attestation", "referrer", "sbom"}))
      ->capture_default_str();
  command->add_flag("-f,--force", state->force, "Do it");
  add_store_options(*command, state->store);
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
