#include "crypto/pkcs11_module.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <map>
#include <mutex>

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::size_t most_slots = 256, most_objects = 1000, largest_attribute = 64 << 10;

// C_Initialize counts for the whole process, whoever calls it: the modules that are in use.
struct Loaded {
  std::mutex mutex;
  std::map<std::string, Pkcs11Module*> modules;
};
Loaded& loaded() {
  static Loaded all;
  return all;
}

// The places where the module of a URI may lie. p11-kit's proxy speaks for all modules that the
// machine is set up with.
std::vector<std::string> places_of(const Pkcs11Uri& uri) {
  if (!uri.module_path.empty()) return {uri.module_path};
  if (const std::string& name = uri.module_name; !name.empty())
    return {"lib" + name + ".so", name + ".so", "pkcs11/lib" + name + ".so",
            "pkcs11/" + name + ".so"};
  for (const char* variable : {"COSIGN_PKCS11_MODULE_PATH", "BOLTSEAL_PKCS11_MODULE"}) {
    if (const char* path = std::getenv(variable); path && *path) return {path};
  }
  return {"p11-kit-proxy.so"};
}

struct Code {
  ck_rv_t code;
  std::string_view meaning;
};
constexpr std::array<Code, 17> codes = {{
    {CKR_HOST_MEMORY, "no memory"},
    {CKR_SLOT_ID_INVALID, "there is no such slot"},
    {CKR_ATTRIBUTE_TYPE_INVALID, "the token does not know an attribute"},
    {CKR_ATTRIBUTE_VALUE_INVALID, "the token does not take an attribute"},
    {CKR_DEVICE_ERROR, "the device failed"},
    {CKR_DEVICE_MEMORY, "the device is full"},
    {CKR_DEVICE_REMOVED, "the device was removed"},
    {CKR_KEY_TYPE_INCONSISTENT, "the key is not for that mechanism"},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, "the key is not for signing"},
    {CKR_MECHANISM_INVALID, "the token does not know that mechanism"},
    {CKR_PIN_INCORRECT, "the PIN is wrong (a few more wrong ones lock the token)"},
    {CKR_PIN_INVALID, "the PIN is wrong (a few more wrong ones lock the token)"},
    {CKR_PIN_LEN_RANGE, "the PIN is too short or too long"},
    {CKR_PIN_LOCKED, "the PIN is locked after too many wrong ones"},
    {CKR_TOKEN_NOT_PRESENT, "there is no token in the slot"},
    {CKR_TOKEN_WRITE_PROTECTED, "the token is write-protected"},
    {CKR_USER_PIN_NOT_INITIALIZED, "the token has no user PIN yet"},
}};

template <std::size_t N>
std::string padded_text(const unsigned char (&text)[N]) {
  return std::string(trim_end({reinterpret_cast<const char*>(text), N}, ' '));
}

bool means(const std::optional<std::string>& wanted, const std::string& found) {
  return !wanted || *wanted == found;
}

}  // namespace

std::unexpected<Error> pkcs11_error(std::string_view doing, ck_rv_t code) {
  for (const Code& known : codes) {
    if (known.code == code) return fail(Fault::io, fmt::format("{}: {}", doing, known.meaning));
  }
  return fail(Fault::io, fmt::format("{}: PKCS#11 error 0x{:x}", doing, code));
}

Result<> Pkcs11Module::start(const std::string& place) {
  place_ = place;
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library_, "C_GetFunctionList"));
  if (!get || get(&calls_) != CKR_OK || !calls_)
    return fail(Fault::unsupported, "not a PKCS#11 module", place);
  ck_c_initialize_args arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  const auto code = calls_->C_Initialize(&arguments);
  started_ = code == CKR_OK;
  if (started_ || code == CKR_CRYPTOKI_ALREADY_INITIALIZED) return {};
  return pkcs11_error("the PKCS#11 module " + place + " does not start", code);
}

// One more user. Counted under the lock, so that nobody starts what another is just ending.
std::shared_ptr<Pkcs11Module> Pkcs11Module::shared(Pkcs11Module* module) {
  ++module->users_;
  return {module, [](Pkcs11Module* used) {
            const std::lock_guard guard(loaded().mutex);
            if (--used->users_ > 0) return;
            loaded().modules.erase(used->place_);
            delete used;
          }};
}

Result<std::shared_ptr<Pkcs11Module>> Pkcs11Module::load(const Pkcs11Uri& uri) {
  const std::lock_guard guard(loaded().mutex);
  std::string reason;
  for (const std::string& place : places_of(uri)) {
    if (const auto known = loaded().modules.find(place); known != loaded().modules.end())
      return shared(known->second);
    void* library = ::dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      if (const char* text = ::dlerror(); text && reason.empty()) reason = printable(text);
      continue;
    }
    auto* module = new Pkcs11Module;
    module->library_ = library;
    if (const auto started = module->start(place); !started) {
      delete module;
      return std::unexpected(started.error());
    }
    loaded().modules[place] = module;
    return shared(module);
  }
  return fail(Fault::not_found,
              "the PKCS#11 module cannot be loaded (" + reason +
                  "); name it: pkcs11:…?module-path=/usr/lib/softhsm/libsofthsm2.so, or set "
                  "BOLTSEAL_PKCS11_MODULE");
}

