// Package URLs, https://github.com/package-url/purl-spec: the name of a package across tools.
#pragma once
#include <string>
#include <string_view>

#include "base/text.h"
#include "inventory/package.h"

namespace boltseal {

// The canonical purl: "pkg:deb/debian/openssl@3.0.11-1?arch=amd64&distro=debian-12". OS packages
// take their namespace and `distro` qualifier from the distribution; deb and rpm carry `epoch`,
// `upstream` and `modularitylabel` where they have them.
std::string purl(const Package& package, const Distribution& distribution);

// Reads a purl into type, name, version, arch, source, module; `distribution` gets id and
// version_id when the purl has them. corrupt for what is no purl; a type we do not know becomes
// PackageType::generic with the type kept in front of the name.
Result<Package> parse_purl(std::string_view text, Distribution* distribution = nullptr);

// The same purl as its specification writes it: "pkg:PYPI/Django_package" →
// "pkg:pypi/django-package". Qualifiers and subpath stay. corrupt for what is no purl or not one
// that its type allows.
Result<std::string> canonical_purl(std::string_view text);

// The os-release ID behind what other tools call a distribution: "redhat" → "rhel", "Amazon Linux"
// → "amzn".
std::string distribution_id(std::string_view name);

}  // namespace boltseal
