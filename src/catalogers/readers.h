// The list of all readers. Adding one: write catalogers/<format>.cc, which ends in `const Reader
// <format>_reader = {…}`, declare it here and add it to the list in readers.cc; no build file
// changes. doc/howto/add-a-reader.md walks through it.
#pragma once
#include <span>

#include "files/reader.h"

namespace boltseal {

std::span<const Reader* const> all_readers();

}  // namespace boltseal
