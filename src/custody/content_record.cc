// Records and proofs as JSON, both ways.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "codec/base64.h"
#include "crypto/digest.h"
#include "crypto/merkle.h"
#include "custody/content_file.h"

namespace boltseal {
namespace {

constexpr std::string_view proof_type = "https://boltseal.dev/content-proof/v1";
constexpr std::uint32_t mode_limit = 07777;
constexpr std::uint64_t id_limit = UINT32_MAX;  // Linux has no larger user or device numbers
constexpr std::size_t hash_size = 32;
constexpr std::size_t proof_limit = 64;

std::unexpected<Error> broken(std::string what) { return fail(Fault::corrupt, std::move(what)); }

Result<std::uint64_t> number(const Value& object, std::string_view name, std::uint64_t limit) {
  const Value& value = object[name];
  if (!value) return 0;
  const auto n = value.integer();
  if (!n || *n < 0 || static_cast<std::uint64_t>(*n) > limit)
    return broken(fmt::format("\"{}\" is no number that it can be", name));
  return static_cast<std::uint64_t>(*n);
}

Result<std::string> hash_bytes(const Value& value, std::string_view name) {
  const std::string_view text = value.text();
  const bool upper = std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'F'; });
  auto bytes = upper ? std::nullopt : unhex(text);
  if (!bytes || bytes->size() != hash_size)
    return broken(fmt::format("\"{}\" is no SHA-256 in lower-case hex", name));
  return *std::move(bytes);
}

Result<> read_device(const Value& object, ContentRecord& out) {
  TRY(out.device_major, number(object, "major", id_limit));
  TRY(out.device_minor, number(object, "minor", id_limit));
  const bool device = out.type == FileType::character_device || out.type == FileType::block_device;
  if (!device && (out.device_major || out.device_minor))
    return broken("device numbers of what is no device");
  return {};
}

