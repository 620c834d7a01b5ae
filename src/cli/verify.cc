// `verify`: whether an image bears the signatures that are asked for.
//
// Standard output is the JSON array that cosign prints, so that pipelines go on working; what did
// not hold, and why, is in `-o report`. What was done is told on standard error.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/fd.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/image_options.h"
#include "cli/notation.h"
#include "cli/options.h"
#include "codec/base64.h"
#include "codec/json_writer.h"
#include "seal/evidence.h"
#include "seal/predicate.h"
#include "seal/simple_signing.h"

namespace boltseal {
namespace {

struct VerifyCommand {
  ImageOptions what;
  std::vector<std::string> annotations;
  std::string signature, payload, attachment;
  NotationVerifyFlags notation;

  int run() const;
  int run_notation(const Annotations& wanted) const;
  int verify_one(const std::string& reference, ArtifactStore& signatures, const std::string& digest,
                 const ImagePolicy& policy, std::string& out) const;
  // The digest that is signed: the image's, or that of what --attachment names.
  Result<std::string> signed_digest(ArtifactStore& signatures, const StoredManifest& image) const;
  Result<Attached> detached(const ArtifactStore& store, const std::string& digest) const;
  Checked<VerifiedImage> verdict(ArtifactStore& signatures, const std::string& digest,
                                 const ImagePolicy& policy, std::vector<Refused>& refused) const;
};

void write_claims(JsonWriter& json, const VerifiedAttached& signature) {
  json.key("optional").object();
  for (const auto& [key, value] : signature.claims()) json.member(key, value);
  if (const auto& evidence = signature.evidence(); evidence && !evidence->chain.empty())
    json.member("Issuer", evidence->identity.issuer).member("Subject", evidence->matched_identity);
  json.end();
}

// What cosign shows of a signature.
std::string shown(const VerifiedAttached& signature, const std::string& reference,
                  const std::string& digest) {
  const bool certified = signature.evidence() && !signature.evidence()->chain.empty();
  const bool simple = signature.form() == AttachedForm::simple_signing;
  if (simple && !certified) return std::string(trim(signature.payload()));
  JsonWriter json(false);
  json.object().key("critical").object();
  json.key("identity").object().member("docker-reference", reference).end();
  json.key("image").object().member("docker-manifest-digest", digest).end();
  json.member("type", simple ? cosign_signature_type : cosign_sign_predicate).end();
  write_claims(json, signature);
  return json.end().take();
}

void say_checks(const std::string& reference, const ImagePolicy& policy,
                const VerifiedImage& image) {
  std::string text = fmt::format(
      "\nVerification for {} --\nThe following checks were performed on each of these "
      "signatures:\n",
      printable(reference));
  if (!policy.annotations.empty()) text += "  - The specified annotations were verified.\n";
  if (policy.check_claims) text += "  - The cosign claims were validated\n";
  const bool logged = std::ranges::all_of(image.attached(), [](const VerifiedAttached& one) {
    return one.evidence() && !one.evidence()->entries.empty();
  });
  if (logged) text += "  - Existence of the claims in the transparency log was verified offline\n";
  text += policy.trust.keys.empty()
              ? "  - The code-signing certificate was verified using trusted certificate authority "
                "certificates\n"
              : "  - The signatures were verified against the specified public key\n";
  if (policy.trust.key_trust.has_records())
    text += "  - The records about keys let these keys sign what they have signed\n";
  if (policy.required > 1)
    text += fmt::format("  - At least {} different keys have signed\n", policy.required);
  std::fputs(text.c_str(), stderr);
}

void write_report(JsonWriter& json, const std::string& reference, const std::string& digest,
                  const ImagePolicy& policy, const Checked<VerifiedImage>& verdict,
                  const std::vector<Refused>& refused) {
  json.object()
      .member("image", reference)
      .member("digest", digest)
      .member("verified", verdict.has_value())
      .member("required", static_cast<std::uint64_t>(policy.required));
  if (!verdict) write_refusal(json.key("reason"), verdict.error());
  json.texts("keys", verdict ? verdict->keys() : std::vector<std::string>());
  json.key("signatures").array();
  if (verdict) {
    for (const VerifiedAttached& one : verdict->attached()) {
      json.object().member("source", one.source()).member("form", name_of(one.form()));
      if (one.evidence()) write_evidence(json.key("evidence"), *one.evidence());
      json.texts("keys", one.keys()).key("payload").raw(trim(one.payload())).end();
    }
  }
  json.end();
  write_refused(json, refused);
  json.end();
}

void say_refused(const std::vector<Refused>& refused) {
  for (const Refused& one : refused)
    std::fputs(fmt::format("  {}: {}\n", printable(one.source), one.reason.message()).c_str(),
               stderr);
}

int complain_of(const Refusal& reason, const std::vector<Refused>& refused,
                const ImagePolicy& policy) {
  say_refused(refused);
  // A signed statement of another kind is no signature of the image, nor is a bundle of no version
  // that is known.
  const bool none = std::ranges::all_of(refused, [](const Refused& one) {
    return one.reason.code == "predicate-type-mismatch" ||
           one.reason.code == "bundle-version-unsupported";
  });
  const bool too_few = reason.code == "threshold-not-met";
  if (none && !too_few && (reason.code == "signature-missing" || !refused.empty()))
    return seal_complain("no signatures found", seal_no_signature);
  if (reason.code == "unreadable" || reason.code == "threshold-invalid")
    return seal_complain(reason.message(), seal_error);
  // cosign knows 12 and 13 for its older form only.
  const bool bundled = !too_few && std::ranges::any_of(refused, [](const Refused& one) {
    return one.form == AttachedForm::bundle;
  });
  const bool uncertified = !bundled && policy.trust.keys.empty() && !refused.empty() &&
                           std::ranges::all_of(refused, [](const Refused& one) {
                             return one.reason.code == "key-missing";
                           });
  if (uncertified)
    return seal_complain("no certificate found on signature: " + reason.message(),
                         seal_no_certificate);
  return seal_complain("no matching signatures: " + reason.message(),
                       bundled ? seal_error : seal_no_match);
}

Result<std::string> VerifyCommand::signed_digest(ArtifactStore& signatures,
                                                 const StoredManifest& image) const {
  if (attachment.empty()) return image.digest;
  TRY(const auto tag, cosign_tag(image.digest, attachment));
  TRY(const auto attached, signatures.manifest(tag));
  return attached.digest;
}

// Without --payload it is what signing without further words makes.
Result<Attached> VerifyCommand::detached(const ArtifactStore& store,
                                         const std::string& digest) const {
  Attached out;
  out.form = AttachedForm::simple_signing;
  out.source = signature;
  out.bytes = write_simple_signing(store.name(), digest, {});
  if (!payload.empty()) {
    TRY(out.bytes, read_file(payload, max_simple_signing));
  }
  TRY(const auto text, read_file(signature, max_simple_signing));
  const auto raw = unbase64(trim(text));
  out.annotations[cosign_signature_annotation] = base64(raw ? *raw : text);
  return out;
}

Checked<VerifiedImage> VerifyCommand::verdict(ArtifactStore& signatures, const std::string& digest,
                                              const ImagePolicy& policy,
                                              std::vector<Refused>& refused) const {
  if (signature.empty()) return verify_signatures(signatures, digest, policy, &refused);
  TRY(const auto given, readable(detached(signatures, digest), "--signature"));
  return verify_detached(given, digest, policy, &refused);
}

int VerifyCommand::verify_one(const std::string& reference, ArtifactStore& signatures,
                              const std::string& digest, const ImagePolicy& policy,
                              std::string& out) const {
  std::vector<Refused> refused;
  const auto found = verdict(signatures, digest, policy, refused);
  if (what.output == "report") {
    JsonWriter json(true);
    write_report(json, reference, digest, policy, found, refused);
    out += json.take();
  }
  if (!found) return complain_of(found.error(), refused, policy);
  say_checks(reference, policy, *found);
  if (what.output == "report") return seal_good;
  const char* const between = what.output == "text" ? "\n" : ",";
  std::string payloads;
  for (const VerifiedAttached& one : found->attached())
    payloads += (payloads.empty() ? "" : between) + shown(one, reference, digest);
  out += payloads;
  return seal_good;
}

int VerifyCommand::run_notation(const Annotations& wanted) const {
  NotationVerifyFlags flags = notation;
  flags.offline = what.store.offline;
  return for_each_image(what, [&](const std::string& reference, ArtifactStore& signatures,
                                  const std::vector<StoredManifest>& images) {
    return verify_by_notation(signatures, images, reference, flags, wanted);
  });
}

int VerifyCommand::run() const {
  auto wanted = read_annotations(annotations);
  if (!wanted) return seal_complain(wanted.error()), Exit::usage;
  if (notation.asked()) return run_notation(*wanted);
  if (signature.empty() && !payload.empty())
    return seal_complain("--payload goes with --signature", Exit::usage);
  ImageTrust trust;
  if (const int failed = read_image_trust(what, trust); failed != seal_good) return failed;
  ImagePolicy& policy = trust.policy;
  policy.annotations = std::move(*wanted);
  std::string out;
  const int exit = for_each_image(what, [&](const std::string& reference, ArtifactStore& signatures,
                                            const std::vector<StoredManifest>& images) {
    std::string payloads;
    for (const StoredManifest& image : images) {
      const auto digest = signed_digest(signatures, image);
      if (!digest) return seal_complain_of_image(digest.error());
      const char* const between = what.output == "text" ? "\n" : ",";
      if (!payloads.empty() && what.output != "report") payloads += between;
      const int one = verify_one(reference, signatures, *digest, policy, payloads);
      if (one == seal_good) continue;
      out += payloads;
      return one;
    }
    // An array for each image that was named, as cosign has it.
    out += what.output == "json"   ? "[" + payloads + "]\n"
           : what.output == "text" ? payloads + "\n"
                                   : payloads;
    return static_cast<int>(seal_good);
  });
  if (exit != seal_good && what.output != "report") out.clear();
  if (const auto written = write_all(1, out, "standard output"); !written)
    return seal_complain(written.error());
  return exit;
}

}  // namespace

void add_verify(Command& program, int& exit) {
  auto* command = program.add_subcommand("verify", "Verify the signatures of an image");
  const auto state = std::make_shared<VerifyCommand>();
  add_image_options(*command, state->what, {"json", "text", "report"},
                    "json: the payloads, as cosign has it; text: one a line; report: also what did "
                    "not hold, and why");
  add_notation_verify_options(*command, state->notation);
  command
      ->add_option("--scope", state->notation.scope,
                   "With --trust-policy: the registry/repository that its scopes mean (default: "
                   "the image's own)")
      ->type_name("NAME");
  command
      ->add_option("-a,--annotations", state->annotations, "key=value that must have been signed")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  command
      ->add_option("--signature", state->signature,
                   "A signature that is not attached: a file, in base64 or as it is")
      ->type_name("FILE");
  command
      ->add_option("--payload", state->payload,
                   "What it is over (default: what `sign` makes without -a)")
      ->type_name("FILE");
  command
      ->add_option("--attachment", state->attachment,
                   "Verify what is attached to the image in place of the image")
      ->check(one_of({"sbom"}))
      ->type_name("sbom");
  command->add_flag("--check-claims", state->what.check_claims,
                    "With =false a simple-signing payload may name another image");
  command->add_flag("-r,--recursive", state->what.recursive, "Of an index verify every image too");
  add_environment(*command);
  command->callback([state, &exit] { exit = state->run(); });
}

}  // namespace boltseal
