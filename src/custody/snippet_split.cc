#include "custody/snippet_split.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::size_t depth_limit = 10'000, prefix_limit = 500;

struct Ending {
  std::string_view text;
  SnippetLanguage language;
};
constexpr auto endings = std::to_array<Ending>({
    {".c", SnippetLanguage::c},        {".h", SnippetLanguage::c},
    {".cc", SnippetLanguage::c},       {".cpp", SnippetLanguage::c},
    {".cxx", SnippetLanguage::c},      {".hh", SnippetLanguage::c},
    {".hpp", SnippetLanguage::c},      {".hxx", SnippetLanguage::c},
    {".go", SnippetLanguage::go},      {".java", SnippetLanguage::java},
    {".js", SnippetLanguage::script},  {".jsx", SnippetLanguage::script},
    {".mjs", SnippetLanguage::script}, {".cjs", SnippetLanguage::script},
    {".ts", SnippetLanguage::script},  {".tsx", SnippetLanguage::script},
    {".mts", SnippetLanguage::script}, {".cts", SnippetLanguage::script},
    {".py", SnippetLanguage::python},
});

bool is_word(char c) {
  return is_alnum(c) || c == '_' || c == '$' || static_cast<unsigned char>(c) > 127;
}

bool any_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::ranges::find(list, word) != list.end();
}

std::size_t indent_of(std::string_view line) {
  std::size_t width = 0;
  for (const char c : line) {
    if (c == ' ')
      ++width;
    else if (c == '\t')
      width = (width / 8 + 1) * 8;
    else
      break;
  }
  return width;
}

