// JSON in the one form that signatures are made over.
#pragma once
#include <string>

#include "base/result.h"
#include "codec/value.h"

namespace boltseal {

// RFC 8785 (JCS): keys by UTF-16 units, ECMAScript's numbers and escapes. Rekor signs this.
Result<std::string> canonical_json(const Value& value);

// OLPC's canonical JSON, which TUF and in-toto sign: keys by their bytes, only \ and " escaped,
// whole numbers only. http://wiki.laptop.org/go/Canonical_JSON
Result<std::string> olpc_json(const Value& value);

// Both fail as corrupt for an object that has a key twice: two readers could see two documents
// under one signature.

}  // namespace boltseal
