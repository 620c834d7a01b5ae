// Reads the database file. Nothing in it is believed: every number is checked where it is used,
// so that a damaged file ends in an Error.
#include "advisories/database.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>

#include "advisories/format.h"
#include "advisories/strings.h"
#include "base/cursor.h"
#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"

namespace boltseal {

using layout::Section;

namespace {

class Mapping {
 public:
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
  }
  Result<> map(const std::string& path) {
    TRY(const Fd file, open_read(path));
    struct stat info{};
    if (::fstat(file.get(), &info) != 0) return std::unexpected(errno_error("fstat", path));
    const auto size = static_cast<std::size_t>(info.st_size);
    if (size == 0) return fail(Fault::corrupt, "an empty file is no advisory database", path);
    void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (at == MAP_FAILED) return std::unexpected(errno_error("mmap", path));
    bytes_ = {static_cast<const char*>(at), size};
    return {};
  }
  std::string_view bytes() const { return bytes_; }

 private:
  std::string_view bytes_;
};

std::unexpected<Error> damaged(std::string_view what) {
  return fail(Fault::corrupt,
              "the advisory database is damaged (" + std::string(what) + "); run `db update`");
}

std::uint32_t u32_at(std::string_view bytes, std::size_t offset) {
  Cursor in(bytes);
  in.seek(offset);
  return in.u32le();
}

// The first row of a sorted table of fixed rows that does not order before the key.
template <class Before>
std::size_t lower_row(std::string_view table, std::size_t row, Before before) {
  std::size_t low = 0;
  std::size_t high = table.size() / row;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (before(table.substr(middle * row, row)))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// The row of `table` whose first number is `key`.
std::optional<std::string_view> row_of(std::string_view table, std::size_t row, std::uint32_t key) {
  const auto at = lower_row(table, row, [&](auto here) { return u32_at(here, 0) < key; });
  const auto found = table.substr(std::min(at * row, table.size()), row);
  if (found.size() < row || u32_at(found, 0) != key) return std::nullopt;
  return found;
}

std::string time_of(std::uint64_t code) {
  if (code == 0 || code >> 40 != 0) return {};
  const auto n = static_cast<std::int64_t>(code >> 1);
  return rfc3339((code & 1) != 0 ? n * 86400 : n);
}

template <class E>
Result<E> enumerator(std::uint64_t n, E last) {
  if (n > static_cast<std::uint64_t>(last)) return damaged("a value out of range");
  return static_cast<E>(n);
}

}  // namespace

using Ecosystem = std::pair<std::string, std::uint32_t>;  // its name and the number of that text

struct Database::State {
  Mapping mapping;
  std::string_view bytes;
  std::uint32_t flags = 0;
  layout::Sections sections;
  Strings strings;
  std::vector<Ecosystem> ecosystems;  // a few dozen, sorted; every look-up begins with one

  std::string_view section(Section s) const { return sections[static_cast<std::size_t>(s)]; }

  Result<> load();
  Result<std::string> text(Cursor& in, std::size_t& budget) const;
  Result<std::vector<std::string>> texts(Cursor& in, std::size_t& budget) const;
  Result<std::vector<Event>> events(Cursor& in, std::size_t& budget) const;
  Result<RecordHead> head(std::uint32_t record, Cursor& in, unsigned& severity) const;
  std::optional<std::uint32_t> number_of(std::string_view text) const;
  Result<Affected> body(std::uint64_t offset, std::size_t& budget) const;
  Result<std::vector<Candidate>> candidates(std::uint32_t offset) const;
  Result<std::vector<FeedInfo>> feeds() const;
};

Result<> Database::State::load() {
  Cursor in(bytes);
  if (in.bytes(layout::magic.size()) != layout::magic) {
    return fail(Fault::corrupt, "not an advisory database");
  }
  const std::uint32_t format = in.u32le();
  if (in.ok() && format != layout::format_version) {
    return fail(Fault::unsupported,
                "an advisory database of another version of Boltseal; run `db update`");
  }
  flags = in.u32le();
  const std::uint64_t size = in.u64le();
  in.seek(layout::table_at);
  if (!in.ok() || size != bytes.size()) return damaged("cut off");
  for (auto& section : sections) {
    const std::uint32_t offset = in.u32le();
    const std::uint32_t length = in.u32le();
    section = in.slice(offset, length);
    if (!in.ok()) return damaged("a section past the end");
  }
  const auto whole = [this](Section s, std::size_t row) { return section(s).size() % row == 0; };
  if (!whole(Section::record_index, layout::index_row) ||
      !whole(Section::alias_index, layout::index_row) ||
      !whole(Section::packages, layout::package_row) ||
      !whole(Section::exploited, layout::exploited_row) || !whole(Section::ecosystems, 4)) {
    return damaged("a table with half a row");
  }
  TRY(strings, Strings::over(section(Section::string_index), section(Section::strings)));
  Cursor rows(section(Section::ecosystems));
  if (rows.left() > layout::max_ecosystems * 4) return damaged("too many ecosystems");
  while (rows.left() >= 4) {
    const std::uint32_t number = rows.u32le();
    TRY(auto name, strings.at(number));
    ecosystems.emplace_back(std::move(name), number);
  }
  if (!std::ranges::is_sorted(ecosystems)) return damaged("ecosystems out of order");
  return {};
}

Result<std::string> Database::State::text(Cursor& in, std::size_t& budget) const {
  TRY(auto text, strings.at(in.varint()));
  const std::size_t cost = sizeof(std::string) + text.size();
  if (cost > budget) return fail(Fault::too_large, "one entry of the advisory database");
  budget -= cost;
  return text;
}

Result<std::vector<std::string>> Database::State::texts(Cursor& in, std::size_t& budget) const {
  std::vector<std::string> out;
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    TRY(out.emplace_back(), text(in, budget));
  }
  if (!in.ok()) return damaged("a list cut off");
  return out;
}

