// One package URL per line, sorted, each once: for shell pipes and for comparing two images with
// diff(1).
#include <algorithm>

#include "report/common.h"
#include "report/report.h"

namespace boltseal {

std::string write_purls(const Report& report, const RenderOptions&) {
  auto purls = purls_of(report.inventory);
  std::ranges::sort(purls);
  purls.erase(std::ranges::unique(purls).begin(), purls.end());
  std::string out;
  for (const auto& purl : purls)
    if (!purl.empty()) out += purl + '\n';
  return out;
}

}  // namespace boltseal
