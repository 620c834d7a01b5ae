// Runs every reader over its cases (tests/cases/README.md says what a case is), over every
// truncation of them and over thousands of flipped bytes. Adding a case edits no file here.
//   BOLTSEAL_ACCEPT=1  writes want.txt instead of comparing with it
//   BOLTSEAL_DEEP=1    takes each length of the larger files too (make test-deep)
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "catalogers/readers.h"
#include "files/glob.h"

namespace boltseal {
namespace {

namespace fs = std::filesystem;

struct Case {
  const Reader* reader;
  std::string reader_name;
  fs::path folder;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.folder; }

struct CaseFile {
  std::string path, content;
  std::uint32_t mode;
};

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto& reader : fs::directory_iterator(BOLTSEAL_ROOT "/tests/cases/readers")) {
    const std::string name = reader.path().filename();
    const auto known = std::ranges::find(all_readers(), name, &Reader::name);
    if (!reader.is_directory()) continue;
    for (const auto& folder : fs::directory_iterator(reader.path())) {
      if (!folder.is_directory()) continue;  // a README
      cases.push_back({known == all_readers().end() ? nullptr : *known, name, folder.path()});
    }
  }
  std::ranges::sort(cases, {}, &Case::folder);
  return cases;
}

std::vector<CaseFile> files_of(const Case& c) {
  std::vector<CaseFile> files;
  std::error_code missing;
  for (const auto& entry : fs::recursive_directory_iterator(c.folder / "in", missing)) {
    if (!entry.is_regular_file()) continue;
    const bool runs = (entry.status().permissions() & fs::perms::owner_exec) != fs::perms::none;
    files.push_back({entry.path().lexically_relative(c.folder / "in"), slurp(entry.path()),
                     runs ? 0755U : 0644U});
  }
  std::ranges::sort(files, {}, &CaseFile::path);
  return files;
}

bool wants(const Reader& reader, const CaseFile& file) {
  return std::ranges::any_of(reader.globs,
                             [&](auto glob) { return glob_matches(glob, file.path); }) ||
         std::ranges::any_of(reader.magics,
                             [&](auto magic) { return file.content.starts_with(magic); });
}

// What the scan does with one file: an error of the reader is an unknown.
Fragment run(const Reader& reader, std::string_view path, std::string_view content,
             std::uint32_t mode) {
  Fragment out;
  out.path = path;
  Sink sink(out, reader.name);
  if (content.size() > reader.cap)
    sink.unknown({Fault::too_large, "over the reader's cap", {}, {}});
  else if (const auto read = reader.read({path, content, mode}, sink); !read)
    sink.unknown(read.error());
  return out;
}

void list(std::ostream& out, std::string_view what, const std::vector<std::string>& items) {
  if (items.empty()) return;
  out << "    " << what << ":";
  for (const auto& item : items) out << ' ' << item << (&item == &items.back() ? "" : ",");
  out << '\n';
}

void line(std::ostream& out, std::string_view what, std::string_view text) {
  if (!text.empty()) out << "    " << what << ": " << text << '\n';
}

void member(std::ostream& out, std::string_view what, std::string_view text) {
  if (!text.empty()) out << ' ' << what << '=' << text;
}

void dump(std::ostream& out, const Package& p, std::string_view path) {
  out << name_of(p.type) << ' ' << p.name << ' '
      << (p.version.empty() ? "(no version)" : p.version);
  if (!p.arch.empty()) out << ' ' << p.arch;
  if (!p.source_name.empty() || !p.source_version.empty())
    member(out, "src", p.source_name + "@" + p.source_version);
  member(out, "module", p.module);
  if (p.development) out << " dev";
  out << '\n';
  line(out, "licence", p.licence);
  line(out, "licence-text", p.licence_text);
  line(out, "supplier", p.supplier);
  line(out, "homepage", p.homepage);
  line(out, "description", p.description);
  list(out, "cpes", p.cpes);
  list(out, "depends", p.depends);
  list(out, "provides", p.provides);
  for (const auto& [algorithm, digest] : p.hashes) line(out, algorithm, digest);
  for (const auto& e : p.evidence)
    line(out, "evidence", (e.path == path ? "" : e.path + ": ") + e.what);
}

void dump(std::ostream& out, const Fragment& f) {
  out << "# " << f.path << '\n';
  for (const auto& d : f.distributions) {
    out << "distribution " << d.id << ' ' << (d.version_id.empty() ? "(no version)" : d.version_id);
    member(out, "codename", d.codename);
    out << '\n';
    line(out, "name", d.name);
    list(out, "like", d.id_like);
    line(out, "cpe", d.cpe);
  }
  for (const auto& p : f.packages) dump(out, p, f.path);
  for (const auto& o : f.ownerships) {
    out << "owns " << name_of(o.type) << ' ' << o.name << '\n';
    for (const auto& path : o.paths) out << "    " << path << '\n';
  }
  for (const auto& n : f.licences)
    out << "licence " << name_of(n.type) << ' ' << n.name << ": " << n.licence << '\n';
  for (const auto& u : f.unknowns) {
    out << "unknown " << name_of(u.fault) << ": " << u.what;
    if (u.path != f.path) out << " in " << u.path;
    if (u.offset) out << " at " << *u.offset;
    out << '\n';
  }
}

