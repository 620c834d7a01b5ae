// Streaming decompression of what layers come in: gzip (RFC 1952, many members), zstd (RFC 8878,
// many frames), xz, bzip2. The format is told by its first bytes, never by a media type or a file
// name.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

enum class Compression : std::uint8_t { none, gzip, zstd, xz, bzip2 };
Compression compression_of(std::string_view head);  // six bytes are enough
std::string_view name_of(Compression compression);

// Whether inflating the stream that begins so takes more memory than usual writers ask for: an xz
// stream, or a zstd one whose first frame has a window over large_window. `head` should be a few
// kilobytes.
constexpr std::uint64_t large_window = 8 << 20;  // what zstd -19 uses
bool needs_much_memory(std::string_view head);

class Decompressor {
 public:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };
  // Without `large`, streams that want a window beyond large_window (xz: its memory) are refused.
  static std::unique_ptr<Decompressor> make(Compression compression, bool large = true);
  virtual ~Decompressor() = default;
  // Takes from `in`, fills `out`; makes progress whenever `in` is not empty and `out` has room.
  // corrupt for a broken stream.
  virtual Result<Step> step(std::string_view in, std::span<char> out) = 0;
  // Whether the input may end here: between members or frames, not inside one.
  virtual bool complete() const = 0;
};

// All of `bytes` at once; too_large when the result is over `cap`. For small things (a section, a
// manifest).
Result<std::string> decompress(Compression compression, std::string_view bytes, std::uint64_t cap);

}  // namespace boltseal
