// doc/formats/key-records.md. Reading is strict by writing again: a payload that says the same in
// other bytes is refused, and so is a member that we do not know, for it could change the meaning.
#include "seal/key_records_form.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/time.h"
#include "codec/base64.h"
#include "codec/canonical_json.h"
#include "codec/json_writer.h"
#include "codec/value.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

constexpr std::size_t largest_record = 64 << 10, longest_reason = 1000, most_kept = 100;

struct Shape {
  KeyRecordKind kind;
  std::string_view name, other;  // of the member that holds the other key
};
constexpr std::array<Shape, 3> shapes = {{
    {KeyRecordKind::succession, "succession", "successor"},
    {KeyRecordKind::recovery, "recovery", "recovery"},
    {KeyRecordKind::revocation, "revocation", "by"},
}};

std::unexpected<Error> odd(std::string what) {
  return fail(Fault::corrupt, "a key record " + std::move(what));
}

Result<PublicKey> key_in(const Value& object, std::string_view name) {
  if (!object["spki"].is_text()) return odd("without \"" + std::string(name) + "\"");
  TRY(const auto der, unbase64(object["spki"].text()));
  TRY(auto key, PublicKey::from_der(der));
  if (object["id"].text() != key.id())
    return odd("whose \"" + std::string(name) + "\" has an id of another key");
  return key;
}

Result<std::int64_t> moment_in(const Value& object, std::string_view name) {
  const auto seconds = parse_rfc3339(object[name].text());
  if (!seconds) return odd("whose \"" + std::string(name) + "\" is no RFC 3339 time");
  return *seconds;
}

void write_key(JsonWriter& json, std::string_view name, const PublicKey& key) {
  json.key(name).object().member("id", key.id()).member("spki", base64(key.spki())).end();
}

}  // namespace

std::string_view name_of(KeyRecordKind kind) { return shapes[static_cast<std::size_t>(kind)].name; }

Result<KeyRecordForm> parse_key_record(std::string_view payload) {
  if (payload.size() > largest_record)
    return fail(Fault::too_large, "a key record of more than 64 KiB");
  TRY(const auto document, parse_json(payload));
  const Value& root = document.root();
  const auto shape = std::ranges::find(shapes, root["kind"].text(), &Shape::name);
  if (shape == shapes.end())
    return fail(Fault::unsupported, "a key record of the kind \"" + printable(root["kind"].text()) +
                                        "\", which this version does not know");
  TRY(auto key, key_in(root["key"], "key"));
  TRY(auto other, key_in(root[shape->other], shape->other));
  TRY(const auto time, moment_in(root, "time"));
  KeyRecordForm out{shape->kind, std::move(key), std::move(other), time, 0, {}, {}};
  if (out.kind == KeyRecordKind::revocation) {
    TRY(out.from, moment_in(root, "from"));
    out.reason = root["reason"].text();
    for (const Value& digest : root["keeps"].items()) out.keeps.push_back(digest.string());
  }
  TRY(const auto again, write_key_record(out));
  if (again != payload) return odd("that is not in its canonical form, or has unknown members");
  return out;
}

Result<std::string> write_key_record(const KeyRecordForm& record) {
  if (record.reason.size() > longest_reason || record.keeps.size() > most_kept)
    return fail(Fault::too_large,
                "a key record with a reason of more than 1,000 bytes, or that "
                "keeps more than 100 successions");
  if (!std::ranges::all_of(record.keeps, is_digest)) return odd("that keeps what is no digest");
  if (record.kind != KeyRecordKind::revocation && record.key == record.other)
    return odd("of a key about itself");
  const Shape& shape = shapes[static_cast<std::size_t>(record.kind)];
  JsonWriter json(false);
  json.object().member("kind", shape.name).member("time", rfc3339(record.time));
  write_key(json, "key", record.key);
  write_key(json, shape.other, record.other);
  if (record.kind == KeyRecordKind::revocation) {
    json.member("from", rfc3339(record.from));
    json.text_if("reason", record.reason);
    if (!record.keeps.empty()) json.texts("keeps", record.keeps);
  }
  TRY(const auto document, parse_json(json.end().take()));
  return canonical_json(document.root());
}

}  // namespace boltseal
