#include "crypto/pkcs11_uri.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

TEST(Pkcs11Uri, IsRead) {
  const auto uri = parse_pkcs11_uri(
      "pkcs11:token=The%20Software%20PKCS%2311;manufacturer=Snake%20Oil,%20Inc.;model=1.0;"
      "serial=4a;slot-id=7;object=my-key;type=private;id=%69%95%3E%00"
      "?module-path=/usr/lib/p.so&pin-source=file:/etc/pin");
  ASSERT_TRUE(uri) << uri.error().message();
  EXPECT_EQ(uri->token, "The Software PKCS#11");
  EXPECT_EQ(uri->manufacturer, "Snake Oil, Inc.");
  EXPECT_EQ(uri->id, std::string("\x69\x95\x3e\x00", 4));
  EXPECT_EQ(uri->slot_id, 7U);
  EXPECT_EQ(uri->type, "private");
  EXPECT_EQ(uri->module_path, "/usr/lib/p.so");
  EXPECT_EQ(uri->pin_source, "/etc/pin");
  EXPECT_FALSE(uri->pin_value);
  EXPECT_TRUE(parse_pkcs11_uri("pkcs11:"));
  EXPECT_TRUE(parse_pkcs11_uri("pkcs11:?module-name=softhsm2"));
}

TEST(Pkcs11Uri, IsWrittenWithoutItsPin) {
  const auto uri = parse_pkcs11_uri(
      "pkcs11:id=%01a;object=a%3Bb%20c;token=t?pin-value=1234&module-path=/a%20b.so");
  ASSERT_TRUE(uri);
  EXPECT_EQ(uri->pin_value->view(), "1234");
  const std::string text = write_pkcs11_uri(*uri);
  EXPECT_EQ(text, "pkcs11:token=t;object=a%3Bb%20c;id=%01%61?module-path=/a%20b.so");
  const auto again = parse_pkcs11_uri(text);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, uri->id);
  EXPECT_EQ(again->object, uri->object);
}

TEST(Pkcs11Uri, IsRefusedWhenItSaysTwoThings) {
  EXPECT_FALSE(parse_pkcs11_uri("pkcs11:token=a;token=b"));
  EXPECT_FALSE(parse_pkcs11_uri("pkcs11:?pin-value=1&pin-value=2"));
}

TEST(Pkcs11Uri, IsRefusedWhenItIsNone) {
  for (const char* text :
       {"", "pkcs11", "PKCS11:token=a", "pkcs11:token", "pkcs11:token=%4", "pkcs11:token=%zz",
        "pkcs11:slot-id=x", "pkcs11:slot-id=", "pkcs11:type=data", "pkcs11:object=%ff",
        "pkcs11:colour=red", "pkcs11:?colour=red", "pkcs11:token=a#f", "pkcs11:token=a;",
        "pkcs11:?module-name=../evil", "pkcs11:?pin-source=|cat%20/etc/pin"})
    EXPECT_FALSE(parse_pkcs11_uri(text)) << text;
  EXPECT_FALSE(parse_pkcs11_uri("pkcs11:token=" + std::string(5000, 'a')));
}

}  // namespace
}  // namespace boltseal
