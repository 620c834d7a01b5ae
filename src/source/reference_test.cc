#include "source/reference.h"

#include <gtest/gtest.h>

#include "source/temporary_test.h"

namespace boltseal {
namespace {

std::string canonical(const std::string& text) {
  const auto reference = parse_registry_reference(text);
  return reference ? reference->canonical()
                   : "error: " + std::string(name_of(reference.error().fault));
}

const std::string digest = "sha256:" + std::string(64, 'a');

TEST(Reference, FillsInWhatDockerFillsIn) {
  EXPECT_EQ(canonical("debian"), "docker.io/library/debian:latest");
  EXPECT_EQ(canonical("debian:12"), "docker.io/library/debian:12");
  EXPECT_EQ(canonical("grafana/grafana"), "docker.io/grafana/grafana:latest");
  EXPECT_EQ(canonical("docker.io/debian"), "docker.io/library/debian:latest");
  EXPECT_EQ(canonical("index.docker.io/library/debian"), "docker.io/library/debian:latest");
  EXPECT_EQ(canonical("localhost/a/b:1"), "localhost/a/b:1");
  EXPECT_EQ(canonical("localhost:5000/a"), "localhost:5000/a:latest");
  EXPECT_EQ(canonical("[::1]:5000/a"), "[::1]:5000/a:latest");
  EXPECT_EQ(canonical("ghcr.io/a/b_c/d-e--f__g.h:V1.0-x"), "ghcr.io/a/b_c/d-e--f__g.h:V1.0-x");
  EXPECT_EQ(canonical("debian@" + digest), "docker.io/library/debian@" + digest);
  EXPECT_EQ(canonical("debian:12@" + digest), "docker.io/library/debian:12@" + digest);
  EXPECT_EQ(canonical("http://reg.example/a"), "http://reg.example/a:latest");
  EXPECT_EQ(canonical("https://reg.example/a"), "reg.example/a:latest");
}

TEST(Reference, RefusesNamesThatTheGrammarDoesNotAllow) {
  for (const std::string& text : std::vector<std::string>{"",
                                                          "Debian",
                                                          "a/../b",
                                                          "../b",
                                                          "a//b",
                                                          "a/",
                                                          "/a",
                                                          "a..b",
                                                          "a___b",
                                                          "-a",
                                                          "a-",
                                                          "a:",
                                                          "a:-x",
                                                          "a:b/../c",
                                                          "a b",
                                                          "a:x\ny",
                                                          "a\x1b[31m",
                                                          "a@sha256:12",
                                                          "a@",
                                                          "a@"
                                                          "sha256:../../etc/passwd",
                                                          "reg.example/",
                                                          "a.b:0/x",
                                                          "a.b:99999/x",
                                                          "user@host/x",
                                                          "[::1/a",
                                                          "-x.y/a",
                                                          "a.b\\c/d",
                                                          "http://",
                                                          "a\xff"}) {
    EXPECT_TRUE(canonical(text).starts_with("error")) << text << " → " << canonical(text);
  }
  EXPECT_TRUE(canonical("a:" + std::string(129, 'x')).starts_with("error"));
  EXPECT_TRUE(canonical(std::string(256, 'x')).starts_with("error"));
  EXPECT_TRUE(canonical(std::string(5000, 'x')).starts_with("error"));
}

TEST(Reference, ReadsEveryScheme) {
  using Kind = Reference::Kind;
  const auto check = [](const std::string& text, Kind kind, const std::string& scheme,
                        const std::string& location, const std::string& name) {
    const auto reference = parse_reference(text);
    ASSERT_TRUE(reference) << text;
    EXPECT_EQ(reference->kind, kind) << text;
    EXPECT_EQ(reference->scheme, scheme) << text;
    EXPECT_EQ(reference->location, location) << text;
    EXPECT_EQ(reference->name, name) << text;
    EXPECT_FALSE(reference->guessed) << text;
  };
  check("docker:debian:12", Kind::daemon, "docker", "debian:12", "");
  check("podman:localhost/x", Kind::daemon, "podman", "localhost/x", "");
  check("containerd:ghcr.io/x/y:1", Kind::containerd, "containerd", "ghcr.io/x/y:1", "");
  check("oci:/nowhere", Kind::oci_layout, "oci", "/nowhere", "");
  check("oci:/nowhere:v1", Kind::oci_layout, "oci", "/nowhere", "v1");
  check("oci:/nowhere:reg.example:5000/a:v1", Kind::oci_layout, "oci", "/nowhere",
        "reg.example:5000/a:v1");
  check("oci:/nowhere@" + digest, Kind::oci_layout, "oci", "/nowhere", digest);
  check("docker-archive:/no.tar:a:1", Kind::archive, "docker-archive", "/no.tar", "a:1");
  check("oci-archive:/no.tar", Kind::archive, "oci-archive", "/no.tar", "");
  check("dir:/", Kind::directory, "dir", "/", "");
  check("sbom:bom.json", Kind::sbom, "sbom", "bom.json", "");
  EXPECT_FALSE(parse_reference("dir:"));
  EXPECT_FALSE(parse_reference("docker:../../x"));
  EXPECT_FALSE(parse_reference("docker:a?b"));
  EXPECT_FALSE(parse_reference("oci:/a\nb"));
  EXPECT_EQ(parse_reference("docker://debian")->canonical(), "docker.io/library/debian:latest");
}

TEST(Reference, GuessesFromWhatIsThere) {
  const TemporaryFolder folder;
  folder.write("layout/oci-layout", "{}");
  folder.write("layout/index.json", "{}");
  folder.write("root:fs/etc/os-release", "ID=x");
  folder.write("bom.json", "  {\"bomFormat\": \"CycloneDX\"}");
  folder.write("bom.spdx", "SPDXVersion: SPDX-2.3\n");
  folder.write("image.tar", std::string(1024, '\0'));
  const auto guess = [&](const std::string& name) {
    const auto reference = parse_reference(folder.path(name));
    if (!reference) return reference.error().message();
    EXPECT_TRUE(reference->guessed);
    return reference->scheme;
  };
  EXPECT_EQ(guess("layout"), "oci");
  EXPECT_EQ(guess("root:fs"), "dir");
  EXPECT_EQ(guess("bom.json"), "sbom");
  EXPECT_EQ(guess("bom.spdx"), "sbom");
  EXPECT_EQ(guess("image.tar"), "");  // which kind of archive it is, only the content tells
  EXPECT_EQ(parse_reference(folder.path("nothing")).error().fault, Fault::not_found);
  EXPECT_EQ(parse_reference("oci:" + folder.path("layout") + ":x")->name, "x");
}

TEST(Reference, KnowsOneImageByItsNames) {
  EXPECT_TRUE(same_image_name("debian", "docker.io/library/debian:latest"));
  EXPECT_FALSE(same_image_name("debian", "debian:12"));
  EXPECT_FALSE(same_image_name("../x", "../x"));
}

}  // namespace
}  // namespace boltseal
