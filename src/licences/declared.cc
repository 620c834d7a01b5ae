// What packages write in their licence fields, read with tolerance: SPDX expressions, words joined
// by "and", "or", ",", "/" or "|", remarks in parentheses, or a whole licence text. What cannot be
// told apart becomes one LicenseRef- as a whole: better one honest unknown than a known part with
// the rest lost.
#include <algorithm>
#include <optional>

#include "base/text.h"
#include "crypto/digest.h"
#include "licences/expression.h"
#include "licences/licences.h"
#include "licences/names.h"
#include "licences/texts.h"

namespace boltseal {
namespace {

constexpr std::size_t max_declared = 1000;  // longer: a licence text
constexpr std::size_t max_window =
    20;  // tokens of one name: "GNU General Public License v2 or later (GPLv2+)"

std::string licence_ref(std::string_view text) {
  std::string name;
  bool lossy = false;
  for (std::size_t i = 0; i < std::min<std::size_t>(text.size(), 256); ++i) {
    const char c = text[i];
    // "GPL-x+": the sign means something, and it has no place in an idstring.
    const bool plus = c == '+' && i > 0 && is_alnum(text[i - 1]) &&
                      (i + 1 == text.size() || !is_alnum(text[i + 1])) &&
                      !(i + 1 < text.size() && text[i + 1] == '+');
    if (plus)
      name += "-or-later";
    else if (is_alnum(c) || c == '.')
      name += c;
    else if (!name.empty() && name.back() != '-')
      name += '-';
    lossy |= static_cast<unsigned char>(c) >= 0x80;
  }
  while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  while (!name.empty() && name.front() == '.') name.erase(0, 1);
  if (name.size() > 64 || lossy || name.empty()) {
    name.resize(std::min<std::size_t>(name.size(), 48));
    while (!name.empty() && name.back() == '-') name.pop_back();
    name += (name.empty() ? "" : "-") + sha256_hex(text).substr(0, 8);
  }
  return "LicenseRef-" + name;
}

LicenceTerm leaf(std::string id) { return {LicenceTerm::Kind::licence, std::move(id), {}, {}}; }

struct Token {
  enum class Kind { word, all, any, with, comma, open, close } kind;
  std::size_t start, end;
};
using Kind = Token::Kind;

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {
    std::size_t at = 0;
    while (at < text.size() && list.size() < max_licence_tokens) at = next(at);
    settle_commas();
  }
  std::vector<Token> list;

 private:
  static bool ends_word(char c) {
    return is_space(c) || c == '_' || c == '(' || c == ')' || c == ',' || c == ';' || c == '|' ||
           c == '&';
  }
  void add(Kind kind, std::size_t start, std::size_t end) { list.push_back({kind, start, end}); }

  std::size_t next(std::size_t at) {
    const char c = text_[at];
    const auto start = at++;
    if (is_space(c) || c == '_') return at;
    if (c == '(' || c == ')') return add(c == '(' ? Kind::open : Kind::close, start, at), at;
    if (c == ',' || c == ';') return add(Kind::comma, start, at), at;
    if (c == '|' || c == '&') {
      if (at < text_.size() && text_[at] == c) ++at;
      return add(c == '|' ? Kind::any : Kind::all, start, at), at;
    }
    while (at < text_.size() && !ends_word(text_[at])) ++at;
    word(start, at);
    return at;
  }

  void word(std::size_t start, std::size_t end) {
    const auto chunk = text_.substr(start, end - start);
    const auto low = lower(chunk);
    if (low == "and") return add(Kind::all, start, end);
    if (low == "or" || low == "and/or" || low == "/") return add(Kind::any, start, end);
    if (low == "with") return add(Kind::with, start, end);
    if (low.starts_with("w/") && low.size() > 2) {
      add(Kind::with, start, start + 2);
      return add(Kind::word, start + 2, end);
    }
    // "MIT/Apache-2.0" is a choice, "MIT/X11" a name, "Foo/Bar" nobody knows.
    const auto sides = split(chunk, '/');
    const bool choice =
        sides.size() > 1 && low.find("://") == std::string::npos &&
        licence_of_name(chunk).empty() &&
        std::ranges::none_of(sides, [](auto side) { return licence_of_name(side).empty(); });
    if (!choice) return add(Kind::word, start, end);
    for (const auto side : sides) {
      const auto begin = static_cast<std::size_t>(side.data() - text_.data());
      if (begin != start) add(Kind::any, begin - 1, begin);
      add(Kind::word, begin, begin + side.size());
    }
  }

  std::string_view word_at(std::size_t i) const {
    return text_.substr(list[i].start, list[i].end - list[i].start);
  }
  // "Apache License, Version 2.0": what follows a comma and belongs to the name before it.
  static bool goes_on(std::string_view word) {
    return word == "version" || (word.size() > 1 && word[0] == 'v' && is_digit(word[1])) ||
           (!word.empty() && is_digit(word[0]) && word != "0bsd");
  }

