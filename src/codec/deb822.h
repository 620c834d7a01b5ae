// Control paragraphs: the "Field: value" stanzas of dpkg, opkg and of Debian's copyright files
// (DEP-5). https://manpages.debian.org/deb822.5
//
// Nothing is copied: names and values are views of the text. A value keeps its continuation lines
// as they are.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace boltseal {

struct ControlField {
  std::string_view name;
  std::string_view value;  // trimmed at both ends; continuation lines with their leading space
};

struct ControlParagraph {
  std::vector<ControlField> fields;  // in file order; at most `max_fields`, the rest is passed over
  std::uint64_t offset = 0;          // where it begins
  std::optional<std::uint64_t> broken;  // the first line that is neither a field nor a continuation

  static constexpr std::size_t max_fields = 1'000;
  // The first field of that name (any case); "" when there is none.
  std::string_view operator[](std::string_view name) const;
  // Its first line only.
  std::string_view first_line(std::string_view name) const;
};

// Calls f for each paragraph that holds a field or a broken line, until f returns false. The
// paragraph is reused: views into the text stay valid, the paragraph itself does not.
void each_paragraph(std::string_view text, const std::function<bool(const ControlParagraph&)>& f);

// The names in a relation field ("Depends: a (>= 1), b:any | c [amd64]"), all alternatives, in
// order, without repeats, versions, architectures and build profiles; at most `limit`.
std::vector<std::string_view> relation_names(std::string_view value, std::size_t limit = 10'000);

}  // namespace boltseal
