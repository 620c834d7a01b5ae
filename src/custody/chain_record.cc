#include "custody/chain_record.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "codec/json_writer.h"
#include "crypto/digest.h"
#include "custody/chain_policy.h"
#include "seal/dsse.h"
#include "seal/statement.h"

namespace boltseal {
namespace {

void write_artifacts(JsonWriter& json, std::string_view name,
                     const std::vector<PhaseArtifact>& list) {
  json.key(name).array();
  for (const PhaseArtifact& a : list)
    json.object().member("path", a.path).member("mode", a.mode).member("sha256", a.sha256).end();
  json.end();
}

void write_stream(JsonWriter& json, std::string_view name, const StreamDigest& stream) {
  json.key(std::string_view(name))
      .object()
      .member("sha256", stream.sha256)
      .member("size", stream.size)
      .end();
}

void write_evidence(JsonWriter& json, const PhaseEvidence& e) {
  json.object().member("name", e.name).member("sha256", e.sha256).member("format", e.format);
  if (e.kind == PhaseEvidence::Kind::tests) {
    json.key("tests").object().member("passed", e.tests.passed).member("failed", e.tests.failed);
    json.member("skipped", e.tests.skipped).end();
  } else if (e.kind == PhaseEvidence::Kind::scan) {
    json.key("findings").object();
    for (const auto& [severity, count] : e.findings) json.member(severity, count);
    json.end().text_if("image", e.image).text_if("database", e.database);
  } else {
    json.key("envelope").raw(e.envelope);
  }
  json.end();
}

void write_happening(JsonWriter& json, const CustodyRecord& r) {
  if (!r.command.empty()) json.texts("command", r.command).member("exitCode", r.exit_code);
  json.member("startedOn", rfc3339(r.started)).member("finishedOn", rfc3339(r.finished));
  write_stream(json, "stdout", r.out);
  write_stream(json, "stderr", r.err);
  if (r.git) {
    json.key("git").object().text_if("commit", r.git->commit).text_if("branch", r.git->branch);
    json.member("dirty", r.git->dirty).end();
  }
  json.key("environment").object();
  for (const auto& [name, value] : r.environment) json.member(std::string_view(name), value);
  json.end().key("host").object().member("system", r.system).member("machine", r.machine).end();
}

// Reads the predicate; the first thing that is wrong stays in `problem`.
class Reader {
 public:
  std::string problem;

