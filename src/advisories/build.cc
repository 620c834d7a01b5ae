// Builds the database file: numbers the strings, then writes each section. Everything is sorted
// first, so that the same records give the same bytes in whatever order they come.
#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "advisories/classes.h"
#include "advisories/database.h"
#include "advisories/format.h"
#include "advisories/strings.h"
#include "base/text.h"
#include "versions/versions.h"

namespace boltseal {

using layout::Section;

namespace {

void sort_unique(std::vector<std::string>& list) {
  std::ranges::sort(list);
  const auto twice = std::ranges::unique(list);
  list.erase(twice.begin(), twice.end());
}

// Whether the events of one range hold `version`; nothing when that cannot be compared. The events
// are read in order: a later one that the version has reached overrides an earlier one.
std::optional<bool> in_range(Scheme scheme, const std::vector<Event>& events,
                             std::string_view version) {
  // In the order of versions this begins with an end: what was meant is no version of it.
  using Kind = Event::Kind;
  if (events.size() == 2 && events[0].kind != Kind::introduced &&
      events[1].kind == Kind::introduced)
    return false;
  if (std::ranges::any_of(events, [](const Event& e) { return e.kind == Kind::limit; }))
    return std::nullopt;  // it ends all of the range, wherever it stands
  bool inside = false;
  for (const auto& event : events) {
    if (event.kind == Event::Kind::introduced && event.version == "0") {
      inside = true;
      continue;
    }
    const auto order = compare_versions(scheme, version, event.version);
    if (!order) return std::nullopt;
    const bool reached = event.kind == Event::Kind::last_affected ? *order > 0 : *order >= 0;
    if (reached) inside = event.kind == Event::Kind::introduced;
  }
  return inside;
}

// Puts the events of a range in the order of their versions, as OSV asks of who reads them; a range
// with a version that cannot be compared stays as it is.
void sort_events(Scheme scheme, std::vector<Event>& events) {
  const auto first = [](const Event& e) {
    return e.kind == Event::Kind::introduced && e.version == "0";
  };
  for (const auto& event : events) {
    if (!first(event) && !compare_versions(scheme, event.version, event.version)) return;
  }
  std::ranges::stable_sort(events, [&](const Event& a, const Event& b) {
    if (first(a) || first(b)) return first(a) && !first(b);
    return compare_versions(scheme, a.version, b.version) == std::strong_ordering::less;
  });
}

void simplify(Affected& affected) {
  const auto scheme = scheme_of(affected.ecosystem);
  sort_unique(affected.versions);
  if (!scheme) return;
  for (auto& range : affected.ranges) sort_events(*scheme, range);
  std::erase_if(affected.versions, [&](const std::string& version) {
    return std::ranges::any_of(affected.ranges, [&](const auto& range) {
      return in_range(*scheme, range, version).value_or(false);
    });
  });
}

std::string to_bytes(const Affected& a) {
  std::string out;
  const auto text = [&out](std::string_view part) {
    put_varint(out, part.size());
    out += part;
  };
  text(a.ecosystem);
  text(a.name);
  for (const auto& range : a.ranges) {
    for (const auto& event : range) {
      out += static_cast<char>('a' + static_cast<int>(event.kind));
      text(event.version);
    }
    out += '|';
  }
  for (const auto* list : {&a.versions, &a.unaffected}) {
    put_varint(out, list->size());
    for (const auto& version : *list) text(version);
  }
  text(a.arch);
  text(a.module);
  out += static_cast<char>(a.severity);
  out += static_cast<char>(a.fix_state);
  return out;
}

// Orders records of one id and one feed that differ in nothing else: rare, but it must be decided.
std::string to_bytes(const Advisory& a) {
  std::string out = a.published + '\n' + a.withdrawn + '\n' + a.summary + '\n';
  for (const auto* list : {&a.aliases, &a.upstream, &a.references}) out += join(*list, " ") + '\n';
  for (const auto& [type, vector] : a.severities) out += type + ' ' + vector + '\n';
  out += static_cast<char>(a.severity);
  for (const auto& affected : a.affected) out += to_bytes(affected);
  return out;
}

bool is_cve(std::string_view id) { return id.starts_with("CVE-"); }

void normalise(Advisory& advisory, bool prose) {
  if (!prose) advisory.summary.clear();
  std::erase(advisory.aliases, advisory.id);
  sort_unique(advisory.aliases);
  // A record with several CVEs is not one flaw of many names: it bundles as many flaws.
  if (std::ranges::count_if(advisory.aliases, is_cve) > 1)
    std::ranges::move(std::exchange(advisory.aliases, {}), std::back_inserter(advisory.upstream));
  sort_unique(advisory.upstream);
  sort_unique(advisory.references);
  std::ranges::sort(advisory.severities);
  const auto twice = std::ranges::unique(advisory.severities);
  advisory.severities.erase(twice.begin(), twice.end());
  for (auto& affected : advisory.affected) {
    affected.name = normal_name(affected.ecosystem, affected.name);
    simplify(affected);
  }
  std::vector<std::pair<std::string, Affected>> keyed;
  for (auto& affected : advisory.affected) {
    auto key = to_bytes(affected);
    keyed.emplace_back(std::move(key), std::move(affected));
  }
  std::ranges::sort(keyed, {}, [](const auto& pair) -> const auto& { return pair.first; });
  advisory.affected.clear();
  for (std::size_t i = 0; i < keyed.size(); ++i) {
    if (i > 0 && keyed[i].first == keyed[i - 1].first) continue;
    advisory.affected.push_back(std::move(keyed[i].second));
  }
}

bool share_a_package(const Advisory& a, const Advisory& b) {
  for (const auto& x : a.affected) {
    for (const auto& y : b.affected) {
      if (x.name == y.name && x.ecosystem == y.ecosystem) return true;
    }
  }
  return a.affected.empty() || b.affected.empty();
}

// Puts together what the files of two releases say of one flaw.
void take_in(Advisory& other, Advisory& into) {
  std::ranges::move(other.affected, std::back_inserter(into.affected));
  for (const auto list : {&Advisory::aliases, &Advisory::upstream}) {
    std::ranges::move(other.*list, std::back_inserter(into.*list));
    sort_unique(into.*list);
  }
}

// Sorts; of records with one id that speak of the same package the newest stays. An OSV record
// stands in the bucket of each of its ecosystems, and the buckets may differ in age. Feeds without
// dates (secdb) come in a file per release: there, what one flaw affects is put together.
std::vector<Advisory> sorted_records(std::vector<Advisory> in) {
  const auto newer_first = [](const Advisory& a, const Advisory& b) {
    if (a.id != b.id) return a.id < b.id;
    if (a.modified != b.modified) return a.modified > b.modified;
    if (a.feed != b.feed) return a.feed < b.feed;
    return to_bytes(a) < to_bytes(b);
  };
  std::ranges::sort(in, newer_first);
  std::vector<Advisory> out;
  out.reserve(in.size());
  for (auto& advisory : in) {
    bool stale = false;
    for (auto old = out.rbegin(); old != out.rend() && old->id == advisory.id && !stale; ++old) {
      if (old->feed == advisory.feed && old->modified.empty() && advisory.modified.empty()) {
        take_in(advisory, *old);
        stale = true;
      } else {
        stale = share_a_package(*old, advisory);
      }
    }
    if (!stale) out.push_back(std::move(advisory));
  }
  return out;
}

class Writer {
 public:
  explicit Writer(DatabaseInput input);
  Result<std::string> finish();

