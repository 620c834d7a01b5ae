// What a finding says beyond its verdict. Severity comes from whoever judged the package, then from
// the record, then from the best CVSS vector of the record, then the same of the other records of
// the flaw; severity_source says which.
#include <fmt/format.h>

#include <algorithm>

#include "advisories/cvss.h"
#include "match/resolve.h"

namespace boltseal {
namespace {

// 4.0 > 3.1 > 3.0 > 2.0
int cvss_version(std::string_view vector) {
  if (vector.starts_with("CVSS:4.0/")) return 40;
  if (vector.starts_with("CVSS:3.1/")) return 31;
  if (vector.starts_with("CVSS:3.0/")) return 30;
  return 20;
}

bool better(const CvssScore& a, const CvssScore& b) {
  const int left = cvss_version(a.vector), right = cvss_version(b.vector);
  if (left != right) return left > right;
  if (a.score != b.score) return a.score > b.score;
  return a.vector < b.vector;
}

std::vector<CvssScore> scores_of(const Advisory& advisory, std::string_view id, Texts& texts) {
  std::vector<CvssScore> out;
  for (const auto& [type, vector] : advisory.severities)
    if (const auto score = cvss_score(vector)) out.push_back({texts.keep(vector), *score, id});
  std::ranges::sort(out, better);
  return out;
}

void rate(Severity severity, std::string_view source, Finding& finding) {
  if (finding.severity != Severity::unknown || severity == Severity::unknown) return;
  finding.severity = severity;
  finding.severity_source = source;
}

void take(const Advisory& advisory, Texts& texts, Finding& finding) {
  const auto fill = [&](std::string_view& to, std::string_view text) {
    if (to.empty()) to = texts.keep(text);
  };
  rate(advisory.severity, texts.keep(advisory.feed), finding);
  const auto id = texts.keep(advisory.id);
  const auto scores = scores_of(advisory, id, texts);
  if (!scores.empty()) {
    const auto& best = scores.front();
    const int version = cvss_version(best.vector);
    rate(cvss_severity(best.score, version == 20),
         texts.format("CVSS {}.{} of {}", version / 10, version % 10, id), finding);
  }
  finding.cvss.insert(finding.cvss.end(), scores.begin(), scores.end());
  fill(finding.title, advisory.summary);
  fill(finding.published, advisory.published);
  fill(finding.modified, advisory.modified);
  if (!finding.references.empty()) return;
  finding.references.reserve(advisory.references.size());
  for (const auto& address : advisory.references) finding.references.push_back(texts.keep(address));
}

}  // namespace

Result<> describe(const Database& database, const std::vector<Opinion*>& opinions,
                  const std::vector<std::uint32_t>& ids, bool explain, Texts& texts,
                  Finding& finding) {
  const Opinion& first = *opinions.front();
  std::vector<std::uint32_t> seen;  // ids whose record was read
  const auto take_record = [&](const Opinion& o) -> Result<> {
    rate(o.affected->severity, o.feed, finding);
    if (std::ranges::find(seen, o.head.id) != seen.end()) return {};
    seen.push_back(o.head.id);
    TRY(const auto advisory, database.advisory(o.record, explain));
    take(advisory, texts, finding);
    return {};
  };
  TRY_DO(take_record(first));
  for (const Opinion* o : opinions)
    if (o->record != first.record && !o->head.withdrawn) TRY_DO(take_record(*o));
  // Records of the same flaw that speak of other packages: a distribution's record often has no
  // judgement of its own. One that bundles several flaws judges none of them.
  for (const auto id : ids) {
    if (std::ranges::find(seen, id) == seen.end()) {
      if (const auto number = database.find_id(id)) {
        TRY(const auto advisory, database.advisory(*number, explain));
        if (advisory.withdrawn.empty() && advisory.upstream.size() < 2)
          take(advisory, texts, finding);
      }
    }
    if (!finding.kev) {
      if (const auto exploited = database.exploited(id)) {
        finding.kev = true;
        finding.kev_due = texts.keep(exploited->due);
      }
    }
  }
  std::ranges::stable_sort(finding.cvss, better);
  finding.cvss.erase(std::unique(finding.cvss.begin(), finding.cvss.end(),
                                 [](const auto& a, const auto& b) { return a.vector == b.vector; }),
                     finding.cvss.end());
  if (!finding.fixed_versions.empty())
    finding.fix_state = FixState::fixed;
  else if (first.affected->fix_state != FixState::unknown)
    finding.fix_state = first.affected->fix_state;
  else
    finding.fix_state = FixState::not_fixed;
  return {};
}

}  // namespace boltseal
