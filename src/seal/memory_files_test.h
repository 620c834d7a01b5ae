// A store of files in memory, which a test may do anything to.
#pragma once
#include <map>
#include <string>

#include "seal/file_store.h"

namespace boltseal {

class MemoryFiles final : public FileStore {
 public:
  std::map<std::string, std::string> files;

  Result<std::string> get(const std::string& name, std::uint64_t cap) override {
    const auto found = files.find(name);
    if (found == files.end()) return fail(Fault::not_found, "there is no such file", name);
    if (found->second.size() > cap) return fail(Fault::too_large, "too large", name);
    return found->second;
  }
  Result<> put(const std::string& name, std::string_view bytes) override {
    files[name] = bytes;
    return {};
  }
  Result<> remove(const std::string& name) override {
    files.erase(name);
    return {};
  }
};

}  // namespace boltseal
