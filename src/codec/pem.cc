#include "codec/pem.h"

#include "base/text.h"
#include "codec/base64.h"

namespace boltseal {
namespace {

constexpr std::size_t block_limit = 1000;
constexpr std::string_view begin_mark = "-----BEGIN ", end_mark = "-----END ", tail = "-----";

// What stands in `mark` + label + "-----"; empty for another line.
std::string_view label_of(std::string_view line, std::string_view mark) {
  line = trim(line);
  if (!line.starts_with(mark) || !line.ends_with(tail) || line.size() < mark.size() + tail.size())
    return {};
  return line.substr(mark.size(), line.size() - mark.size() - tail.size());
}

}  // namespace

Result<std::vector<PemBlock>> parse_pem(std::string_view text) {
  std::vector<PemBlock> out;
  PemBlock block;
  std::string digits;
  bool inside = false;
  Result<> problem;
  each_line(text, [&](std::string_view line) {
    if (!problem) return;
    if (!inside) {
      const auto label = label_of(line, begin_mark);
      if (label.empty()) return;
      block = {std::string(label), {}, {}};
      digits.clear();
      inside = true;
      return;
    }
    if (const auto label = label_of(line, end_mark); !label.empty()) {
      auto bytes = unbase64(digits);
      if (label != block.label)
        problem = fail(Fault::corrupt, "a PEM block that ends under another name");
      else if (!bytes)
        problem = std::unexpected(bytes.error());
      else if (out.size() >= block_limit)
        problem = fail(Fault::too_large, "more than 1,000 PEM blocks");
      else
        block.bytes = std::move(*bytes), out.push_back(std::move(block));
      inside = false;
      return;
    }
    if (const auto header = cut(line, ":"); header && digits.empty())
      block.headers.emplace_back(trim(header->first), trim(header->second));
    else
      digits += trim(line);
  });
  if (problem && inside) problem = fail(Fault::corrupt, "a PEM block that does not end");
  if (problem && out.empty()) problem = fail(Fault::not_found, "no PEM block");
  if (!problem) return std::unexpected(problem.error());
  return out;
}

std::string write_pem(std::string_view label, std::string_view bytes) {
  std::string out = std::string(begin_mark) + std::string(label) + std::string(tail) + "\n";
  const std::string digits = base64(bytes);
  for (std::size_t i = 0; i < digits.size(); i += 64) out += digits.substr(i, 64) + "\n";
  return out + std::string(end_mark) + std::string(label) + std::string(tail) + "\n";
}

}  // namespace boltseal
