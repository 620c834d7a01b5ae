#include "codec/xml.h"

namespace boltseal {
namespace {

constexpr std::size_t max_depth = 256;

bool too_deep(const pugi::xml_node& root) {
  struct Walker : pugi::xml_tree_walker {
    bool for_each(pugi::xml_node&) override { return depth() < static_cast<int>(max_depth); }
  } walker;
  return !const_cast<pugi::xml_node&>(root).traverse(walker);
}

}  // namespace

Result<> parse_xml(std::string_view text, pugi::xml_document& document) {
  if (text.find("<!DOCTYPE") != std::string_view::npos ||
      text.find("<!ENTITY") != std::string_view::npos) {
    return fail(Fault::unsupported, "XML with a document type declaration is not read");
  }
  const auto parsed =
      document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_auto);
  if (!parsed) {
    return fail(Fault::corrupt, std::string("not XML: ") + parsed.description(), {},
                static_cast<std::uint64_t>(parsed.offset));
  }
  if (too_deep(document)) return fail(Fault::too_large, "XML: nested too deep");
  return {};
}

}  // namespace boltseal