  bool check(bool holds, std::string_view what) {
    if (!holds && problem.empty()) problem = what;
    return holds;
  }
  std::string digest(const Value& value, std::string_view what, bool may_be_empty = false) {
    const auto text = value.text();
    check((text.empty() && may_be_empty) || is_digest("sha256:" + std::string(text)), what);
    return std::string(text);
  }
  std::uint64_t count(const Value& value, std::string_view what) {
    const auto n = value.integer();
    check(n && *n >= 0, what);
    return n ? static_cast<std::uint64_t>(*n) : 0;
  }
  std::int64_t moment(const Value& value, std::string_view what) {
    const auto seconds = parse_rfc3339(value.text());
    check(seconds && rfc3339(*seconds) == value.text(), what);
    return seconds.value_or(0);
  }
  std::vector<PhaseArtifact> artifacts(const Value& value, std::string_view what) {
    std::vector<PhaseArtifact> out;
    check(value.is_array() && value.items().size() <= max_artifacts, what);
    for (const Value& item : value.items()) {
      PhaseArtifact a{item["path"].string(), item["mode"].string(), digest(item["sha256"], what)};
      const bool known = a.mode == "100644" || a.mode == "100755" || a.mode == "120000" ||
                         (a.mode == "image" && a.path.starts_with("image:"));
      if (!check(known && !a.path.empty() && repeated_member(item).empty(), what)) break;
      if (!check(out.empty() || out.back().path < a.path, "paths that are not sorted")) break;
      out.push_back(std::move(a));
    }
    return out;
  }
  PhaseEvidence evidence(const Value& value) {
    PhaseEvidence out;
    out.name = value["name"].text();
    out.format = value["format"].text();
    out.sha256 = digest(value["sha256"], "evidence");
    check(repeated_member(value).empty(), "evidence with a member twice");
    if (const Value& tests = value["tests"]) {
      out.tests = {count(tests["passed"], "tests.passed"), count(tests["failed"], "tests.failed"),
                   count(tests["skipped"], "tests.skipped")};
    } else if (const Value& findings = value["findings"]) {
      out.kind = PhaseEvidence::Kind::scan;
      out.image = value["image"].text();
      out.database = value["database"].text();
      check(repeated_member(findings).empty(), "evidence with a severity twice");
      for (const auto& [severity, n] : findings.members())
        out.findings[std::string(severity)] = count(n, "findings");
    } else {
      out.kind = PhaseEvidence::Kind::attestation;
      const auto envelope = read_dsse(value["envelope"]);
      if (check(envelope.has_value(), "evidence of no kind that is known"))
        out.envelope = write_dsse(*envelope);
    }
    return out;
  }
};

void read_happening(const Value& p, Reader& reader, CustodyRecord& out) {
  for (const Value& word : p["command"].items()) {
    reader.check(word.is_text(), "command");
    out.command.push_back(word.string());
  }
  const auto code = p["exitCode"].integer();
  reader.check(out.command.empty() ? !p["exitCode"] : code && *code >= 0 && *code < 256,
               "exitCode");
  out.exit_code = static_cast<int>(code.value_or(0));
  out.started = reader.moment(p["startedOn"], "startedOn");
  out.finished = reader.moment(p["finishedOn"], "finishedOn");
  reader.check(out.started <= out.finished, "a phase that ended before it began");
  for (auto [name, stream] : {std::pair{"stdout", &out.out}, std::pair{"stderr", &out.err}}) {
    stream->sha256 = reader.digest(p[name]["sha256"], name);
    stream->size = reader.count(p[name]["size"], name);
  }
  if (const Value& git = p["git"]) {
    reader.check(git["dirty"].kind() == Value::Kind::boolean, "git.dirty");
    out.git = GitState{git["commit"].string(), git["branch"].string(), git["dirty"].boolean()};
  }
  reader.check(repeated_member(p["git"]).empty(), "git with a member twice");
  for (const auto& [name, value] : p["environment"].members())
    out.environment.emplace_back(name, value.text());
  out.system = p["host"]["system"].text();
  out.machine = p["host"]["machine"].text();
}

// The subjects say again what the products are, for tools that know nothing of this predicate:
// both must agree.
std::vector<Subject> subjects_of(const CustodyRecord& r) {
  std::vector<Subject> out;
  for (const PhaseArtifact& a : r.products) out.push_back({a.path, {{"sha256", a.sha256}}});
  if (out.empty()) out.push_back({"stdout", {{"sha256", r.out.sha256}}});
  return out;
}

}  // namespace

std::string write_record(const CustodyRecord& r) {
  JsonWriter json(false);
  json.object().member("project", r.project).member("phase", r.phase);
  json.member("sequence", r.sequence).text_if("before", r.before).key("previous").array();
  for (const RecordLink& link : r.previous)
    json.object().member("phase", link.phase).member("sha256", link.sha256).end();
  json.end().key("policy").object().member("version", r.policy_version);
  json.member("sha256", r.policy_sha256).end();
  write_happening(json, r);
  write_artifacts(json, "materials", r.materials);
  write_artifacts(json, "products", r.products);
  json.key("evidence").array();
  for (const PhaseEvidence& e : r.evidence) write_evidence(json, e);
  json.end().end();
  return write_statement(subjects_of(r), custody_step_type, json.take());
}

Result<CustodyRecord> parse_record(std::string_view bytes) {
  TRY(const auto statement, parse_statement(bytes));
  if (statement.predicate_type != custody_step_type)
    return fail(Fault::unsupported, fmt::format("not a record of custody: its predicate is {}",
                                                printable(statement.predicate_type)));
  const Value& p = statement.predicate();
  if (!repeated_member(p).empty()) return fail(Fault::corrupt, "a record with a member twice");
  Reader reader;
  CustodyRecord out;
  out.project = p["project"].text();
  out.phase = p["phase"].text();
  reader.check(is_phase_name(out.phase), "phase");
  out.sequence = reader.count(p["sequence"], "sequence");
  out.before = reader.digest(p["before"], "before", out.sequence == 1);
  for (const Value& link : p["previous"].items())
    out.previous.push_back({link["phase"].string(), reader.digest(link["sha256"], "previous")});
  out.policy_version = reader.count(p["policy"]["version"], "policy.version");
  out.policy_sha256 = reader.digest(p["policy"]["sha256"], "policy.sha256");
  read_happening(p, reader, out);
  out.materials = reader.artifacts(p["materials"], "materials");
  out.products = reader.artifacts(p["products"], "products");
  for (const Value& item : p["evidence"].items()) out.evidence.push_back(reader.evidence(item));
  const auto wanted = subjects_of(out);
  reader.check(std::ranges::equal(wanted, statement.subjects,
                                  [](const Subject& a, const Subject& b) {
                                    return a.name == b.name && a.digest == b.digest;
                                  }),
               "subjects that are not the products");
  if (!reader.problem.empty())
    return fail(Fault::corrupt, "not a record of custody: " + reader.problem);
  return out;
}

}  // namespace boltseal
