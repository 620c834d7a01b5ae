#include "source/source.h"

#include <sys/stat.h>

#include "base/text.h"
#include "source/archive.h"
#include "source/blob_store.h"
#include "source/openers.h"
#include "source/reference.h"
#include "source/sbom.h"

namespace boltseal {
namespace {

// A directory is a root file system that somebody already unpacked: it has no layers and no config.
Result<Opened> open_directory(const Reference& reference) {
  struct stat info{};
  if (::stat(reference.location.c_str(), &info) != 0) {
    return std::unexpected(errno_error("cannot open the directory", reference.location));
  }
  if (!S_ISDIR(info.st_mode)) return fail(Fault::not_found, "not a directory", reference.location);
  OpenedDirectory out;
  out.info.reference = reference.text;
  out.info.kind = "directory";
  const auto path = trim_end(reference.location, '/');
  out.path = path.empty() ? "/" : std::string(path);
  return out;
}

Result<Opened> open_sbom(const Reference& reference) {
  TRY(const std::string bytes, read_file(reference.location, max_sbom_bytes));
  const auto slash = reference.location.rfind('/');
  TRY(Inventory inventory, read_sbom(bytes, reference.text, reference.location.substr(slash + 1)));
  return OpenedSbom{std::move(inventory)};
}

Result<Opened> open_by_kind(Reference& reference, const SourceOptions& options) {
  switch (reference.kind) {
    case Reference::Kind::registry:
      return open_registry(reference, options);
    case Reference::Kind::daemon:
      return open_daemon(reference.scheme, reference.location, options);
    case Reference::Kind::containerd:
      return open_containerd(reference.location, options);
    case Reference::Kind::directory:
      return open_directory(reference);
    case Reference::Kind::sbom:
      return open_sbom(reference);
    case Reference::Kind::oci_layout: {
      TRY(auto store, folder_store(reference.location));
      return open_oci_layout(std::move(store), reference.name, reference.text, options);
    }
    case Reference::Kind::archive:
      break;
  }
  TRY(Fd file, open_read(reference.location));
  return open_archive(std::move(file), reference.scheme, reference.name, reference.text, options);
}

}  // namespace

Result<Opened> open_source(const std::string& text, const SourceOptions& options,
                           std::string* guess) {
  TRY(Reference reference, parse_reference(text));
  auto opened = open_by_kind(reference, options);
  if (guess != nullptr)
    *guess = reference.guessed && !reference.scheme.empty() ? reference.canonical() : std::string();
  if (guess != nullptr && reference.guessed && reference.kind == Reference::Kind::registry)
    *guess = reference.canonical();
  return opened;
}

}  // namespace boltseal
