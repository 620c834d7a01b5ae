// rpm's database of installed packages: Fedora, RHEL, UBI, CentOS, Alma, Rocky, Oracle, Amazon,
// SUSE, Photon, Azure Linux, … One header per package (codec/rpm_header.h) in one of three
// containers, told apart by their first bytes:
//   rpmdb.sqlite  SQLite, table Packages(hnum, blob)     since RHEL 9, Fedora 33
//   Packages.db   NDB                                    SUSE
//   Packages      Berkeley DB hash; key 0 is a counter   everything older
// They lie in var/lib/rpm, usr/lib/sysimage/rpm (Fedora 36 and later, SUSE) or usr/share/rpm
// (ostree). What is committed in a write-ahead log beside the first (rpm_wal.cc) counts.
//
// The version is "epoch:version-release" when the epoch is over 0. The source package stands in
// SOURCERPM as a file name; its epoch is not recorded anywhere, so source_version has none and must
// not be compared as if it were 0. A MODULARITYLABEL "nodejs:16:8040020:522a0ee4" gives the module
// "nodejs:16". Keys that were imported for checking signatures ("gpg-pubkey") are stored as
// packages; they are none. Requirements on rpm itself ("rpmlib(…)") and rich ones ("(a if b)") are
// left out of `depends`; a path there ("/bin/sh") stays one.
#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "base/text.h"
#include "codec/bdb_hash.h"
#include "codec/ndb.h"
#include "codec/rpm_header.h"
#include "codec/sqlite_page.h"
#include "codec/sqlite_wal.h"
#include "files/reader.h"
#include "inventory/rpm_module.h"
#include "licences/licences.h"

namespace boltseal {
namespace {

constexpr std::string_view globs[] = {
    "var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite", "usr/share/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages.db",  "usr/lib/sysimage/rpm/Packages.db",  "usr/share/rpm/Packages.db",
    "var/lib/rpm/Packages",     "usr/lib/sysimage/rpm/Packages",     "usr/share/rpm/Packages",
};

// What one database may hold: a header of 60 bytes becomes a Package of some hundred.
constexpr std::size_t max_packages = 200'000, max_names = 2'000'000;

std::pair<std::string, std::string> source_of(std::string_view file) {
  for (const std::string_view end : {".src.rpm", ".nosrc.rpm"}) {
    if (file.ends_with(end)) file.remove_suffix(end.size());
  }
  const auto release = file.rfind('-');
  const auto version =
      release == file.npos || release == 0 ? file.npos : file.rfind('-', release - 1);
  if (version == file.npos || version == 0) return {};
  return {std::string(file.substr(0, version)), std::string(file.substr(version + 1))};
}

// "(none)" is how rpm prints a tag that is not there, and some builders store that.
std::string_view real(std::string_view text) {
  return text == "(none)" ? std::string_view{} : text;
}

class Headers {
 public:
  explicit Headers(Sink& sink) : sink_(sink) {}

  void add(std::string_view blob, std::string_view what) {
    const auto header = RpmHeader::parse(blob);
    if (!header) return fault(header.error());
    if (header->text(RpmTag::name) == "gpg-pubkey") return;
    if (packages_ == max_packages)
      return fault({Fault::too_large, "more packages than we read", {}, {}});
    Package package = package_of(*header);
    if (package.name.empty()) return fault({Fault::corrupt, "rpm header without a name", {}, {}});
    ++packages_;
    auto [paths, all] = header->files();
    if (!all)
      fault({Fault::corrupt, "rpm header whose list of files is wrong: " + package.name, {}, {}});
    if (!paths.empty()) sink_.owns({PackageType::rpm, package.name, std::move(paths)});
    sink_.package(std::move(package), what);
  }
  // The first 100 faults; each costs the report a line.
  void fault(const Error& error) {
    if (++faults_ <= 100) sink_.unknown(error);
  }

 private:
  Package package_of(const RpmHeader& header) {
    Package package;
    package.type = PackageType::rpm;
    package.name = header.text(RpmTag::name);
    if (const auto epoch = header.numbers(RpmTag::epoch); !epoch.empty() && epoch[0] > 0) {
      package.version = std::to_string(epoch[0]) + ":";
    }
    package.version += header.text(RpmTag::version);
    if (const auto release = header.text(RpmTag::release); !release.empty())
      (package.version += '-') += release;
    package.arch = real(header.text(RpmTag::arch));
    std::tie(package.source_name, package.source_version) =
        source_of(real(header.text(RpmTag::source_rpm)));
    package.module = module_of_label(real(header.text(RpmTag::modularity_label)));
    const auto licence = real(header.text(RpmTag::license));
    package.licence = spdx_expression(licence);
    if (package.licence != licence) package.licence_text = licence;
    package.supplier = real(header.text(RpmTag::vendor));
    package.homepage = real(header.text(RpmTag::url));
    const auto summary = header.text(RpmTag::summary);
    package.description = trim(summary.substr(0, summary.find('\n')));
    package.depends = names(header.texts(RpmTag::require_name), {});
    package.provides = names(header.texts(RpmTag::provide_name), package.name);
    return package;
  }

  std::vector<std::string> names(const std::vector<std::string_view>& all, std::string_view own) {
    std::vector<std::string> out;
    std::unordered_set<std::string_view> seen;
    for (const auto name : all) {
      if (name.empty() || name == own || name.starts_with("rpmlib(") || name.starts_with('('))
        continue;
      if (names_left_ == 0 || !seen.insert(name).second) continue;
      --names_left_;
      out.emplace_back(name);
    }
    return out;
  }

  Sink& sink_;
  std::size_t packages_ = 0, names_left_ = max_names;
  int faults_ = 0;
};

Result<> read(const FileView& file, Sink& sink) {
  Headers headers(sink);
  const auto damage = [&](const Error& error) { headers.fault(error); };
  if (file.content.empty()) return {};  // `rpm --initdb` of an image that then installs nothing
  if (file.content.starts_with("SQLite format 3")) {
    TRY(const SqliteWal log, SqliteWal::read(file.beside));
    const std::string_view what =
        log.empty() ? "rpm database (SQLite)" : "rpm database (SQLite) with its write-ahead log";
    const auto row = [&](std::int64_t, std::span<const SqliteValue> values) {
      if (values.size() == 2)
        headers.add(values[1].bytes, what);
      else
        damage({Fault::corrupt, "rpm database with other columns than ours", {}, {}});
    };
    return scan_sqlite_table(file.content, "Packages", {row, damage}, log);
  }
  if (file.content.starts_with("RpmP")) {
    return scan_ndb(file.content, {[&](std::uint32_t, std::string_view blob) {
                                     headers.add(blob, "rpm database (NDB)");
                                   },
                                   damage});
  }
  const auto pair = [&](std::string_view key, std::string_view value) {
    if (key != std::string_view("\0\0\0\0", 4)) headers.add(value, "rpm database (Berkeley DB)");
  };
  return scan_bdb_hash(file.content, {pair, damage});
}

}  // namespace

extern const Reader rpm_reader;
const Reader rpm_reader = {"rpm", 2, globs, {}, 256 << 20, read};

}  // namespace boltseal
