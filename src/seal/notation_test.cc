#include <gtest/gtest.h>

#include "base/text.h"
#include "codec/base64.h"
#include "codec/cbor.h"
#include "crypto/authority_for_tests.h"
#include "seal/notation_verify.h"
#include "source/temporary_test.h"

namespace boltseal {
namespace {

constexpr std::int64_t now = 1'800'000'000;
const std::string digest = "sha256:" + std::string(64, 'a');

std::string policy_json(std::string_view level, std::string_view identity = "*",
                        std::string_view more = "") {
  return std::string(R"({"version":"1.0","trustPolicies":[{"name":"p","registryScopes":["*"],)") +
         R"("signatureVerification":{"level":")" + std::string(level) + "\"" + std::string(more) +
         R"(},"trustStores":["ca:acme"],"trustedIdentities":[")" + std::string(identity) + "\"]}]}";
}

class Notation : public testing::TestWithParam<std::string_view> {
 protected:
  test::Authority authority;
  PrivateKey key = PrivateKey::generate(KeyKind::ecdsa_p256).value();
  test::CertificateWish wish{.extensions = {{"keyUsage", "critical,digitalSignature"},
                                            {"extendedKeyUsage", "codeSigning"}}};
  NotationTrust trust{
      .ca = {authority.root}, .signing_authority = {}, .tsa = {}, .revocations = {}};
  NotationTarget target{"application/vnd.oci.image.manifest.v1+json", digest, 528, {}};

  std::string signed_by(const PrivateKey& signer, const Certificate& leaf,
                        std::optional<std::int64_t> expiry = std::nullopt) {
    NotationRequest request{GetParam(),
                            notation_payload_of(target.media_type, digest, 528, {{"k", "v"}}),
                            now - 1000,
                            expiry,
                            {leaf.der(), authority.issuer.der(), authority.root.der()}};
    const auto out = sign_notation(request, signer);
    EXPECT_TRUE(out) << out.error().message();
    return out.value_or("");
  }
  std::string good() { return signed_by(key, authority.issue(wish, key.public_key())); }

  Checked<VerifiedNotation> verify(std::string_view envelope, const std::string& json) {
    const auto policies = parse_notation_policy(json, NotationSubject::image);
    EXPECT_TRUE(policies) << policies.error().message();
    return verify_notation(GetParam(), envelope, target, policies->front(), trust, now);
  }
  std::string code(std::string_view envelope, const std::string& json = policy_json("strict")) {
    const auto verified = verify(envelope, json);
    return verified ? "verified" : verified.error().code;
  }
};

TEST_P(Notation, VerifiesWhatItSigns) {
  const auto verified =
      verify(good(), policy_json("strict", "x509.subject: C=US, ST=WA, O=Example, CN=leaf"));
  ASSERT_TRUE(verified) << verified.error().message();
  EXPECT_EQ(verified->signature().signed_at, now - 1000);
  EXPECT_EQ(verified->chain().size(), 3U);
  EXPECT_EQ(verified->outcomes().size(), 5U);
  target.annotations = {{"k", "v"}};
  EXPECT_EQ(code(good()), "verified");
}

TEST_P(Notation, SignsWithEveryKeyThatItKnows) {
  for (const auto& [kind, bits, name] : {std::tuple{KeyKind::ecdsa_p384, 0U, "ES384"},
                                         {KeyKind::ecdsa_p521, 0U, "ES512"},
                                         {KeyKind::rsa, 2048U, "PS256"},
                                         {KeyKind::rsa, 3072U, "PS384"}}) {
    const auto other = PrivateKey::generate(kind, bits);
    ASSERT_TRUE(other);
    const auto envelope = signed_by(*other, authority.issue(wish, other->public_key()));
    EXPECT_EQ(parse_notation(GetParam(), envelope)->algorithm, name);
    EXPECT_EQ(code(envelope), "verified") << name;
  }
  const auto edwards = PrivateKey::generate(KeyKind::ed25519);
  EXPECT_FALSE(sign_notation({GetParam(), "{}", now, {}, {"x"}}, *edwards));
}

TEST_P(Notation, RefusesAnotherArtifact) {
  const auto envelope = good();
  for (const auto& change : std::initializer_list<std::function<void(NotationTarget&)>>{
           [](auto& t) { t.digest.back() = 'b'; }, [](auto& t) { t.size = 529; },
           [](auto& t) { t.media_type += "x"; }}) {
    const auto before = target;
    change(target);
    EXPECT_EQ(code(envelope, policy_json("audit")), "subject-mismatch");
    target = before;
  }
  target.annotations = {{"k", "w"}};
  EXPECT_EQ(code(envelope), "annotation-mismatch");
}

