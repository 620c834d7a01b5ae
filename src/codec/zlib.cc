#include "codec/zlib.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>

namespace boltseal {

Result<std::string> zlib_inflate(std::string_view bytes, std::uint64_t cap) {
  constexpr std::uint64_t step = 64 << 10;
  if (bytes.size() > 0xffffffff) return fail(Fault::too_large, "a zlib stream over 4 GiB");
  inflate_state state;
  isal_inflate_init(&state);
  state.crc_flag = ISAL_ZLIB;
  state.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
  state.avail_in = static_cast<std::uint32_t>(bytes.size());
  std::string out;
  while (state.block_state != ISAL_BLOCK_FINISH) {
    const std::size_t before = out.size();
    if (before > cap) return fail(Fault::too_large, "inflates to more than its limit");
    // One byte over the cap is asked for, so that a stream of exactly `cap` bytes passes.
    out.resize(before + static_cast<std::size_t>(std::min(step, cap + 1 - before)));
    state.next_out = reinterpret_cast<std::uint8_t*>(out.data()) + before;
    state.avail_out = static_cast<std::uint32_t>(out.size() - before);
    const int status = isal_inflate(&state);
    out.resize(out.size() - state.avail_out);
    const bool stuck = out.size() == before && state.block_state != ISAL_BLOCK_FINISH;
    if (status != ISAL_DECOMP_OK || stuck) return fail(Fault::corrupt, "a broken zlib stream");
  }
  if (out.size() > cap) return fail(Fault::too_large, "inflates to more than its limit");
  return out;
}

}  // namespace boltseal
