// SPDX 2.3 JSON, https://spdx.github.io/spdx-spec/v2.3/: the inventory without the vulnerabilities.
//
// Files are named in sourceInfo and not as SPDX files, which would each need a SHA-1 that nobody
// reads. An id is made from type, name and purl, so it stays the same from one image to the next.
// The namespace is made from the content.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.h"
#include "codec/json_writer.h"
#include "crypto/digest.h"
#include "licences/licences.h"
#include "report/common.h"
#include "report/report.h"

namespace boltseal {
namespace {

constexpr std::string_view no_namespace =
    "https://boltseal.invalid/spdx/00000000-0000-0000-0000-000000000000";
constexpr std::string_view root_id = "SPDXRef-Image";
constexpr std::string_view distribution_id = "SPDXRef-Distribution";

// SPDX ids are letters, digits, "." and "-".
std::string id_part(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 60)) out += is_alnum(c) || c == '.' ? c : '-';
  return out;
}

std::vector<std::string> package_ids(const Inventory& inventory,
                                     const std::vector<std::string>& purls) {
  std::map<std::string, unsigned> seen;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < purls.size(); ++i) {
    const Package& p = inventory.packages[i];
    const std::string key = sha256_hex(purls[i] + '\n' + p.name + '\n' + p.version).substr(0, 12);
    std::string id = fmt::format("SPDXRef-Package-{}-{}-{}", name_of(p.type), id_part(p.name), key);
    if (const unsigned n = ++seen[id]; n > 1) id += fmt::format("-{}", n);
    ids.push_back(std::move(id));
  }
  return ids;
}

// "Organization: name" or "Person: name (address)"; a Maintainer field is "Name <address>".
std::string actor(std::string_view supplier) {
  std::string name, address;
  for (const auto word : words(supplier)) {  // one line, single spaces
    if (word.size() > 2 && word.front() == '<' && word.find('@') != std::string_view::npos) {
      address = std::string(trim_end(word.substr(1), ','));
      address = std::string(trim_end(address, '>'));
    } else {
      name += (name.empty() ? "" : " ") + std::string(word);
    }
  }
  std::erase_if(
      name, [](char c) { return c == '(' || c == ')' || static_cast<unsigned char>(c) < 0x20; });
  std::erase_if(address, [](char c) { return c == '(' || c == ')' || c == '<' || c == '>'; });
  if (name.empty()) return "NOASSERTION";
  return address.empty() ? "Organization: " + name : fmt::format("Person: {} ({})", name, address);
}

// Whether the document may say so: references to other documents want these to be named, which we
// do not know, and additions came with SPDX 3.
bool can_be_declared(const std::string& expression) {
  return is_spdx_expression(expression) && expression.find("DocumentRef-") == std::string::npos &&
         expression.find("AdditionRef-") == std::string::npos;
}

std::string as_declared(const Package& p) {
  if (!p.licence_text.empty()) return p.licence_text;
  return can_be_declared(p.licence) ? std::string() : p.licence;
}

std::string_view hash_name(std::string_view algorithm, std::string_view value) {
  using Known = std::tuple<std::string_view, std::string_view, std::size_t>;
  for (const auto& [ours, theirs, digits] : {Known{"md5", "MD5", 32},
                                             {"sha1", "SHA1", 40},
                                             {"sha256", "SHA256", 64},
                                             {"sha384", "SHA384", 96},
                                             {"sha512", "SHA512", 128}})
    if (ours == algorithm && value.size() == digits && unhex(value)) return theirs;
  return {};
}

void checksums(JsonWriter& json, const Package& p) {
  std::set<std::pair<std::string_view, std::string>> list;
  for (const auto& [algorithm, value] : p.hashes)
    if (const auto name = hash_name(algorithm, value); !name.empty())
      list.emplace(name, lower(value));
  if (list.empty()) return;
  json.key("checksums").array();
  for (const auto& [name, value] : list)
    json.object().member("algorithm", name).member("checksumValue", value).end();
  json.end();
}

void external_refs(JsonWriter& json, const std::vector<std::string>& cpes, std::string_view purl) {
  json.key("externalRefs").array();
  for (const auto& cpe : cpes) {
    if (!cpe.starts_with("cpe:2.3:") || cpe.find(' ') != std::string::npos) continue;
    json.object()
        .member("referenceCategory", "SECURITY")
        .member("referenceType", "cpe23Type")
        .member("referenceLocator", cpe)
        .end();
  }
  if (!purl.empty())
    json.object()
        .member("referenceCategory", "PACKAGE-MANAGER")
        .member("referenceType", "purl")
        .member("referenceLocator", purl)
        .end();
  json.end();
}

std::string source_info(const Package& p) {
  std::vector<std::string> parts;
  for (const Evidence& e : p.evidence)
    parts.push_back(e.what.empty() ? e.path : fmt::format("{} ({})", e.path, e.what));
  std::string text = "found in " + join(parts, ", ");
  if (!p.source_name.empty() || !p.source_version.empty())
    text += fmt::format("; built from {} {}", p.source_name.empty() ? p.name : p.source_name,
                        p.source_version.empty() ? p.version : p.source_version);
  return text;
}

void package(JsonWriter& json, const Package& p, const std::string& id, const std::string& purl) {
  json.object()
      .member("SPDXID", id)
      .member("name", p.name.empty() ? std::string("unnamed") : p.name);
  json.text_if("versionInfo", p.version)
      .member("supplier", p.supplier.empty() ? std::string("NOASSERTION") : actor(p.supplier));
  json.member("downloadLocation", "NOASSERTION").member("filesAnalyzed", false);
  checksums(json, p);
  if (is_web_address(p.homepage)) json.member("homepage", p.homepage);
  json.member("sourceInfo", source_info(p)).member("licenseConcluded", "NOASSERTION");
  json.member("licenseDeclared",
              can_be_declared(p.licence) ? p.licence : std::string("NOASSERTION"));
  if (const auto text = as_declared(p); !text.empty())
    json.member("licenseComments", "as declared: " + text);
  json.member("copyrightText", "NOASSERTION").text_if("description", p.description);
  external_refs(json, p.cpes, purl);
  json.member("primaryPackagePurpose", "LIBRARY").end();
}

