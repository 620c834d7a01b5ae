#include "seal/simple_signing.h"

#include <fmt/format.h>

#include "base/text.h"
#include "codec/json_writer.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

Result<> no_repeats(const Value& object) {
  const auto twice = repeated_member(object);
  if (twice.empty()) return {};
  return fail(Fault::corrupt, fmt::format("a signed payload with \"{}\" twice", printable(twice)));
}

}  // namespace

Result<SimpleSigning> parse_simple_signing(std::string_view json) {
  if (json.size() > max_simple_signing)
    return fail(Fault::too_large, "a signed payload of over 1 MiB");
  SimpleSigning out;
  TRY(out.document, parse_json(json));
  const Value& root = out.document.root();
  const Value& critical = root["critical"];
  const Value& image = critical["image"];
  for (const Value* object : {&root, &critical, &critical["identity"], &image, &root["optional"]})
    TRY_DO(no_repeats(*object));
  if (critical["type"].text() != cosign_signature_type)
    return fail(Fault::corrupt, fmt::format("not a signature of an image: critical.type is \"{}\"",
                                            printable(critical["type"].text().substr(0, 100))));
  // The specification writes it with a capital, the program does not.
  const Value& digest = image["docker-manifest-digest"] ? image["docker-manifest-digest"]
                                                        : image["Docker-manifest-digest"];
  out.digest = digest.string();
  if (!is_digest(out.digest))
    return fail(Fault::corrupt, "critical.image.docker-manifest-digest is no digest");
  out.reference = critical["identity"]["docker-reference"].string();
  for (const auto& [key, value] : root["optional"].members())
    if (value.is_text()) out.annotations.emplace(key, value.text());
  return out;
}

std::string write_simple_signing(const std::string& reference, const std::string& digest,
                                 const Annotations& annotations, std::string_view type) {
  JsonWriter json(false);
  json.object().key("critical").object();
  json.key("identity").object().member("docker-reference", reference).end();
  json.key("image").object().member("docker-manifest-digest", digest).end();
  json.member("type", type).end().key("optional");
  if (annotations.empty()) return json.null().end().take();
  json.object();
  for (const auto& [key, value] : annotations) json.member(key, value);
  return json.end().end().take();
}

}  // namespace boltseal
