#include "crypto/openssl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

namespace boltseal {

void free_openssl_memory(void* memory) { OPENSSL_free(memory); }

std::unexpected<Error> openssl_error(Fault fault, std::string what) {
  if (const unsigned long code = ERR_get_error(); code != 0) {
    if (const char* reason = ERR_reason_error_string(code)) what += std::string(": ") + reason;
  }
  ERR_clear_error();
  return fail(fault, std::move(what));
}

}  // namespace boltseal
