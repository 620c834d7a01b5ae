// Timestamps of RFC 3161: a third party's signature over a hash and a time.
#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"

namespace boltseal {

constexpr std::size_t max_timestamp = 256 << 10;

enum class TimestampFault : std::uint8_t {
  unreadable,  // neither a TimeStampResp nor a token, or one that was not granted
  mismatch,    // over other bytes (or, where one was asked for, with another nonce)
  signer,      // the signer's certificate is not in the token and not among those given
  chain,       // the signer's certificate does not lead to an anchor, see `chain`
  signature,   // the token's signature, or the certificate that it names
};
std::string_view name_of(TimestampFault fault);  // "unreadable", …

struct TimestampError {
  TimestampFault fault = TimestampFault::unreadable;
  std::string what, wanted, found;
  ChainFault chain = ChainFault::other;  // with TimestampFault::chain
};

struct Timestamp {
  std::int64_t time = 0;  // genTime, fractions cut off
  HashKind hash = HashKind::sha256;
  std::string policy, serial;      // OID, hex
  std::vector<Certificate> chain;  // the signer first, the anchor last
};

struct TimestampTrust {
  std::span<const Certificate> anchors;
  std::span<const Certificate> others;  // signers and intermediates that a token may leave out
};

// Verifies a TimeStampResp or a bare TimeStampToken (DER) over `message`: granted, the imprint is
// that of the message (SHA-256, 384 or 512), the signer is named by the token's signing-certificate
// attribute, and its chain held for time stamping at the time that the token states.
std::expected<Timestamp, TimestampError> verify_timestamp(std::string_view der,
                                                          std::string_view message,
                                                          const TimestampTrust& trust);

// The certificates that came with a timestamp, the signer's among them if it was asked for; those
// that cannot be read are left out. Whoever made the timestamp chose them.
Result<std::vector<Certificate>> timestamp_certificates(std::string_view der);

// The token inside a TimeStampResp, as formats that leave the answer's head out want it (notation,
// CMS attributes); a token is given back as it is.
Result<std::string> timestamp_token(std::string_view der);

// The time that a token states, before anything about it is known: for messages only.
Result<std::int64_t> unverified_time(std::string_view der);

// A TimeStampReq over SHA-256 of `message`, with a nonce of 8 bytes and the wish for certificates.
struct TimestampQuery {
  std::string der;
  std::string nonce;  // DER INTEGER content, to be found again in the answer
};
Result<TimestampQuery> timestamp_query(std::string_view message);
// Whether the answer is one to this query: granted, with its nonce, over `message`. Who has signed
// it is not looked at.
Result<> check_answer(std::string_view der, const TimestampQuery& query, std::string_view message);

}  // namespace boltseal