Result<> read_xattrs(const Value& list, ContentRecord& out) {
  for (const Value& item : list.items()) {
    TRY(auto name, get_bytes(item, "name"));
    TRY(auto value, unbase64(item["value"].text()));
    if (!out.xattrs.empty() && out.xattrs.back().first >= name)
      return broken("extended attributes are not in order");
    out.xattrs.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

// The hashes of "index", "size" and "hashes", and the record they are of.
Result<ContentProof> read_content_proof(const Value& object) {
  ContentProof out;
  TRY(out.record, read_record(object["record"]));
  out.record.layer.reset();
  out.diff_id = object["record"]["layerDiffId"].string();
  TRY(out.index, number(object, "index", INT64_MAX));
  TRY(out.size, number(object, "size", INT64_MAX));
  const auto hashes = object["hashes"].items();
  if (!object["hashes"].is_array() || hashes.size() > proof_limit)
    return broken("\"hashes\" is no list of at most 64");
  for (const Value& value : hashes) {
    TRY(out.hashes.emplace_back(), hash_bytes(value, "hashes"));
  }
  return out;
}

Result<> leads_to(const ContentProof& proof, std::string_view root) {
  const std::string leaf = merkle_leaf(canonical_record(proof.record, proof.diff_id));
  TRY(const auto found, root_of_inclusion(proof.index, proof.size, leaf, proof.hashes));
  if (found == root) return {};
  return broken(fmt::format("the proof leads to the root sha256:{}, not to sha256:{}", hex(found),
                            hex(root)));
}

Result<Shown> check_absence(const Value& object, std::string_view root) {
  TRY(auto path, get_bytes(object, "path"));
  TRY(const auto size, number(object, "size", INT64_MAX));
  std::optional<ContentProof> before, after;
  if (object["before"]) {
    TRY(before, read_content_proof(object["before"]));
    TRY_DO(leads_to(*before, root));
  }
  if (object["after"]) {
    TRY(after, read_content_proof(object["after"]));
    TRY_DO(leads_to(*after, root));
  }
  if ((before && before->size != size) || (after && after->size != size))
    return broken("the neighbours are of trees of different size");
  if (!before && !after && (size != 0 || root != merkle_root({})))
    return broken("an absence without neighbours, in a tree that is not empty");
  const bool next_to_each_other =
      before && after ? before->index + 1 == after->index
                      : (!before || before->index + 1 == size) && (!after || after->index == 0);
  if (!next_to_each_other) return broken("the neighbours do not stand next to each other");
  if ((before && before->record.path >= path) || (after && after->record.path <= path))
    return broken("the path does not belong between the neighbours");
  return Shown{std::move(path), std::nullopt, {}};
}

void put_proven(JsonWriter& json, const ContentProof& proof) {
  json.key("record").object();
  ContentRecord record = proof.record;
  record.layer.reset();
  put_record(json, record);
  json.text_if("layerDiffId", proof.diff_id).end();
  put_proof(json, proof);
}

void put_head(JsonWriter& json, std::string_view root) {
  json.object().member("type", proof_type).member("algorithm", "rfc6962-sha256");
  json.member("root", "sha256:" + hex(root));
}

}  // namespace

void put_bytes(JsonWriter& json, std::string_view name, std::string_view bytes) {
  if (valid_utf8(bytes))
    json.member(name, bytes);
  else
    json.member(std::string_view(fmt::format("{}Base64", name)), base64(bytes));
}

Result<std::string> get_bytes(const Value& object, std::string_view name) {
  const Value& text = object[name];
  const Value& coded = object[std::string(name) + "Base64"];
  if (text.is_text() == coded.is_text())
    return broken(fmt::format("\"{0}\" or \"{0}Base64\" must be there, and not both", name));
  if (text.is_text()) return text.string();
  TRY(auto bytes, unbase64(coded.text()));
  if (valid_utf8(bytes)) return broken(fmt::format("\"{}Base64\" of what is text", name));
  return bytes;
}

void put_record(JsonWriter& json, const ContentRecord& r) {
  put_bytes(json, "path", r.path);
  json.member("type", name_of(r.type)).member("mode", fmt::format("{:04o}", r.mode));
  json.member("uid", r.uid).member("gid", r.gid);
  if (r.type == FileType::file) json.member("size", r.size).member("sha256", hex(r.sha256));
  if (r.type == FileType::symlink) put_bytes(json, "link", r.link);
  if (r.type == FileType::character_device || r.type == FileType::block_device)
    json.member("major", r.device_major).member("minor", r.device_minor);
  if (!r.xattrs.empty()) {
    json.key("xattrs").array();
    for (const auto& [name, value] : r.xattrs) {
      json.object();
      put_bytes(json, "name", name);
      json.member("value", base64(value)).end();
    }
    json.end();
  }
  if (r.layer) json.member("layer", *r.layer);
}

Result<ContentRecord> read_record(const Value& object) {
  ContentRecord out;
  TRY(out.path, get_bytes(object, "path"));
  const auto type = file_type_of(object["type"].text());
  if (!type) return broken("a record without a \"type\" that is known");
  out.type = *type;
  const auto mode = parse_u64(object["mode"].text(), 8);
  if (!mode || *mode > mode_limit || object["mode"].text().size() != 4)
    return broken("a \"mode\" that is not four octal digits");
  out.mode = static_cast<std::uint32_t>(*mode);
  TRY(out.uid, number(object, "uid", id_limit));
  TRY(out.gid, number(object, "gid", id_limit));
  if (out.type == FileType::file) {
    TRY(out.size, number(object, "size", INT64_MAX));
    TRY(out.sha256, hash_bytes(object["sha256"], "sha256"));
  }
  if (out.type == FileType::symlink) {
    TRY(out.link, get_bytes(object, "link"));
  }
  TRY_DO(read_device(object, out));
  TRY_DO(read_xattrs(object["xattrs"], out));
  if (object["layer"]) {
    TRY(const auto layer, number(object, "layer", id_limit));
    out.layer = static_cast<std::uint32_t>(layer);
  }
  return out;
}

ContentProof prove(const ReadManifest& sealed, std::size_t index) {
  ContentProof out;
  out.record = sealed.manifest.records.at(index);
  const auto& layers = sealed.manifest.image.layers;
  if (out.record.layer && *out.record.layer < layers.size())
    out.diff_id = layers[*out.record.layer].diff_id;
  out.index = index;
  out.size = sealed.tree.size();
  out.hashes = sealed.tree.proof(index);
  return out;
}

AbsenceProof prove_absence(const ReadManifest& sealed, const std::string& path) {
  AbsenceProof out;
  out.path = path;
  const auto& records = sealed.manifest.records;
  const auto found = std::ranges::lower_bound(records, path, {}, &ContentRecord::path);
  const auto at = static_cast<std::size_t>(found - records.begin());
  if (at > 0) out.before = prove(sealed, at - 1);
  if (at < records.size()) out.after = prove(sealed, at);
  return out;
}

void put_proof(JsonWriter& json, const ContentProof& proof) {
  json.member("index", proof.index).member("size", proof.size).key("hashes").array();
  for (const std::string& one : proof.hashes) json.value(hex(one));
  json.end();
}

std::string write_proof(const ContentProof& proof, std::string_view root, bool pretty) {
  JsonWriter json(pretty);
  put_head(json, root);
  put_proven(json, proof);
  json.end();
  return json.take();
}

std::string write_proof(const AbsenceProof& proof, std::uint64_t size, std::string_view root,
                        bool pretty) {
  JsonWriter json(pretty);
  put_head(json, root);
  json.key("absent").object();
  put_bytes(json, "path", proof.path);
  json.member("size", size);
  using Neighbour = std::pair<std::string_view, const std::optional<ContentProof>*>;
  for (const auto& [name, neighbour] :
       {Neighbour("before", &proof.before), Neighbour("after", &proof.after)}) {
    if (!*neighbour) continue;
    json.key(name).object();
    put_proven(json, **neighbour);
    json.end();
  }
  json.end().end();
  return json.take();
}

Result<Shown> check_proof(std::string_view json, std::string_view root) {
  TRY(const auto document, parse_json(json));
  const Value& top = document.root();
  if (top["type"].text() != proof_type)
    return broken(fmt::format("this is no proof: its \"type\" is not {}", proof_type));
  if (top["algorithm"].text() != "rfc6962-sha256")
    return fail(Fault::unsupported, "a proof by another algorithm than rfc6962-sha256");
  if (top["absent"]) return check_absence(top["absent"], root);
  TRY(auto proof, read_content_proof(top));
  TRY_DO(leads_to(proof, root));
  return Shown{proof.record.path, proof.record, proof.diff_id};
}

}  // namespace boltseal
