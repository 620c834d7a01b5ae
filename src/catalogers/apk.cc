// apk's list of installed packages: Alpine, Wolfi, Chainguard, postmarketOS. lib/apk/db/installed,
// and since apk-tools 3 usr/lib/apk/db/installed.
//
// https://wiki.alpinelinux.org/wiki/Apk_spec: stanzas of "X:value" lines, ended by an empty line.
// Read:
//   P name  V version  A arch  o origin (source package)  L licence  m maintainer  U homepage  T
//   description C digest of the package's control segment ("Q1" + base64 of SHA-1, "Q2" + base64 of
//   SHA-256) D depends  p provides: names with "so:", "cmd:", "pc:" in front, versions behind
//   "=<>~", "!" for conflicts, "@tag" F folder, then R for each file in it; a/M/Z (permissions,
//   digests) are passed over
// The origin has the version of the package itself. What `apk add --virtual` makes (".build-deps")
// is a package there and here. Left out: sizes, build time, commit, install_if, replaces,
// priorities.
#include <algorithm>
#include <unordered_set>

#include "base/text.h"
#include "files/reader.h"
#include "licences/licences.h"

namespace boltseal {
namespace {

constexpr std::string_view globs[] = {"lib/apk/db/installed", "usr/lib/apk/db/installed"};

// A stanza of five bytes becomes a Package of some hundred, a name of two a string: their sums have
// bounds.
constexpr std::size_t max_packages = 200'000, max_names = 1'000'000;

std::vector<std::string> names(std::string_view relation, std::size_t& left) {
  std::vector<std::string> out;
  std::unordered_set<std::string_view> seen;
  for (auto one : words(relation.substr(0, 1 << 20))) {
    if (out.size() == std::min<std::size_t>(left, 10'000)) break;
    if (one.starts_with('!')) continue;
    one = one.substr(0, one.find_first_of("=<>~@"));
    if (!one.empty() && seen.insert(one).second) out.emplace_back(one);
  }
  left -= out.size();
  return out;
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

void add_digest(Package& package, std::string_view text) {
  const std::string_view name = text.starts_with("Q1")   ? "sha1"
                                : text.starts_with("Q2") ? "sha256"
                                                         : "";
  if (name.empty()) return;
  std::string bytes;
  std::uint32_t bits = 0, held = 0;
  for (const char c : trim_end(text.substr(2), '=')) {
    const int digit = base64_digit(c);
    if (digit < 0) return;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if ((held += 6) >= 8) bytes += static_cast<char>(bits >> (held -= 8) & 0xff);
  }
  if (bytes.size() == (name == "sha1" ? 20U : 32U)) package.hashes.emplace_back(name, hex(bytes));
}

class Database {
 public:
  Database(Sink& sink, std::size_t size) : sink_(sink), path_bytes_left_(5 * size + 4096) {
    start();
  }

  void line(std::string_view text, std::uint64_t offset) {
    if (text.empty()) return flush();
    if (text.size() < 2 || text[1] != ':') {
      if (!fault_) fault_ = Error{Fault::corrupt, "a line that is no field", {}, offset};
      return;
    }
    field(text[0], text.substr(2));
  }
  void flush() {
    if (!any_) return;
    if (++packages_ <= max_packages) {
      if (!package_.name.empty() && !package_.version.empty()) {
        owned_.name = package_.name;
        sink_.package(std::move(package_), "apk database");
        if (!owned_.paths.empty()) sink_.owns(std::move(owned_));
      } else if (!fault_) {
        fault_ = Error{Fault::corrupt, "a package without a name or version", {}, {}};
      }
    } else if (!fault_) {
      fault_ = Error{Fault::too_large, "more packages than we read", {}, {}};
    }
    start();
  }
  Result<> outcome(std::string_view content) {
    if (!fault_ && !content.empty() && !content.ends_with('\n')) {
      fault_ = Error{Fault::corrupt, "ends in the middle of a line", {}, content.size()};
    }
    if (fault_) return std::unexpected(*fault_);
    return {};
  }

 private:
  void start() {
    package_ = {};
    owned_ = {};
    package_.type = owned_.type = PackageType::apk;
    folder_ = {};
    any_ = false;
  }
  void field(char key, std::string_view value) {
    any_ = true;
    switch (key) {
      case 'P':
        package_.name = value;
        break;
      case 'V':
        package_.version = value;
        break;
      case 'A':
        package_.arch = value;
        break;
      case 'o':
        package_.source_name = value;
        break;
      case 'm':
        package_.supplier = value;
        break;
      case 'U':
        package_.homepage = value;
        break;
      case 'T':
        package_.description = value;
        break;
      case 'D':
        package_.depends = names(value, names_left_);
        break;
      case 'p':
        package_.provides = names(value, names_left_);
        break;
      case 'C':
        package_.hashes.clear();
        add_digest(package_, value);
        break;
      case 'L':
        package_.licence = spdx_expression(value);
        if (package_.licence != value) package_.licence_text = value;
        break;
      case 'F':
        folder_ = value;
        break;
      case 'R':
        file(value);
        break;
      default:
        break;
    }
  }
  // One long folder name serves any number of short files, so the paths together have a bound (real
  // ones take half of the database's size).
  void file(std::string_view name) {
    const std::size_t cost = folder_.size() + name.size() + sizeof(std::string);
    if (name.empty() || cost > path_bytes_left_) {
      if (!fault_)
        fault_ = Error{Fault::too_large, "paths that no database of this size holds", {}, {}};
      return;
    }
    path_bytes_left_ -= cost;
    std::string path(folder_);
    if (!path.empty()) path += '/';
    owned_.paths.push_back(path += name);
  }

  Sink& sink_;
  Package package_;
  Ownership owned_;
  std::string_view folder_;
  std::optional<Error> fault_;
  std::size_t packages_ = 0, names_left_ = max_names;
  std::size_t path_bytes_left_;
  bool any_ = false;
};

Result<> read(const FileView& file, Sink& sink) {
  Database database(sink, file.content.size());
  each_line(file.content, [&](std::string_view line) {
    database.line(line, static_cast<std::uint64_t>(line.data() - file.content.data()));
  });
  database.flush();
  return database.outcome(file.content);
}

}  // namespace

extern const Reader apk_reader;
const Reader apk_reader = {"apk", 2, globs, {}, 32 << 20, read};

}  // namespace boltseal
