// Members of JSON objects that one reader takes and another does not.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/value.h"

namespace boltseal {

// The first member that is one of `names` but for upper and lower case; "" when there is none. Go's
// reader takes "Layers" for layers: where a program acts on what we judge such a document is
// refused, as one with a repeated_member is.
std::string_view misspelt_member(const Value& object, std::span<const std::string_view> names);

// corrupt for an object that other readers may take in another way than we do: it has a member
// twice, or one of `names`, those that somebody acts on, in another spelling. `whose` begins the
// text ("the image config "), `where` is the document's place.
Result<> check_members(const Value& object, std::span<const std::string_view> names,
                       const std::string& where, std::string_view whose = {});

}  // namespace boltseal
