#include "custody/phase_evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "codec/value.h"
#include "crypto/digest.h"
#include "seal/dsse.h"
#include "seal/statement.h"

namespace boltseal {
namespace {

constexpr std::uint64_t envelope_limit = 4 << 20;  // it becomes a part of the record

std::optional<std::uint64_t> whole(const Value& value) {
  const auto n = value.integer();
  return n && *n >= 0 ? std::optional(static_cast<std::uint64_t>(*n)) : std::nullopt;
}

// A set that names no package (a distribution without a feed) counts as one.
std::uint64_t packages_uncovered(const Value& sets) {
  std::uint64_t out = 0;
  for (const Value& set : sets.items())
    out += std::max<std::size_t>(set["packages"].items().size(), 1);
  return out;
}

Result<PhaseEvidence> scan_evidence(const Value& report) {
  PhaseEvidence out;
  out.kind = PhaseEvidence::Kind::scan;
  out.format = "boltseal";
  out.image = report["image"]["manifestDigest"].text();
  out.database = report["database"]["date"].text();
  const Value& summary = report["summary"];
  if (!summary["findings"].is_object() || !report["uncovered"].is_array() ||
      !report["unknowns"].is_array())
    return fail(Fault::unsupported, "a report without findings: `boltseal scan -o json` gives one");
  for (const auto name : scan_counts) {
    std::optional<std::uint64_t> n;
    if (name == "unread")
      n = report["unknowns"].items().size();
    else if (name == "uncovered")
      n = packages_uncovered(report["uncovered"]);
    else if (name == "suppressed")
      n = whole(summary["dropped"][name]);
    else if (name == "exploited" || name == "undecided")
      n = whole(summary[name]);
    else
      n = whole(summary["findings"][name]);
    if (!n)
      return fail(Fault::corrupt, fmt::format("a report that does not count what is {}", name));
    out.findings.emplace(name, *n);
  }
  return out;
}

Result<PhaseEvidence> attestation(std::string_view bytes, const Value& root) {
  if (bytes.size() > envelope_limit)
    return fail(Fault::too_large, "an attestation of more than 4 MiB is no evidence to carry");
  TRY(const auto envelope, read_dsse(root));
  TRY(const auto statement, parse_statement(envelope.payload));
  PhaseEvidence out;
  out.kind = PhaseEvidence::Kind::attestation;
  out.format = statement.predicate_type;
  out.envelope = write_dsse(envelope);
  return out;
}

Result<PhaseEvidence> tests(const char* format, Result<TestCounts> counts) {
  if (!counts) return std::unexpected(counts.error());
  PhaseEvidence out;
  out.kind = PhaseEvidence::Kind::tests;
  out.format = format;
  out.tests = *counts;
  return out;
}

Result<PhaseEvidence> recognise(std::string_view bytes) {
  const auto text = trim(bytes);
  if (text.starts_with('<')) return tests("junit", read_junit(bytes));
  if (text.starts_with("TAP version") || text.starts_with("1..") || text.starts_with("ok ") ||
      text.starts_with("not ok "))
    return tests("tap", read_tap(text));
  if (!text.starts_with('{'))
    return fail(
        Fault::unsupported,
        "neither JUnit XML, TAP, `go test -json`, a scan's JSON report nor a DSSE envelope");
  if (const auto first = text.substr(0, text.find('\n'));
      first.find("\"Action\"") != std::string_view::npos)
    return tests("go-test", read_go_test(text));
  TRY(const auto document, parse_json(text));
  const Value& root = document.root();
  if (root["payloadType"]) return attestation(bytes, root);
  if (root["tool"]["name"].text() == "boltseal") return scan_evidence(root);
  return fail(Fault::unsupported, "JSON that is neither a scan's report nor a DSSE envelope");
}

}  // namespace

Result<PhaseEvidence> read_evidence_file(std::string_view bytes, std::string_view name) {
  auto out = recognise(bytes);
  if (!out) {
    if (out.error().where.empty()) out.error().where = name;
    return out;
  }
  out->name = valid_or_replaced_utf8(name.substr(name.rfind('/') + 1));
  out->sha256 = sha256_hex(bytes);
  return out;
}

}  // namespace boltseal
