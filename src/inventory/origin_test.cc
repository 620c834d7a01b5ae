#include "inventory/origin.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

std::string deb(std::string version, std::string maintainer, std::string codename = "bookworm") {
  Package package;
  package.type = PackageType::deb;
  package.name = "probe";
  package.version = std::move(version);
  package.supplier = std::move(maintainer);
  Distribution distribution;
  distribution.id = "debian";
  distribution.codename = std::move(codename);
  return third_party(package, distribution);
}

std::string rpm(std::string vendor, std::string distribution_id) {
  Package package;
  package.type = PackageType::rpm;
  package.name = "probe";
  package.version = "1-1";
  package.supplier = std::move(vendor);
  Distribution distribution;
  distribution.id = std::move(distribution_id);
  return third_party(package, distribution);
}

TEST(Origin, PublishersOfDebsAreKnownByTheirAddress) {
  EXPECT_EQ(deb("5:26.1.4-1~debian.12", "Docker <support@docker.com>"),
            "its maintainer is Docker <support@docker.com>");
  EXPECT_NE(deb("2.46.0", "GitHub"), "");
  EXPECT_NE(deb("126.0.1", "Chrome Linux Team <chromium-dev@chromium.org>"), "");
  EXPECT_EQ(deb("126.0.1-1", "Debian Chromium Team <chromium@packages.debian.org>"), "");
  EXPECT_EQ(deb("2.18.1-1", "Debian Compose Team <team+docker-compose@tracker.debian.org>"), "");
  EXPECT_EQ(deb("1.0-1", "A Person <a.person@nvidia.com>"), "");
  EXPECT_EQ(deb("1.0-1", ""), "");
}

TEST(Origin, PublishersOfApksAreKnownByTheirAddress) {
  const auto apk = [](std::string maintainer, std::string distribution_id = "alpine") {
    Package package;
    package.type = PackageType::apk;
    package.name = "nginx";
    package.version = "1.27.2-r1";
    package.supplier = std::move(maintainer);
    Distribution distribution;
    distribution.id = std::move(distribution_id);
    return third_party(package, distribution);
  };
  EXPECT_EQ(apk("NGINX Packaging <nginx-packaging@f5.com>"),
            "its maintainer is NGINX Packaging <nginx-packaging@f5.com>");
  EXPECT_NE(apk("NGINX Packaging <nginx-packaging@nginx.com>"), "");
  EXPECT_EQ(apk("Jakub Jirutka <jakub@jirutka.cz>"), "");
  EXPECT_EQ(apk("A Person <a.person@nginx.com>"), "") << "who may keep a package of Alpine's";
  EXPECT_EQ(apk(""), "");
}

TEST(Origin, MarksInVersionsNameWhoBuiltThem) {
  const std::string same = "Debian PostgreSQL Maintainers <team+postgresql@tracker.debian.org>";
  EXPECT_EQ(deb("16.3-1.pgdg120+1", same), "its version is one of apt.postgresql.org");
  EXPECT_EQ(deb("15.7-0+deb12u1", same), "");
  EXPECT_EQ(deb("5.5.0+debpgdg-1", same), "");
  EXPECT_NE(deb("20.14.0-1nodesource1", ""), "");
  EXPECT_EQ(deb("1.27.0-1~bookworm", ""), "its version names bookworm, as only others' do");
  EXPECT_NE(deb("3.11.9-1+jammy1", "", "jammy"), "");
  EXPECT_EQ(deb("1.27.0-1~jammyish", "", "jammy"), "");
  EXPECT_EQ(deb("1.2-3~bpo12+1", ""), "");
  EXPECT_EQ(deb("1.2-3ubuntu0.22.04.1", "", "jammy"), "");
}

TEST(Origin, RpmsOfAnotherVendorAreForeign) {
  EXPECT_EQ(rpm("Red Hat, Inc.", "rhel"), "");
  EXPECT_EQ(rpm("Fedora Project", "fedora"), "");
  EXPECT_EQ(rpm("Fedora Project", "rhel"), "its vendor is Fedora Project");  // EPEL
  EXPECT_NE(rpm("Fedora Copr - user probe", "fedora"), "");
  EXPECT_EQ(rpm("SUSE LLC <https://www.suse.com/>", "opensuse-leap"), "");
  EXPECT_NE(rpm("obs://build.opensuse.org/home:probe", "opensuse-leap"), "");
  EXPECT_EQ(rpm("", "rhel"), "");
  EXPECT_EQ(rpm("Somebody", "a-distribution-of-no-line"), "");
}

TEST(Origin, APackageOfAnotherPackageManagerIsForeign) {
  Package package;
  package.type = PackageType::rpm;
  Distribution distribution;
  distribution.id = "debian";
  EXPECT_EQ(third_party(package, distribution),
            "it is of type rpm, and debian has packages of type deb");
  distribution.id = "a-derivative";
  distribution.id_like = {"rhel", "fedora"};
  EXPECT_EQ(third_party(package, distribution), "");
  package.type = PackageType::apk;
  EXPECT_NE(third_party(package, distribution), "");
  distribution.id_like.clear();
  EXPECT_EQ(third_party(package, distribution), "");
}

TEST(Origin, LanguagePackagesAreNotAskedAbout) {
  Package package;
  package.type = PackageType::npm;
  package.supplier = "Docker <support@docker.com>";
  Distribution distribution;
  distribution.id = "debian";
  EXPECT_EQ(third_party(package, distribution), "");
}

}  // namespace
}  // namespace boltseal
