#include "custody/drift.h"

#include <algorithm>
#include <array>
#include <map>

namespace boltseal {
namespace {

constexpr std::array<std::string_view, 7> kind_names = {
    "unknown-executable", "deleted-running", "changed", "added", "removed", "permission", "hidden"};
constexpr std::uint32_t set_id = 06000;

// The host labels files as it likes; an image has no say in it.
using Xattrs = std::vector<std::pair<std::string, std::string>>;
Xattrs compared(Xattrs xattrs) {
  std::erase_if(xattrs, [](const auto& item) {
    return item.first == "security.selinux" || item.first == "security.evm";
  });
  return xattrs;
}

std::vector<std::string> changes_between(const ContentRecord& a, const FoundFile& file) {
  const ContentRecord& b = file.record;
  std::vector<std::string> out;
  const auto note = [&](bool differs, const char* what) {
    if (differs) out.emplace_back(what);
  };
  note(a.type != b.type, "type");
  note(a.size != b.size, "size");
  note(a.sha256 != b.sha256, "content");
  note(a.link != b.link, "link");
  note(a.device_major != b.device_major || a.device_minor != b.device_minor, "device");
  note(file.unstable, "unstable");
  note(file.unread, "unread");
  note(a.mode != b.mode, "mode");
  note(a.uid != b.uid || a.gid != b.gid || file.unmapped, "owner");
  note(file.unmapped, "unmapped-owner");
  note(a.xattrs != b.xattrs && compared(a.xattrs) != compared(b.xattrs), "xattrs");
  return out;
}

bool only_permission(const std::vector<std::string>& changes) {
  return std::ranges::all_of(changes, [](const auto& c) {
    return c == "mode" || c == "owner" || c == "unmapped-owner" || c == "xattrs";
  });
}

// Whether a path is one of the sorted `roots` or below one.
bool is_under(const std::vector<std::string>& roots, std::string_view path) {
  for (auto part = path; !part.empty();) {
    if (std::ranges::binary_search(roots, part)) return true;
    const auto slash = part.rfind('/');
    part = slash == std::string_view::npos ? std::string_view{} : part.substr(0, slash);
  }
  return false;
}

class Comparison {
 public:
  Comparison(const ReadManifest& sealed, FoundRoot& found, DriftReport& report,
             const std::vector<std::string>& scopes)
      : records_(sealed.manifest.records), found_(found), report_(report), scopes_(scopes) {
    for (const auto& mount : found.mounts) mounted_.push_back(mount.path);
    for (const auto& unknown : found.unreadable) unseen_.push_back(unknown.path);
    std::ranges::sort(mounted_);
    std::ranges::sort(unseen_);
  }

  void run() {
    std::size_t at = 0;
    for (FoundFile& file : found_.files) {
      while (at < records_.size() && records_[at].path < file.record.path) missing(at++);
      const bool known = at < records_.size() && records_[at].path == file.record.path;
      known ? both(at++, file) : added(file);
      ++report_.checked;
    }
    while (at < records_.size()) missing(at++);
  }

 private:
  void missing(std::size_t index) {
    const std::string& path = records_[index].path;
    if (!scopes_.empty() && !is_under(scopes_, path)) return;
    if (is_under(mounted_, path) || is_under(unseen_, path)) return;
    DriftFinding finding;
    finding.kind = DriftKind::removed;
    finding.path = path;
    finding.expected = index;
    report_.findings.push_back(std::move(finding));
  }
  void both(std::size_t index, FoundFile& file) {
    DriftFinding finding;
    finding.changes = changes_between(records_[index], file);
    if (finding.changes.empty()) return;
    const bool permission = only_permission(finding.changes);
    finding.kind = permission ? DriftKind::permission : DriftKind::changed;
    finding.path = file.record.path;
    finding.expected = index;
    // Other content, or known content that nobody could start until now.
    finding.program = file.program && (!permission || !(records_[index].mode & 0111));
    finding.found = std::move(file.record);
    name_content(finding);
    report_.findings.push_back(std::move(finding));
  }
  void added(FoundFile& file) {
    DriftFinding finding;
    finding.kind = file.program ? DriftKind::unknown_executable : DriftKind::added;
    finding.path = file.record.path;
    finding.program = file.program;
    if (file.unstable) finding.changes.emplace_back("unstable");
    if (file.unread) finding.changes.emplace_back("unread");
    if (file.unmapped) finding.changes.emplace_back("unmapped-owner");
    finding.found = std::move(file.record);
    name_content(finding);
    report_.findings.push_back(std::move(finding));
  }
  // A copy of a program that the image has says so.
  void name_content(DriftFinding& finding) {
    if (!finding.program) return;
    if (by_content_.empty())
      for (const auto& record : records_)
        if (record.type == FileType::file) by_content_.try_emplace(record.sha256, &record.path);
    const auto same = by_content_.find(finding.found->sha256);
    if (same != by_content_.end()) finding.same_content_as = *same->second;
  }

