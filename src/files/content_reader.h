// Hears a layer go by and takes down all of every file: what a content seal is made of. Content is
// hashed as it streams, none of it is kept.
#pragma once
#include <optional>
#include <string>

#include "codec/tar.h"
#include "crypto/digest.h"
#include "inventory/content_manifest.h"
#include "layers/content_list.h"

namespace boltseal {

class ContentReader : public TarVisitor {
 public:
  Result<bool> entry(const TarEntry& entry) override;
  Result<bool> content(std::string_view chunk) override;
  Result<> end() override;
  LayerContent take();

 private:
  Result<bool> record(const TarEntry& entry);
  void unknown(std::string_view path, Error error);

  ContentList list_;
  std::vector<Unknown> unknowns_;
  std::string storage_;
  ContentEntry at_hand_;
  std::optional<Hasher> hasher_;
};

}  // namespace boltseal
