// Messages between the program and its sandboxed child over a socket pair: a kind, a length, bytes,
// and perhaps a descriptor.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace boltseal {

struct Message {
  std::uint32_t kind = 0;
  std::string body;
  Fd fd;  // none: empty
};

Result<> send_message(int socket, std::uint32_t kind, std::string_view body, int fd = -1);
// The next message; nothing at the orderly end. `cap` bounds the body.
Result<std::optional<Message>> receive_message(int socket, std::uint64_t cap);

}  // namespace boltseal
