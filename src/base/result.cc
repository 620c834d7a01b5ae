#include "base/result.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace boltseal {

std::string_view name_of(Fault fault) {
  constexpr std::array<std::string_view, 5> names = {"not-found", "corrupt", "too-large",
                                                     "unsupported", "io"};
  return names.at(static_cast<std::size_t>(fault));
}

std::string Error::message() const {
  std::string text = where.empty() ? what : fmt::format("{}: {}", where, what);
  if (offset) text += fmt::format(" (at byte {})", *offset);
  return printable(text);
}

Error errno_error(std::string_view doing, std::string where) {
  const int code = errno;
  std::array<char, 128> buffer{};
  const char* reason = ::strerror_r(code, buffer.data(), buffer.size());
  return Error{code == ENOENT ? Fault::not_found : Fault::io,
               fmt::format("{}: {}", doing, reason),
               std::move(where),
               {}};
}

}  // namespace boltseal
