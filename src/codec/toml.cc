// TOML 1.1, of which every document of TOML 1.0 is one. Specified at https://toml.io/en/v1.1.0.
// Dates and times are checked and become text; nothing we read needs them as such.
//
// Our own, because the library that Debian and Ubuntu 24.04 have (Ubuntu 22.04 has none) rests on
// assertions that an input like "x={y=1,[" does not keep: it aborts with them, and is undefined
// without.
#include <charconv>
#include <map>
#include <vector>

#include "base/cursor.h"
#include "base/text.h"
#include "codec/unicode.h"
#include "codec/value.h"

namespace boltseal {
namespace {

struct Node;
using Table = std::map<std::string, std::unique_ptr<Node>, std::less<>>;

// What a key stands for. How a table came about decides who may add to it.
struct Node {
  enum class Kind : std::uint8_t {
    value,    // also inline tables and arrays: nobody adds to these
    implied,  // the a of [a.b]; [a] may still come
    dotted,   // the a of a.b = 1; more of such keys may add to it
    header,   // [a]
    tables,   // [[a]]; headers speak of the last
  };
  Kind kind = Kind::value;
  Value value{};
  Table table{};
  std::vector<Table> tables{};
};

bool is_bare_key(char c) { return is_alnum(c) || c == '_' || c == '-'; }
bool is_control(char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; }

// The text without its underscores; nothing where one does not stand between two digits.
std::optional<std::string> without_underscores(std::string_view text, bool (*digit)(char)) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out += text[i];
      continue;
    }
    if (i == 0 || i + 1 == text.size()) return std::nullopt;
    if (!digit(text[i - 1]) || !digit(text[i + 1])) return std::nullopt;
  }
  return out;
}

template <class T, class... Base>
std::optional<T> number(std::string_view text, Base... base) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base...);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A pattern where 0 stands for a digit and everything else for itself.
bool has_shape(std::string_view text, std::string_view pattern) {
  if (text.size() != pattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (pattern[i] == '0' ? !is_digit(text[i]) : text[i] != pattern[i]) return false;
  }
  return true;
}

