// Go's own sources beside its own program, and what only looks like them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "catalogers/inventory_for_tests.h"

namespace boltseal {
namespace {

using test::Files;
using testing::ElementsAre;

std::string program(const std::string& name) {
  std::ifstream in(BOLTSEAL_ROOT "/tests/cases/readers/binary/" + name, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}
// Without a main module, as the go command itself is linked; and with one.
const std::string go_program = program("go-toolchain-suffixes/in/a");
const std::string other_program = program("go-version-from-ldflags/in/main-outranks");

std::string go_mod(const std::string& name, const std::string& needs) {
  return "module " + name + "\n\ngo 1.26\n\nrequire golang.org/x/" + needs + " v0.1.0\n";
}
std::string modules_txt(const std::string& name) {
  return "# golang.org/x/" + name + " v0.1.0\n## explicit\ngolang.org/x/" + name + "/a\n";
}

Files toolchain(const std::string& root) {
  return {{root + "bin/go", go_program},
          {root + "src/go.mod", go_mod("std", "net")},
          {root + "src/go.sum", "golang.org/x/net v0.1.0 h1:a=\n"},
          {root + "src/vendor/modules.txt", modules_txt("net")},
          {root + "src/cmd/go.mod", go_mod("cmd", "mod")},
          {root + "src/cmd/vendor/modules.txt", modules_txt("mod")},
          {root + "src/cmd/compile/internal/ssa/_gen/go.mod", go_mod("_gen", "tools")},
          {root + "src/cmd/compile/internal/ssa/_gen/vendor/modules.txt", modules_txt("tools")},
          {root + "src/crypto/internal/fips140/sha256/_asm/go.mod",
           go_mod("crypto/sha256/_asm", "tools")},
          {root + "src/crypto/internal/fips140/aes/_asm/ctr/go.mod",
           go_mod("crypto/aes/_asm/ctr", "tools")}};
}

std::vector<std::string> names_of(const Inventory& inventory) {
  std::vector<std::string> out;
  for (const Package& p : inventory.packages) out.push_back(p.name + " " + p.version);
  return out;
}
std::vector<std::string> names_of(const Files& files) {
  return names_of(test::inventory_of(files));
}

Files with(Files files, const std::string& path, const std::string& content) {
  for (auto& [have, text] : files) {
    if (have != path) continue;
    text = content;
    return files;
  }
  files.emplace_back(path, content);
  return files;
}
Files without(Files files, const std::string& path) {
  std::erase_if(files, [&](const auto& file) { return file.first == path; });
  return files;
}

TEST(GoRoot, TheSourcesOfAToolchainThatIsThereAreItsStdlib) {
  EXPECT_THAT(names_of(toolchain("usr/local/go/")), ElementsAre("stdlib 1.24.1"));
  EXPECT_THAT(names_of(toolchain("")), ElementsAre("stdlib 1.24.1"));
}

TEST(GoRoot, OfBefore117Too) {
  Files files = {{"go/bin/go", go_program},
                 {"go/src/go.mod", "module std\ngo 1.16\nrequire golang.org/x/net v0.1.0\n"},
                 {"go/src/go.sum", "golang.org/x/net v0.1.0 h1:a=\ngolang.org/x/a v0.1.0 h1:a=\n"}};
  EXPECT_THAT(names_of(files), ElementsAre("stdlib 1.24.1"));
}

TEST(GoRoot, ProjectsBelowItAreKept) {
  const auto go = toolchain("go/");
  const auto kept = ElementsAre("golang.org/x/crypto v0.1.0", "stdlib 1.24.1");
  EXPECT_THAT(names_of(with(go, "go/src/app/go.mod", go_mod("app", "crypto"))), kept);
  EXPECT_THAT(names_of(with(go, "go/src/app/vendor/modules.txt", modules_txt("crypto"))), kept);
  EXPECT_THAT(names_of(with(go, "go/src/cmd/app/go.mod", go_mod("app", "crypto"))), kept);
  EXPECT_THAT(names_of(with(go, "go/src/cmd/app/go.mod", go_mod("cmd", "crypto"))), kept);
  EXPECT_THAT(names_of(with(go, "go/src/app/go.mod", go_mod("std", "crypto"))), kept);
  EXPECT_THAT(names_of(with(go, "go/src/_app/go.mod", go_mod("app", "crypto"))), kept);
  EXPECT_THAT(names_of(with(go, "go/src/a/_b/go.mod", go_mod("example.org/b", "crypto"))), kept);
  EXPECT_THAT(names_of(with(go, "go/go.mod", go_mod("app", "crypto"))), kept);
  EXPECT_THAT(names_of(with(go, "app/src/go.mod", go_mod("std", "crypto"))), kept);
  const auto nested = with(with(go, "go/src/app/go.mod", go_mod("app", "crypto")),
                           "go/src/app/_tools/go.mod", go_mod("tools", "time"));
  EXPECT_THAT(names_of(nested), ElementsAre("golang.org/x/crypto v0.1.0",
                                            "golang.org/x/time v0.1.0", "stdlib 1.24.1"));
}

TEST(GoRoot, WithoutTheProgramEverythingIsKept) {
  const auto go = toolchain("go/");
  const auto all = ElementsAre("golang.org/x/mod v0.1.0", "golang.org/x/net v0.1.0",
                               "golang.org/x/tools v0.1.0");
  EXPECT_THAT(names_of(without(go, "go/bin/go")), all);
  EXPECT_THAT(names_of(with(go, "go/bin/go", "#!/bin/sh\n")), all);
  EXPECT_THAT(names_of(with(without(go, "go/bin/go"), "bin/go", go_program)),
              testing::IsSupersetOf({"golang.org/x/net v0.1.0", "golang.org/x/mod v0.1.0"}));
  EXPECT_THAT(names_of(with(go, "go/bin/go", other_program)),
              testing::IsSupersetOf({"golang.org/x/net v0.1.0", "golang.org/x/mod v0.1.0"}))
      << "a program of a module named go";
}

TEST(GoRoot, ProjectsThatCallThemselvesStdOrCmdAreKept) {
  const auto go = toolchain("go/");
  EXPECT_THAT(names_of(with(go, "go/src/go.mod", go_mod("app", "net"))),
              testing::IsSupersetOf({"golang.org/x/mod v0.1.0", "golang.org/x/net v0.1.0",
                                     "golang.org/x/tools v0.1.0"}));
  EXPECT_THAT(
      names_of({{"a/src/go.mod", go_mod("std", "net")}, {"a/src/b/go.mod", go_mod("cmd", "mod")}}),
      ElementsAre("golang.org/x/mod v0.1.0", "golang.org/x/net v0.1.0"));
}

TEST(GoRoot, WhatALaterLayerWritesThereIsKept) {
  const auto inventory =
      assemble({}, {test::layer_of(toolchain("go/")),
                    test::layer_of({{"go/src/cmd/go.mod", go_mod("cmd", "crypto")},
                                    {"go/src/a/_b/go.mod", go_mod("b", "time")},
                                    {"go/src/vendor/modules.txt", modules_txt("net")}})})
          .value();
  EXPECT_THAT(names_of(inventory), ElementsAre("golang.org/x/mod v0.1.0", "golang.org/x/net v0.1.0",
                                               "golang.org/x/time v0.1.0",
                                               "golang.org/x/tools v0.1.0", "stdlib 1.24.1"));
}

}  // namespace
}  // namespace boltseal
