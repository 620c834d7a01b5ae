#include "net/tls.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace boltseal {
namespace {

// Where distributions keep the certificates they trust. libcurl knows the place of the system it
// was built on, which is not the one that a portable archive runs on.
const char* system_certificates() {
  for (const char* file : {"/etc/ssl/certs/ca-certificates.crt",  // Debian, Alpine, Arch
                           "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL
                           "/etc/pki/tls/certs/ca-bundle.crt",                   // RHEL 6, Amazon
                           "/var/lib/ca-certificates/ca-bundle.pem",             // SUSE
                           "/etc/ssl/ca-bundle.pem",                             // openSUSE of old
                           "/etc/ssl/cert.pem"}) {                               // others
    if (::access(file, R_OK) == 0) return file;
  }
  return nullptr;
}

// Who we are is shown to the server that was meant, and to none that it sends us to. Null takes off
// what an earlier request with this handle has set.
void set_client_certificate(const Curl& curl, CURL* handle, bool meant) {
  for (const auto& [name, option] : {std::pair("BOLTSEAL_CLIENT_CERT", CURLOPT_SSLCERT),
                                     std::pair("BOLTSEAL_CLIENT_KEY", CURLOPT_SSLKEY)}) {
    const char* file = std::getenv(name);
    const bool given = meant && file != nullptr && *file != '\0';
    curl.easy_setopt(handle, option, given ? file : static_cast<const char*>(nullptr));
  }
}

}  // namespace

void set_tls(const Curl& curl, CURL* handle, const HttpRequest& request, bool meant) {
  curl.easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl.easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  curl.easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!request.tls_directory.empty()) {
    curl.easy_setopt(handle, CURLOPT_CAINFO, (request.tls_directory + "/ca.pem").c_str());
    curl.easy_setopt(handle, CURLOPT_SSLCERT, (request.tls_directory + "/cert.pem").c_str());
    curl.easy_setopt(handle, CURLOPT_SSLKEY, (request.tls_directory + "/key.pem").c_str());
    return;
  }
  set_client_certificate(curl, handle, meant);
  if (const char* file = system_certificates()) curl.easy_setopt(handle, CURLOPT_CAINFO, file);
  for (const char* name : {"SSL_CERT_FILE", "BOLTSEAL_CA_FILE"}) {
    const char* file = std::getenv(name);
    if (file != nullptr && *file != '\0') curl.easy_setopt(handle, CURLOPT_CAINFO, file);
  }
  const char* folder = std::getenv("SSL_CERT_DIR");
  if (folder != nullptr && *folder != '\0') curl.easy_setopt(handle, CURLOPT_CAPATH, folder);
}

}  // namespace boltseal
