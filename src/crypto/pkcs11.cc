// A signature is made over a hash of our own: CKM_ECDSA, CKM_RSA_PKCS and CKM_RSA_PKCS_PSS are what
// every token has, while few have each mechanism that hashes itself. Ed25519 wants the message.
#include "crypto/pkcs11.h"

#include <algorithm>
#include <mutex>

#include "base/text.h"
#include "crypto/pkcs11_login.h"
#include "crypto/pkcs11_module.h"
#include "crypto/pkcs11_objects.h"

namespace boltseal {
namespace {

constexpr std::size_t largest_signature = 4096;

// DigestInfo of RFC 8017, section 9.2, up to the hash.
std::string_view digest_info(HashKind kind) {
  using namespace std::string_view_literals;
  switch (kind) {
    case HashKind::sha384:
      return "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"sv;
    case HashKind::sha512:
      return "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"sv;
    default:
      return "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"sv;
  }
}

ck_rsa_pkcs_pss_params pss_parameters(HashKind kind) {
  switch (kind) {
    case HashKind::sha384:
      return {CKM_SHA384, CKG_MGF1_SHA384, 48};
    case HashKind::sha512:
      return {CKM_SHA512, CKG_MGF1_SHA512, 64};
    default:
      return {CKM_SHA256, CKG_MGF1_SHA256, 32};
  }
}

std::size_t order_bytes(KeyKind curve) {
  return curve == KeyKind::ecdsa_p256 ? 32 : curve == KeyKind::ecdsa_p384 ? 48 : 66;
}

class TokenSigner final : public Signer {
 public:
  TokenSigner(Pkcs11Session session, ck_object_handle_t key, PublicKey half, Secret pin)
      : session_(std::move(session)),
        key_(key),
        public_(std::move(half)),
        pin_(std::move(pin)),
        every_time_(session_.attribute(key, CKA_ALWAYS_AUTHENTICATE) == std::string(1, '\1')) {}

  const PublicKey& public_key() const override { return public_; }
  Result<std::string> sign(std::string_view message, const SignatureScheme& scheme) const override;

 private:
  Result<std::string> raw(ck_mechanism mechanism, std::string_view data) const;

  Pkcs11Session session_;
  ck_object_handle_t key_;
  PublicKey public_;
  Secret pin_;
  bool every_time_;           // the PIN is asked for at each signature
  mutable std::mutex mutex_;  // a session does one thing at a time
};

Result<std::string> TokenSigner::raw(ck_mechanism mechanism, std::string_view data) const {
  const std::lock_guard guard(mutex_);
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
  };
  const ck_function_list& calls = session_.calls();
  if (const auto code = calls.C_SignInit(session_.handle(), &mechanism, key_); code != CKR_OK)
    return pkcs11_error("the token does not sign", code);
  if (every_time_) {
    if (const auto code =
            calls.C_Login(session_.handle(), CKU_CONTEXT_SPECIFIC, bytes(pin_.view()), pin_.size());
        code != CKR_OK)
      return pkcs11_error("the token does not sign", code);
  }
  std::string out(largest_signature, '\0');
  unsigned long size = out.size();
  if (const auto code =
          calls.C_Sign(session_.handle(), bytes(data), data.size(), bytes(out), &size);
      code != CKR_OK)
    return pkcs11_error("the token does not sign", code);
  out.resize(std::min<std::size_t>(size, largest_signature));
  return out;
}

Result<std::string> TokenSigner::sign(std::string_view message,
                                      const SignatureScheme& scheme) const {
  const KeyKind kind = public_.kind();
  if (scheme.prehashed || (scheme.hash == HashKind::sha1 && kind != KeyKind::ed25519))
    return fail(Fault::unsupported, "the key cannot sign in that way");
  Result<std::string> signature;
  if (kind == KeyKind::ed25519) {
    signature = raw({CKM_EDDSA, nullptr, 0}, message);
  } else if (kind == KeyKind::rsa) {
    std::string digest = hash(scheme.hash, message);
    if (scheme.padding == Padding::pss) {
      auto parameters = pss_parameters(scheme.hash);
      signature = raw({CKM_RSA_PKCS_PSS, &parameters, sizeof parameters}, digest);
    } else {
      signature = raw({CKM_RSA_PKCS, nullptr, 0}, std::string(digest_info(scheme.hash)) + digest);
    }
  } else {
    // What is longer than the order counts by its first bytes (FIPS 186-5, 6.4.1).
    const auto digest = hash(scheme.hash, message).substr(0, order_bytes(kind));
    TRY(const auto pair, raw({CKM_ECDSA, nullptr, 0}, digest));
    signature = ecdsa_der_of_raw(pair);
  }
  if (signature && !public_.verify(message, *signature, scheme))
    return fail(Fault::io,
                "the token's signature does not fit the public key that it shows for that key");
  return signature;
}

// What finds the public half of a private key: the same id, else the same name.
Pkcs11Uri half_of(const Pkcs11Session& session, ck_object_handle_t key) {
  Pkcs11Uri uri;
  if (auto id = session.attribute(key, CKA_ID); !id.empty())
    uri.id = std::move(id);
  else
    uri.object = session.attribute(key, CKA_LABEL);
  return uri;
}

}  // namespace

