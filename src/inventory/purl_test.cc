#include "inventory/purl.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

Package package(PackageType type, std::string name, std::string version, std::string arch = {}) {
  Package out;
  out.type = type;
  out.name = std::move(name);
  out.version = std::move(version);
  out.arch = std::move(arch);
  return out;
}

Distribution distro(std::string id, std::string version) {
  Distribution out;
  out.id = std::move(id);
  out.version_id = std::move(version);
  return out;
}

TEST(Purl, WritesEachTypeCanonically) {
  const auto plain = [](PackageType type, const char* name, const char* version) {
    return purl(package(type, name, version), {});
  };
  EXPECT_EQ(plain(PackageType::pypi, "Django_Package", "1.11.1.dev1"),
            "pkg:pypi/django-package@1.11.1.dev1");
  EXPECT_EQ(plain(PackageType::npm, "@angular/animation", "12.3.1"),
            "pkg:npm/%40angular/animation@12.3.1");
  EXPECT_EQ(plain(PackageType::npm, "foobar", "12.3.1"), "pkg:npm/foobar@12.3.1");
  EXPECT_EQ(plain(PackageType::maven, "org.apache.commons:io", "1.3.4 Final"),
            "pkg:maven/org.apache.commons/io@1.3.4%20Final");
  EXPECT_EQ(plain(PackageType::maven, "io", ""), "pkg:maven/io");
  EXPECT_EQ(plain(PackageType::golang, "github.com/BurntSushi/toml", "v1.2.0+incompatible"),
            "pkg:golang/github.com/BurntSushi/toml@v1.2.0%2Bincompatible");
  EXPECT_EQ(plain(PackageType::golang, "stdlib", "1.22.1"), "pkg:golang/stdlib@1.22.1");
  EXPECT_EQ(plain(PackageType::composer, "Laravel/Framework", "5.5.0"),
            "pkg:composer/laravel/framework@5.5.0");
  EXPECT_EQ(plain(PackageType::nuget, "EnterpriseLibrary.Common", "6.0"),
            "pkg:nuget/EnterpriseLibrary.Common@6.0");
  EXPECT_EQ(plain(PackageType::cargo, "rand", "0.7.2"), "pkg:cargo/rand@0.7.2");
  EXPECT_EQ(plain(PackageType::generic, "conda:absl-py", "0.4.1"), "pkg:conda/absl-py@0.4.1");
  EXPECT_EQ(plain(PackageType::generic, "bitwarderl/x", ""), "pkg:generic/bitwarderl/x");
  EXPECT_EQ(purl(package(PackageType::gem, "nokogiri", "1.15.0", "x86_64-linux"), {}),
            "pkg:gem/nokogiri@1.15.0?platform=x86_64-linux");
  EXPECT_EQ(purl(package(PackageType::gem, "rake", "13.0", "ruby"), {}), "pkg:gem/rake@13.0");
}

TEST(Purl, WritesDebWithSourceAndDistribution) {
  Package attr = package(PackageType::deb, "libattr1", "1:2.4.47-2+b1", "amd64");
  attr.source_name = "attr";
  attr.source_version = "1:2.4.47-2";
  EXPECT_EQ(purl(attr, distro("debian", "12")),
            "pkg:deb/debian/"
            "libattr1@1:2.4.47-2%2Bb1?arch=amd64&distro=debian-12&upstream=attr%401:2.4.47-2");
  attr.source_version.clear();
  EXPECT_EQ(purl(attr, distro("debian", "")),
            "pkg:deb/debian/libattr1@1:2.4.47-2%2Bb1?arch=amd64&distro=debian&upstream=attr");
  attr.source_name = "libattr1";
  EXPECT_EQ(purl(attr, {}), "pkg:deb/libattr1@1:2.4.47-2%2Bb1?arch=amd64");
}

TEST(Purl, WritesRpmWithEpochAndModule) {
  Package bind = package(PackageType::rpm, "bind-utils", "32:9.11-1.el8", "x86_64");
  bind.source_name = "bind";
  bind.module = "idm:DL1";
  EXPECT_EQ(purl(bind, distro("rhel", "8.6")),
            "pkg:rpm/redhat/"
            "bind-utils@9.11-1.el8?arch=x86_64&distro=rhel-8.6&epoch=32&modularitylabel=idm:DL1"
            "&upstream=bind-9.11-1.el8.src.rpm");
  EXPECT_EQ(purl(package(PackageType::rpm, "gpg-pubkey", "1-2"), distro("opensuse-leap", "15.5")),
            "pkg:rpm/opensuse/gpg-pubkey@1-2?distro=opensuse-leap-15.5");
}

