#include "seal/statement.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "codec/json_writer.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

constexpr std::size_t subject_limit = 100'000;

bool is_hex(std::string_view text) {
  return !text.empty() && text.size() % 2 == 0 &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

// Digest sets also hold what is no hex (a git URL's dirHash is, some are not): those are left out,
// but what is compared must be hex.
Result<Subject> read_subject(const Value& entry) {
  if (!entry.is_object() || !entry["digest"].is_object())
    return fail(Fault::corrupt, "a subject without a digest");
  if (!repeated_member(entry).empty() || !repeated_member(entry["digest"]).empty())
    return fail(Fault::corrupt, "a subject with a member twice");
  Subject out;
  out.name = entry["name"].text();
  for (const auto& [algorithm, value] : entry["digest"].members()) {
    if (!value.is_text()) return fail(Fault::corrupt, "a digest that is no text");
    if (algorithm.starts_with("sha") && !is_hex(value.text()))
      return fail(Fault::corrupt, fmt::format("a {} that is no hex", printable(algorithm)));
    out.digest.emplace(algorithm, value.text());
  }
  const Value& annotations = entry["annotations"];
  if (!repeated_member(annotations).empty())
    return fail(Fault::corrupt, "a subject with an annotation twice");
  for (const auto& [key, value] : annotations.members())
    if (value.is_text()) out.annotations.emplace(key, value.text());
  return out;
}

}  // namespace

Result<Statement> parse_statement(std::string_view json) {
  Statement out;
  TRY(out.document, parse_json(json));
  const Value& root = out.document.root();
  if (const auto twice = repeated_member(root); !twice.empty())
    return fail(Fault::corrupt, fmt::format("a statement with \"{}\" twice", printable(twice)));
  out.type = root["_type"].text();
  if (out.type != statement_v1 && out.type != statement_v01)
    return fail(Fault::unsupported,
                fmt::format("not an in-toto statement: _type is \"{}\"", printable(out.type)));
  out.predicate_type = root["predicateType"].text();
  if (out.predicate_type.empty())
    return fail(Fault::corrupt, "a statement without \"predicateType\"");
  const auto subjects = root["subject"].items();
  if (subjects.empty()) return fail(Fault::corrupt, "a statement without a subject");
  if (subjects.size() > subject_limit)
    return fail(Fault::too_large, "a statement with more than 100,000 subjects");
  for (const Value& entry : subjects) {
    TRY(auto subject, read_subject(entry));
    out.subjects.push_back(std::move(subject));
  }
  return out;
}

std::string write_statement(const std::vector<Subject>& subjects, std::string_view predicate_type,
                            std::string_view predicate, std::string_view type) {
  JsonWriter json(false);
  json.object().member("_type", type).key("subject").array();
  for (const Subject& subject : subjects) {
    json.object().member("name", subject.name).key("digest").object();
    for (const auto& [algorithm, value] : subject.digest) json.member(algorithm, value);
    json.end();
    if (!subject.annotations.empty()) {
      json.key("annotations").object();
      for (const auto& [key, value] : subject.annotations) json.member(key, value);
      json.end();
    }
    json.end();
  }
  return json.end()
      .member("predicateType", predicate_type)
      .key("predicate")
      .raw(predicate)
      .end()
      .take();
}

Checked<const Subject*> subject_of(const Statement& statement, std::string_view digest) {
  const auto colon = digest.find(':');
  if (!is_digest(digest))
    return refuse("digest-invalid", "the artifact's digest is none", "digest", "sha256:<hex>",
                  std::string(digest));
  const std::string algorithm(digest.substr(0, colon));
  const std::string_view wanted = digest.substr(colon + 1);
  std::string found;
  for (const Subject& subject : statement.subjects) {
    const auto entry = subject.digest.find(algorithm);
    if (entry == subject.digest.end()) continue;
    if (entry->second == wanted) return &subject;
    if (found.empty()) found = algorithm + ":" + entry->second;
  }
  return refuse("subject-mismatch", "the statement is about something else",
                "statement.subject[].digest", std::string(digest), found);
}

}  // namespace boltseal
