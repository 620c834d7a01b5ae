#include "advisories/format.h"

#include <chrono>

#include "base/text.h"
#include "crypto/digest.h"
#include "inventory/names.h"

namespace boltseal {

std::string layout::digest_of(std::string_view file) {
  Hasher hasher;
  hasher.update(file.substr(0, digest_at));
  hasher.update(file.substr(table_at));
  return hasher.finish();
}

std::string normal_name(std::string_view ecosystem, std::string_view name) {
  if (ecosystem == "Packagist" || ecosystem == "NuGet") return lower(name);
  return ecosystem == "PyPI" ? pypi_name(name) : std::string(name);
}

namespace {

// The next `digits` digits followed by `end` (0: anything) of `text`, which moves on.
std::optional<int> number(std::string_view& text, std::size_t digits, char end) {
  if (text.size() < digits) return std::nullopt;
  const auto n = parse_u64(text.substr(0, digits));
  text.remove_prefix(digits);
  if (end != 0) {
    if (!text.starts_with(end)) return std::nullopt;
    text.remove_prefix(1);
  }
  return n ? std::optional(static_cast<int>(*n)) : std::nullopt;
}

// "Z", "+02:00" or nothing, in seconds.
std::optional<std::int64_t> zone(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return 0;
  const std::int64_t sign = text[0] == '-' ? -1 : 1;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  text.remove_prefix(1);
  const auto hours = number(text, 2, ':');
  const auto minutes = number(text, 2, 0);
  if (!hours || !minutes) return std::nullopt;
  return sign * (*hours * 3600 + *minutes * 60);
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text) {
  const auto year = number(text, 4, '-');
  const auto month = number(text, 2, '-');
  const auto day = number(text, 2, 0);
  if (!year || !month || !day || *year < 1970) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  if (text.empty()) return days * 86400;
  if (text[0] != 'T' && text[0] != 't' && text[0] != ' ') return std::nullopt;
  text.remove_prefix(1);
  const auto hour = number(text, 2, ':');
  const auto minute = number(text, 2, ':');
  const auto second = number(text, 2, 0);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  if (text.starts_with('.')) {  // fractions of a second are of no use here
    text.remove_prefix(1);
    while (!text.empty() && is_digit(text[0])) text.remove_prefix(1);
  }
  const auto shift = zone(text);
  if (!shift) return std::nullopt;
  const std::int64_t seconds = days * 86400 + *hour * 3600 + *minute * 60 + *second - *shift;
  return seconds < 0 ? std::nullopt : std::optional(seconds);
}

namespace {

// By hand, because every finding shows two times: a general formatter took a tenth of matching.
void put_digits(std::string& out, std::int64_t number, int digits) {
  out.resize(out.size() + static_cast<std::size_t>(digits));
  for (auto place = out.rbegin(); digits > 0; --digits, ++place, number /= 10) {
    *place = static_cast<char>('0' + number % 10);
  }
}

}  // namespace

std::string format_date(std::int64_t days) {
  // Bounded, so that a damaged file gives an odd date and not a fault: year 9999 is the last.
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(std::min<std::int64_t>(days, 2'932'896)))};
  std::string out;
  out.reserve(sizeof "2024-02-29T00:00:00Z");
  put_digits(out, static_cast<int>(date.year()), 4);
  put_digits(out += '-', static_cast<unsigned>(date.month()), 2);
  put_digits(out += '-', static_cast<unsigned>(date.day()), 2);
  return out;
}

std::string format_time(std::int64_t seconds) {
  const std::int64_t rest = seconds % 86400;
  std::string out = format_date(seconds / 86400);
  put_digits(out += 'T', rest / 3600, 2);
  put_digits(out += ':', rest / 60 % 60, 2);
  put_digits(out += ':', rest % 60, 2);
  return out += 'Z';
}

}  // namespace boltseal