void root(JsonWriter& json, const Inventory& inventory) {
  const ImageInfo& image = inventory.image;
  json.object()
      .member("SPDXID", root_id)
      .member("name", image.reference.empty() ? std::string("unnamed") : image.reference);
  json.text_if("versionInfo", image.manifest_digest).member("supplier", "NOASSERTION");
  json.member("downloadLocation", "NOASSERTION").member("filesAnalyzed", false);
  if (is_digest(image.manifest_digest) && image.manifest_digest.starts_with("sha256:"))
    json.key("checksums")
        .array()
        .object()
        .member("algorithm", "SHA256")
        .member("checksumValue", image.manifest_digest.substr(7))
        .end()
        .end();
  json.member("licenseConcluded", "NOASSERTION")
      .member("licenseDeclared", "NOASSERTION")
      .member("copyrightText", "NOASSERTION");
  external_refs(json, {}, image_purl(image));
  json.member("primaryPackagePurpose", image.kind == "image" ? "CONTAINER" : "OTHER").end();
  const Distribution& distro = inventory.distribution;
  if (!distro) return;
  json.object()
      .member("SPDXID", distribution_id)
      .member("name", distro.id)
      .text_if("versionInfo", distro.version_id);
  json.member("supplier", "NOASSERTION")
      .member("downloadLocation", "NOASSERTION")
      .member("filesAnalyzed", false);
  json.member("licenseConcluded", "NOASSERTION")
      .member("licenseDeclared", "NOASSERTION")
      .member("copyrightText", "NOASSERTION");
  json.text_if("description", distro.name)
      .member("primaryPackagePurpose", "OPERATING_SYSTEM")
      .end();
}

// Every LicenseRef- that an expression names must be explained once.
void extracted_licences(JsonWriter& json, const Inventory& inventory) {
  std::map<std::string, std::string> refs;
  for (const Package& p : inventory.packages) {
    if (!can_be_declared(p.licence)) continue;
    for (const auto& id : licence_ids(p.licence)) {
      if (!id.starts_with("LicenseRef-")) continue;
      auto& text = refs[id];
      if (text.empty()) text = p.licence_text;
    }
  }
  if (refs.empty()) return;
  json.key("hasExtractedLicensingInfos").array();
  for (const auto& [id, text] : refs) {
    const std::string name = id.substr(11);
    json.object().member("licenseId", id).member("name", name);
    json.member("extractedText",
                fmt::format("The package declares its licence as: {}", text.empty() ? name : text))
        .end();
  }
  json.end();
}

void relationships(JsonWriter& json, const Inventory& inventory,
                   const std::vector<std::string>& ids) {
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> list;
  const bool system = static_cast<bool>(inventory.distribution);
  if (system) list.emplace(root_id, "CONTAINS", distribution_id);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    list.emplace(root_id, "CONTAINS", ids[i]);
    const auto owner = inventory.packages[i].owner;
    if (owner >= 0 && static_cast<std::size_t>(owner) < ids.size())
      list.emplace(ids[static_cast<std::size_t>(owner)], "CONTAINS", ids[i]);
  }
  for (const auto& [from, to] : inventory.dependencies)
    if (from < ids.size() && to < ids.size() && from != to)
      list.emplace(ids[from], "DEPENDS_ON", ids[to]);
  const auto one = [&](std::string_view from, std::string_view type, std::string_view to) {
    json.object()
        .member("spdxElementId", from)
        .member("relationshipType", type)
        .member("relatedSpdxElement", to)
        .end();
  };
  json.key("relationships").array();
  one("SPDXRef-DOCUMENT", "DESCRIBES", root_id);
  for (const auto& [from, type, to] : list) one(from, type, to);
  json.end();
}

}  // namespace

std::string write_spdx(const Report& report, const RenderOptions& options) {
  const Inventory& inventory = report.inventory;
  const auto purls = purls_of(inventory);
  const auto ids = package_ids(inventory, purls);
  // The specification demands a time; without one from outside it is the beginning of all times, so
  // that bytes stay the same.
  const std::string created = utc_seconds(options.timestamp);
  JsonWriter json;
  json.expect(roughly_bytes(report));
  json.object()
      .member("spdxVersion", "SPDX-2.3")
      .member("dataLicense", "CC0-1.0")
      .member("SPDXID", "SPDXRef-DOCUMENT");
  json.member("documentNamespace", no_namespace)
      .member("name", inventory.image.reference.empty() ? std::string("unnamed")
                                                        : inventory.image.reference);
  json.key("creationInfo")
      .object()
      .member("created", created.empty() ? std::string("1970-01-01T00:00:00Z") : created);
  json.texts("creators", {"Tool: boltseal-" +
                          (report.tool_version.empty() ? std::string("0") : report.tool_version)})
      .end();
  json.texts("documentDescribes", {std::string(root_id)});
  json.key("packages").array();
  root(json, inventory);
  for (std::size_t i = 0; i < ids.size(); ++i)
    package(json, inventory.packages[i], ids[i], purls[i]);
  json.end();
  extracted_licences(json, inventory);
  relationships(json, inventory, ids);
  std::string out = json.end().take();
  const std::string name = "https://boltseal.invalid/spdx/" + uuid_of(out);
  return out.replace(out.find(no_namespace), no_namespace.size(), name);
}

}  // namespace boltseal
