// CycloneDX 1.6 JSON, https://cyclonedx.org/docs/1.6/json/: the packages, and the vulnerabilities
// when there are any.
//
// A component's bom-ref is its purl, with "#2" and so on where an image holds the same package
// twice. The serial number is made from the content, so the same scan gives the same bytes.
// Candidates that are merely past their fix are left out; what a vendor, a VEX statement, an owner
// or the user set aside is there with its analysis, and what --severity and its kin set aside is
// there without one.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.h"
#include "codec/json_writer.h"
#include "licences/licences.h"
#include "licences/spdx_ids.h"
#include "match/suppress.h"
#include "report/advice.h"
#include "report/common.h"
#include "report/report.h"

namespace boltseal {
namespace {

constexpr std::string_view no_serial = "urn:uuid:00000000-0000-0000-0000-000000000000";

std::vector<std::string> unique_refs(const std::vector<std::string>& purls) {
  std::map<std::string, unsigned> seen;
  std::vector<std::string> refs;
  for (const auto& purl : purls) {
    const std::string base = purl.empty() ? "package" : purl;
    const unsigned n = ++seen[base];
    refs.push_back(n == 1 ? base : fmt::format("{}#{}", base, n));
  }
  return refs;
}

void property(JsonWriter& json, std::string_view name, std::string_view value) {
  if (!value.empty())
    json.object().member("name", fmt::format("boltseal:{}", name)).member("value", value).end();
}

// Ids of the SPDX list that the enumeration in the schema of CycloneDX 1.6 does not have yet.
bool is_too_new(std::string_view id) {
  constexpr std::string_view ids[] = {"atc-game",
                                      "Brian-Gladman-3-Clause-no-conversion",
                                      "BSD-2-Clause-pos-unchanged",
                                      "BSD-3-Clause-OpenWebUI",
                                      "BSD-ask-to-endorse",
                                      "BSD-Source-alt-GPL",
                                      "BSD-Source-Code-no-disclaimer",
                                      "Bugroff",
                                      "CC-BY-NC-3.0-IGO",
                                      "FDK-MPEG-H",
                                      "Hippocratic-3.0-core",
                                      "Informatica",
                                      "MVT-1.1"};
  return std::ranges::find(ids, id) != std::end(ids);
}

// One SPDX id stands as an id, so that tools with a policy by id find it; all else is an
// expression.
void licences(JsonWriter& json, const std::string& expression) {
  if (expression.empty()) return;
  json.key("licenses").array().object();
  if (const SpdxId* known = find_spdx_id(expression); known && !is_too_new(known->id))
    json.key("license").object().member("id", known->id).end();
  else if (is_spdx_expression(expression))
    json.member("expression", expression);
  else
    json.key("license").object().member("name", expression).end();
  json.end().end();
}

std::string_view hash_name(std::string_view algorithm, std::string_view value) {
  struct Known {
    std::string_view ours, theirs;
    std::size_t digits;
  };
  constexpr Known known[] = {{"md5", "MD5", 32},
                             {"sha1", "SHA-1", 40},
                             {"sha256", "SHA-256", 64},
                             {"sha384", "SHA-384", 96},
                             {"sha512", "SHA-512", 128}};
  for (const Known& k : known)
    if (k.ours == algorithm && value.size() == k.digits && unhex(value)) return k.theirs;
  return {};
}

void hashes(JsonWriter& json, const Package& p) {
  const auto usable = [](const auto& h) { return !hash_name(h.first, h.second).empty(); };
  if (std::ranges::none_of(p.hashes, usable)) return;
  json.key("hashes").array();
  for (const auto& h : p.hashes)
    if (usable(h))
      json.object()
          .member("alg", hash_name(h.first, h.second))
          .member("content", lower(h.second))
          .end();
  json.end();
}

void evidence(JsonWriter& json, const Package& p, const std::string& purl, const ImageInfo& image) {
  if (p.evidence.empty()) return;
  const std::string& what = p.evidence.front().what;
  const bool guessed = contains_nocase(what, "inferred");
  const std::string_view technique =
      guessed                                                               ? "filename"
      : contains_nocase(what, "build info") || contains_nocase(what, "ELF") ? "binary-analysis"
                                                                            : "manifest-analysis";
  json.key("evidence").object();
  if (!purl.empty()) {
    json.key("identity")
        .array()
        .object()
        .member("field", "purl")
        .member("confidence", guessed ? 0.5 : 1.0);
    json.key("methods").array().object().member("technique", technique);
    json.member("confidence", guessed ? 0.5 : 1.0).member("value", p.evidence.front().path);
    json.end().end().end().end();
  }
  json.key("occurrences").array();
  for (const Evidence& e : p.evidence) {
    std::string context = e.what;
    if (e.layer < image.layers.size()) {
      const LayerInfo& layer = image.layers[e.layer];
      context += (context.empty() ? "" : ", ") + std::string("layer ") +
                 (layer.diff_id.empty() ? layer.digest : layer.diff_id);
    }
    json.object().member("location", e.path).text_if("additionalContext", context).end();
  }
  json.end().end();
}

void component(JsonWriter& json, const Report& report, const std::vector<std::string>& refs,
               std::size_t i, const std::string& purl) {
  const Package& p = report.inventory.packages[i];
  const auto [group, name] = group_and_name(p);
  json.object().member("bom-ref", refs[i]).member("type", "library");
  if (!p.supplier.empty()) json.key("supplier").object().member("name", p.supplier).end();
  json.text_if("group", group).member("name", name).text_if("version", p.version);
  json.text_if("description", p.description);
  if (p.development) json.member("scope", "optional");
  hashes(json, p);
  licences(json, p.licence);
  if (!p.cpes.empty()) json.member("cpe", p.cpes.front());
  json.text_if("purl", purl);
  if (is_web_address(p.homepage))
    json.key("externalReferences")
        .array()
        .object()
        .member("type", "website")
        .member("url", p.homepage)
        .end()
        .end();
  evidence(json, p, purl, report.inventory.image);
  json.key("properties").array();
  property(json, "type", name_of(p.type));
  property(json, "arch", p.arch);
  property(json, "source:name", p.source_name);
  property(json, "source:version", p.source_version);
  property(json, "module", p.module);
  property(json, "licence:declared", p.licence_text);
  for (std::size_t c = 1; c < p.cpes.size(); ++c) property(json, "cpe", p.cpes[c]);
  if (p.development) property(json, "development", "true");
  if (p.owner >= 0 && static_cast<std::size_t>(p.owner) < refs.size())
    property(json, "owner", refs[static_cast<std::size_t>(p.owner)]);
  json.end().end();
}

std::string distribution_ref(const Distribution& distro) {
  return fmt::format("os:{}:{}", distro.id, distro.version_id);
}

std::string root_ref(const ImageInfo& image) {
  const std::string purl = image_purl(image);
  return purl.empty() ? "root:" + image.reference : purl;
}

void metadata(JsonWriter& json, const Report& report, const RenderOptions& options) {
  const ImageInfo& image = report.inventory.image;
  json.key("metadata").object();
  if (is_timestamp(options.timestamp)) json.member("timestamp", options.timestamp);
  json.key("tools")
      .object()
      .key("components")
      .array()
      .object()
      .member("type", "application")
      .member("name", "boltseal");
  json.text_if("version", report.tool_version).end().end().end();
  json.key("component").object().member("bom-ref", root_ref(image));
  json.member("type", image.kind == "image"       ? "container"
                      : image.kind == "directory" ? "file"
                                                  : "application");
  json.member("name", image.reference.empty() ? std::string("unnamed") : image.reference);
  json.text_if("version", image.manifest_digest).text_if("purl", image_purl(image));
  json.key("properties").array();
  property(json, "image:config", image.config_digest);
  property(json, "image:os", image.os);
  property(json, "image:architecture", image.architecture);
  property(json, "image:created", image.created);
  for (const LayerInfo& layer : image.layers) property(json, "image:layer", layer.diff_id);
  for (const auto& [name, value] : image.labels) property(json, "image:label:" + name, value);
  json.end().end();
  json.key("properties").array();
  if (options.findings) {
    property(json, "database:digest", report.database.digest);
    property(json, "database:date", report.database.date);
    property(json, "endOfLife", report.end_of_life);
    for (const Uncovered& u : report.uncovered)
      property(json, "uncovered", u.what + ": " + u.reason);
  }
  property(json, "configuration", report.configuration_digest);
  for (const Unknown& u : report.inventory.unknowns)
    property(json, "unknown", u.path + ": " + u.what);
  json.end().end();
}

void dependencies(JsonWriter& json, const Report& report, const std::vector<std::string>& refs) {
  const Inventory& inventory = report.inventory;
  std::vector<std::vector<std::string>> needs(refs.size());
  std::vector<bool> needed(refs.size());
  for (const auto& [from, to] : inventory.dependencies)
    if (from < refs.size() && to < refs.size() && from != to) {
      needs[from].push_back(refs[to]);
      needed[to] = true;
    }
  // The image needs its distribution and what no other package asks for; the distribution its
  // packages.
  std::vector<std::string> top, system;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    if (inventory.distribution && is_os_package(inventory.packages[i].type))
      system.push_back(refs[i]);
    else if (!needed[i])
      top.push_back(refs[i]);
  }
  const auto entry = [&](const std::string& ref, std::vector<std::string> on) {
    std::ranges::sort(on);
    on.erase(std::ranges::unique(on).begin(), on.end());
    json.object().member("ref", ref).texts("dependsOn", on).end();
  };
  json.key("dependencies").array();
  if (inventory.distribution) {
    top.push_back(distribution_ref(inventory.distribution));
    entry(distribution_ref(inventory.distribution), std::move(system));
  }
  entry(root_ref(inventory.image), std::move(top));
  for (std::size_t i = 0; i < refs.size(); ++i) entry(refs[i], std::move(needs[i]));
  json.end();
}

std::string_view rating_of(Severity severity) {
  return severity == Severity::negligible ? "info" : name_of(severity);
}

std::string_view method_of(std::string_view vector) {
  if (vector.starts_with("CVSS:4.")) return "CVSSv4";
  if (vector.starts_with("CVSS:3.1/")) return "CVSSv31";
  if (vector.starts_with("CVSS:3.")) return "CVSSv3";
  return "CVSSv2";
}

void ratings(JsonWriter& json, const Finding& f) {
  json.key("ratings").array().object();
  if (!f.severity_source.empty())
    json.key("source").object().member("name", f.severity_source).end();
  json.member("severity", rating_of(f.severity)).end();
  for (const CvssScore& cvss : f.cvss) {
    json.object();
    if (!cvss.source.empty()) json.key("source").object().member("name", cvss.source).end();
    json.member("score", cvss.score)
        .member("method", method_of(cvss.vector))
        .member("vector", cvss.vector)
        .end();
  }
  json.end();
}

// CycloneDX's word for a justification of OpenVEX; empty where it has none that says the same.
std::string_view justification_of(std::string_view openvex) {
  if (openvex == "component_not_present" || openvex == "vulnerable_code_not_present")
    return "code_not_present";
  if (openvex == "vulnerable_code_not_in_execute_path") return "code_not_reachable";
  if (openvex == "inline_mitigations_already_exist") return "protected_by_mitigating_control";
  return {};
}

// What `analysis` says of a finding; findings that it says the same of share an entry.
struct Stance {
  std::string_view state, justification;
  auto operator<=>(const Stance&) const = default;
};

Stance stance_of(const Finding& f) {
  switch (f.verdict) {
    case Verdict::affected:
      return {};
    case Verdict::undecided:
      return {"in_triage", {}};
    case Verdict::fixed:
      return {"resolved", {}};
    case Verdict::withdrawn:
      return {"false_positive", {}};
    case Verdict::not_affected:
    case Verdict::covered_by_owner:
      return {"not_affected", {}};
    case Verdict::suppressed:
      break;
  }
  if (f.vex_status == "fixed") return {"resolved", {}};
  if (!f.vex_status.empty()) return {"not_affected", justification_of(f.vex_justification)};
  return {"exploitable", {}};  // what the user accepted is not harmless by that
}

void analysis(JsonWriter& json, const Finding& f, const Stance& stance) {
  if (stance.state.empty()) return;
  json.key("analysis").object().member("state", stance.state);
  json.text_if("justification", stance.justification);
  if (stance.state == "exploitable") json.texts("response", {"will_not_fix"});
  if (!f.proof.empty()) json.member("detail", f.proof.back().text);
  json.end();
}

// Of a version that a finding is about.
std::string_view version_status(const Finding& f, const Stance& stance) {
  if (f.verdict == Verdict::undecided) return "unknown";
  return stance.state.empty() || stance.state == "exploitable" ? "affected" : "unaffected";
}

// One entry for all packages with the same id, the same verdict and the same analysis; the first
// finding speaks for them, but each package has its own remedy.
using Group = std::vector<const Finding*>;

std::string recommendations(const Report& report, const Group& group) {
  std::string out;
  std::set<std::string> said;
  for (const Finding* f : group) {
    const auto text = recommendation(*f, report.inventory.packages[f->package]);
    if (said.insert(text).second) out += (out.empty() ? "" : " ") + text;
  }
  return out;
}

void vulnerability(JsonWriter& json, const Report& report, const std::vector<std::string>& refs,
                   const Group& group) {
  const Finding& f = *group.front();
  const Stance stance = stance_of(f);
  std::string own_ref = fmt::format("vulnerability:{}:{}", f.id, name_of(f.verdict));
  if (f.verdict == Verdict::suppressed)
    for (const auto part : {stance.state, stance.justification})
      if (!part.empty()) own_ref += fmt::format(":{}", part);
  json.object().member("bom-ref", own_ref).member("id", f.id);
  json.key("source")
      .object()
      .member("name", f.feed.empty() ? std::string_view("unknown") : f.feed)
      .text_if("url", help_address(f))
      .end();
  if (!f.aliases.empty()) {
    json.key("references").array();
    for (const auto& alias : f.aliases)
      json.object()
          .member("id", alias)
          .key("source")
          .object()
          .member("name", alias.substr(0, alias.find('-')))
          .end()
          .end();
    json.end();
  }
  ratings(json, f);
  json.text_if("description", f.title).member("recommendation", recommendations(report, group));
  std::set<std::string> addresses;
  for (const auto& address : f.references)
    if (is_web_address(address)) addresses.emplace(address);
  if (!addresses.empty()) {
    json.key("advisories").array();
    for (const auto& address : addresses) json.object().member("url", address).end();
    json.end();
  }
  if (is_timestamp(f.published)) json.member("published", f.published);
  if (is_timestamp(f.modified)) json.member("updated", f.modified);
  analysis(json, f, stance);
  std::map<std::string, std::string> affected;
  for (const Finding* one : group)
    affected[refs[one->package]] = report.inventory.packages[one->package].version;
  json.key("affects").array();
  for (const auto& [ref, version] : affected) {
    json.object().member("ref", ref);
    if (!version.empty()) {
      json.key("versions")
          .array()
          .object()
          .member("version", version)
          .member("status", version_status(f, stance))
          .end()
          .end();
    }
    json.end();
  }
  json.end().key("properties").array();
  property(json, "verdict", name_of(f.verdict));
  property(json, "record", f.record);
  property(json, "fix", name_of(f.fix_state));
  if (f.kev)
    property(json, "exploited", f.kev_due.empty() ? "true" : fmt::format("due {}", f.kev_due));
  json.end().end();
}

void vulnerabilities(JsonWriter& json, const Report& report, const std::vector<std::string>& refs) {
  std::map<std::tuple<std::string_view, Verdict, Stance>, Group> groups;
  for (const auto* list : {&report.findings, &report.dropped})
    for (const Finding& f : *list)
      if (f.verdict != Verdict::fixed && f.package < refs.size() && !left_out_by_the_call(f))
        groups[{f.id, f.verdict, stance_of(f)}].push_back(&f);
  json.key("vulnerabilities").array();
  for (auto& [key, group] : groups) {
    std::ranges::stable_sort(
        group, [](const Finding* a, const Finding* b) { return a->severity > b->severity; });
    vulnerability(json, report, refs, group);
  }
  json.end();
}

}  // namespace

std::string write_cyclonedx(const Report& report, const RenderOptions& options) {
  const auto purls = purls_of(report.inventory);
  const auto refs = unique_refs(purls);
  JsonWriter json;
  json.expect(roughly_bytes(report));
  json.object()
      .member("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json")
      .member("bomFormat", "CycloneDX");
  json.member("specVersion", "1.6").member("serialNumber", no_serial).member("version", 1);
  metadata(json, report, options);
  json.key("components").array();
  if (const Distribution& distro = report.inventory.distribution) {
    json.object()
        .member("bom-ref", distribution_ref(distro))
        .member("type", "operating-system")
        .member("name", distro.id);
    json.text_if("version", distro.version_id)
        .text_if("description", distro.name)
        .text_if("cpe", distro.cpe)
        .end();
  }
  for (std::size_t i = 0; i < refs.size(); ++i) component(json, report, refs, i, purls[i]);
  json.end();
  dependencies(json, report, refs);
  if (options.findings) vulnerabilities(json, report, refs);
  std::string out = json.end().take();
  const std::string serial = "urn:uuid:" + uuid_of(out);
  return out.replace(out.find(no_serial), no_serial.size(), serial);
}

}  // namespace boltseal
