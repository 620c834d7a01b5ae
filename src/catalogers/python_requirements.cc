// Requirements files: what a Python program asks pip for. Only what can be met in one way names a
// version that will be there, so nothing else is listed: exact pins ("name==1.2") and wheels, whose
// file name says what they are. Tools such as pip-compile and `pip freeze` write only these.
//
// Format: https://pip.pypa.io/en/stable/reference/requirements-file-format/, with requirements as
// in PEP 508. A trailing "\" joins lines; "#" after white space begins a comment; options (-r, -c,
// --index-url, -e) are ignored. Like pip, this reads UTF-16 where a byte order mark says so (what
// `pip freeze > requirements.txt` gives in PowerShell). Files inside site-packages belong to
// packages that are installed and listed already.
#include <algorithm>

#include "base/text.h"
#include "catalogers/language.h"
#include "codec/unicode.h"
#include "files/reader.h"

namespace boltseal {
namespace {

bool in_name(char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; }
bool in_operator(char c) { return std::string_view("=<>!~").find(c) != std::string_view::npos; }
bool in_version(char c) {
  return is_alnum(c) || std::string_view(".-_+!*").find(c) != std::string_view::npos;
}

template <class F>
std::string_view take_while(std::string_view& text, F&& f) {
  const auto count = static_cast<std::size_t>(std::ranges::find_if_not(text, f) - text.begin());
  const auto part = text.substr(0, count);
  text = trim(text.substr(count));
  return part;
}

// "==1.2" or ">=1,==1.2" at the front of `line`, which is moved past it: the one version that can
// meet it, or "" ("==1.*" and "~=1.0" leave a choice, "==1.2 @ git+…" is none of pip's).
std::string_view pinned_version(std::string_view& line) {
  const bool bracketed = line.starts_with('(');
  if (bracketed) line = trim(line.substr(1));
  std::string_view pin;
  for (;;) {
    const auto comparison = take_while(line, in_operator);
    const auto version = take_while(line, in_version);
    if (comparison.empty() || version.empty() || !is_alnum(version[0])) return {};
    const bool exact = comparison == "==" || comparison == "===";
    if (exact && pin.empty() && version.find('*') == std::string_view::npos) pin = version;
    if (!line.starts_with(',')) break;
    line = trim(line.substr(1));
  }
  if (bracketed) {
    if (!line.starts_with(')')) return {};
    line = trim(line.substr(1));
  }
  const bool ends =
      line.empty() || line[0] == ';' || line[0] == '-' || line[0] == '#' || line[0] == '\\';
  return ends ? pin : std::string_view{};
}

// The file name of a wheel is name-version[-build]-python-abi-platform.whl:
// https://packaging.python.org/en/latest/specifications/binary-distribution-format/
void identify_wheel(std::string_view address, Package& package) {
  address = address.substr(0, address.find_first_of(" \t;#?"));
  if (!address.ends_with(".whl")) return;
  const auto name = percent_decode(file_name(address));
  const auto parts = name ? split(*name, '-') : std::vector<std::string_view>{};
  if (parts.size() != 5 && parts.size() != 6) return;
  if (parts[0].empty() || parts[1].empty() || !std::ranges::all_of(parts[0], in_name) ||
      !std::ranges::all_of(parts[1], in_version))
    return;
  if (package.name.empty()) package.name = replace_all(parts[0], "_", "-");
  package.version = parts[1];
}

// "name[extra] == 1.2 ; marker --hash=sha256:…", "name @ https://…/name-1.2-py3-none-any.whl",
// "./name-1.2-py3-none-any.whl"
std::optional<Package> parse(std::string_view line) {
  const auto whole = line;
  Package package;
  package.type = PackageType::pypi;
  if (line.starts_with('-')) return std::nullopt;
  package.name = take_while(line, in_name);
  if (line.starts_with('[')) {
    const auto end = line.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    line = trim(line.substr(end + 1));
  }
  if (line.starts_with('@')) {
    identify_wheel(trim(line.substr(1)), package);
  } else if (package.name.empty() || !in_operator(line.empty() ? ' ' : line[0])) {
    if (line.starts_with('(')) {
      package.version = pinned_version(line);
    } else {
      package.name.clear();
      identify_wheel(whole, package);
    }
  } else {
    package.version = pinned_version(line);
  }
  if (package.name.empty() || !is_alnum(package.name[0]) || package.version.empty())
    return std::nullopt;
  // With several hashes there are several artefacts, and which one is used is not said.
  const auto hash = whole.find("--hash=");
  if (hash != std::string_view::npos && whole.find("--hash=", hash + 1) == std::string_view::npos) {
    const auto fields = words(whole.substr(hash + 7));
    const auto value = fields.empty() ? std::nullopt : hash_of_integrity(fields[0]);
    if (value) package.hashes.push_back(*value);
  }
  return package;
}

Result<> read(const FileView& file, Sink& sink) {
  if (inside_installed_package(file.path)) return {};
  const auto decoded = utf8_of_utf16(file.content);
  std::string_view content = decoded ? std::string_view(*decoded) : file.content;
  if (content.starts_with("\xef\xbb\xbf")) content.remove_prefix(3);
  std::string joined;
  std::size_t count = 0;
  const auto finish = [&] {
    const auto comment = joined.starts_with('#') ? 0 : joined.find(" #");
    if (auto package = parse(trim(std::string_view(joined).substr(0, comment)));
        package && ++count <= max_locked_packages) {
      sink.package(*std::move(package), "pinned in a requirements file");
    }
    joined.clear();
  };
  each_line(content, [&](std::string_view line) {
    line = trim(line);
    const bool more = line.ends_with('\\') && !line.starts_with('#');
    if (more) line.remove_suffix(1);
    if (!joined.empty()) joined += ' ';
    if (joined.size() < 65'536) joined += line;
    if (!more) finish();
  });
  finish();
  return {};
}

constexpr std::string_view globs[] = {"**/*requirements*.txt", "**/requirements/*.txt"};

}  // namespace

extern const Reader python_requirements_reader;
const Reader python_requirements_reader = {"python-requirements", 2, globs, {}, 4 << 20, read};

}  // namespace boltseal
