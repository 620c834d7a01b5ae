// Modules of RPM distributions (https://docs.fedoraproject.org/en-US/modularity/): one package name
// comes in several streams side by side, each with fixes of its own.
#pragma once
#include <string>
#include <string_view>

namespace boltseal {

// "nodejs:18" of a label "nodejs:18:8090020231212155930:a75119d5" as rpm headers and purls carry
// it; empty for a label without a stream.
std::string module_of_label(std::string_view label);

// The modules that the title of an advisory names ("Important: python39:3.9 and python39-devel:3.9
// security update"), with spaces between them; empty when it names none.
std::string modules_in_title(std::string_view title);

// Whether a version's release says that a module's build made it ("….module_el9.5.0+150+6e0f9ac4"
// at AlmaLinux, "….module+el8.10.0+1853+…" at Red Hat and Rocky).
bool is_modular_version(std::string_view version);

// Whether `modules`, as of modules_in_title(), name the package's module in other streams only. A
// module and its "-devel" go by one name: advisories of either list packages of both.
bool of_another_stream(std::string_view modules, std::string_view module);

// The branch of a minor version that a build was made for: "el9_4" of "2.4.57-11.el9_4.1". Empty
// where the release names none, and for modules: their streams go on from one minor to the next.
std::string_view minor_branch(std::string_view version);

}  // namespace boltseal