  const std::vector<ContentRecord>& records_;
  FoundRoot& found_;
  DriftReport& report_;
  const std::vector<std::string>& scopes_;
  std::vector<std::string> mounted_, unseen_;
  std::map<std::string_view, const std::string*> by_content_;
};

// What others load or start. A seal does not say which files are ELF: names have to do.
bool may_be_code(const ContentRecord& r) {
  const auto name = std::string_view(r.path).substr(r.path.rfind('/') + 1);
  return r.type == FileType::file && r.size > 0 &&
         ((r.mode & 0111) != 0 || name.ends_with(".so") ||
          name.find(".so.") != std::string_view::npos);
}

// Volumes lie over folders of data in most containers. Over a file, or over programs, somebody
// else's take the place of what was sealed; an empty file is there to be mounted over.
void find_hidden(const ReadManifest& sealed, const FoundMount& mount, DriftReport& report) {
  const auto& records = sealed.manifest.records;
  const ContentRecord* itself = record_of(records, mount.path);
  const auto [from, to] = records_below(records, mount.path);
  const bool over_file = itself && itself->type == FileType::file && itself->size > 0;
  const bool over_code =
      std::any_of(records.begin() + static_cast<std::ptrdiff_t>(from),
                  records.begin() + static_cast<std::ptrdiff_t>(to), may_be_code);
  if (!over_file && !over_code) return;
  DriftFinding finding;
  finding.kind = DriftKind::hidden;
  finding.path = mount.path;
  finding.changes = {"mounted"};
  if (itself) finding.expected = static_cast<std::size_t>(itself - records.data());
  report.findings.push_back(std::move(finding));
}

// An empty file to mount over, or the link that stands for the table of mounts.
bool is_stub(const ContentRecord& r) {
  return (r.type == FileType::file && r.size == 0) ||
         (r.type == FileType::symlink &&
          (r.link == "/proc/mounts" || r.link == "/proc/self/mounts"));
}

bool has_capability(const ContentRecord& r) {
  return std::ranges::any_of(r.xattrs,
                             [](const auto& item) { return item.first == "security.capability"; });
}

bool covers(const AllowRule& rule, const DriftFinding& f,
            const std::vector<ContentRecord>& sealed) {
  if (!rule.paths.covers(f.path)) return false;
  if (rule.stub)
    return f.kind == DriftKind::hidden ||
           (f.kind == DriftKind::added && f.found && is_stub(*f.found));
  if (rule.mounted && f.changes != std::vector<std::string>{"mounted"}) return false;
  if (!rule.kinds.empty()) return std::ranges::count(rule.kinds, name_of(f.kind)) > 0;
  // What gives power is not expected anywhere unless a rule says so by name.
  const ContentRecord none;
  const ContentRecord& before = f.expected ? sealed[*f.expected] : none;
  const bool gains = f.found && f.found->type == FileType::file &&
                     ((f.found->mode & set_id & ~before.mode) != 0 ||
                      (has_capability(*f.found) && f.found->xattrs != before.xattrs));
  return !f.program && f.kind != DriftKind::deleted_running && !gains;
}

// Runtimes make the folders that lead to what they mount.
bool leads_to_mount(const DriftFinding& f, const std::vector<DriftMount>& mounts) {
  if (f.kind != DriftKind::added || !f.found || f.found->type != FileType::directory) return false;
  return std::ranges::any_of(mounts,
                             [&](const auto& m) { return m.path.starts_with(f.path + '/'); });
}

}  // namespace

std::string_view name_of(DriftKind kind) { return kind_names.at(static_cast<std::size_t>(kind)); }

std::optional<DriftKind> drift_kind_of(std::string_view name) {
  const auto* found = std::ranges::find(kind_names, name);
  if (found == kind_names.end()) return std::nullopt;
  return static_cast<DriftKind>(found - kind_names.begin());
}

void compare(const ReadManifest& sealed, FoundRoot found, DriftReport& report,
             const std::vector<std::string>& scopes) {
  Comparison(sealed, found, report, scopes).run();
  for (const FoundMount& mount : found.mounts) {
    const auto [from, to] = records_below(sealed.manifest.records, mount.path);
    const bool itself = record_of(sealed.manifest.records, mount.path) != nullptr;
    report.mounts.push_back({mount.path, {}, {}, to - from + (itself && !mount.directory)});
    find_hidden(sealed, mount, report);
  }
  std::ranges::move(found.unreadable, std::back_inserter(report.unreadable));
  std::ranges::move(found.raced, std::back_inserter(report.raced));
  std::ranges::stable_sort(report.findings, [](const DriftFinding& a, const DriftFinding& b) {
    return std::tie(a.kind, a.path) < std::tie(b.kind, b.path);
  });
}

void apply(const AllowList& list, const ReadManifest& sealed, DriftReport& report) {
  std::vector<DriftFinding> left;
  for (DriftFinding& finding : report.findings) {
    const auto rule = std::ranges::find_if(list.rules, [&](const AllowRule& r) {
      return covers(r, finding, sealed.manifest.records);
    });
    if (rule != list.rules.end())
      finding.allowed_by = rule->text;
    else if (leads_to_mount(finding, report.mounts))
      finding.allowed_by = "folders above a mount";
    if (finding.allowed_by.empty()) {
      left.push_back(std::move(finding));
      continue;
    }
    report.allowed.push_back(std::move(finding));
  }
  report.findings = std::move(left);
}

}  // namespace boltseal