  // "A, B or C" is A or B or C; "A, B" and "A, B and C" are A and B and C. ", and" stays: DEP-5
  // gives it low precedence.
  void settle_commas() {
    while (!list.empty() && list.back().kind == Kind::comma) list.pop_back();
    std::vector<Kind> after(1, Kind::all);  // per depth: the connective to the right
    for (auto i = list.size(); i-- > 0;) {
      auto& token = list[i];
      if (token.kind == Kind::close)
        after.push_back(Kind::all);
      else if (token.kind == Kind::open && after.size() > 1)
        after.pop_back();
      else if (token.kind == Kind::any || token.kind == Kind::all)
        after.back() = token.kind;
      else if (token.kind == Kind::comma) {
        const auto right = list[i + 1].kind;
        if (right == Kind::word && goes_on(lower(word_at(i + 1)))) {
          list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
          continue;
        }
        if (right != Kind::any && right != Kind::all) token.kind = after.back();
      }
    }
  }

  std::string_view text_;
};

class DeclaredParser {
 public:
  explicit DeclaredParser(std::string_view text) : text_(text), tokens_(Tokens(text).list) {}

  std::optional<LicenceTerm> whole() {
    if (tokens_.size() >= max_licence_tokens) return std::nullopt;
    auto term = list(0, 0);
    return term && at_ == tokens_.size() ? std::move(term) : std::nullopt;
  }

 private:
  bool is(std::size_t i, Kind kind) const { return i < tokens_.size() && tokens_[i].kind == kind; }

  // Level 0: ", or" and ", and", level 1: or, level 2: and, level 3: one licence.
  std::optional<LicenceTerm> list(int level, std::size_t depth) {
    if (level == 3) return factor(depth);
    auto term = list(level + 1, depth);
    for (;;) {
      if (!term) return std::nullopt;
      const auto kind = connective(level);
      if (!kind) return term;
      std::vector<LicenceTerm> parts{*std::move(term)};
      while (connective(level) == kind) {
        at_ += level == 0 ? 2 : 1;
        auto part = list(level + 1, depth);
        if (!part) return std::nullopt;
        parts.push_back(*std::move(part));
      }
      term = join_terms(*kind, std::move(parts));
    }
  }

  std::optional<LicenceTerm::Kind> connective(int level) const {
    if (level == 0 && !is(at_, Kind::comma)) return std::nullopt;
    const auto at = level == 0 ? at_ + 1 : at_;
    if (level < 2 && is(at, Kind::any)) return LicenceTerm::Kind::any_of;
    if (level != 1 && is(at, Kind::all)) return LicenceTerm::Kind::all_of;
    return std::nullopt;
  }

  std::optional<LicenceTerm> factor(std::size_t depth) {
    if (is(at_, Kind::open)) {
      if (depth >= max_licence_depth) return std::nullopt;
      ++at_;
      auto inner = list(0, depth + 1);
      if (!inner || !is(at_, Kind::close)) return std::nullopt;
      ++at_;
      return is(at_, Kind::word) ? std::nullopt : std::move(inner);
    }
    if (!is(at_, Kind::word)) return std::nullopt;
    auto term = name();
    while (term && is(at_, Kind::with)) term = with(*std::move(term));
    return term;
  }

  // Where the words from `at` on end; a group in parentheses belongs to the words before it.
  std::size_t run_end(std::size_t at) const {
    std::size_t depth = 0;
    for (; at < tokens_.size(); ++at) {
      const auto kind = tokens_[at].kind;
      if (kind == Kind::open)
        ++depth;
      else if (kind == Kind::close && depth-- == 0)
        return at;
      else if (kind != Kind::word && kind != Kind::close && depth == 0)
        return at;
    }
    return at;
  }

  bool boundary(std::size_t start, std::size_t end) const {
    std::size_t depth = 0;
    for (auto i = start; i < end; ++i) {
      if (tokens_[i].kind == Kind::open)
        ++depth;
      else if (tokens_[i].kind == Kind::close && depth-- == 0)
        return false;
    }
    const bool joins = is(end - 1, Kind::word) || is(end - 1, Kind::close);
    return depth == 0 && joins && !is(end, Kind::word) && !is(end, Kind::open);
  }

  std::string_view text_of(std::size_t start, std::size_t end) const {
    return text_.substr(tokens_[start].start, tokens_[end - 1].end - tokens_[start].start);
  }

