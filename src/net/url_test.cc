#include "net/url.h"

#include <gtest/gtest.h>

namespace boltseal {
namespace {

TEST(Url, TakesApart) {
  const auto url = parse_url("HTTPS://Reg.Example:8443/v2/?a=b#c");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "reg.example");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/v2/?a=b");
  EXPECT_EQ(url->origin(), "https://reg.example:8443");
  EXPECT_EQ(url->shown(), "https://reg.example:8443/v2/");
  EXPECT_EQ(parse_url("http://[::1]:5000")->text(), "http://[::1]:5000/");
  EXPECT_EQ(parse_url("https://h:443")->origin(), "https://h");
  EXPECT_EQ(parse_url("https://h?x=1")->target, "/?x=1");
}

TEST(Url, RefusesWhatCanBeReadInTwoWays) {
  for (const char* text :
       {"http://", "http:///x", "ftp://h/", "//h/", "http://u:p@h/", "http://h\\@x/", "http://h /",
        "http://h/\n", "http://[::1", "http://[1.2.3.4]/", "http://h:x/", "http://0x7f000001/",
        "http://127.0.0.1.5/", "http://h%41/", "javascript:alert(1)"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(Url, ResolvesLocations) {
  const Url base = *parse_url("https://h:1/a/b?q=1");
  EXPECT_EQ(resolve_url(base, "/x?y")->text(), "https://h:1/x?y");
  EXPECT_EQ(resolve_url(base, "x")->text(), "https://h:1/a/x");
  EXPECT_EQ(resolve_url(base, "?z")->text(), "https://h:1/a/b?z");
  EXPECT_EQ(resolve_url(base, "//o/p")->text(), "https://o/p");
  EXPECT_EQ(resolve_url(base, "http://o/p")->text(), "http://o/p");
  EXPECT_EQ(resolve_url(base, "/x?u=http://o")->text(), "https://h:1/x?u=http://o");
  EXPECT_FALSE(resolve_url(base, "file:///etc/passwd"));
}

TEST(Url, EncodesBytes) { EXPECT_EQ(percent_encode("a/b c\xff", "/"), "a/b%20c%FF"); }

TEST(Url, KnowsWhoOwnsADomain) {
  EXPECT_EQ(registrable_domain("127.0.0.1"), "");
  EXPECT_EQ(registrable_domain("localhost"), "");
  const std::string known = registrable_domain("gitlab.example.com");
  if (known.empty()) GTEST_SKIP() << "libpsl is not installed: no two hosts count as one owner's";
  EXPECT_EQ(known, "example.com");
  EXPECT_EQ(registrable_domain("a.example.co.uk"), "example.co.uk");
  EXPECT_EQ(registrable_domain("co.uk"), "");
  EXPECT_EQ(registrable_domain("me.github.io"), "me.github.io");
}

}  // namespace
}  // namespace boltseal
