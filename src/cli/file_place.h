// Where a channel or a log is, as its commands take it, and how they say no.
#pragma once
#include <memory>
#include <string>

#include "cli/command_line.h"
#include "seal/file_store.h"
#include "seal/refusal.h"

namespace boltseal {

struct FilePlace {
  std::string name;  // folder, oci:DIR, oci://HOST/REPOSITORY, https://…
  bool insecure_http = false, offline = false;
};
// The place as the positional `what`, and --insecure-http and --offline.
void add_file_place(Command& command, FilePlace& place, const std::string& what);
// Applies --offline too. See open_file_store of `write` and `create`.
Result<std::unique_ptr<FileStore>> open_place(const FilePlace& place, bool write,
                                              bool create = false);

// Prints a refusal for a person; Exit::could_not for what cannot be reached, else Exit::findings.
int say_no(const Refusal& refusal);

}  // namespace boltseal
