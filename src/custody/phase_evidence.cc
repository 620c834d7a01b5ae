#include "custody/phase_evidence.h"

#include "base/text.h"
#include "codec/value.h"
#include "crypto/digest.h"
#include "seal/dsse.h"
#include "seal/statement.h"

namespace boltseal {
namespace {

constexpr std::uint64_t envelope_limit = 4 << 20;  // it becomes a part of the record

Result<PhaseEvidence> scan_evidence(const Value& report) {
  PhaseEvidence out;
  out.kind = PhaseEvidence::Kind::scan;
  out.format = "boltseal";
  out.image = report["image"]["manifestDigest"].text();
  const Value& counts = report["summary"]["findings"];
  if (!counts.is_object())
    return fail(Fault::unsupported, "a report without findings: `boltseal scan -o json` gives one");
  for (const auto& [severity, count] : counts.members()) {
    const auto n = count.integer();
    if (!n || *n < 0) return fail(Fault::corrupt, "a count of findings that is no number");
    out.findings[std::string(severity)] = static_cast<std::uint64_t>(*n);
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
