#include "custody/attested.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "crypto/digest.h"

namespace boltseal {
namespace {

std::string digest_text(std::string_view root) { return "sha256:" + hex(root); }

// The statement of an envelope that enough keys have signed, if it is of the type that is wanted.
Checked<Statement> verified_statement(std::string_view text, const std::vector<PublicKey>& keys,
                                      std::size_t threshold, std::string_view type) {
  const auto envelope = parse_dsse(text);
  if (!envelope) return refuse(envelope.error(), "envelope");
  auto payload = verify_dsse(*envelope, keys, threshold);
  if (!payload) return std::unexpected(std::move(payload).error());
  auto statement = parse_statement(payload->bytes());
  if (!statement) return refuse(statement.error(), "envelope.payload");
  if (statement->predicate_type != type)
    return refuse("predicate-type-mismatch",
                  "the attestation says something else than was asked for",
                  "statement.predicateType", std::string(type), statement->predicate_type);
  return *std::move(statement);
}

Checked<std::string> root_in(const Value& value, std::string field) {
  const auto text = value.text();
  if (!text.starts_with("sha256:") || !is_digest(text))
    return refuse("unreadable", "no SHA-256 root", std::move(field), "sha256:<64 hex digits>",
                  std::string(text));
  return unhex(text.substr(7)).value_or("");
}

bool same_file(const ContentRecord& approved, ContentRecord found) {
  found.layer = approved.layer;
  found.path = approved.path;
  return approved == found;
}

Checked<Amendment> read_amendment(const Value& item) {
  Amendment out;
  if (item["removed"].boolean()) {
    auto path = get_bytes(item, "path");
    if (!path) return refuse(path.error(), "predicate.changes[].path");
    out.path = *std::move(path);
    return out;
  }
  auto record = read_record(item["record"]);
  if (!record) return refuse(record.error(), "predicate.changes[].record");
  record->layer.reset();
  out.path = record->path;
  out.record = *std::move(record);
  return out;
}

}  // namespace

std::vector<Subject> content_subjects(const ReadManifest& sealed) {
  const ImageInfo& image = sealed.manifest.image;
  Subject subject{"image", {}};
  std::string digest = image.manifest_digest;
  if (digest.empty()) {
    subject.name = image.config_digest.empty() ? "content-root" : "config";
    digest = image.config_digest;
  }
  if (digest.empty()) digest = digest_text(sealed.tree.root());
  const auto colon = digest.find(':');
  subject.digest[digest.substr(0, colon)] = digest.substr(colon + 1);
  return {std::move(subject)};
}

std::string content_seal_predicate(const ReadManifest& sealed, std::string_view manifest_file) {
  std::map<FileType, std::uint64_t> counts;
  for (const ContentRecord& record : sealed.manifest.records) ++counts[record.type];
  JsonWriter json(false);
  json.object().member("algorithm", "rfc6962-sha256");
  json.member("root", digest_text(sealed.tree.root())).member("size", sealed.tree.size());
  json.key("counts").object();
  for (const auto& [type, count] : counts) json.member(name_of(type), count);
  json.end();
  json.member("manifest", sha256_digest(manifest_file));
  json.key("tool").object().member("name", "boltseal").member("version", BOLTSEAL_VERSION);
  json.end().end();
  return json.take();
}

Checked<SignedSeal> verify_seal(std::string_view envelope, const std::vector<PublicKey>& keys,
                                std::size_t threshold) {
  auto statement = verified_statement(envelope, keys, threshold, content_seal_type);
  if (!statement) return std::unexpected(std::move(statement).error());
  const Value& predicate = statement->predicate();
  if (predicate["algorithm"].text() != "rfc6962-sha256")
    return refuse("algorithm-unsupported", "a seal by another algorithm", "predicate.algorithm",
                  "rfc6962-sha256", predicate["algorithm"].string());
  SignedSeal out;
  auto root = root_in(predicate["root"], "predicate.root");
  if (!root) return std::unexpected(std::move(root).error());
  out.root = *std::move(root);
  const auto size = predicate["size"].integer();
  if (!size || *size < 0) return refuse("unreadable", "no number of files", "predicate.size");
  out.size = static_cast<std::uint64_t>(*size);
  out.manifest_digest = predicate["manifest"].string();
  if (!is_digest(out.manifest_digest))
    return refuse("unreadable", "no digest of a manifest", "predicate.manifest");
  return out;
}

Checked<void> check_against(const SignedSeal& seal, const ReadManifest& sealed) {
  if (seal.root != sealed.tree.root())
    return refuse("root-mismatch", "the files are not those that were signed", "predicate.root",
                  digest_text(seal.root), digest_text(sealed.tree.root()));
  if (seal.size != sealed.tree.size())
    return refuse("size-mismatch", "not as many files as were signed", "predicate.size",
                  std::to_string(seal.size), std::to_string(sealed.tree.size()));
  return {};
}

std::string amendment_predicate(const Amendments& amendments) {
  JsonWriter json(false);
  json.object().member("root", digest_text(amendments.root));
  json.member("reason", amendments.reason).key("changes").array();
  for (const Amendment& change : amendments.changes) {
    json.object();
    if (change.record) {
      json.key("record").object();
      put_record(json, *change.record);
      json.end();
    } else {
      put_bytes(json, "path", change.path);
      json.member("removed", true);
    }
    json.end();
  }
  json.end().end();
  return json.take();
}

Checked<Amendments> verify_amendments(std::string_view envelope, const std::vector<PublicKey>& keys,
                                      std::size_t threshold) {
  auto statement = verified_statement(envelope, keys, threshold, amendment_type);
  if (!statement) return std::unexpected(std::move(statement).error());
  const Value& predicate = statement->predicate();
  Amendments out;
  auto root = root_in(predicate["root"], "predicate.root");
  if (!root) return std::unexpected(std::move(root).error());
  out.root = *std::move(root);
  out.reason = predicate["reason"].string();
  if (!predicate["changes"].is_array())
    return refuse("unreadable", "no list of changes", "predicate.changes");
  for (const Value& item : predicate["changes"].items()) {
    auto change = read_amendment(item);
    if (!change) return std::unexpected(std::move(change).error());
    if (!out.changes.empty() && out.changes.back().path >= change->path)
      return refuse("unreadable", "changes that are not in the order of paths",
                    "predicate.changes");
    out.changes.push_back(*std::move(change));
  }
  return out;
}

Checked<void> apply(const Amendments& amendments, const ReadManifest& sealed, DriftReport& report) {
  if (amendments.root != sealed.tree.root())
    return refuse("root-mismatch", "the amendment is of another seal", "predicate.root",
                  digest_text(sealed.tree.root()), digest_text(amendments.root));
  std::vector<DriftFinding> left;
  for (DriftFinding& finding : report.findings) {
    const auto change =
        std::ranges::lower_bound(amendments.changes, finding.path, {}, &Amendment::path);
    const bool named = change != amendments.changes.end() && change->path == finding.path;
    // A process that runs what is deleted runs what nobody can compare any more.
    const bool approved =
        named && finding.kind != DriftKind::deleted_running &&
        (change->record ? finding.found && same_file(*change->record, *finding.found)
                        : finding.kind == DriftKind::removed);
    if (!approved) {
      left.push_back(std::move(finding));
      continue;
    }
    finding.allowed_by = "amendment: " + amendments.reason;
    report.allowed.push_back(std::move(finding));
  }
  report.findings = std::move(left);
  return {};
}

}  // namespace boltseal
