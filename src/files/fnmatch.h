// Shell patterns as Python's fnmatch has them, by which in-toto's rules and TUF's delegations name
// paths. https://docs.python.org/3/library/fnmatch.html
#pragma once
#include <string_view>

namespace boltseal {

// "*" is any run of characters ("/" too), "?" any one, "[a-z]" one of a set, "[!a-z]" one outside
// of it; a bracket that nothing closes is itself. Characters are those of UTF-8. Case-sensitive.
// Time is at most |pattern| x |text|, and a |pattern| more where it has brackets.
bool fnmatch_matches(std::string_view pattern, std::string_view text);

}  // namespace boltseal
