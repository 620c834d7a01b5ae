// How many signatures one core verifies in a batch: P-256 over a short message, and whole DSSE
// envelopes with an in-toto statement (parsed, signature over its bytes, subject found). Prints a
// figure per row, the best of five runs.
//   cmake --build build/release --target bench_signatures && taskset -c 0
//   build/release/bench_signatures
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "crypto/signer.h"
#include "seal/dsse.h"
#include "seal/statement.h"

namespace {

using namespace boltseal;

constexpr std::size_t batch = 4000, key_count = 8;

double best_rate(auto&& verify) {
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    const auto from = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < batch; ++i)
      if (!verify(i)) std::abort();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
    best = std::max(best, batch / took.count());
  }
  return best;
}

}  // namespace

int main() {
  std::vector<PrivateKey> keys;
  for (std::size_t i = 0; i < key_count; ++i)
    keys.push_back(*PrivateKey::generate(KeyKind::ecdsa_p256));
  std::vector<std::string> messages, signatures, envelopes, digests;
  for (std::size_t i = 0; i < batch; ++i) {
    const PrivateKey& key = keys[i % key_count];
    messages.push_back(fmt::format("message {}", i));
    signatures.push_back(*key.sign(messages.back()));
    digests.push_back(sha256_hex(messages.back()));
    const std::string statement =
        write_statement({{"image", {{"sha256", digests.back()}}}}, "https://example.org/p", "{}");
    const std::vector<const Signer*> signers{&key};
    envelopes.push_back(write_dsse(*sign_dsse(in_toto_payload, statement, signers)));
  }
  const double plain = best_rate([&](std::size_t i) {
    return keys[i % key_count].public_key().verify(messages[i], signatures[i]);
  });
  const double whole = best_rate([&](std::size_t i) {
    const auto envelope = parse_dsse(envelopes[i]);
    const std::vector<PublicKey> trusted{keys[i % key_count].public_key()};
    const auto payload = envelope ? verify_dsse(*envelope, trusted, 1)
                                  : Checked<VerifiedPayload>(refuse("unreadable", ""));
    const auto statement = payload ? parse_statement(payload->bytes())
                                   : Result<Statement>(fail(Fault::corrupt, "no payload"));
    return statement && subject_of(*statement, "sha256:" + digests[i]).has_value();
  });
  std::puts(fmt::format("P-256 signatures             {:>8.0f} /s\n"
                        "DSSE envelopes of statements {:>8.0f} /s",
                        plain, whole)
                .c_str());
}
