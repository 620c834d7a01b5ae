// requirements*.txt: what a Python program asks pip for. Only exact pins ("name==1.2") name a
// version that will be there, so nothing else is listed; tools such as pip-compile and `pip freeze`
// write only pins.
//
// Format: https://pip.pypa.io/en/stable/reference/requirements-file-format/. A trailing "\" joins
// lines; "#" after white space begins a comment; options (-r, -c, --index-url, -e) are ignored.
// Files inside site-packages belong to packages that are installed and listed already.
#include <algorithm>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

bool in_name(char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; }
bool in_version(char c) {
  return is_alnum(c) || std::string_view(".-_+!").find(c) != std::string_view::npos;
}

template <class F>
std::string_view take_while(std::string_view& text, F&& f) {
  const auto count = static_cast<std::size_t>(std::ranges::find_if_not(text, f) - text.begin());
  const auto part = text.substr(0, count);
  text = trim(text.substr(count));
  return part;
}

// "name[extra] == 1.2 ; marker --hash=sha256:…"
std::optional<Package> parse(std::string_view line) {
  const auto whole = line;
  Package package;
  package.type = PackageType::pypi;
  package.name = take_while(line, in_name);
  if (package.name.empty() || !is_alnum(package.name[0])) return std::nullopt;
  if (line.starts_with('[')) {
    const auto end = line.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    line = trim(line.substr(end + 1));
  }
  const auto equals = take_while(line, [](char c) { return c == '='; });
  if (equals.size() != 2 && equals.size() != 3) return std::nullopt;
  package.version = take_while(line, in_version);
  const bool ends =
      line.empty() || line[0] == ';' || line[0] == '-' || line[0] == '#' || line[0] == '\\';
  if (package.version.empty() || !ends)
    return std::nullopt;  // "==1.*" and "==1.0,!=1.0.1" are no pins
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
  each_line(file.content, [&](std::string_view line) {
    line = trim(line);
    const bool more = line.ends_with('\\');
    if (more) line.remove_suffix(1);
    if (!joined.empty()) joined += ' ';
    if (joined.size() < 65'536) joined += line;
    if (!more) finish();
  });
  finish();
  return {};
}

constexpr std::string_view globs[] = {"**/requirements*.txt", "**/requirements/*.txt"};

}  // namespace

extern const Reader python_requirements_reader;
const Reader python_requirements_reader = {"python-requirements", 1, globs, {}, 4 << 20, read};

}  // namespace boltseal
