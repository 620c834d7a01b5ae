// Distinguished names and the folders of trusted certificates that a trust policy speaks of.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/fd.h"
#include "base/text.h"
#include "seal/notation_policy.h"

namespace boltseal {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t certificate_file_limit = 1 << 20;
constexpr std::size_t store_limit = 1000;

// Splits at `by` where no backslash stands before it; what is escaped stays so.
std::vector<std::string> split_unescaped(std::string_view text, char by) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      out.back() += text.substr(i, 2);
      ++i;
    } else if (text[i] == by) {
      out.emplace_back();
    } else {
      out.back() += text[i];
    }
  }
  return out;
}

// RFC 4514, 2.4: \XX is a byte, \c the character.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      out += text[i];
    } else if (const auto byte = unhex(text.substr(i + 1, 2)); byte && byte->size() == 1) {
      out += *byte;
      i += 2;
    } else {
      out += text[++i];
    }
  }
  return out;
}

// A store holds roots; an authority below one may be pinned, and who is nobody's authority only
// where it vouches for itself. Of timestamps roots alone.
Result<> check_trusted(const Certificate& certificate, std::string_view type) {
  TRY(const auto constraints, certificate.basic_constraints());
  const bool authority = constraints && constraints->ca, own = certificate.self_signed();
  if (type == "tsa" ? authority && own : authority || own) return {};
  return fail(Fault::unsupported,
              fmt::format("\"{}\" is no {} and cannot be trusted as one",
                          printable(certificate.subject_text()),
                          type == "tsa" ? "root of an authority" : "authority"));
}

}  // namespace

Result<DistinguishedName> parse_distinguished_name(std::string_view text) {
  DistinguishedName out;
  for (const std::string& part : split_unescaped(text, ',')) {
    if (split_unescaped(part, '+').size() > 1)
      return fail(Fault::corrupt, "a name with two attributes in one is not supported");
    const auto pair = cut(part, "=");
    if (!pair) return fail(Fault::corrupt, "not a distinguished name: " + printable(part));
    std::string key(trim(pair->first));
    if (key == "S") key = "ST";
    if (!out.emplace(key, unescaped(trim(pair->second))).second)
      return fail(Fault::corrupt, fmt::format("the attribute {} stands twice", printable(key)));
  }
  for (const char* key : {"C", "ST", "O"}) {
    if (!out.contains(key) || out[key].empty())
      return fail(Fault::corrupt, fmt::format("a name without {}; C, ST and O are wanted", key));
  }
  return out;
}

Result<std::vector<Certificate>> read_trust_store(const std::string& directory,
                                                  std::string_view type, std::string_view name) {
  const fs::path path = fs::path(directory) / "x509" / type / name;
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (status.type() == fs::file_type::symlink)
    return fail(Fault::io, "a trust store must be no symbolic link", path.string());
  std::vector<fs::path> files;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    constexpr std::array<std::string_view, 3> endings = {".pem", ".crt", ".cer"};
    if (std::ranges::find(endings, it->path().extension().string()) == endings.end()) continue;
    if (it->is_symlink())
      return fail(Fault::io, "a certificate must be no symbolic link", it->path().string());
    if (it->is_regular_file()) files.push_back(it->path());
    if (files.size() > store_limit)
      return fail(Fault::too_large, "a trust store of more than 1,000 files", path.string());
  }
  if (error)
    return fail(Fault::not_found, "no such trust store: " + error.message(), path.string());
  std::ranges::sort(files);
  std::vector<Certificate> out;
  for (const fs::path& file : files) {
    TRY(const auto bytes, read_file(file.string(), certificate_file_limit));
    auto certificates = Certificate::all_from_file(bytes);
    if (!certificates) {
      certificates.error().where = file.string();
      return std::unexpected(certificates.error());
    }
    for (Certificate& certificate : *certificates) {
      if (auto good = check_trusted(certificate, type); !good) {
        good.error().where = file.string();
        return std::unexpected(good.error());
      }
      out.push_back(std::move(certificate));
    }
  }
  if (out.empty()) return fail(Fault::not_found, "the trust store is empty", path.string());
  return out;
}

}  // namespace boltseal
