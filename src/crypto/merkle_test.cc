#include "crypto/merkle.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

std::vector<std::string> leaves(std::uint64_t count) {
  std::vector<std::string> out;
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(merkle_leaf("leaf " + std::to_string(i)));
  return out;
}

// The definition itself, for comparison.
std::string naive_root(std::span<const std::string> of) {
  if (of.empty()) return hash(HashKind::sha256, {});
  if (of.size() == 1) return of.front();
  std::size_t k = 1;
  while (k * 2 < of.size()) k *= 2;
  return merkle_node(naive_root(of.first(k)), naive_root(of.subspan(k)));
}

TEST(Merkle, HashesAsRfc6962Does) {
  EXPECT_EQ(hex(merkle_root({})),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(merkle_leaf("")),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST(Merkle, ProvesEveryLeafOfEverySize) {
  for (std::uint64_t size = 1; size <= 40; ++size) {
    const auto all = leaves(size);
    const std::string root = merkle_root(all);
    ASSERT_EQ(root, naive_root(all));
    for (std::uint64_t i = 0; i < size; ++i) {
      auto proof = inclusion_proof(all, i);
      EXPECT_TRUE(verify_inclusion(i, size, all[i], proof, root));
      EXPECT_FALSE(verify_inclusion(i ^ 1, size, all[i], proof, root)) << i << " of " << size;
      EXPECT_FALSE(verify_inclusion(i, size, merkle_leaf("other"), proof, root));
      EXPECT_FALSE(verify_inclusion(size, size, all[i], proof, root));
      proof.push_back(root);
      EXPECT_FALSE(verify_inclusion(i, size, all[i], proof, root));
      proof.resize(proof.size() - 1);
      if (!proof.empty()) {
        proof.back()[0] ^= 1;
        EXPECT_FALSE(verify_inclusion(i, size, all[i], proof, root));
        proof.pop_back();
        EXPECT_FALSE(verify_inclusion(i, size, all[i], proof, root));
      }
    }
  }
}

TEST(Merkle, ProvesThatATreeOnlyGrew) {
  for (std::uint64_t size = 1; size <= 24; ++size) {
    const auto all = leaves(size);
    const std::string root = merkle_root(all);
    for (std::uint64_t old = 0; old <= size; ++old) {
      const std::string before = merkle_root(std::span(all).first(old));
      auto proof = consistency_proof(all, old);
      EXPECT_TRUE(verify_consistency(old, size, before, root, proof)) << old << " of " << size;
      EXPECT_FALSE(verify_consistency(old, size, merkle_leaf("x"), root, proof));
      // Any tree is consistent with the empty one.
      EXPECT_EQ(verify_consistency(old, size, before, merkle_leaf("x"), proof), old == 0);
      proof.push_back(root);
      EXPECT_FALSE(verify_consistency(old, size, before, root, proof));
    }
    EXPECT_FALSE(verify_consistency(size + 1, size, root, root, {}));
  }
}

TEST(Merkle, RefusesHashesOfOtherLengths) {
  const auto all = leaves(2);
  const std::vector<std::string> shortened = {all[1].substr(1)};
  EXPECT_FALSE(root_of_inclusion(0, 2, all[0], shortened));
  EXPECT_FALSE(root_of_inclusion(0, 1, "x", {}));
  EXPECT_FALSE(root_of_inclusion(0, ~0ULL, all[0], {}));
}

}  // namespace
}  // namespace boltseal
