// The own JSON of a report: complete, stable, documented in doc/formats/report-json.md.
//
// A member that would be empty is left out, so a reader asks for what it wants and takes "not
// there" for "none".
#include "report/json.h"

#include <thread>

#include "inventory/purl.h"
#include "report/advice.h"
#include "report/common.h"

namespace boltseal {
namespace {

constexpr std::string_view schema_version = "1.0";

template <class T>
void indices(JsonWriter& json, std::string_view name, const std::vector<T>& list) {
  if (list.empty()) return;
  json.key(name).array();
  for (const auto i : list) json.value(i);
  json.end();
}

void counts(JsonWriter& json, std::string_view name, const SeverityCounts& of) {
  json.key(name).object();
  for (const Severity severity : worst_first) json.member(name_of(severity), of[severity]);
  json.end();
}

void layers(JsonWriter& json, const Inventory& inventory) {
  json.key("layers").array();
  for (std::size_t i = 0; i < inventory.image.layers.size(); ++i) {
    const LayerInfo& layer = inventory.image.layers[i];
    json.object().text_if("digest", layer.digest).text_if("diffId", layer.diff_id);
    json.text_if("mediaType", layer.media_type).member("size", layer.size);
    json.text_if("createdBy", layer.created_by);
    if (i < inventory.usage.size()) {
      const LayerUsage& usage = inventory.usage[i];
      json.member("bytes", usage.bytes).member("files", usage.files).key("folders").array();
      for (const auto& [path, bytes] : usage.folders)
        json.object().member("path", path).member("bytes", bytes).end();
      json.end();
    }
    json.end();
  }
  json.end();
}

void image(JsonWriter& json, const Inventory& inventory) {
  const ImageInfo& image = inventory.image;
  json.key("image").object().member("reference", image.reference).member("kind", image.kind);
  json.text_if("manifestDigest", image.manifest_digest)
      .text_if("configDigest", image.config_digest);
  json.texts("indexDigests", image.index_digests);
  json.text_if("os", image.os).text_if("architecture", image.architecture);
  json.text_if("variant", image.variant)
      .text_if("created", image.created)
      .text_if("user", image.user);
  if (!image.labels.empty()) {
    json.key("labels").array();  // not an object: a hostile config may name a label twice
    for (const auto& [name, value] : image.labels)
      json.object().member("name", name).member("value", value).end();
    json.end();
  }
  layers(json, inventory);
  json.texts("history", image.history).end();
}

void distribution(JsonWriter& json, const Report& report) {
  const Distribution& distro = report.inventory.distribution;
  if (!distro) return;
  json.key("distribution").object().member("id", distro.id).texts("idLike", distro.id_like);
  json.text_if("versionId", distro.version_id).text_if("codename", distro.codename);
  json.text_if("name", distro.name).text_if("cpe", distro.cpe);
  json.text_if("endOfLife", report.end_of_life).end();
}

void database(JsonWriter& json, const DatabaseInfo& database) {
  json.key("database").object().member("digest", database.digest).member("date", database.date);
  json.member("starter", database.starter).key("feeds").array();
  for (const FeedInfo& feed : database.feeds) {
    json.object().member("name", feed.name).text_if("address", feed.address);
    json.text_if("date", feed.date).member("records", feed.records).end();
  }
  json.end().end();
}

void evidence(JsonWriter& json, const std::vector<Evidence>& list) {
  json.key("evidence").array();
  for (const Evidence& e : list)
    json.object().member("path", e.path).member("layer", e.layer).text_if("what", e.what).end();
  json.end();
}

void package(JsonWriter& json, const Package& p, const std::string& purl,
             const std::vector<std::uint32_t>& needs) {
  json.object().member("type", name_of(p.type)).member("name", p.name).member("version", p.version);
  json.member("purl", purl).text_if("arch", p.arch).text_if("sourceName", p.source_name);
  json.text_if("sourceVersion", p.source_version).text_if("module", p.module);
  json.text_if("licence", p.licence).text_if("licenceText", p.licence_text);
  json.text_if("supplier", p.supplier).text_if("homepage", p.homepage);
  json.text_if("description", p.description).texts("cpes", p.cpes);
  if (!p.hashes.empty()) {
    json.key("hashes").array();
    for (const auto& [algorithm, value] : p.hashes)
      json.object().member("algorithm", algorithm).member("value", value).end();
    json.end();
  }
  if (p.development) json.member("development", true);
  if (p.owner >= 0) json.member("owner", p.owner);
  indices(json, "dependsOn", needs);
  evidence(json, p.evidence);
  json.end();
}

void packages(JsonWriter& json, const Inventory& inventory) {
  std::vector<std::vector<std::uint32_t>> needs(inventory.packages.size());
  for (const auto& [from, to] : inventory.dependencies)
    if (from < needs.size()) needs[from].push_back(to);
  const auto purls = purls_of(inventory);
  json.key("packages").array();
  for (std::size_t i = 0; i < inventory.packages.size(); ++i)
    package(json, inventory.packages[i], purls[i], needs[i]);
  json.end();
}

void finding(JsonWriter& json, const Finding& f) {
  json.object().member("id", f.id).texts("aliases", f.aliases).member("package", f.package);
  json.member("verdict", name_of(f.verdict)).member("severity", name_of(f.severity));
  json.text_if("severitySource", f.severity_source);
  if (!f.cvss.empty()) {
    json.key("cvss").array();
    for (const CvssScore& cvss : f.cvss)
      json.object()
          .member("vector", cvss.vector)
          .member("score", cvss.score)
          .text_if("source", cvss.source)
          .end();
    json.end();
  }
  json.member("fixState", name_of(f.fix_state)).texts("fixedVersions", f.fixed_versions);
  json.member("exploited", f.kev).text_if("exploitedDue", f.kev_due).text_if("title", f.title);
  json.text_if("feed", f.feed).text_if("record", f.record);
  json.text_if("published", f.published).text_if("modified", f.modified);
  json.texts("references", f.references).key("proof").array();
  for (const ProofStep& step : f.proof)
    json.object().member("rule", step.rule).member("text", step.text).end();
  json.end().end();
}

void steps(JsonWriter& json, std::string_view name, const std::vector<Step>& list) {
  json.key(name).array();
  for (const Step& step : list) {
    json.object().member("type", name_of(step.type)).member("name", step.name);
    json.member("installed", step.installed).text_if("target", step.target);
    counts(json, "counts", step.counts);
    json.member("exploited", step.exploited);
    indices(json, "packages", step.packages);
    indices(json, "findings", step.findings);
    json.end();
  }
  json.end();
}

// What was dropped is as long as all the rest, so it is written by a thread of its own, meanwhile.
class DroppedPart {
 public:
  // `json` stands in the object that "dropped" will be a member of.
  DroppedPart(const Report& report, const RenderOptions& options, JsonParts parts,
              const JsonWriter& json)
      : report_(report), parts_(parts), part_(json.part(']')) {
    constexpr std::size_t worth_a_thread = 500;
    const unsigned threads =
        options.threads ? options.threads : std::thread::hardware_concurrency();
    if (!options.findings || threads < 2 || report.dropped.size() < worth_a_thread) return;
    constexpr std::size_t mostly = 1200;  // bytes of one
    part_.expect(mostly * report.dropped.size());
    thread_ = std::thread([this] { write(part_); });
  }
  DroppedPart(const DroppedPart&) = delete;
  DroppedPart& operator=(const DroppedPart&) = delete;
  ~DroppedPart() {
    if (thread_.joinable()) thread_.join();
  }

