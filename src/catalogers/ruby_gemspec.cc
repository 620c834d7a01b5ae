// Installed gems: specifications/<name>-<version>[-<platform>].gemspec, and specifications/default/
// for those that come with Ruby.
//
// Format: Ruby source, but always as RubyGems itself writes it on installation
// (Gem::Specification#to_ruby): a line
// "# stub: name version platform paths", then "s.name = …", one assignment per line, strings as
// "…", %q<…> or '…' with an optional ".freeze". Values that are not literal (gemspecs that a
// distribution copied from the source) are left out; name and version then come from the stub line
// or the file name. No Ruby is run.
#include <algorithm>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::size_t max_dependencies = 2000;

void append_code_point(std::uint32_t c, std::string& out) {
  const auto byte = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) {
    byte(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    byte(0xe0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3f));
  } else {
    byte(0xf0 | (c >> 18 & 0x07));
    byte(0x80 | (c >> 12 & 0x3f));
    byte(0x80 | (c >> 6 & 0x3f));
  }
  byte(0x80 | (c & 0x3f));
}

// What stands behind a "\" of a "…" string (Ruby's String#dump, which to_ruby uses), as in
// "Jos\u00E9" and "\u{1F48E}"; gives how many characters it took.
std::size_t append_escaped(std::string_view text, std::string& out) {
  constexpr std::string_view letters = "ntr", meanings = "\n\t\r";
  if (const auto at = letters.find(text[0]); at != std::string_view::npos) {
    out += meanings[at];
    return 1;
  }
  std::size_t begin = 1, count = text[0] == 'u' ? 4 : text[0] == 'x' ? 2 : 0;
  std::size_t end = begin + count;
  if (text.starts_with("u{")) {
    begin = 2;
    count = std::min(text.find('}'), text.size()) - begin;
    end = begin + count + 1;
  }
  const auto digits = text.substr(std::min(begin, text.size()), count);
  const auto value = count == 0 || end > text.size() ? std::nullopt : parse_u64(digits, 16);
  if (!value || *value > 0x10ffff) {
    out += text[0];
    return 1;
  }
  if (text[0] == 'x')
    out += static_cast<char>(*value);
  else
    append_code_point(static_cast<std::uint32_t>(*value), out);
  return end;
}

// The literal at the front of `text`, which is moved past it; nothing when there is none.
std::optional<std::string> take_string(std::string_view& text) {
  char end = 0;
  if (text.starts_with('"') || text.starts_with('\''))
    end = text[0];
  else if (text.starts_with("%q<") || text.starts_with("%q(") || text.starts_with("%q[")) {
    end = text[2] == '<' ? '>' : text[2] == '(' ? ')' : ']';
    text.remove_prefix(2);
  } else
    return std::nullopt;
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == end) {
      text.remove_prefix(i + 1);
      return out;
    }
    if (text[i] == '\\' && end == '"' && i + 1 < text.size()) {
      i += append_escaped(text.substr(i + 1), out);
      continue;
    }
    if (text[i] == '\\' && end != '>' && i + 1 < text.size()) ++i;
    // "#{…}" is code, and what it would give is not known.
    if (end == '"' && text[i] == '#' && i + 1 < text.size() && text[i + 1] == '{')
      return std::nullopt;
    out += text[i];
  }
  return std::nullopt;
}

std::string string_of(std::string_view text) { return take_string(text).value_or(""); }

std::vector<std::string> strings_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty() && out.size() < 200) {
    const auto next = text.find_first_of("\"'%");
    if (next == std::string_view::npos) break;
    text.remove_prefix(next);
    if (auto one = take_string(text))
      out.push_back(*std::move(one));
    else if (!text.empty())
      text.remove_prefix(1);
  }
  return out;
}

struct Spec {
  Package package;
  std::string platform = "ruby";
  std::vector<std::string> licences;
  bool two_branches = false;  // written for old and new RubyGems: in the else branch every
                              // dependency looks the same
};

void read_stub(std::string_view line, Spec& spec) {
  const auto fields = words(line);
  if (fields.size() < 3) return;
  spec.package.name = fields[0];
  spec.package.version = fields[1];
  spec.platform = fields[2];
}

// "add_runtime_dependency(%q<a>.freeze, [">= 0"])"; older gemspecs repeat it in each branch of a
// version test.
void add_dependency(Spec& spec, std::string_view text) {
  auto name =
      string_of(trim(text.substr(std::min(text.find_first_of("(<\"'% ") + 1, text.size()))));
  if (name.empty()) {
    const auto literal = text.find_first_of("\"'%");
    if (literal != std::string_view::npos) name = string_of(text.substr(literal));
  }
  if (!name.empty() && spec.package.depends.size() < max_dependencies)
    spec.package.depends.push_back(valid_or_replaced_utf8(name));
}

