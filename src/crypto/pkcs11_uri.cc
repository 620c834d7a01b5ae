// The attributes of RFC 7512, section 2.3. library-* are not read: which library it is, module-path
// says. pin-source may be a path or file: URI; a program ("|…") is not run.
#include "crypto/pkcs11_uri.h"

#include <set>

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::size_t longest = 4096;

struct TextAttribute {
  std::string_view name;
  std::optional<std::string> Pkcs11Uri::* value;
};
// In the order that we write them.
constexpr TextAttribute text_attributes[] = {
    {"token", &Pkcs11Uri::token},
    {"manufacturer", &Pkcs11Uri::manufacturer},
    {"model", &Pkcs11Uri::model},
    {"serial", &Pkcs11Uri::serial},
    {"slot-description", &Pkcs11Uri::slot_description},
    {"slot-manufacturer", &Pkcs11Uri::slot_manufacturer},
    {"object", &Pkcs11Uri::object},
    {"id", &Pkcs11Uri::id},
};

std::unexpected<Error> odd(std::string what) {
  return fail(Fault::corrupt, "not a PKCS#11 URI: " + std::move(what));
}

std::unexpected<Error> unknown(std::string_view name) {
  return fail(Fault::unsupported,
              "the attribute \"" + printable(name) + "\" of a PKCS#11 URI is not known here");
}

Result<> set_path(Pkcs11Uri& uri, std::string_view name, std::string value) {
  for (const TextAttribute& known : text_attributes) {
    if (known.name != name) continue;
    if (name != "id" && !valid_utf8(value)) return odd(std::string(name) + " is not UTF-8");
    uri.*known.value = std::move(value);
    return {};
  }
  if (name == "slot-id") {
    uri.slot_id = parse_u64(value);
    if (!uri.slot_id) return odd("slot-id is no number");
    return {};
  }
  if (name != "type") return unknown(name);
  if (value != "private" && value != "public" && value != "cert")
    return fail(Fault::unsupported, "the type of a PKCS#11 object must be private, public or cert");
  uri.type = std::move(value);
  return {};
}

Result<> set_query(Pkcs11Uri& uri, std::string_view name, std::string value) {
  if (name == "module-path") {
    uri.module_path = std::move(value);
  } else if (name == "module-name") {
    if (value.empty() || value.find('/') != std::string::npos)
      return odd("module-name is a name without folder; a path goes into module-path");
    uri.module_name = std::move(value);
  } else if (name == "pin-value") {
    uri.pin_value = Secret(std::string_view(value));
    wipe(value.data(), value.size());
  } else if (name == "pin-source") {
    if (value.starts_with("|"))
      return fail(Fault::unsupported, "pin-source names a program; only a file is read");
    uri.pin_source = value.starts_with("file://") ? value.substr(7)
                     : value.starts_with("file:") ? value.substr(5)
                                                  : value;
  } else {
    return unknown(name);
  }
  return {};
}

template <class Set>
Result<> each_attribute(std::string_view text, char by, std::set<std::string_view>& seen,
                        const Set& set) {
  if (text.empty()) return {};
  for (const auto attribute : split(text, by)) {
    const auto pair = cut(attribute, "=");
    if (!pair) return odd("\"" + printable(attribute) + "\" is not NAME=VALUE");
    if (!seen.insert(pair->first).second)
      return odd("\"" + printable(pair->first) + "\" stands there twice");
    auto value = percent_decode(pair->second);
    if (!value) return odd("a broken %XX in \"" + printable(pair->first) + "\"");
    TRY_DO(set(pair->first, std::move(*value)));
  }
  return {};
}

void add(std::string& out, char by, std::string_view name, std::string_view value) {
  if (out.size() > pkcs11_scheme.size()) out += by;
  out += std::string(name) + "=" + std::string(value);
}

std::string every_byte_escaped(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += "%" + hex(std::string_view(&c, 1));
  return out;
}

}  // namespace

Result<Pkcs11Uri> parse_pkcs11_uri(std::string_view text) {
  if (text.size() > longest) return fail(Fault::too_large, "a PKCS#11 URI of more than 4 KiB");
  if (!text.starts_with(pkcs11_scheme)) return odd("it does not begin with \"pkcs11:\"");
  text.remove_prefix(pkcs11_scheme.size());
  if (text.find('#') != std::string_view::npos) return odd("it has a fragment");
  const auto halves = cut(text, "?").value_or(std::pair(text, std::string_view{}));
  Pkcs11Uri uri;
  std::set<std::string_view> seen;
  TRY_DO(each_attribute(halves.first, ';', seen, [&](std::string_view name, std::string value) {
    return set_path(uri, name, std::move(value));
  }));
  TRY_DO(each_attribute(halves.second, '&', seen, [&](std::string_view name, std::string value) {
    return set_query(uri, name, std::move(value));
  }));
  return uri;
}

std::string write_pkcs11_uri(const Pkcs11Uri& uri) {
  constexpr std::string_view kept = ":[]@!$'()*+,&";  // RFC 7512: pk11-path-res-avail
  std::string out(pkcs11_scheme);
  for (const TextAttribute& known : text_attributes) {
    const auto& value = uri.*known.value;
    if (value)
      add(out, ';', known.name,
          known.name == "id" ? every_byte_escaped(*value) : percent_encode(*value, kept));
  }
  if (uri.slot_id) add(out, ';', "slot-id", std::to_string(*uri.slot_id));
  if (!uri.type.empty()) add(out, ';', "type", uri.type);
  char by = '?';
  const auto query = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    out += by + std::string(name) + "=" + percent_encode(value, "/:");
    by = '&';
  };
  query("module-name", uri.module_name);
  query("module-path", uri.module_path);
  const bool odd_name = uri.pin_source.starts_with("file:") || uri.pin_source.starts_with("|");
  query("pin-source", odd_name ? "file:" + uri.pin_source : uri.pin_source);
  return out;
}

}  // namespace boltseal