Result<std::vector<Event>> Database::State::events(Cursor& in, std::size_t& budget) const {
  std::vector<Event> out;
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const auto kind = static_cast<Event::Kind>(in.u8() & 3);
    TRY(auto version, text(in, budget));
    out.push_back({kind, std::move(version)});
  }
  return out;
}

std::optional<std::uint32_t> Database::State::number_of(std::string_view text) const {
  const auto number = strings.find(text);
  return number ? *number : std::nullopt;
}

Result<Affected> Database::State::body(std::uint64_t offset, std::size_t& budget) const {
  Cursor in(section(Section::bodies));
  in.seek(offset);
  const unsigned bits = in.u8();
  Affected out;
  if ((bits & layout::body_one_fix) != 0) {
    TRY(auto fixed, text(in, budget));
    out.ranges = {{{Event::Kind::introduced, "0"}, {Event::Kind::fixed, std::move(fixed)}}};
  } else {
    const std::uint64_t count = in.varint();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
      if (budget < 32) return fail(Fault::too_large, "one entry of the advisory database");
      budget -= 32;
      TRY(out.ranges.emplace_back(), events(in, budget));
    }
  }
  if ((bits & layout::body_versions) != 0) {
    TRY(out.versions, texts(in, budget));
  }
  if ((bits & layout::body_unaffected) != 0) {
    TRY(out.unaffected, texts(in, budget));
  }
  if ((bits & layout::body_where) != 0) {
    TRY(out.arch, text(in, budget));
    TRY(out.module, text(in, budget));
  }
  if ((bits & layout::body_judged) != 0) {
    TRY(out.severity, enumerator(in.u8(), Severity::critical));
    TRY(out.fix_state, enumerator(in.u8(), FixState::end_of_life));
  }
  if (!in.ok()) return damaged("ranges cut off");
  return out;
}

Result<std::vector<Candidate>> Database::State::candidates(std::uint32_t offset) const {
  Cursor in(section(Section::postings));
  in.seek(offset);
  const std::uint64_t count = in.varint();
  const std::uint64_t records = section(Section::record_index).size() / layout::index_row;
  std::size_t budget = layout::max_answer;
  std::vector<Candidate> out;
  std::uint64_t record = 0;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    record += in.varint();
    if (record >= records) return damaged("a record that is not there");
    if (budget < sizeof(Candidate)) {
      return fail(Fault::too_large, "one package of the advisory database");
    }
    budget -= sizeof(Candidate);
    TRY(auto affected, body(in.varint(), budget));
    out.push_back({static_cast<std::uint32_t>(record), std::move(affected)});
  }
  if (!in.ok()) return damaged("a package cut off");
  return out;
}

Result<std::vector<FeedInfo>> Database::State::feeds() const {
  Cursor in(section(Section::meta));
  std::vector<FeedInfo> out;
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    FeedInfo feed;
    for (auto* text : {&feed.name, &feed.address, &feed.date}) *text = in.bytes(in.varint());
    feed.records = in.varint();
    out.push_back(std::move(feed));
  }
  if (!in.ok()) return damaged("the list of feeds");
  return out;
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const std::string& path) {
  auto state = std::make_unique<State>();
  TRY_DO(state->mapping.map(path));
  state->bytes = state->mapping.bytes();
  if (auto loaded = state->load(); !loaded) {
    loaded.error().where = path;
    return std::unexpected(std::move(loaded).error());
  }
  return Database(std::move(state));
}