void read_assignment(Spec& spec, std::string_view key, std::string_view value) {
  const auto set = [&](std::string& to) {
    if (auto text = string_of(value); !text.empty()) to = std::move(text);
  };
  if (key == "name")
    set(spec.package.name);
  else if (key == "version") {
    if (value.starts_with("Gem::Version.new"))
      value = trim(value.substr(std::min(value.find_first_of("(") + 1, value.size())));
    set(spec.package.version);
  } else if (key == "platform")
    set(spec.platform);
  else if (key == "summary")
    set(spec.package.description);
  else if (key == "homepage")
    set(spec.package.homepage);
  else if (key == "license")
    spec.licences = {string_of(value)};
  else if (key == "licenses")
    spec.licences = strings_of(value);
  else if (key == "author" || key == "authors")
    spec.package.supplier = join(strings_of(value), ", ");
}

void read_line(std::string_view line, Spec& spec) {
  line = trim(line);
  if (line.starts_with("# stub: ")) return read_stub(line.substr(8), spec);
  for (const std::string_view test : {"respond_to? :add_runtime_dependency", "Gem::VERSION)"}) {
    if (line.starts_with("if ") && line.find(test) != std::string_view::npos)
      spec.two_branches = true;
  }
  const auto dot = line.find('.');  // "s.name = …", "spec.name = …"
  if (dot == std::string_view::npos || dot == 0 ||
      !std::ranges::all_of(line.substr(0, dot), [](char c) { return is_alnum(c) || c == '_'; }))
    return;
  const auto rest = line.substr(dot + 1);
  if (rest.starts_with("add_runtime_dependency") ||
      (rest.starts_with("add_dependency") && !spec.two_branches)) {
    return add_dependency(spec, rest);
  }
  const auto parts = cut(rest, "=");
  if (parts && !parts->second.starts_with('=') && !parts->second.starts_with('~')) {
    read_assignment(spec, trim(parts->first), trim(parts->second));
  }
}

// "nokogiri-1.13.9-x86_64-linux.gemspec": the version is the first part after "-" that begins with
// a digit.
void infer_from_file_name(Spec& spec, std::string_view name) {
  constexpr std::string_view ending = ".gemspec";
  if (!name.ends_with(ending)) return;
  name.remove_suffix(ending.size());
  for (auto dash = name.find('-'); dash != std::string_view::npos;
       dash = name.find('-', dash + 1)) {
    if (dash + 1 >= name.size() || !is_digit(name[dash + 1])) continue;
    const auto version = name.substr(dash + 1);
    if (spec.package.name.empty()) spec.package.name = name.substr(0, dash);
    if (spec.package.version.empty()) spec.package.version = version.substr(0, version.find('-'));
    return;
  }
}

Result<> read(const FileView& file, Sink& sink) {
  Spec spec;
  each_line(file.content, [&](std::string_view line) { read_line(line.substr(0, 65'536), spec); });
  auto& package = spec.package;
  const bool inferred = package.name.empty() || package.version.empty();
  if (inferred) infer_from_file_name(spec, file_name(file.path));
  if (package.name.empty() || package.version.empty())
    return fail(Fault::corrupt, "a gemspec without name and version");
  package.type = PackageType::gem;
  if (spec.platform != "ruby") package.arch = spec.platform;
  for (auto* text : {&package.name, &package.version, &package.arch, &package.description,
                     &package.homepage, &package.supplier}) {
    *text = valid_or_replaced_utf8(*text);
  }
  package.description = first_line(package.description);
  // RubyGems means a choice when there are several:
  // https://guides.rubygems.org/specification-reference/#licenses=
  declare_licence(package, join(spec.licences, " OR "));
  settle_depends(package);
  const bool of_ruby = file.path.find("/specifications/default/") != std::string_view::npos;
  sink.package(std::move(package), inferred  ? "gemspec, inferred from the file name"
                                   : of_ruby ? "gemspec, default gem of Ruby"
                                             : "gemspec");
  return {};
}

constexpr std::string_view globs[] = {"**/specifications/**/*.gemspec"};

}  // namespace

extern const Reader ruby_gemspec_reader;
const Reader ruby_gemspec_reader = {"ruby-gemspec", 2, globs, {}, 4 << 20, read};

}  // namespace boltseal
