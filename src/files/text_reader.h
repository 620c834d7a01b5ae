// Hears a layer or a folder go by and keeps the whole of the files that have one of some names.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/tar.h"
#include "inventory/wire.h"

namespace boltseal {

using FileTexts = std::map<std::string, std::string>;  // path → content

struct LayerTexts {
  std::vector<std::pair<std::string, std::string>> files;  // path, content; sorted by path
  std::vector<std::string> gone;  // paths, or "folder/", that hide what layers below have there
};
template <class A>
void wire(A& a, LayerTexts& v) {
  wire_all(a, v.files, v.gone);
}

using WantedPath = std::function<bool(std::string_view path)>;

// In place of a file over 8 MiB. No source has it as its text.
constexpr std::string_view left_out_text{"\0over 8 MiB", 11};

// Regular files that are wanted; of those over 8 MiB left_out_text is kept, all together over 512
// MiB are too_large.
class TextReader : public TarVisitor {
 public:
  explicit TextReader(WantedPath wanted) : wanted_(std::move(wanted)) {}
  Result<bool> entry(const TarEntry& entry) override;
  Result<bool> content(std::string_view chunk) override;
  Result<> end() override { return {}; }
  LayerTexts take();

 private:
  WantedPath wanted_;
  FileTexts texts_;
  std::vector<std::string> gone_;
  std::string* current_ = nullptr;
  std::uint64_t total_ = 0;
};

// What is left of `below` under a layer, and what that brings. too_large over 512 MiB in all.
Result<> lay_over(FileTexts& below, LayerTexts&& layer);

}  // namespace boltseal
