// Archives of images, as their openers see them: a file of which nothing is known.
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "source/openers.h"
#include "targets.h"

namespace boltseal {
namespace {

constexpr std::size_t piece_limit = 1 << 20;

// Opens the archive and looks at where each layer lies; what the layers hold is the target "layer".
template <auto Open>
void open_archive_of(std::string_view bytes) {
  if (bytes.size() > piece_limit) return;
  Fd file(::memfd_create("archive", MFD_CLOEXEC));
  if (!file || !write_all(file.get(), bytes, "archive")) return;
  SourceOptions options;
  options.platform = "linux/amd64";
  const auto opened = Open(std::move(file), "", "r", options);
  if (!opened) return;
  const auto* image = std::get_if<OpenedImage>(&*opened);
  if (!image) return;
  for (std::size_t i = 0; i < image->info.layers.size(); ++i) {
    const auto layer = image->open_layer(i);
    if (!layer) continue;
    // Nobody is sent behind the end of the file (which may be one that was inflated).
    struct stat info{};
    if (::fstat(layer->fd.get(), &info) != 0 ||
        layer->offset + layer->length.value_or(0) > static_cast<std::uint64_t>(info.st_size))
      __builtin_trap();
  }
}

}  // namespace

std::map<std::string, FuzzTarget> source_targets() {
  return {{"docker-archive", open_archive_of<open_docker_archive>},
          {"oci-archive", open_archive_of<open_oci_archive>}};
}

}  // namespace boltseal