 private:
  struct Posting {
    std::uint32_t ecosystem, name, record;
    std::string body;
  };

  void gather();
  void close_aliases();
  std::vector<std::uint32_t> flaws_of(const Advisory& advisory);
  void number(std::string& out, std::string_view text) const { put_varint(out, at(text)); }
  void numbers(std::string& out, const std::vector<std::string>& list) const;
  std::uint32_t at(std::string_view text) const;
  std::string body(const Affected& affected) const;
  void write_meta();
  void write_records();
  void write_packages();
  void write_aliases();
  void write_exploited();
  std::string& section(Section s) { return sections_[static_cast<std::size_t>(s)]; }

  DatabaseInput input_;
  StringsBuilder strings_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  Classes classes_;
  std::vector<bool> aliased_;  // by string number: an id of a class
  std::array<std::string, layout::section_count> sections_;
};

Writer::Writer(DatabaseInput input) : input_(std::move(input)) {
  for (auto& advisory : input_.advisories) normalise(advisory, input_.prose);
  input_.advisories = sorted_records(std::move(input_.advisories));
  const auto feed_key = [](const FeedInfo& f) {
    return std::tie(f.name, f.address, f.date, f.records);
  };
  std::ranges::sort(input_.feeds, {}, feed_key);
  const auto flaw_key = [](const ExploitedFlaw& f) {
    return std::tie(f.cve, f.added, f.due, f.ransomware);
  };
  std::ranges::sort(input_.exploited, {}, flaw_key);
  const auto twice = std::ranges::unique(input_.exploited, {}, &ExploitedFlaw::cve);
  input_.exploited.erase(twice.begin(), twice.end());
}

void Writer::gather() {
  for (const auto& advisory : input_.advisories) {
    strings_.add(advisory.id);
    strings_.add(advisory.feed);
    for (const auto* list : {&advisory.aliases, &advisory.upstream, &advisory.references}) {
      for (const auto& text : *list) strings_.add(text);
    }
    for (const auto& [type, vector] : advisory.severities) {
      strings_.add(type);
      strings_.add(vector);
    }
    for (const auto& affected : advisory.affected) {
      for (const auto* text :
           {&affected.ecosystem, &affected.name, &affected.arch, &affected.module}) {
        strings_.add(*text);
      }
      for (const auto& range : affected.ranges) {
        for (const auto& event : range) strings_.add(event.version);
      }
      for (const auto* list : {&affected.versions, &affected.unaffected}) {
        for (const auto& text : *list) strings_.add(text);
      }
    }
  }
  for (const auto& flaw : input_.exploited) strings_.add(flaw.cve);
  strings_.finish();
  numbers_.reserve(strings_.count());
  for (std::uint32_t i = 0; i < strings_.count(); ++i) numbers_.emplace(strings_.text(i), i);
}

std::uint32_t Writer::at(std::string_view text) const { return numbers_.find(text)->second; }

void Writer::numbers(std::string& out, const std::vector<std::string>& list) const {
  put_varint(out, list.size());
  for (const auto& text : list) number(out, text);
}

void Writer::write_meta() {
  std::string& out = section(Section::meta);
  put_varint(out, input_.feeds.size());
  for (const auto& feed : input_.feeds) {
    for (const auto* text : {&feed.name, &feed.address, &feed.date}) {
      put_varint(out, text->size());
      out += *text;
    }
    put_varint(out, feed.records);
  }
}

// 0: none; days × 2 + 1 for a midnight, else seconds × 2.
std::uint64_t time_code(std::string_view text) {
  const auto seconds = parse_time(text).value_or(0);
  if (seconds == 0) return 0;
  return static_cast<std::uint64_t>(seconds % 86400 == 0 ? seconds / 86400 * 2 + 1 : seconds * 2);
}

// Two CVEs are two flaws, whatever record by mistake names the alias of another: what a record
// says of its own CVE comes first, and what was taken back last.
void Writer::close_aliases() {
  classes_ = Classes(strings_.count());
  aliased_.resize(strings_.count());
  for (std::uint32_t i = 0; i < strings_.count(); ++i)
    if (is_cve(strings_.text(i))) classes_.mark(i);
  for (const bool withdrawn : {false, true})
    for (const bool own : {true, false})
      for (const auto& advisory : input_.advisories) {
        if (withdrawn == advisory.withdrawn.empty()) continue;
        for (const auto& alias : advisory.aliases) {
          if (is_cve(alias) != own) continue;
          aliased_[at(advisory.id)] = aliased_[at(alias)] = true;
          classes_.join(at(advisory.id), at(alias));
        }
      }
}

// The classes that a record speaks of, by their smallest number. A record that repackages others
// (DSA, ALSA, DEBIAN-CVE) stands for each flaw that it names.
std::vector<std::uint32_t> Writer::flaws_of(const Advisory& advisory) {
  const bool by_cve = std::ranges::any_of(advisory.upstream, is_cve);
  std::vector<std::uint32_t> out;
  for (const auto& id : advisory.upstream) {
    if (!by_cve || is_cve(id)) out.push_back(classes_.root(at(id)));
  }
  if (out.empty()) out.push_back(classes_.root(at(advisory.id)));
  std::ranges::sort(out);
  const auto twice = std::ranges::unique(out);
  out.erase(twice.begin(), twice.end());
  return out;
}

void Writer::write_records() {
  std::string& out = section(Section::records);
  for (const auto& advisory : input_.advisories) {
    put_u32(section(Section::record_index), at(advisory.id));
    put_u32(section(Section::record_index), out.size());
    number(out, advisory.feed);
    out += static_cast<char>(static_cast<unsigned>(advisory.severity) |
                             (advisory.withdrawn.empty() ? 0 : layout::record_withdrawn));
    auto flaws = flaws_of(advisory);
    if (flaws == std::vector{at(advisory.id)}) flaws.clear();
    put_varint(out, flaws.size());
    for (const auto flaw : flaws) put_varint(out, flaw);
    for (const auto* time : {&advisory.published, &advisory.modified, &advisory.withdrawn}) {
      put_varint(out, time_code(*time));
    }
    numbers(out, advisory.aliases);
    numbers(out, advisory.upstream);
    numbers(out, advisory.references);
    put_varint(out, advisory.severities.size());
    for (const auto& [type, vector] : advisory.severities) {
      number(out, type);
      number(out, vector);
    }
    put_varint(out, advisory.summary.size());
    out += advisory.summary;
  }
}

std::string Writer::body(const Affected& a) const {
  const bool one_fix = a.ranges.size() == 1 && a.ranges[0].size() == 2 &&
                       a.ranges[0][0].kind == Event::Kind::introduced &&
                       a.ranges[0][0].version == "0" && a.ranges[0][1].kind == Event::Kind::fixed;
  const bool where = !a.arch.empty() || !a.module.empty();
  const bool judged = a.severity != Severity::unknown || a.fix_state != FixState::unknown;
  std::string out;
  out += static_cast<char>((one_fix ? layout::body_one_fix : 0) |
                           (a.versions.empty() ? 0 : layout::body_versions) |
                           (a.unaffected.empty() ? 0 : layout::body_unaffected) |
                           (where ? layout::body_where : 0) | (judged ? layout::body_judged : 0));
  if (one_fix) {
    number(out, a.ranges[0][1].version);
  } else {
    put_varint(out, a.ranges.size());
    for (const auto& range : a.ranges) {
      put_varint(out, range.size());
      for (const auto& event : range) {
        out += static_cast<char>(event.kind);
        number(out, event.version);
      }
    }
  }
  if (!a.versions.empty()) numbers(out, a.versions);
  if (!a.unaffected.empty()) numbers(out, a.unaffected);
  if (where) {
    number(out, a.arch);
    number(out, a.module);
  }
  if (judged) {
    out += static_cast<char>(a.severity);
    out += static_cast<char>(a.fix_state);
  }
  return out;
}

void Writer::write_packages() {
  std::vector<Posting> postings;
  std::map<std::string, std::size_t> offsets;  // of each body
  for (std::uint32_t record = 0; record < input_.advisories.size(); ++record) {
    for (const auto& affected : input_.advisories[record].affected) {
      postings.push_back({at(affected.ecosystem), at(affected.name), record, body(affected)});
      offsets.emplace(postings.back().body, 0);
    }
  }
  for (auto& [bytes, offset] : offsets) {
    offset = section(Section::bodies).size();
    section(Section::bodies) += bytes;
  }
  const auto key = [](const Posting& p) { return std::tie(p.ecosystem, p.name, p.record, p.body); };
  std::ranges::sort(postings, {}, key);
  const auto twice = std::ranges::unique(postings, {}, key);
  postings.erase(twice.begin(), twice.end());
  std::string& out = section(Section::postings);
  for (auto start = postings.begin(); start != postings.end();) {
    const auto end = std::find_if(start, postings.end(), [&](const Posting& p) {
      return p.ecosystem != start->ecosystem || p.name != start->name;
    });
    std::string& row = section(Section::packages);
    if (start == postings.begin() || std::prev(start)->ecosystem != start->ecosystem) {
      put_u32(section(Section::ecosystems), start->ecosystem);
    }
    put_u32(row, start->ecosystem);
    put_u32(row, start->name);
    put_u32(row, out.size());
    put_varint(out, static_cast<std::uint64_t>(end - start));
    std::uint32_t before = 0;
    for (; start != end; ++start) {
      put_varint(out, start->record - before);
      put_varint(out, offsets.find(start->body)->second);
      before = start->record;
    }
  }
}

void Writer::write_aliases() {
  std::map<std::uint32_t, std::vector<std::uint32_t>> members;
  for (std::uint32_t i = 0; i < aliased_.size(); ++i) {
    if (aliased_[i]) members[classes_.root(i)].push_back(i);
  }
  std::map<std::uint32_t, std::size_t> rows;
  std::string& out = section(Section::alias_classes);
  for (const auto& [root, list] : members) {
    for (const auto member : list) rows.emplace(member, out.size());
    put_varint(out, list.size());
    for (const auto member : list) put_varint(out, member);
  }
  for (const auto& [member, offset] : rows) {
    put_u32(section(Section::alias_index), member);
    put_u32(section(Section::alias_index), offset);
  }
}

void Writer::write_exploited() {
  std::string& out = section(Section::exploited);
  for (const auto& flaw : input_.exploited) {
    put_u32(out, at(flaw.cve));
    for (const auto* date : {&flaw.added, &flaw.due}) {
      put_u32(out, static_cast<std::uint64_t>(parse_time(*date).value_or(0) / 86400));
    }
    put_u32(out, flaw.ransomware ? 1 : 0);
  }
}

Result<std::string> Writer::finish() {
  gather();
  close_aliases();
  write_meta();
  section(Section::string_index) = strings_.index();
  section(Section::strings) = strings_.blocks();
  write_records();
  write_packages();
  write_aliases();
  write_exploited();

  std::uint64_t size = layout::header_size;
  for (const auto& part : sections_) size += part.size();
  if (size > UINT32_MAX) return fail(Fault::too_large, "the advisory database would pass 4 GiB");
  std::string out(layout::magic);
  put_u32(out, layout::format_version);
  put_u32(out,
          (input_.starter ? layout::flag_starter : 0) | (input_.prose ? layout::flag_prose : 0));
  put_u32(out, size);
  put_u32(out, size >> 32);
  out.append(32, '\0');
  std::uint64_t offset = layout::header_size;
  for (const auto& part : sections_) {
    put_u32(out, offset);
    put_u32(out, part.size());
    offset += part.size();
  }
  for (const auto& part : sections_) out += part;
  out.replace(layout::digest_at, 32, layout::digest_of(out));
  return out;
}

}  // namespace

Result<std::string> build_database(DatabaseInput input) {
  return Writer(std::move(input)).finish();
}

}  // namespace boltseal
