#include "cli/log_options.h"

#include "seal/key_reference.h"

namespace boltseal {

void add_required_log_options(Command& command, RequiredLogFlags& flags) {
  auto* place = command.add_option("--log", flags.place,
                                   "A log of your own that must have recorded the signature: a "
                                   "folder, oci:DIR, oci://HOST/REPOSITORY or https://…");
  place->type_name("LOG");
  auto* key = command.add_option("--log-key", flags.key, "With --log: the log's public key");
  key->type_name("KEY");
  place->needs(key);
  key->needs(place);
}

Checked<void> require_log(const RequiredLogFlags& flags, const StoreOptions& options,
                          std::optional<RequiredLog>& opened, BundlePolicy& policy,
                          TrustedRoot& root) {
  if (!flags.asked()) return {};
  TRY(const auto key, readable(open_public_key(flags.key), "--log-key"));
  TRY(auto store, readable(open_file_store(flags.place, false, false, options), "--log"));
  TRY(auto log, RequiredLog::open(std::move(store), key));
  opened.emplace(std::move(log));
  root.logs.push_back(opened->trusted());
  policy.required_log = &*opened;
  return {};
}

}  // namespace boltseal
