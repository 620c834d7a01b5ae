#include "match/match.h"

#include <gtest/gtest.h>

#include "match/sample_test.h"

namespace boltseal {
namespace {

using namespace match_sample;

TEST(Ecosystems, DistributionsKnowTheirEcosystems) {
  const auto found = [](std::string id, std::string version, std::string name,
                        std::string ecosystem) {
    Case c(std::move(id), std::move(version));
    c.report.inventory.distribution.name = std::move(name);
    Package p = package(PackageType::rpm, "libx", "1:1.0-1");
    p.source_name = "x";
    p.source_version = "1.0-1";
    return c.with(record("R-1", std::move(ecosystem), "x", until("1:1.0-2")))
        .with(p)
        .run()
        .findings.size();
  };
  const auto binary = [](std::string id, std::string version, std::string ecosystem) {
    Case c(std::move(id), std::move(version));
    return c.with(record("R-1", std::move(ecosystem), "x", until("1.0-2")))
        .with(package(PackageType::rpm, "x", "1.0-1"))
        .run()
        .findings.size();
  };
  EXPECT_EQ(found("rocky", "9.4", "", "Rocky Linux:9"), 1U);
  EXPECT_EQ(found("openeuler", "22.03", "openEuler 22.03 (LTS-SP3)", "openEuler:22.03-LTS-SP3"),
            1U);
  EXPECT_EQ(found("openeuler", "22.03", "openEuler 22.03 LTS", "openEuler:22.03"), 1U);
  EXPECT_EQ(found("openeuler", "22.03", "openEuler 22.03 (LTS-SP3)", "openEuler:22.03-LTS"), 0U);
  EXPECT_EQ(found("sles", "15.5", "", "SUSE:Linux Enterprise Server 15 SP5"), 1U);
  EXPECT_EQ(found("sles", "15.5", "", "SUSE:Linux Enterprise Module for Basesystem 15 SP5"), 1U);
  EXPECT_EQ(found("sles", "15.5", "", "SUSE:Linux Enterprise Module for Basesystem 15 SP4"), 0U);
  EXPECT_EQ(found("sles", "15", "", "SUSE:Linux Enterprise Module for Basesystem 15"), 1U);
  EXPECT_EQ(found("sles", "16.0", "", "SUSE:Linux Enterprise Server 16.0"), 1U);
  EXPECT_EQ(found("sles", "16.1", "", "SUSE:Linux Enterprise Server 16.0"), 0U);
  EXPECT_EQ(found("sled", "15.5", "", "SUSE:Linux Enterprise Desktop 15 SP5"), 1U);
  EXPECT_EQ(found("sled", "15.5", "", "SUSE:Linux Enterprise Module for Basesystem 15 SP5"), 1U);
  EXPECT_EQ(found("sle-micro", "5.5", "", "SUSE:Linux Enterprise Micro 5.5"), 1U);
  EXPECT_EQ(found("suse-microos", "5.1", "", "SUSE:Linux Enterprise Micro 5.1"), 1U);
  EXPECT_EQ(found("sle-micro", "5.5", "", "SUSE:Linux Enterprise Module for Basesystem 5.5"), 0U);
  EXPECT_EQ(found("sl-micro", "6.0", "", "SUSE:Linux Micro 6.0"), 1U);
  EXPECT_EQ(found("opensuse-leap", "15.6", "", "openSUSE:Leap 15.6"), 1U);
  EXPECT_EQ(found("azurelinux", "3.0", "", "Azure Linux:3"), 1U);
  EXPECT_EQ(found("mageia", "9", "", "Mageia:9"), 1U);
  EXPECT_EQ(binary("rhel", "10.1", "Red Hat:enterprise_linux:10.0"), 1U);
  EXPECT_EQ(binary("rhel", "10.1", "Red Hat:enterprise_linux:10.1::appstream"), 1U);
  EXPECT_EQ(binary("rhel", "9.4", "Red Hat:enterprise_linux:9::baseos"), 1U);
  EXPECT_EQ(binary("rhel", "9.4", "Red Hat:enterprise_linux:8::baseos"), 0U);
  EXPECT_EQ(found("almalinux", "9.4", "", "AlmaLinux:9"), 0U);  // by binary package
}

}  // namespace
}  // namespace boltseal
