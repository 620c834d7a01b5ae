// in-toto Statements: what an attestation says (the predicate) of what (the subjects).
// https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/value.h"
#include "seal/refusal.h"

namespace boltseal {

constexpr std::string_view statement_v1 = "https://in-toto.io/Statement/v1";
constexpr std::string_view statement_v01 = "https://in-toto.io/Statement/v0.1";  // cosign writes it

struct Subject {
  std::string name;                                  // informative
  std::map<std::string, std::string> digest;         // "sha256" → hex
  std::map<std::string, std::string> annotations{};  // texts only; cosign's -a
};

struct Statement {
  std::string type;
  std::vector<Subject> subjects;
  std::string predicate_type;
  Document document;  // the whole statement; predicate() is a view into it
  const Value& predicate() const { return document["predicate"]; }
};

// corrupt for what is no statement of either version: members missing, of another type or twice, a
// digest that is no hex. At most 100,000 subjects.
Result<Statement> parse_statement(std::string_view json);

// `predicate` is JSON and is taken as it is.
std::string write_statement(const std::vector<Subject>& subjects, std::string_view predicate_type,
                            std::string_view predicate, std::string_view type = statement_v1);

// Refuses unless one subject names `digest` ("sha256:<hex>").
Checked<const Subject*> subject_of(const Statement& statement, std::string_view digest);

}  // namespace boltseal
