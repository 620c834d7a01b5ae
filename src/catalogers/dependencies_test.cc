#include "catalogers/dependencies.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

Package at(PackageType type, std::string name, std::string version, std::string path,
           std::vector<std::string> depends = {}, std::string arch = {}) {
  Package out;
  out.type = type;
  out.name = std::move(name);
  out.version = std::move(version);
  out.arch = std::move(arch);
  out.depends = std::move(depends);
  out.evidence = {{std::move(path), 0, {}}};
  return out;
}

using Edges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
using enum PackageType;

TEST(Dependencies, NodeLooksUpwardsFromItsOwnFolder) {
  EXPECT_EQ(
      resolve_dependencies(
          {at(npm, "b", "1.0.0", "app/node_modules/b/package.json"),
           at(npm, "b", "2.0.0", "app/node_modules/a/node_modules/b/package.json"),
           at(npm, "a", "1.0.0", "app/node_modules/a/package.json", {"b"}),
           at(npm, "c", "1.0.0", "app/node_modules/c/package.json", {"b"}),
           at(npm, "b", "3.0.0", "app/node_modules/c/node_modules/k/node_modules/b/package.json"),
           at(npm, "d", "1.0.0", "app/node_modules/d/package.json", {"b@2.0.0"})}),
      (Edges{{2, 1}, {3, 0}, {5, 1}}));
}

TEST(Dependencies, EachCopyOfAPackageFindsItsOwn) {
  auto b2 = at(npm, "b", "2.0.0", "m/node_modules/x/node_modules/b/package.json");
  b2.evidence.push_back({"m/node_modules/y/node_modules/b/package.json", 0, {}});
  auto a = at(npm, "a", "1.0.0", "m/node_modules/a/package.json", {"b"});
  a.evidence.push_back({"m/node_modules/y/node_modules/a/package.json", 0, {}});
  EXPECT_EQ(resolve_dependencies(
                {at(npm, "b", "1.0.0", "m/node_modules/b/package.json"), b2, a,
                 at(npm, "c", "1", "m/node_modules/y/node_modules/c/package.json", {"b"})}),
            (Edges{{2, 0}, {2, 1}, {3, 1}}));
}

TEST(Dependencies, AnEnvironmentSeesItsOwnPackages) {
  const auto venv = [](std::string number, std::string name) {
    return "opt/v" + number + "/lib/python3.11/site-packages/" + name + ".dist-info/METADATA";
  };
  EXPECT_EQ(resolve_dependencies({at(pypi, "Bbb", "2.0", venv("2", "bbb-2.0")),
                                  at(pypi, "bbb", "3.0", venv("1", "bbb-3.0")),
                                  at(pypi, "aaa", "1.0", venv("1", "aaa-1.0"), {"bbb"}),
                                  at(pypi, "aaa", "2.0", venv("2", "aaa-2.0"), {"BBB"})}),
            (Edges{{2, 1}, {3, 0}}));
}

TEST(Dependencies, OfSeveralArchitecturesItsOwnIsMeant) {
  const char* status = "var/lib/dpkg/status";
  EXPECT_EQ(resolve_dependencies({at(deb, "libc6", "1", status, {}, "amd64"),
                                  at(deb, "libc6", "1", status, {}, "i386"),
                                  at(deb, "z", "1", status, {"libc6"}, "amd64"),
                                  at(deb, "z", "1", status, {"libc6"}, "i386")}),
            (Edges{{2, 0}, {3, 1}}));
}

TEST(Dependencies, CaseIsNoDifferenceForNuget) {
  EXPECT_EQ(resolve_dependencies({at(nuget, "Newtonsoft.Json", "1", "a.deps.json"),
                                  at(nuget, "Foo", "1", "a.deps.json", {"newtonsoft.json"})}),
            (Edges{{1, 0}}));
}

}  // namespace
}  // namespace boltseal
