// Records of custody, what they rest on, and the formats of others that are read for them.
#include "codec/value.h"
#include "custody/chain_policy.h"
#include "custody/chain_record.h"
#include "custody/coverage_formats.h"
#include "custody/intoto_metadata.h"
#include "custody/intoto_rules.h"
#include "custody/snippet_new.h"
#include "custody/snippet_seal.h"
#include "custody/snippet_split.h"
#include "custody/witness_collection.h"
#include "custody/witness_verify.h"
#include "files/fnmatch.h"
#include "targets.h"

namespace boltseal {
namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

// A record has one form: what is read is written the same.
void read_custody_record(std::string_view bytes) {
  const auto record = parse_record(bytes);
  if (!record) return;
  const std::string once = write_record(*record);
  const auto again = parse_record(once);
  require(again.has_value() && write_record(*again) == once);
}

// Whatever the text: functions lie in it, do not overlap, and the seal over it is one.
void seal_source(std::string_view bytes) {
  for (const char* name : {"a.c", "a.go", "a.java", "a.ts", "a.py", "a.txt"}) {
    const SnippetText text{std::string(bytes), snippet_language(name)};
    std::uint32_t last = 0;
    for (const SnippetPiece& piece : text.functions()) {
      require(piece.first >= last && piece.last >= piece.first && piece.last <= text.lines());
      last = piece.last;
      (void)text.hash(piece.first, piece.last);
    }
    LineCoverage coverage{.format = "lcov", .files = {{name, {{1, {}}}}}};
    const auto seal = make_snippet_seal({{name, std::string(bytes)}}, {coverage});
    if (!seal || text.lines() == 0) continue;
    require(parse_snippet_seal(write_snippet_seal(*seal)).has_value());
    (void)compare_snippets(*seal, {{name, std::string(bytes)}});
    require(new_code(*seal, {}, {{std::string("other/") + name, std::string(bytes)}}).empty());
  }
}

// A layout's keys over its own signatures: none of them can be relied on to be right or wrong.
void judge_in_toto(std::string_view bytes) {
  const auto metadata = parse_in_toto(bytes);
  if (!metadata) return;
  const auto* layout = std::get_if<InTotoLayout>(&metadata->payload);
  if (!layout) return;
  for (const auto& [id, key] : layout->keys) (void)in_toto_signed_by(*metadata, key, 1'750'000'000);
}

// A policy that trusts any certificate under roots that it does not have: nobody fulfils it.
void judge_collection(std::string_view bytes) {
  static const PrivateKey owner = *PrivateKey::generate(KeyKind::ed25519);
  static const std::vector owners{owner.public_key()};
  static const std::string policy = [] {
    const Signer* signer = &owner;
    return write_dsse(*sign_dsse(
        witness_policy_type,
        R"({"expires":"2046-01-01T00:00:00Z","steps":{"build":{"name":"build","functionaries":[{"type":"root","certConstraint":{"commonname":"*","dnsnames":["*"],"emails":["*"],"organizations":["*"],"uris":["*"],"roots":["*"]}}],"attestations":[{"type":"https://witness.dev/attestations/command-run/v0.1"}]}}})",
        {&signer, 1}));
  }();
  const auto verdict = verify_witness({policy, owners, {std::string(bytes)}, "sha256:0", 1});
  require(!verdict && verdict.error().field != "policy");
}

// pattern LF text: a pattern without signs of its own means itself.
void match_artifact_name(std::string_view bytes) {
  const auto cut = bytes.find('\n');
  const auto pattern = bytes.substr(0, cut);
  const auto text = cut == bytes.npos ? std::string_view{} : bytes.substr(cut + 1);
  (void)fnmatch_matches(pattern, text);
  require(fnmatch_matches("*", text));
  if (pattern.find_first_of("*?[") == pattern.npos) require(fnmatch_matches(pattern, pattern));
}

}  // namespace

std::map<std::string, FuzzTarget> custody_targets() {
  return {
      {"custody-policy", [](std::string_view b) { (void)parse_custody_policy(b); }},
      {"custody-record", read_custody_record},
      {"in-toto", judge_in_toto},
      {"in-toto-pattern", match_artifact_name},
      {"witness",
       [](std::string_view b) {
         const auto statement = parse_statement(b);
         if (!statement) return;
         if (const auto collection = read_witness_collection(*statement))
           require(parse_json(witness_json(*collection)).has_value());
       }},
      {"witness-policy",
       [](std::string_view b) {
         const auto policy = parse_witness_policy(b);
         if (!policy) return;
         require(!policy->steps.empty());
         for (const WitnessStep& step : policy->steps)
           for (const WitnessFunctionary& one : step.functionaries)
             require(!one.key_id.empty() || !one.constraint->roots.empty());
       }},
      {"witness-verify", judge_collection},
      {"coverage", [](std::string_view b) { (void)read_line_coverage(b); }},
      {"test-results",
       [](std::string_view b) {
         (void)read_evidence_file(b, "r");
         (void)read_tap(b);
         (void)read_go_test(b);
         (void)read_junit(b);
       }},
      {"snippet-seal", [](std::string_view b) { (void)parse_snippet_seal(b); }},
      {"snippet-source", seal_source},
  };
}

}  // namespace boltseal
