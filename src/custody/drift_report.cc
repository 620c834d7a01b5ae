#include "custody/drift_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::string_view drift_type = "https://boltseal.dev/drift/v1";
constexpr std::size_t lines_per_kind = 500;

std::string heading(DriftKind kind) {
  switch (kind) {
    case DriftKind::unknown_executable:
      return "executables that are not in the seal";
    case DriftKind::deleted_running:
      return "running, but deleted";
    case DriftKind::changed:
      return "changed";
    case DriftKind::added:
      return "added";
    case DriftKind::removed:
      return "removed";
    case DriftKind::permission:
      return "permissions, owners or attributes changed";
    case DriftKind::hidden:
      return "sealed files that something is mounted over";
  }
  return {};
}

std::string xattr_names(const ContentRecord& r) {
  std::vector<std::string> names;
  for (const auto& [name, value] : r.xattrs) names.push_back(printable(name));
  return names.empty() ? "none" : join(names, " ");
}

// "mode 0755 → 4755": the two values of one change.
std::string change_text(const std::string& change, const ContentRecord& a, const ContentRecord& b) {
  if (change == "mode") return fmt::format("mode {:04o} → {:04o}", a.mode, b.mode);
  if (change == "owner") return fmt::format("owner {}:{} → {}:{}", a.uid, a.gid, b.uid, b.gid);
  if (change == "type") return fmt::format("{} → {}", name_of(a.type), name_of(b.type));
  if (change == "size") return fmt::format("size {} → {}", a.size, b.size);
  if (change == "link") return fmt::format("link {} → {}", printable(a.link), printable(b.link));
  if (change == "xattrs") return fmt::format("attributes {} → {}", xattr_names(a), xattr_names(b));
  if (change == "unmapped-owner") return "that owner is not mapped into the user namespace";
  if (change == "unstable") return "changes while it is read";
  if (change == "unread") return "not read: of that size it is another file anyway";
  return change;
}

std::string details(const DriftFinding& f, const ReadManifest& sealed) {
  std::vector<std::string> out;
  const ContentRecord* expected = f.expected ? &sealed.manifest.records[*f.expected] : nullptr;
  if (expected && f.found) {
    for (const auto& change : f.changes) out.push_back(change_text(change, *expected, *f.found));
  } else if (f.found) {
    out.push_back(fmt::format("{} {:04o} {}:{} {} bytes", name_of(f.found->type), f.found->mode,
                              f.found->uid, f.found->gid, f.found->size));
    for (const auto& change : f.changes) out.push_back(change_text(change, *f.found, *f.found));
  }
  if (!f.found && f.kind == DriftKind::unknown_executable)
    out.emplace_back("runs out of what is mounted here, which is no part of the image");
  if (f.program && f.expected) out.emplace_back("a program");
  if (!f.same_content_as.empty() && f.same_content_as != f.path)
    out.push_back(fmt::format("a copy of {}", printable(f.same_content_as)));
  if (!f.processes.empty()) out.push_back(fmt::format("process {}", fmt::join(f.processes, ", ")));
  return join(out, "; ");
}

// Whether the folder of a removed file was removed too: the folder's line says it.
bool is_below_one(const DriftFinding& f, const std::vector<const DriftFinding*>& shown) {
  return f.kind == DriftKind::removed && !shown.empty() &&
         f.path.starts_with(shown.back()->path + '/');
}

void table_of(DriftKind kind, const DriftReport& report, const ReadManifest& sealed,
              std::string& out) {
  std::vector<const DriftFinding*> shown;
  std::map<const DriftFinding*, std::size_t> below;
  std::size_t count = 0;
  for (const DriftFinding& f : report.findings) {
    if (f.kind != kind) continue;
    ++count;
    if (is_below_one(f, shown))
      ++below[shown.back()];
    else
      shown.push_back(&f);
  }
  if (count == 0) return;
  out += fmt::format("{} ({})\n", heading(kind), count);
  for (std::size_t i = 0; i < std::min(shown.size(), lines_per_kind); ++i) {
    std::string text = details(*shown[i], sealed);
    if (const auto more = below.find(shown[i]); more != below.end())
      text += fmt::format("and {} below", more->second);
    out += fmt::format("  /{}{}{}\n", printable(shown[i]->path), text.empty() ? "" : "  ", text);
  }
  if (shown.size() > lines_per_kind)
    out += fmt::format("  … and {} more: -o json lists all\n", shown.size() - lines_per_kind);
}

std::string unknown_lines(std::string_view title, const std::vector<Unknown>& list) {
  std::string out;
  if (!list.empty()) out += fmt::format("{} ({})\n", title, list.size());
  for (std::size_t i = 0; i < std::min(list.size(), lines_per_kind); ++i)
    out += fmt::format("  /{}  {}\n", printable(list[i].path), printable(list[i].what));
  return out;
}

std::string mount_lines(const std::vector<DriftMount>& mounts) {
  std::string out;
  if (!mounts.empty())
    out += fmt::format("mounted here, no part of the image ({})\n", mounts.size());
  for (const DriftMount& mount : mounts) {
    out += fmt::format("  /{}", printable(mount.path));
    if (!mount.type.empty())
      out += fmt::format("  {} {}", printable(mount.type), printable(mount.source));
    if (mount.hides) out += fmt::format("  hides {} sealed files", mount.hides);
    out += '\n';
  }
  return out;
}

