#include "source/spool.h"

#include <cstdlib>

#include "base/log.h"

namespace boltseal {

Result<Spool> make_spool(const std::string& folder) {
  if (!folder.empty()) {
    auto file = unnamed_file(folder);
    if (file) return Spool{*std::move(file), folder};
    log_debug("no room for an archive: " + file.error().message());
  }
  const char* temporary = std::getenv("TMPDIR");
  const std::string other = temporary == nullptr || *temporary == '\0' ? "/tmp" : temporary;
  auto file = unnamed_file(other);
  if (file) return Spool{*std::move(file), other};
  return fail(file.error().fault,
              file.error().what + "; name a folder to write to in TMPDIR or with --cache-dir",
              file.error().where);
}

}  // namespace boltseal
