// Debian copyright files: machine-readable
// (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/) or free text.
//
// Of a machine-readable file the "License:" fields of the header and of the "Files:" paragraphs
// count; the stand-alone paragraphs only give the texts of the names used there, so "GPL-2+ or
// Artistic" stays a choice. A first line that is no short name (producers put the text itself
// there) is read as a text. Files of that form often lack the "Format:" that says so. Free text is
// searched for sentences.
#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "base/text.h"
#include "licences/expression.h"
#include "licences/licences.h"
#include "licences/texts.h"

namespace boltseal {
namespace {

constexpr std::size_t max_short_name = 120;
constexpr std::size_t max_fields = 20'000;
constexpr std::size_t max_names = 400;

bool has_field(std::string_view line, std::string_view name) {
  if (line.size() <= name.size() || line[name.size()] != ':') return false;
  return std::ranges::equal(line.substr(0, name.size()), name, {}, to_lower);
}

bool is_machine_readable(std::string_view text) {
  bool yes = false;
  std::size_t lines = 0;
  each_line(text.substr(0, 4096), [&](std::string_view line) {
    yes |= ++lines < 40 && (has_field(line, "format") || has_field(line, "format-specification"));
  });
  return yes;
}

// One paragraph's "License:" field, as a piece of the file.
struct Field {
  std::string_view first_line;
  std::string_view rest;  // the continuation lines
};

class Fields {
 public:
  explicit Fields(std::string_view text) : text_(text) {
    while (at_ < text_.size() && count_ < max_fields) line();
    close();
  }
  std::vector<Field> used, stand_alone;
  std::optional<Field> of_all;  // that of "Files: *"

 private:
  // Lines are looked at by their first letter only: texts of nine megabytes pass here in a scan.
  void line() {
    const auto end = std::min(text_.find('\n', at_), text_.size());
    auto line = text_.substr(at_, end - at_);
    const auto start = at_;
    at_ = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const char c = line.empty() ? '\0' : to_lower(line[0]);
    if (c == ' ' || c == '\t') return;
    if (in_field_) {
      field_.rest = text_.substr(rest_, start - rest_);
      in_field_ = false;
    }
    if (trim(line).empty()) return close();
    if (c == 'f') {
      const bool files = has_field(line, "files");
      all_ |= files && trim(line.substr(6)) == "*";
      files_ |= files || has_field(line, "format") || has_field(line, "format-specification");
    } else if (c == 'l' && has_field(line, "license")) {
      field_ = {trim(line.substr(8)), {}};
      rest_ = std::min(at_, text_.size());
      in_field_ = has_field_ = true;
      ++count_;
    }
  }
  void close() {
    if (in_field_) field_.rest = text_.substr(rest_);
    if (has_field_) (files_ ? used : stand_alone).push_back(field_);
    if (has_field_ && all_) of_all = field_;
    in_field_ = has_field_ = files_ = all_ = false;
  }

  std::string_view text_;
  std::size_t at_ = 0, rest_ = 0, count_ = 0;
  Field field_;
  bool in_field_ = false, has_field_ = false, files_ = false, all_ = false;
};

std::string licence_of_field(const Field& field) {
  const auto name = field.first_line;
  const bool prose = name.empty() || name.size() > max_short_name || words(name).size() > 9;
  if (!prose) return spdx_expression(name);
  const auto whole = std::string(name) + "\n" + std::string(field.rest.substr(0, 16'384));
  return licence_of_text(whole);
}

std::string licence_of_fields(const std::vector<Field>& fields) {
  std::set<std::string_view> seen;
  std::vector<LicenceTerm> parts;
  for (const auto& field : fields) {
    if (!field.first_line.empty() && !seen.insert(field.first_line).second) continue;
    if (parts.size() >= max_names) break;
    if (auto term = parse_spdx(licence_of_field(field))) parts.push_back(*std::move(term));
  }
  return parts.empty() ? std::string()
                       : to_text(join_terms(LicenceTerm::Kind::all_of, std::move(parts)));
}

}  // namespace

std::string licence_of_copyright_file(std::string_view text) {
  const bool says_so = is_machine_readable(text);
  const Fields fields(text);
  // Without its first line a file is of that form where it names a known licence for all files.
  const auto default_licence = says_so || !fields.of_all ? "" : licence_of_field(*fields.of_all);
  const bool known = !default_licence.empty() && !default_licence.contains("LicenseRef-");
  if (says_so || known)
    if (auto used = licence_of_fields(fields.used); !used.empty()) return used;
  if (says_so)
    if (auto named = licence_of_fields(fields.stand_alone); !named.empty()) return named;
  return licence_of_text(text);
}

}  // namespace boltseal
