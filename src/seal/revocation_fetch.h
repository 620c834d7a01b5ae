// Asks where certificates say that one may ask whether they were revoked (RFC 5280, RFC 6960), as
// the Notary Project has it: responders first, then lists with their changes; over plain http, for
// the answers are signed. Nobody else is asked: no redirects, no credentials.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/revocation.h"

namespace boltseal {

// Of one run: what was had, or could not be had, is not asked for again.
class RevocationFetcher {
 public:
  // What is known with what can be fetched. Whoever calls has seen that the chain is trusted, for
  // the certificates choose the addresses.
  RevocationAnswer ask(const Certificate& certificate, const Certificate& issuer,
                       const RevocationEvidence& given, std::int64_t now,
                       std::optional<std::int64_t> signing_time);
  // What could not be had, for messages.
  const std::vector<std::string>& trouble() const { return trouble_; }

 private:
  bool add_response(const std::string& url, const std::string& request);
  bool add_lists(const std::string& url);
  Result<std::string> get(const std::string& url, const std::string& request);

  RevocationEvidence had_;
  std::map<std::pair<std::string, std::string>, bool> asked_;  // URL and request: had or not
  std::vector<std::string> trouble_;
  int requests_ = 0;
};

}  // namespace boltseal
