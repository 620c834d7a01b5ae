// Why a verification says no. Everything in this folder that judges gives Checked<T>: a T that only
// the judging function can make, or a Refusal. There is no third way, and no default.
#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.h"

namespace boltseal {

struct Refusal {
  std::string code;    // stable, kebab-case, listed in doc/refusals.md: "signature-invalid"
  std::string field;   // what was looked at: "bundle.tlogEntries[0].canonicalizedBody"
  std::string wanted;  // both values, where there are two; may be empty
  std::string found;
  std::string what;  // one sentence for a person, and what to do where that is known

  std::string message() const;  // "code: what (field: wanted …, found …)", safe for a terminal
};

template <class T>
using Checked = std::expected<T, Refusal>;

inline std::unexpected<Refusal> refuse(std::string code, std::string what, std::string field = {},
                                       std::string wanted = {}, std::string found = {}) {
  return std::unexpected(Refusal{std::move(code), std::move(field), std::move(wanted),
                                 std::move(found), std::move(what)});
}

// Something that could not be read cannot be verified: an Error as the Refusal "unreadable" of a
// field.
std::unexpected<Refusal> refuse(const Error& error, std::string field);
template <class T>
Checked<T> readable(Result<T> result, std::string field) {
  if (!result) return refuse(result.error(), std::move(field));
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return std::move(*result);
}

}  // namespace boltseal
