// OpenVEX 0.2.0 documents (https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md): statements
// of a maker on whether a flaw concerns its product. Documents of 0.0.1 name the vulnerability and
// the products by plain texts; they are read too.
//
// Statements keep the order of their times, so that a later one replaces an earlier one.
#include <fmt/format.h>

#include <algorithm>
#include <array>

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
Result<> read_statement(const Value& entry, std::string_view name, std::vector<VexStatement>& out) {
  VexStatement base;
  base.where = name;
  const Value& flaw = entry["vulnerability"];
  base.id = flaw.is_text() ? flaw.string() : std::string(flaw["name"].text_or(flaw["@id"].text()));
  if (base.id.empty())
    return fail(Fault::corrupt, "a statement without a vulnerability", base.where);
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

}  // namespace

Result<std::vector<VexStatement>> read_openvex(std::string_view json, std::string_view name) {
  auto document = parse_json(json);
  if (!document) {
    document.error().where = name;
    return std::unexpected(document.error());
  }
  const Value& root = document->root();
  if (root["@context"].text().find("openvex") == std::string_view::npos)
    return fail(Fault::unsupported, "not an OpenVEX document", std::string(name));
  std::vector<const Value*> entries;
  for (const auto& entry : root["statements"].items()) entries.push_back(&entry);
  std::ranges::stable_sort(entries, {}, [](const Value* v) { return (*v)["timestamp"].text(); });
  std::vector<VexStatement> out;
  for (const auto* entry : entries) TRY_DO(read_statement(*entry, name, out));
  return out;
}

}  // namespace boltseal
