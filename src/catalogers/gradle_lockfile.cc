// gradle.lockfile (and buildscript-gradle.lockfile): what Gradle's dependency locking resolved.
//
// Format: docs.gradle.org, "Locking dependency versions": lines
// "group:artifact:version=configuration,configuration", "#" comments, and "empty=…" for
// configurations without dependencies. What only test configurations use, and what the build script
// itself uses, is a development dependency. Before Gradle 7 each configuration had a file of its
// own, gradle/dependency-locks/CONFIGURATION.lockfile with lines "group:artifact:version"; those of
// the build script are named "buildscript-…".
#include <algorithm>

#include "base/text.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

bool only_for_tests(std::string_view configurations) {
  const auto all = split(configurations, ',');
  // Source sets and test suites are called as one likes, but "integrationTest" is the custom.
  return std::ranges::all_of(all, [](std::string_view c) {
    return trim(c).starts_with("test") || contains_nocase(c, "androidTest") ||
           c.find("TestCompileClasspath") != std::string_view::npos ||
           c.find("TestRuntimeClasspath") != std::string_view::npos ||
           c.find("TestAnnotationProcessor") != std::string_view::npos;
  });
}

// Of a file for one configuration; else "".
std::string_view configuration_of(std::string_view path) {
  if (!has_folder(path, "gradle/dependency-locks")) return {};
  const auto name = file_name(path);
  return name.substr(0, name.rfind('.'));
}

Result<> read(const FileView& file, Sink& sink) {
  const bool build_script = file_name(file.path).starts_with("buildscript-");
  const auto one = configuration_of(file.path);
  std::uint64_t line_number = 0;
  each_line(file.content, [&](std::string_view line) {
    ++line_number;
    line = trim(line);
    if (line.empty() || line.starts_with('#') || line.starts_with("empty=")) return;
    const auto parts = cut(line, "=");
    const auto coordinates = split(parts ? parts->first : line, ':');
    const auto configurations = parts ? parts->second : one;
    if ((!parts && one.empty()) || coordinates.size() != 3 || coordinates[0].empty() ||
        coordinates[1].empty() || coordinates[2].empty()) {
      return sink.unknown(
          {Fault::corrupt,
           "line " + std::to_string(line_number) + " is no group:artifact:version=…",
           {},
           {}});
    }
    Package package;
    package.type = PackageType::maven;
    package.name =
        valid_or_replaced_utf8(std::string(coordinates[0]) + ":" + std::string(coordinates[1]));
    package.version = valid_or_replaced_utf8(coordinates[2]);
    package.development = build_script || only_for_tests(configurations);
    sink.package(std::move(package), "gradle.lockfile");
  });
  return {};
}

constexpr std::string_view globs[] = {"**/gradle.lockfile", "**/buildscript-gradle.lockfile",
                                      "**/gradle/dependency-locks/*.lockfile"};

}  // namespace

extern const Reader gradle_lockfile_reader;
const Reader gradle_lockfile_reader = {"gradle-lockfile", 2, globs, {}, 16 << 20, read};

}  // namespace boltseal
