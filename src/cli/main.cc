#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--version") std::puts("boltseal " BOLTSEAL_VERSION);
  return argc == 2 ? 0 : 3;
}
