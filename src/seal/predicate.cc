#include "seal/predicate.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/text.h"
#include "codec/json_writer.h"
#include "codec/value.h"

namespace boltseal {
namespace {

enum class Shape : std::uint8_t { text, object, array, moment, any };

// A member that a type's specification requires; "a/b" is b inside a. `one_of`: "X|Y".
struct Required {
  std::string_view path;
  Shape shape;
  std::string_view one_of{};
};

// https://slsa.dev/spec/v1.0/provenance
constexpr Required slsa_v1[] = {{"buildDefinition", Shape::object},
                                {"buildDefinition/buildType", Shape::text},
                                {"buildDefinition/externalParameters", Shape::object},
                                {"runDetails", Shape::object},
                                {"runDetails/builder", Shape::object},
                                {"runDetails/builder/id", Shape::text}};
// https://slsa.dev/provenance/v0.2
constexpr Required slsa_v02[] = {
    {"builder", Shape::object}, {"builder/id", Shape::text}, {"buildType", Shape::text}};
// https://slsa.dev/spec/v1.0/verification_summary
constexpr Required vsa[] = {
    {"verifier", Shape::object},     {"verifier/id", Shape::text},
    {"timeVerified", Shape::moment}, {"resourceUri", Shape::text},
    {"policy", Shape::object},       {"verificationResult", Shape::text, "PASSED|FAILED"},
    {"verifiedLevels", Shape::array}};
// https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md
constexpr Required test_result[] = {{"result", Shape::text, "PASSED|WARNED|FAILED"},
                                    {"configuration", Shape::array}};
// https://github.com/sigstore/cosign/blob/main/specs/COSIGN_VULN_ATTESTATION_SPEC.md
constexpr Required vuln[] = {{"scanner", Shape::object},
                             {"scanner/uri", Shape::any},
                             {"scanner/result", Shape::any},
                             {"metadata", Shape::object},
                             {"metadata/scanStartedOn", Shape::moment},
                             {"metadata/scanFinishedOn", Shape::moment}};
constexpr Required cyclonedx[] = {{"bomFormat", Shape::text, "CycloneDX"},
                                  {"specVersion", Shape::text}};
constexpr Required openvex[] = {{"@context", Shape::text}, {"@id", Shape::text},
                                {"author", Shape::text},   {"timestamp", Shape::moment},
                                {"version", Shape::any},   {"statements", Shape::array}};
constexpr Required link[] = {{"name", Shape::text}, {"materials", Shape::any}};
constexpr Required vulns[] = {{"scanner", Shape::object}, {"metadata", Shape::object}};

struct Type {
  std::string_view name, uri;
  std::span<const Required> required{};
};
constexpr Type types[] = {
    {"custom", cosign_custom_predicate},
    {"slsaprovenance", "https://slsa.dev/provenance/v0.2", slsa_v02},
    {"slsaprovenance02", "https://slsa.dev/provenance/v0.2", slsa_v02},
    {"slsaprovenance1", "https://slsa.dev/provenance/v1", slsa_v1},
    {"spdx", spdx_predicate},
    {"spdxjson", spdx_predicate},
    {"cyclonedx", cyclonedx_predicate, cyclonedx},
    {"link", "https://in-toto.io/Link/v1", link},
    {"vuln", cosign_vuln_predicate, vuln},
    {"openvex", "https://openvex.dev/ns", openvex},
    {"vsa", "https://slsa.dev/verification_summary/v1", vsa},
    {"test-result", "https://in-toto.io/attestation/test-result/v0.1", test_result},
    {"vulns", "https://in-toto.io/attestation/vulns/v0.1", vulns},
    {"scai", "https://in-toto.io/attestation/scai/attribute-report/v0.2"},
    {"release", "https://in-toto.io/attestation/release/v0.1"},
    {"runtime-trace", "https://in-toto.io/attestation/runtime-trace/v0.1"},
};

// RFC 3339, as far as its shape: "2026-01-01T00:00:00Z" and more.
bool is_moment(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
  return true;
}

bool fits(const Value& value, Shape shape) {
  switch (shape) {
    case Shape::text:
      return value.is_text() && !value.text().empty();
    case Shape::object:
      return value.is_object();
    case Shape::array:
      return value.is_array();
    case Shape::moment:
      return is_moment(value.text());
    case Shape::any:
      return static_cast<bool>(value);
  }
  return false;
}

std::string_view name_of(Shape shape) {
  switch (shape) {
    case Shape::text:
      return "a text";
    case Shape::object:
      return "an object";
    case Shape::array:
      return "an array";
    case Shape::moment:
      return "a time (RFC 3339)";
    case Shape::any:
      return "a value";
  }
  return {};
}

Result<> check_member(const Value& predicate, const Required& required, std::string_view type) {
  const Value* value = &predicate;
  for (const std::string_view step : split(required.path, '/')) value = &(*value)[step];
  if (!fits(*value, required.shape))
    return fail(Fault::corrupt,
                fmt::format("a predicate of the type {} needs {} as {}", type,
                            name_of(required.shape), replace_all(required.path, "/", ".")));
  if (required.one_of.empty()) return {};
  const auto allowed = split(required.one_of, '|');
  if (std::ranges::find(allowed, value->text()) != allowed.end()) return {};
  return fail(Fault::corrupt,
              fmt::format("{} is \"{}\", and may be {}", replace_all(required.path, "/", "."),
                          printable(value->text().substr(0, 100)),
                          replace_all(required.one_of, "|", " or ")));
}

}  // namespace

Result<std::string> predicate_type_of(std::string_view name) {
  const auto known = std::ranges::find(types, name, &Type::name);
  if (known != std::end(types)) return std::string(known->uri);
  const auto scheme = cut(name, ":");
  const bool uri = scheme && !scheme->second.empty() && std::ranges::all_of(name, [](char c) {
                     return c > ' ' && c < '\x7f' && c != '"' && c != '\\';
                   });
  if (uri) return std::string(name);
  return fail(
      Fault::unsupported,
      fmt::format("no type of predicates: a URI, or one of {}", fmt::join(predicate_names(), ", ")),
      std::string(name));
}

std::vector<std::string_view> predicate_names() {
  std::vector<std::string_view> out;
  for (const Type& type : types) out.push_back(type.name);
  return out;
}

Result<> check_predicate(std::string_view type, const Value& predicate) {
  // SPDX 2 has spdxVersion, 3 is JSON-LD.
  if (type == spdx_predicate && predicate.is_object() && !predicate["spdxVersion"].is_text() &&
      !predicate["@context"])
    return fail(Fault::corrupt, "no SPDX document: neither spdxVersion nor @context is in it");
  const auto known = std::ranges::find(types, type, &Type::uri);
  if (known == std::end(types)) return {};
  for (const Required& required : known->required) TRY_DO(check_member(predicate, required, type));
  return {};
}

Result<std::string> make_predicate(std::string_view type, std::string_view given,
                                   const std::string& timestamp) {
  if (type == cosign_custom_predicate) {
    JsonWriter json(false);
    return json.object().member("Data", given).member("Timestamp", timestamp).end().take();
  }
  const auto document = parse_json(given);
  if (!document && type == spdx_predicate) return json_quote(given);
  if (!document) return std::unexpected(document.error());
  TRY_DO(check_predicate(type, document->root()));
  return std::string(trim(given));
}

}  // namespace boltseal
