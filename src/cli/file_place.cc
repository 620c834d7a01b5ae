#include "cli/file_place.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.h"
#include "net/http.h"
#include "seal/artifact_store.h"

namespace boltseal {

void add_file_place(Command& command, FilePlace& place, const std::string& what) {
  command.add_option(what, place.name, "Folder, oci:DIR, oci://HOST/REPOSITORY or https://…")
      ->required();
  command.add_flag("--insecure-http", place.insecure_http, "Allow plain HTTP");
  command.add_flag("--offline", place.offline, "Send not one packet");
}

Result<std::unique_ptr<FileStore>> open_place(const FilePlace& place, bool write, bool create) {
  if (place.offline) forbid_network();
  StoreOptions options;
  options.insecure_http = place.insecure_http;
  if (write) options.actions = "pull,push";
  return open_file_store(place.name, write, create, options);
}

int say_no(const Refusal& refusal) {
  std::fputs(fmt::format("boltseal: {}\n", refusal.message()).c_str(), stderr);
  return refusal.code == "unreachable" ? Exit::could_not : Exit::findings;
}

}  // namespace boltseal
