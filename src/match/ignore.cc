// Files of findings that the user has judged, in three forms:
//   our own YAML     ignore: [{id, packages, paths, reason, expires}]; a reason is asked for
//   .trivyignore     an id per line, "exp:2026-01-31" behind it, "#" comments
//   .trivyignore.yaml  vulnerabilities: [{id, paths, purls, statement, expired_at}]
// A key that is not known is an error: a misspelt "expires" must not ignore for ever.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "codec/value.h"
#include "match/match.h"

namespace boltseal {
namespace {

constexpr std::size_t max_rules = 100'000;

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto year = parse_u64(text.substr(0, 4)), month = parse_u64(text.substr(5, 2)),
             day = parse_u64(text.substr(8, 2));
  return year && month && day && *month >= 1 && *month <= 12 && *day >= 1 && *day <= 31;
}

// Where an entry stands: the tree has no positions, so the next line with its id is looked for.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  std::size_t find(std::string_view id) {
    const auto at = text_.find(id, from_);
    if (id.empty() || at == std::string_view::npos) return 0;
    line_ += static_cast<std::size_t>(std::ranges::count(text_.substr(from_, at - from_), '\n'));
    from_ = at;
    const std::size_t line = line_;
    if (const auto end = text_.find('\n', at); end != std::string_view::npos) {
      from_ = end + 1;
      ++line_;
    }
    return line;
  }

 private:
  std::string_view text_;
  std::size_t from_ = 0, line_ = 1;
};

std::string place(std::string_view name, std::size_t line) {
  return line == 0 ? std::string(name) : fmt::format("{}:{}", name, line);
}

Result<> known_keys(const Value& object, std::span<const std::string_view> keys,
                    const std::string& where) {
  if (const auto key = repeated_member(object); !key.empty())
    return fail(Fault::corrupt, fmt::format("\"{}\" stands twice", key), where);
  for (const auto& member : object.members()) {
    if (!member.value)  // "expires:" with nothing behind it must not ignore for ever
      return fail(Fault::corrupt, fmt::format("\"{}\" has no value", member.key), where);
    if (std::ranges::find(keys, member.key) == keys.end())
      return fail(
          Fault::corrupt,
          fmt::format("unknown key \"{}\"; known are {}", member.key, fmt::join(keys, ", ")),
          where);
  }
  return {};
}

Result<std::vector<std::string>> texts(const Value& value, std::string_view key,
                                       const std::string& where) {
  std::vector<std::string> out;
  if (value.is_text()) out.push_back(value.string());
  for (const auto& item : value.items()) {
    if (!item.is_text())
      return fail(Fault::corrupt, fmt::format("\"{}\" must be a list of texts", key), where);
    out.push_back(item.string());
  }
  if (value && out.empty())
    return fail(Fault::corrupt, fmt::format("\"{}\" must be a list of texts", key), where);
  return out;
}

struct Keys {
  std::string_view list, packages, reason, expires;
  bool reason_needed;
};
constexpr Keys own_keys = {"ignore", "packages", "reason", "expires", true};
constexpr Keys trivy_keys = {"vulnerabilities", "purls", "statement", "expired_at", false};

Result<IgnoreRule> read_rule(const Value& entry, const Keys& keys, std::string_view name,
                             Lines& lines) {
  IgnoreRule rule;
  rule.id = entry["id"].scalar();
  rule.where = place(name, lines.find(rule.id));
  if (!entry.is_object())
    return fail(Fault::corrupt, "an entry must have an id and a reason", rule.where);
  const std::array known = {std::string_view("id"), keys.packages, std::string_view("paths"),
                            keys.reason, keys.expires};
  TRY_DO(known_keys(entry, known, rule.where));
  if (rule.id.empty()) return fail(Fault::corrupt, "an entry without an id", rule.where);
  TRY(rule.packages, texts(entry[keys.packages], keys.packages, rule.where));
  TRY(rule.paths, texts(entry["paths"], "paths", rule.where));
  rule.reason = trim(entry[keys.reason].text());
  if (keys.reason_needed && rule.reason.empty())
    return fail(Fault::corrupt, fmt::format("the entry for {} gives no reason", rule.id),
                rule.where);
  rule.expires = entry[keys.expires].scalar();
  // Trivy reads times too; the rule counts to the end of that day.
  if (rule.expires.size() > 10 && (rule.expires[10] == 'T' || rule.expires[10] == ' '))
    rule.expires.resize(10);
  if (!rule.expires.empty() && !is_date(rule.expires))
    return fail(Fault::corrupt, fmt::format("\"{}\" is no date like 2026-01-31", rule.expires),
                rule.where);
  return rule;
}

