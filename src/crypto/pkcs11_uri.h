// PKCS#11 URIs: which object in which token, and how to get at it.
// https://www.rfc-editor.org/rfc/rfc7512
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"

namespace boltseal {

constexpr std::string_view pkcs11_scheme = "pkcs11:";

struct Pkcs11Uri {
  // What the token and its slot are called; absent: any.
  std::optional<std::string> token, manufacturer, model, serial;
  std::optional<std::string> slot_description, slot_manufacturer;
  std::optional<std::uint64_t> slot_id;
  // What the object is called. `id` is raw bytes.
  std::optional<std::string> object, id;
  std::string type;  // "private", "public", "cert" or empty
  // How to get at it.
  std::string module_path, module_name;
  std::string pin_source;  // a file
  std::optional<Secret> pin_value;
};

// corrupt for what is no such URI: an attribute twice, a broken %XX, a value out of its bounds.
// unsupported for attributes that are not known, because passing over one would match more objects
// than were meant.
Result<Pkcs11Uri> parse_pkcs11_uri(std::string_view text);

// The URI again, in one order, without its PIN.
std::string write_pkcs11_uri(const Pkcs11Uri& uri);

}  // namespace boltseal