Result<Database> Database::over(std::string_view bytes) {
  auto state = std::make_unique<State>();
  state->bytes = bytes;
  TRY_DO(state->load());
  return Database(std::move(state));
}

Result<std::optional<std::uint32_t>> Database::place_of(std::string_view ecosystem,
                                                        std::string_view name) const {
  const auto eco = std::ranges::lower_bound(state_->ecosystems, ecosystem, {}, &Ecosystem::first);
  if (eco == state_->ecosystems.end() || eco->first != ecosystem) return std::nullopt;
  const std::string normal = normal_name(ecosystem, name);
  TRY(auto pkg, state_->strings.find(normal));
  // A file of before keeps some names as they were written.
  if (!pkg && normal != name) {
    TRY(pkg, state_->strings.find(name));
  }
  if (!pkg) return std::nullopt;
  const auto table = state_->section(Section::packages);
  const auto key = std::pair(eco->second, *pkg);
  const auto key_of = [](std::string_view row) {
    return std::pair(u32_at(row, 0), u32_at(row, 4));
  };
  const auto at = lower_row(table, layout::package_row,
                            [&](std::string_view row) { return key_of(row) < key; });
  if (at * layout::package_row >= table.size()) return std::nullopt;
  const auto row = table.substr(at * layout::package_row, layout::package_row);
  if (key_of(row) != key) return std::nullopt;
  return u32_at(row, 8);
}

Result<std::vector<Candidate>> Database::candidates(std::uint32_t place) const {
  return state_->candidates(place);
}

// The head of a record; `in` stands behind it, `severity` is the byte as written.
Result<RecordHead> Database::State::head(std::uint32_t record, Cursor& in,
                                         unsigned& severity) const {
  const auto table = section(Section::record_index);
  const std::size_t at = std::size_t{record} * layout::index_row;
  if (at >= table.size()) return fail(Fault::not_found, "no advisory of that number");
  in = Cursor(section(Section::records));
  in.seek(u32_at(table, at + 4));
  RecordHead out;
  out.id = u32_at(table, at);
  out.feed = static_cast<std::uint32_t>(in.varint());
  severity = in.u8();
  out.withdrawn = (severity & layout::record_withdrawn) != 0;
  const std::uint64_t flaws = in.varint();
  for (std::uint64_t i = 0; i < flaws && in.ok(); ++i) {
    out.flaws.push_back(static_cast<std::uint32_t>(in.varint()));
  }
  if (flaws == 0) out.flaws.push_back(out.id);
  if (!in.ok()) return damaged("an advisory cut off");
  return out;
}

Result<RecordHead> Database::head(std::uint32_t record) const {
  Cursor in({});
  unsigned severity = 0;
  return state_->head(record, in, severity);
}

Result<std::string> Database::text(std::uint32_t number) const {
  return state_->strings.at(number);
}

Result<Advisory> Database::advisory(std::uint32_t record, bool references) const {
  Cursor in({});
  unsigned severity = 0;
  TRY(const auto head, state_->head(record, in, severity));
  Advisory out;
  TRY(out.id, text(head.id));
  TRY(out.feed, text(head.feed));
  TRY(out.severity, enumerator(severity & ~layout::record_withdrawn, Severity::critical));
  for (auto* time : {&out.published, &out.modified, &out.withdrawn}) *time = time_of(in.varint());
  std::size_t budget = layout::max_answer;
  for (auto* list : {&out.aliases, &out.upstream}) {
    TRY(*list, state_->texts(in, budget));
  }
  if (references) {
    TRY(out.references, state_->texts(in, budget));
  } else {
    const std::uint64_t count = in.varint();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) (void)in.varint();
  }
  const std::uint64_t vectors = in.varint();
  for (std::uint64_t i = 0; i < vectors && in.ok(); ++i) {
    TRY(auto type, state_->text(in, budget));
    TRY(auto vector, state_->text(in, budget));
    out.severities.emplace_back(std::move(type), std::move(vector));
  }
  out.summary = in.bytes(in.varint());
  if (!in.ok()) return damaged("an advisory cut off");
  return out;
}