TEST_P(Notation, RefusesASignerThatIsNotTrusted) {
  EXPECT_EQ(code(good(), policy_json("strict", "x509.subject: C=US, ST=WA, O=Other")),
            "identity-mismatch");
  trust.ca = {test::Authority().root};
  EXPECT_EQ(code(good()), "certificate-untrusted");
  EXPECT_EQ(code(good(), policy_json("audit")), "verified");
  const auto logged = verify(good(), policy_json("audit"));
  ASSERT_TRUE(logged->outcomes().at(1).refusal);
  EXPECT_EQ(logged->outcomes().at(1).refusal->code, "certificate-untrusted");
}

TEST_P(Notation, RefusesAKeyThatTheCertificateDoesNotHold) {
  const auto other = PrivateKey::generate(KeyKind::ecdsa_p256);
  EXPECT_EQ(code(signed_by(*other, authority.issue(wish, key.public_key())), policy_json("audit")),
            "signature-invalid");
}

TEST_P(Notation, RefusesWhatIsOver) {
  const auto leaf = authority.issue(wish, key.public_key());
  EXPECT_EQ(code(signed_by(key, leaf, now)), "signature-expired");
  EXPECT_EQ(code(signed_by(key, leaf, now + 1)), "verified");
  EXPECT_EQ(code(signed_by(key, leaf, now), policy_json("permissive")), "verified");
  wish.not_after = now - 1;
  const auto late = signed_by(key, authority.issue(wish, key.public_key()));
  EXPECT_EQ(code(late), "certificate-expired");
  EXPECT_EQ(code(late, policy_json("permissive")), "verified");
}

TEST_P(Notation, AsksForRevocationWhereTheCertificateDoes) {
  wish.extensions.push_back({"crlDistributionPoints", "URI:http://ca.example/list.crl"});
  wish.serial = 7;
  const auto envelope = good();
  EXPECT_EQ(code(envelope), "revocation-undecided");
  EXPECT_EQ(code(envelope, policy_json("strict", "*", R"(,"override":{"revocation":"skip"})")),
            "verified");
  const auto list = [&](std::int64_t serial) {
    return RevocationList::all_from_file(
               test::make_revocation_list(authority.issuer, authority.issuer_key,
                                          {{serial, now - 1}}, now - 10, now + 10))
        .value();
  };
  trust.revocations.lists = list(8);
  EXPECT_EQ(code(envelope), "verified");
  trust.revocations.lists = list(7);
  EXPECT_EQ(code(envelope), "certificate-revoked");
}

TEST_P(Notation, RefusesCertificatesForSomethingElse) {
  for (const auto& extensions : std::vector<std::vector<std::pair<std::string, std::string>>>{
           {},
           {{"keyUsage", "digitalSignature"}},
           {{"keyUsage", "critical,digitalSignature,keyEncipherment"}},
           {{"keyUsage", "critical,keyCertSign"}},
           {{"keyUsage", "critical,digitalSignature"}, {"extendedKeyUsage", "serverAuth"}},
           {{"keyUsage", "critical,digitalSignature"}, {"extendedKeyUsage", "timeStamping"}},
           {{"keyUsage", "critical,digitalSignature"}, {"basicConstraints", "critical,CA:TRUE"}}}) {
    wish.extensions = extensions;
    EXPECT_EQ(code(good(), policy_json("audit")), "certificate-not-allowed");
  }
}

TEST_P(Notation, RefusesAChainThatIsNone) {
  const auto leaf = authority.issue(wish, key.public_key());
  const auto with = [&](std::vector<std::string> chain) {
    return sign_notation({GetParam(),
                          notation_payload_of(target.media_type, digest, 528, {}),
                          now,
                          {},
                          std::move(chain)},
                         key)
        .value();
  };
  const std::string a = leaf.der(), b = authority.issuer.der(), c = authority.root.der();
  EXPECT_EQ(code(with({a, b, c})), "verified");
  EXPECT_EQ(code(with({a, b})), "certificate-not-allowed");
  EXPECT_EQ(code(with({a, c, b})), "certificate-not-allowed");
  EXPECT_EQ(code(with({b, c})), "certificate-not-allowed");
  EXPECT_EQ(code(with({c, b, a})), "certificate-not-allowed");
  EXPECT_EQ(code(with({"no certificate"})), "unreadable");
}

