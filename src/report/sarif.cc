// SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/: findings for code scanning.
//
// One rule per vulnerability, one result per vulnerability and package. What could not be read or
// is not covered becomes a notification of the run, so that a green page is not mistaken for a
// clean image. What the user's rules set aside is left out: GitHub has no notion of a suppressed
// result and shows it as an open alert. GitHub also refuses a file with more than 25,000 results,
// 1,000 locations of one result, or a result without any.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"
#include "codec/json_writer.h"
#include "crypto/digest.h"
#include "inventory/purl.h"
#include "report/common.h"
#include "report/report.h"

namespace boltseal {
namespace {

constexpr std::string_view level_of(Severity severity) {
  switch (severity) {
    case Severity::critical:
    case Severity::high:
      return "error";
    case Severity::medium:
      return "warning";
    default:
      return "note";
  }
}

// Viewers render Markdown, and the text is from outside.
std::string markdown(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (std::string_view("\\`*_{}[]()#+-.!|<>&~$@:").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// A plain message (SARIF 3.11.5 and 3.11.6) has placeholders in braces and links in brackets.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == '\\') out += '\\';
    if (c == '{' || c == '}') out += c;
    out += c;
  }
  return out;
}

std::string relative_uri(std::string_view path) {
  return percent_encode(valid_or_replaced_utf8(path), "/");
}

constexpr std::size_t most_results = 25'000, most_locations = 100;

struct Rule {
  const Finding* worst = nullptr;
  std::size_t index = 0;
};
using Rules = std::map<std::string_view, Rule>;

void text(JsonWriter& json, std::string_view name, std::string_view value) {
  json.key(name).object().member("text", value).end();
}

void message(JsonWriter& json, std::string_view value) { text(json, "message", plain(value)); }

void rule(JsonWriter& json, const Report& report, const Finding& f) {
  const Package& p = report.inventory.packages[f.package];
  const std::string about = f.title.empty() ? fmt::format("{} in {}", f.id, p.name)
                                            : fmt::format("{}: {}", f.id, f.title);
  json.object()
      .member("id", f.id)
      .member("name", is_os_package(p.type) ? "OsPackageVulnerability" : "LibraryVulnerability");
  text(json, "shortDescription", about);
  text(json, "fullDescription", about);
  json.key("defaultConfiguration").object().member("level", level_of(f.severity)).end();
  json.text_if("helpUri", help_address(f));
  const std::string advice = recommendation(f, p);
  json.key("help").object();
  json.member("text", fmt::format("{}\nSeverity: {} ({})\n{}", about, name_of(f.severity),
                                  f.severity_source, advice));
  json.member(
      "markdown",
      fmt::format(
          "**{}**\n\n| severity | judged by | fix |\n| --- | --- | --- |\n| {} | {} | {} |\n",
          markdown(about), name_of(f.severity), markdown(f.severity_source), markdown(advice)));
  json.end().key("properties").object().member("precision", "very-high");
  json.member("security-severity", fmt::format("{:.1f}", security_score(f)));
  std::vector<std::string> tags = {"vulnerability", "security", std::string(name_of(f.severity))};
  if (f.kev) tags.emplace_back("known-exploited");
  json.texts("tags", tags).end().end();
}

// Of a scanned folder, how a path in it is reached from the place of the scan: what shows results
// looks there, and passes uriBaseId over. Nothing for an image, whose root is a world of its own.
std::optional<std::string> folder_of_scan(const ImageInfo& image) {
  if (image.kind != "directory") return std::nullopt;
  std::string_view folder = image.reference;
  if (folder.starts_with("dir:")) folder.remove_prefix(4);
  while (folder.starts_with("./")) folder.remove_prefix(2);
  const bool absolute = folder.starts_with('/');
  while (folder.starts_with('/')) folder.remove_prefix(1);
  folder = trim_end(folder, '/');
  std::string out(absolute ? "file:///" : "");
  if (folder != "." && !folder.empty()) out += relative_uri(folder) + "/";
  return out;
}

void location(JsonWriter& json, std::string_view path, std::string_view purl, std::string_view name,
              std::string_view note, const std::optional<std::string>& folder = {}) {
  json.object().key("physicalLocation").object().key("artifactLocation").object();
  json.member("uri", folder.value_or("") + relative_uri(path));
  if (!folder) json.member("uriBaseId", "ROOTPATH");
  json.end();
  json.key("region").object().member("startLine", 1).end().end();
  if (!name.empty())
    json.key("logicalLocations")
        .array()
        .object()
        .member("name", name)
        .member("fullyQualifiedName", purl)
        .member("kind", "module")
        .end()
        .end();
  if (!note.empty()) message(json, note);
  json.end();
}

void locations(JsonWriter& json, const Report& report, const Package& p, const std::string& purl) {
  json.key("locations").array();
  const auto folder = folder_of_scan(report.inventory.image);
  // A package of an SBOM may come without a place: then the document itself is the place.
  if (p.evidence.empty()) {
    std::string_view subject = report.inventory.image.reference;
    if (subject.starts_with("sbom:")) subject.remove_prefix(5);
    while (subject.starts_with('/')) subject.remove_prefix(1);
    location(json, subject, purl, p.name, {});
  }
  for (std::size_t i = 0; i < std::min(p.evidence.size(), most_locations); ++i) {
    const Evidence& e = p.evidence[i];
    std::string note = e.what;
    if (e.layer < report.inventory.image.layers.size())
      note += fmt::format("{}layer {}", note.empty() ? "" : ", ", e.layer + 1);
    location(json, e.path, purl, p.name, note, folder);
  }
  json.end();
}

// What stays the same when the image is built again: not the version, not the layer.
std::string lasting_key(const Finding& f, const Package& p) {
  const std::string path = p.evidence.empty() ? std::string() : p.evidence.front().path;
  return fmt::format("{}\n{}\n{}\n{}", f.id, name_of(p.type), p.name, path);
}

// `nth`: of the results with the lasting key `same`, as two versions of a package in one lock file
// are.
void result(JsonWriter& json, const Report& report, const Finding& f, const std::string& purl,
            std::size_t rule_index, const std::string& same, unsigned nth) {
  const Package& p = report.inventory.packages[f.package];
  const std::string_view verb =
      f.verdict == Verdict::undecided ? "may be affected by" : "is affected by";
  json.object().member("ruleId", f.id).member("ruleIndex", static_cast<std::uint64_t>(rule_index));
  json.member("level", level_of(f.severity));
  message(json, fmt::format("{} {} {} {} ({}). {}", p.name, p.version, verb, f.id,
                            name_of(f.severity), recommendation(f, p)));
  locations(json, report, p, purl);
  // GitHub looks at a fingerprint of this name only, and makes one of lines of source when there is
  // none.
  const std::string print = sha256_hex(same);
  json.key("partialFingerprints")
      .object()
      .member("boltseal/v1", nth == 1 ? print : sha256_hex(fmt::format("{}\n{}", same, nth)))
      .member("primaryLocationLineHash", fmt::format("{}:{}", print.substr(0, 16), nth))
      .end();
  json.key("properties")
      .object()
      .member("severity", name_of(f.severity))
      .member("verdict", name_of(f.verdict));
  json.member("security-severity", fmt::format("{:.1f}", security_score(f)));
  json.member("package", p.name).member("installedVersion", p.version).text_if("purl", purl);
  json.texts("fixedVersions", f.fixed_versions)
      .texts("aliases", f.aliases)
      .member("exploited", f.kev);
  if (!f.proof.empty()) {
    json.key("proof").array();
    for (const ProofStep& step : f.proof) json.value(fmt::format("{}: {}", step.rule, step.text));
    json.end();
  }
  json.end().end();
}

void notification(JsonWriter& json, std::string_view level, std::string_view what,
                  const Unknown* where) {
  json.object().member("level", level);
  message(json, what);
  if (where && !where->path.empty()) {
    json.key("locations").array();
    location(json, where->path, {}, {}, {});
    json.end();
  }
  json.end();
}

void invocation(JsonWriter& json, const Report& report, std::size_t left_out) {
  json.key("invocations")
      .array()
      .object()
      .member("executionSuccessful", true)
      .key("toolExecutionNotifications")
      .array();
  for (const Unknown& u : report.inventory.unknowns)
    notification(json, "warning", fmt::format("could not read {}: {}", u.path, u.what), &u);
  for (const Uncovered& u : report.uncovered)
    notification(json, "warning", fmt::format("not covered: {}: {}", u.what, u.reason), nullptr);
  if (!report.end_of_life.empty()) notification(json, "warning", report.end_of_life, nullptr);
  if (left_out > 0)
    notification(
        json, "warning",
        fmt::format("{} findings are left out: code scanning takes no more than {}; choose "
                    "with --severity",
                    left_out, most_results),
        nullptr);
  for (const auto& notice : report.notices) notification(json, "note", notice, nullptr);
  json.end().end().end();
}

}  // namespace

std::string write_sarif(const Report& report, const RenderOptions& options) {
  const Inventory& inventory = report.inventory;
  const auto purls = purls_of(inventory);
  std::vector<const Finding*> results;
  if (options.findings) {
    for (const Finding& f : report.findings)
      if (f.package < purls.size()) results.push_back(&f);
  }
  const std::size_t left_out = results.size() - std::min(results.size(), most_results);
  results.resize(results.size() - left_out);  // the least urgent
  Rules rules;
  for (const Finding* f : results) {
    Rule& rule = rules[f->id];
    if (!rule.worst || f->severity > rule.worst->severity) rule.worst = f;
  }
  std::size_t count = 0;
  for (auto& [id, rule] : rules) rule.index = count++;

  JsonWriter json;
  json.expect(roughly_bytes(report));
  json.object().member(
      "$schema",
      "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json");
  json.member("version", "2.1.0")
      .key("runs")
      .array()
      .object()
      .key("tool")
      .object()
      .key("driver")
      .object();
  json.member("name", "Boltseal")
      .text_if("version", report.tool_version)
      .text_if("semanticVersion", report.tool_version);
  json.key("rules").array();
  for (const auto& [id, one] : rules) rule(json, report, *one.worst);
  json.end().end().end();
  invocation(json, report, left_out);
  json.key("originalUriBaseIds")
      .object()
      .key("ROOTPATH")
      .object()
      .member("uri", "file:///")
      .end()
      .end();
  json.key("results").array();
  std::map<std::string, unsigned> alike;
  for (const Finding* f : results) {
    const std::string same = lasting_key(*f, inventory.packages[f->package]);
    result(json, report, *f, purls[f->package], rules[f->id].index, same, ++alike[same]);
  }
  json.end()
      .member("columnKind", "utf16CodeUnits")
      .key("properties")
      .object()
      .member("image", inventory.image.reference);
  json.text_if("manifestDigest", inventory.image.manifest_digest)
      .text_if("configDigest", inventory.image.config_digest);
  json.text_if("databaseDigest", report.database.digest)
      .text_if("databaseDate", report.database.date);
  json.end().end().end().end();
  return json.take();
}

}  // namespace boltseal
