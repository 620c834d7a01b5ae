// Coverage as real tools wrote it (tests/cases/coverage; JaCoCo's and Istanbul's are written after
// their specifications), the cut into functions, and what became of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/text.h"
#include "custody/snippet_new.h"
#include "custody/snippet_seal.h"
#include "custody/snippet_split.h"

namespace boltseal {
namespace {

using testing::ElementsAre;

std::string file(const std::string& name) {
  const auto text = read_file(BOLTSEAL_ROOT "/tests/cases/coverage/" + name, 1 << 20);
  EXPECT_TRUE(text) << name;
  return text.value_or("");
}

std::vector<std::string> functions_of(const std::string& text, SnippetLanguage language) {
  const SnippetText cut(text, language);
  std::vector<std::string> out;
  for (const SnippetPiece& p : cut.functions())
    out.push_back(fmt::format("{} {}-{}", p.name, p.first, p.last));
  return out;
}

// "name covered [tests]" of what a seal over one file holds.
std::vector<std::string> sealed(const std::string& source, const std::string& coverage,
                                const std::string& folder = "src/") {
  const auto read = read_line_coverage(file(coverage));
  EXPECT_TRUE(read) << coverage << ": " << (read ? "" : read.error().message());
  if (!read) return {};
  const auto seal = make_snippet_seal({{folder + source, file(source)}}, {*read});
  EXPECT_TRUE(seal) << coverage << ": " << (seal ? "" : seal.error().message());
  std::vector<std::string> out;
  if (!seal) return out;
  for (const SealedSnippet& s : seal->snippets)
    out.push_back(fmt::format("{} {}{}{}", s.name, s.covered, s.tests.empty() ? "" : " ",
                              join(s.tests, ",")));
  return out;
}

TEST(SnippetSplit, CutsRealLanguages) {
  EXPECT_THAT(functions_of(file("calc.c"), SnippetLanguage::c),
              ElementsAre("add 8-10", "unused 12-12", "main 14-18"));
  EXPECT_THAT(functions_of(file("calc.py"), SnippetLanguage::python),
              ElementsAre("Calc.add 2-4", "Calc.unused 6-7", "twice 10-14"));
  EXPECT_THAT(functions_of(file("calc.go"), SnippetLanguage::go),
              ElementsAre("Pair.Sum 5-7", "Unused 9-11"));
  EXPECT_THAT(functions_of(file("App.java"), SnippetLanguage::java),
              ElementsAre("App::add 6-11", "App::unused 13-13"));
  EXPECT_THAT(functions_of(file("app.ts"), SnippetLanguage::script),
              ElementsAre("add 3-5", "Box::constructor 8-8", "Box::get 10-12", "unused 15-17"));
}

TEST(SnippetSplit, IsNotLedAstray) {
  EXPECT_THAT(
      functions_of("namespace a {\n#define X {\nint b::c(int) const noexcept {\n  // }\n  "
                   "auto s = \"}\" R\"x(})x\";\n  char c = '}';\n  if (c) { f([] { return 1'0; "
                   "}); }\n}\nint d[] = {1};\nstruct E {\n  E() : x{1} {}\n  void g();\n};\n}\n",
                   SnippetLanguage::c),
      ElementsAre("a::b::c 3-8", "a::E::E 11-11"));
  EXPECT_THAT(
      functions_of("@dec\n@other(\n  1)\nasync def f(a,\n    b):\n    def g():\n        pass\n    "
                   "x = '''\ndef no():\n'''\n    return x\n\n\nx = 1\n",
                   SnippetLanguage::python),
      ElementsAre("f 1-11"));
  EXPECT_THAT(functions_of("func (s Set[K]) Has(k K) bool {\n\tx := `}`\n\treturn x == \"\"\n}\n"
                           "type I interface {\n\tM() int\n}\n",
                           SnippetLanguage::go),
              ElementsAre("Set[K].Has 1-4"));
  EXPECT_TRUE(functions_of("{{{{((((", SnippetLanguage::c).empty());
  EXPECT_THAT(functions_of("void f() {", SnippetLanguage::c), ElementsAre("f 1-1"));
}

TEST(SnippetCoverage, OfEveryFormat) {
  EXPECT_THAT(sealed("calc.c", "gcov.json.gz"),
              ElementsAre("outside functions 6", "add 2", "unused 0", "main 4"));
  EXPECT_THAT(sealed("calc.c", "lcov.info"),
              ElementsAre("outside functions 6", "add 2", "unused 0", "main 4"));
  EXPECT_THAT(sealed("calc.py", "coverage-py.json"),
              ElementsAre("outside functions 7", "Calc.add 1 test_calc.test_add", "Calc.unused 0",
                          "twice 2 test_calc.test_twice"));
  EXPECT_THAT(sealed("calc.py", "cobertura.xml"),
              ElementsAre("outside functions 7", "Calc.add 1", "Calc.unused 0", "twice 2"));
  EXPECT_THAT(sealed("calc.py", "coverage-py.info"),
              ElementsAre("outside functions 7", "Calc.add 1", "Calc.unused 0", "twice 2"));
  EXPECT_THAT(sealed("calc.go", "go.out", ""),
              ElementsAre("outside functions 3", "Pair.Sum 3", "Unused 0"));
  EXPECT_THAT(sealed("App.java", "jacoco.xml", "src/main/java/org/example/"),
              ElementsAre("outside functions 3", "App::add 2", "App::unused 0"));
  EXPECT_THAT(
      sealed("app.ts", "istanbul.json"),
      ElementsAre("outside functions 3", "add 1", "Box::constructor 0", "Box::get 1", "unused 0"));
}

// A line that defines a function runs when its module is loaded: that is no test of the function.
TEST(SnippetCoverage, OfFunctionsThatWereOnlyDefined) {
  const std::string source =
      "const a = (x) => {\n  return x;\n};\nconst b = (x) => { return x; };\n"
      "const c = (x) => {\n  return x;\n};\nc(1);\n";
  const auto of = [&](const std::string& coverage) {
    std::vector<std::string> out;
    const auto seal = make_snippet_seal({{"m.js", source}}, {*read_line_coverage(coverage)});
    for (const SealedSnippet& s : seal->snippets)
      if (s.name != outside_functions) out.push_back(fmt::format("{} {}", s.name, s.covered));
    return out;
  };
  const auto at = [](int first, int last) {
    return fmt::format(R"({{"start":{{"line":{}}},"end":{{"line":{}}}}})", first, last);
  };
  EXPECT_THAT(
      of(fmt::format(
          R"({{"/m.js":{{"statementMap":{{"0":{},"1":{},"2":{},"3":{},"4":{},"5":{},"6":{}}},)"
          R"("s":{{"0":1,"1":0,"2":1,"3":0,"4":1,"5":1,"6":1}},)"
          R"("fnMap":{{"0":{{"loc":{}}},"1":{{"loc":{}}},"2":{{"loc":{}}}}},)"
          R"("f":{{"0":0,"1":0,"2":1}}}}}})",
          at(1, 3), at(2, 2), at(4, 4), at(4, 4), at(5, 7), at(6, 6), at(8, 8), at(1, 3), at(4, 4),
          at(5, 7))),
      ElementsAre("a 0", "b 0", "c 1"));
  EXPECT_THAT(of("TN:\nSF:m.js\nDA:1,1\nDA:2,0\nDA:3,1\nDA:5,1\nDA:6,1\nDA:7,1\nDA:8,1\n"
                 "end_of_record\n"),
              ElementsAre("a 0", "b 0", "c 1"));
}

TEST(SnippetCoverage, RefusesWhatIsNone) {
  for (const char* text :
       {"", "hello", "{}", "[]", "<a/>", "SF:a\nDA:1,1\n", "DA:1,1\n",
        "TN:\nSF:a\nDA:0,1\nend_of_record\n", "mode: set\na.go:1.1 1\n",
        "mode: set\na.go:9.1,1.1 1 1\n", "mode: set\na.go:1.1,99999999999.1 1 1\n"})
    EXPECT_FALSE(read_line_coverage(text)) << text;
  const auto other = read_line_coverage("TN:\nSF:other.c\nDA:1,1\nend_of_record\n");
  EXPECT_FALSE(make_snippet_seal({{"calc.c", "int a;\n"}}, {*other}));
  const auto past = read_line_coverage("TN:\nSF:calc.c\nDA:9,1\nend_of_record\n");
  EXPECT_FALSE(make_snippet_seal({{"calc.c", "int a;\n"}}, {*past}));
}

TEST(SnippetHash, LayoutDoesNotCountAndCodeDoes) {
  const auto hash = [](const std::string& text, SnippetLanguage language) {
    const SnippetText cut(text, language);
    return cut.hash(1, cut.lines());
  };
  const std::string c = hash("int f() {\n  return 1;\n}\n", SnippetLanguage::c);
  EXPECT_EQ(c, hash("int f() {\r\n\treturn 1;  \r\n\r\n}\r\n", SnippetLanguage::c));
  EXPECT_NE(c, hash("int f() {\n  return 2;\n}\n", SnippetLanguage::c));
  EXPECT_NE(c, hash("int f() {\n  return 1; // why\n}\n", SnippetLanguage::c));
  const std::string p = hash("def f():\n  if a:\n    b()\n  c()\n", SnippetLanguage::python);
  EXPECT_EQ(p, hash("def f():\n\tif a:\n\t\tb()\n\tc()\n", SnippetLanguage::python));
  EXPECT_NE(p, hash("def f():\n  if a:\n    b()\n    c()\n", SnippetLanguage::python));
  EXPECT_NE(hash("x = '''\n  a\n'''\n", SnippetLanguage::python),
            hash("x = '''\n    a\n'''\n", SnippetLanguage::python));
}

std::vector<std::string> states(const SnippetSeal& seal,
                                const std::map<std::string, std::string>& artifact) {
  std::vector<std::string> out;
  for (const SnippetAnswer& a : compare_snippets(seal, artifact))
    out.push_back(fmt::format("{} {}", name_of(a.state), a.name));
  return out;
}

TEST(SnippetCompare, SaysWhatBecameOfIt) {
  const std::string source = file("calc.c");
  const auto seal =
      make_snippet_seal({{"src/calc.c", source}}, {*read_line_coverage(file("lcov.info"))});
  ASSERT_TRUE(seal);
  const auto again = parse_snippet_seal(write_snippet_seal(*seal));
  ASSERT_TRUE(again) << again.error().message();
  const auto in = [&](const std::string& text) {
    return states(*again, {{"app/src/calc.c", text}});
  };
  EXPECT_THAT(in(source), ElementsAre("unchanged outside functions", "unchanged add",
                                      "never covered unused", "unchanged main"));
  EXPECT_THAT(in("\n\n" + source), ElementsAre("unchanged outside functions", "moved add",
                                               "never covered unused", "moved main"));
  EXPECT_THAT(in(replace_all(source, "a + b", "a - b")),
              ElementsAre("unchanged outside functions", "changed add", "never covered unused",
                          "unchanged main"));
  EXPECT_THAT(
      in(replace_all(source, "int main(void)", "int added(int x) { return x; }\nint main(void)")),
      ElementsAre("never covered added", "unchanged outside functions", "unchanged add",
                  "never covered unused", "moved main"));
  EXPECT_THAT(
      in(source.substr(source.find("static"))),
      ElementsAre("changed outside functions", "gone add", "never covered unused", "moved main"));
  EXPECT_THAT(states(*again, {}),
              ElementsAre("gone outside functions", "gone add", "gone unused", "gone main"));
  // What stands outside of functions runs, or is what they rely on.
  EXPECT_THAT(in("int evil = 1;\n" + source), ElementsAre("changed outside functions", "moved add",
                                                          "never covered unused", "moved main"));
  // A copy elsewhere does not make up for a function that was changed in its place.
  EXPECT_THAT(states(*again, {{"app/src/calc.c", replace_all(source, "a + b", "a - b")},
                              {"tmp/calc.c", source}}),
              ElementsAre("unchanged outside functions", "changed add", "never covered unused",
                          "unchanged main"));
}

TEST(SnippetCompare, FilesThatFitAsWell) {
  const std::string source = file("calc.c"), evil = replace_all(source, "a + b", "a - b");
  const auto coverage = *read_line_coverage(file("lcov.info"));
  const auto seal = *make_snippet_seal({{"src/calc.c", source}}, {coverage});
  EXPECT_THAT(files_in_doubt(seal, {{"app/src/calc.c", evil}, {"old/src/calc.c", source}}),
              ElementsAre("src/calc.c: app/src/calc.c, old/src/calc.c"));
  EXPECT_THAT(files_in_doubt(seal, {{"app/src/calc.c", source}, {"old/src/calc.c", source}}),
              ElementsAre());
  EXPECT_THAT(files_in_doubt(seal, {{"app/src/calc.c", evil}, {"old/lib/calc.c", source}}),
              ElementsAre());
  // Coverage that may be of either source is of none.
  EXPECT_FALSE(make_snippet_seal({{"a/src/calc.c", source}, {"b/src/calc.c", source}}, {coverage}));
  EXPECT_TRUE(make_snippet_seal({{"a/calc.c", source}, {"calc.c", source}}, {coverage}));
}

TEST(SnippetNew, IsWhatNoSealKnows) {
  const std::string source = file("calc.c"), helper = "int helper;\n";
  const auto made = make_snippet_seal(
      {{"src/calc.c", source}, {"src/test.c", helper}, {"src/vendor/x.c", "int x;\n"}},
      {*read_line_coverage(file("lcov.info"))}, {"src"});
  ASSERT_TRUE(made);
  const auto seal = parse_snippet_seal(write_snippet_seal(*made));
  ASSERT_TRUE(seal) << seal.error().message();
  EXPECT_THAT(seal->folders, ElementsAre("src"));
  EXPECT_EQ(seal->unsealed.size(), 1U);  // what is vendored is nobody's to test
  const auto search = [&](const std::string& path, const std::string& text) {
    return new_code_search(*seal, compare_snippets(*seal, {{path, text}}));
  };
  EXPECT_THAT(search("app/code/calc.c", source).folders, ElementsAre("app/code/"));
  EXPECT_THAT(search("calc.c", source).folders, ElementsAre(""));
  // Nothing of it is what was sealed: a file of that name is somebody else's.
  EXPECT_TRUE(search("usr/include/calc.c", "int calc;\n").folders.empty());
  const auto here = search("app/code/calc.c", source);
  EXPECT_TRUE(here.wants("app/code/a/new.H"));
  for (const char* other : {"app/other/new.c", "app/code/new.py", "app/code/a/vendor/b/new.c"})
    EXPECT_FALSE(here.wants(other)) << other;
  EXPECT_TRUE(new_code_search(*seal, {}).folders.empty());
  const auto found =
      new_code(*seal, {"a.c"}, {{"a.c", "int a;\n"}, {"b.c", helper}, {"c.c", "int c;\n"}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].where, "c.c");
}

TEST(SnippetCompare, RangesWhereNoFunctionsAreKnown) {
  const auto coverage = read_line_coverage("TN:t\nSF:run.sh\nDA:2,1\nDA:3,1\nend_of_record\n");
  const std::string text = "#!/bin/sh\necho a\necho b\necho c\n";
  const auto seal = make_snippet_seal({{"run.sh", text}}, {*coverage});
  ASSERT_TRUE(seal);
  EXPECT_THAT(states(*seal, {{"run.sh", text}}), ElementsAre("unchanged lines"));
  EXPECT_THAT(states(*seal, {{"run.sh", "\n" + text}}), ElementsAre("moved lines"));
  EXPECT_THAT(states(*seal, {{"run.sh", replace_all(text, "echo b", "echo x")}}),
              ElementsAre("changed lines"));
}

}  // namespace
}  // namespace boltseal
