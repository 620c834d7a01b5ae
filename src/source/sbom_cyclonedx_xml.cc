// CycloneDX XML as the tree of its JSON form, so that one reader serves both.
// https://cyclonedx.org/docs/1.6/xml/
//
// Attributes become members of the same name; a list element becomes an array of its children; text
// beside attributes goes to the member that the JSON form has for it. parse_xml bounds the depth,
// so recursion is safe here.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "codec/xml.h"
#include "source/sbom_model.h"

namespace boltseal {
namespace {

constexpr std::array lists = {"components",         "licenses",     "hashes",     "properties",
                              "externalReferences", "dependencies", "occurrences"};

// Where the text of an element with attributes goes.
std::string_view text_member(std::string_view element) {
  if (element == "property") return "value";
  return "content";  // hash, text
}

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

class Converter {
 public:
  Value element(const pugi::xml_node& node) {
    const std::string_view name = local_name(node);
    if (std::ranges::find(lists, name) != lists.end()) return list(node);
    if (name == "dependency") return dependency(node);
    const bool has_children =
        node.find_child([](const pugi::xml_node& n) { return n.type() == pugi::node_element; });
    const std::string_view text = trim(node.text().get());
    if (!has_children && !node.first_attribute()) return out_.text(text);
    std::vector<Value::Member> members;
    for (const auto& attribute : node.attributes()) {
      members.push_back({out_.keep(attribute.name()), out_.text(attribute.value())});
    }
    for (const auto& child : node.children()) {
      if (child.type() == pugi::node_element)
        members.push_back({out_.keep(local_name(child)), element(child)});
    }
    if (!has_children && !text.empty()) members.push_back({text_member(name), out_.text(text)});
    return out_.object(members);
  }

  Document take(Value root) {
    out_.set_root(root);
    return std::move(out_);
  }

 private:
  Value list(const pugi::xml_node& node) {
    std::vector<Value> items;
    const bool licences = local_name(node) == "licenses";
    for (const auto& child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      Value item = element(child);
      // [{"license": {…}}, {"expression": "…"}]
      if (licences)
        item = out_.object(
            {{Value::Member{out_.keep(local_name(child)), licence_value(child, item)}}});
      items.push_back(item);
    }
    return out_.array(items);
  }

  // An expression may carry attributes; only its text counts.
  Value licence_value(const pugi::xml_node& node, const Value& item) {
    return local_name(node) == "expression" ? out_.text(trim(node.text().get())) : item;
  }

  Value dependency(const pugi::xml_node& node) {
    std::vector<Value> needed;
    for (const auto& child : node.children()) {
      if (local_name(child) == "dependency")
        needed.push_back(out_.text(child.attribute("ref").value()));
    }
    const Value ref = out_.text(node.attribute("ref").value());
    return out_.object(
        {{Value::Member{"ref", ref}, Value::Member{"dependsOn", out_.array(needed)}}});
  }

  Document out_;
};

}  // namespace

Result<Document> cyclonedx_from_xml(std::string_view bytes) {
  pugi::xml_document xml;
  TRY_DO(parse_xml(bytes, xml));
  const pugi::xml_node bom = xml.document_element();
  const std::string_view space = [&] {
    for (const auto& attribute : bom.attributes()) {
      const std::string_view name = attribute.name();
      if (name == "xmlns" || name.starts_with("xmlns:")) {
        const std::string_view value = attribute.value();
        if (value.starts_with("http://cyclonedx.org/schema/bom/")) return value;
      }
    }
    return std::string_view{};
  }();
  if (local_name(bom) != "bom" || space.empty()) {
    return fail(
        Fault::unsupported,
        "XML, but no CycloneDX: <bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\"> is expected");
  }
  Converter converter;
  return converter.take(converter.element(bom));
}

}  // namespace boltseal
