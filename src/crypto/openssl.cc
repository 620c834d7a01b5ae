#include "crypto/openssl.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/text.h"
#include "crypto/certificate.h"

namespace boltseal {

void free_openssl_memory(void* memory) { OPENSSL_free(memory); }

std::string bytes_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(std::max(0, ASN1_STRING_length(text)))};
}

std::string dotted(const ASN1_OBJECT* object) {
  std::array<char, 256> text{};
  const int size = OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
  return size > 0 && size < static_cast<int>(text.size())
             ? std::string(text.data(), static_cast<std::size_t>(size))
             : std::string{};
}

std::string hex_of(const ASN1_INTEGER* number) {
  const OpenSsl<BIGNUM, BN_free> value(number ? ASN1_INTEGER_to_BN(number, nullptr) : nullptr);
  if (!value) return {};
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(value.get())), '\0');
  BN_bn2bin(value.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return hex(bytes);
}

std::optional<std::int64_t> seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return static_cast<std::int64_t>(::timegm(&parts));
}

bool over_strong_hash(int signature_nid) {
  if (signature_nid == NID_ED25519 || signature_nid == NID_rsassaPss) return true;
  int hash = NID_undef;
  OBJ_find_sigid_algs(signature_nid, &hash, nullptr);
  return hash == NID_sha256 || hash == NID_sha384 || hash == NID_sha512;
}

void free_certificates(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }

CertificateStack stack_of(std::span<const Certificate> first, std::span<const Certificate> second) {
  CertificateStack out(sk_X509_new_null());
  for (const auto list : {first, second}) {
    for (const Certificate& certificate : list) {
      if (!out || X509_up_ref(certificate.handle()) != 1) return {};
      if (sk_X509_push(out.get(), certificate.handle()) > 0) continue;
      X509_free(certificate.handle());
      return {};
    }
  }
  return out;
}

std::unexpected<Error> openssl_error(Fault fault, std::string what) {
  if (const unsigned long code = ERR_get_error(); code != 0) {
    if (const char* reason = ERR_reason_error_string(code)) what += std::string(": ") + reason;
  }
  ERR_clear_error();
  return fail(fault, std::move(what));
}

}  // namespace boltseal
