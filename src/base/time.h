// Moments as seconds since 1970-01-01T00:00:00Z, and the one way that we write them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace boltseal {

// "2026-01-02T03:04:05Z"; of years 0001 to 9999, else the number in decimal.
std::string rfc3339(std::int64_t seconds);

// RFC 3339, whole text: a fraction is passed over (towards the past), an offset is taken off; a
// leap second counts as the one before it. Nothing for what is none.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

// Now; SOURCE_DATE_EPOCH has no say, for this one judges validity and not what is written.
std::int64_t unix_now();
// What SOURCE_DATE_EPOCH says, where it is set and a number.
std::optional<std::int64_t> source_date_epoch();
// The moment that goes into what is written: SOURCE_DATE_EPOCH where it is set, else now.
std::int64_t writing_time();

}  // namespace boltseal
