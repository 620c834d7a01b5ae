#include "base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "base/text.h"

namespace boltseal {
namespace {

using std::chrono::days;

constexpr std::int64_t seconds_a_day = 86'400;
constexpr std::int64_t first_second = -62'135'596'800;  // 0001-01-01
constexpr std::int64_t last_second = 253'402'300'799;   // 9999-12-31

std::optional<unsigned> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  unsigned out = 0;
  for (const char c : text.substr(at, count)) {
    if (!is_digit(c)) return std::nullopt;
    out = out * 10 + static_cast<unsigned>(c - '0');
  }
  return out;
}

// By hand, because every finding shows two times: a general formatter took a tenth of matching.
void put_digits(std::string& out, std::size_t at, std::size_t count, std::int64_t number) {
  for (; count > 0; --count, number /= 10)
    out[at + count - 1] = static_cast<char>('0' + number % 10);
}

// "Z", or "+01:00" as the seconds that it is ahead.
std::optional<std::int64_t> offset_of(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = digits(text, 1, 2), minutes = digits(text, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::int64_t seconds = std::int64_t{*hours} * 3600 + std::int64_t{*minutes} * 60;
  return text[0] == '-' ? -seconds : seconds;
}

}  // namespace

std::string rfc3339(std::int64_t seconds) {
  if (seconds < first_second || seconds > last_second) return fmt::format("{}", seconds);
  std::int64_t day = seconds / seconds_a_day, rest = seconds % seconds_a_day;
  if (rest < 0) --day, rest += seconds_a_day;
  const std::chrono::year_month_day date{std::chrono::sys_days{days{day}}};
  std::string out = "0000-00-00T00:00:00Z";
  put_digits(out, 0, 4, static_cast<int>(date.year()));
  put_digits(out, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(out, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(out, 11, 2, rest / 3600);
  put_digits(out, 14, 2, rest / 60 % 60);
  put_digits(out, 17, 2, rest % 60);
  return out;
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
      text[16] != ':' || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  std::size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    const std::size_t from = ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == from) return std::nullopt;
  }
  const auto offset = offset_of(text.substr(at));
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{*month}, std::chrono::day{*day}};
  if (!offset || !date.ok()) return std::nullopt;
  const std::int64_t whole = std::chrono::sys_days{date}.time_since_epoch().count();
  return whole * seconds_a_day + std::int64_t{*hour} * 3600 + std::int64_t{*minute} * 60 +
         std::min(*second, 59U) - *offset;
}

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::optional<std::int64_t> source_date_epoch() {
  const char* text = std::getenv("SOURCE_DATE_EPOCH");
  const auto seconds = text ? parse_u64(text) : std::nullopt;
  constexpr std::uint64_t limit = 1ULL << 40;
  if (!seconds || *seconds >= limit) return std::nullopt;
  return static_cast<std::int64_t>(*seconds);
}

std::int64_t writing_time() { return source_date_epoch().value_or(unix_now()); }

}  // namespace boltseal
