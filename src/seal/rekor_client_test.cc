#include "seal/rekor_client.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "codec/json_writer.h"
#include "codec/value.h"
#include "seal/fulcio_client.h"
#include "seal/sigstore_for_tests.h"

namespace boltseal {
namespace {

using test::Sigstore;

// What a log of the first generation answers with this entry.
std::string first_answer(const LogEntry& entry) {
  JsonWriter json(false);
  json.object().key("uuid").object().member("body", base64(entry.body));
  json.member("integratedTime", entry.integrated_time).member("logID", hex(entry.log_id));
  json.member("logIndex", entry.log_index).key("verification").object();
  json.member("signedEntryTimestamp", base64(entry.promise)).key("inclusionProof").object();
  json.member("checkpoint", entry.proof->checkpoint).key("hashes").array();
  for (const auto& hash : entry.proof->hashes) json.value(hex(hash));
  json.end().member("logIndex", entry.proof->log_index).member("rootHash", hex(entry.proof->root));
  json.member("treeSize", entry.proof->tree_size);
  return json.end().end().end().end().take();
}

TEST(RekorClient, ReadsAnswersOfBothGenerations) {
  const Sigstore world;
  Bundle bundle = world.message();
  const auto read = parse_rekor_answer(first_answer(bundle.entries.front()), 1);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->kind, "hashedrekord");
  EXPECT_EQ(read->version, "0.0.1");
  bundle.entries = {*read};
  EXPECT_TRUE(verify_bundle(bundle, Artifact::from_bytes(std::string(test::artifact_bytes)),
                            world.policy, world.root));

  JsonWriter json(false);
  write_log_entry(json, world.tiled_message().entries.front());
  const auto second = parse_rekor_answer(json.take(), 2);
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_EQ(second->version, "0.0.2");
}

TEST(RekorClient, RefusesAnswersThatAreNone) {
  const Sigstore world;
  LogEntry entry = world.message().entries.front();
  const std::string good = first_answer(entry);
  const auto changed = [&](std::string_view from, std::string_view to) {
    return replace_all(good, from, to);
  };
  for (const std::string& json :
       {std::string("<html>"), std::string("{}"), std::string("[]"), std::string(R"({"a": 1})"),
        std::string(R"({"a": {}, "b": {}})"), changed("\"logID\":\"", "\"logID\":\"zz"),
        changed("\"hashes\":[\"", "\"hashes\":[\"00"), changed("\"treeSize\":", "\"treeSize\":-"),
        changed("\"inclusionProof\"", "\"other\""),
        changed("\"logIndex\":", "\"logIndex\":1,\"logIndex\":")}) {
    const auto read = parse_rekor_answer(json, 1);
    ASSERT_FALSE(read) << json;
    EXPECT_EQ(read.error().code, "service-answer-invalid") << json;
  }
  entry.proof.reset();
  JsonWriter json(false);
  write_log_entry(json, entry);
  EXPECT_FALSE(parse_rekor_answer(json.take(), 2));
}

TEST(RekorClient, AsksAsTheKindOfSignatureNeeds) {
  const Sigstore world;
  const PublicKey key = world.key.public_key();
  const std::string digest(32, '\1');
  const auto document = [&](const Bundle& bundle, int version) {
    auto parsed = parse_json(rekor_request(bundle, key, {}, digest, version));
    EXPECT_TRUE(parsed);
    return *std::move(parsed);
  };
  const Bundle statement = world.statement(Sigstore::statement_text());
  const auto dsse = document(statement, 1);
  EXPECT_EQ(dsse["kind"].text(), "dsse");
  const auto envelope = parse_dsse(dsse["spec"]["proposedContent"]["envelope"].text());
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->payload, statement.envelope->payload);
  const auto record = document(world.message(false), 1);
  EXPECT_EQ(record["spec"]["data"]["hash"]["value"].text(), hex(digest));
  EXPECT_EQ(record["spec"]["signature"]["publicKey"]["content"].text(), base64(key.pem()));
  const auto tiled = document(statement, 2);
  const Value& signature = tiled["hashedRekordRequestV002"]["signature"];
  EXPECT_EQ(signature["verifier"]["keyDetails"].text(), "PKIX_ECDSA_P256_SHA_256");
  EXPECT_EQ(signature["verifier"]["x509Certificate"]["rawBytes"].text(), base64(world.leaf.der()));
}

TEST(FulcioClient, ReadsChainsAndRefusesTheRest) {
  const Sigstore world;
  const auto answer = [](std::string_view kind, const std::vector<std::string>& certificates) {
    JsonWriter json(false);
    json.object().key(kind).object().key("chain").object();
    return json.texts("certificates", certificates).end().end().end().take();
  };
  for (const char* kind : {"signedCertificateEmbeddedSct", "signedCertificateDetachedSct"}) {
    const auto chain = parse_fulcio_answer(answer(kind, {world.leaf.pem(), world.ca.pem()}));
    ASSERT_TRUE(chain) << chain.error().message();
    EXPECT_EQ(chain->size(), 2U);
    EXPECT_EQ(chain->front(), world.leaf);
  }
  const std::string embedded = "signedCertificateEmbeddedSct";
  for (const std::string& json :
       {std::string("{}"), std::string("x"), answer(embedded, {}), answer(embedded, {"x"}),
        answer("other", {world.leaf.pem()}), answer(embedded, {world.leaf.pem() + world.ca.pem()}),
        answer(embedded, std::vector<std::string>(11, world.leaf.pem()))}) {
    const auto chain = parse_fulcio_answer(json);
    ASSERT_FALSE(chain) << json;
    EXPECT_EQ(chain.error().code, "service-answer-invalid");
  }
}

}  // namespace
}  // namespace boltseal
