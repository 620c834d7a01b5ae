#include "licences/licences.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "licences/expression.h"
#include "licences/names.h"
#include "licences/spdx_ids.h"
#include "licences/texts.h"

namespace boltseal {
namespace {

struct Row {
  std::string_view declared, want;
};

void expect_rows(std::initializer_list<Row> rows) {
  for (const auto& row : rows) {
    const auto have = spdx_expression(row.declared);
    EXPECT_EQ(have, row.want) << row.declared;
    EXPECT_TRUE(have.empty() || is_spdx_expression(have)) << have;
    EXPECT_EQ(spdx_expression(have), have) << "read again it stays the same";
  }
}

TEST(LicenceTables, AreSortedAndValid) {
  const auto no_case = [](std::string_view a, std::string_view b) { return lower(a) < lower(b); };
  EXPECT_TRUE(std::ranges::is_sorted(spdx_ids(), no_case, &SpdxId::id));
  EXPECT_TRUE(std::ranges::is_sorted(spdx_exceptions(), no_case));
  EXPECT_GT(spdx_ids().size(), 700U);
  std::string_view last;
  for (const auto& [key, expression] : licence_names()) {
    EXPECT_LT(last, key);
    EXPECT_EQ(licence_key(key), key);
    EXPECT_TRUE(is_spdx_expression(expression)) << expression;
    last = key;
  }
  for (const auto& id : spdx_ids()) {
    EXPECT_TRUE(is_spdx_expression(id.id)) << id.id;
    EXPECT_EQ(find_spdx_id(lower(id.id)), &id);
    EXPECT_NE(licence_of_name(id.id), "") << id.id;
  }
}

TEST(SpdxExpression, OfWhatPackagesDeclare) {
  expect_rows({
      {"", ""},
      {"UNKNOWN", ""},
      {"mit", "MIT"},
      {"MIT/X11", "MIT"},
      {"Expat", "MIT"},
      {"GPL-2+", "GPL-2.0-or-later"},
      {"GPLv2+", "GPL-2.0-or-later"},
      {"GPL-2", "GPL-2.0-only"},
      {"GPL-2.0", "GPL-2.0-only"},
      {"GPL", "GPL-1.0-or-later"},
      {"LGPL-2.1+", "LGPL-2.1-or-later"},
      {"GNU GPL v3", "GPL-3.0-only"},
      {"GPL (>= 2)", "GPL-2.0-or-later"},
      {"GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"},
      {"License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"},
      {"License :: OSI Approved :: GNU Library or Lesser General Public License (LGPL)",
       "LGPL-2.0-or-later"},
      {"License :: OSI Approved :: MIT License", "MIT"},
      {"License :: OSI Approved :: BSD License", "LicenseRef-BSD"},
      {"GNU AFFERO GENERAL PUBLIC LICENSE Version 3", "AGPL-3.0-only"},
      {"GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"},
      {"BSD 3-Clause", "BSD-3-Clause"},
      {"BSD-3-clause~Google", "BSD-3-Clause"},
      {"3-Clause BSD License", "BSD-3-Clause"},
      {"ASL 2.0", "Apache-2.0"},
      {"Apache License, Version 2.0", "Apache-2.0"},
      {"The Apache Software License, Version 2.0", "Apache-2.0"},
      {"CC BY-SA 4.0", "CC-BY-SA-4.0"},
      {"http://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"},
      {"https://opensource.org/licenses/MIT", "MIT"},
      {"https://www.gnu.org/licenses/old-licenses/gpl-2.0.html", "GPL-2.0-only"},
      {"https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"},
      {"https://licenses.nuget.org/MIT", "MIT"},
      {"SEE LICENSE IN LICENSE.md", "LicenseRef-SEE-LICENSE-IN-LICENSE.md"},
      {"UNLICENSED", "LicenseRef-UNLICENSED"},
      {"Unlicense", "Unlicense"},
  });
}

TEST(SpdxExpression, KeepsTheStructure) {
  expect_rows({
      {"(MIT OR Apache-2.0)", "MIT OR Apache-2.0"},
      {"(MIT OR GPL-3.0-or-later) AND BSD-3-Clause", "(MIT OR GPL-3.0-or-later) AND BSD-3-Clause"},
      {"MIT OR GPL-3.0-or-later AND BSD-3-Clause", "MIT OR GPL-3.0-or-later AND BSD-3-Clause"},
      {"mit and (isc or zlib)", "MIT AND (ISC OR Zlib)"},
      {"MIT/Apache-2.0", "MIT OR Apache-2.0"},
      {"GPL+ or Artistic", "GPL-1.0-or-later OR Artistic-1.0-Perl"},
      {"MIT, BSD-2-Clause", "MIT AND BSD-2-Clause"},
      {"MIT, BSD-2-Clause or ISC", "MIT OR BSD-2-Clause OR ISC"},
      {"GPL-2+ or Artistic-2.0, and BSD-3-clause",
       "(GPL-2.0-or-later OR Artistic-2.0) AND BSD-3-Clause"},
      {"MIT AND MIT", "MIT"},
      {"LGPLv3+_or_GPLv2+", "LGPL-3.0-or-later OR GPL-2.0-or-later"},
      {"GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"},
      {"GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"},
      {"GPL-3+ with Bison exception", "GPL-3.0-or-later WITH Bison-exception-2.2"},
      {"GPL-3+ with autoconf exception", "GPL-3.0-or-later WITH Autoconf-exception-3.0"},
      {"LicenseRef-Mine AND MIT", "LicenseRef-Mine AND MIT"},
      {"DocumentRef-a:LicenseRef-b", "DocumentRef-a:LicenseRef-b"},
  });
}

// Alpine's older packages have lists of ids; commas stand inside names, too.
TEST(SpdxExpression, IdsInARowAllHold) {
  EXPECT_EQ(spdx_expression("MIT GPL-3.0-only"), "MIT AND GPL-3.0-only");
  EXPECT_EQ(spdx_expression("BSD-2-Clause BSD-3-Clause GPL-2.0-or-later OR MIT"),
            "BSD-2-Clause AND BSD-3-Clause AND GPL-2.0-or-later OR MIT");
  EXPECT_EQ(spdx_expression("MIT something"), "LicenseRef-MIT-something");
  EXPECT_EQ(spdx_expression("The P6Spy Software License, Version 1.1"),
            "LicenseRef-The-P6Spy-Software-License-Version-1.1");
  EXPECT_EQ(spdx_expression("MIT, 0BSD"), "MIT AND 0BSD");
}

TEST(SpdxExpression, ANameMayHaveAnAddressOrACopyrightBehindIt) {
  expect_rows({
      {"MIT (http://example.org/license.txt)", "MIT"},
      {"MIT <https://opensource.org/licenses/MIT>", "MIT"},
      {"MIT License - https://opensource.org/licenses/MIT", "MIT"},
      {"MIT, Copyright (c) 2013 Acme", "MIT"},
      {"Apache lisence V2", "Apache-2.0"},
      {"GPL-2.0-only WITH Simple-Library-Usage-exception",
       "GPL-2.0-only WITH Simple-Library-Usage-exception"},
  });
  // These say more than the name.
  EXPECT_NE(spdx_expression("MIT (http://a.example/) and GPL-2.0-only"), "MIT");
  EXPECT_NE(spdx_expression("MIT / http://a.example/license"), "MIT");
  EXPECT_NE(spdx_expression("MIT, Copyright Acme, other parts under the GPL license"), "MIT");
}

TEST(SpdxExpression, NeverDropsOrInventsAPart) {
  expect_rows({
      {"GPLv2+ and LGPLv2+ with exceptions",
       "GPL-2.0-or-later AND LicenseRef-LGPL-2.0-or-later-with-exceptions"},
      {"Foo and MIT", "LicenseRef-Foo AND MIT"},
      {"Foo/Bar", "LicenseRef-Foo-Bar"},
      {"MIT AND", "LicenseRef-MIT-AND"},
      {"(MIT", "MIT"},
      {"MIT (see LICENSE)", "LicenseRef-MIT-see-LICENSE"},
      {"BSD with advertising", "LicenseRef-BSD-with-advertising"},
      {"AND AND", "LicenseRef-AND-AND"},
      {"MIT WITH Nothing-exception", "LicenseRef-MIT-with-Nothing-exception"},
      {"Magick++", "LicenseRef-Magick"},
      {"\xe7\xa7\x81\xe6\x9c\x89", "LicenseRef-94df4510"},
  });
}

TEST(SpdxExpression, OfHostileTextIsBounded) {
  const auto start = std::chrono::steady_clock::now();
  for (const std::string_view piece :
       {"(", ")", "MIT OR ", "a/", "with ", ",", "x ", "GPL-2 or later (", "~", "::"}) {
    std::string text;
    while (text.size() < 900'000) text += piece;
    EXPECT_TRUE(is_spdx_expression(spdx_expression(text))) << piece;
    EXPECT_TRUE(is_spdx_expression(spdx_expression(text.substr(0, 990)))) << piece;
    is_spdx_expression(text);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(SpdxAllOf, JoinsWithoutRepeats) {
  EXPECT_EQ(spdx_all_of({"MIT", "", "Expat", "MIT OR ISC", "GPL-2+"}),
            "MIT AND (MIT OR ISC) AND GPL-2.0-or-later");
  EXPECT_EQ(spdx_all_of({}), "");
}

TEST(IsSpdxExpression, IsStrict) {
  for (const auto* good : {"MIT", "mit", "MIT or ISC", "(MIT)", "GPL-2.0+", "EPL-1.0+",
                           "LicenseRef-a.b-c", "GPL-3.0-only WITH GCC-exception-3.1"}) {
    EXPECT_TRUE(is_spdx_expression(good)) << good;
  }
  for (const auto* bad :
       {"", "Foo", "MIT AND", "AND", "(MIT", "MIT)", "MIT ISC", "MIT WITH MIT", "LicenseRef-",
        "LicenseRef-a_b", "MIT,ISC", "()", "MIT WITH", "WITH Classpath-exception-2.0"}) {
    EXPECT_FALSE(is_spdx_expression(bad)) << bad;
  }
  EXPECT_FALSE(is_spdx_expression(std::string(40, '(') + "MIT" + std::string(40, ')')));
}

TEST(LicenceIds, AreNamedOnceInOrder) {
  EXPECT_EQ(
      licence_ids("(MIT OR GPL-2.0-only WITH Classpath-exception-2.0) AND MIT AND LicenseRef-x"),
      (std::vector<std::string>{"MIT", "GPL-2.0-only", "LicenseRef-x"}));
}

TEST(LicenceOfCopyrightFile, MachineReadable) {
  EXPECT_EQ(licence_of_copyright_file(
                "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
                "Upstream-Name: x\n\nFiles: *\nCopyright: me\nLicense: GPL-2+ or Artistic\n\n"
                "Files: debian/*\nLicense: GPL-2+\n\nLicense: GPL-2+\n text\n .\n more\n\n"
                "License: Artistic\n text\n"),
            "(GPL-2.0-or-later OR Artistic-1.0-Perl) AND GPL-2.0-or-later");
}

TEST(LicenceOfCopyrightFile, MachineReadableWithTheTextInTheField) {
  EXPECT_EQ(
      licence_of_copyright_file(
          "Format: x\n\nFiles: *\nLicense:\n Permission is hereby granted, free of charge, to any "
          "person\n"
          " obtaining a copy; the above copyright notice and this permission notice shall be\n"
          " included in all copies\n"),
      "MIT");
}

TEST(LicenceOfCopyrightFile, FreeText) {
  EXPECT_EQ(
      licence_of_copyright_file(
          "This is free software; you can redistribute it under the terms of the GNU General\n"
          "Public License as published by the Free Software Foundation; either version 2 of the\n"
          "License, or (at your option) any later version.\n"
          "See /usr/share/common-licenses/GPL-2.\n"),
      "GPL-2.0-or-later");
  EXPECT_EQ(licence_of_copyright_file("See `/usr/share/common-licenses/LGPL-2.1'."),
            "LGPL-2.1-only");
  EXPECT_EQ(licence_of_copyright_file("nothing to see"), "");
}

// Files of that form whose first line is missing are told by what they say of all files.
TEST(LicenceOfCopyrightFile, MachineReadableWithoutItsFirstLine) {
  EXPECT_EQ(licence_of_copyright_file("Files: *\nCopyright: me\nLicense: CC-BY-SA-3.0 or LGPL-3\n\n"
                                      "Files: b\nLicense: GPL-2+\n\nLicense: GPL-2+\n text\n"),
            "(CC-BY-SA-3.0 OR LGPL-3.0-only) AND GPL-2.0-or-later");
  EXPECT_EQ(licence_of_copyright_file("License:\n\nGNU General Public License, version 3.\n\n"
                                      "Files: debian/*\nLicense: MIT\n"),
            "GPL-3.0-only");
}

TEST(LicenceOfText, KnowsTheWaysToSayOrLater) {
  constexpr std::string_view gpl = "GNU General Public License";
  for (const std::string_view said :
       {"{} version 2+", "{} (GPL), version 2 or newer", "{}, version 2 or (at your option) later",
        "{} v2 or later", "under the terms of version 2 or later of the {}"})
    EXPECT_EQ(licence_of_text(replace_all(said, "{}", gpl)), "GPL-2.0-or-later") << said;
  for (const std::string_view said :
       {"{} version 2", "{} (v2)", "under the terms of version 2 of the {}."})
    EXPECT_EQ(licence_of_text(replace_all(said, "{}", gpl)), "GPL-2.0-only") << said;
  EXPECT_EQ(licence_of_text("the terms and conditions of version 3 of the GNU General Public "
                            "License, supplemented by"),
            "");
  for (const std::string_view said : {"GNU GPL, v2 or later, see /usr/share/common-licenses/GPL-2",
                                      "GPL-2+: see /usr/share/common-licenses/GPL-2"})
    EXPECT_EQ(licence_of_text(said), "GPL-2.0-or-later") << said;
}

TEST(LicenceOfText, TellsMitFromItsRelatives) {
  const std::string grant =
      "Permission is hereby granted, free of charge, to any person obtaining a copy, to deal "
      "without restriction, and to permit persons to whom it is furnished to do so";
  const std::string mit = grant + ": this permission notice shall be included in all copies. ";
  EXPECT_EQ(licence_of_text(mit), "MIT");
  EXPECT_EQ(licence_of_text(grant + ". THE SOFTWARE IS PROVIDED \"AS IS\""), "MIT-0");
  EXPECT_EQ(licence_of_text(grant + ". Redistributions of source code must retain it. " + mit),
            "NCSA AND MIT");
  EXPECT_EQ(licence_of_text(grant + ", provided that this notice appear with all copies"), "");
}

TEST(LicenceOfText, TellsTheBsdsApart) {
  const std::string head =
      "Redistribution and use in source and binary forms, with or without\n * modification, are "
      "permitted";
  EXPECT_EQ(licence_of_text(head), "BSD-2-Clause");
  EXPECT_EQ(licence_of_text(head + " Neither the name may be used to endorse or promote products"),
            "BSD-3-Clause");
  EXPECT_EQ(licence_of_text(head + " All advertising materials mentioning features of it"),
            "BSD-4-Clause");
}

TEST(LicenceOfText, ADenialOfLaterVersionsIsNoGrant) {
  EXPECT_EQ(licence_of_text("under the GNU General Public License, version 2, and *only* version 2 "
                            "(i.e. not version 3 or any later versions)."),
            "GPL-2.0-only");
  EXPECT_EQ(
      licence_of_text("GNU General Public License version 3 of the License, and not any later "
                      "version."),
      "GPL-3.0-only");
  EXPECT_EQ(licence_of_text("the GNU General Public License; either version 2 of the License, or "
                            "(at your option) any later version."),
            "GPL-2.0-or-later");
}

TEST(LicenceOfText, OwnTextOfTheGplIsNoGrantOfLaterVersions) {
  EXPECT_EQ(
      licence_of_text(
          "GNU GENERAL PUBLIC LICENSE Version 3, 29 June 2007 ... How to Apply These Terms ... "
          "under the terms of the GNU General Public License, either version 3 of the License, or "
          "(at your option) any later version."),
      "GPL-3.0-only");
}

// Debian and Ubuntu keep the texts that most packages refer to.
std::string common_licence(const std::string& name) {
  std::ifstream in("/usr/share/common-licenses/" + name, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

TEST(LicenceOfWholeText, KnowsALicenceByItsOwnText) {
  const auto text = common_licence("LGPL-2.1");
  if (text.empty()) GTEST_SKIP() << "no /usr/share/common-licenses here";
  EXPECT_EQ(licence_of_text(text), "LGPL-2.1-only");
  EXPECT_EQ(licence_of_text(common_licence("GPL-3")), "GPL-3.0-only");
  EXPECT_EQ(licence_of_text(common_licence("Apache-2.0")), "Apache-2.0");
  EXPECT_EQ(licence_of_text(common_licence("Artistic")), "Artistic-1.0-Perl");
  EXPECT_EQ(licence_of_text("Copyright (c) 2020 Acme\n\n" + text), "LGPL-2.1-only");
}

TEST(LicenceOfWholeText, IsNoRareRelativeWithoutItsWords) {
  const auto apache = common_licence("Apache-2.0"), bsd = common_licence("BSD");
  if (apache.empty()) GTEST_SKIP() << "no /usr/share/common-licenses here";
  EXPECT_EQ(licence_of_text(apache.substr(0, apache.find("APPENDIX"))), "Apache-2.0");
  EXPECT_EQ(licence_of_text(bsd), "BSD-3-Clause");
}

TEST(LicenceOfWholeText, IsSilentOnPartsAndMixtures) {
  const auto lgpl = common_licence("LGPL-2.1"), apache = common_licence("Apache-2.0");
  if (lgpl.empty()) GTEST_SKIP() << "no /usr/share/common-licenses here";
  EXPECT_EQ(licence_of_whole_text(lgpl.substr(0, lgpl.size() / 2)), "");
  EXPECT_EQ(licence_of_whole_text(lgpl + apache), "");
  EXPECT_EQ(licence_of_whole_text(""), "");
  EXPECT_EQ(licence_of_whole_text("word"), "");
  EXPECT_EQ(licence_of_whole_text(std::string(300 * 1024, 'a')), "");
}

TEST(LicenceCategory, OfIdsAndExpressions) {
  EXPECT_EQ(category_of("MIT"), LicenceCategory::permissive);
  EXPECT_EQ(category_of("MIT OR GPL-3.0-only"), LicenceCategory::permissive);
  EXPECT_EQ(category_of("MIT AND GPL-3.0-only"), LicenceCategory::strong_copyleft);
  EXPECT_EQ(category_of("GPL-2.0-only WITH Classpath-exception-2.0"),
            LicenceCategory::weak_copyleft);
  EXPECT_EQ(category_of("AGPL-3.0-or-later"), LicenceCategory::network_copyleft);
  EXPECT_EQ(category_of("LicenseRef-GPL-2.0-or-later-with-OpenSSL-exception"),
            LicenceCategory::strong_copyleft);
  EXPECT_EQ(category_of("LicenseRef-MIT-X11-BSD-like-LGPL-2-or-later"),
            LicenceCategory::weak_copyleft);
  EXPECT_EQ(category_of("LicenseRef-BSD-like"), LicenceCategory::permissive);
  EXPECT_EQ(category_of("LicenseRef-foo AND MIT"), LicenceCategory::unknown);
  EXPECT_EQ(category_of("LicenseRef-foo OR MIT"), LicenceCategory::permissive);
  EXPECT_EQ(category_of("not one"), LicenceCategory::unknown);
  EXPECT_EQ(category_of_id("CC-BY-NC-4.0"), LicenceCategory::proprietary);
  EXPECT_EQ(name_of(LicenceCategory::weak_copyleft), "weak-copyleft");
}

}  // namespace
}  // namespace boltseal
