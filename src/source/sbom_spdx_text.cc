// SPDX tag-value as the tree of its JSON form. https://spdx.github.io/spdx-spec/v2.3/ , Annex of
// each field.
//
// One "Tag: value" per line; a value in <text>…</text> may span lines. A package begins at
// PackageName, and ends where a file, a snippet or an extracted licence begins.
#include <deque>

#include "base/text.h"
#include "source/sbom_model.h"

namespace boltseal {
namespace {

constexpr std::size_t max_records = 5'000'000;

using Members = std::vector<Value::Member>;

// Tag → member of a package, for the ones with a plain value.
constexpr std::pair<std::string_view, std::string_view> plain_tags[] = {
    {"PackageVersion", "versionInfo"},
    {"PackageSupplier", "supplier"},
    {"PackageOriginator", "originator"},
    {"PackageHomePage", "homepage"},
    {"PackageSummary", "summary"},
    {"PackageDescription", "description"},
    {"PackageSourceInfo", "sourceInfo"},
    {"PackageLicenseDeclared", "licenseDeclared"},
    {"PackageLicenseConcluded", "licenseConcluded"},
    {"PrimaryPackagePurpose", "primaryPackagePurpose"},
};

class TagValue {
 public:
  Result<Document> read(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto end = std::min(bytes.find('\n'), bytes.size());
      std::string_view line = trim(bytes.substr(0, end));
      const auto colon = cut(line, ":");
      const auto open = line.find("<text>");
      std::size_t next = end + 1;
      if (colon && open != std::string_view::npos &&
          trim(line.substr(colon->first.size() + 1, open - colon->first.size() - 1)).empty()) {
        const auto from = bytes.find("<text>") + 6;
        const auto to = bytes.find("</text>", from);
        if (to == std::string_view::npos) return fail(Fault::corrupt, "<text> without an end");
        TRY_DO(tag(trim(colon->first), bytes.substr(from, to - from)));
        next = std::min(bytes.find('\n', to), bytes.size()) + 1;
      } else if (colon && !line.starts_with('#')) {
        TRY_DO(tag(trim(colon->first), trim(colon->second)));
      }
      bytes = bytes.substr(std::min(next, bytes.size()));
    }
    end_package();
    Members root = {{"spdxVersion", out_.text(version_)},
                    {"packages", out_.array(packages_)},
                    {"relationships", relations()}};
    out_.set_root(out_.object(root));
    return std::move(out_);
  }

 private:
  Result<> tag(std::string_view name, std::string_view value) {
    if (++records_ > max_records) return fail(Fault::too_large, "too many lines");
    if (name == "SPDXVersion") version_ = value;
    if (name == "Relationship") relation(value);
    if (name == "RelationshipComment" && !relations_.empty())
      relations_.back().push_back({"comment", out_.text(value)});
    if (name == "PackageName") {
      end_package();
      in_package_ = true;
      package_.push_back({"name", out_.text(value)});
    }
    if (name == "FileName" || name == "SnippetSPDXID" || name == "LicenseID") end_package();
    if (!in_package_) return {};
    if (name == "SPDXID") package_.push_back({"SPDXID", out_.text(value)});
    if (name == "ExternalRef") external(value);
    if (name == "PackageChecksum") checksum(value);
    for (const auto& [tag, member] : plain_tags) {
      if (name == tag) package_.push_back({member, out_.text(value)});
    }
    return {};
  }

  void external(std::string_view value) {
    const auto parts = words(value);
    if (parts.size() < 3) return;
    const Members members = {{"referenceType", out_.text(parts[1])},
                             {"referenceLocator", out_.text(parts[2])}};
    externals_.push_back(out_.object(members));
  }

  void checksum(std::string_view value) {
    const auto parts = cut(value, ":");
    if (!parts) return;
    const Members members = {{"algorithm", out_.text(trim(parts->first))},
                             {"checksumValue", out_.text(trim(parts->second))}};
    checksums_.push_back(out_.object(members));
  }

  void relation(std::string_view value) {
    const auto parts = words(value);
    if (parts.size() < 3) return;
    relations_.push_back({{"spdxElementId", out_.text(parts[0])},
                          {"relationshipType", out_.text(parts[1])},
                          {"relatedSpdxElement", out_.text(parts[2])}});
  }

  Value relations() {
    std::vector<Value> items;
    items.reserve(relations_.size());
    for (const Members& members : relations_) items.push_back(out_.object(members));
    return out_.array(items);
  }

  void end_package() {
    if (in_package_) {
      package_.push_back({"externalRefs", out_.array(externals_)});
      package_.push_back({"checksums", out_.array(checksums_)});
      packages_.push_back(out_.object(package_));
    }
    in_package_ = false;
    package_.clear();
    externals_.clear();
    checksums_.clear();
  }

  Document out_;
  std::string_view version_;
  std::vector<Value> packages_, externals_, checksums_;
  std::deque<Members> relations_;
  Members package_;
  bool in_package_ = false;
  std::size_t records_ = 0;
};

}  // namespace

Result<Document> spdx_from_tag_value(std::string_view bytes) { return TagValue().read(bytes); }

}  // namespace boltseal
