#include "cli/store_options.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"
#include "net/http.h"
#include "seal/evidence.h"
#include "seal/key_reference.h"
#include "source/reference.h"

namespace boltseal {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

void add_store_options(Command& command, StoreFlags& flags) {
  command.add_flag("--allow-http-registry", flags.allow_http, "Allow plain HTTP to the registry");
  command.add_flag("--allow-insecure-registry", flags.allow_insecure,
                   "The same; a certificate of your own CA goes into --registry-cacert");
  command.add_flag("--insecure-http", flags.insecure_http,
                   "The same, and to the services that sign along");
  command.add_option("--registry-username", flags.username, "User name at the registry");
  command.add_option("--registry-password", flags.password,
                     "Password at the registry; better in BOLTSEAL_REGISTRY_PASSWORD, or by "
                     "`docker login`");
  command.add_option("--registry-token", flags.token, "Bearer token for the registry");
  command.add_option("--registry-cacert", flags.ca_file, "CA certificates of the registry (PEM)")
      ->type_name("FILE");
  command
      .add_option("--registry-client-cert", flags.client_certificate,
                  "Certificate to show to the registry (PEM)")
      ->type_name("FILE");
  command.add_option("--registry-client-key", flags.client_key, "Its private key (PEM)")
      ->type_name("FILE");
  command
      .add_option("--registry-referrers-mode", flags.referrers_mode,
                  "Accepted for cosign's sake: both ways are always used")
      ->check(one_of({"legacy", "oci-1-1"}));
  command.add_flag(
      "--offline", flags.offline,
      "Send not one packet; layouts only (cosign's means: ask no log, as it always is)");
}

StoreOptions store_options(const StoreFlags& flags, const std::string& actions) {
  if (flags.offline) forbid_network();
  if (!flags.ca_file.empty()) ::setenv("BOLTSEAL_CA_FILE", flags.ca_file.c_str(), 1);
  if (!flags.client_certificate.empty())
    ::setenv("BOLTSEAL_CLIENT_CERT", flags.client_certificate.c_str(), 1);
  if (!flags.client_key.empty()) ::setenv("BOLTSEAL_CLIENT_KEY", flags.client_key.c_str(), 1);
  StoreOptions out;
  out.insecure_http = flags.allow_http || flags.allow_insecure || flags.insecure_http;
  out.actions = actions;
  out.bearer_token = flags.token;
  if (!flags.username.empty() || !flags.password.empty())
    out.credentials = Credentials{flags.username, flags.password, {}};
  return out;
}

Result<OpenedArtifact> open_reference(const std::string& reference, const StoreFlags& flags,
                                      const std::string& actions) {
  return open_artifact(reference, environment("COSIGN_REPOSITORY"), store_options(flags, actions));
}

void add_sign_options(Command& command, SignFlags& flags, bool notation) {
  add_service_options(command, flags.services);
  std::vector<std::string> formats = {"bundle", "legacy", "both"};
  std::string what =
      "bundle: Sigstore bundle as a referrer; legacy: cosign's .sig and .att tags; both";
  if (notation) {
    formats.insert(formats.end(), {"notation-jws", "notation-cose"});
    what += "; notation-jws, notation-cose: a signature of notation, with --certificate-chain";
  }
  command.add_option("--format", flags.format, what)->check(one_of(formats))->capture_default_str();
  command.add_flag("-y,--yes", flags.yes, "Accepted for cosign's sake; nothing is asked");
  command.add_flag("--new-bundle-format", flags.bundle_format, "With =false: --format legacy");
}

Result<AttachFormats> attach_formats(const SignFlags& flags) {
  TRY_DO(check_service_call(flags.services));
  AttachFormats out;
  out.bundle = flags.format != "legacy" && flags.bundle_format;
  out.legacy = flags.format != "bundle" || !flags.bundle_format;
  if (flags.format.starts_with("notation-")) return out;
  if (out.legacy) TRY_DO(check_lists(flags.services));
  return out;
}

Result<BundleMaker> maker_of(const SignFlags& flags, const StoreFlags& store) {
  const bool notation = flags.format.starts_with("notation-");
  const bool lists = !notation && (flags.format != "bundle" || !flags.bundle_format);
  return bundle_maker(flags.services, store_options(store, "pull,push"), store.insecure_http,
                      lists);
}

Result<Subjects> open_subjects(const std::string& reference, const StoreFlags& store,
                               const SubjectChoice& choice, int& exit) {
  exit = seal_error;
  Subjects out;
  const auto parsed = parse_reference(reference);
  if (!choice.upload && parsed && parsed->kind == Reference::Kind::registry &&
      !parsed->digest.empty() && choice.platform.empty() && !choice.recursive) {
    out.name = parsed->host + "/" + parsed->repository;
    out.images.emplace_back().digest = parsed->digest;
    return out;
  }
  TRY(out.opened, open_reference(reference, store, choice.upload ? "pull,push" : "pull"));
  auto images = resolve_subjects(*out.opened->images, out.opened->reference, choice.platform,
                                 choice.recursive);
  if (!images) {
    if (images.error().fault == Fault::not_found) exit = seal_no_image;
    return std::unexpected(images.error());
  }
  out.images = std::move(*images);
  out.name = out.opened->images->name();
  return out;
}

namespace {

// "a=1,b=2", of which a part that begins with a quote may hold commas, as cosign takes it.
std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"' && (quoted || out.back().empty()))
      quoted = !quoted;
    else if (c == ',' && !quoted)
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

}  // namespace

Result<Annotations> read_annotations(const std::vector<std::string>& given) {
  Annotations out;
  for (const std::string& text : given) {
    for (const std::string& part : parts_of(text)) {
      const auto pair = cut(part, "=");
      if (!pair || pair->first.empty())
        return fail(Fault::unsupported, "write an annotation as key=value", text);
      out[std::string(pair->first)] = pair->second;
    }
  }
  return out;
}

int seal_complain(const std::string& what, int exit) {
  std::fputs(fmt::format("Error: {}\nerror during command execution: {}\n", what, what).c_str(),
             stderr);
  return exit;
}

int seal_complain(const Error& error) { return seal_complain(error.message(), seal_error); }

int seal_complain_of_image(const Error& error) {
  if (error.fault != Fault::not_found) return seal_complain(error);
  return seal_complain("image tag not found: " + error.message(), seal_no_image);
}

void write_refused(JsonWriter& json, const std::vector<Refused>& refused) {
  json.key("refused").array();
  for (const Refused& one : refused) {
    json.object().member("source", one.source).member("form", name_of(one.form)).key("reason");
    write_refusal(json, one.reason);
    json.end();
  }
  json.end();
}

Result<std::string> read_input(const std::string& name, std::uint64_t cap) {
  return name == "-" ? read_all(0, cap, "standard input") : read_file(name, cap);
}

}  // namespace boltseal
