// Each folder of tests/cases/sbom holds one document and "want.txt", what the reader makes of it in
// the form below.
#include "source/sbom.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/allocations_for_tests.h"
#include "base/fd.h"
#include "base/text.h"
#include "inventory/purl.h"
#include "source/sbom_model.h"

namespace boltseal {
namespace {

namespace fs = std::filesystem;

void describe(const Package& p, const Distribution& distribution, std::string& out) {
  out += "package " + purl(p, distribution);
  const auto say = [&](std::string_view what, const std::string& value) {
    if (!value.empty()) out += fmt::format(" {}={}", what, value);
  };
  say("name", p.name);
  say("version", p.version);
  say("source", p.source_name + (p.source_version.empty() ? "" : "@" + p.source_version));
  say("licence", p.licence);
  say("text", p.licence_text);
  say("supplier", p.supplier);
  say("homepage", p.homepage);
  say("description", p.description);
  for (const auto& cpe : p.cpes) say("cpe", cpe);
  for (const auto& [kind, value] : p.hashes) say("hash", kind + ":" + value);
  for (const auto& evidence : p.evidence)
    say("at", fmt::format("{}#{}", evidence.path, evidence.layer));
  if (p.development) out += " development";
  if (p.owner >= 0) out += fmt::format(" owner={}", p.owner);
  out += "\n";
}

std::string describe(const Result<Inventory>& inventory) {
  if (!inventory)
    return fmt::format("error {}: {}\n", name_of(inventory.error().fault), inventory.error().what);
  const auto& [image, distribution, packages, dependencies, unknowns, usage] = *inventory;
  std::string out = fmt::format("distribution {}|{}|{}|{}\n", distribution.id,
                                distribution.version_id, distribution.codename, distribution.name);
  out += fmt::format("image {} {}/{} {} {}\n", image.kind, image.os, image.architecture,
                     image.manifest_digest, image.config_digest);
  for (const auto& [key, value] : image.labels) out += fmt::format("label {}={}\n", key, value);
  for (const auto& layer : image.layers)
    out += fmt::format("layer {} {}\n", layer.diff_id, layer.created_by);
  for (const Package& package : packages) describe(package, distribution, out);
  for (const auto& [from, to] : dependencies)
    out += fmt::format("needs {} {}\n", packages.at(from).name, packages.at(to).name);
  for (const Unknown& unknown : unknowns)
    out += fmt::format("unknown {}: {}\n", name_of(unknown.fault), unknown.what);
  return out;
}

struct Case {
  std::string name, file, document, expected;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const auto& folder : fs::directory_iterator(BOLTSEAL_ROOT "/tests/cases/sbom")) {
    Case one{folder.path().filename().string(), {}, {}, {}};
    for (const auto& file : fs::directory_iterator(folder.path())) {
      const auto bytes = read_file(file.path().string(), 1 << 20);
      if (file.path().filename() == "want.txt")
        one.expected = bytes.value_or("");
      else
        one.document = bytes.value_or(""), one.file = file.path().filename().string();
    }
    out.push_back(std::move(one));
  }
  std::ranges::sort(out, {}, &Case::name);
  return out;
}

// BOLTSEAL_ACCEPT=1 writes want.txt; read the difference before it is committed.
TEST(Sbom, CasesReadAsExpected) {
  const auto all = cases();
  EXPECT_GE(all.size(), 10U);
  for (const Case& one : all) {
    const std::string is = describe(read_sbom(one.document, "sbom:" + one.file, one.file));
    if (std::getenv("BOLTSEAL_ACCEPT") != nullptr) {
      EXPECT_TRUE(
          write_file_atomically(BOLTSEAL_ROOT "/tests/cases/sbom/" + one.name + "/want.txt", is));
      continue;
    }
    EXPECT_EQ(is, one.expected) << one.name;
  }
}

TEST(Sbom, TruncatedOrFlippedIsAnErrorOrAnInventory) {
  for (const Case& one : cases()) {
    for (std::size_t i = 0; i < one.document.size(); i += 7) {
      std::string flipped = one.document;
      flipped[i] = static_cast<char>(flipped[i] ^ 0x11);
      for (const std::string_view text :
           {std::string_view(one.document).substr(0, i), std::string_view(flipped)}) {
        const auto inventory = read_sbom(text, "sbom:x", "x");
        if (!inventory) {
          EXPECT_FALSE(inventory.error().what.empty());
          continue;
        }
        for (const Package& package : inventory->packages) {
          EXPECT_FALSE(package.name.empty());
          EXPECT_FALSE(package.evidence.empty());
        }
        for (const auto& [from, to] : inventory->dependencies) {
          EXPECT_LT(std::max(from, to), inventory->packages.size());
        }
      }
    }
  }
}

TEST(Sbom, RefusesWhatIsNoSbom) {
  for (const std::string& text :
       std::vector<std::string>{"", "[]", "{}", "<html/>", "hello", "{\"a\": 1}", "\xff\xfe",
                                "SPDXVersion: SPDX-3.0\n"}) {
    EXPECT_FALSE(read_sbom(text, "sbom:x", "x")) << text;
  }
  // A wrapper in a wrapper in a wrapper.
  std::string nested = R"({"bomFormat": "CycloneDX"})";
  EXPECT_TRUE(read_sbom(R"({"predicate": )" + nested + "}", "sbom:x", "x"));
  for (int i = 0; i < 20; ++i) nested = R"({"predicate": )" + nested + "}";
  EXPECT_EQ(read_sbom(nested, "sbom:x", "x").error().fault, Fault::too_large);
}

std::string joined(const std::vector<std::string>& licences,
                   const std::vector<std::string>& names) {
  bool whole = true;
  std::string out = licence_expression(licences, names, whole);
  return whole ? out : "cut: " + out;
}

// One package with a long id, which needs all others: each relation is a number, not the id again.
TEST(Sbom, ALongIdCostsItsLengthOnce) {
  std::string components = R"({"type":"library","name":"a","bom-ref":"LONG"})", needed;
  for (int i = 0; i < 2000; ++i) {
    components +=
        fmt::format(R"(,{{"type":"library","name":"b","version":"{}","bom-ref":"{}"}})", i, i);
    needed += fmt::format(R"({}"{}")", i == 0 ? "" : ",", i);
  }
  const std::string document =
      replace_all(fmt::format(R"({{"bomFormat":"CycloneDX","components":[{}],)"
                              R"("dependencies":[{{"ref":"LONG","dependsOn":[{}]}}]}})",
                              components, needed),
                  "LONG", std::string(100'000, 'l'));
  EXPECT_LT(test::allocated_by([&] {
              EXPECT_EQ(read_sbom(document, "sbom:x", "x").value().dependencies.size(), 2000);
            }),
            20'000'000);
}

TEST(Sbom, JoinsLicencesToOneExpression) {
  EXPECT_EQ(joined({"MIT OR Apache-2.0", "BSD-3-Clause", "BSD-3-Clause"}, {}),
            "(MIT OR Apache-2.0) AND BSD-3-Clause");
  EXPECT_EQ(joined({"NOASSERTION"}, {"Own licence v2!"}), "LicenseRef-Own-licence-v2");
  EXPECT_TRUE(joined({}, {std::string(5000, 'x')}).starts_with("LicenseRef-text-"));
  EXPECT_EQ(joined({}, {}), "");
}

// A policy speaks of ids, so a licence must not hide behind the field that it stands in.
TEST(Sbom, KnowsALicenceByItsName) {
  EXPECT_EQ(joined({}, {"GPL-3.0-only"}), "GPL-3.0-only");
  EXPECT_EQ(joined({"GPL-3.0-only"}, {"GPL-3.0-only", "MIT"}), "GPL-3.0-only AND MIT");
  EXPECT_EQ(joined({}, {"GNU Affero General Public License v3.0"}), joined({"AGPL-3.0"}, {}));
  EXPECT_EQ(joined({"MIT or Apache-2.0"}, {}), "MIT OR Apache-2.0");
  EXPECT_EQ(joined({}, {"MIT OR Apache-2.0"}), "MIT OR Apache-2.0");
}

TEST(Sbom, SaysWhenThereAreMoreLicencesThanItReads) {
  std::vector<std::string> names;
  for (int i = 0; i < 501; ++i) names.push_back(fmt::format("own {}", i));
  EXPECT_TRUE(joined({}, names).starts_with("cut: LicenseRef-own-0 AND "));
  names.pop_back();
  EXPECT_TRUE(joined({}, names).starts_with("LicenseRef-own-0 AND "));
}

TEST(Sbom, DecodesBase64) {
  EXPECT_EQ(decode_base64("aGk=").value_or("?"), "hi");
  EXPECT_EQ(decode_base64("aGk").value_or("?"), "hi");
  EXPECT_EQ(decode_base64("").value_or("?"), "");
  EXPECT_FALSE(decode_base64("a"));
  EXPECT_FALSE(decode_base64("a*b="));
}

}  // namespace
}  // namespace boltseal
