// SPDX licence expressions: https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
#include "licences/expression.h"

#include <algorithm>

#include "base/text.h"
#include "licences/spdx_ids.h"

namespace boltseal {
namespace {

bool idstring(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '.'; });
}

// Ids that the list itself calls deprecated in favour of these.
struct Renamed {
  std::string_view old, id, exception;
};
constexpr Renamed renamed[] = {
    {"GPL-2.0-with-autoconf-exception", "GPL-2.0-only", "Autoconf-exception-2.0"},
    {"GPL-2.0-with-bison-exception", "GPL-2.0-only", "Bison-exception-2.2"},
    {"GPL-2.0-with-classpath-exception", "GPL-2.0-only", "Classpath-exception-2.0"},
    {"GPL-2.0-with-font-exception", "GPL-2.0-only", "Font-exception-2.0"},
    {"GPL-2.0-with-GCC-exception", "GPL-2.0-only", "GCC-exception-2.0"},
    {"GPL-3.0-with-autoconf-exception", "GPL-3.0-only", "Autoconf-exception-3.0"},
    {"GPL-3.0-with-GCC-exception", "GPL-3.0-only", "GCC-exception-3.1"},
};

bool is_gnu_family(std::string_view id) {
  return (id.starts_with("GPL-") || id.starts_with("LGPL-") || id.starts_with("AGPL-") ||
          id.starts_with("GFDL-")) &&
         is_digit(id.back());
}

std::vector<std::string_view> tokens_of(std::string_view text) {
  std::vector<std::string_view> tokens;
  std::size_t at = 0;
  while (at < text.size()) {
    if (is_space(text[at])) {
      ++at;
    } else if (text[at] == '(' || text[at] == ')') {
      tokens.push_back(text.substr(at++, 1));
    } else {
      const auto start = at;
      while (at < text.size() && !is_space(text[at]) && text[at] != '(' && text[at] != ')') ++at;
      tokens.push_back(text.substr(start, at - start));
    }
  }
  return tokens;
}

class Parser {
 public:
  explicit Parser(std::vector<std::string_view> tokens) : tokens_(std::move(tokens)) {}

  std::optional<LicenceTerm> whole() {
    auto term = list(LicenceTerm::Kind::any_of, 0);
    return term && at_ == tokens_.size() ? std::move(term) : std::nullopt;
  }

 private:
  bool next_is(std::string_view word) const {
    return at_ < tokens_.size() && lower(tokens_[at_]) == word;
  }

  std::optional<LicenceTerm> list(LicenceTerm::Kind kind, std::size_t depth) {
    const bool any = kind == LicenceTerm::Kind::any_of;
    std::vector<LicenceTerm> parts;
    do {
      auto part = any ? list(LicenceTerm::Kind::all_of, depth) : factor(depth);
      if (!part) return std::nullopt;
      parts.push_back(*std::move(part));
    } while (next_is(any ? "or" : "and") && ++at_);
    return join_terms(kind, std::move(parts));
  }

  std::optional<LicenceTerm> factor(std::size_t depth) {
    if (next_is("(")) {
      if (depth >= max_licence_depth) return std::nullopt;
      ++at_;
      auto inner = list(LicenceTerm::Kind::any_of, depth + 1);
      if (!inner || !next_is(")")) return std::nullopt;
      ++at_;
      return inner;
    }
    if (at_ >= tokens_.size()) return std::nullopt;
    auto term = licence_of_id(tokens_[at_++]);
    if (!term || !next_is("with")) return term;
    if (++at_ >= tokens_.size() || !term->exception.empty()) return std::nullopt;
    const auto exception = find_spdx_exception(tokens_[at_]);
    const auto addition = tokens_[at_++];
    if (exception.empty() && !(addition.starts_with("AdditionRef-") && idstring(addition))) {
      return std::nullopt;
    }
    term->exception = exception.empty() ? addition : exception;
    return term;
  }

  std::vector<std::string_view> tokens_;
  std::size_t at_ = 0;
};

void collect(const LicenceTerm& term, std::vector<std::string>& out) {
  if (term.kind == LicenceTerm::Kind::licence && std::ranges::find(out, term.id) == out.end()) {
    out.push_back(term.id);
  }
  for (const auto& part : term.parts) collect(part, out);
}

}  // namespace

bool is_licence_ref(std::string_view id) {
  if (id.starts_with("DocumentRef-")) {
    const auto parts = cut(id, ":");
    if (!parts || !idstring(parts->first.substr(12))) return false;
    id = parts->second;
  }
  return id.starts_with("LicenseRef-") && idstring(id.substr(11));
}

std::optional<LicenceTerm> licence_of_id(std::string_view id) {
  using enum LicenceTerm::Kind;
  if (is_licence_ref(id)) return LicenceTerm{licence, std::string(id), {}, {}};
  const bool plus = id.ends_with('+');
  if (plus) id.remove_suffix(1);
  const SpdxId* known = find_spdx_id(id);
  if (known == nullptr) return std::nullopt;
  for (const auto& r : renamed) {
    if (r.old != known->id) continue;
    const std::string_view base = plus ? r.id.substr(0, r.id.rfind("-only")) : r.id;
    return LicenceTerm{
        licence, std::string(base) + (plus ? "-or-later" : ""), std::string(r.exception), {}};
  }
  if (is_gnu_family(known->id)) {
    return LicenceTerm{licence, std::string(known->id) + (plus ? "-or-later" : "-only"), {}, {}};
  }
  const bool says_later = known->id.ends_with("-or-later");
  return LicenceTerm{licence, std::string(known->id) + (plus && !says_later ? "+" : ""), {}, {}};
}

LicenceTerm join_terms(LicenceTerm::Kind kind, std::vector<LicenceTerm> parts) {
  LicenceTerm out{kind, {}, {}, {}};
  for (auto& part : parts) {
    auto add = [&](LicenceTerm term) {
      if (std::ranges::find(out.parts, term) == out.parts.end())
        out.parts.push_back(std::move(term));
    };
    if (part.kind != kind)
      add(std::move(part));
    else
      for (auto& inner : part.parts) add(std::move(inner));
  }
  if (out.parts.size() == 1) return LicenceTerm(std::move(out.parts.front()));
  return out;
}

std::optional<LicenceTerm> parse_spdx(std::string_view text) {
  auto tokens = tokens_of(text);
  if (tokens.empty() || tokens.size() > max_licence_tokens) return std::nullopt;
  return Parser(std::move(tokens)).whole();
}

std::string to_text(const LicenceTerm& term) {
  if (term.kind == LicenceTerm::Kind::licence) {
    return term.exception.empty() ? term.id : term.id + " WITH " + term.exception;
  }
  const bool all = term.kind == LicenceTerm::Kind::all_of;
  std::string out;
  for (const auto& part : term.parts) {
    if (!out.empty()) out += all ? " AND " : " OR ";
    const bool wrap = all && part.kind == LicenceTerm::Kind::any_of;
    out += wrap ? "(" + to_text(part) + ")" : to_text(part);
  }
  return out;
}

bool is_spdx_expression(std::string_view text) { return parse_spdx(text).has_value(); }

std::vector<std::string> licence_ids(std::string_view expression) {
  std::vector<std::string> ids;
  if (const auto term = parse_spdx(expression)) collect(*term, ids);
  return ids;
}

}  // namespace boltseal