  // The elements of "dropped".
  void into(JsonWriter& json) {
    if (!thread_.joinable()) return write(json);
    thread_.join();
    json.append(part_);
  }

 private:
  void write(JsonWriter& json) const {
    for (const Finding& f : report_.dropped)
      if (parts_.fixed || f.verdict != Verdict::fixed) finding(json, f);
  }

  const Report& report_;
  JsonParts parts_;
  JsonWriter part_;
  std::thread thread_;
};

void judgement(JsonWriter& json, const Report& report, DroppedPart& dropped_part) {
  const Advice advice = advise(report);
  json.key("summary").object();
  counts(json, "findings", advice.counts);
  json.member("exploited", advice.exploited).member("fixable", advice.fixable);
  json.member("undecided", static_cast<std::uint64_t>(advice.undecided.size()));
  json.key("dropped").object();
  const auto dropped = count_dropped(report);
  for (std::size_t v = static_cast<std::size_t>(Verdict::fixed); v < dropped.size(); ++v)
    json.member(name_of(static_cast<Verdict>(v)), dropped[v]);
  json.end().end();
  steps(json, "upgrades", advice.upgrades);
  steps(json, "withoutFix", advice.no_fix);
  json.key("findings").array();
  for (const Finding& f : report.findings) finding(json, f);
  json.end().key("dropped").array();
  dropped_part.into(json);
  json.end();
  if (!report.licence_issues.empty()) {
    json.key("licenceIssues").array();
    for (const LicenceIssue& issue : report.licence_issues)
      json.object()
          .member("package", issue.package)
          .member("verdict", issue.denied ? "deny" : "warn")
          .member("reason", issue.reason)
          .end();
    json.end();
  }
  json.key("uncovered").array();
  for (const Uncovered& u : report.uncovered) {
    json.object().member("what", u.what).member("reason", u.reason);
    indices(json, "packages", u.packages);
    json.end();
  }
  json.end();
}

}  // namespace

void write_report(JsonWriter& json, const Report& report, const RenderOptions& options,
                  JsonParts parts) {
  json.object();
  DroppedPart dropped(report, options, parts, json);
  json.member("schemaVersion", schema_version);
  json.key("tool").object().member("name", "boltseal").member("version", report.tool_version).end();
  json.text_if("created", options.timestamp)
      .text_if("configurationDigest", report.configuration_digest);
  image(json, report.inventory);
  distribution(json, report);
  if (options.findings) database(json, report.database);
  packages(json, report.inventory);
  if (options.findings) judgement(json, report, dropped);
  json.key("unknowns").array();
  for (const Unknown& u : report.inventory.unknowns) {
    json.object().member("path", u.path).member("layer", u.layer).text_if("reader", u.reader);
    json.member("fault", name_of(u.fault)).member("what", u.what);
    if (u.offset) json.member("offset", *u.offset);
    json.end();
  }
  json.end().key("notices").array();
  for (const auto& notice : report.notices) json.value(notice);
  json.end().end();
}

void write_package(JsonWriter& json, const Inventory& inventory, std::uint32_t index) {
  const Package& p = inventory.packages[index];
  package(json, p, purl(p, inventory.distribution), {});
}

void write_finding(JsonWriter& json, const Finding& f) { finding(json, f); }

void write_json(const Report& report, const RenderOptions& options,
                const std::function<void(std::string_view)>& drain) {
  JsonWriter json(true, drain);
  write_report(json, report, options, {});
  json.take();
}

}  // namespace boltseal
