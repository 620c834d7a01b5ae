// Hears a layer go by and takes down all of every file: what a content seal is made of. Content is
// hashed as it streams, none of it is kept.
#pragma once
#include <optional>
#include <string>

#include "codec/tar.h"
#include "crypto/digest.h"
#include "files/reading_limits.h"
#include "inventory/content_manifest.h"
#include "layers/content_list.h"

namespace boltseal {

class ContentReader : public TarVisitor {
 public:
  // `limits` are shared by all layers of an image.
  explicit ContentReader(ReadingLimits& limits) : limits_(limits) {}
  Result<bool> entry(const TarEntry& entry) override;
  Result<bool> content(std::string_view chunk) override;
  Result<> end() override;
  LayerContent take();

 private:
  Result<bool> record(const TarEntry& entry);
  void unknown(std::string_view path, Error error);

  ReadingLimits& limits_;
  ContentList list_;
  std::uint64_t names_counted_ = 0;  // bytes of list_ that limits_ knows of
  std::vector<Unknown> unknowns_;
  std::string storage_;
  ContentEntry at_hand_;
  std::optional<Hasher> hasher_;
};

}  // namespace boltseal
