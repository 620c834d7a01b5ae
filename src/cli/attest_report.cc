#include "cli/attest_report.h"

#include <fmt/format.h>

#include "base/time.h"
#include "codec/json_writer.h"
#include "seal/key_reference.h"
#include "seal/predicate.h"

namespace boltseal {
namespace {

std::string rendered(const Report& report, std::string_view format, bool findings,
                     const std::string& moment) {
  RenderOptions options;
  options.findings = findings;
  options.timestamp = moment;
  std::string out;
  report_format(format)->write(report, options, [&](std::string_view part) { out += part; });
  return out;
}

// https://github.com/sigstore/cosign/blob/main/specs/COSIGN_VULN_ATTESTATION_SPEC.md
std::string vulnerability_predicate(const Report& report, const std::string& started,
                                    const std::string& finished) {
  JsonWriter json(false);
  json.object().key("invocation").object();
  json.key("parameters").array().end();
  json.member("uri", "").member("event_id", "").member("builder.id", "").end();
  json.key("scanner")
      .object()
      .member("uri", "pkg:generic/boltseal@" BOLTSEAL_VERSION)
      .member("version", BOLTSEAL_VERSION)
      .key("db")
      .object()
      .member("uri", report.database.digest)
      .member("version", report.database.date)
      .end()
      .key("result")
      .raw(rendered(report, "json", true, started))
      .end();
  json.key("metadata")
      .object()
      .member("scanStartedOn", started)
      .member("scanFinishedOn", finished)
      .end();
  return json.end().take();
}

}  // namespace

void add_attest_report_options(Command& command, AttestReportFlags& flags) {
  auto* attest = command.add_flag("--attest", flags.attest,
                                  "Attach the result to the image, signed with --key");
  auto* key =
      command.add_option("--key", flags.how.services.key,
                         "Private key for --attest: a file, env://VARIABLE or a pkcs11: URI");
  key->type_name("KEY");
  attest->needs(key);
  command
      .add_option("--attest-format", flags.how.format,
                  "bundle: Sigstore bundle as a referrer; legacy: cosign's .att tag; both")
      ->check(one_of({"bundle", "legacy", "both"}))
      ->capture_default_str();
  command.add_flag("--replace", flags.replace,
                   "With --attest: take earlier attestations of this type away");
  add_password_options(command, flags.how.services.password);
}

Result<> attest_report(const Report& report, const std::string& reference, bool findings,
                       std::string_view format, const std::string& started,
                       const CommonOptions& common, const AttestReportFlags& flags) {
  const std::string& digest = report.inventory.image.manifest_digest;
  if (digest.empty())
    return fail(Fault::unsupported, "only an image with a manifest can bear an attestation",
                reference);
  StoreFlags store;
  store.insecure_http = common.insecure_http;
  store.offline = common.offline;
  TRY(const auto opened, open_reference(reference, store, "pull,push"));
  TRY(const auto image, opened.images->manifest(digest));
  const std::string finished = rfc3339(writing_time());
  const std::string_view type = findings           ? cosign_vuln_predicate
                                : format == "spdx" ? spdx_predicate
                                                   : cyclonedx_predicate;
  const std::string given =
      findings ? vulnerability_predicate(report, started, finished)
               : rendered(report, format == "spdx" ? "spdx" : "cyclonedx", false, started);
  TRY(const auto predicate, make_predicate(type, given, finished));
  AttestImageOptions options;
  TRY(options.formats, attach_formats(flags.how));
  options.created = finished;
  options.replace = flags.replace;
  TRY(const auto signer,
      open_signer(flags.how.services.key, password_source(flags.how.services.password)));
  return attest_image(opened.signatures(), image, *signer,
                      statement_about(digest, opened.images->name(), type, predicate), options);
}

}  // namespace boltseal