Pkcs11Module::~Pkcs11Module() {
  if (started_) (void)calls_->C_Finalize(nullptr);
  if (library_) ::dlclose(library_);
}

Result<std::vector<Pkcs11Token>> matching_tokens(const Pkcs11Module& module, const Pkcs11Uri& uri) {
  const ck_function_list& calls = module.calls();
  std::vector<ck_slot_id_t> slots(most_slots);
  unsigned long count = slots.size();
  if (const auto code = calls.C_GetSlotList(1, slots.data(), &count); code != CKR_OK)
    return pkcs11_error("the slots cannot be listed", code);
  slots.resize(std::min<std::size_t>(count, most_slots));
  std::vector<Pkcs11Token> out;
  for (const ck_slot_id_t slot : slots) {
    ck_slot_info place{};
    ck_token_info info{};
    if ((uri.slot_id && *uri.slot_id != slot) || calls.C_GetSlotInfo(slot, &place) != CKR_OK ||
        calls.C_GetTokenInfo(slot, &info) != CKR_OK || (info.flags & CKF_TOKEN_INITIALIZED) == 0)
      continue;
    Pkcs11Token token{slot,
                      info.flags,
                      padded_text(info.label),
                      padded_text(info.manufacturer_id),
                      padded_text(info.model),
                      padded_text(info.serial_number)};
    if (means(uri.token, token.label) && means(uri.manufacturer, token.manufacturer) &&
        means(uri.model, token.model) && means(uri.serial, token.serial) &&
        means(uri.slot_description, padded_text(place.slot_description)) &&
        means(uri.slot_manufacturer, padded_text(place.manufacturer_id)))
      out.push_back(std::move(token));
  }
  return out;
}

Result<Pkcs11Session> Pkcs11Session::open(std::shared_ptr<Pkcs11Module> module,
                                          const Pkcs11Token& token, bool writing) {
  Pkcs11Session session(std::move(module), token);
  const ck_flags_t flags = CKF_SERIAL_SESSION | (writing ? CKF_RW_SESSION : 0);
  if (const auto code =
          session.calls().C_OpenSession(token.slot, flags, nullptr, nullptr, &session.handle_);
      code != CKR_OK)
    return pkcs11_error("no session with the token " + printable(token.label), code);
  return session;
}

Pkcs11Session::Pkcs11Session(Pkcs11Session&& other) noexcept
    : module_(std::move(other.module_)),
      token_(std::move(other.token_)),
      handle_(std::exchange(other.handle_, 0)) {}

Pkcs11Session::~Pkcs11Session() {
  if (handle_ != 0) (void)calls().C_CloseSession(handle_);
}

Result<> Pkcs11Session::login(std::string_view pin) const {
  const bool keypad = (token_.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
  auto* bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(pin.data()));
  const auto code = keypad ? calls().C_Login(handle_, CKU_USER, nullptr, 0)
                           : calls().C_Login(handle_, CKU_USER, bytes, pin.size());
  if (code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN) return {};
  return pkcs11_error("no login to the token " + printable(token_.label), code);
}

Result<std::vector<ck_object_handle_t>> Pkcs11Session::find(ck_object_class_t of,
                                                            const Pkcs11Uri& uri) const {
  std::vector<ck_attribute> wanted = {{CKA_CLASS, &of, sizeof of}};
  // The API takes no const, and writes nothing.
  const auto add = [&](ck_attribute_type_t type, const std::optional<std::string>& value) {
    if (value) wanted.push_back({type, const_cast<char*>(value->data()), value->size()});
  };
  add(CKA_LABEL, uri.object);
  add(CKA_ID, uri.id);
  if (const auto code = calls().C_FindObjectsInit(handle_, wanted.data(), wanted.size());
      code != CKR_OK)
    return pkcs11_error("the objects of the token cannot be listed", code);
  std::vector<ck_object_handle_t> out(most_objects);
  std::size_t size = 0;
  ck_rv_t code = CKR_OK;
  while (size < out.size()) {
    unsigned long count = 0;
    code = calls().C_FindObjects(handle_, out.data() + size, out.size() - size, &count);
    if (code != CKR_OK || count == 0) break;
    size += std::min<std::size_t>(count, out.size() - size);
  }
  (void)calls().C_FindObjectsFinal(handle_);
  if (code != CKR_OK) return pkcs11_error("the objects of the token cannot be listed", code);
  if (size == most_objects)
    return fail(Fault::too_large, "the token holds 1,000 such objects or more");
  out.resize(size);
  return out;
}

std::string Pkcs11Session::attribute(ck_object_handle_t object, ck_attribute_type_t type) const {
  ck_attribute attribute{type, nullptr, 0};
  if (calls().C_GetAttributeValue(handle_, object, &attribute, 1) != CKR_OK ||
      attribute.value_len == 0 || attribute.value_len > largest_attribute)
    return {};
  std::string out(attribute.value_len, '\0');
  attribute.value = out.data();
  if (calls().C_GetAttributeValue(handle_, object, &attribute, 1) != CKR_OK ||
      attribute.value_len > out.size())
    return {};
  out.resize(attribute.value_len);
  return out;
}

}  // namespace boltseal
