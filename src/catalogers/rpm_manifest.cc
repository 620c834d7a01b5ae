// The list of packages in images without an rpm database: distroless Azure Linux and CBL-Mariner
// write var/lib/rpmmanifest/container-manifest-2, one line per package, fields by tabs, as
//   rpm -qa --qf
//   "%{NAME}\t%{VERSION}-%{RELEASE}\t%{INSTALLTIME}\t%{BUILDTIME}\t%{VENDOR}\t(none)\t%{SIZE}\t%{ARCH}\t
//                 %{EPOCHNUM}\t%{SOURCERPM}\n"
// (their tooling's source is the only description). container-manifest-1 beside it holds file names
// alone and is not read.
#include "base/text.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::string_view globs[] = {"var/lib/rpmmanifest/container-manifest-2"};
constexpr std::size_t max_packages = 50'000;

std::string field(std::string_view text) {
  return text == "(none)" ? std::string() : std::string(text);
}

Result<> read(const FileView& file, Sink& sink) {
  std::optional<Error> fault;
  std::size_t packages = 0;
  each_line(file.content, [&](std::string_view line) {
    if (trim(line).empty()) return;
    const auto at = static_cast<std::uint64_t>(line.data() - file.content.data());
    const auto fields = split(line, '\t');
    if (fields.size() < 10 || fields[0].empty()) {
      if (!fault)
        fault = Error{Fault::corrupt, "a line without the ten fields of a package", {}, at};
      return;
    }
    if (fields[0] == "gpg-pubkey") return;
    if (++packages > max_packages) {
      fault = Error{Fault::too_large, "more packages than we read", {}, at};
      return;
    }
    Package package;
    package.type = PackageType::rpm;
    package.name = fields[0];
    const auto epoch = parse_u64(fields[8]);
    if (epoch && *epoch > 0) package.version = std::to_string(*epoch) + ":";
    package.version += fields[1];
    package.supplier = field(fields[4]);
    package.arch = field(fields[7]);
    auto source = fields[9];
    if (source.ends_with(".src.rpm")) source.remove_suffix(8);
    const auto release = source.rfind('-');
    const auto version =
        release == source.npos || release == 0 ? source.npos : source.rfind('-', release - 1);
    if (version != source.npos && version > 0) {
      package.source_name = source.substr(0, version);
      package.source_version = source.substr(version + 1);
    }
    sink.package(std::move(package), "rpm container manifest");
  });
  if (fault) return std::unexpected(*fault);
  return {};
}

}  // namespace

extern const Reader rpm_manifest_reader;
const Reader rpm_manifest_reader = {"rpm-manifest", 1, globs, {}, 8 << 20, read};

}  // namespace boltseal