// The name that stands before the "(" at `open`: "a::b", "~X", "operator+".
std::string name_before(std::string_view head, std::size_t open) {
  std::size_t end = open;
  while (end > 0 && is_space(head[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && (is_word(head[begin - 1]) || head[begin - 1] == ':' ||
                       head[begin - 1] == '~' || head[begin - 1] == '#'))
    --begin;
  return std::string(trim(head.substr(begin, end - begin)));
}

// The last word of `head` up to `end`, where `X = (…) =>` names a function.
std::string assigned_name(std::string_view head) {
  const auto equals = head.find_first_of("=:");
  if (equals == std::string_view::npos) return {};
  return name_before(head, equals);
}

}  // namespace

SnippetLanguage snippet_language(std::string_view path) {
  const auto dot = path.rfind('.');
  const std::string ending = dot == std::string_view::npos ? "" : lower(path.substr(dot));
  const auto found = std::ranges::find(endings, ending, &Ending::text);
  return found == endings.end() ? SnippetLanguage::none : found->language;
}

std::vector<std::string> snippet_endings(SnippetLanguage language) {
  std::vector<std::string> out;
  for (const Ending& one : endings)
    if (one.language == language) out.emplace_back(one.text);
  return out;
}

std::string_view name_of(SnippetLanguage language) {
  constexpr std::array<std::string_view, 6> names = {"lines", "c",      "go",
                                                     "java",  "script", "python"};
  return names[static_cast<std::size_t>(language)];
}

// Goes through the text once: blanks out comments and strings, and marks lines that begin inside a
// string. What is left is code, byte for byte at the same place.
class SnippetScanner {
 public:
  explicit SnippetScanner(SnippetText& out) : out_(out), code_(out.text_) {}

  void run() {
    blank();
    if (out_.language_ == SnippetLanguage::python)
      python();
    else if (out_.language_ != SnippetLanguage::none)
      braces();
  }

 private:
  bool at(std::size_t i, std::string_view what) const {
    return std::string_view(out_.text_).substr(i).starts_with(what);
  }

  // Blanks `count` bytes from `i` on, line ends excepted; inside a string they mark their line.
  std::size_t erase(std::size_t i, std::size_t count, bool string) {
    for (const std::size_t end = std::min(i + count, code_.size()); i < end; ++i) {
      if (code_[i] != '\n') {
        code_[i] = ' ';
        continue;
      }
      ++line_;
      if (string && line_ < out_.in_string_.size()) out_.in_string_[line_] = true;
    }
    return i;
  }

  std::size_t until(std::size_t from, std::string_view end, bool escapes) const {
    for (std::size_t i = from; i < code_.size(); ++i) {
      if (escapes && code_[i] == '\\')
        ++i;
      else if (at(i, end))
        return i + end.size();
      else if (end.size() == 1 && end != "`" && code_[i] == '\n')
        return i;  // a string of one line that does not end: the rest is code again
    }
    return code_.size();
  }

  // A regular expression of JavaScript's begins where no value can end.
  bool regex_here(std::size_t i) const {
    for (int back = 0; i > 0 && is_space(code_[i - 1]) && code_[i - 1] != '\n'; --i)
      if (++back > 256) return false;
    return i == 0 ||
           std::string_view("(,=:[!&|?{};\n").find(code_[i - 1]) != std::string_view::npos;
  }

  // The end of the comment or string that begins at `i`; `i` itself when none does.
  std::size_t quoted(std::size_t i, bool& string) const {
    const auto language = out_.language_;
    string = false;
    if (language == SnippetLanguage::python) {
      if (at(i, "#"))
        return until(i, "\n", false) - (out_.text_.find('\n', i) != std::string::npos);
      string = true;
      for (const std::string_view quote : {"\"\"\"", "'''"})
        if (at(i, quote)) return until(i + 3, quote, true);
      if (at(i, "\"") || at(i, "'")) return until(i + 1, out_.text_.substr(i, 1), true);
      return i;
    }
    if (at(i, "//")) {
      const auto end = out_.text_.find('\n', i);
      return end == std::string::npos ? code_.size() : end;
    }
    if (at(i, "/*")) return until(i + 2, "*/", false);
    string = true;
    if (language == SnippetLanguage::java && at(i, "\"\"\"")) return until(i + 3, "\"\"\"", true);
    if (language == SnippetLanguage::c && at(i, "R\"") && (i == 0 || !is_word(code_[i - 1]))) {
      const auto open = out_.text_.find('(', i + 2);
      if (open != std::string::npos && open - i <= 18)
        return until(open + 1, ")" + out_.text_.substr(i + 2, open - i - 2) + "\"", false);
    }
    if (at(i, "`") && (language == SnippetLanguage::go || language == SnippetLanguage::script))
      return until(i + 1, "`", language == SnippetLanguage::script);
    // A "'" between digits only groups them.
    if (at(i, "'") && language == SnippetLanguage::c && i > 0 && is_alnum(code_[i - 1]) &&
        i + 1 < code_.size() && is_alnum(code_[i + 1]))
      return i;
    if (at(i, "\"") || at(i, "'")) return until(i + 1, out_.text_.substr(i, 1), true);
    if (language == SnippetLanguage::script && at(i, "/") && regex_here(i))
      return until(i + 1, "/", true);
    return i;
  }

  void blank() {
    for (std::size_t i = 0; i < code_.size();) {
      bool string = false;
      const auto end = out_.language_ == SnippetLanguage::none ? i : quoted(i, string);
      i = end > i ? erase(i, end - i, string) : (code_[i] == '\n' ? ++line_, i + 1 : i + 1);
    }
  }

  // Blocks by braces: a "{" behind a head with "(…)" opens a function, one behind a named type
  // gives the functions in it its name.
  void braces() {
    struct Block {
      std::string prefix;
      bool function = false;
    };
    std::vector<Block> open;
    std::size_t inside = 0, head = 0, parens = 0;  // inside: open blocks that are functions
    std::uint32_t line = 1, head_line = 0;
    for (std::size_t i = 0; i < code_.size() && open.size() < depth_limit; ++i) {
      const char c = code_[i];
      if (c == '\n') {
        ++line;
        // A line of the preprocessor's is no part of what follows it.
        if (head_line == 0) head = i + 1;
      } else if (c == '#' && head_line == 0 && out_.language_ == SnippetLanguage::c) {
        while (i + 1 < code_.size() && !(code_[i + 1] == '\n' && code_[i] != '\\')) {
          ++i;
          if (code_[i] == '\n') ++line;
        }
      } else if (c == '(' || c == ')') {
        if (head_line == 0) head_line = line;
        parens = c == '(' ? parens + 1 : parens - (parens > 0);
      } else if (c == '{') {
        const std::string prefix = open.empty() ? "" : open.back().prefix;
        Block block{prefix, false};
        if (inside == 0 && parens == 0) {
          const auto text = std::string_view(code_).substr(head, i - head);
          const std::string type = type_of(text);
          const std::string name = type.empty() ? function_of(text) : "";
          if (!type.empty() && prefix.size() + type.size() < prefix_limit)
            block.prefix = prefix + type + "::";
          if (!name.empty()) {
            block.function = true;
            const bool script = out_.language_ == SnippetLanguage::script;
            out_.functions_.push_back(
                {prefix + name, head_line ? head_line : line, 0, script ? line : 0, 0});
          }
        }
        inside += block.function ? 1 : 0;
        open.push_back(std::move(block));
        head = i + 1;
        head_line = 0;
      } else if (c == '}') {
        if (!open.empty()) {
          if (open.back().function) {
            end_function(out_.functions_.back(), line);
            --inside;
          }
          open.pop_back();
        }
        head = i + 1;
        head_line = 0;
      } else if (c == ';' && parens == 0) {
        head = i + 1;
        head_line = 0;
      } else if (!is_space(c) && head_line == 0) {
        head_line = line;
      }
    }
    // A function that does not end reaches to the end of the file.
    for (SnippetPiece& piece : out_.functions_)
      if (piece.last == 0) piece.last = std::max(piece.first, out_.lines());
  }

  void end_function(SnippetPiece& piece, std::uint32_t line) const {
    piece.last = line;
    if (piece.head == line) piece.head = 0;  // all of it is one line: nothing tells them apart
    const bool closes = line <= out_.lines() && out_.lines_[line - 1].find_first_not_of(
                                                    " \t})];,") == std::string_view::npos;
    if (piece.head != 0 && closes) piece.tail = line;
  }

  std::string type_of(std::string_view head) const {
    // What stands in "(…)" or behind "=" is no declaration of a type.
    if (head.find('=') != std::string_view::npos && out_.language_ != SnippetLanguage::script)
      return {};
    const auto list = words(head.substr(0, head.find_first_of("(:<")));
    for (std::size_t i = 0; i + 1 < list.size(); ++i) {
      if (any_of(list[i],
                 {"class", "struct", "interface", "namespace", "enum", "union", "record"}) &&
          (out_.language_ != SnippetLanguage::c || head.find('(') == std::string_view::npos ||
           list[i] != "struct"))
        return std::string(list[i + 1] == "class" && i + 2 < list.size() ? list[i + 2]
                                                                         : list[i + 1]);
    }
    return {};
  }

  std::string function_of(std::string_view head) const {
    const auto open = head.find('(');
    const bool arrow = out_.language_ == SnippetLanguage::script && trim(head).ends_with("=>");
    if (open == std::string_view::npos)
      return arrow ? (assigned_name(head).empty() ? "=>" : assigned_name(head)) : "";
    if (out_.language_ == SnippetLanguage::go) {
      const auto begin = head.find("func");
      if (begin == std::string_view::npos) return {};
      auto rest = trim(head.substr(begin + 4));
      std::string type;
      if (rest.starts_with('(')) {  // a receiver: "(r *T)"
        const auto close = rest.find(')');
        if (close == std::string_view::npos) return {};
        const auto receiver = words(rest.substr(1, close - 1));
        if (!receiver.empty())
          type = std::string(receiver.back().substr(receiver.back().starts_with('*')));
        rest = trim(rest.substr(close + 1));
      }
      const std::string name(rest.substr(0, rest.find_first_of("([ ")));
      return name.empty() ? "func" : type.empty() ? name : type + "." + name;
    }
    std::string name = name_before(head, open);
    if (out_.language_ == SnippetLanguage::script &&
        (arrow || name == "function" || name == "async" || name.empty())) {
      const std::string given = assigned_name(head.substr(0, open));
      return given.empty() ? "function" : given;
    }
    if (any_of(name, {"if", "for", "while", "switch", "catch", "synchronized", "return", "try",
                      "do", "else", "with", "static_assert", "decltype", "alignas"}))
      return {};
    const auto before = head.substr(0, open);
    if (out_.language_ == SnippetLanguage::java &&
        (before.find(" new ") != std::string_view::npos ||
         before.find('=') != std::string_view::npos))
      return {};
    if (name.empty() && head.find("operator") != std::string_view::npos) return "operator";
    return name;
  }

  // Blocks by indentation: what is indented deeper than a "def" belongs to it.
  void python() {
    struct Block {
      std::size_t indent;
      std::string prefix;
    };
    std::vector<Block> classes;
    std::size_t brackets = 0, offset = 0;
    std::size_t function_indent = std::string::npos;
    std::uint32_t number = 0, decorated = 0;
    for (const auto line : split(code_, '\n')) {
      ++number;
      const bool continued =
          brackets > 0 || (number - 1 < out_.in_string_.size() && out_.in_string_[number - 1]);
      for (const char c : line) {
        if (c == '(' || c == '[' || c == '{') ++brackets;
        if ((c == ')' || c == ']' || c == '}') && brackets > 0) --brackets;
      }
      // Blanked strings and comments leave blanks: what the line begins with is in the text.
      const auto raw = std::string_view(out_.text_).substr(offset, line.size());
      offset += line.size() + 1;
      const auto body = trim(raw);
      if (body.empty() || body.starts_with('#') || continued) {
        if (continued && function_indent != std::string::npos) out_.functions_.back().last = number;
        continue;
      }
      const std::size_t indent = indent_of(raw);
      if (function_indent != std::string::npos && indent > function_indent) {
        out_.functions_.back().last = number;
        continue;
      }
      function_indent = std::string::npos;
      while (!classes.empty() && indent <= classes.back().indent) classes.pop_back();
      const std::string prefix = classes.empty() ? "" : classes.back().prefix;
      if (body.starts_with('@')) {
        if (decorated == 0) decorated = number;
        continue;
      }
      const auto list = words(body.substr(0, body.find_first_of("(:")));
      if (list.size() >= 2 && list[0] == "class") {
        if (prefix.size() + list[1].size() < prefix_limit)
          classes.push_back({indent, prefix + std::string(list[1]) + "."});
      } else if (list.size() >= 2 && (list[0] == "def" || (list.size() >= 3 && list[1] == "def"))) {
        function_indent = indent;
        out_.functions_.push_back(
            {prefix + std::string(list.back()), decorated ? decorated : number, number, number, 0});
      }
      decorated = 0;
    }
  }

  SnippetText& out_;
  std::string code_;
  std::size_t line_ = 0;  // of the byte at hand, from 0
};

SnippetText::SnippetText(std::string text, SnippetLanguage language)
    : text_(replace_all(text, "\r\n", "\n")), language_(language) {
  each_line(text_, [&](std::string_view line) { lines_.push_back(line); });
  in_string_.resize(lines_.size() + 1);
  SnippetScanner(*this).run();
}

void SnippetText::add_line(std::uint32_t n, Hasher& hasher,
                           std::vector<std::size_t>& depths) const {
  std::string_view line = lines_[n - 1];
  const bool begins_inside = in_string_[n - 1], ends_inside = in_string_[n];
  if (!begins_inside) {
    const std::size_t indent = indent_of(line);
    if (!ends_inside && trim(line).empty()) return;
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    if (language_ == SnippetLanguage::python || language_ == SnippetLanguage::none) {
      while (!depths.empty() && depths.back() >= indent) depths.pop_back();
      hasher.update(std::string(depths.size(), '\t'));
      depths.push_back(indent);
    }
  }
  while (!ends_inside && !line.empty() && is_space(line.back())) line.remove_suffix(1);
  hasher.update(line);
  hasher.update("\n");
}

std::string SnippetText::hash(std::uint32_t first, std::uint32_t last) const {
  Hasher hasher;
  std::vector<std::size_t> depths;
  for (std::uint32_t n = std::max(first, 1U); n <= last && n <= lines(); ++n)
    add_line(n, hasher, depths);
  return hex(hasher.finish());
}

std::string SnippetText::hash_outside() const {
  Hasher hasher;
  std::vector<std::size_t> depths;
  auto function = functions_.begin();
  for (std::uint32_t n = 1; n <= lines(); ++n) {
    while (function != functions_.end() && function->last < n) ++function;
    if (function == functions_.end() || n < function->first) add_line(n, hasher, depths);
  }
  return hex(hasher.finish());
}

}  // namespace boltseal
