#include "custody/chain_show.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"

namespace boltseal {
namespace {

std::string short_digest(std::string_view hex_digest) {
  return std::string(hex_digest.substr(0, 12));
}

std::string facts_of(const CustodyRecord& r) {
  std::vector<std::string> out;
  if (r.git && !r.git->commit.empty())
    out.push_back(
        fmt::format("git {}{}", short_digest(r.git->commit), r.git->dirty ? " with changes" : ""));
  if (!r.command.empty()) out.push_back(join(r.command, " "));
  out.push_back(fmt::format("{} in, {} out", r.materials.size(), r.products.size()));
  for (const PhaseEvidence& e : r.evidence) {
    if (e.kind == PhaseEvidence::Kind::tests)
      out.push_back(fmt::format("{} tests passed, {} failed", e.tests.passed, e.tests.failed));
    else
      out.push_back(fmt::format(
          "{} {}", e.kind == PhaseEvidence::Kind::scan ? "scan" : "attestation", e.name));
  }
  return join(out, " · ");
}

}  // namespace

void write_refusal(JsonWriter& json, std::string_view name, const Refusal& refusal) {
  json.key(std::string_view(name))
      .object()
      .member("code", refusal.code)
      .member("what", refusal.what);
  json.text_if("field", refusal.field).text_if("wanted", refusal.wanted);
  json.text_if("found", refusal.found).end();
}

std::string custody_text(const CustodyPicture& picture) {
  const CustodyVerdict& verdict = picture.verdict;
  std::string out =
      fmt::format("{} · policy version {} · {}\n\n", picture.policy.project, picture.policy.version,
                  picture.policy_signed ? "signed by its owners"
                                        : "taken as it lies here, no owner's key given");
  std::size_t width = 6;
  for (const CustodyHop& hop : verdict.hops) width = std::max(width, hop.phase.size());
  for (const CustodyHop& hop : verdict.hops) {
    if (&hop != &verdict.hops.front()) out += "  │\n";
    out += fmt::format("  {} {:<{}}", hop.refusal ? "✗" : hop.holds ? "✓" : "?", hop.phase, width);
    if (hop.record) {
      const CustodyRecord& r = hop.record->record;
      out += fmt::format("  {}  {}  {}\n", rfc3339(r.finished),
                         hop.keys.empty() ? "-" : join(hop.keys, ", "), hop.record->file);
      out += fmt::format("  {} {:<{}}  {}\n", &hop == &verdict.hops.back() ? " " : "│", "", width,
                         facts_of(r));
    } else {
      out += "  no record\n";
    }
    if (hop.refusal) out += fmt::format("    {}\n", hop.refusal->message());
  }
  if (verdict.holds())
    out += fmt::format("\nthe chain holds: {} phases, {} files and images known at its end\n",
                       verdict.hops.size(), verdict.known.size());
  else
    out += fmt::format("\nthe chain is broken{}{}: {}\n", verdict.broken.empty() ? "" : " at ",
                       verdict.broken, verdict.refusal->message());
  return printable(out, true);
}

std::string custody_json(const CustodyPicture& picture) {
  const CustodyVerdict& verdict = picture.verdict;
  JsonWriter json;
  json.object().member("schemaVersion", "1.0").member("project", picture.policy.project);
  json.key("policy").object().member("version", picture.policy.version);
  json.member("sha256", picture.policy.sha256).member("signed", picture.policy_signed).end();
  json.member("holds", verdict.holds()).text_if("broken", verdict.broken);
  if (verdict.refusal) write_refusal(json, "refusal", *verdict.refusal);
  json.key("hops").array();
  for (const CustodyHop& hop : verdict.hops) {
    json.object().member("phase", hop.phase).member("holds", hop.holds);
    json.texts("keys", hop.keys);
    if (hop.record) {
      const CustodyRecord& r = hop.record->record;
      json.member("record", hop.record->file).member("sha256", hop.record->sha256);
      json.texts("command", r.command).member("finishedOn", rfc3339(r.finished));
      json.member("materials", static_cast<std::uint64_t>(r.materials.size()));
      json.member("products", static_cast<std::uint64_t>(r.products.size()));
      if (r.git) json.text_if("commit", r.git->commit);
    }
    if (hop.refusal) write_refusal(json, "refusal", *hop.refusal);
    json.end();
  }
  json.end().key("known").array();
  for (const auto& [path, artifact] : verdict.known)
    json.object()
        .member("path", path)
        .member("sha256", artifact.sha256)
        .member("phase", artifact.phase)
        .end();
  return json.end().end().take();
}

}  // namespace boltseal
