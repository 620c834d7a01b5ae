// Collections of attestations as Witness makes them (go-witness, attestation/): one Statement for a
// step, with what its attestors saw.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "seal/statement.h"

namespace boltseal {

struct WitnessCollection {
  std::string step;
  std::vector<std::string> attestors;  // types, in order
  std::vector<std::string> command;
  std::optional<std::int64_t> exit_code;
  std::string commit, branch;
  bool dirty = false;
  std::map<std::string, std::string> materials, products;  // path → sha256; "" for another hash
  std::uint64_t variables = 0;  // of the environment; their values are nobody's business
};

// Whether a predicate type is a collection's, by the names that it has had.
bool is_witness_collection(std::string_view predicate_type);
// corrupt for a statement that is none. Attestors that are not known are named and passed over.
Result<WitnessCollection> read_witness_collection(const Statement& statement);
std::string witness_text(const WitnessCollection& collection);
std::string witness_json(const WitnessCollection& collection);

}  // namespace boltseal
