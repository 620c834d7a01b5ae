// The other side of TUF: metadata as it is written and signed, for channels and tests.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/signer.h"
#include "seal/tuf_metadata.h"

namespace boltseal {

// The "signed" part; `bytes` and `signatures` of the argument do not count.
std::string write_tuf_body(const TufRoot& root);
std::string write_tuf_body(const TufTimestamp& timestamp);
std::string write_tuf_body(const TufSnapshot& snapshot);
std::string write_tuf_body(const TufTargets& targets);

// The file: the body under one signature per different key, whose ids are those of tuf_key_id.
Result<std::string> sign_tuf(std::string_view body, std::span<const Signer* const> signers);
// The same file with one signature more; that of the same key, if there is one, is replaced.
Result<std::string> add_tuf_signature(std::string_view json, const Signer& signer);

// A file as a snapshot or timestamp describes it.
TufFile describe_tuf_file(std::string_view json, std::uint64_t version);

}  // namespace boltseal
