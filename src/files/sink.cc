#include "files/reader.h"

namespace boltseal {

void Sink::package(Package package, std::string_view what) {
  if (package.name.empty()) {
    return unknown(Error{Fault::corrupt, "a package without a name", {}, {}});
  }
  if (package.evidence.empty())
    package.evidence.push_back({out_.path, out_.layer, std::string(what)});
  out_.packages.push_back(std::move(package));
}

void Sink::unknown(const Error& error) {
  out_.unknowns.push_back({out_.path + error.where, out_.layer, std::string(reader_), error.fault,
                           error.what, error.offset});
}

}  // namespace boltseal
