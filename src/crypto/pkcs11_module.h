// What the files of this folder share of PKCS#11: a loaded module, a session, objects as bytes.
// https://docs.oasis-open.org/pkcs11/pkcs11-base/v2.40/pkcs11-base-v2.40.html
#pragma once
#define CRYPTOKI_GNU 1  // the names without capitals
#include <p11-kit/pkcs11.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/pkcs11_uri.h"

namespace boltseal {

// A shared library that speaks for tokens. A process initialises it once, so all that use it share
// it; the last one that lets go finalises it.
class Pkcs11Module {
 public:
  static Result<std::shared_ptr<Pkcs11Module>> load(const Pkcs11Uri& uri);
  Pkcs11Module(const Pkcs11Module&) = delete;
  Pkcs11Module& operator=(const Pkcs11Module&) = delete;

  const ck_function_list& calls() const { return *calls_; }

 private:
  Pkcs11Module() = default;
  ~Pkcs11Module();
  Result<> start(const std::string& place);
  static std::shared_ptr<Pkcs11Module> shared(Pkcs11Module* module);
  void* library_ = nullptr;
  ck_function_list* calls_ = nullptr;
  bool started_ = false;  // by us: who starts it ends it
  std::size_t users_ = 0;
  std::string place_;
};

// A PKCS#11 return code as an Error for a person.
std::unexpected<Error> pkcs11_error(std::string_view doing, ck_rv_t code);

struct Pkcs11Token {
  ck_slot_id_t slot = 0;
  ck_flags_t flags = 0;
  std::string label, manufacturer, model, serial;
};

// The tokens that a URI means. Slots without a token, or whose token has not been set up, are none.
Result<std::vector<Pkcs11Token>> matching_tokens(const Pkcs11Module& module, const Pkcs11Uri& uri);

// A session with one token, closed when it goes.
class Pkcs11Session {
 public:
  static Result<Pkcs11Session> open(std::shared_ptr<Pkcs11Module> module, const Pkcs11Token& token,
                                    bool writing = false);
  Pkcs11Session(Pkcs11Session&& other) noexcept;
  Pkcs11Session& operator=(Pkcs11Session&&) = delete;
  ~Pkcs11Session();

  const ck_function_list& calls() const { return module_->calls(); }
  ck_session_handle_t handle() const { return handle_; }
  const Pkcs11Token& token() const { return token_; }

  // As the user of the token; no PIN where the token has a keypad of its own.
  Result<> login(std::string_view pin) const;

  // Objects of a class that the URI's object= and id= mean; at most 1,000.
  Result<std::vector<ck_object_handle_t>> find(ck_object_class_t of, const Pkcs11Uri& uri) const;
  // An attribute's bytes; empty when the object has none of it. At most 64 KiB.
  std::string attribute(ck_object_handle_t object, ck_attribute_type_t type) const;

 private:
  Pkcs11Session(std::shared_ptr<Pkcs11Module> module, Pkcs11Token token)
      : module_(std::move(module)), token_(std::move(token)) {}
  std::shared_ptr<Pkcs11Module> module_;
  Pkcs11Token token_;
  ck_session_handle_t handle_ = 0;
};

}  // namespace boltseal
