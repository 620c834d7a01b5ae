#include "advisories/importers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace boltseal {

void ImportReport::skip(std::string_view what, const Error& error) {
  constexpr std::size_t most_complaints = 10;
  ++skipped;
  if (complaints.size() < most_complaints) {
    complaints.push_back(fmt::format("{}: {}", printable(what), error.message()));
  }
}

void ImportReport::add(const Advisory& advisory) {
  ++records;
  // Go's records have no other date since 2022 than the one of their withdrawal.
  newest = std::max({newest, advisory.published, advisory.modified, advisory.withdrawn});
}

bool sound_text(std::string_view text) {
  constexpr std::size_t longest = 1024;
  return !text.empty() && text.size() <= longest && std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

bool sound_address(std::string_view text) {
  return sound_text(text) && (text.starts_with("https://") || text.starts_with("http://")) &&
         std::ranges::none_of(text, [](char c) { return c == ' ' || c == '"' || c == '<'; });
}

}  // namespace boltseal
