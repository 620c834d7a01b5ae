// base64, PEM and canonical JSON: the forms that signed bytes come in.
#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/canonical_json.h"
#include "codec/pem.h"

namespace boltseal {
namespace {

TEST(Base64, WritesTheVectorsOfRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("\xfb\xff\xfe"), "+//+");
  EXPECT_EQ(base64("\xfb\xff\xfe\x01", Base64::url), "-__-AQ");
}

TEST(Base64, ReadsBackWhatItWrites) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    bytes.push_back(static_cast<char>(i * 7));
    EXPECT_EQ(unbase64(base64(bytes)).value(), bytes);
    EXPECT_EQ(unbase64(base64(bytes, Base64::url), Base64::url).value(), bytes);
    EXPECT_EQ(unbase64_any(base64(bytes, Base64::url)).value(), bytes);
  }
}

TEST(Base64, RefusesSecondTextsForOneValue) {
  for (const char* text :
       {"Zg", "Zg=", "Zh==", "Zg==\n", "Z g=", "Zg===", "=", "Zm9v====", "Zm9vA", "-_-_"})
    EXPECT_FALSE(unbase64(text)) << text;
  for (const char* text : {"Zg==", "+/+/", "Zh"}) EXPECT_FALSE(unbase64(text, Base64::url)) << text;
  for (const char* text : {"+_aa", "Zh", "Zg=", "a b"}) EXPECT_FALSE(unbase64_any(text)) << text;
  EXPECT_EQ(unbase64_any("Zg").value(), "f");
  EXPECT_EQ(unbase64_any("Zg==").value(), "f");
}

TEST(Pem, KeepsLabelHeadersAndBytes) {
  const auto blocks =
      parse_pem("noise\n-----BEGIN A B-----\nrole: root\n\nZm9v\nYmFy\n-----END A B-----\n" +
                write_pem("C", std::string(100, 'x')));
  ASSERT_TRUE(blocks) << blocks.error().message();
  ASSERT_EQ(blocks->size(), 2U);
  EXPECT_EQ((*blocks)[0].label, "A B");
  EXPECT_EQ((*blocks)[0].bytes, "foobar");
  ASSERT_EQ((*blocks)[0].headers.size(), 1U);
  EXPECT_EQ((*blocks)[0].headers[0].second, "root");
  EXPECT_EQ((*blocks)[1].bytes, std::string(100, 'x'));
}

TEST(Pem, RefusesWhatDoesNotEndOrIsNoBase64) {
  EXPECT_EQ(parse_pem("nothing").error().fault, Fault::not_found);
  EXPECT_FALSE(parse_pem("-----BEGIN A-----\nZm9v\n"));
  EXPECT_FALSE(parse_pem("-----BEGIN A-----\nZm9v\n-----END B-----\n"));
  EXPECT_FALSE(parse_pem("-----BEGIN A-----\nZm9*\n-----END A-----\n"));
}

std::string jcs(std::string_view json) {
  const auto document = parse_json(json);
  const auto out = canonical_json(document->root());
  return out ? *out : out.error().message();
}

TEST(CanonicalJson, OrdersKeysByUtf16Units) {
  EXPECT_EQ(jcs(R"({"b":1,"a":[true,null,"x"]})"), R"({"a":[true,null,"x"],"b":1})");
  // RFC 8785, 3.2.3: U+1F600 is D83D DE00 and comes before U+FB33.
  EXPECT_EQ(jcs("{\"\\ufb33\":1,\"\\ud83d\\ude00\":2,\"\\u20ac\":3,\"\\r\":4,\"1\":5}"),
            "{\"\\r\":4,\"1\":5,\"\u20ac\":3,\"\U0001F600\":2,\"\ufb33\":1}");
}

TEST(CanonicalJson, WritesNumbersAsEcmaScriptDoes) {
  EXPECT_EQ(jcs("[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]"),
            "[333333333.3333333,1e+30,4.5,0.002,1e-27]");
  EXPECT_EQ(jcs("[-0.0,1e21,1.2345678901234568e20,0.000001,1e-7,9007199254740993]"),
            "[0,1e+21,123456789012345680000,0.000001,1e-7,9007199254740992]");
}

TEST(CanonicalJson, RefusesAKeyThatStandsTwice) {
  const auto document = parse_json(R"({"a":1,"b":{"c":1,"c":2}})");
  ASSERT_TRUE(document);
  EXPECT_FALSE(canonical_json(document->root()));
  EXPECT_FALSE(olpc_json(document->root()));
}

TEST(OlpcJson, EscapesQuotesAndBackslashesOnly) {
  const auto document = parse_json("{\"b\\n\":\"\\\"\\\\\\u0001\",\"a\":-3}");
  ASSERT_TRUE(document);
  EXPECT_EQ(olpc_json(document->root()).value(), "{\"a\":-3,\"b\n\":\"\\\"\\\\\x01\"}");
  const auto real = parse_json("[1.5]");
  EXPECT_FALSE(olpc_json(real->root()));
}

}  // namespace
}  // namespace boltseal
