// Where the files of a channel or a log are: a folder, a web server's, or the tags of an OCI
// repository. Names are relative paths that the program makes.
//
// In an OCI repository each file is an artifact with one layer, under the tag that is the file's
// name without ".json": `timestamp`, `3.targets`. A name that is no tag goes by its SHA-256.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "seal/tuf_client.h"

namespace boltseal {

constexpr std::string_view file_artifact_type = "application/vnd.boltseal.file.v1";

struct StoreOptions;  // seal/artifact_store.h

class FileStore {
 public:
  virtual ~FileStore() = default;
  // not_found where there is none; too_large over `cap`.
  virtual Result<std::string> get(const std::string& name, std::uint64_t cap) = 0;
  virtual Result<> put(const std::string& name, std::string_view bytes) = 0;
  virtual Result<> remove(const std::string& name) = 0;
};

// "oci:DIR" and "oci://HOST/REPOSITORY" for OCI, https:// (to read), else a folder. `create`: a
// folder or layout that is not there is made. A folder or layout is locked for other writers as
// long as the store lives when `write`.
Result<std::unique_ptr<FileStore>> open_file_store(const std::string& place, bool write,
                                                   bool create, const StoreOptions& options);

// For a TufClient; the store must outlive it.
TufFetch fetch_from(FileStore& store);

}  // namespace boltseal
