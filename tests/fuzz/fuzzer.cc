// libFuzzer's entry. BOLTSEAL_FUZZ_TARGET names the target; without it the first byte of the input
// chooses one.
#include <cstdlib>
#include <iterator>

#include "targets.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto& targets = boltseal::fuzz_targets();
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const char* const name = std::getenv("BOLTSEAL_FUZZ_TARGET");
  if (name) {
    targets.at(name)(bytes);
  } else if (!bytes.empty()) {
    auto target = targets.begin();
    std::advance(target, static_cast<unsigned char>(bytes[0]) % targets.size());
    target->second(bytes.substr(1));
  }
  return 0;
}
