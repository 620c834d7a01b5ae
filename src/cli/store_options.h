// The options of commands that read or write what is attached to images, named as cosign names
// them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "cli/password.h"
#include "crypto/signer.h"
#include "net/manifest.h"
#include "seal/artifact_store.h"
#include "seal/attached.h"
#include "seal/image_sign.h"

namespace boltseal {

// Exit codes of cosign, which pipelines know.
enum SealExit : std::uint8_t {
  seal_good = 0,
  seal_error = 1,
  seal_no_signature = 10,
  seal_no_image = 11,
  seal_no_match = 12,
  seal_no_certificate = 13,
};

struct StoreFlags {
  bool allow_http = false, allow_insecure = false, insecure_http = false;
  bool offline = false;
  std::string username, password, token, ca_file, client_certificate, client_key, referrers_mode;
};
void add_store_options(Command& command, StoreFlags& flags);
// Applies --offline and --registry-cacert, and gives what a store is opened with.
StoreOptions store_options(const StoreFlags& flags, const std::string& actions);
// Opens REF, with COSIGN_REPOSITORY taken into account.
Result<OpenedArtifact> open_reference(const std::string& reference, const StoreFlags& flags,
                                      const std::string& actions);

struct SignFlags {
  std::string key;
  std::string format = "bundle";
  PasswordOptions password;
  bool yes = false, tlog_upload = false, use_signing_config = false, bundle_format = true;
  std::string signing_config;
};
// `notation`: its two formats may be asked for too.
void add_sign_options(Command& command, SignFlags& flags, bool notation = false);
Result<AttachFormats> attach_formats(const SignFlags& flags);
Result<std::unique_ptr<Signer>> signer_of(const SignFlags& flags);

// -a key=value
Result<Annotations> read_annotations(const std::vector<std::string>& given);

// cosign's two lines on standard error.
int seal_complain(const std::string& what, int exit);
int seal_complain(const Error& error);
// Of an image that could not be found or read: 11 or 1.
int seal_complain_of_image(const Error& error);

void write_refused(JsonWriter& json, const std::vector<Refused>& refused);

}  // namespace boltseal
