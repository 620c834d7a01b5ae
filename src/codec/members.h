// Members of JSON objects that one reader takes and another does not.
#pragma once
#include <span>
#include <string_view>

#include "codec/value.h"

namespace boltseal {

// The first member that is one of `names` but for upper and lower case; "" when there is none. Go's
// reader takes "Layers" for layers: where a program acts on what we judge such a document is
// refused, as one with a repeated_member is.
std::string_view misspelt_member(const Value& object, std::span<const std::string_view> names);

}  // namespace boltseal
