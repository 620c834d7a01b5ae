// TOML 1.0 by toml++. Specified at https://toml.io/en/v1.0.0. Dates become text; nothing we read
// needs them as dates.
#include <toml++/toml.h>
#include <sstream>
#include <vector>

#include "codec/value.h"

namespace boltseal {
namespace {

template <class T>
std::string shown(const T& node) {
  std::ostringstream stream;
  stream << node;
  return stream.str();
}

Value convert(const toml::node& node, Document& out) {
  if (const auto* table = node.as_table()) {
    std::vector<Value::Member> members;
    for (const auto& [key, item] : *table)
      members.push_back({out.keep(key.str()), convert(item, out)});
    return out.object(members);
  }
  if (const auto* array = node.as_array()) {
    std::vector<Value> items;
    for (const auto& item : *array) items.push_back(convert(item, out));
    return out.array(items);
  }
  if (const auto* text = node.as_string()) return out.text(text->get());
  if (const auto* number = node.as_integer()) return out.integer(number->get());
  if (const auto* number = node.as_floating_point()) return out.real(number->get());
  if (const auto* flag = node.as_boolean()) return out.boolean(flag->get());
  if (const auto* date = node.as_date()) return out.text(shown(date->get()));
  if (const auto* time = node.as_time()) return out.text(shown(time->get()));
  if (const auto* moment = node.as_date_time()) return out.text(shown(moment->get()));
  return {};
}

}  // namespace

Result<Document> parse_toml(std::string_view text) {
  Document document;
  try {
    const toml::table table = toml::parse(text);
    document.set_root(convert(table, document));
  } catch (const toml::parse_error& error) {
    return fail(Fault::corrupt, std::string("not TOML: ") + std::string(error.description()) +
                                    " (line " + std::to_string(error.source().begin.line) + ")");
  } catch (const std::exception& error) {
    return fail(Fault::corrupt, std::string("not TOML: ") + error.what());
  }
  return document;
}

}  // namespace boltseal
