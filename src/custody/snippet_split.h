// A source file cut into functions, and the hash of a piece of it that layout does not change.
//
// No compiler's parser: comments, strings and brackets are followed, which is enough to see where a
// function begins and ends in code that compiles. Where that goes wrong the pieces are larger or
// named oddly, and the same in the same text.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/digest.h"

namespace boltseal {

enum class SnippetLanguage : std::uint8_t { none, c, go, java, script, python };

SnippetLanguage snippet_language(std::string_view path);             // by its ending
std::vector<std::string> snippet_endings(SnippetLanguage language);  // ".py"
std::string_view name_of(SnippetLanguage language);  // "c", "go", …; "lines" for none

struct SnippetPiece {
  std::string name;                   // "Class::method", "function"
  std::uint32_t first = 0, last = 0;  // lines, from 1
  // Up to `head` and from `tail` on (0: nowhere) being run says nothing: a "def" runs with its
  // module, and so does "const f = () => {" with its "};".
  std::uint32_t head = 0, tail = 0;
};

class SnippetText {
 public:
  SnippetText(std::string text, SnippetLanguage language);
  SnippetText(const SnippetText&) = delete;  // the lines are views of the text
  SnippetText& operator=(const SnippetText&) = delete;

  std::uint32_t lines() const { return static_cast<std::uint32_t>(lines_.size()); }
  // Functions in order, inner ones as a part of the outer one. None for a language of none.
  const std::vector<SnippetPiece>& functions() const { return functions_; }
  // SHA-256 in hex of the lines `first` … `last`, as doc/formats/custody.md normalises them: line
  // ends, blanks at a line's end, blank lines and the style of indentation do not count (in Python
  // its depth does); comments do, and so does everything inside a string of several lines.
  std::string hash(std::uint32_t first, std::uint32_t last) const;
  // The same of the lines that belong to no function.
  std::string hash_outside() const;

 private:
  friend class SnippetScanner;
  void add_line(std::uint32_t n, Hasher& hasher, std::vector<std::size_t>& depths) const;

  std::string text_;
  SnippetLanguage language_;
  std::vector<std::string_view> lines_;  // without their ends
  std::vector<bool> in_string_;          // the line begins inside a string
  std::vector<SnippetPiece> functions_;
};

}  // namespace boltseal
