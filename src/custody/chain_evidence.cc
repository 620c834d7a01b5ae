// Whether a record shows what its phase is asked for: a command that went well, tests that passed,
// a scan under its limits, attestations under keys of their own.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "custody/chain_verify.h"
#include "custody/witness_collection.h"
#include "files/glob.h"
#include "seal/dsse.h"
#include "seal/statement.h"

namespace boltseal {
namespace {

std::optional<Refusal> refusal(std::string code, std::string what, std::string field,
                               std::string wanted, std::string found) {
  return Refusal{std::move(code), std::move(field), std::move(wanted), std::move(found),
                 std::move(what)};
}

std::optional<Refusal> check_command(const CustodyPhase& phase, const CustodyRecord& record) {
  if (record.exit_code != 0)
    return refusal("command-failed", "the command of the phase did not end well", "exitCode", "0",
                   fmt::format("{}", record.exit_code));
  if (record.command.empty() && (phase.command_required || !phase.command.empty()))
    return refusal("command-missing", "the phase ran no command", "command",
                   phase.command.empty() ? "a command" : join(phase.command, " "), {});
  if (phase.command.empty()) return std::nullopt;
  const bool same =
      phase.command.size() == record.command.size() &&
      std::ranges::equal(phase.command, record.command, [](const auto& pattern, const auto& word) {
        return wildcard_matches(pattern, word);
      });
  if (!same)
    return refusal("command-mismatch", "the phase ran another command than the policy names",
                   "command", join(phase.command, " "), join(record.command, " "));
  return std::nullopt;
}

std::optional<Refusal> check_git(const CustodyRecord& record) {
  if (!record.git || record.git->commit.empty())
    return refusal("git-missing", "the phase did not run in a git commit", "git.commit", "a commit",
                   {});
  if (record.git->dirty)
    return refusal("git-dirty", "files differed from the commit", "git.dirty",
                   record.git->commit + ", unchanged", record.git->commit + " with changes");
  return std::nullopt;
}

std::optional<Refusal> check_tests(const TestDemand& demand, const CustodyRecord& record) {
  TestCounts all;
  bool some = false;
  for (const PhaseEvidence& e : record.evidence) {
    if (e.kind != PhaseEvidence::Kind::tests) continue;
    some = true;
    all.passed += e.tests.passed;
    all.failed += e.tests.failed;
  }
  if (!some)
    return refusal("evidence-missing", "no test results came with the phase", "evidence",
                   "JUnit XML, TAP or go test -json", {});
  if (all.failed > demand.max_failed)
    return refusal("tests-failed", "too many tests failed", "evidence.tests.failed",
                   fmt::format("at most {}", demand.max_failed), fmt::format("{}", all.failed));
  if (all.passed < demand.min_passed)
    return refusal("tests-too-few", "too few tests passed", "evidence.tests.passed",
                   fmt::format("at least {}", demand.min_passed), fmt::format("{}", all.passed));
  return std::nullopt;
}

std::vector<std::string> images_of(const CustodyRecord& record) {
  std::vector<std::string> out;
  for (const auto* list : {&record.materials, &record.products})
    for (const PhaseArtifact& a : *list)
      if (a.mode == "image") out.push_back("sha256:" + a.sha256);
  return out;
}

std::optional<Refusal> check_database_age(std::int64_t most, const PhaseEvidence& scan,
                                          std::int64_t finished) {
  const auto date = parse_rfc3339(scan.database);
  if (date && finished - *date <= most) return std::nullopt;
  return refusal("scan-database-old", "the scan knew only old advisories; update them, scan again",
                 "evidence.database", "not before " + rfc3339(finished - most), scan.database);
}

std::optional<Refusal> check_counts(const ScanDemand& demand, const PhaseEvidence& scan) {
  for (const auto& [name, limit] : demand.most) {
    const auto count = scan.findings.find(name);
    if (count == scan.findings.end())
      return refusal("evidence-missing", "the scan does not count this; record it again",
                     "evidence.findings." + name, "a count", {});
    if (count->second <= limit) continue;
    const bool gap = ScanDemand().most.contains(name);  // what is none unless it is allowed
    return refusal(
        gap ? "scan-incomplete" : "scan-over-limit",
        gap ? "the scan leaves open what it could not read or judge" : "the scan found too much",
        "evidence.findings." + name, fmt::format("at most {}", limit),
        fmt::format("{}", count->second));
  }
  return std::nullopt;
}

std::optional<Refusal> check_scan(const ScanDemand& demand, const CustodyRecord& record) {
  bool some = false;
  const auto images = images_of(record);
  for (const PhaseEvidence& e : record.evidence) {
    if (e.kind != PhaseEvidence::Kind::scan) continue;
    some = true;
    if (auto wrong = check_counts(demand, e)) return wrong;
    if (demand.database_age)
      if (auto wrong = check_database_age(*demand.database_age, e, record.finished)) return wrong;
    if (!images.empty() && std::ranges::find(images, e.image) == images.end())
      return refusal("evidence-of-other", "the scan is of another image", "evidence.image",
                     images.front(), e.image);
    if (images.empty() && !e.image.empty())
      return refusal("evidence-of-other",
                     "the scan is of an image that the record does not name; name it with "
                     "--material-image or --product-image",
                     "evidence.image", {}, e.image);
  }
  if (!some)
    return refusal("evidence-missing", "no scan came with the phase", "evidence",
                   "a report of boltseal scan -o json", {});
  for (const PhaseArtifact& a : images_handed_on(record)) {
    const std::string image = "sha256:" + a.sha256;
    if (std::ranges::none_of(record.evidence, [&](const PhaseEvidence& e) {
          return e.kind == PhaseEvidence::Kind::scan && e.image == image;
        }))
      return refusal("evidence-missing", "an image of the record was not scanned", "evidence.image",
                     image, {});
  }
  return std::nullopt;
}

// "a.b" → the member b of the member a.
const Value& member_of(const Value& object, std::string_view path) {
  const Value* at = &object;
  for (const auto part : split(path, '.')) at = &(*at)[part];
  return *at;
}

std::optional<Refusal> check_statement(const AttestationDemand& demand, const Statement& statement,
                                       const std::vector<std::string>& images) {
  if (demand.about_image) {
    if (images.empty())
      return refusal("evidence-missing", "the record names no image that this could be about",
                     "products", "an image", {});
    const bool about = std::ranges::any_of(
        images, [&](const auto& digest) { return subject_of(statement, digest).has_value(); });
    if (!about) return subject_of(statement, images.front()).error();
  }
  // A step of Witness's that failed is signed as well as one that did not.
  if (is_witness_collection(statement.predicate_type)) {
    const auto collection = read_witness_collection(statement);
    if (!collection) return refuse(collection.error(), "predicate").error();
    if (collection->exit_code.value_or(0) != 0)
      return refusal("command-failed", "the command of a Witness step did not end well",
                     "predicate.attestations.command-run.exitcode", "0",
                     fmt::format("{}", *collection->exit_code));
  }
  for (const auto& [path, wanted] : demand.fields) {
    const Value& member = member_of(statement.predicate(), path);
    const std::string found = member.scalar();
    if (!member.is_scalar() || found != wanted)
      return refusal("evidence-field-mismatch", "an attestation says something else",
                     "predicate." + path, wanted, found);
  }
  return std::nullopt;
}

std::optional<Refusal> check_attestation(const CustodyPolicy& policy,
                                         const AttestationDemand& demand,
                                         const CustodyRecord& record) {
  // The first reason stands for those that came; another of the same type may still do.
  auto reason = refusal("evidence-missing", "an attestation did not come with the phase",
                        "evidence", demand.predicate_type, {});
  for (const PhaseEvidence& e : record.evidence) {
    if (e.kind != PhaseEvidence::Kind::attestation || e.format != demand.predicate_type) continue;
    const auto envelope = parse_dsse(e.envelope);
    if (!envelope) continue;
    const auto payload = policy.verify(*envelope, demand.keys, demand.threshold);
    if (!payload) {
      reason = payload.error();
      reason->field = fmt::format("evidence.{}.{}", e.name, reason->field);
      continue;
    }
    const auto statement = parse_statement(payload->bytes());
    if (!statement || statement->predicate_type != demand.predicate_type) continue;
    auto wrong = check_statement(demand, *statement, images_of(record));
    if (!wrong) return std::nullopt;
    reason = std::move(wrong);
  }
  return reason;
}

}  // namespace

std::optional<Refusal> check_evidence(const CustodyPolicy& policy, const CustodyPhase& phase,
                                      const CustodyRecord& record) {
  if (auto wrong = check_command(phase, record)) return wrong;
  if (phase.git_clean)
    if (auto wrong = check_git(record)) return wrong;
  if (phase.tests)
    if (auto wrong = check_tests(*phase.tests, record)) return wrong;
  if (phase.scan)
    if (auto wrong = check_scan(*phase.scan, record)) return wrong;
  for (const AttestationDemand& demand : phase.attestations)
    if (auto wrong = check_attestation(policy, demand, record)) return wrong;
  for (const auto& glob : phase.products) {
    if (std::ranges::none_of(record.products, [&](const PhaseArtifact& a) {
          return artifact_matches({glob}, a.path);
        }))
      return refusal("product-missing", fmt::format("{} did not make what is asked", phase.name),
                     "products", glob, {});
  }
  return std::nullopt;
}

}  // namespace boltseal
