// A folder for the tests of this library that is gone with its object, and the small OCI layouts
// that they build in it.
#pragma once
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "crypto/digest.h"

namespace boltseal {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "boltseal-test-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  std::string path(std::string_view name = {}) const {
    return name.empty() ? root_ : root_ + "/" + std::string(name);
  }
  void write(std::string_view name, std::string_view bytes) const {
    const std::filesystem::path file = path(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes;
  }
  // Under blobs/; gives the digest.
  std::string blob(std::string_view bytes) const {
    const std::string digest = sha256_digest(bytes);
    write("blobs/sha256/" + digest.substr(7), bytes);
    return digest;
  }

 private:
  std::string root_;
};

// {"mediaType": …, "digest": …, "size": …, extra}
inline std::string descriptor(std::string_view type, const std::string& digest, std::size_t size,
                              const std::string& extra = {}) {
  return R"({"mediaType": "application/vnd.oci.image.)" + std::string(type) + R"(", "digest": ")" +
         digest + R"(", "size": )" + std::to_string(size) + (extra.empty() ? "" : ", " + extra) +
         "}";
}

struct TestImage {
  std::string digest, body;  // of the manifest
};

// An image whose one layer holds `layer` as its bytes.
inline TestImage add_image(const TemporaryFolder& folder, const std::string& layer,
                           const std::string& architecture = "amd64") {
  const std::string config = R"({"os": "linux", "architecture": ")" + architecture +
                             R"(", "rootfs": {"type": "layers", "diff_ids": [")" +
                             sha256_digest(layer) + R"("]}})";
  const std::string body = R"({"schemaVersion": 2, "config": )" +
                           descriptor("config.v1+json", folder.blob(config), config.size()) +
                           R"(, "layers": [)" +
                           descriptor("layer.v1.tar", folder.blob(layer), layer.size()) + "]}";
  return {folder.blob(body), body};
}

inline void write_index(const TemporaryFolder& folder, const std::string& entries) {
  folder.write("oci-layout", R"({"imageLayoutVersion": "1.0.0"})");
  folder.write("index.json", R"({"schemaVersion": 2, "manifests": [)" + entries + "]}");
}

}  // namespace boltseal
