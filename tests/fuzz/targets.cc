#include "targets.h"

#include "advisories/cvss.h"
#include "advisories/database.h"
#include "advisories/importers.h"
#include "advisories/zip_for_tests.h"
#include "base/cursor.h"
#include "base/text.h"
#include "catalogers/assemble.h"
#include "catalogers/readers.h"
#include "codec/bdb_hash.h"
#include "codec/bolt.h"
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
#include "crypto/certificate.h"
#include "crypto/timestamp.h"
#include "custody/allow_list.h"
#include "custody/content_file.h"
#include "files/content_reader.h"
#include "files/layer_reader.h"
#include "inventory/purl.h"
#include "layers/content_squash.h"
#include "layers/squash.h"
#include "licences/licences.h"
#include "match/match.h"
#include "net/auth.h"
#include "net/manifest.h"
#include "net/url.h"
#include "policy/licence_policy.h"
#include "report/report.h"
#include "seal/shared_list.h"
#include "seal/simple_signing.h"
#include "source/config.h"
#include "source/reference.h"
#include "source/sbom.h"
#include "versions/versions.h"

namespace boltseal {
namespace {

constexpr std::uint64_t inflated = 8 << 20;

// What has to hold for any input; the fuzzer reports a trap as it reports a crash.
void require(bool holds) {
  if (!holds) __builtin_trap();
}

// Paths that the reader's globs match, for a reader may judge by the name: "**/x" → "d/x", "*" →
// "a". Endings alone ("**/*.jar", "**/*.war") say no more than the first of them.
std::vector<std::string> paths_for(const Reader& reader) {
  std::vector<std::string> paths;
  for (const auto glob : reader.globs) {
    if (!paths.empty() && glob.starts_with("**/*.") && reader.globs[0].starts_with("**/*."))
      continue;
    paths.push_back(replace_all(replace_all(glob, "**/", "d/"), "*", "a"));
  }
  if (paths.empty()) paths.emplace_back("usr/bin/program");
  return paths;
}

void read_with(const Reader& reader, std::string_view bytes) {
  if (bytes.size() > reader.cap) return;
  static std::map<std::string_view, std::vector<std::string>> known;
  auto& paths = known[reader.name];
  if (paths.empty()) paths = paths_for(reader);
  for (const std::string& path : paths) {
    Fragment fragment;
    fragment.path = path;
    Sink sink(fragment, reader.name);
    (void)reader.read({.path = fragment.path, .content = bytes, .mode = 0755}, sink);
  }
}

// Reports of an inventory whose every text may be hostile: those in JSON must be JSON.
void report_on(Inventory inventory) {
  Report report;
  report.inventory = std::move(inventory);
  RenderOptions options;
  options.findings = false;
  for (const ReportFormat& format : report_formats()) {
    if (format.needs_findings) continue;
    std::string text;
    format.write(report, options, [&](std::string_view piece) { text += piece; });
    if (format.name == "json" || format.name == "cyclonedx" || format.name == "spdx")
      require(parse_json(text).has_value());
  }
}

LayerOutcome outcome_of(std::string_view bytes, std::size_t piece) {
  static const Wanted wanted(all_readers());
  ReadingLimits limits;
  LayerReader reader(wanted, limits);
  TarParser parser(reader);
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    if (!parser.feed(bytes.substr(at, piece))) break;
  (void)parser.finish();
  return reader.take();
}

// A layer's content laid over itself is a manifest that is written and read again the same.
void seal_layer(std::string_view entries) {
  ContentSquash squash;
  if (!squash.apply(0, entries) || !squash.apply(1, entries)) return;
  ContentManifest manifest;
  manifest.image.layers.resize(2);
  manifest.records = squash.take();
  const ContentTree tree(manifest);
  const auto again = read_manifest(write_manifest(manifest, tree));
  require(again.has_value() && again->manifest.records == manifest.records);
}

void seal_tar(std::string_view bytes) {
  ReadingLimits limits;
  ContentReader reader(limits);
  TarParser parser(reader);
  if (parser.feed(bytes)) seal_layer(reader.take().entries);
}

// How the layer was cut while it came in must not show in what comes out.
void walk_layer(std::string_view bytes) {
  const LayerOutcome whole = outcome_of(bytes, bytes.size() + 1);
  const LayerOutcome pieces = outcome_of(bytes, 197);
  require(to_wire(whole) == to_wire(pieces));
  if (auto inventory = assemble({}, {whole, pieces})) report_on(*std::move(inventory));
  seal_tar(bytes);
}

// An order that changes its mind when asked the other way round decides nothing, and one that runs
// in a ring sorts nothing. Two have rings because their references have: Maven 3.8 (1 < 1.foo <
// 1-alpha < 1), and apk-tools, which does not look at what stands behind a malformed revision.
void compare_all(std::string_view bytes) {
  const auto parts = split(bytes, '\t');
  if (parts.size() < 2) return;
  const auto a = parts[0], b = parts[1], c = parts.size() > 2 ? parts[2] : a;
  for (int i = 0; i <= static_cast<int>(Scheme::loose); ++i) {
    const auto scheme = static_cast<Scheme>(i);
    const auto order = compare_versions(scheme, a, b);
    const auto back = compare_versions(scheme, b, a);
    require(order.has_value() == back.has_value());
    require(!order || ((*order < 0) == (*back > 0) && (*order > 0) == (*back < 0)));
    const auto next = compare_versions(scheme, b, c);
    const auto across = compare_versions(scheme, a, c);
    if (order && next && across && *order <= 0 && *next <= 0)
      require(*across <= 0 || scheme == Scheme::maven || scheme == Scheme::apk);
  }
}

// What an importer takes in makes a database that holds.
void build(DatabaseInput input) {
  const auto bytes = build_database(std::move(input));
  if (!bytes) return;
  const auto database = Database::over(*bytes);
  require(database.has_value() && database->verify().has_value());
}

void walk_buckets(std::string_view bytes) {
  const auto file = BoltFile::over(bytes);
  if (!file) return;
  std::vector<BoltBucket> left = {file->root()};
  for (int i = 0; i < 100 && !left.empty(); ++i) {
    const auto entries = file->entries(left.back());
    left.pop_back();
    if (!entries) continue;
    for (const BoltEntry& entry : *entries)
      if (const auto inner = BoltFile::bucket(entry)) left.push_back(*inner);
  }
}

// What stands in a purl that we wrote is what we meant.
void read_package_url(std::string_view bytes) {
  Distribution from;
  const auto package = parse_purl(bytes, &from);
  if (!package) return;
  const auto again = parse_purl(purl(*package, from));
  require(again && again->type == package->type && again->name == package->name &&
          again->version == package->version);
}

// A list of signatures that we took from somebody and write back says the same.
void read_artifact(std::string_view bytes) {
  const auto manifest = parse_artifact(bytes, "", "a");
  if (!manifest) return;
  const auto again = parse_artifact(write_manifest(*manifest), "", "a");
  require(again && again->is_index == manifest->is_index &&
          again->layers.size() == manifest->layers.size() &&
          again->artifact_type == manifest->artifact_type);
  for (std::size_t i = 0; i < manifest->layers.size(); ++i)
    require(entry_id(manifest->layers[i]) == entry_id(again->layers[i]));
}

void ask_database(std::string_view bytes) {
  const auto database = Database::over(bytes);
  if (!database) return;
  (void)database->verify();
  (void)database->info();
  (void)database->ecosystems();
  for (const auto* name : {"a", "openssl", "lodash"})
    if (const auto place = database->place_of("Debian:12", name); place && *place)
      (void)database->candidates(**place);
  (void)database->alias_class("CVE-2024-0001");
  (void)database->exploited("CVE-2024-0001");
}

template <Compression kind>
void inflate(std::string_view bytes) {
  (void)decompress(kind, bytes, inflated);
}

// A database of `size` bytes, then what becomes its log: frames of a number, a size and a page,
// whose sums are made right, since chance would not.
void read_logged_sqlite(std::string_view bytes) {
  constexpr std::size_t page = 512, frame = 8 + page;
  Cursor in(bytes);
  const std::uint32_t size = in.u32be();
  const auto database = in.bytes(std::min<std::uint64_t>(size, in.left()));
  std::uint32_t a = 0, b = 0;
  const auto add = [&](std::string_view words) {
    for (Cursor word(words); word.left() >= 8;) {
      a += word.u32be() + b;
      b += word.u32be() + a;
    }
  };
  std::string log;
  const auto number = [&log](std::uint32_t n) {
    for (int shift = 24; shift >= 0; shift -= 8) log += static_cast<char>(n >> shift);
  };
  for (const std::uint32_t n : {0x377f0683U, 3'007'000U, 512U, 0U, 1U, 2U}) number(n);
  add(log);
  number(a);
  number(b);
  while (in.left() >= frame) {
    const auto head = in.bytes(8), content = in.bytes(page);
    add(head);
    add(content);
    log += head;
    for (const std::uint32_t n : {1U, 2U, a, b}) number(n);
    log += content;
  }
  const auto wal = SqliteWal::read(log);
  if (!wal) std::abort();
  (void)scan_sqlite_table(database, "Packages", {[](auto, auto) {}, [](const Error&) {}}, *wal);
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
      {"sqlite-wal",
       [](std::string_view b) {
         (void)SqliteWal::read(b);
         read_logged_sqlite(b);
       }},
      {"bdb",
       [](std::string_view b) {
         (void)scan_bdb_hash(b, {[](auto, auto) {}, [](const Error&) {}});
       }},
      {"bolt", walk_buckets},
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
      {"artifact", read_artifact},
      {"referrers",
       [](std::string_view b) {
         if (const auto page = parse_artifact(b, oci_index_type, "r"); page && page->is_index)
           for (const Descriptor& entry : page->manifests) require(entry_id(entry).size() == 32);
       }},
      {"simple-signing",
       [](std::string_view b) {
         const auto payload = parse_simple_signing(b);
         if (!payload) return;
         const auto again = parse_simple_signing(
             write_simple_signing(payload->reference, payload->digest, payload->annotations));
         require(again && again->digest == payload->digest);
       }},
      {"config", [](std::string_view b) { (void)image_from_config(b, {{}, {}}, "c"); }},
      {"reference", [](std::string_view b) { (void)parse_registry_reference(std::string(b)); }},
      {"sbom",
       [](std::string_view b) {
         if (auto inventory = read_sbom(b, "r", "f")) report_on(*std::move(inventory));
       }},
      {"purl", read_package_url},
      {"url",
       [](std::string_view b) {
         const auto base = parse_url("https://example.org/a/b?c");
         (void)parse_url(b);
         (void)resolve_url(*base, b);
         (void)registrable_domain(b);
       }},
      {"challenge", [](std::string_view b) { (void)parse_challenges(b); }},
      {"licence-policy",
       [](std::string_view b) {
         if (const auto document = parse_yaml(b)) (void)read_licence_policy(document->root());
       }},
      {"licence",
       [](std::string_view b) {
         const std::string expression = spdx_expression(b);
         require(expression.empty() || is_spdx_expression(expression));
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
         if (import_osv(stored_zip({{"a.json", std::string(b)}}), "PyPI", out))
           build(std::move(out));
       }},
      {"feed-secdb",
       [](std::string_view b) {
         DatabaseInput out;
         if (import_secdb(b, "s", out)) build(std::move(out));
       }},
      {"feed-kev",
       [](std::string_view b) {
         DatabaseInput out;
         if (import_kev(b, "k", out)) build(std::move(out));
       }},
      {"feed-rubysec",
       [](std::string_view b) {
         DatabaseInput out;
         if (import_rubysec(stored_zip({{"gems/a/CVE-2024-1.yml", std::string(b)}}), "r", out))
           build(std::move(out));
       }},
      {"content-list",
       [](std::string_view b) {
         ContentSquash squash;
         (void)squash.apply(0, b);
         (void)squash.apply(1, b);
         (void)squash.take();
       }},
      {"content-manifest",
       [](std::string_view b) {
         const auto read = read_manifest(b);
         if (!read) return;
         const auto again = read_manifest(write_manifest(read->manifest, read->tree));
         require(again.has_value() && again->tree.root() == read->tree.root());
       }},
      {"content-proof", [](std::string_view b) { (void)check_proof(b, std::string(32, 'r')); }},
      {"allow-list", [](std::string_view b) { (void)read_allow_list(b, "allow.yaml"); }},
      {"outcome",
       [](std::string_view b) {
         auto outcome = from_wire<LayerOutcome>(b);
         if (!outcome) return;
         if (auto inventory = assemble({}, {*std::move(outcome)})) report_on(*std::move(inventory));
       }},
      {"inventory",
       [](std::string_view b) {
         const auto inventory = from_wire<Inventory>(b);
         if (!inventory) return;
         const std::string once = to_wire(*inventory);
         const auto again = from_wire<Inventory>(once);
         require(again.has_value() && to_wire(*again) == once);
       }},
  };
}

}  // namespace

const std::map<std::string, FuzzTarget>& fuzz_targets() {
  static const std::map<std::string, FuzzTarget> all = [] {
    auto targets = codecs();
    targets.merge(documents());
    targets.merge(custody_targets());
    targets.merge(form_targets());
    targets.merge(key_targets());
    targets.merge(notation_targets());
    targets.merge(repository_targets());
    targets.merge(sigstore_targets());
    targets.merge(source_targets());
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
