// The content manifest and the proof of one file as JSON. doc/formats/seal.md says what each member
// means and how bytes that are no text are written.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json_writer.h"
#include "codec/value.h"
#include "custody/content_tree.h"
#include "inventory/content_manifest.h"

namespace boltseal {

constexpr std::uint64_t max_manifest_file = 4ULL << 30;
constexpr std::uint64_t max_proof_file = 16 << 20;

// `text` under `name` when it is UTF-8, else its base64 under `name` + "Base64".
void put_bytes(JsonWriter& json, std::string_view name, std::string_view bytes);
// What put_bytes wrote; corrupt when neither or both are there.
Result<std::string> get_bytes(const Value& object, std::string_view name);

// The members of a record, in an object that is open.
void put_record(JsonWriter& json, const ContentRecord& record);
Result<ContentRecord> read_record(const Value& object);

std::string write_manifest(const ContentManifest& manifest, const ContentTree& tree);

struct ReadManifest {
  ContentManifest manifest;
  ContentTree tree;
};
// corrupt unless records are in order and their root is the one that the file states.
Result<ReadManifest> read_manifest(std::string_view json);
Result<ReadManifest> read_manifest(const Value& document);
bool is_content_manifest(const Value& document);  // by its "type" alone

// What one record of a manifest is, and that it is in the tree.
struct ContentProof {
  ContentRecord record;
  std::string diff_id;  // of the layer that it comes from
  std::uint64_t index = 0, size = 0;
  std::vector<std::string> hashes;
};
// That there is no record of a path: the two that stand next to where it would be, and next to each
// other. One of them is absent at either end, both for an empty tree.
struct AbsenceProof {
  std::string path;
  std::optional<ContentProof> before, after;
};

ContentProof prove(const ReadManifest& sealed, std::size_t index);
AbsenceProof prove_absence(const ReadManifest& sealed, const std::string& path);

// `root`: that it leads to, for the reader's convenience; who checks must have it from elsewhere.
std::string write_proof(const ContentProof& proof, std::string_view root, bool pretty = true);
std::string write_proof(const AbsenceProof& proof, std::uint64_t size, std::string_view root,
                        bool pretty = true);
void put_proof(JsonWriter& json, const ContentProof& proof);  // "index", "size", "hashes"

// What a proof file shows once it is checked against a root.
struct Shown {
  std::string path;
  std::optional<ContentRecord> record;  // nothing: no file of that path
  std::string diff_id;
};
// corrupt unless the proof leads to `root` (32 bytes).
Result<Shown> check_proof(std::string_view json, std::string_view root);

}  // namespace boltseal
