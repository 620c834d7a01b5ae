// What a database holds of one package, for tests: its place, then what stands there.
#pragma once
#include "advisories/database.h"

namespace boltseal {

inline Result<std::vector<Candidate>> find(const Database& db, std::string_view ecosystem,
                                           std::string_view name) {
  TRY(const auto place, db.place_of(ecosystem, name));
  return place ? db.candidates(*place) : std::vector<Candidate>{};
}

}  // namespace boltseal
