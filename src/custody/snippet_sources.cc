#include "custody/snippet_sources.h"

#include <fcntl.h>

#include <optional>

#include "base/fd.h"
#include "layers/directory_walk.h"

namespace boltseal {

Result<FileTexts> read_texts_of_folder(const std::string& path, const WantedPath& wanted) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return std::unexpected(errno_error("cannot open the folder", path));
  TextReader reader(wanted);
  std::optional<Error> failed;
  TRY_DO(walk_directory(fd.get(), {.visitor = reader,
                                   .left_out = [](std::string_view p) { return p == ".git"; },
                                   .unreadable =
                                       [&](std::string_view p, Error error) {
                                         if (!failed && wanted(p)) failed = std::move(error);
                                       },
                                   .progress = {}}));
  if (failed) return std::unexpected(*failed);
  FileTexts out;
  TRY_DO(lay_over(out, reader.take()));
  return out;
}

}  // namespace boltseal