  // The longest text from here that is a known name, else all words up to the next connective.
  std::optional<LicenceTerm> name() {
    const auto start = at_;
    const auto run = run_end(start);
    for (auto end = std::max(run, std::min(tokens_.size(), start + max_window)); end >= run;
         --end) {
      if (!boundary(start, end)) continue;
      const auto known = licence_of_name(text_of(start, end));
      if (known.empty()) continue;
      at_ = end;
      return parse_spdx(known);
    }
    at_ = run;
    if (auto all = ids_in_a_row(start, run)) return all;
    return leaf(licence_ref(text_of(start, run)));
  }

  // "MIT GPL-3.0-only": Alpine's older packages name all that hold so.
  std::optional<LicenceTerm> ids_in_a_row(std::size_t start, std::size_t end) const {
    std::vector<LicenceTerm> parts;
    for (auto i = start; i < end; ++i) {
      auto term = is(i, Kind::word) ? licence_of_id(text_of(i, i + 1)) : std::nullopt;
      if (!term) return std::nullopt;
      parts.push_back(*std::move(term));
    }
    if (parts.size() < 2) return std::nullopt;
    return join_terms(LicenceTerm::Kind::all_of, std::move(parts));
  }

  std::optional<LicenceTerm> with(LicenceTerm term) {
    const auto start = at_ + 1;
    const auto end = run_end(start);
    if (end == start || term.kind != LicenceTerm::Kind::licence) return std::nullopt;
    const auto words = text_of(start, end);
    at_ = end;
    auto exception = term.exception.empty() ? exception_of_name(words, term.id) : std::string();
    if (!exception.empty() && !is_licence_ref(term.id)) {
      term.exception = std::move(exception);
      return term;
    }
    const auto base = to_text(term);
    return leaf(licence_ref((is_licence_ref(base) ? base.substr(11) : base) + " with " +
                            std::string(words)));
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

// "MIT (http://…)", "MIT <http://…>", "MIT License. Copyright 2013 Acme": the name in front of an
// address or of a line of copyright, which are no licences; the whole where there is neither.
std::string_view without_trailer(std::string_view text) {
  const auto low = lower(text);
  auto end = std::string::npos;
  if (const auto scheme = low.find("://"); scheme != std::string::npos) {
    end = low.find_last_of(" (<", scheme);
    // Nothing may follow the address but what closes it.
    if (low.find(' ', scheme) != std::string::npos) return text;
  } else if (const auto notice = low.find("copyright "); notice != std::string::npos) {
    if (low.find("licen", notice) != std::string::npos) return text;
    end = notice;
  }
  if (end == std::string::npos || end == 0) return text;
  auto head = trim(text.substr(0, end));
  while (!head.empty() && std::string_view("(<-.,:").find(head.back()) != std::string_view::npos)
    head = trim(head.substr(0, head.size() - 1));
  return head;
}

LicenceTerm term_of(std::string_view text) {
  if (auto strict = parse_spdx(text)) return *std::move(strict);
  for (const auto name : {text, without_trailer(text)}) {
    if (const auto known = licence_of_name(name); !known.empty()) return *parse_spdx(known);
  }
  if (text.size() > max_declared ||
      (text.find('\n') != std::string_view::npos && text.size() > 200)) {
    const auto known = licence_of_text(text);
    return known.empty() ? leaf(licence_ref(text)) : *parse_spdx(known);
  }
  if (auto term = DeclaredParser(text).whole()) return *std::move(term);
  return leaf(licence_ref(text));
}

// "License :: OSI Approved :: MIT License" (https://pypi.org/classifiers/) says its last part.
std::string_view without_classifier(std::string_view text) {
  if (!text.starts_with("License ::")) return text;
  return trim(text.substr(text.rfind("::") + 2));
}

bool says_nothing(std::string_view text) {
  const auto low = lower(text);
  return text.empty() || low == "unknown" || low == "noassertion" || low == "none" ||
         low == "n/a" || low == "null";
}

std::optional<LicenceTerm> declared_term(std::string_view declared) {
  auto text = without_classifier(trim(declared));
  if (text.size() > 2 && (text.front() == '"' || text.front() == '\'') &&
      text.front() == text.back()) {
    text = trim(text.substr(1, text.size() - 2));
  }
  if (says_nothing(text)) return std::nullopt;
  return term_of(text);
}

}  // namespace

std::string spdx_expression(std::string_view declared) {
  const auto term = declared_term(declared);
  return term ? to_text(*term) : std::string();
}

std::string spdx_all_of(const std::vector<std::string>& declared) {
  std::vector<LicenceTerm> parts;
  for (const auto& text : declared) {
    if (parts.size() >= max_licence_tokens / 4) break;
    if (auto term = declared_term(text)) parts.push_back(*std::move(term));
  }
  return parts.empty() ? std::string()
                       : to_text(join_terms(LicenceTerm::Kind::all_of, std::move(parts)));
}

}  // namespace boltseal