TEST_P(Notation, EveryChangedByteIsNoticed) {
  const auto envelope = good();
  const auto whole = parse_notation(GetParam(), envelope);
  for (std::size_t i = 0; i < envelope.size(); i += 7) {
    auto other = envelope;
    other[i] = static_cast<char>(other[i] ^ 4);
    const auto read = parse_notation(GetParam(), other);
    // What is outside of the signature may change: the agent's name. All else must not pass.
    if (read && read->agent == whole->agent) {
      EXPECT_NE(code(other), "verified") << i;
    }
    EXPECT_NE(code(envelope.substr(0, i)), "verified");
  }
}

INSTANTIATE_TEST_SUITE_P(Envelopes, Notation, testing::Values(jws_media_type, cose_media_type),
                         [](const auto& p) { return p.param == jws_media_type ? "Jws" : "Cose"; });

// A JWS whose protected header is the text.
std::string jws_with(std::string_view header, std::string_view more = "") {
  return "{\"payload\":\"e30\",\"protected\":\"" + base64(header, Base64::url) +
         "\",\"header\":{\"x5c\":[\"AAAA\"]" + std::string(more) + "},\"signature\":\"AAAA\"}";
}
constexpr std::string_view good_header =
    R"({"alg":"ES256","crit":["io.cncf.notary.signingScheme"],"cty":"application/vnd.cncf.notary.payload.v1+json","io.cncf.notary.signingScheme":"notary.x509","io.cncf.notary.signingTime":"2026-01-02T03:04:05Z"})";

TEST(NotationJws, RefusesHeadersThatTheSpecificationDoesNotAllow) {
  EXPECT_TRUE(parse_notation(jws_media_type, jws_with(good_header)));
  const auto with = [](std::string_view from, std::string_view to) {
    return parse_notation(jws_media_type, jws_with(replace_all(good_header, from, to)));
  };
  EXPECT_FALSE(with("notary.x509\"", "notary.x510\""));
  EXPECT_FALSE(with("\"crit\":[\"io.cncf.notary.signingScheme\"]", "\"crit\":[]"));
  EXPECT_FALSE(with("\"crit\":[", "\"crit\":[\"b64\","));
  EXPECT_FALSE(with("\"crit\":[", "\"b64\":false,\"crit\":[\"b64\","));
  EXPECT_FALSE(with("signingTime", "authenticSigningTime"));
  EXPECT_FALSE(with(":05Z", ":05.5Z"));
  EXPECT_FALSE(with(":05Z", ":05"));
  EXPECT_FALSE(with("{\"alg\"", "{\"alg\":\"none\",\"alg\""));
  EXPECT_FALSE(with("\"cty\"", "\"io.cncf.notary.expiry\":\"2026-01-02T03:04:05Z\",\"cty\""));
  EXPECT_FALSE(parse_notation(jws_media_type, jws_with("not json")));
  EXPECT_FALSE(parse_notation(jws_media_type, "{\"payload\":\"e30\",\"signatures\":[]}"));
  EXPECT_FALSE(parse_notation("application/json", jws_with(good_header)));
}

// The key of a JWS comes from the trust store alone: what its header says of a key has no say
// (security-record row 28), and there is no algorithm "none".
TEST(NotationJws, TakesNoKeyFromItsHeader) {
  test::Authority authority;
  const auto key = PrivateKey::generate(KeyKind::ecdsa_p256).value();
  const auto policies = parse_notation_policy(policy_json("audit"), NotationSubject::image);
  for (const char* alg : {"none", "HS256", "RS256", "ES384"}) {
    auto read = parse_notation(jws_media_type,
                               jws_with(replace_all(good_header, "ES256", alg),
                                        ",\"jwk\":{\"kty\":\"EC\"},\"kid\":\"../../etc/passwd\""));
    ASSERT_TRUE(read);
    EXPECT_FALSE(signed_by_notation_key(*read, key.public_key())) << alg;
  }
}

