#include "net/guard.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace boltseal {
namespace {

TEST(Guard, KnowsThisMachineInEveryWriting) {
  for (const char* host : {"localhost", "a.localhost", "127.0.0.1", "127.1", "0x7f000001", "::1",
                           "0.0.0.0", "::", "169.254.169.254", "::ffff:127.0.0.1", "fe80::1"})
    EXPECT_TRUE(near_host(host)) << host;
  for (const char* host :
       {"example.org", "10.0.0.1", "192.0.2.2", "2001:db8::1", "127.example", ""})
    EXPECT_FALSE(near_host(host)) << host;
}

class Proxies : public testing::Test {
 protected:
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }
  static bool proxied(const std::string& url) { return goes_by_proxy(*parse_url(url)); }

 private:
  static void clear() {
    for (const char* name : {"https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy",
                             "ALL_PROXY", "no_proxy", "NO_PROXY"})
      ::unsetenv(name);
  }
};

TEST_F(Proxies, AreForAScheme) {
  EXPECT_FALSE(proxied("https://a.example/"));
  ::setenv("https_proxy", "http://p:3128", 1);
  EXPECT_TRUE(proxied("https://a.example/"));
  EXPECT_FALSE(proxied("http://a.example/"));
  ::setenv("HTTP_PROXY", "http://p:3128", 1);
  EXPECT_FALSE(proxied("http://a.example/"));
  ::setenv("ALL_PROXY", "socks5://p", 1);
  EXPECT_TRUE(proxied("http://a.example/"));
}

TEST_F(Proxies, LeaveOutWhatIsNamed) {
  ::setenv("all_proxy", "http://p:3128", 1);
  ::setenv("NO_PROXY", "b.example, .c.example,127.0.0.1", 1);
  EXPECT_TRUE(proxied("http://a.example/"));
  EXPECT_FALSE(proxied("http://b.example/"));
  EXPECT_FALSE(proxied("http://x.B.example./"));
  EXPECT_TRUE(proxied("http://xb.example/"));
  EXPECT_FALSE(proxied("http://c.example/"));
  EXPECT_FALSE(proxied("http://127.0.0.1/"));
  ::setenv("no_proxy", "*", 1);
  EXPECT_FALSE(proxied("http://a.example/"));
}

}  // namespace
}  // namespace boltseal
