// Installed Python packages: *.dist-info/METADATA (wheels), *.egg-info/PKG-INFO, a single file
// *.egg-info (distutils), and eggs, as a folder or as a zip archive (`setup.py install` of
// setuptools before 80; https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html).
//
// Format: core metadata, https://packaging.python.org/specifications/core-metadata/, header lines
// as in e-mail, then the description, which is not read. Package.name keeps the author's spelling.
// A licence may stand in License-Expression (PEP 639), License (a name, or a whole text), or
// classifiers; the first that says something counts. Requirements that only an extra asks for are
// not dependencies. A METADATA without a name (left by interrupted upgrades as "~ip-…") is an
// unknown. RECORD and requires.txt are not read: the first names files only, the second has no
// place in one-file readers.
#include <algorithm>

#include "base/text.h"
#include "catalogers/language.h"
#include "codec/zip.h"
#include "files/reader.h"
#include "licences/licences.h"

namespace boltseal {
namespace {

constexpr std::size_t max_fields = 50'000;
constexpr std::uint64_t max_metadata_bytes = 4 << 20;

struct Metadata {
  Package package;
  std::string expression, licence, author, author_email, maintainer, homepage_label;
  std::vector<std::string> classifiers;
};

// "requests[security] (>=2.0) ; extra == 'x'" needs requests when the marker names no extra.
void add_requirement(Package& package, std::string_view value) {
  const auto marker = value.find(';');
  if (marker != std::string_view::npos && contains_nocase(value.substr(marker), "extra")) return;
  const auto end = std::ranges::find_if(
      value, [](char c) { return !is_alnum(c) && c != '-' && c != '_' && c != '.'; });
  auto name = pypi_name(std::string_view(value.begin(), end));
  if (!name.empty() && std::ranges::find(package.depends, name) == package.depends.end() &&
      package.depends.size() < 5000) {
    package.depends.push_back(std::move(name));
  }
}

void add_field(Metadata& m, std::string_view name, std::string_view value) {
  const auto key = lower(name);
  const auto set = [&](std::string& to) {
    if (to.empty()) to = valid_or_replaced_utf8(value);
  };
  if (value.empty() || value == "UNKNOWN") return;
  if (key == "name")
    set(m.package.name);
  else if (key == "version")
    set(m.package.version);
  else if (key == "summary")
    set(m.package.description);
  else if (key == "home-page")
    set(m.package.homepage);
  else if (key == "license-expression")
    set(m.expression);
  else if (key == "license")
    set(m.licence);
  else if (key == "author")
    set(m.author);
  else if (key == "author-email")
    set(m.author_email);
  else if (key == "maintainer")
    set(m.maintainer);
  else if (key == "classifier" && value.starts_with("License ::") && m.classifiers.size() < 100)
    m.classifiers.emplace_back(value);
  else if (key == "requires-dist")
    add_requirement(m.package, value);
  else if (key == "project-url" && m.homepage_label.empty()) {
    const auto parts = cut(value, ",");
    if (parts && lower(trim(parts->first)) == "homepage")
      m.homepage_label = valid_or_replaced_utf8(trim(parts->second));
  }
}

void settle_licence(Metadata& m) {
  if (!m.expression.empty()) return declare_licence(m.package, m.expression);
  if (!m.licence.empty()) declare_licence(m.package, m.licence);
  std::erase(m.classifiers, "License :: OSI Approved");
  // "License: Dual License" or a pointer to a file says less than the classifiers do.
  if (category_of(m.package.licence) == LicenceCategory::unknown && !m.classifiers.empty()) {
    declare_licences(m.package, m.classifiers);
  }
}

// The headers, as Python's own e-mail parser takes them: a line that begins with white space
// continues the one before, even where nothing else is on it (PKG-INFO has its description among
// the headers, so); an empty line ends them, and one that is no header does.
Result<Metadata> parse(std::string_view text) {
  Metadata m;
  std::string name, value;
  std::size_t fields = 0;
  while (!text.empty() && fields < max_fields) {
    const auto end = text.find('\n');
    const auto line = trim_end(text.substr(0, end), '\r');
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.empty()) break;
    if (line[0] == ' ' || line[0] == '\t') {
      if (value.size() < 65'536) value += "\n" + std::string(trim(line));
      continue;
    }
    add_field(m, name, trim(value));
    ++fields;
    name.clear();  // it is added
    const auto parts = cut(line, ":");
    if (!parts || parts->first.find(' ') != std::string_view::npos) break;
    name = parts->first;
    value = trim(parts->second);
  }
  add_field(m, name, trim(value));
  if (m.package.name.empty()) return fail(Fault::corrupt, "Python metadata without a name");
  return m;
}

Result<Package> package_of(std::string_view metadata) {
  TRY(auto m, parse(metadata));
  settle_licence(m);
  auto& package = m.package;
  package.type = PackageType::pypi;
  package.description = first_line(package.description);
  if (package.homepage.empty()) package.homepage = m.homepage_label;
  package.supplier = first_line(!m.author.empty()         ? m.author
                                : !m.author_email.empty() ? m.author_email
                                                          : m.maintainer);
  return std::move(package);
}

// A file of that name which is no archive, or holds no EGG-INFO, is something else.
Result<> read_egg(const FileView& file, Sink& sink) {
  constexpr std::string_view metadata = "EGG-INFO/PKG-INFO";
  if (!file.content.starts_with("PK")) return {};
  TRY(const auto zip, Zip::open(file.content));
  const auto* entry = zip.find(metadata);
  if (entry == nullptr && !zip.is_whole())
    return fail(Fault::corrupt, "the directory of the archive holds more than its entries");
  if (entry == nullptr) return {};
  TRY(const auto text,
      zip.read(*entry, std::min<std::uint64_t>(max_metadata_bytes, sink.may_inflate())));
  sink.inflated(text.size());
  TRY(auto package, package_of(text));
  package.evidence.push_back({std::string(file.path) + "!/" + std::string(metadata), 0, "egg"});
  sink.package(std::move(package), "egg");
  return {};
}

Result<> read(const FileView& file, Sink& sink) {
  if (file.path.ends_with(".egg")) return read_egg(file, sink);
  if (file.content.size() > max_metadata_bytes)
    return fail(Fault::too_large, "Python metadata over 4 MiB");
  TRY(auto package, package_of(file.content));
  const bool wheel = file_name(file.path) == "METADATA";
  sink.package(std::move(package), wheel ? "dist-info METADATA" : "egg-info");
  return {};
}

constexpr std::string_view globs[] = {"**/*dist-info/METADATA", "**/*.DIST-INFO/METADATA",
                                      "**/*egg-info/PKG-INFO",  "**/*EGG-INFO/PKG-INFO",
                                      "**/*.egg-info",          "**/*.egg"};

}  // namespace

extern const Reader python_metadata_reader;
const Reader python_metadata_reader = {"python-metadata", 3, globs, {}, 64 << 20, read};

}  // namespace boltseal
