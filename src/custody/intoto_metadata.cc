#include "custody/intoto_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/time.h"
#include "codec/canonical_json.h"
#include "codec/json_writer.h"
#include "custody/intoto_rules.h"

namespace boltseal {
namespace {

constexpr std::size_t signature_limit = 64, step_limit = 1000;

std::unexpected<Error> corrupt(std::string what) { return fail(Fault::corrupt, std::move(what)); }

Result<std::vector<std::string>> texts(const Value& value, std::string_view what) {
  std::vector<std::string> out;
  if (!value.is_array()) return corrupt(fmt::format("\"{}\" is no list", what));
  for (const Value& item : value.items()) {
    if (!item.is_text()) return corrupt(fmt::format("\"{}\" holds what is no text", what));
    out.push_back(item.string());
  }
  return out;
}

Result<InTotoArtifacts> artifacts(const Value& value, std::string_view what) {
  InTotoArtifacts out;
  if (!value.is_object()) return corrupt(fmt::format("\"{}\" is no object", what));
  for (const auto& [path, digests] : value.members()) {
    if (!digests.is_object() || digests.members().empty())
      return corrupt(fmt::format("\"{}\" names a file without a digest", what));
    InTotoDigests& entry = out[std::string(path)];
    for (const auto& [algorithm, digest] : digests.members()) {
      if (!unhex(digest.text()) || digest.text().empty())
        return corrupt(fmt::format("\"{}\" has a digest that is no hex", what));
      entry.emplace(algorithm, digest.text());
    }
  }
  if (out.size() != value.members().size())
    return corrupt(fmt::format("\"{}\" names a file twice", what));
  return out;
}

Result<std::vector<InTotoRule>> rules(const Value& value, std::string_view what) {
  std::vector<InTotoRule> out;
  if (!value.is_array()) return corrupt(fmt::format("\"{}\" is no list", what));
  for (const Value& item : value.items()) {
    TRY(auto rule, texts(item, what));
    TRY_DO(check_in_toto_rule(rule));
    out.push_back(std::move(rule));
  }
  return out;
}

Result<InTotoLink> read_link(const Value& root) {
  InTotoLink out;
  out.name = root["name"].text();
  TRY(out.command, texts(root["command"], "command"));
  TRY(out.materials, artifacts(root["materials"], "materials"));
  TRY(out.products, artifacts(root["products"], "products"));
  return out;
}

// A step's name becomes a part of file names.
Result<std::string> item_name(const Value& item) {
  const auto name = item["name"].text();
  if (name.empty() || name.size() > 200 || name.find('/') != std::string_view::npos ||
      name.starts_with('.') || printable(name) != name)
    return corrupt("a step or inspection with a name that can be none: " + printable(name));
  return std::string(name);
}

Result<InTotoStep> read_step(const Value& item) {
  InTotoStep out;
  TRY(out.name, item_name(item));
  const auto threshold = item["threshold"].integer();
  if (!threshold || *threshold < 1)
    return corrupt(fmt::format("step {} has no threshold of 1 or more", out.name));
  out.threshold = *threshold;
  TRY(out.key_ids, texts(item["pubkeys"], "pubkeys"));
  for (const auto& id : out.key_ids)  // a part of file names too
    if (id.empty() || !std::ranges::all_of(id, is_alnum))
      return corrupt("a key's id that is no hex: " + printable(id));
  TRY(out.command, texts(item["expected_command"], "expected_command"));
  TRY(out.materials, rules(item["expected_materials"], "expected_materials"));
  TRY(out.products, rules(item["expected_products"], "expected_products"));
  return out;
}

Result<InTotoInspection> read_inspection(const Value& item) {
  InTotoInspection out;
  TRY(out.name, item_name(item));
  TRY(out.run, texts(item["run"], "run"));
  TRY(out.materials, rules(item["expected_materials"], "expected_materials"));
  TRY(out.products, rules(item["expected_products"], "expected_products"));
  return out;
}

Result<InTotoLayout> read_layout(const Value& root) {
  InTotoLayout out;
  const auto expires = parse_rfc3339(root["expires"].text());
  if (!expires || !root["expires"].text().ends_with('Z'))
    return corrupt("a layout without a time at which it expires");
  out.expires = *expires;
  for (const auto& [id, key] : root["keys"].members()) {
    TRY(auto read, read_in_toto_key(key, id));
    out.keys.emplace(id, std::move(read));
  }
  if (root["steps"].items().size() + root["inspect"].items().size() > step_limit)
    return fail(Fault::too_large, "a layout of more than 1,000 steps");
  std::set<std::string> names;
  for (const Value& item : root["steps"].items()) {
    TRY(auto step, read_step(item));
    if (!names.insert(step.name).second) return corrupt("two steps of one name: " + step.name);
    out.steps.push_back(std::move(step));
  }
  for (const Value& item : root["inspect"].items()) {
    TRY(auto inspection, read_inspection(item));
    if (!names.insert(inspection.name).second)
      return corrupt("a step and an inspection of one name: " + inspection.name);
    out.inspections.push_back(std::move(inspection));
  }
  return out;
}

Result<std::variant<InTotoLink, InTotoLayout>> read_payload(const Value& root) {
  if (!repeated_member(root).empty()) return corrupt("a file with a member twice");
  const auto type = root["_type"].text();
  if (type == "link") {
    TRY(auto link, read_link(root));
    return link;
  }
  if (type == "layout") {
    TRY(auto layout, read_layout(root));
    return layout;
  }
  return fail(Fault::unsupported, "neither a link nor a layout of in-toto");
}

Result<InTotoMetadata> read_metablock(const Value& root) {
  TRY(auto message, olpc_json(root["signed"]));
  std::vector<InTotoSignature> signatures;
  if (!root["signatures"].is_array() || root["signatures"].items().size() > signature_limit)
    return corrupt("a metablock needs a list of at most 64 signatures");
  for (const Value& item : root["signatures"].items()) {
    // Those of OpenPGP had another name for it once.
    auto bytes = unhex((item["sig"] ? item["sig"] : item["signature"]).text());
    auto headers = unhex(item["other_headers"].text());
    if (!bytes || !headers) return corrupt("a signature that is no hex");
    signatures.push_back({item["keyid"].string(), *std::move(bytes), *std::move(headers)});
  }
  TRY(auto payload, read_payload(root["signed"]));
  return InTotoMetadata{std::move(payload), std::move(message), std::move(signatures)};
}

}  // namespace

Result<InTotoMetadata> parse_in_toto(std::string_view json) {
  if (json.size() > max_envelope) return fail(Fault::too_large, "a file of more than 64 MiB");
  TRY(const auto document, parse_json(json));
  const Value& root = document.root();
  if (!repeated_member(root).empty()) return corrupt("a file with a member twice");
  if (root["signed"]) return read_metablock(root);
  TRY(auto envelope, read_dsse(root));
  if (envelope.payload_type != in_toto_payload)
    return fail(Fault::unsupported,
                "an envelope of another type: " + printable(envelope.payload_type));
  TRY(const auto inner, parse_json(envelope.payload));
  TRY(auto payload, read_payload(inner.root()));
  std::vector<InTotoSignature> signatures;
  for (DsseSignature& one : envelope.signatures)
    signatures.push_back({std::move(one.key_id), std::move(one.signature), {}});
  return InTotoMetadata{std::move(payload),
                        pre_authentication(envelope.payload_type, envelope.payload),
                        std::move(signatures)};
}

bool in_toto_signed_by(const InTotoMetadata& metadata, const InTotoKey& key, std::int64_t now) {
  const auto ids = in_toto_ids(key.key);
  return std::ranges::any_of(metadata.signatures, [&](const InTotoSignature& signature) {
    if (key.gpg)
      return signed_by_gpg(*key.gpg, signature.key_id, metadata.message, signature.gpg_headers,
                           signature.bytes, now);
    const bool named =
        signature.key_id == key.id || std::ranges::find(ids, signature.key_id) != ids.end();
    return named && key.key.verify(metadata.message, signature.bytes, key.scheme);
  });
}

std::string write_in_toto_link(const InTotoLink& link, int exit_code) {
  JsonWriter json(false);
  json.object().member("_type", "link").member("name", link.name).key("command").array();
  for (const auto& word : link.command) json.value(word);
  json.end();
  for (const auto& [name, list] :
       {std::pair{"materials", &link.materials}, std::pair{"products", &link.products}}) {
    json.key(std::string_view(name)).object();
    for (const auto& [path, digests] : *list) {
      json.key(path).object();
      for (const auto& [algorithm, digest] : digests) json.member(algorithm, digest);
      json.end();
    }
    json.end();
  }
  json.key("byproducts").object().member("stdout", "").member("stderr", "");
  json.member("return-value", exit_code).end().key("environment").object().end();
  return json.end().take();
}

Result<std::string> sign_in_toto(std::string_view payload, const Signer& signer, bool dsse) {
  TRY(const auto document, parse_json(payload));
  const Value* root = &document.root();
  if ((*root)["signed"]) root = &(*root)["signed"];  // signed before: by us alone from now on
  TRY_DO(read_payload(*root));
  // OLPC's form leaves line ends in texts as they are, and so is no JSON: it is signed, and what
  // is written is JCS.
  TRY(const auto text, canonical_json(*root));
  TRY(const auto message,
      dsse ? Result<std::string>(pre_authentication(in_toto_payload, text)) : olpc_json(*root));
  TRY(const auto key, in_toto_key_of(signer.public_key()));
  TRY(const auto signature, signer.sign(message, key.scheme));
  if (dsse) return write_dsse({std::string(in_toto_payload), text, {{key.id, signature}}}) + "\n";
  JsonWriter json(false);
  json.object().key("signatures").array().object().member("keyid", key.id);
  json.member("sig", hex(signature)).end().end().key("signed").raw(text).end();
  return json.take() + "\n";
}

std::string in_toto_link_name(std::string_view step, std::string_view key_id) {
  return fmt::format("{}.{}.link", step, key_id.substr(0, 8));
}

}  // namespace boltseal
