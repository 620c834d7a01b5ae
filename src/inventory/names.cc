#include "inventory/names.h"

#include "base/text.h"

namespace boltseal {

std::string pypi_name(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (const char c : name) {
    if (c != '-' && c != '_' && c != '.')
      out += to_lower(c);
    else if (out.empty() || out.back() != '-')
      out += '-';
  }
  return out;
}

}  // namespace boltseal
