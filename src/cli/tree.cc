// `tree` and `download`: what is attached to an image, as it is; nothing here is verified.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>

#include "base/fd.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/store_options.h"
#include "codec/base64.h"
#include "codec/json_writer.h"
#include "seal/attached.h"
#include "seal/predicate.h"

namespace boltseal {
namespace {

constexpr std::uint64_t max_download = 128ULL << 20;

struct ListName {
  const char* suffix;
  const char* shown;
};
constexpr std::array list_names = {ListName{"sig", "🔐 Signatures"},
                                   ListName{"att", "💾 Attestations"},
                                   ListName{"sbom", "📦 SBOMs"}};

// "predicateType of the bundle", else the artifact type.
std::string kind_of(const StoredManifest& referrer) {
  const auto& annotations = referrer.manifest.annotations;
  const auto type = annotations.find(bundle_predicate_annotation);
  return type == annotations.end() ? referrer.manifest.artifact_type : type->second;
}

std::string branches(const std::vector<Descriptor>& entries) {
  std::string out;
  for (const Descriptor& entry : entries)
    out += fmt::format("   {}── 🍒 {}\n", &entry == &entries.back() ? "└" : "├", entry.digest);
  return out;
}

Result<std::string> draw(const OpenedArtifact& opened, const std::string& platform) {
  TRY(const auto images, resolve_subjects(*opened.images, opened.reference, platform, false));
  const std::string& digest = images.front().digest;
  ArtifactStore& store = opened.signatures();
  std::string out;
  for (const ListName& list : list_names) {
    const auto tag = cosign_tag(digest, list.suffix);
    if (!tag) continue;
    const auto entries = store.list(*tag, ListKind::layers, true);
    if (!entries && entries.error().fault == Fault::not_found) continue;
    if (!entries) return std::unexpected(entries.error());
    out += fmt::format("└── {} for an image tag: {}:{}\n", list.shown, store.name(), *tag);
    out += branches(*entries);
  }
  TRY(const auto referrers, store.referrers(digest, {}, true));
  for (const Descriptor& entry : referrers) {
    TRY(const auto referrer, store.manifest(entry.digest));
    out += fmt::format("└── 🔗 {} artifacts via OCI referrer: {}@{}\n", kind_of(referrer),
                       store.name(), entry.digest);
    out += branches(referrer.manifest.layers);
  }
  if (out.empty())
    return fmt::format("No Supply Chain Security Related Artifacts found for image {}\n",
                       opened.text);
  return fmt::format("📦 Supply Chain Security Related artifacts for an image: {}\n{}", opened.text,
                     out);
}

// cosign's form of a downloaded signature.
std::string signature_line(const Attached& attached) {
  if (attached.form == AttachedForm::bundle) return std::string(trim(attached.bytes)) + "\n";
  const auto annotation = [&](const char* key) {
    const auto found = attached.annotations.find(key);
    return found == attached.annotations.end() ? std::string() : found->second;
  };
  JsonWriter json(false);
  json.object()
      .member("Base64Signature", annotation(cosign_signature_annotation))
      .member("Payload", base64(attached.bytes));
  const auto text_or_null = [&](JsonWriter& out, const std::string& value) {
    if (value.empty())
      out.null();
    else
      out.value(value);
  };
  text_or_null(json.key("Cert"), annotation("dev.sigstore.cosign/certificate"));
  text_or_null(json.key("Chain"), annotation("dev.sigstore.cosign/chain"));
  text_or_null(json.key("Bundle"), annotation("dev.sigstore.cosign/bundle"));
  text_or_null(json.key("RFC3161Timestamp"), annotation("dev.sigstore.cosign/rfc3161timestamp"));
  return json.end().take() + "\n";
}

Result<std::string> attestation_line(const Attached& attached) {
  if (attached.form == AttachedForm::dsse) return std::string(trim(attached.bytes)) + "\n";
  const auto bundle = parse_bundle(attached.bytes);
  if (!bundle) return fail(Fault::corrupt, bundle.error().message(), attached.source);
  if (!bundle->envelope) return std::string();
  return write_dsse(*bundle->envelope) + "\n";
}

struct DownloadCommand {
  std::string reference, type, platform;
  StoreFlags store;

