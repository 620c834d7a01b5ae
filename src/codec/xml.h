// XML by pugixml with the doors shut: no DTD, no external entity, bounded size. Used for pom.xml
// and CycloneDX XML.
#pragma once
#include <pugixml.hpp>
#include <string_view>

#include "base/result.h"

namespace boltseal {

// Parses `text` into `document`. A document type declaration is refused: nothing we read needs one,
// and entities are how XML attacks its readers.
Result<> parse_xml(std::string_view text, pugi::xml_document& document);

}  // namespace boltseal
