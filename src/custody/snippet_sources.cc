#include "custody/snippet_sources.h"

#include <fcntl.h>

#include <optional>
#include <set>
#include <vector>

#include "layers/directory_walk.h"
#include "layers/entries.h"
#include "layers/layer_stream.h"

namespace boltseal {
namespace {

constexpr std::uint64_t file_limit = 8 << 20, total_limit = 512ULL << 20;

using Texts = std::map<std::string, std::string>;

// Takes what is wanted out of one layer, or a folder.
class TextVisitor final : public TarVisitor {
 public:
  explicit TextVisitor(const WantedPath& wanted) : wanted_(wanted) {}

  Result<bool> entry(const TarEntry& entry) override {
    std::string storage;
    const auto clean = clean_path(entry.path, storage);
    if (!clean) return false;  // such an entry is never followed
    const std::string path(*clean);
    const auto name = path.substr(path.rfind('/') + 1);
    const std::string folder = path.substr(0, path.size() - name.size());
    if (name == ".wh..wh..opq") {
      gone.push_back(folder);
    } else if (name.starts_with(".wh.")) {
      gone.push_back(folder + name.substr(4));
    } else if (entry.kind != TarEntry::Kind::directory) {
      gone.push_back(path);
      texts.erase(path);
    }
    if (entry.kind != TarEntry::Kind::file || entry.size > file_limit || !wanted_(path))
      return false;
    total_ += entry.size;
    if (total_ > total_limit) return fail(Fault::too_large, "more than 512 MiB of sources");
    current_ = &texts[path];
    return entry.size != 0;
  }
  Result<bool> content(std::string_view chunk) override {
    current_->append(chunk);
    return true;
  }
  Result<> end() override { return {}; }

  Texts texts;
  std::vector<std::string> gone;  // paths, or "folder/", that hide what lies below

 private:
  const WantedPath& wanted_;
  std::string* current_ = nullptr;
  std::uint64_t total_ = 0;
};

// Only what is wanted was kept, so that the layers below are small here.
void lay_over(Texts& below, TextVisitor&& layer) {
  const std::set<std::string> gone(layer.gone.begin(), layer.gone.end());
  std::erase_if(below, [&](const auto& file) {
    const std::string& path = file.first;
    if (gone.contains(path) || gone.contains("")) return true;
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
      if (gone.contains(path.substr(0, slash)) || gone.contains(path.substr(0, slash + 1)))
        return true;
    return false;
  });
  for (auto& [path, text] : layer.texts) below[path] = std::move(text);
}

}  // namespace

Result<Texts> read_texts_of_folder(const std::string& path, const WantedPath& wanted) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return std::unexpected(errno_error("cannot open the folder", path));
  TextVisitor visitor(wanted);
  std::optional<Error> failed;
  TRY_DO(walk_directory(fd.get(), {.visitor = visitor,
                                   .left_out = [](std::string_view p) { return p == ".git"; },
                                   .unreadable =
                                       [&](std::string_view p, Error error) {
                                         if (!failed && wanted(p)) failed = std::move(error);
                                       },
                                   .progress = {}}));
  if (failed) return std::unexpected(*failed);
  return std::move(visitor.texts);
}

Result<Texts> read_texts_of_image(const OpenedImage& image, const WantedPath& wanted) {
  Texts out;
  ImageLimits limits;
  for (std::size_t i = 0; i < image.info.layers.size(); ++i) {
    TRY(const auto bytes, image.open_layer(i));
    const LayerInfo& info = image.info.layers[i];
    TextVisitor visitor(wanted);
    const auto read = stream_layer({.fd = bytes.fd.get(),
                                    .offset = bytes.offset,
                                    .length = bytes.length,
                                    .digest = info.digest,
                                    .diff_id = info.diff_id},
                                   visitor, {.threads = false, .progress = {}, .limits = &limits});
    if (!read) return std::unexpected(read.error());
    if (bytes.finish) TRY_DO(bytes.finish());
    lay_over(out, std::move(visitor));
  }
  return out;
}

}  // namespace boltseal
