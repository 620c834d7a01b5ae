// Whole licence texts, known by their prints: the smallest hashes of a text's runs of six words
// stand for all of them, so the share of a licence's print that a text has tells how much of the
// licence it holds (A. Broder, "On the resemblance and containment of documents", 1997). The prints
// are made by tools/make-licence-prints from the licence list of SPDX; the two agree on what a
// word, a run, a hash and a line of copyright are.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/cursor.h"
#include "base/text.h"
#include "licences/texts.h"

namespace boltseal {

std::string_view licence_prints();  // data/licence-prints.bin

namespace {

constexpr std::size_t max_text = 256 * 1024;
constexpr std::size_t run = 6;
constexpr std::size_t fewest_runs = 9;  // the shortest text in the table has 12
// A copy has its own names and years, and producers change a word here and there; a text that holds
// two licences resembles neither this much. A kindred licence with another clause is not held
// whole.
constexpr double resembles = 0.75, holds = 0.85;

struct Print {
  std::string_view id;
  std::uint32_t runs = 0;  // of the whole text
  std::uint32_t kept = 0;  // hashes in the table
};

struct Table {
  std::vector<Print> prints;
  std::string_view hashes, owners;  // u32 and u16, little-endian, in the order of the hashes
  std::size_t rows = 0;

  std::uint32_t hash(std::size_t i) const {
    std::uint32_t out = 0;
    std::memcpy(&out, hashes.data() + i * 4, 4);
    return out;
  }
  // By halves: a file may hold thousands of short texts.
  std::size_t first_at_least(std::uint32_t wanted, std::size_t from) const {
    for (std::size_t end = rows; from < end;) {
      const auto middle = from + (end - from) / 2;
      if (hash(middle) < wanted)
        from = middle + 1;
      else
        end = middle;
    }
    return from;
  }
  std::uint16_t owner(std::size_t i) const {
    std::uint16_t out = 0;
    std::memcpy(&out, owners.data() + i * 2, 2);
    return out;
  }
};

Table read_table() {
  Cursor in(licence_prints());
  Table out;
  if (in.bytes(4) != "BSLP" || in.u16le() != 1) return out;
  const auto texts = in.u16le();
  out.rows = in.u32le();
  for (std::size_t i = 0; i < texts && in.ok(); ++i) {
    Print print;
    print.runs = in.u32le();
    print.id = in.bytes(in.u8());
    out.prints.push_back(print);
  }
  out.hashes = in.bytes(out.rows * 4);
  out.owners = in.bytes(out.rows * 2);
  if (!in.ok()) return {};
  for (std::size_t i = 0; i < out.rows; ++i) {
    if (out.owner(i) >= out.prints.size()) return {};
    ++out.prints[out.owner(i)].kept;
  }
  return out;
}

const Table& table() {
  static const Table read = read_table();
  return read;
}

bool is_notice(std::string_view line) {
  const auto start = line.find_first_not_of(" \t*#/;-");
  if (start == std::string_view::npos) return false;
  const auto text = lower(line.substr(start, 32));
  if (text.starts_with("(c) ") || text.starts_with("\xc2\xa9") ||
      text.starts_with("all rights reserved")) {
    return true;
  }
  if (!text.starts_with("copyright ")) return false;
  const auto rest = std::string_view(text).substr(10);
  constexpr std::string_view begins[] = {"(", "\xc2\xa9", "<", "[", "{", "by ", "0", "1", "2"};
  return std::ranges::any_of(begins, [&](auto b) { return rest.starts_with(b); });
}

std::string words_without_notices(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 1);
  const auto space = [&] {
    if (!out.empty() && out.back() != ' ') out += ' ';
  };
  each_line(text, [&](std::string_view line) {
    if (is_notice(line)) return;
    for (const char c : line) {
      const bool dot_in_number = c == '.' && !out.empty() && is_digit(out.back());
      if (is_alnum(c) || c == '+' || dot_in_number)
        out += to_lower(c);
      else if (c != '\r')
        space();
    }
    space();
  });
  return out;
}

// The hashes of all runs, sorted, each once.
std::vector<std::uint32_t> runs_of(std::string_view bare) {
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < bare.size(); at = std::min(bare.find(' ', at), bare.size()) + 1)
    starts.push_back(at);
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i + run <= starts.size(); ++i) {
    const auto end = i + run < starts.size() ? starts[i + run] - 1 : bare.size();
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : trim_end(bare.substr(starts[i], end - starts[i]), ' '))
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    out.push_back(static_cast<std::uint32_t>(hash ^ hash >> 32));
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

// Relatives that differ from a common licence in a sentence, which is little of their prints: what
// must stand in a text of theirs, and what must not.
struct Relative {
  std::string_view id, has, lacks;
};
constexpr Relative relatives[] = {
    {"0BSD", "", "appear in all copies"},
    {"BSD-3-Clause-HP", "hewlett", ""},
    {"BSD-3-Clause-No-Nuclear-License", "nuclear", ""},
    {"BSD-3-Clause-No-Nuclear-License-2014", "nuclear", ""},
    {"BSD-3-Clause-No-Nuclear-Warranty", "nuclear", ""},
    {"MIT-0", "", "shall be included in all copies"},
    {"Pixar", "pixar", ""},
};

bool fits(std::string_view id, std::string_view bare) {
  const auto found = std::ranges::find(relatives, id, &Relative::id);
  return found == std::end(relatives) ||
         (bare.contains(found->has) && (found->lacks.empty() || !bare.contains(found->lacks)));
}

}  // namespace

std::string licence_of_whole_text(std::string_view text) {
  if (text.size() > max_text) return {};
  const auto& prints = table();
  const std::string bare = words_without_notices(text);
  const auto runs = runs_of(bare);
  if (runs.size() < fewest_runs) return {};
  std::vector<std::uint32_t> common(prints.prints.size());
  std::size_t row = 0;
  for (const auto hash : runs) {
    row = prints.first_at_least(hash, row);
    for (; row < prints.rows && prints.hash(row) == hash; ++row) ++common[prints.owner(row)];
  }
  double most = 0;
  std::string_view best;
  for (std::size_t i = 0; i < common.size(); ++i) {
    const Print& print = prints.prints[i];
    if (common[i] < holds * print.kept) continue;
    const double shared =
        std::min(double(print.runs) * common[i] / print.kept, double(runs.size()));
    const double likeness = shared / (print.runs + double(runs.size()) - shared);
    if (likeness > most && fits(print.id, bare)) most = likeness, best = print.id;
  }
  return most >= resembles ? std::string(best) : std::string();
}

}  // namespace boltseal
