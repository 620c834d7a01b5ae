// JSON by simdjson's DOM (well fuzzed, UTF-8 checked, depth limited), copied into our own Value so
// that no other file pays for its header. Specified in RFC 8259.
#include <simdjson.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "codec/value.h"

namespace boltseal {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

Value convert(const element& in, Document& out) {
  switch (in.type()) {
    case element_type::ARRAY: {
      std::vector<Value> items;
      for (const element item : simdjson::dom::array(in)) items.push_back(convert(item, out));
      return out.array(items);
    }
    case element_type::OBJECT: {
      std::vector<Value::Member> members;
      for (const auto [key, item] : simdjson::dom::object(in))
        members.push_back({out.keep(key), convert(item, out)});
      return out.object(members);
    }
    case element_type::INT64:
      return out.integer(std::int64_t(in));
    case element_type::UINT64:
      return out.real(static_cast<double>(std::uint64_t(in)));
    case element_type::DOUBLE:
      return out.real(double(in));
    case element_type::STRING:
      return out.text(std::string_view(in));
    case element_type::BOOL:
      return out.boolean(bool(in));
    case element_type::NULL_VALUE:
      break;
  }
  return {};
}

// Comments and trailing commas blanked out, offsets kept.
std::string without_comments(std::string_view in) {
  std::string out(in);
  std::size_t last_comma = std::string::npos;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == '"') {
      for (++i; i < out.size() && out[i] != '"'; ++i) i += out[i] == '\\';
      last_comma = std::string::npos;
    } else if (out.compare(i, 2, "//") == 0) {
      while (i < out.size() && out[i] != '\n') out[i++] = ' ';
    } else if (out.compare(i, 2, "/*") == 0) {
      const auto end = std::min(out.find("*/", i + 2), out.size() - 2) + 2;
      for (; i < end; ++i) out[i] = out[i] == '\n' ? '\n' : ' ';
      --i;
    } else if (out[i] == ',') {
      last_comma = i;
    } else if ((out[i] == ']' || out[i] == '}') && last_comma != std::string::npos) {
      out[last_comma] = ' ';
      last_comma = std::string::npos;
    } else if (out[i] != ' ' && out[i] != '\n' && out[i] != '\t' && out[i] != '\r') {
      last_comma = std::string::npos;
    }
  }
  return out;
}

// What simdjson says of it, without the name of the code that newer versions begin with.
std::string said_of(simdjson::error_code error) {
  const std::string_view said = simdjson::error_message(error);
  const auto named = cut(said, ": ");
  const auto is_name = [](char c) { return is_digit(c) || c == '_' || (c >= 'A' && c <= 'Z'); };
  return std::string(named && std::ranges::all_of(named->first, is_name) ? named->second : said);
}

}  // namespace

Result<Document> parse_json(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (text.empty()) return fail(Fault::corrupt, "not JSON: there is nothing");
  thread_local simdjson::dom::parser parser;
  if (parser.max_depth() != max_value_depth &&
      parser.allocate(4096, max_value_depth) != simdjson::SUCCESS) {
    return fail(Fault::io, "no memory for the JSON parser");
  }
  element root;
  const auto error = parser.parse(text.data(), text.size()).get(root);
  if (error == simdjson::CAPACITY || error == simdjson::MEMALLOC ||
      error == simdjson::DEPTH_ERROR) {
    return fail(Fault::too_large, "JSON: " + said_of(error));
  }
  if (error != simdjson::SUCCESS) return fail(Fault::corrupt, "not JSON: " + said_of(error));
  Document document;
  document.set_root(convert(root, document));
  return document;
}

Result<Document> parse_jsonc(std::string_view text) { return parse_json(without_comments(text)); }

}  // namespace boltseal
