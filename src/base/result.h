// How a function of Boltseal says that it could not: a value of type Error, never an exception.
//
// Five kinds are enough for a reader of untrusted bytes; "corrupt" apart from "io" is what tells an
// attacker's file from a failing disk. An Error that reaches a report becomes an *unknown*: it
// carries the path and the offset where it arose.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace boltseal {

enum class Fault : std::uint8_t {
  not_found,    // the thing asked for is not there
  corrupt,      // bytes that their format does not allow
  too_large,    // over a limit of ours (size, depth, count, ratio, time)
  unsupported,  // a well-formed thing that we do not read
  io,           // the machine failed: disk, network, permission
};

struct Error {
  Fault fault = Fault::io;
  std::string what;                     // what is wrong and, where there is one, what to do
  std::string where;                    // path, URL or reference; may be empty
  std::optional<std::uint64_t> offset;  // byte offset inside `where`

  std::string message() const;  // "where: what (at byte N)", safe for a terminal
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Fault fault, std::string what, std::string where = {},
                                   std::optional<std::uint64_t> offset = std::nullopt) {
  return std::unexpected(Error{fault, std::move(what), std::move(where), offset});
}

std::string_view name_of(Fault fault);  // "corrupt", "too-large", …

// The Error for the errno of a system call that just failed.
Error errno_error(std::string_view doing, std::string where = {});

}  // namespace boltseal

#define BOLTSEAL_JOIN2(a, b) a##b
#define BOLTSEAL_JOIN(a, b) BOLTSEAL_JOIN2(a, b)
// TRY(auto x, expression): x is the value of a Result, or the function returns its Error.
#define TRY(declaration, expression) \
  TRY_AS(BOLTSEAL_JOIN(result_, __LINE__), declaration, expression)
#define TRY_AS(name, declaration, expression)                 \
  auto name = (expression);                                   \
  if (!name) return std::unexpected(std::move(name).error()); \
  declaration = *std::move(name)
// TRY_DO(expression): the same for Result<void>.
#define TRY_DO(expression)                                                                         \
  do {                                                                                             \
    if (auto try_do_ = (expression); !try_do_) return std::unexpected(std::move(try_do_).error()); \
  } while (0)
