#include "seal/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "seal/sigstore_for_tests.h"

namespace boltseal {
namespace {

using test::noon;
using test::Sigstore;

// A good bundle's text with `from` made `to`, and what becomes of it: "good", or "code field".
std::string read_with(const std::string& text, std::string_view from, std::string_view to) {
  EXPECT_THAT(text, testing::HasSubstr(std::string(from)));
  const auto bundle = parse_bundle(replace_all(text, from, to));
  return bundle ? "good" : bundle.error().code + " " + bundle.error().field;
}

TEST(Bundle, IsReadStrictly) {
  const Sigstore world;
  const std::string text = write_bundle(world.message());
  const auto is = [&](std::string_view from, std::string_view to) {
    return read_with(text, from, to);
  };
  EXPECT_EQ(is("{", "{"), "good");
  EXPECT_EQ(is("\"logIndex\":\"1002\"", "\"logIndex\":1002"), "good");
  EXPECT_EQ(is("\"logIndex\":\"1002\"", "\"log_index\":\"1002\""), "good");
  EXPECT_EQ(is("\"messageSignature\":", "\"unknown\":1,\"messageSignature\":"), "good");
  const std::string entry = "verificationMaterial.tlogEntries[0]";
  EXPECT_EQ(is("\"1002\"", "\"-1\""), "bundle-invalid " + entry + ".logIndex");
  EXPECT_EQ(is("\"1002\"", "\"9223372036854775808\""), "bundle-invalid " + entry + ".logIndex");
  EXPECT_EQ(is("\"1002\"", "\"1e3\""), "bundle-invalid " + entry + ".logIndex");
  EXPECT_EQ(is("\"1002\"", "true"), "bundle-invalid " + entry + ".logIndex");
  EXPECT_EQ(is("\"logIndex\":\"1002\"", "\"logIndex\":\"1002\",\"log_index\":\"7\""),
            "bundle-invalid log_index");
  EXPECT_EQ(is("\"mediaType\"", "\"mediaType\":\"x\",\"mediaType\""), "bundle-invalid mediaType");
  EXPECT_EQ(is("bundle.v0.3", "bundle.v0.4"), "bundle-version-unsupported mediaType");
  EXPECT_EQ(is("\"messageSignature\"", "\"message\""), "bundle-invalid ");
  EXPECT_EQ(is("\"messageSignature\"", "\"dsseEnvelope\":{},\"messageSignature\""),
            "bundle-invalid ");
  EXPECT_EQ(is("\"certificate\"", "\"publicKey\":{},\"certificate\""),
            "bundle-invalid verificationMaterial");
  EXPECT_EQ(is("\"certificate\"", "\"x\""), "bundle-invalid verificationMaterial");
  EXPECT_EQ(is("\"inclusionProof\"", "\"x\""), "bundle-invalid " + entry + ".inclusionProof");
  EXPECT_EQ(is("SHA2_256", "SHA3_256"), "bundle-invalid messageSignature.messageDigest.algorithm");
  EXPECT_EQ(is("\"checkpoint\"", "\"x\""),
            "bundle-invalid " + entry + ".inclusionProof.checkpoint");
  for (std::size_t size = 0; size < text.size(); size += 97)
    EXPECT_FALSE(parse_bundle(text.substr(0, size)));
}

TEST(Bundle, AsksForWhatItsVersionNeeds) {
  const Sigstore world;
  Bundle bundle = world.message();
  const std::string v1 = "application/vnd.dev.sigstore.bundle+json;version=0.1";
  const std::string v2 = "application/vnd.dev.sigstore.bundle+json;version=0.2";
  const std::string v3(bundle_v3_type);
  EXPECT_EQ(read_with(write_bundle(bundle), v3, v1), "good");
  EXPECT_EQ(read_with(write_bundle(bundle), v3, v2), "good");
  bundle.entries[0].promise.clear();
  EXPECT_EQ(read_with(write_bundle(bundle), v3, v1),
            "bundle-invalid verificationMaterial.tlogEntries[0].inclusionPromise");
  EXPECT_EQ(read_with(write_bundle(bundle), v3, v2), "good");
  bundle.entries[0] = world.message().entries[0];
  const std::string checkpoint = "verificationMaterial.tlogEntries[0].inclusionProof.checkpoint";
  const std::string without = replace_all(write_bundle(bundle), "\"checkpoint\"", "\"x\"");
  EXPECT_EQ(read_with(without, "", ""), "bundle-invalid " + checkpoint);
  EXPECT_EQ(read_with(without, v3, v2), "bundle-invalid " + checkpoint);
  EXPECT_EQ(read_with(without, v3, v1), "good");
  EXPECT_FALSE(parse_bundle(replace_all(without, v3, v1))->entries[0].proof);
  const std::string one = "\"certificate\":{\"rawBytes\":\"" + base64(world.leaf.der()) + "\"}";
  const auto chain = [&](std::string_view more) {
    return "\"x509CertificateChain\":{\"certificates\":[{\"rawBytes\":\"" +
           base64(world.leaf.der()) + "\"}" + std::string(more) + "]}";
  };
  const std::string old = replace_all(write_bundle(world.message()), v3, v2);
  EXPECT_EQ(read_with(old, one, chain("")), "good");
  EXPECT_EQ(read_with(old, one, "\"x509CertificateChain\":{\"certificates\":[]}"),
            "bundle-invalid verificationMaterial.x509CertificateChain.certificates");
  EXPECT_EQ(read_with(write_bundle(world.message()), one, chain("")),
            "bundle-invalid verificationMaterial.x509CertificateChain");
}

// Publishers of 2022 and 2023 sent the whole chain along, npm among them.
TEST(Bundle, IsNotVouchedForByTheRootThatItBrings) {
  const Sigstore world, foreign;
  const std::string lone = "\"certificate\":{\"rawBytes\":\"" + base64(world.leaf.der()) + "\"}";
  const std::string chain = fmt::format(
      R"("x509CertificateChain":{{"certificates":[{{"rawBytes":"{}"}},{{"rawBytes":"{}"}}]}})",
      base64(world.leaf.der()), base64(world.ca.der()));
  const auto read = parse_bundle(
      replace_all(replace_all(write_bundle(world.message()), lone, chain), bundle_v3_type,
                  "application/vnd.dev.sigstore.bundle+json;version=0.1"));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->certificates.size(), 1U);
  const auto artifact = Artifact::from_bytes(std::string(test::artifact_bytes));
  EXPECT_TRUE(verify_bundle(*read, artifact, world.policy, world.root));
  TrustedRoot other = world.root;
  other.certificate_authorities = foreign.root.certificate_authorities;
  const auto refused = verify_bundle(*read, artifact, world.policy, other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "certificate-untrusted");
}

TEST(Bundle, OfAnEnvelopeHasOneSignature) {
  const Sigstore world;
  Bundle bundle = world.statement(Sigstore::statement_text());
  bundle.envelope->signatures.push_back(bundle.envelope->signatures[0]);
  EXPECT_EQ(parse_bundle(write_bundle(bundle)).error().field, "dsseEnvelope.signatures");
  bundle.envelope->signatures.clear();
  EXPECT_EQ(parse_bundle(write_bundle(bundle)).error().field, "dsseEnvelope.signatures");
}

TEST(Bundle, CosignsOldFormIsRead) {
  const Sigstore world;
  const Bundle good = world.message();
  const LogEntry& entry = good.entries[0];
  const std::string text = fmt::format(
      R"({{"base64Signature":"{}","cert":"{}","rekorBundle":{{"SignedEntryTimestamp":"{}","Payload":{{"body":"{}","integratedTime":{},"logIndex":{},"logID":"{}"}}}}}})",
      base64(good.signature()), base64(world.leaf.pem()), base64(entry.promise), base64(entry.body),
      entry.integrated_time, entry.log_index, hex(entry.log_id));
  const auto read = parse_cosign_bundle(text);
  ASSERT_TRUE(read) << read.error().message();
  const auto artifact = Artifact::from_bytes(std::string(test::artifact_bytes));
  const auto verified = verify_bundle(*read, artifact, world.policy, world.root);
  EXPECT_TRUE(verified) << verified.error().message();
  EXPECT_FALSE(parse_cosign_bundle("{}"));
  EXPECT_FALSE(parse_cosign_bundle(replace_all(text, "\"logID\"", "\"x\"")));
}

TEST(TrustedRoot, OfThePublicGoodIsBuiltIn) {
  const auto root = public_good_root();
  ASSERT_TRUE(root) << root.error().message();
  ASSERT_EQ(root->logs.size(), 2U);
  EXPECT_EQ(root->logs[0].host, "rekor.sigstore.dev");
  EXPECT_EQ(root->logs[0].id, hash(HashKind::sha256, root->logs[0].key.spki()));
  EXPECT_EQ(root->logs[1].host, "log2025-1.rekor.sigstore.dev");
  EXPECT_EQ(root->ct_logs.size(), 2U);
  EXPECT_EQ(root->certificate_authorities.size(), 2U);
  EXPECT_EQ(root->timestamp_authorities.size(), 1U);
}

TEST(TrustedRoot, HasABeginningForEverything) {
  const Sigstore world;
  const auto is = [&](std::string_view valid) {
    const std::string key =
        fmt::format(R"({{"rawBytes":"{}","keyDetails":"PKIX_ECDSA_P256_SHA_256"{}}})",
                    base64(world.log_key.public_key().spki()), valid);
    const auto root = parse_trusted_root(fmt::format(
        R"({{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{{"baseUrl":"https://[::1]:80/x","publicKey":{},"logId":{{"keyId":"YQ=="}}}}]}})",
        key));
    return root ? root->logs.at(0).host + " " + root->logs[0].valid.text()
                : root.error().code + " " + root.error().field;
  };
  EXPECT_EQ(is(R"(,"validFor":{"start":"2022-01-01T00:00:00Z"})"),
            "[::1] 2022-01-01T00:00:00Z to now");
  EXPECT_EQ(is(R"(,"validFor":{"start":"2022-01-01T00:00:00Z","end":"2023-01-01T00:00:00.999Z"})"),
            "[::1] 2022-01-01T00:00:00Z to 2023-01-01T00:00:00Z");
  EXPECT_EQ(is(""), "trusted-root-invalid tlogs[0].publicKey.validFor");
  EXPECT_EQ(is(R"(,"validFor":{})"), "trusted-root-invalid tlogs[0].publicKey.validFor.start");
  EXPECT_EQ(is(R"(,"validFor":{"start":"2022"})"),
            "trusted-root-invalid tlogs[0].publicKey.validFor.start");
  EXPECT_EQ(is(R"(,"validFor":{"start":"2022-01-01T00:00:00Z","end":""})"),
            "trusted-root-invalid tlogs[0].publicKey.validFor.end");
  EXPECT_FALSE(parse_trusted_root("{}"));
  EXPECT_FALSE(parse_trusted_root(""));
}

TEST(Checkpoint, IsWhatItsFormSays) {
  const std::string root = base64(std::string(32, 'r'));
  const std::string line = "\u2014 x " + base64("hintsignature") + "\n";
  const auto good = parse_checkpoint("x\n7\n" + root + "\nmore\n\n" + line + line);
  ASSERT_TRUE(good) << good.error().message();
  EXPECT_EQ(good->origin, "x");
  EXPECT_EQ(good->size, 7U);
  EXPECT_EQ(good->extensions, std::vector<std::string>{"more"});
  EXPECT_EQ(good->text, "x\n7\n" + root + "\nmore\n");
  ASSERT_EQ(good->signatures.size(), 2U);
  EXPECT_EQ(good->signatures[0].hint, "hint");
  for (const std::string& bad :
       {std::string(), "x\n7\n" + root + "\n", "x\n7\n" + root + "\n\n",
        "7\n" + root + "\n\n" + line, "x\n" + root + "\n\n" + line,
        "x\n07\n" + root + "\n\n" + line, "x\n7\nAAAA\n\n" + line,
        "x\n7\n" + root + "\n\n" + line + "y", "x\n7\n" + root + "\n\n- x YWJjZGVm\n",
        "x\n7\n" + root + "\n\n\u2014 x YWJj\n", "x\n-7\n" + root + "\n\n" + line, "\n\n" + line,
        "x\n18446744073709551615\n" + root + "\n\n" + line})
    EXPECT_FALSE(parse_checkpoint(bad)) << bad;
}

TEST(Checkpoint, WitnessesAreKnownByTheirKeys) {
  const Sigstore world;
  const auto witness = parse_witness(world.witness_text());
  ASSERT_TRUE(witness) << witness.error().message();
  std::string text = world.witness_text();
  EXPECT_FALSE(parse_witness(replace_all(text, "w.example", "v.example")));
  EXPECT_FALSE(parse_witness("w.example"));
  EXPECT_FALSE(parse_witness(""));
  const std::string body = checkpoint_text("x", 1, std::string(32, 'r'));
  const auto once = *parse_checkpoint(body + "\n" + world.cosignature(body));
  const std::vector twice{*witness, *witness};
  EXPECT_EQ(verify_cosignatures(once, twice, 1, "f")->at(0).time, noon + 9);
  EXPECT_EQ(verify_cosignatures(once, twice, 2, "f").error().code, "witnesses-missing");
  const auto other = *parse_checkpoint(checkpoint_text("y", 1, std::string(32, 'r')) + "\n" +
                                       world.cosignature(body));
  EXPECT_EQ(verify_cosignatures(other, twice, 0, "f").error().code, "witness-signature-invalid");
}

TEST(Sct, ListsAreReadToTheirEnd) {
  const Sct sct{std::string(32, 'l'), 1000, "ext", "sig"};
  const std::string good = test::sct_extension({sct, sct});
  const auto read = parse_scts(good);
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(read->at(1).extensions, "ext");
  EXPECT_EQ(read->at(1).signature, "sig");
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(parse_scts(good.substr(0, size))) << size;
  EXPECT_FALSE(parse_scts(good + "x"));
}

TEST(TextRule, MatchesAsCosignDoes) {
  const auto rule = TextRule::expression("^https://github.com/me/.*$");
  ASSERT_TRUE(rule) << rule.error().message();
  EXPECT_TRUE(rule->matches("https://github.com/me/x"));
  EXPECT_FALSE(rule->matches("https://evil.example/?https://github.com/me/x"));
  EXPECT_TRUE(rule->anchored());
  EXPECT_FALSE(TextRule::expression("me")->anchored());
  EXPECT_TRUE(TextRule::expression("me")->matches("some"));
  EXPECT_FALSE(TextRule::expression("("));
  EXPECT_FALSE(TextRule::expression(""));
  EXPECT_FALSE(TextRule::expression("((a{1000}){1000}){1000}"));
  EXPECT_FALSE(TextRule::exact("").matches(""));
}

}  // namespace
}  // namespace boltseal