int two_digits(std::string_view text, std::size_t at) {
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

bool is_date(std::string_view text) {
  if (!has_shape(text, "0000-00-00")) return false;
  const int year = two_digits(text, 0) * 100 + two_digits(text, 2);
  const int month = two_digits(text, 5);
  const int day = two_digits(text, 8);
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  const int days = month == 2                                              ? 28 + int(leap)
                   : month == 4 || month == 6 || month == 9 || month == 11 ? 30
                                                                           : 31;
  return month >= 1 && month <= 12 && day >= 1 && day <= days;
}

bool is_clock(std::string_view text) {
  return has_shape(text, "00:00") && two_digits(text, 0) < 24 && two_digits(text, 3) < 60;
}

bool is_time(std::string_view text) {
  if (!is_clock(text.substr(0, 5))) return false;
  text.remove_prefix(5);
  if (text.empty()) return true;
  if (!has_shape(text.substr(0, 3), ":00") || two_digits(text, 1) > 60) return false;
  text.remove_prefix(3);
  return text.empty() || (text[0] == '.' && text.size() > 1 &&
                          text.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

bool is_moment(std::string_view text) {
  if (is_date(text) || is_time(text)) return true;
  if (text.size() < 16 || !is_date(text.substr(0, 10))) return false;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return false;
  text.remove_prefix(11);
  if (text.back() == 'Z' || text.back() == 'z') return is_time(text.substr(0, text.size() - 1));
  const auto sign = text.find_first_of("+-");
  return is_time(text.substr(0, sign)) &&
         (sign == std::string_view::npos || is_clock(text.substr(sign + 1)));
}

std::optional<std::int64_t> integer_of(std::string_view text) {
  const auto clean = without_underscores(text, is_alnum);
  if (!clean || clean->empty()) return std::nullopt;
  std::string_view digits = *clean;
  if (digits.size() > 2 && digits[0] == '0' && !is_digit(digits[1])) {
    const int base = digits[1] == 'x' ? 16 : digits[1] == 'o' ? 8 : digits[1] == 'b' ? 2 : 0;
    if (base == 0 || text[2] == '_' || digits[2] == '-') return std::nullopt;
    return number<std::int64_t>(digits.substr(2), base);
  }
  if (digits[0] == '+') digits.remove_prefix(1);
  const auto plain = digits.substr(digits.starts_with('-') && text[0] == '-');
  if (plain.empty() || !is_digit(plain[0]) || (plain.size() > 1 && plain[0] == '0'))
    return std::nullopt;
  return number<std::int64_t>(digits);
}

std::optional<double> real_of(std::string_view text) {
  const auto clean = without_underscores(text, is_digit);
  if (!clean || clean->empty()) return std::nullopt;
  std::string_view rest = *clean;
  const bool negative = rest[0] == '-';
  rest.remove_prefix(negative || rest[0] == '+');
  const double sign = negative ? -1 : 1;
  if (rest == "inf") return sign * std::numeric_limits<double>::infinity();
  if (rest == "nan") return std::numeric_limits<double>::quiet_NaN();
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  const auto e = rest.find_first_of("eE");
  const auto mantissa = rest.substr(0, e);
  const auto dot = mantissa.find('.');
  if (e == std::string_view::npos && dot == std::string_view::npos) return std::nullopt;
  const auto whole = mantissa.substr(0, dot);
  if (!digits(whole) || (whole.size() > 1 && whole[0] == '0')) return std::nullopt;
  if (dot != std::string_view::npos && !digits(mantissa.substr(dot + 1))) return std::nullopt;
  std::string written(mantissa);
  if (e != std::string_view::npos) {
    auto exponent = rest.substr(e + 1);
    if (exponent.starts_with('+') || exponent.starts_with('-')) exponent.remove_prefix(1);
    if (!digits(exponent)) return std::nullopt;
    written += 'e';
    written += rest.substr(e + (rest[e + 1] == '+' ? 2 : 1));
  }
  const auto value = number<double>(written);
  return value ? std::optional(sign * *value) : std::nullopt;
}

class Parser {
 public:
  Parser(std::string_view text, Document& out) : in_(text), out_(out) {}

  Result<> document() {
    if (!valid_utf8(in_.peek())) return wrong("it is not UTF-8");
    if (in_.peek().starts_with("\xef\xbb\xbf")) in_.skip(3);
    while (!in_.at_end()) {
      TRY_DO(gap());
      if (in_.at_end()) break;
      if (next() == '[') {
        TRY_DO(header());
      } else {
        TRY_DO(entry(*current_, depth_));
      }
      blanks();
      TRY_DO(comment());
      if (!in_.at_end() && !newline()) return wrong("more on the line than one thing");
    }
    out_.set_root(object(root_));
    return {};
  }

 private:
  std::unexpected<Error> wrong(std::string_view what) const {
    return in_.corrupt("not TOML: " + std::string(what));
  }
  std::unexpected<Error> too_deep() const {
    return fail(Fault::too_large, "TOML: nested too deep", {}, in_.offset());
  }

  // The next byte; at the end a zero, which is allowed nowhere in TOML.
  char next() const { return in_.at_end() ? '\0' : in_.peek()[0]; }
  bool take(std::string_view what) {
    if (!in_.peek().starts_with(what)) return false;
    in_.skip(what.size());
    return true;
  }
  bool newline() { return take("\n") || take("\r\n"); }
  void blanks() {
    while (next() == ' ' || next() == '\t') in_.skip(1);
  }
  Result<> comment() {
    if (next() != '#') return {};
    while (!in_.at_end() && next() != '\n' && !in_.peek().starts_with("\r\n")) {
      if (is_control(next())) return wrong("a control character in a comment");
      in_.skip(1);
    }
    return {};
  }
  // White space, line ends and comments.
  Result<> gap() {
    do {
      blanks();
      TRY_DO(comment());
    } while (newline());
    return {};
  }

  Result<Table*> open(Table& from, std::span<const std::string> path, Node::Kind made) {
    Table* at = &from;
    for (const std::string& part : path) {
      auto& slot = (*at)[part];
      if (!slot) slot = std::make_unique<Node>(Node{.kind = made});
      const bool by_header = made == Node::Kind::implied;
      if (slot->kind == Node::Kind::tables && by_header) {
        at = &slot->tables.back();
        continue;
      }
      if (slot->kind == Node::Kind::value || slot->kind == Node::Kind::tables ||
          (!by_header && slot->kind != Node::Kind::dotted)) {
        return wrong("the key " + part + " is no table that this can add to");
      }
      at = &slot->table;
    }
    return at;
  }

  Result<> header() {
    in_.skip(1);
    const bool list = take("[");
    TRY(const auto path, key());
    if (!take(list ? "]]" : "]")) return wrong("a header without its end");
    depth_ = 2 * path.size();
    if (depth_ > max_value_depth) return too_deep();
    TRY(Table* const parent,
        open(root_, std::span(path).first(path.size() - 1), Node::Kind::implied));
    auto& slot = (*parent)[path.back()];
    const auto kind = list ? Node::Kind::tables : Node::Kind::header;
    if (!slot) {
      slot = std::make_unique<Node>(Node{.kind = kind});
    } else if (slot->kind != (list ? Node::Kind::tables : Node::Kind::implied)) {
      return wrong("the key " + path.back() + " is there already");
    }
    slot->kind = kind;
    current_ = list ? &slot->tables.emplace_back() : &slot->table;
    return {};
  }

  Result<> entry(Table& table, std::size_t depth) {
    TRY(const auto path, key());
    if (!take("=")) return wrong("a key without =");
    blanks();
    TRY(const Value item, value(depth + path.size()));
    TRY(Table* const parent,
        open(table, std::span(path).first(path.size() - 1), Node::Kind::dotted));
    auto& slot = (*parent)[path.back()];
    if (slot) return wrong("the key " + path.back() + " is there already");
    slot = std::make_unique<Node>(Node{.value = item});
    return {};
  }

  // A key with its dots, and the blanks around it.
  Result<std::vector<std::string>> key() {
    std::vector<std::string> path;
    do {
      blanks();
      if (next() == '"' || next() == '\'') {
        TRY(path.emplace_back(), quoted(false));
      } else {
        std::string& part = path.emplace_back();
        for (; is_bare_key(next()); in_.skip(1)) part += next();
        if (part.empty()) return wrong("no key where one must be");
      }
      if (path.size() > max_value_depth) return too_deep();
      blanks();
    } while (take("."));
    return path;
  }

  Result<Value> value(std::size_t depth) {
    if (depth > max_value_depth) return too_deep();
    if (++nodes_ > max_value_nodes) return fail(Fault::too_large, "TOML: too many values");
    if (next() == '[') return array(depth);
    if (next() == '{') return inline_table(depth);
    if (next() == '"' || next() == '\'') {
      TRY(const std::string text, quoted(true));
      return out_.text(text);
    }
    return bare();
  }

  Result<Value> array(std::size_t depth) {
    in_.skip(1);
    std::vector<Value> items;
    while (true) {
      TRY_DO(gap());
      if (take("]")) return out_.array(items);
      TRY(items.emplace_back(), value(depth + 1));
      TRY_DO(gap());
      if (!take(",") && next() != ']') return wrong("an array without its end");
    }
  }

  Result<Value> inline_table(std::size_t depth) {
    in_.skip(1);
    Table table;
    while (true) {
      TRY_DO(gap());
      if (take("}")) return object(table);
      TRY_DO(entry(table, depth));
      TRY_DO(gap());
      if (!take(",") && next() != '}') return wrong("an inline table without its end");
    }
  }

  // A string in either kind of quotes; `lines`: tripled quotes begin one over several lines.
  Result<std::string> quoted(bool lines) {
    const char quote = next();
    const std::string three(3, quote);
    const bool long_one = lines && take(three);
    if (long_one)
      newline();
    else
      in_.skip(1);
    std::string out;
    while (!in_.at_end()) {
      if (long_one && take(three)) {  // up to two more quotes belong to the text
        for (int i = 0; i < 2 && next() == quote; ++i, in_.skip(1)) out += quote;
        return out;
      }
      if (!long_one && next() == quote) return in_.skip(1), out;
      if (next() == '\\' && quote == '"') {
        TRY_DO(escape(out, long_one));
      } else if (long_one && newline()) {
        out += '\n';
      } else if (is_control(next())) {
        return wrong("a control character in a string");
      } else {
        out += next();
        in_.skip(1);
      }
    }
    return wrong("a string without its end");
  }

  Result<> escape(std::string& out, bool long_one) {
    in_.skip(1);
    constexpr std::string_view letters = "btnfre\"\\", meant = "\b\t\n\f\r\x1b\"\\";
    const char c = next();
    if (const auto at = letters.find(c); at != std::string_view::npos) {
      in_.skip(1);
      out += meant[at];
      return {};
    }
    if (const std::size_t size = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0; size != 0) {
      in_.skip(1);
      const auto code = number<std::uint32_t>(in_.bytes(size), 16);
      if (!code || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
        return wrong("an escape that is no character");
      append_utf8(out, *code);
      return {};
    }
    blanks();
    if (!long_one || !newline()) return wrong("an escape that does not exist");
    do {
      blanks();
    } while (newline());
    return {};
  }

  Result<Value> bare() {
    const auto rest = in_.peek();
    const auto length = [&rest](std::size_t from) {
      while (from < rest.size() &&
             (is_alnum(rest[from]) || std::string_view("+-._:").contains(rest[from])))
        ++from;
      return from;
    };
    auto end = length(0);
    if (is_date(rest.substr(0, end)) && end + 3 < rest.size() && rest[end] == ' ' &&
        is_digit(rest[end + 1]) && rest[end + 3] == ':') {
      end = length(end + 1);
    }
    const auto text = rest.substr(0, end);
    std::optional<Value> found;
    if (text == "true" || text == "false")
      found = out_.boolean(text == "true");
    else if (is_moment(text))
      found = out_.text(text);
    else if (const auto whole = integer_of(text))
      found = out_.integer(*whole);
    else if (const auto real = real_of(text))
      found = out_.real(*real);
    if (!found) return wrong(text.empty() ? "no value where one must be" : "a value that is none");
    in_.skip(end);
    return *found;
  }

  // A handle to a copy in the document. The depth of tables was bounded when they were made.
  Value object(const Table& table) {
    std::vector<Value::Member> members;
    for (const auto& [name, node] : table) {
      Value item = node->value;
      if (node->kind == Node::Kind::tables) {
        std::vector<Value> items;
        for (const Table& each : node->tables) items.push_back(object(each));
        item = out_.array(items);
      } else if (node->kind != Node::Kind::value) {
        item = object(node->table);
      }
      members.push_back({out_.keep(name), item});
    }
    return out_.object(members);
  }

  Cursor in_;
  Document& out_;
  Table root_;
  Table* current_ = &root_;
  std::size_t depth_ = 0;  // of current_
  std::size_t nodes_ = 0;
};

}  // namespace

Result<Document> parse_toml(std::string_view text) {
  Document document;
  TRY_DO(Parser(text, document).document());
  return document;
}

}  // namespace boltseal