Result<std::vector<std::string>> Database::alias_class(std::string_view id) const {
  TRY(const auto number, state_->strings.find(id));
  if (!number) return std::vector{std::string(id)};
  TRY(const auto numbers, alias_class(*number));
  std::vector<std::string> out;
  for (const auto n : numbers) {
    TRY(out.emplace_back(), text(n));
  }
  return out;
}

Result<std::vector<std::uint32_t>> Database::alias_class(std::uint32_t id) const {
  const auto row = row_of(state_->section(Section::alias_index), layout::index_row, id);
  if (!row) return std::vector{id};
  Cursor in(state_->section(Section::alias_classes));
  in.seek(u32_at(*row, 4));
  std::vector<std::uint32_t> out;
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    out.push_back(static_cast<std::uint32_t>(in.varint()));
  }
  if (!in.ok()) return damaged("a list cut off");
  return out;
}

std::optional<std::uint32_t> Database::find_id(std::string_view id) const {
  const auto number = state_->number_of(id);
  return number ? find_id(*number) : std::nullopt;
}

std::optional<std::uint32_t> Database::find_id(std::uint32_t id) const {
  const auto table = state_->section(Section::record_index);
  const auto at = lower_row(table, layout::index_row,
                            [&](std::string_view row) { return u32_at(row, 0) < id; });
  if (at >= records() || u32_at(table, at * layout::index_row) != id) return std::nullopt;
  return static_cast<std::uint32_t>(at);
}

std::optional<ExploitedFlaw> Database::exploited(std::string_view cve) const {
  const auto number = state_->number_of(cve);
  return number ? exploited(*number) : std::nullopt;
}

std::optional<ExploitedFlaw> Database::exploited(std::uint32_t cve) const {
  const auto row = row_of(state_->section(Section::exploited), layout::exploited_row, cve);
  if (!row) return std::nullopt;
  auto id = text(cve);
  if (!id) return std::nullopt;
  const auto date = [&](std::size_t at) {
    const std::uint32_t days = u32_at(*row, at);
    return days == 0 ? std::string() : format_date(days);
  };
  return ExploitedFlaw{std::move(*id), date(4), date(8), (u32_at(*row, 12) & 1) != 0};
}

bool Database::covers(std::string_view ecosystem) const {
  return std::ranges::binary_search(state_->ecosystems, ecosystem, {}, &Ecosystem::first);
}

std::vector<std::string> Database::ecosystems() const {
  std::vector<std::string> out;
  for (const auto& [name, number] : state_->ecosystems) out.push_back(name);
  return out;
}

DatabaseInfo Database::info() const {
  DatabaseInfo info;
  info.digest = "sha256:" + hex(state_->bytes.substr(layout::digest_at, 32));
  info.starter = (state_->flags & layout::flag_starter) != 0;
  if (auto feeds = state_->feeds()) info.feeds = std::move(*feeds);
  for (const auto& feed : info.feeds) info.date = std::max(info.date, feed.date);
  return info;
}

std::uint64_t Database::records() const {
  return state_->section(Section::record_index).size() / layout::index_row;
}

Result<> Database::verify() const {
  if (layout::digest_of(state_->bytes) != state_->bytes.substr(layout::digest_at, 32)) {
    return damaged("its digest does not match");
  }
  TRY_DO(state_->strings.verify());
  TRY_DO(state_->feeds());
  std::uint32_t before = 0;
  for (std::uint32_t i = 0; i < records(); ++i) {
    TRY_DO(advisory(i));
    const auto id = u32_at(state_->section(Section::record_index), i * layout::index_row);
    if (id < before) return damaged("records out of order");
    before = id;
  }
  const auto packages = state_->section(Section::packages);
  for (std::size_t at = 0; at < packages.size(); at += layout::package_row) {
    TRY_DO(state_->strings.at(u32_at(packages, at)));
    TRY_DO(state_->strings.at(u32_at(packages, at + 4)));
    TRY_DO(state_->candidates(u32_at(packages, at + 8)));
  }
  const auto aliases = state_->section(Section::alias_index);
  for (std::size_t at = 0; at < aliases.size(); at += layout::index_row) {
    TRY(const auto id, state_->strings.at(u32_at(aliases, at)));
    TRY(const auto others, alias_class(id));
    if (!std::ranges::binary_search(others, id)) return damaged("an alias class without its own");
  }
  const auto exploited = state_->section(Section::exploited);
  for (std::size_t at = 0; at < exploited.size(); at += layout::exploited_row) {
    TRY_DO(state_->strings.at(u32_at(exploited, at)));
  }
  return {};
}

}  // namespace boltseal
