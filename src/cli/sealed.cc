#include "cli/sealed.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "cli/progress.h"
#include "cli/signing.h"
#include "crypto/digest.h"
#include "custody/attested.h"
#include "custody/root_walk.h"
#include "custody/targets.h"
#include "files/glob.h"
#include "layers/cache.h"
#include "source/reference.h"

namespace boltseal {
namespace {

// A folder has no layers: its files are walked where they lie.
Result<ContentManifest> folder_content(const std::string& path, const CommonOptions& common) {
  const Fd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return std::unexpected(errno_error("cannot open the folder", path));
  RootWalk walk;
  walk.threads = common.threads;
  walk.hidden_xattr = is_runtime_xattr;
  TRY(auto found, walk_root(root.get(), walk));
  ContentManifest manifest;
  manifest.image.kind = "directory";
  for (FoundFile& file : found.files) {
    if (file.unstable) continue;  // told of as raced
    manifest.records.push_back(std::move(file.record));
  }
  for (FoundMount& mount : found.mounts)
    manifest.unknowns.push_back({std::move(mount.path),
                                 0,
                                 "seal",
                                 Fault::unsupported,
                                 "another file system is mounted here",
                                 {}});
  std::ranges::move(found.unreadable, std::back_inserter(manifest.unknowns));
  std::ranges::move(found.raced, std::back_inserter(manifest.unknowns));
  return manifest;
}

bool is_manifest_file(const std::string& source) {
  struct stat info{};
  if (source.find(':') != std::string::npos || ::stat(source.c_str(), &info) != 0 ||
      !S_ISREG(info.st_mode))
    return false;
  const Fd fd(::open(source.c_str(), O_RDONLY | O_CLOEXEC));
  char first = 0;
  return fd && ::read(fd.get(), &first, 1) == 1 && first == '{';
}

Cache cache_of(const CommonOptions& common) {
  const ScanOptions options = scan_options({}, common);
  return {options.cache_directory, options.cache_limit};
}

std::string manifest_key(std::string_view digest) { return fmt::format("manifest {}", digest); }

// The records of a signed seal: where the user says, else kept by an earlier `seal`, else in the
// file of the same name that ends in .json. All of them are checked against the signed root.
Result<ReadManifest> records_of(const SealSource& source, const SignedSeal& seal,
                                const CommonOptions& common) {
  if (!source.manifest.empty()) return sealed_content(source.manifest, common);
  if (const auto kept = cache_of(common).get(manifest_key(seal.manifest_digest)))
    return read_manifest(*kept);
  const auto dot = source.seal.rfind('.');
  const std::string beside = source.seal.substr(0, dot) + ".json";
  if (beside != source.seal && is_manifest_file(beside)) return sealed_content(beside, common);
  return fail(
      Fault::not_found,
      fmt::format("the files of this seal ({}) are not known here: name the manifest or the "
                  "image with --manifest",
                  seal.manifest_digest),
      source.seal);
}

}  // namespace

void keep_manifest(std::string_view bytes, const CommonOptions& common) {
  cache_of(common).put(manifest_key(sha256_digest(bytes)), bytes);
}

void add_seal_source(Command& command, SealSource& source) {
  command
      .add_option(
          "--seal", source.seal,
          "Manifest that `seal` wrote, signed seal (then --key counts), or image to seal now")
      ->required()
      ->type_name("MANIFEST|DSSE|REF");
  command
      .add_option("--manifest", source.manifest,
                  "Manifest or image of a signed seal, where it does not lie beside it")
      ->type_name("MANIFEST|REF");
  command
      .add_option("--key", source.keys,
                  "Public key that must have signed the seal; may be given more than once")
      ->type_name("KEY")
      ->allow_extra_args(false);
  command.add_option("--require", source.require, "How many of the keys must have signed the seal")
      ->type_name("N")
      ->check(between(1, 64))
      ->capture_default_str();
}

Result<ReadManifest> trusted_content(const SealSource& source, const CommonOptions& common) {
  const Error unsigned_seal{
      Fault::unsupported, "--key wants a signed seal, and this is none", source.seal, {}};
  if (!is_manifest_file(source.seal)) {
    if (!source.keys.empty()) return std::unexpected(unsigned_seal);
    return sealed_content(source.seal, common);
  }
  (void)scan_options(source.seal, common);
  TRY(const auto text, read_file(source.seal, max_manifest_file));
  {
    // Parsed once, because it may be large, and gone before the files are looked at.
    auto document = parse_json(text);
    if (!document) return document.error().where = source.seal, std::unexpected(document.error());
    if (is_content_manifest(document->root()) || !read_dsse(document->root())) {
      if (!source.keys.empty()) return std::unexpected(unsigned_seal);
      auto read = read_manifest(document->root());
      if (!read) read.error().where = source.seal;
      return read;
    }
  }
  if (source.keys.empty())
    return fail(Fault::unsupported, "a signed seal wants --key: who must have signed it?",
                source.seal);
  TRY(const auto keys, open_public_keys(source.keys));
  const auto seal = verify_seal(text, keys, source.require);
  if (!seal) return std::unexpected(refused(seal.error(), source.seal));
  TRY(auto records, records_of(source, *seal, common));
  if (const auto same = check_against(*seal, records); !same)
    return std::unexpected(refused(same.error(), source.seal));
  return records;
}

Result<ReadManifest> seal_of(const std::string& reference, const CommonOptions& common) {
  ScanOptions options = scan_options(reference, common);
  TRY(const auto parsed, parse_reference(reference));
  ContentManifest manifest;
  if (parsed.kind == Reference::Kind::directory) {
    TRY(manifest, folder_content(parsed.location, common));
  } else {
    ProgressView view(common.quiet);
    options.opened = [&](const ImageInfo& image) { view.begin(image); };
    options.progress = [&](std::size_t layer, std::uint64_t bytes) { view.update(layer, bytes); };
    TRY(manifest, read_content(options));
  }
  const PathFilter left_out(common.exclude);
  std::erase_if(manifest.records,
                [&](const ContentRecord& record) { return left_out.covers(record.path); });
  for (const Unknown& unknown : manifest.unknowns)
    log_warning(fmt::format("{}: {}", printable(unknown.path), printable(unknown.what)));
  ContentTree tree(manifest);
  return ReadManifest{std::move(manifest), std::move(tree)};
}

Result<ReadManifest> sealed_content(const std::string& source, const CommonOptions& common) {
  if (!is_manifest_file(source)) return seal_of(source, common);
  (void)scan_options(source, common);
  TRY(const auto text, read_file(source, max_manifest_file));
  auto read = read_manifest(text);
  if (!read) read.error().where = source;
  return read;
}

std::string image_path(std::string_view path) {
  std::vector<std::string> parts;
  for (const auto part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else {
      parts.emplace_back(part);
    }
  }
  return join(parts, "/");
}

Result<std::string> hash_of_file(const std::string& path) {
  TRY(const auto fd, open_read(path));
  Hasher hasher;
  std::vector<char> buffer(1 << 20);
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno_error("cannot read the file", path));
    if (got == 0) return hasher.finish();
    hasher.update({buffer.data(), static_cast<std::size_t>(got)});
  }
}

}  // namespace boltseal
