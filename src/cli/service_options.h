// The options of commands that sign: which services have a part in a signature, with cosign's
// names. Nobody is asked who was not named.
#pragma once
#include <string>

#include "base/result.h"
#include "cli/command_line.h"
#include "cli/password.h"
#include "seal/artifact_store.h"
#include "seal/bundle_maker.h"

namespace boltseal {

struct ServiceFlags {
  std::string key;  // "" to be certified
  std::string fulcio_url, rekor_url, timestamp_url;
  std::string signing_config, identity_token, oidc_provider;
  std::string trusted_root, timestamp_chain;
  std::string log, log_key;
  unsigned rekor_version = 1, patience = service_patience;
  bool tlog_upload = false, use_signing_config = false, ignore_sct = false;
  PasswordOptions password;
  const Argument* tlog_upload_option = nullptr;
};

// --key and the passwords too.
void add_service_options(Command& command, ServiceFlags& flags);

// unsupported for a log that is named and whose entries have no place in cosign's lists.
Result<> check_lists(const ServiceFlags& flags);

// unsupported when the call itself is wrong: the option that is missing, or one too many.
Result<> check_service_call(const ServiceFlags& flags);

// Whether they ask for more than the signature of a key.
bool names_services(const ServiceFlags& flags);

// What makes bundles as the flags say: has the services chosen, the key opened or certified, and
// the log opened. `store` is for --log; `insecure_http` allows plain HTTP to services. `lists`:
// what is made goes into cosign's lists too; unsupported for a log whose entries have no place
// there.
Result<BundleMaker> bundle_maker(const ServiceFlags& flags, const StoreOptions& store,
                                 bool insecure_http, bool lists = false);

}  // namespace boltseal