Result<std::vector<IgnoreRule>> read_yaml(std::string_view text, std::string_view name) {
  auto document = parse_yaml(text);
  if (!document) {
    document.error().where = name;
    return std::unexpected(document.error());
  }
  const Value& root = document->root();
  std::vector<IgnoreRule> out;
  if (!root) return out;
  const bool trivy =
      name.find(".trivyignore") != std::string_view::npos || root["vulnerabilities"].is_array();
  const Keys& keys = trivy ? trivy_keys : own_keys;
  constexpr std::array<std::string_view, 4> trivy_roots = {"vulnerabilities", "misconfigurations",
                                                           "secrets", "licenses"};
  constexpr std::array<std::string_view, 1> own_roots = {"ignore"};
  const std::string where(name);
  if (!root.is_object())
    return fail(Fault::corrupt, fmt::format("no \"{}\" list", keys.list), where);
  TRY_DO(
      known_keys(root, trivy ? std::span<const std::string_view>(trivy_roots) : own_roots, where));
  const Value& list = root[keys.list];
  if (list && !list.is_array())
    return fail(Fault::corrupt, fmt::format("\"{}\" must be a list", keys.list), where);
  if (list.items().size() > max_rules) return fail(Fault::too_large, "too many entries", where);
  Lines lines(text);
  for (const auto& entry : list.items()) {
    TRY(auto rule, read_rule(entry, keys, name, lines));
    out.push_back(std::move(rule));
  }
  return out;
}

// The comment right above an id is its reason.
Result<std::vector<IgnoreRule>> read_trivyignore(std::string_view text, std::string_view name) {
  std::vector<IgnoreRule> out;
  std::optional<Error> error;
  std::string comment;
  std::size_t number = 0;
  each_line(text, [&](std::string_view line) {
    ++number;
    line = trim(line);
    if (line.starts_with('#')) {
      line.remove_prefix(1);
      if (!comment.empty()) comment += ' ';
      comment += trim(line);
      return;
    }
    if (line.empty() || error || out.size() >= max_rules) {
      comment.clear();
      return;
    }
    IgnoreRule rule;
    rule.where = place(name, number);
    rule.reason = std::move(comment);
    comment.clear();
    for (const auto word : words(line)) {
      if (word.starts_with('#')) break;
      if (rule.id.empty()) {
        rule.id = word;
      } else if (word.starts_with("exp:") && is_date(word.substr(4))) {
        rule.expires = word.substr(4);
      } else if (!word.contains(':') || word.starts_with("exp")) {
        // Trivy passes over key:value words that it does not know; a misspelt "exp:" is told apart.
        error = Error{Fault::corrupt,
                      fmt::format("\"{}\" is neither a comment nor exp:YYYY-MM-DD", word),
                      rule.where,
                      {}};
      }
    }
    out.push_back(std::move(rule));
  });
  if (error) return std::unexpected(*error);
  if (out.size() >= max_rules) return fail(Fault::too_large, "too many entries", std::string(name));
  return out;
}

}  // namespace

Result<std::vector<IgnoreRule>> read_ignore_file(std::string_view text, std::string_view name) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const bool yaml = name.ends_with(".yaml") || name.ends_with(".yml");
  return yaml ? read_yaml(text, name) : read_trivyignore(text, name);
}

}  // namespace boltseal