std::string dump(const Case& c) {
  std::ostringstream out;
  for (const auto& file : files_of(c)) {
    if (wants(*c.reader, file))
      dump(out, run(*c.reader, file.path, file.content, file.mode));
    else
      out << "# " << file.path << " (not wanted)\n";
  }
  return std::move(out).str();
}

class Cases : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    ASSERT_NE(GetParam().reader, nullptr) << "no reader is named " << GetParam().reader_name;
  }
};

TEST_P(Cases, GiveWhatTheyWant) {
  const Case& c = GetParam();
  ASSERT_FALSE(files_of(c).empty()) << "a case has files in in/";
  const std::string have = dump(c);
  if (std::getenv("BOLTSEAL_ACCEPT") != nullptr)
    std::ofstream(c.folder / "want.txt", std::ios::binary) << have;
  ASSERT_TRUE(fs::exists(c.folder / "want.txt")) << "BOLTSEAL_ACCEPT=1 writes it; then read it";
  EXPECT_EQ(have, slurp(c.folder / "want.txt"));
  EXPECT_EQ(have, dump(c)) << "twice the same bytes, twice the same outcome";
}

// A reader's outcome on damaged bytes is its own business, but it comes back, soon, and reads no
// byte that is not there: the bytes lie in a heap block of exactly their size, where
// AddressSanitizer sees one too far.
void survives(const Reader& reader, const CaseFile& file, std::string_view bytes) {
  const std::unique_ptr<char[]> exact(new char[bytes.size()]);
  std::memcpy(exact.get(), bytes.data(), bytes.size());
  const auto start = std::chrono::steady_clock::now();
  run(reader, file.path, {exact.get(), bytes.size()}, file.mode);
  ASSERT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20))
      << file.path << ", " << bytes.size() << " bytes";
}

// Every length up to this size; of a larger file this many lengths, spread evenly. The same for the
// number of flips.
std::size_t thorough_size() { return std::getenv("BOLTSEAL_DEEP") != nullptr ? 65'536 : 4'096; }
std::size_t sample_count(std::size_t size) {
  return std::getenv("BOLTSEAL_DEEP") != nullptr || size <= 4'096 ? 2'000
         : size <= 262'144                                        ? 500
                                                                  : 50;
}

TEST_P(Cases, SurviveTruncation) {
  for (const auto& file : files_of(GetParam())) {
    if (!wants(*GetParam().reader, file)) continue;
    const std::size_t size = file.content.size();
    const std::size_t count = size <= thorough_size() ? size : sample_count(size);
    for (std::size_t i = 0; i < count && !HasFatalFailure(); ++i) {
      survives(*GetParam().reader, file,
               std::string_view(file.content).substr(0, i * size / count));
    }
  }
}

TEST_P(Cases, SurviveFlippedBytes) {
  for (const auto& file : files_of(GetParam())) {
    if (!wants(*GetParam().reader, file) || file.content.empty()) continue;
    std::uint64_t random = 0x9e3779b97f4a7c15;  // xorshift64: the same flips on every machine
    std::string bytes = file.content;
    for (std::size_t i = sample_count(bytes.size()); i > 0 && !HasFatalFailure(); --i) {
      random ^= random << 13;
      random ^= random >> 7;
      random ^= random << 17;
      const std::size_t at = (random >> 16) % bytes.size();
      // Half of the flips change one bit; the others set the values that lengths and counts go
      // wrong with.
      static constexpr unsigned char nasty[] = {0x00, 0x7f, 0x80, 0xff};
      bytes[at] =
          static_cast<char>(i % 2 == 0 ? bytes[at] ^ (1 << (random & 7)) : nasty[random & 3]);
      survives(*GetParam().reader, file, bytes);
      bytes[at] = file.content[at];
    }
  }
}

std::string test_name(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.reader_name + "_" + info.param.folder.filename().string();
  std::ranges::replace_if(
      name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Readers, Cases, testing::ValuesIn(all_cases()), test_name);

TEST(Readers, EachHasACaseAndAnEmptyFileIsNoTrouble) {
  const auto cases = all_cases();
  for (const Reader* reader : all_readers()) {
    EXPECT_NE(std::ranges::find(cases, reader->name, &Case::reader_name), cases.end())
        << reader->name << " has no case";
    run(*reader, "empty", {}, 0644);
  }
}

TEST(Readers, AreSortedAndWellFormed) {
  EXPECT_TRUE(std::ranges::is_sorted(all_readers(), {}, &Reader::name));
  for (const Reader* reader : all_readers()) {
    EXPECT_FALSE(reader->globs.empty() && reader->magics.empty()) << reader->name;
    EXPECT_GT(reader->version, 0U) << reader->name;
    EXPECT_GT(reader->cap, 0U) << reader->name;
    EXPECT_NE(reader->read, nullptr) << reader->name;
    for (const auto magic : reader->magics)
      EXPECT_TRUE(!magic.empty() && magic.size() <= 8) << reader->name;
    for (const auto glob : reader->globs) EXPECT_FALSE(glob.starts_with('/')) << glob;
  }
}

}  // namespace
}  // namespace boltseal
