#include "crypto/pkcs11_login.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::size_t longest_pin = 1024;

Result<Secret> pin_for(const Pkcs11Uri& uri, const Pkcs11Token& token,
                       const PasswordSource& source) {
  if ((token.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0) return Secret();
  if ((token.flags & CKF_USER_PIN_LOCKED) != 0)
    return fail(Fault::io,
                "the token " + printable(token.label) + " is locked after too many wrong PINs");
  TRY(auto known, known_pin(uri));
  if (known) return std::move(*known);
  return source(std::string(pin_of_token) + printable(token.label));
}

// The one token that a URI means: with several, a PIN could be tried on the wrong one.
Result<Pkcs11Token> only_token(const Pkcs11Module& module, const Pkcs11Uri& uri) {
  TRY(auto tokens, matching_tokens(module, uri));
  if (tokens.empty())
    return fail(Fault::not_found, "there is no such token (or it has not been set up)");
  if (tokens.size() == 1) return std::move(tokens.front());
  std::string list;
  for (const Pkcs11Token& token : tokens)
    list += fmt::format("\n  token={};serial={};slot-id={}", percent_encode(token.label),
                        percent_encode(token.serial), token.slot);
  return fail(Fault::unsupported, "the URI means several tokens; name one of them:" + list);
}

}  // namespace

Result<std::optional<Secret>> known_pin(const Pkcs11Uri& uri) {
  if (uri.pin_value) return Secret(uri.pin_value->view());
  if (!uri.pin_source.empty()) {
    TRY(auto pin, read_secret_file(uri.pin_source, longest_pin));
    pin.shorten(trim_end(trim_end(pin.view(), '\n'), '\r').size());
    return pin;
  }
  for (const char* name : {"COSIGN_PKCS11_PIN", "BOLTSEAL_PKCS11_PIN"}) {
    if (const char* value = std::getenv(name); value && *value)
      return Secret(std::string_view(value));
  }
  return std::nullopt;
}

Result<OpenToken> open_token(const std::string& text, bool writing) {
  TRY(auto uri, parse_pkcs11_uri(text));
  TRY(auto module, Pkcs11Module::load(uri));
  TRY(const auto token, only_token(*module, uri));
  TRY(auto session, Pkcs11Session::open(std::move(module), token, writing));
  return OpenToken{std::move(uri), std::move(session)};
}

Result<Secret> log_in(const OpenToken& open, const PasswordSource& source) {
  const Pkcs11Token& token = open.session.token();
  if ((token.flags & CKF_LOGIN_REQUIRED) == 0) return Secret();
  TRY(auto pin, pin_for(open.uri, token, source));
  TRY_DO(open.session.login(pin.view()));
  return pin;
}

}  // namespace boltseal