TEST(NotationPolicy, HoldsTheRules) {
  const auto image = [](std::string_view text) {
    return parse_notation_policy(text, NotationSubject::image);
  };
  const std::string good = policy_json("strict");
  EXPECT_TRUE(image(good));
  const auto with = [&](std::string_view from, std::string_view to) {
    return image(replace_all(good, from, to));
  };
  EXPECT_FALSE(with("1.0", "2.0"));
  EXPECT_FALSE(with("strict", "lax"));
  EXPECT_FALSE(with("strict", "skip"));
  EXPECT_FALSE(with("[\"*\"],\"sig", "[\"*\",\"r/a\"],\"sig"));
  EXPECT_FALSE(with("[\"*\"],\"sig", "[],\"sig"));
  EXPECT_FALSE(with("[\"*\"],\"sig", "[\"https://r/a\"],\"sig"));
  EXPECT_FALSE(with("[\"*\"],\"sig", "[\"r\"],\"sig"));
  EXPECT_FALSE(with("[\"*\"],\"sig", "[\"r:5000/a:latest\"],\"sig"));
  EXPECT_TRUE(with("[\"*\"],\"sig", "[\"r:5000/a/b\"],\"sig"));
  EXPECT_FALSE(with("ca:acme", "ca:../acme"));
  EXPECT_FALSE(with("ca:acme", "tsl:acme"));
  EXPECT_FALSE(with("[\"ca:acme\"]", "[]"));
  EXPECT_FALSE(with("[\"*\"]}", "[]}"));
  EXPECT_FALSE(with("[\"*\"]}", "[\"*\",\"x509.subject: C=a,ST=b,O=c\"]}"));
  EXPECT_FALSE(with("[\"*\"]}", "[\"x509.subject: C=a,O=c\"]}"));
  EXPECT_FALSE(
      with("[\"*\"]}", "[\"x509.subject: C=a,ST=b,O=c\",\"x509.subject: C=a,ST=b,O=c,L=d\"]}"));
  EXPECT_FALSE(image(policy_json("strict", "*", R"(,"override":{"integrity":"log"})")));
  EXPECT_FALSE(image(policy_json("strict", "*", R"(,"override":{"expiry":"skip"})")));
  EXPECT_TRUE(image(policy_json("strict", "*", R"(,"override":{"expiry":"log"})")));
  EXPECT_FALSE(image(policy_json("strict", "*", R"(,"verifyTimestamp":"never")")));
  EXPECT_FALSE(image(R"({"version":"1.0","trustPolicies":[]})"));
}

TEST(NotationPolicy, PrefersTheScopeThatNamesTheRepository) {
  const auto policies = parse_notation_policy(
      R"({"version":"1.0","trustPolicies":[
        {"name":"all","registryScopes":["*"],"signatureVerification":{"level":"audit"},"trustStores":["ca:a"],"trustedIdentities":["*"]},
        {"name":"one","registryScopes":["r.example/app"],"signatureVerification":{"level":"skip"}}]})",
      NotationSubject::image);
  ASSERT_TRUE(policies) << policies.error().message();
  EXPECT_EQ(policy_of_image(*policies, "r.example/app").value()->name, "one");
  EXPECT_EQ(policy_of_image(*policies, "r.example/application").value()->name, "all");
  const auto verified =
      verify_notation(jws_media_type, jws_with(good_header), {}, policies->back(), {}, now);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, "policy-skips");
}

// One certificate as the only one in a store, and whether the store is taken.
bool taken_into(std::string_view type, const Certificate& certificate) {
  const TemporaryFolder folder;
  folder.write("x509/" + std::string(type) + "/s/a.pem", certificate.pem());
  return read_trust_store(folder.path(), type, "s").has_value();
}

TEST(TrustStore, HoldsAuthoritiesAlone) {
  const test::Authority authority;
  const PrivateKey key = PrivateKey::generate(KeyKind::ecdsa_p256).value();
  const test::CertificateWish wish{.extensions = {{"keyUsage", "critical,digitalSignature"},
                                                  {"extendedKeyUsage", "codeSigning"}}};
  const Certificate leaf = authority.issue(wish, key.public_key());
  for (const char* type : {"ca", "signingAuthority"}) {
    EXPECT_TRUE(taken_into(type, authority.root)) << type;
    EXPECT_TRUE(taken_into(type, authority.issuer)) << type;
    EXPECT_FALSE(taken_into(type, leaf)) << type;
    EXPECT_TRUE(taken_into(type, test::make_certificate(wish, key.public_key(), key))) << type;
  }
  EXPECT_TRUE(taken_into("tsa", authority.root));
  EXPECT_FALSE(taken_into("tsa", authority.issuer));
  EXPECT_FALSE(taken_into("tsa", leaf));
  EXPECT_FALSE(taken_into("tsa", test::make_certificate(wish, key.public_key(), key)));
}

TEST(DistinguishedNames, AreReadAsRfc4514HasThem) {
  const auto name = parse_distinguished_name(R"(CN=a\, b,O=\45xample, S=WA,C=US)");
  ASSERT_TRUE(name) << name.error().message();
  EXPECT_EQ(name->at("CN"), "a, b");
  EXPECT_EQ(name->at("O"), "Example");
  EXPECT_EQ(name->at("ST"), "WA");
  EXPECT_FALSE(parse_distinguished_name("C=US,ST=WA,O=a,O=b"));
  EXPECT_FALSE(parse_distinguished_name("C=US,ST=WA,O=a+CN=b"));
}

}  // namespace
}  // namespace boltseal