std::string allowed_lines(const DriftReport& report) {
  if (report.allowed.empty()) return {};
  std::map<std::string, std::size_t> counts;
  for (const DriftFinding& f : report.allowed) ++counts[f.allowed_by];
  std::vector<std::string> parts;
  for (const auto& [rule, count] : counts)
    parts.push_back(fmt::format("{} {}", printable(rule), count));
  return fmt::format("expected by the allow-list ({}): {}\n", report.allowed.size(),
                     join(parts, ", "));
}

void put_finding(JsonWriter& json, const DriftFinding& f, const ReadManifest& sealed) {
  json.object().member("kind", name_of(f.kind));
  put_bytes(json, "path", f.path);
  json.texts("changes", f.changes);
  if (f.expected) {
    const ContentProof proof = prove(sealed, *f.expected);
    json.key("expected").object();
    put_record(json, proof.record);
    json.text_if("layerDiffId", proof.diff_id).end();
  }
  if (f.found) {
    json.key("found").object();
    put_record(json, *f.found);
    json.end();
  }
  if (f.program) json.member("program", true);
  if (!f.same_content_as.empty()) put_bytes(json, "sameContentAs", f.same_content_as);
  if (!f.processes.empty()) {
    json.key("processes").array();
    for (const auto pid : f.processes) json.value(pid);
    json.end();
  }
  json.text_if("allowedBy", f.allowed_by);
  json.key("proof");
  json.raw(f.expected ? write_proof(prove(sealed, *f.expected), sealed.tree.root(), false)
                      : write_proof(prove_absence(sealed, f.path), sealed.tree.size(),
                                    sealed.tree.root(), false));
  json.end();
}

void put_unknowns(JsonWriter& json, std::string_view name, const std::vector<Unknown>& list) {
  json.key(name).array();
  for (const Unknown& unknown : list) {
    json.object();
    put_bytes(json, "path", unknown.path);
    json.member("what", unknown.what).end();
  }
  json.end();
}

void put_mounts(JsonWriter& json, const std::vector<DriftMount>& mounts) {
  json.key("mounts").array();
  for (const DriftMount& mount : mounts) {
    json.object();
    put_bytes(json, "path", mount.path);
    json.text_if("type", mount.type).text_if("source", mount.source);
    json.member("hides", static_cast<std::uint64_t>(mount.hides)).end();
  }
  json.end();
}

}  // namespace

std::string finding_line(const DriftFinding& f, const ReadManifest& sealed) {
  const std::string text = details(f, sealed);
  return fmt::format("{} /{}{}{}", name_of(f.kind), printable(f.path), text.empty() ? "" : "  ",
                     text);
}

std::string finding_json(const DriftFinding& finding, const ReadManifest& sealed) {
  JsonWriter json(false);
  put_finding(json, finding, sealed);
  return json.take();
}

std::string drift_table(const DriftReport& report, const ReadManifest& sealed,
                        const AllowList& rules) {
  std::string out = fmt::format("{} against sha256:{}: {} files compared\n",
                                printable(report.target), hex(sealed.tree.root()), report.checked);
  for (const auto& notice : report.notices) out += fmt::format("note: {}\n", printable(notice));
  for (auto kind = DriftKind{}; kind <= last_drift_kind;
       kind = static_cast<DriftKind>(static_cast<unsigned>(kind) + 1))
    table_of(kind, report, sealed, out);
  out += unknown_lines("could not be read", report.unreadable);
  out += unknown_lines("changed or vanished while it was read", report.raced);
  out += mount_lines(report.mounts);
  out += allowed_lines(report);
  std::vector<std::string> texts;
  for (const AllowRule& rule : rules.rules) texts.push_back(rule.text);
  if (!texts.empty()) out += fmt::format("allow-list: {}\n", printable(join(texts, " ")));
  if (!report.findings.empty())
    out += fmt::format("drift: {} findings\n", report.findings.size());
  else
    out += report.incomplete() ? "incomplete: no drift in what could be read\n" : "no drift\n";
  return out;
}

std::string drift_json(const DriftReport& report, const ReadManifest& sealed,
                       const AllowList& rules) {
  JsonWriter json;
  json.object().member("type", drift_type).member("target", report.target);
  json.member("clean", report.findings.empty() && !report.incomplete());
  json.key("seal").object().member("root", "sha256:" + hex(sealed.tree.root()));
  json.member("size", sealed.tree.size());
  json.text_if("manifestDigest", sealed.manifest.image.manifest_digest);
  json.text_if("configDigest", sealed.manifest.image.config_digest).end();
  std::map<DriftKind, std::uint64_t> counts;
  for (const DriftFinding& f : report.findings) ++counts[f.kind];
  json.key("summary").object().member("checked", static_cast<std::uint64_t>(report.checked));
  for (auto kind = DriftKind{}; kind <= last_drift_kind;
       kind = static_cast<DriftKind>(static_cast<unsigned>(kind) + 1))
    json.member(name_of(kind), counts[kind]);
  json.member("allowed", static_cast<std::uint64_t>(report.allowed.size())).end();
  json.key("findings").array();
  for (const DriftFinding& f : report.findings) put_finding(json, f, sealed);
  json.end().key("allowed").array();
  for (const DriftFinding& f : report.allowed) put_finding(json, f, sealed);
  json.end();
  put_mounts(json, report.mounts);
  put_unknowns(json, "unreadable", report.unreadable);
  put_unknowns(json, "raced", report.raced);
  json.key("allowList").array();
  for (const AllowRule& rule : rules.rules) {
    json.object().member("pattern", rule.text).texts("kinds", rule.kinds);
    json.text_if("reason", rule.reason).end();
  }
  json.end().texts("notices", report.notices).end();
  return json.take();
}

}  // namespace boltseal
