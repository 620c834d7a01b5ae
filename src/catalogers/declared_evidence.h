// Evidence of what a work tree only declares: it counts only where nothing beside it knows better
// (catalogers/assemble.cc).
#pragma once
#include <string_view>

namespace boltseal {

// Of a .NET project file: what restore resolved stands in packages.lock.json or obj/.
constexpr std::string_view nuget_project_evidence = "project file, declared reference";
// Of a go.mod that does not list what is needed indirectly, and of go.sum, which has that and more.
constexpr std::string_view go_mod_before_117_evidence = "go.mod before Go 1.17";
constexpr std::string_view go_sum_evidence = "go.sum";
// Behind that of a go.mod, then the name: of modules that may be Go's own (catalogers/go_root.cc).
constexpr std::string_view go_mod_name_note = ", module ";
// Of modules that were copied into the work tree: what both are for stands there.
constexpr std::string_view go_vendor_evidence = "vendor/modules.txt";

// An unknown of chisel.cc, which another file may answer: dpkg's status, where a builder added it.
constexpr std::string_view chisel_sources_unknown =
    "Chisel's manifest does not say which sources its packages were built from: flaws of a source "
    "that has another name are not found";

}  // namespace boltseal