  Result<std::string> fetch(const std::string& what, const OpenedArtifact& opened) const {
    TRY(const auto images, resolve_subjects(*opened.images, opened.reference, platform, false));
    const std::string& digest = images.front().digest;
    if (what == "sbom") return sbom(opened.signatures(), digest);
    CollectOptions options;
    options.signatures = what == "signature";
    options.thorough = true;
    if (options.signatures) options.predicate_type = cosign_sign_predicate;
    if (!type.empty()) {
      TRY(options.predicate_type, predicate_type_of(type));
    }
    TRY(const auto collected, collect_attached(opened.signatures(), digest, options));
    std::string out;
    for (const Attached& attached : collected.attached) {
      if (options.signatures) {
        out += signature_line(attached);
        continue;
      }
      // A signature is a statement too, but not what is meant here.
      const auto predicate = attached.annotations.find(bundle_predicate_annotation);
      if (predicate != attached.annotations.end() && predicate->second == cosign_sign_predicate)
        continue;
      TRY(const auto line, attestation_line(attached));
      out += line;
    }
    for (const Refused& one : collected.unreadable)
      std::fputs(fmt::format("  {}: {}\n", printable(one.source), one.reason.message()).c_str(),
                 stderr);
    if (out.empty()) return fail(Fault::not_found, "no " + what + " found", reference);
    return out;
  }

  static Result<std::string> sbom(ArtifactStore& store, const std::string& digest) {
    TRY(const auto tag, cosign_tag(digest, "sbom"));
    TRY(const auto entries, store.list(tag, ListKind::layers, false));
    std::string out;
    for (const Descriptor& entry : entries) {
      TRY(const auto bytes, store.blob(entry, max_download));
      out += bytes;
    }
    return out;
  }

  int run(const std::string& what) const {
    const auto opened = open_reference(reference, store, "pull");
    if (!opened) return seal_complain_of_image(opened.error());
    const auto out = fetch(what, *opened);
    if (!out) return seal_complain(out.error());
    if (const auto written = write_all(1, *out, "standard output"); !written)
      return seal_complain(written.error());
    return seal_good;
  }
};

struct TreeCommand {
  std::string reference, platform;
  StoreFlags store;

  int run() const {
    const auto opened = open_reference(reference, store, "pull");
    if (!opened) return seal_complain_of_image(opened.error());
    const auto out = draw(*opened, platform);
    if (!out) return seal_complain_of_image(out.error());
    if (const auto written = write_all(1, printable(*out, true), "standard output"); !written)
      return seal_complain(written.error());
    return seal_good;
  }
};

}  // namespace

void add_tree(Command& program, int& exit) {
  auto* command = program.add_subcommand("tree", "Show what is attached to an image");
  const auto state = std::make_shared<TreeCommand>();
  command->add_option("REF", state->reference, "Image in a registry, or oci:DIR[:tag]")->required();
  command->add_option("--platform", state->platform, "Of this image of an index")
      ->type_name("OS/ARCH");
  add_store_options(*command, state->store);
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

void add_download(Command& program, int& exit) {
  auto* command = program.add_subcommand(
      "download", "Print what is attached to an image, without verifying it");
  command->require_subcommand(1);
  constexpr std::array kinds = {std::pair{"signature", "Signatures, one JSON object a line"},
                                std::pair{"attestation", "Attestations, one DSSE envelope a line"},
                                std::pair{"sbom", "The SBOM that `cosign attach sbom` attached"}};
  for (const auto& [what, about] : kinds) {
    auto* kind = command->add_subcommand(what, about);
    const auto state = std::make_shared<DownloadCommand>();
    kind->add_option("REF", state->reference, "Image in a registry, or oci:DIR[:tag]")->required();
    if (std::string_view(what) == "attestation")
      kind->add_option("--predicate-type", state->type, "Only of this type")->type_name("TYPE");
    kind->add_option("--platform", state->platform, "Of this image of an index")
        ->type_name("OS/ARCH");
    add_store_options(*kind, state->store);
    add_environment(*kind);
    kind->callback([state, name = std::string(what), &exit] { exit = state->run(name); });
  }
}

}  // namespace boltseal