TEST(Purl, ReadsWhatItWrites) {
  Package bind = package(PackageType::rpm, "bind-utils", "32:9.11-1.el8", "x86_64");
  bind.source_name = "bind";
  bind.source_version = "9.11-1.el8";
  bind.module = "idm:DL1";
  Distribution from;
  const auto back = parse_purl(purl(bind, distro("rhel", "8.6")), &from);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->name, "bind-utils");
  EXPECT_EQ(back->version, "32:9.11-1.el8");
  EXPECT_EQ(back->source_name, "bind");
  EXPECT_EQ(back->source_version, "9.11-1.el8");
  EXPECT_EQ(back->module, bind.module);
  EXPECT_EQ(from.id, "rhel");
  EXPECT_EQ(from.version_id, "8.6");
  for (const char* text :
       {"pkg:npm/%40angular/animation@12.3.1", "pkg:maven/org.apache.commons/io@1.3.4%20Final",
        "pkg:conda/absl-py@0.4.1", "pkg:golang/github.com/BurntSushi/toml@v1.2.0%2Bincompatible",
        "pkg:generic/bitwarderl/x", "pkg:maven/io", "pkg:generic/conda:absl-py@1",
        "pkg:github/package-url/purl-spec@244fd47e07d1004",
        "pkg:gem/jruby-launcher@1.1.2?platform=java"}) {
    const auto read = parse_purl(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(purl(*read, {}), text);
  }
}

TEST(Purl, KeepsModuleAndStreamOfALabel) {
  const auto module = [](const std::string& qualifiers) {
    return parse_purl("pkg:rpm/almalinux/x@1-1?" + qualifiers)->module;
  };
  EXPECT_EQ(module("rpmmod=nodejs:18:9050020241212:rhel9"), "nodejs:18");
  EXPECT_EQ(module("modularitylabel=nodejs%3A20%3A8090020%3Aa75119d5"), "nodejs:20");
  EXPECT_EQ(module("rpmmod=nodejs:18"), "nodejs:18");
  EXPECT_EQ(module("rpmmod=nodejs"), "");
}

TEST(Purl, ReadsLooseSpellings) {
  EXPECT_EQ(parse_purl("pkg://maven/org.apache.commons/io")->name, "org.apache.commons:io");
  EXPECT_EQ(parse_purl("pkg:PYPI/Django_package@1.11")->name, "django-package");
  EXPECT_EQ(parse_purl("pkg:npm/@scope/name@1.0")->name, "@scope/name");
  EXPECT_EQ(parse_purl("pkg:npm/@scope/name")->version, "");
  EXPECT_EQ(parse_purl("pkg:npm/%40scope%2Fname@1.0")->name, "@scope/name");
  EXPECT_EQ(parse_purl("pkg:golang/google.golang.org/genproto@abcdedf#/googleapis/api/annotations/")
                ->name,
            "google.golang.org/genproto");
  EXPECT_EQ(parse_purl("pkg:deb/debian/foo@1%3A2.3-1")->version, "1:2.3-1");
  EXPECT_EQ(parse_purl("pkg:deb/debian/foo@2.3-1?epoch=1")->version, "1:2.3-1");
  EXPECT_EQ(parse_purl("pkg:deb/debian/foo@1:2.3-1?epoch=1")->version, "1:2.3-1");
  EXPECT_EQ(parse_purl("pkg:rpm/rhel/foo@2.3-1?epoch=01")->version, "1:2.3-1");
  EXPECT_EQ(parse_purl("pkg:rpm/rhel/foo@0000:2.3-1")->version, "2.3-1");
  EXPECT_EQ(parse_purl("pkg:rpm/fedora/curl@7.50?Arch=i386&Distro=fedora-25")->arch, "i386");
}

TEST(Purl, FindsTheDistribution) {
  const auto of = [](const char* text) {
    Distribution out;
    EXPECT_TRUE(parse_purl(text, &out)) << text;
    return out.id + "|" + out.version_id + "|" + out.codename;
  };
  EXPECT_EQ(of("pkg:deb/debian/a@1?distro=debian-12.5"), "debian|12.5|");
  EXPECT_EQ(of("pkg:deb/debian/a@1?distro=bookworm"), "debian|12|bookworm");
  EXPECT_EQ(of("pkg:deb/ubuntu/a@1?distro=ubuntu-jammy"), "ubuntu|22.04|jammy");
  EXPECT_EQ(of("pkg:apk/alpine/a@1?distro=3.19.1"), "alpine|3.19.1|");
  EXPECT_EQ(of("pkg:rpm/redhat/a@1?distro=redhat-8.4"), "rhel|8.4|");
  EXPECT_EQ(of("pkg:rpm/opensuse/a@1?distro=opensuse-leap-15.3"), "opensuse-leap|15.3|");
  EXPECT_EQ(of("pkg:rpm/opensuse/a@1?distro=opensuse-tumbleweed"), "opensuse-tumbleweed||");
  EXPECT_EQ(of("pkg:apk/wolfi/a@1"), "wolfi||");
  EXPECT_EQ(of("pkg:npm/a@1"), "||");
}

