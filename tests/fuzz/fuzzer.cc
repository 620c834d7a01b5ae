// libFuzzer's entry. BOLTSEAL_FUZZ_TARGET names the target, "list" prints all names; without it the
// first byte of the input chooses one.
//
// Sums and sizes that a format demands are put right after each mutation: guessing them would cost
// the fuzzer most of its tries.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <span>

#include "targets.h"

namespace {

const char* chosen() {
  static const char* const name = std::getenv("BOLTSEAL_FUZZ_TARGET");
  return name;
}

// The checksum of each block that looks like a tar header (POSIX pax, "ustar Interchange Format").
void mend_layer(std::span<unsigned char> data) {
  for (; data.size() >= 512; data = data.subspan(512)) {
    if (std::memcmp(data.data() + 257, "ustar", 5) != 0) continue;
    std::fill_n(data.data() + 148, 8, ' ');
    unsigned sum = 0;
    for (const unsigned char c : data.first(512)) sum += c;
    for (int i = 5; i >= 0; --i, sum >>= 3)
      data[148 + static_cast<std::size_t>(i)] = static_cast<unsigned char>('0' + (sum & 7));
    data[154] = 0;
  }
}

// The size that an advisory database states (doc/formats/database.md).
void mend_database(std::span<unsigned char> data) {
  if (data.size() < 24) return;
  for (std::size_t i = 0, n = data.size(); i < 8; ++i, n >>= 8)
    data[16 + i] = static_cast<unsigned char>(n);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(unsigned char* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(unsigned char* data, std::size_t size,
                                               std::size_t most, unsigned) {
  const std::string_view target = chosen() ? chosen() : "";
  size = LLVMFuzzerMutate(data, size, most);
  if (target == "layer") mend_layer({data, size});
  if (target == "database") mend_database({data, size});
  return size;
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (!chosen() || boltseal::fuzz_targets().contains(chosen())) return 0;
  for (const auto& target : boltseal::fuzz_targets()) std::puts(target.first.c_str());
  std::exit(std::string_view(chosen()) == "list" ? 0 : 2);
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto& targets = boltseal::fuzz_targets();
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (chosen()) {
    static const boltseal::FuzzTarget& target = targets.at(chosen());
    target(bytes);
  } else if (!bytes.empty()) {
    auto target = targets.begin();
    std::advance(target, static_cast<unsigned char>(bytes[0]) % targets.size());
    target->second(bytes.substr(1));
  }
  return 0;
}
