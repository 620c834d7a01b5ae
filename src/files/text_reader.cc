#include "files/text_reader.h"

#include <set>

#include "layers/entries.h"

namespace boltseal {
namespace {

constexpr std::uint64_t file_limit = 8 << 20, total_limit = 512ULL << 20;

std::unexpected<Error> too_much() { return fail(Fault::too_large, "more than 512 MiB of sources"); }

}  // namespace

Result<bool> TextReader::entry(const TarEntry& entry) {
  std::string storage;
  const auto clean = clean_path(entry.path, storage);
  if (!clean) return false;  // such an entry is never followed
  const std::string path(*clean);
  const auto name = path.substr(path.rfind('/') + 1);
  const std::string folder = path.substr(0, path.size() - name.size());
  if (name == ".wh..wh..opq") {
    gone_.push_back(folder);
  } else if (name.starts_with(".wh.")) {
    gone_.push_back(folder + name.substr(4));
  } else if (entry.kind != TarEntry::Kind::directory) {
    gone_.push_back(path);
    texts_.erase(path);
  }
  if (entry.kind != TarEntry::Kind::file || !wanted_(path)) return false;
  if (entry.size > file_limit) return texts_[path] = left_out_text, false;
  total_ += entry.size;
  if (total_ > total_limit) return too_much();
  current_ = &texts_[path];
  return entry.size != 0;
}

Result<bool> TextReader::content(std::string_view chunk) {
  current_->append(chunk);
  return true;
}

LayerTexts TextReader::take() {
  LayerTexts out;
  for (auto& [path, text] : texts_) out.files.emplace_back(path, std::move(text));
  out.gone = std::move(gone_);
  return out;
}

// Only what is wanted was kept, so that the layers below are small here.
Result<> lay_over(FileTexts& below, LayerTexts&& layer) {
  const std::set<std::string> gone(layer.gone.begin(), layer.gone.end());
  std::erase_if(below, [&](const auto& file) {
    const std::string& path = file.first;
    if (gone.contains(path) || gone.contains("")) return true;
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
      if (gone.contains(path.substr(0, slash)) || gone.contains(path.substr(0, slash + 1)))
        return true;
    return false;
  });
  for (auto& [path, text] : layer.files) below[path] = std::move(text);
  std::uint64_t total = 0;
  for (const auto& [path, text] : below) total += text.size();
  if (total > total_limit) return too_much();
  return {};
}

}  // namespace boltseal