TEST(Purl, WritesAnyPurlAsTheSpecificationDoes) {
  const std::pair<const char*, const char*> rows[] = {
      {"pkg:PYPI/Zope_Interface@5.0", "pkg:pypi/zope-interface@5.0"},
      {"pkg:npm/@scope/name@1.0", "pkg:npm/%40scope/name@1.0"},
      {"pkg:brew/Some/Tap/tool@16@16.2", "pkg:brew/some/tap/tool%4016@16.2"},
      {"pkg:bazel/rules@1?Repository_URL=https://example.org/r",
       "pkg:bazel/rules@1?repository_url=https:%2F%2Fexample.org%2Fr"},
      {"pkg:golang/example.org/x@v1#/a/./b+c/../d/", "pkg:golang/example.org/x@v1#a/b%2Bc/d"},
      {"pkg:pub/Some-Name@1", "pkg:pub/some_name@1"},
      {"pkg:oci/App@SHA256:AB?tag=X", "pkg:oci/app@sha256:ab?tag=X"},
      {"pkg:cargo/Rand@1?b=&a=2", "pkg:cargo/Rand@1?a=2"},
      {"pkg:mlflow/Model@3?repository_url=https://x.azuredatabricks.net",
       "pkg:mlflow/model@3?repository_url=https:%2F%2Fx.azuredatabricks.net"},
      {"pkg:mlflow/Model@3", "pkg:mlflow/Model@3"},
      {"pkg:julia/Dates?uuid=1-2", "pkg:julia/Dates?uuid=1-2"},
  };
  for (const auto& [text, canonical] : rows) {
    const auto read = canonical_purl(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(*read, canonical);
    EXPECT_EQ(*canonical_purl(*read), canonical);
  }
  for (const char* text :
       {"pkg:swift/Tool@1", "pkg:vcpkg/a/b@1", "pkg:otp/a/b@1", "pkg:cpan/A::B", "pkg:julia/Dates",
        "pkg:vscode-extension/java@1", "pkg:chrome-extension/dogs", "pkg:swift/host/owner/@1"}) {
    EXPECT_FALSE(canonical_purl(text)) << text;
  }
  EXPECT_TRUE(parse_purl("pkg:swift/Tool@1"));  // what others write all the same is read
}

TEST(Purl, RefusesWhatIsNone) {
  for (const char* text : {"",
                           "pkg:",
                           "pkg:npm",
                           "pkg:npm/",
                           "EnterpriseLibrary.Common@6.0.1304",
                           "pkg:maven/@1.3.4",
                           "pkg:maven/:",
                           "pkg:maven/f/::m",
                           "pkg:maven/a:b/c@1",
                           "pkg:rpm/rhel/bash@1:2:3",
                           "pkg:EnterpriseLibrary.Common@6.0",
                           "pkg:n&g?inx/nginx@0.8.9",
                           "pkg:3nginx/nginx@0.8.9",
                           "pkg:nginx:a/nginx@0.8.9",
                           "pkg:npm/myartifact@1.0.0?in%20production=true",
                           "pkg%3Amaven/org.apache.commons/io",
                           "pkg:npm/a%2",
                           "pkg:npm/a%zz",
                           "pkg:npm/a@%g0",
                           "pkg:npm/a%1b[31m",
                           "pkg:npm/a%00b",
                           "pkg:npm/a?=x",
                           "pkg:npm/a?x",
                           "pkg:deb/debian/a?distro=de%01b"}) {
    EXPECT_FALSE(parse_purl(text)) << text;
  }
  EXPECT_EQ(parse_purl("pkg:npm/" + std::string(20000, 'a')).error().fault, Fault::too_large);
  // Every truncation of a real one gives a package or an error.
  const std::string whole =
      "pkg:rpm/redhat/a%2Bb@1:2.4?arch=x86_64&epoch=1&upstream=a-2-4.src.rpm#x/y";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const auto read = parse_purl(whole.substr(0, i));
    EXPECT_TRUE(!read || !read->name.empty()) << i;
  }
}

}  // namespace
}  // namespace boltseal
