// OpenVEX 0.2.0 documents (https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md): statements
// of a maker on whether a flaw concerns its product. Documents of 0.0.1 name the vulnerability and
// the products by plain texts; they are read too.
//
// A statement without a time has that of the document, and without any it is older than all that
// have one. An in-toto statement around the document is looked through.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "advisories/format.h"
#include "base/text.h"
#include "codec/value.h"
#include "match/match.h"

namespace boltseal {
namespace {

constexpr std::array<std::string_view, 4> statuses = {"not_affected", "affected", "fixed",
                                                      "under_investigation"};

// @id and identifiers.purl of a product or subcomponent, or the text itself.
void add_names(const Value& thing, std::vector<std::string>& out) {
  if (thing.is_text()) out.push_back(thing.string());
  if (const auto& id = thing["@id"]; id.is_text()) out.push_back(id.string());
  if (const auto& purl = thing["identifiers"]["purl"]; purl.is_text()) out.push_back(purl.string());
  for (const auto& [algorithm, digest] : thing["hashes"].members())
    if (algorithm == "sha-256" && digest.is_text()) out.push_back("sha256:" + digest.string());
}

// One statement for each set of subcomponents: products of one statement may name different ones.
Result<> read_statement(const Value& entry, std::int64_t time, std::string_view name,
                        std::vector<VexStatement>& out) {
  VexStatement base;
  base.time = time;
  base.where = name;
  const Value& flaw = entry["vulnerability"];
  base.id = flaw.is_text() ? flaw.string() : std::string(flaw["name"].text_or(flaw["@id"].text()));
  if (base.id.empty())
    return fail(Fault::corrupt, "a statement without a vulnerability", base.where);
  // "https://nvd.nist.gov/vuln/detail/CVE-2021-44228" names the flaw by its last part.
  if (base.id.contains("://")) base.aliases.push_back(base.id.substr(base.id.rfind('/') + 1));
  for (const auto& alias : flaw["aliases"].items())
    if (alias.is_text()) base.aliases.push_back(alias.string());
  base.status = entry["status"].text();
  if (std::ranges::find(statuses, base.status) == statuses.end())
    return fail(
        Fault::corrupt,
        fmt::format("the statement on {} has no status of OpenVEX: \"{}\"", base.id, base.status),
        base.where);
  base.justification = entry["justification"].text();
  base.text = entry["impact_statement"].text_or(entry["action_statement"].text());
  if (base.status == "not_affected" && base.justification.empty() && base.text.empty())
    return fail(
        Fault::corrupt,
        fmt::format(
            "the statement on {} says not_affected and gives neither justification nor impact",
            base.id),
        base.where);
  VexStatement plain = base;
  for (const auto& product : entry["products"].items()) {
    if (product["subcomponents"].items().empty()) {
      add_names(product, plain.products);
      continue;
    }
    VexStatement own = base;
    add_names(product, own.products);
    for (const auto& part : product["subcomponents"].items()) add_names(part, own.subcomponents);
    // What cannot be named must not become "any".
    if (!own.products.empty() && !own.subcomponents.empty()) out.push_back(std::move(own));
  }
  for (const auto& part : entry["subcomponents"].items())
    add_names(part, plain.subcomponents);  // 0.0.1
  if (!plain.products.empty())
    out.push_back(std::move(plain));
  else if (entry["products"].items().empty())
    return fail(Fault::corrupt, fmt::format("the statement on {} names no product", base.id),
                base.where);
  return {};
}

// What a JSON document is that is not of OpenVEX, as far as people have it at hand.
std::string_view kind_of(const Value& root) {
  if (root["document"]["csaf_version"]) return "a CSAF document";
  if (root["bomFormat"].text() == "CycloneDX") return "a CycloneDX document";
  if (root["payloadType"] && root["payload"]) return "a signed envelope";
  return "not an OpenVEX document";
}

}  // namespace

Result<std::vector<VexStatement>> read_openvex(std::string_view json, std::string_view name) {
  auto document = parse_json(json);
  if (!document) {
    document.error().where = name;
    return std::unexpected(document.error());
  }
  const auto is_openvex = [](const Value& v) { return v["@context"].text().contains("openvex"); };
  const Value& whole = document->root();
  const Value& root = is_openvex(whole["predicate"]) ? whole["predicate"] : whole;
  if (!is_openvex(root))
    return fail(
        Fault::unsupported,
        fmt::format("{}; VEX is read from OpenVEX documents (0.2.0 and 0.0.1)", kind_of(whole)),
        std::string(name));
  const auto time_of = [&](const Value& entry) {
    return parse_time(entry["timestamp"].text_or(root["timestamp"].text())).value_or(0);
  };
  std::vector<VexStatement> out;
  for (const auto& entry : root["statements"].items())
    TRY_DO(read_statement(entry, time_of(entry), name, out));
  return out;
}

}  // namespace boltseal
