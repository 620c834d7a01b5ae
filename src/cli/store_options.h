// The options of commands that read or write what is attached to images, named as cosign names
// them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "cli/service_options.h"
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

// The images that a reference means.
struct SubjectChoice {
  std::string platform;
  bool recursive = false;
  bool upload = true;  // else nothing will be attached, and nobody is asked who need not be
};
struct Subjects {
  std::optional<OpenedArtifact> opened;  // nothing where the reference itself has the digest
  std::vector<StoredManifest> images;    // then it has a digest only
  std::string name;                      // as signatures call it
};
// `exit` is for an Error.
Result<Subjects> open_subjects(const std::string& reference, const StoreFlags& store,
                               const SubjectChoice& choice, int& exit);

struct SignFlags {
  std::string format = "bundle";
  bool yes = false, bundle_format = true;
  ServiceFlags services;
};
// `notation`: its two formats may be asked for too.
void add_sign_options(Command& command, SignFlags& flags, bool notation = false);
// unsupported also for what check_service_call has against it.
Result<AttachFormats> attach_formats(const SignFlags& flags);
// What makes the bundles, and has the signer.
Result<BundleMaker> maker_of(const SignFlags& flags, const StoreFlags& store);

// -a key=value
Result<Annotations> read_annotations(const std::vector<std::string>& given);

// cosign's two lines on standard error.
int seal_complain(const std::string& what, int exit);
int seal_complain(const Error& error);
// Of an image that could not be found or read: 11 or 1.
int seal_complain_of_image(const Error& error);

void write_refused(JsonWriter& json, const std::vector<Refused>& refused);

// A file, or standard input for "-"; too_large over `cap` bytes.
Result<std::string> read_input(const std::string& name, std::uint64_t cap);

}  // namespace boltseal
