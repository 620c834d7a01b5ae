// The metrics of one CVSS vector, between its parsing and its scoring.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boltseal {

class CvssMetrics {
 public:
  void set(std::string_view name, std::string_view value) { given_.emplace_back(name, value); }
  bool has(std::string_view name) const { return !text(name).empty(); }
  // The value as written; "" where it is not given.
  std::string_view text(std::string_view name) const {
    for (const auto& [here, value] : given_) {
      if (here == name) return value;
    }
    return {};
  }
  // Its first letter, which is all of it in versions 3 and 4; 0 where it is not given.
  char get(std::string_view name) const { return has(name) ? text(name)[0] : '\0'; }

 private:
  std::vector<std::pair<std::string_view, std::string_view>> given_;
};

double cvss4_score(const CvssMetrics& metrics);

}  // namespace boltseal
