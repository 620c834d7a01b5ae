#include "files/reader.h"

namespace boltseal {
namespace {
constexpr std::size_t unknowns_of_a_file = 1000;
constexpr std::size_t longest_prose = 64 << 10;

// Prose that nothing is decided by.
void shorten(std::string& text) {
  if (text.size() <= longest_prose) return;
  std::size_t end = longest_prose;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  text.shrink_to_fit();
}
}  // namespace

void Sink::package(Package package, std::string_view what) {
  if (package.name.empty()) {
    return unknown(Error{Fault::corrupt, "a package without a name", {}, {}});
  }
  for (std::string* prose :
       {&package.description, &package.supplier, &package.homepage, &package.licence_text})
    shorten(*prose);
  if (package.evidence.empty())
    package.evidence.push_back({out_.path, out_.layer, std::string(what)});
  out_.packages.push_back(std::move(package));
}

void Sink::unknown(const Error& error) {
  if (out_.unknowns.size() > unknowns_of_a_file) return;
  if (out_.unknowns.size() == unknowns_of_a_file) {
    out_.unknowns.push_back({out_.path, out_.layer, std::string(reader_), Fault::too_large,
                             "what else of this file could not be read is not listed",
                             error.offset});
    return;
  }
  out_.unknowns.push_back({out_.path + error.where, out_.layer, std::string(reader_), error.fault,
                           error.what, error.offset});
}

}  // namespace boltseal
