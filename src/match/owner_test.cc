#include "match/match.h"

#include <gmock/gmock.h>

#include "match/sample_test.h"

namespace boltseal {
namespace {

using namespace match_sample;
using testing::HasSubstr;

TEST(Owner, TheOwningOsPackageDecides) {
  Case c("debian", "12");
  c.with(record("DEBIAN-CVE-2024-1", "Debian:12", "other", until("1-1")));
  c.with(record("PYSEC-1", "PyPI", "requests", until("2.30")));
  auto owned = package(PackageType::pypi, "requests", "2.28.1");
  owned.owner = 0;
  auto owner = package(PackageType::deb, "python3-requests", "2.28.1+dfsg-1");
  owner.source_name = "requests";
  c.with(owner).with(owned);
  const auto& r = c.run();
  EXPECT_TRUE(r.findings.empty());
  ASSERT_EQ(r.dropped.size(), 1U);
  EXPECT_EQ(r.dropped[0].verdict, Verdict::covered_by_owner);
  EXPECT_THAT(proof(r.dropped[0]), HasSubstr("its files belong to deb python3-requests"));
  Case uncovered("debian", "99");
  uncovered.with(record("PYSEC-1", "PyPI", "requests", until("2.30")));
  uncovered.with(owner).with(owned);
  EXPECT_EQ(uncovered.run().findings.size(), 1U) << "a feed that is not there decides nothing";
}

TEST(Owner, AFeedOfFixesDecidesForTheOwnersThatItNames) {
  const auto findings = [](std::string named) {
    Case c("alpine", "3.20");
    c.with(record("ALPINE-CVE-2024-1", "Alpine:v3.20", std::move(named), until("1-r0")));
    c.with(record("PYSEC-1", "PyPI", "django", until("3.2.25")));
    auto owned = package(PackageType::pypi, "django", "3.2.0");
    owned.owner = 0;
    auto owner = package(PackageType::apk, "py3-django", "3.2.0-r0");
    owner.source_name = "py-django";
    return c.with(owner).with(owned).run().findings.size();
  };
  EXPECT_EQ(findings("py-django"), 0U);
  EXPECT_EQ(findings("curl"), 1U) << "who never spoke of the owner has not judged it";
}

}  // namespace
}  // namespace boltseal
