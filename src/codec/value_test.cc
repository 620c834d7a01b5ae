#include "codec/value.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "codec/json_writer.h"

namespace boltseal {
namespace {

TEST(Value, AsksForWhatIsNotThereGetNothing) {
  const auto doc = parse_json(R"({"a": {"b": [1, "x", true, null, 2.5]}})").value();
  EXPECT_EQ(doc["a"]["b"][0].integer(), 1);
  EXPECT_EQ(doc["a"]["b"][1].text(), "x");
  EXPECT_EQ(doc["a"]["b"][4].number(), 2.5);
  EXPECT_EQ(doc["a"]["b"][9]["deep"]["er"].text(), "");
  EXPECT_FALSE(doc["nothing"]);
  EXPECT_TRUE(doc["a"].items().empty());
}

TEST(Json, RefusesWhatTheRfcRefuses) {
  for (const auto* text : {"", "{", "[1,]", "{\"a\":1,}", "nul", "\"\xff\"", "[1] x"})
    EXPECT_FALSE(parse_json(text)) << text;
}

TEST(Json, DeepNestingIsTooLarge) {
  const auto deep = parse_json(std::string(100000, '[') + std::string(100000, ']'));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().fault, Fault::too_large);
}

TEST(Jsonc, CommentsAndTrailingCommasAreForgiven) {
  const auto doc = parse_jsonc("// c\n{\"a\": [1, 2, /* x, */ ], \"b\": \"// no , ]\",\n}").value();
  EXPECT_EQ(doc["a"].items().size(), 2u);
  EXPECT_EQ(doc["b"].text(), "// no , ]");
  EXPECT_FALSE(parse_jsonc("{\"a\": 1 /* open"));
}

TEST(Yaml, ScalarsKeepTheirSpelling) {
  const auto doc =
      parse_yaml("version: 1.10\nnumber: 12\nquoted: '12'\nflag: true\nlist: [a, ~]\nzero: 007\n")
          .value();
  EXPECT_EQ(doc["version"].text(), "1.10");
  EXPECT_EQ(doc["number"].integer(), 12);
  EXPECT_EQ(doc["quoted"].text(), "12");
  EXPECT_TRUE(doc["flag"].boolean());
  EXPECT_EQ(doc["list"].items().size(), 2u);
  EXPECT_EQ(doc["zero"].text(), "007");
}

TEST(Yaml, AliasesAreSharedAndBombsRefused) {
  EXPECT_EQ(parse_yaml("a: &x {k: v}\nb: *x\n").value()["b"]["k"].text(), "v");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string p = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + p + "," + p + "," + p +
            "," + p + "," + p + "," + p + "," + p + "," + p + "," + p + "]\n";
  }
  const auto done = parse_yaml(bomb);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::too_large);
}

TEST(Yaml, DeepNestingIsAnError) { EXPECT_FALSE(parse_yaml(std::string(50000, '['))); }

TEST(Toml, TablesBecomeObjects) {
  const auto doc =
      parse_toml("[[package]]\nname = \"a\"\nn = 3\n[package.source]\nwhen = 2024-01-02\n").value();
  EXPECT_EQ(doc["package"][0]["name"].text(), "a");
  EXPECT_EQ(doc["package"][0]["n"].integer(), 3);
  EXPECT_EQ(doc["package"][0]["source"]["when"].text(), "2024-01-02");
  EXPECT_FALSE(parse_toml("a = "));
}

TEST(JsonWriter, WritesWhatTheParserReads) {
  JsonWriter json(false);
  json.object()
      .member("t", "a\"\\\n\x01\xff")
      .member("n", 1.5)
      .key("l")
      .array()
      .value(true)
      .null()
      .end()
      .end();
  EXPECT_EQ(json.take(), "{\"t\":\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\",\"n\":1.5,\"l\":[true,null]}");
}

TEST(JsonWriter, APartWrittenElsewhereReadsAsIfItHadBeenWrittenHere) {
  for (const bool pretty : {true, false}) {
    for (const int before : {0, 1}) {
      JsonWriter whole(pretty), json(pretty);
      whole.object().key("list").array();
      json.object();
      JsonWriter part = json.part(']');
      json.key("list").array();
      for (int i = 0; i < before; ++i) {
        whole.value("first");
        json.value("first");
      }
      for (JsonWriter* writer : {&whole, &part})
        writer->object().member("a", 1).key("b").array().value(2).end().end().value("last");
      json.append(part);
      whole.value(3).end().end();
      json.value(3).end().end();
      EXPECT_EQ(json.take(), whole.take());
      JsonWriter nothing(pretty);
      nothing.array().append(nothing.part(']')).end();
      EXPECT_EQ(nothing.take(), pretty ? "[]\n" : "[]");
    }
  }
}

TEST(JsonWriter, EscapesWhereverInATextItIsNeeded) {
  for (std::size_t size = 1; size < 40; ++size)
    for (std::size_t at = 0; at < size; ++at)
      for (const auto& [byte, as] : {std::pair('"', "\\\""),
                                     {'\\', "\\\\"},
                                     {'\x1f', "\\u001f"},
                                     {'\x7f', "\\u007f"},
                                     {'\x80', "\xef\xbf\xbd"},
                                     {' ', " "}}) {
        std::string text(size, 'a');
        std::string want = '"' + text.substr(0, at) + as + text.substr(at + 1) + '"';
        text[at] = byte;
        JsonWriter json(false);
        EXPECT_EQ(json.value(text).take(), want);
        JsonWriter names(false);
        EXPECT_EQ(names.object().key(text).null().end().take(), "{" + want + ":null}");
      }
}

TEST(JsonWriter, ADrainGetsTheSameBytesInPieces) {
  const auto write = [](JsonWriter& json) {
    json.object();
    for (int i = 0; i < 20'000; ++i)
      json.key(std::to_string(i)).array().value("some text").value(i).end();
    json.member("long", std::string(1 << 20, 'x')).end();
  };
  JsonWriter whole;
  write(whole);
  std::string gathered;
  std::size_t pieces = 0, longest = 0;
  JsonWriter drained(true, [&](std::string_view piece) {
    gathered += piece;
    longest = std::max(longest, piece.size());
    ++pieces;
  });
  write(drained);
  EXPECT_EQ(drained.take(), "");
  EXPECT_EQ(gathered, whole.take());
  EXPECT_GT(pieces, 4U);
  EXPECT_LT(longest, gathered.size());
}

TEST(JsonWriter, DeepLinesAreIndented) {
  JsonWriter json;
  for (int i = 0; i < 40; ++i) json.array();
  for (int i = 0; i < 40; ++i) json.end();
  const auto text = json.take();
  EXPECT_NE(text.find("\n" + std::string(78, ' ') + "[]\n"), std::string::npos);
}

TEST(JsonWriter, EmptyThingsStayOnOneLine) {
  JsonWriter json;
  json.object().key("a").array().end().key("b").object().end().end();
  EXPECT_EQ(json.take(), "{\n  \"a\": [],\n  \"b\": {}\n}\n");
}

}  // namespace
}  // namespace boltseal
