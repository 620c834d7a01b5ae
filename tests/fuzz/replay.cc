// Runs every target over its corpus, corpus/<target>/*, each input in a heap block of exactly its
// size, so that the address sanitizer sees the first byte too many; and every target over a few
// short inputs of its own. A folder whose name is no target is an error: a corpus nobody replays
// protects nothing. Further folders (the test cases) are given to all targets that read whole
// documents.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "targets.h"

// Where a sanitizer is linked in, it calls this before it ends the program.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*)());

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The input at hand, for the last words of a run that fails.
std::string at_hand;

void name_input() { (void)!write(STDERR_FILENO, at_hand.data(), at_hand.size()); }

void run(const boltseal::FuzzTarget& target, const std::string& name, const std::string& bytes) {
  at_hand = "input: " + name + "\n";
  const std::unique_ptr<char[]> exact(new char[bytes.size()]);
  std::memcpy(exact.get(), bytes.data(), bytes.size());
  target({exact.get(), bytes.size()});
}

}  // namespace

int main(int argc, char** argv) {
  const auto& targets = boltseal::fuzz_targets();
  std::signal(SIGILL, [](int) {
    name_input();
    _exit(1);
  });
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(name_input);
  std::size_t inputs = 0;
  for (const auto& [name, target] : targets) {
    for (const std::string& seed : {std::string(), std::string(1, '\0'), std::string(64, '\xff'),
                                    std::string(1024, '{'), std::string(600, '\0')}) {
      run(target, name + ", an input of the driver's own", seed);
      ++inputs;
    }
  }
  if (argc > 1) {
    if (!fs::is_directory(argv[1])) {
      std::fprintf(stderr, "no corpus: %s\n", argv[1]);
      return 1;
    }
    for (const auto& folder : fs::directory_iterator(argv[1])) {
      const auto target = targets.find(folder.path().filename());
      if (target == targets.end()) {
        std::fprintf(stderr, "no such target: %s\n", folder.path().c_str());
        return 1;
      }
      for (const auto& file : fs::directory_iterator(folder)) {
        run(target->second, file.path(), read(file));
        ++inputs;
      }
    }
  }
  for (int i = 2; i < argc; ++i) {
    for (const auto& file : fs::recursive_directory_iterator(argv[i])) {
      if (!file.is_regular_file() || file.file_size() > 65536) continue;
      const std::string bytes = read(file);
      for (const auto* name :
           {"json", "yaml", "toml", "xml", "zip", "layer", "elf", "pe", "macho", "sbom", "deb822"})
        run(targets.at(name), std::string(name) + " " + file.path().string(), bytes);
      ++inputs;
    }
  }
  std::printf("%zu inputs, %zu targets\n", inputs, targets.size());
  return 0;
}