Result<std::unique_ptr<Signer>> open_token_signer(const std::string& text,
                                                  const PasswordSource& source) {
  TRY(auto open, open_token(text));
  Pkcs11Session& session = open.session;
  TRY(auto pin, log_in(open, source));
  TRY(const auto keys, session.find(CKO_PRIVATE_KEY, open.uri));
  if (keys.empty())
    return fail(Fault::not_found,
                "no private key of that name in the token " + printable(session.token().label));
  if (keys.size() > 1) {
    std::string list;
    for (const auto key : keys) list += "\n  " + uri_of_object(session, open.uri, key);
    return fail(Fault::unsupported, "the URI means several keys; name one of them:" + list);
  }
  TRY(auto half, find_public_key(session, half_of(session, keys.front())));
  return std::make_unique<TokenSigner>(std::move(session), keys.front(), std::move(half),
                                       std::move(pin));
}

Result<PublicKey> open_token_public_key(const std::string& text) {
  TRY(const auto open, open_token(text));
  auto key = find_public_key(open.session, open.uri);
  if (key || key.error().fault != Fault::not_found) return key;
  TRY(const auto pin, known_pin(open.uri));
  if (!pin) return key;
  TRY_DO(open.session.login(pin->view()));
  return find_public_key(open.session, open.uri);
}

Result<std::vector<TokenKey>> list_token_keys(const std::string& text) {
  TRY(const auto uri, parse_pkcs11_uri(text));
  TRY(const auto module, Pkcs11Module::load(uri));
  TRY(const auto tokens, matching_tokens(*module, uri));
  std::vector<TokenKey> out;
  for (const Pkcs11Token& token : tokens) {
    TRY(const auto session, Pkcs11Session::open(module, token));
    for (const ck_object_class_t kind : {CKO_PUBLIC_KEY, CKO_CERTIFICATE}) {
      TRY(const auto objects, session.find(kind, uri));
      for (const auto object : objects) {
        auto key = kind == CKO_PUBLIC_KEY ? key_of_public_object(session, object)
                                          : key_of_certificate_object(session, object);
        if (!key) continue;  // of a kind that nobody signs with
        const bool known = std::ranges::any_of(out, [&](const TokenKey& other) {
          return other.key == *key && other.token == token.label;
        });
        if (!known)
          out.push_back({uri_of_object(session, uri, object), token.label,
                         session.attribute(object, CKA_LABEL), std::move(*key)});
      }
    }
  }
  std::ranges::sort(out, {}, &TokenKey::uri);
  return out;
}

}  // namespace boltseal
