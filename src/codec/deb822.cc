#include "codec/deb822.h"

#include <algorithm>
#include <unordered_set>

#include "base/text.h"

namespace boltseal {
namespace {

bool same_nocase(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::ranges::equal(a, b, [](char x, char y) { return to_lower(x) == to_lower(y); });
}

bool is_blank(std::string_view line) {
  return std::ranges::all_of(line, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
}

// "name: value" -> where the name ends; a name has no white space and does not begin with "#" or
// "-".
std::size_t name_end(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == ':') return i > 0 && line[0] != '#' && line[0] != '-' ? i : line.npos;
    if (is_space(line[i])) break;
  }
  return line.npos;
}

}  // namespace

std::string_view ControlParagraph::operator[](std::string_view name) const {
  for (const auto& field : fields) {
    if (same_nocase(field.name, name)) return field.value;
  }
  return {};
}

std::string_view ControlParagraph::first_line(std::string_view name) const {
  const auto value = (*this)[name];
  return trim(value.substr(0, value.find('\n')));
}

void each_paragraph(std::string_view text, const std::function<bool(const ControlParagraph&)>& f) {
  ControlParagraph paragraph;
  bool open = false;  // the last line belongs to fields.back()
  std::size_t value_begin = 0;
  const auto end_value = [&](std::size_t end) {
    if (open) paragraph.fields.back().value = trim(text.substr(value_begin, end - value_begin));
    open = false;
  };
  const auto end_paragraph = [&](std::size_t end) {
    end_value(end);
    const bool go_on = (paragraph.fields.empty() && !paragraph.broken) || f(paragraph);
    paragraph.fields.clear();
    paragraph.broken.reset();
    return go_on;
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t stop = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, stop - at);
    if (is_blank(line)) {
      if (!end_paragraph(at)) return;
    } else if (line[0] == ' ' || line[0] == '\t') {
      if (!open && paragraph.fields.size() < ControlParagraph::max_fields && !paragraph.broken)
        paragraph.broken = at;
    } else if (line[0] != '#') {
      end_value(at);
      if (paragraph.fields.empty() && !paragraph.broken) paragraph.offset = at;
      if (const auto colon = name_end(line); colon == line.npos) {
        if (!paragraph.broken) paragraph.broken = at;
      } else if (paragraph.fields.size() < ControlParagraph::max_fields) {
        paragraph.fields.push_back({line.substr(0, colon), {}});
        value_begin = at + colon + 1;
        open = true;
      }
    }
    at = stop + 1;
  }
  end_paragraph(text.size());
}

std::vector<std::string_view> relation_names(std::string_view value, std::size_t limit) {
  std::vector<std::string_view> names;
  std::unordered_set<std::string_view> seen;
  while (!value.empty() && names.size() < limit) {
    const auto end = value.find_first_of(",|");
    auto one = trim(value.substr(0, end));
    value = end == value.npos ? std::string_view{} : value.substr(end + 1);
    one = one.substr(0, one.find_first_of(" \t\n\r(<[:"));
    if (!one.empty() && seen.insert(one).second) names.push_back(one);
  }
  return names;
}

}  // namespace boltseal
