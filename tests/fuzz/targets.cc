#include "targets.h"

#include "advisories/cvss.h"
#include "advisories/database.h"
#include "advisories/importers.h"
#include "base/text.h"
#include "catalogers/readers.h"
#include "codec/bdb_hash.h"
#include "codec/deb822.h"
#include "codec/decompress.h"
#include "codec/elf.h"
#include "codec/macho.h"
#include "codec/ndb.h"
#include "codec/pe.h"
#include "codec/rpm_header.h"
#include "codec/sqlite_page.h"
#include "codec/tar.h"
#include "codec/value.h"
#include "codec/xml.h"
#include "codec/zip.h"
#include "codec/zlib.h"
#include "files/layer_reader.h"
#include "inventory/purl.h"
#include "layers/squash.h"
#include "licences/licences.h"
#include "match/match.h"
#include "net/manifest.h"
#include "source/config.h"
#include "source/reference.h"
#include "source/sbom.h"
#include "versions/versions.h"

namespace boltseal {
namespace {

constexpr std::uint64_t inflated = 8 << 20;

// A path that the reader's globs match: "**/x" → "d/x", "*" → "a".
std::string path_for(const Reader& reader) {
  if (reader.globs.empty()) return "usr/bin/program";
  return replace_all(replace_all(reader.globs.front(), "**/", "d/"), "*", "a");
}

void read_with(const Reader& reader, std::string_view bytes) {
  Fragment fragment;
  fragment.path = path_for(reader);
  Sink sink(fragment, reader.name);
  if (bytes.size() <= reader.cap)
    (void)reader.read({.path = fragment.path, .content = bytes, .mode = 0755}, sink);
}

void walk_layer(std::string_view bytes) {
  const Wanted wanted(all_readers());
  std::mutex large;
  LayerReader reader(wanted, large);
  TarParser parser(reader);
  if (!parser.feed(bytes)) return;
  (void)parser.finish();
  const LayerOutcome outcome = reader.take();
  std::vector<LayerFile> files;
  for (const auto& fragment : outcome.fragments) files.push_back({0, fragment.path});
  (void)squash({outcome.entries, outcome.entries}, files);
}

void compare_all(std::string_view bytes) {
  const auto pair = cut(bytes, "\t");
  if (!pair) return;
  for (const Scheme scheme :
       {Scheme::dpkg, Scheme::apk, Scheme::rpm, Scheme::semver, Scheme::pep440, Scheme::maven,
        Scheme::npm, Scheme::rubygems, Scheme::packagist, Scheme::nuget, Scheme::go}) {
    const auto order = compare_versions(scheme, pair->first, pair->second);
    const auto back = compare_versions(scheme, pair->second, pair->first);
    // An order that changes its mind when asked the other way round decides nothing.
    if (order.has_value() != back.has_value() || (order && (*order < 0) != (*back > 0)))
      __builtin_trap();
  }
}

void ask_database(std::string_view bytes) {
  const auto database = Database::over(bytes);
  if (!database) return;
  (void)database->verify();
  (void)database->info();
  (void)database->ecosystems();
  for (const auto* name : {"a", "openssl", "lodash"}) (void)database->find("Debian:12", name);
  (void)database->alias_class("CVE-2024-0001");
  (void)database->exploited("CVE-2024-0001");
}

template <Compression kind>
void inflate(std::string_view bytes) {
  (void)decompress(kind, bytes, inflated);
}

void open_zip(std::string_view bytes) {
  const auto zip = Zip::open(bytes);
  if (!zip) return;
  for (const ZipEntry& entry : zip->entries()) (void)zip->read(entry, inflated);
}

std::map<std::string, FuzzTarget> codecs() {
  return {
      {"json", [](std::string_view b) { (void)parse_json(b); }},
      {"jsonc", [](std::string_view b) { (void)parse_jsonc(b); }},
      {"yaml", [](std::string_view b) { (void)parse_yaml(b); }},
      {"toml", [](std::string_view b) { (void)parse_toml(b); }},
      {"xml",
       [](std::string_view b) {
         pugi::xml_document document;
         (void)parse_xml(b, document);
       }},
      {"gzip", inflate<Compression::gzip>},
      {"zstd", inflate<Compression::zstd>},
      {"xz", inflate<Compression::xz>},
      {"bzip2", inflate<Compression::bzip2>},
      {"zlib", [](std::string_view b) { (void)zlib_inflate(b, inflated); }},
      {"zip", open_zip},
      {"layer", walk_layer},
      {"elf", [](std::string_view b) { (void)Elf::parse(b); }},
      {"pe", [](std::string_view b) { (void)Pe::parse(b); }},
      {"macho",
       [](std::string_view b) {
         if (const auto parts = macho_architectures(b))
           for (const auto part : *parts) (void)Macho::parse(part);
       }},
      {"rpm-header", [](std::string_view b) { (void)RpmHeader::parse(b); }},
      {"sqlite",
       [](std::string_view b) {
         (void)scan_sqlite_table(b, "Packages", {[](auto, auto) {}, [](const Error&) {}});
       }},
      {"bdb",
       [](std::string_view b) {
         (void)scan_bdb_hash(b, {[](auto, auto) {}, [](const Error&) {}});
       }},
      {"ndb",
       [](std::string_view b) { (void)scan_ndb(b, {[](auto, auto) {}, [](const Error&) {}}); }},
      {"deb822",
       [](std::string_view b) {
         each_paragraph(b, [](const ControlParagraph& p) {
           return relation_names(p["Depends"]).size() < 100;
         });
       }},
  };
}

std::map<std::string, FuzzTarget> documents() {
  return {
      {"manifest", [](std::string_view b) { (void)parse_manifest(b, "", "m"); }},
      {"config", [](std::string_view b) { (void)image_from_config(b, {{}, {}}, "c"); }},
      {"reference", [](std::string_view b) { (void)parse_registry_reference(std::string(b)); }},
      {"sbom", [](std::string_view b) { (void)read_sbom(b, "r", "f"); }},
      {"purl", [](std::string_view b) { (void)parse_purl(b); }},
      {"licence",
       [](std::string_view b) {
         if (!b.empty() && !is_spdx_expression(spdx_expression(b)) && !spdx_expression(b).empty())
           __builtin_trap();
       }},
      {"copyright", [](std::string_view b) { (void)licence_of_copyright_file(b); }},
      {"cvss", [](std::string_view b) { (void)cvss_score(b); }},
      {"versions", compare_all},
      {"database", ask_database},
      {"ignore-file",
       [](std::string_view b) {
         (void)read_ignore_file(b, "i.yaml");
         (void)read_ignore_file(b, ".trivyignore");
       }},
      {"openvex", [](std::string_view b) { (void)read_openvex(b, "v"); }},
      {"feed-osv",
       [](std::string_view b) {
         DatabaseInput out;
         (void)import_osv(b, "PyPI", out);
       }},
      {"feed-secdb",
       [](std::string_view b) {
         DatabaseInput out;
         (void)import_secdb(b, "s", out);
       }},
      {"feed-kev",
       [](std::string_view b) {
         DatabaseInput out;
         (void)import_kev(b, "k", out);
       }},
      {"feed-rubysec",
       [](std::string_view b) {
         DatabaseInput out;
         (void)import_rubysec(b, "r", out);
       }},
      {"outcome", [](std::string_view b) { (void)from_wire<LayerOutcome>(b); }},
      {"inventory", [](std::string_view b) { (void)from_wire<Inventory>(b); }},
  };
}

}  // namespace

const std::map<std::string, FuzzTarget>& fuzz_targets() {
  static const std::map<std::string, FuzzTarget> all = [] {
    auto targets = codecs();
    targets.merge(documents());
    for (const Reader* reader : all_readers()) {
      targets["reader-" + std::string(reader->name)] = [reader](std::string_view b) {
        read_with(*reader, b);
      };
    }
    return targets;
  }();
  return all;
}

}  // namespace boltseal
