#include "custody/phase_artifacts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "base/fd.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "files/glob.h"
#include "layers/directory_walk.h"

namespace boltseal {
namespace {

class Collector final : public TarVisitor {
 public:
  Collector(int root, const std::vector<std::string>& globs) : root_(root), globs_(globs) {}

  Result<bool> entry(const TarEntry& entry) override {
    const bool link = entry.kind == TarEntry::Kind::symlink;
    if ((!link && entry.kind != TarEntry::Kind::file) || !artifact_matches(globs_, entry.path))
      return false;
    if (!valid_utf8(entry.path))
      return fail(Fault::unsupported, "a file name that is not UTF-8 cannot be recorded",
                  printable(entry.path));
    if (found.size() == max_artifacts)
      return fail(Fault::too_large, "more than 100,000 files; narrow the globs of this phase");
    PhaseArtifact& artifact = found.emplace_back();
    artifact.path = entry.path;
    if (link) {
      TRY(const auto target, target_of(artifact.path));
      artifact.mode = "120000";
      artifact.sha256 = sha256_hex(target);
      return false;
    }
    artifact.mode = (entry.mode & 0100) != 0 ? "100755" : "100644";
    hasher_.emplace();
    if (entry.size == 0) artifact.sha256 = hex(hasher_->finish());
    return entry.size != 0;
  }
  Result<bool> content(std::string_view chunk) override {
    hasher_->update(chunk);
    return true;
  }
  Result<> end() override {
    found.back().sha256 = hex(hasher_->finish());
    return {};
  }

  std::vector<PhaseArtifact> found;

 private:
  Result<std::string> target_of(const std::string& path) const {
    std::array<char, 4097> buffer{};
    const auto size = ::readlinkat(root_, path.c_str(), buffer.data(), buffer.size());
    if (size < 0) return std::unexpected(errno_error("cannot read the link", path));
    return std::string(buffer.data(), static_cast<std::size_t>(size));
  }

  int root_;
  const std::vector<std::string>& globs_;
  std::optional<Hasher> hasher_;
};

}  // namespace

bool artifact_matches(const std::vector<std::string>& globs, std::string_view path) {
  return std::ranges::any_of(globs, [&](std::string_view glob) {
    while (glob.starts_with("./")) glob.remove_prefix(2);
    glob = trim_end(glob, '/');
    if (glob.empty() || glob == ".") glob = "**";
    return glob_matches(glob, path) || glob_matches(std::string(glob) + "/**", path);
  });
}

Result<std::vector<PhaseArtifact>> collect_artifacts(const std::string& root,
                                                     const std::vector<std::string>& globs,
                                                     const std::vector<std::string>& left_out) {
  if (globs.empty()) return std::vector<PhaseArtifact>{};
  const Fd fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return std::unexpected(errno_error("cannot open the folder", root));
  Collector collector(fd.get(), globs);
  std::optional<Error> failed;
  const DirectoryWalk walk{.visitor = collector,
                           .left_out =
                               [&](std::string_view path) {
                                 return path == ".git" ||
                                        std::ranges::find(left_out, path) != left_out.end();
                               },
                           .unreadable =
                               [&](std::string_view path, Error error) {
                                 if (failed || !artifact_matches(globs, path)) return;
                                 failed = std::move(error);
                                 failed->where = path;
                               },
                           .progress = {}};
  TRY_DO(walk_directory(fd.get(), walk));
  if (failed) return std::unexpected(*failed);
  std::ranges::sort(collector.found, {}, &PhaseArtifact::path);
  return std::move(collector.found);
}

Result<std::string> sha256_of_file(const std::string& path) {
  TRY(const auto fd, open_read(path));
  Hasher hasher;
  std::string buffer(1 << 20, '\0');
  for (;;) {
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno_error("cannot read", path));
    if (got == 0) return hex(hasher.finish());
    hasher.update(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
  }
}

}  // namespace boltseal
