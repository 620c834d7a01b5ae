#include "seal/shared_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "codec/json_writer.h"
#include "crypto/digest.h"
#include "seal/artifact_store.h"

namespace boltseal {
namespace {

constexpr int max_tries = 60;
constexpr int max_patience = 6;
constexpr std::size_t id_digits = 32;
constexpr std::string_view gone_suffix = ".gone";
// Makes an entry another one than that which was taken away earlier.
constexpr const char* entry_annotation = "dev.boltseal.entry";
constexpr std::array identity_annotations = {"dev.cosignproject.cosign/signature",
                                             entry_annotation};

bool is_id(std::string_view text) {
  return text.size() == id_digits &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

std::string random_digits(std::size_t count) {
  std::random_device source;
  std::string out;
  while (out.size() < count) out += fmt::format("{:08x}", source());
  return out.substr(0, count);
}

// Writers that met once must not meet again at the same pace.
void back_off(int attempt) {
  std::random_device source;
  const unsigned longest = 25U << std::min(attempt, 6);
  std::this_thread::sleep_for(std::chrono::milliseconds(source() % longest));
}

// What the tags of the entries say.
struct EntryTags {
  std::set<std::string> there, gone;
  bool listed = false;  // the list itself has its tag
  bool known = true;    // false: the registry lists no tags
};

EntryTags entry_tags(ArtifactStore& store, const std::string& tag) {
  EntryTags out;
  const auto tags = store.tags(tag);
  if (!tags) {
    log_debug("no list of tags: " + tags.error().message());
    out.known = false;
    return out;
  }
  for (const std::string& name : *tags) {
    if (name == tag) out.listed = true;
    if (!name.starts_with(tag + ".")) continue;
    std::string_view id = std::string_view(name).substr(tag.size() + 1);
    const bool gone = id.ends_with(gone_suffix);
    if (gone) id.remove_suffix(gone_suffix.size());
    if (is_id(id)) (gone ? out.gone : out.there).emplace(id);
  }
  return out;
}

struct Read {
  std::vector<Descriptor> written;  // the list as it stands under the tag
  std::vector<Descriptor> wanted;   // as it should stand there
  std::string etag;
  bool there = false;
  bool tags_known = true;
  bool settled() const {
    const auto ids = [](const std::vector<Descriptor>& entries) {
      std::set<std::string> out;
      for (const Descriptor& entry : entries) out.insert(entry_id(entry));
      return out;
    };
    return there && ids(written) == ids(wanted);
  }
};

// A tag that is listed is there. Registries over a plain file system lose sight of it for a moment
// while somebody writes it, and to take the list for empty then would be to lose what only it
// holds.
Result<std::optional<StoredManifest>> read_tag(ArtifactStore& store, const std::string& tag,
                                               bool listed) {
  for (int attempt = 0;; ++attempt) {
    auto list = store.manifest(tag);
    if (list) return std::move(*list);
    if (list.error().fault != Fault::not_found) return std::unexpected(list.error());
    if (!listed || attempt >= max_patience) return std::nullopt;
    back_off(attempt);
  }
}

Result<Read> read_list(ArtifactStore& store, const std::string& tag, ListKind kind) {
  Read out;
  const EntryTags tags = entry_tags(store, tag);
  TRY(const auto list, read_tag(store, tag, tags.listed));
  if (list) {
    out.there = true;
    out.etag = list->etag;
    TRY(out.written, entries_of(list->manifest, kind, store.name() + ":" + tag));
  }
  out.tags_known = tags.known;
  std::set<std::string> have;
  for (const Descriptor& entry : out.written) {
    if (tags.gone.contains(entry_id(entry))) continue;
    if (have.insert(entry_id(entry)).second) out.wanted.push_back(entry);
  }
  for (const std::string& id : tags.there) {
    if (have.contains(id) || tags.gone.contains(id)) continue;
    const std::string name = tag + "." + id;
    auto entry = store.manifest(name);
    if (!entry && entry.error().fault == Fault::not_found) continue;  // deleted just now
    if (!entry) return std::unexpected(entry.error());
    TRY(auto entries, entries_of(entry->manifest, kind, store.name() + ":" + name));
    // The tag is what others know the entry by: it must not carry something else.
    for (Descriptor& found : entries)
      if (entry_id(found) == id && have.insert(id).second) out.wanted.push_back(std::move(found));
  }
  return out;
}

Result<> put_list(ArtifactStore& store, const std::string& tag, ListKind kind,
                  std::vector<Descriptor> entries, const std::string& etag) {
  TRY(const Manifest manifest, list_manifest(store, kind, std::move(entries)));
  TRY([[maybe_unused]] const bool noted,
      store.put_manifest(tag, manifest.media_type, write_manifest(manifest), etag));
  return {};
}

// Where the tags of the entries cannot be listed: look again now and then, in case somebody who
// read the list before our entry was in it wrote it back.
constexpr int blind_checks = 4;

// A list that names what is no longer there is one that registries do not take.
Result<std::vector<Descriptor>> without_the_lost(ArtifactStore& store,
                                                 std::vector<Descriptor> entries) {
  std::vector<Descriptor> out;
  for (Descriptor& entry : entries) {
    const auto found = store.manifest(entry.digest);
    if (!found && found.error().fault == Fault::not_found) continue;
    out.push_back(std::move(entry));
  }
  return out;
}

// The entries to add, each with an id that nobody took away, under tags of their own.
Result<ListChange> announce(ArtifactStore& store, const std::string& tag, ListKind kind,
                            ListChange change) {
  const EntryTags tags = entry_tags(store, tag);
  for (Descriptor& entry : change.add) {
    if (tags.gone.contains(entry_id(entry)))
      entry.annotations[entry_annotation] = random_digits(16);
    if (tags.known) TRY_DO(put_list(store, tag + "." + entry_id(entry), kind, {entry}, {}));
  }
  for (const Descriptor& entry : change.take) {
    const std::string id = entry_id(entry);
    const auto same = [&](const Descriptor& added) { return entry_id(added) == id; };
    if (!tags.known || std::ranges::any_of(change.add, same)) continue;
    TRY_DO(put_list(store, tag + "." + id + std::string(gone_suffix), kind, {entry}, {}));
  }
  return change;
}

}  // namespace

std::string entry_id(const Descriptor& entry) {
  std::string text = entry.digest;
  for (const char* key : identity_annotations) {
    const auto found = entry.annotations.find(key);
    text += "\n" + (found == entry.annotations.end() ? std::string() : found->second);
  }
  return sha256_hex(text).substr(0, id_digits);
}

Result<std::vector<Descriptor>> entries_of(const Manifest& manifest, ListKind kind,
                                           const std::string& where) {
  if (manifest.is_index != (kind == ListKind::index))
    return fail(Fault::corrupt,
                kind == ListKind::index ? "a manifest where an index of referrers was looked for"
                                        : "an index where a manifest of signatures was looked for",
                where);
  return manifest.is_index ? manifest.manifests : manifest.layers;
}

std::vector<Descriptor> changed(std::vector<Descriptor> entries, const ListChange& change) {
  std::set<std::string> added, taken;
  for (const Descriptor& entry : change.add) added.insert(entry_id(entry));
  for (const Descriptor& entry : change.take)
    if (!added.contains(entry_id(entry))) taken.insert(entry_id(entry));
  std::erase_if(entries, [&](const Descriptor& entry) {
    return taken.contains(entry_id(entry)) || added.contains(entry_id(entry));
  });
  std::ranges::copy(change.add, std::back_inserter(entries));
  return entries;
}

Result<Manifest> list_manifest(ArtifactStore& store, ListKind kind,
                               std::vector<Descriptor> entries) {
  Manifest out;
  if (kind == ListKind::index) {
    out.media_type = oci_index_type;
    out.is_index = true;
    out.manifests = std::move(entries);
    return out;
  }
  // A config as that of an image without a system; its diff_ids are the blobs.
  JsonWriter config(false);
  config.object()
      .member("architecture", "")
      .member("created", "0001-01-01T00:00:00Z")
      .key("history")
      .array();
  for (std::size_t i = 0; i < entries.size(); ++i)
    config.object().member("created", "0001-01-01T00:00:00Z").end();
  config.end().member("os", "").key("rootfs").object().member("type", "layers");
  config.key("diff_ids").array();
  for (const Descriptor& entry : entries) config.value(entry.digest);
  config.end().end().key("config").object().end().end();
  TRY(out.config, store.put_bytes(config.take(), oci_config_type));
  out.media_type = oci_manifest_type;
  out.artifact_type = out.config.media_type;
  out.layers = std::move(entries);
  return out;
}

Result<std::vector<Descriptor>> read_shared_list(ArtifactStore& store, const std::string& tag,
                                                 ListKind kind) {
  TRY(auto read, read_list(store, tag, kind));
  if (!read.there && read.wanted.empty())
    return fail(Fault::not_found, "has no " + tag, store.name());
  return std::move(read.wanted);
}

Result<> change_shared_list(ArtifactStore& store, const std::string& tag, ListKind kind,
                            const ListChange& wish) {
  TRY(const ListChange change, announce(store, tag, kind, wish));
  int checks = 0;
  bool wrote = false;
  Error last;
  for (int attempt = 0; attempt < max_tries; ++attempt) {
    TRY(Read read, read_list(store, tag, kind));
    if (!read.tags_known || !wrote) read.wanted = changed(std::move(read.wanted), change);
    // Seen after a write of ours, or of somebody who had read our tags: it stays.
    if (read.settled()) {
      if (read.tags_known || ++checks >= blind_checks) return {};
      back_off(5);
      continue;
    }
    checks = 0;
    if (wrote) back_off(attempt);
    auto put = put_list(store, tag, kind, read.wanted, read.etag);
    if (!put && kind == ListKind::index && put.error().fault != Fault::unsupported) {
      TRY(auto kept, without_the_lost(store, read.wanted));
      if (kept.size() < read.wanted.size()) put = put_list(store, tag, kind, kept, read.etag);
    }
    wrote = true;
    if (put) continue;
    last = put.error();
    if (last.fault != Fault::unsupported) return std::unexpected(last);
    back_off(attempt);  // somebody else's write came between
  }
  return fail(Fault::io,
              "too many others write the same list: try again" +
                  (last.what.empty() ? std::string() : " (" + last.what + ")"),
              store.name() + ":" + tag);
}

}  // namespace boltseal
