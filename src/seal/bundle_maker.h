// Makes bundles with all that a publisher's services put into one: the certificate, timestamps and
// log entries. Each answer is judged before the next service is asked, and the whole before anybody
// gets it, so that a service that lies is found out by the publisher and not by his users.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/certificate.h"
#include "crypto/signer.h"
#include "seal/artifact.h"
#include "seal/bundle.h"
#include "seal/file_store.h"
#include "seal/identity_token.h"
#include "seal/refusal.h"
#include "seal/service_request.h"
#include "seal/trusted_root.h"

namespace boltseal {

// A log of one's own that records each signature; null store: none.
struct OwnLog {
  std::unique_ptr<FileStore> store;  // open for writing
  std::unique_ptr<Signer> signer;
  std::string origin;
};

class BundleMaker {
 public:
  // Signs with `signer`, which holds the key of `certificate` where there is one. `root` judges
  // what the services say; without `root_given` a timestamp is only judged in itself, since nobody
  // has said whose it must be.
  struct Parts {
    std::unique_ptr<Signer> signer;
    std::optional<Certificate> certificate;
    SigningServices services;  // its certificate authority has been asked already
    ServiceAccess access;
    TrustedRoot root;
    bool root_given = false, ignore_sct = false;
    OwnLog own_log;
  };
  // Refusal "time-missing" when nothing of this would prove when a signature was made, though its
  // certificate, or the log's kind, needs that.
  static Checked<BundleMaker> make(Parts parts);

  const Signer& signer() const { return *parts_.signer; }
  // A signature of the artifact's bytes; of a statement about the artifact `digest`. Refusals:
  // those of the services, "timestamp-…", and those of verify_bundle. `listed`: for cosign's lists,
  // where a timestamp is over the whole envelope.
  Checked<Bundle> sign(const Artifact& artifact) const;
  Checked<Bundle> sign_statement(std::string_view statement, std::string_view digest,
                                 bool listed = false) const;
  // Of the certificate, as the trusted root knows them, the root last; none for a key.
  Checked<std::vector<Certificate>> issuers() const;

 private:
  explicit BundleMaker(Parts parts) : parts_(std::move(parts)) {}
  bool logged() const { return !parts_.services.logs.empty(); }
  SignatureScheme scheme(bool statement) const;
  Checked<std::string> stamp(const std::string& url, std::string_view signature) const;
  Checked<Bundle> finish(Bundle bundle, const Artifact& artifact, const SignatureScheme& scheme,
                         std::string_view digest) const;
  Checked<void> record(Bundle& bundle, const SignatureScheme& scheme,
                       std::string_view digest) const;
  Checked<void> judge(const Bundle& bundle, const Artifact& artifact) const;

  Parts parts_;
};

// A key for one signature, certified by the services' authority; into `parts`.
Checked<void> certify(BundleMaker::Parts& parts, const IdentityToken& token);

}  // namespace boltseal
