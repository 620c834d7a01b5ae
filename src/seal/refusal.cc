#include "seal/refusal.h"

#include <fmt/format.h>

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::size_t shown = 200;  // of a value; what an attacker wrote may be long

std::string part(std::string_view text) {
  return printable(text.substr(0, shown)) + (text.size() > shown ? "…" : "");
}

}  // namespace

std::string Refusal::message() const {
  std::string out = fmt::format("{}: {}", code, part(what));
  if (field.empty()) return out;
  out += " (" + part(field);
  if (!wanted.empty() || !found.empty())
    out += fmt::format(": wanted {}, found {}", wanted.empty() ? "nothing" : part(wanted),
                       found.empty() ? "nothing" : part(found));
  return out + ")";
}

std::unexpected<Refusal> refuse(const Error& error, std::string field) {
  return refuse("unreadable", error.message(), std::move(field));
}

}  // namespace boltseal
