// The licences of a Debian package: usr/share/doc/PACKAGE/copyright, machine-readable (DEP-5,
// https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/) or prose.
// licence_of_copyright_file reads both. The folder is named after the binary package without its
// architecture. Where it is a link to another package's folder, the tree knows, not this file. A
// file that names no licence gives nothing: prose is no fault.
#include "files/reader.h"
#include "licences/licences.h"

namespace boltseal {
namespace {

constexpr std::string_view globs[] = {"usr/share/doc/*/copyright"};

Result<> read(const FileView& file, Sink& sink) {
  auto folder = file.path.substr(0, file.path.rfind('/'));
  folder.remove_prefix(folder.rfind('/') + 1);
  auto licence = licence_of_copyright_file(file.content);
  if (!licence.empty()) sink.licence({PackageType::deb, std::string(folder), std::move(licence)});
  return {};
}

}  // namespace

extern const Reader deb_copyright_reader;
const Reader deb_copyright_reader = {"deb-copyright", 2, globs, {}, 4 << 20, read};

}  // namespace boltseal
