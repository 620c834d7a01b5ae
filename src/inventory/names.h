// Names of packages as their ecosystems compare them.
#pragma once
#include <string>
#include <string_view>

namespace boltseal {

// PEP 503: "Foo.Bar_baz" is foo-bar-baz.
std::string pypi_name(std::string_view name);

}  // namespace boltseal
