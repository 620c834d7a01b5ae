#include "custody/witness_collection.h"

#include <fmt/format.h>

#include "base/text.h"
#include "codec/json_writer.h"

namespace boltseal {
namespace {

constexpr std::size_t attestation_limit = 1000, file_limit = 1'000'000;

// ".../attestations/product/v0.1" → "product"
std::string_view kind_of(std::string_view type) {
  const auto at = type.find("/attestations/");
  if (at == std::string_view::npos) return {};
  type.remove_prefix(at + 14);
  return type.substr(0, type.find('/'));
}

Result<> read_files(const Value& list, bool with_digest, std::map<std::string, std::string>& out) {
  if (!list.is_object()) return fail(Fault::corrupt, "a list of files that is none");
  if (list.members().size() + out.size() > file_limit)
    return fail(Fault::too_large, "a collection of more than a million files");
  for (const auto& [path, entry] : list.members()) {
    const Value& digests = with_digest ? entry["digest"] : entry;
    if (!digests.is_object()) return fail(Fault::corrupt, "a file without digests");
    if (!out.emplace(path, digests["sha256"].text()).second)
      return fail(Fault::corrupt, "a file twice");
  }
  return {};
}

Result<> read_attestation(std::string_view kind, const Value& a, WitnessCollection& out) {
  if (kind == "material") return read_files(a, false, out.materials);
  if (kind == "product") return read_files(a, true, out.products);
  if (kind == "command-run") {
    if (out.exit_code) return fail(Fault::corrupt, "two commands in one step");
    out.exit_code = a["exitcode"].integer();
    if (!out.exit_code) return fail(Fault::corrupt, "a command without its exit code");
    for (const Value& word : a["cmd"].items()) out.command.push_back(word.string());
  } else if (kind == "git") {
    out.commit = a["commithash"].text();
    out.branch = a["branch"].text();
    out.dirty = !a["status"].members().empty();
  } else if (kind == "environment") {
    out.variables = a["variables"].members().size();
  }
  return {};
}

}  // namespace

bool is_witness_collection(std::string_view type) {
  return type == "https://witness.testifysec.com/attestation-collection/v0.1" ||
         type == "https://witness.dev/attestation-collection/v0.1" ||
         type == "https://aflock.ai/attestation-collection/v0.1";
}

Result<WitnessCollection> read_witness_collection(const Statement& statement) {
  if (!is_witness_collection(statement.predicate_type))
    return fail(Fault::unsupported,
                "not a collection of Witness's: " + printable(statement.predicate_type));
  const Value& predicate = statement.predicate();
  if (!repeated_member(predicate).empty())
    return fail(Fault::corrupt, "a collection with a member twice");
  WitnessCollection out;
  out.step = predicate["name"].text();
  if (predicate["attestations"].items().size() > attestation_limit)
    return fail(Fault::too_large, "a collection of more than 1,000 attestations");
  for (const Value& item : predicate["attestations"].items()) {
    const auto type = item["type"].text();
    if (type.empty() || !repeated_member(item).empty() ||
        !repeated_member(item["attestation"]).empty())
      return fail(Fault::corrupt, "an attestation that can be read in two ways, or has no type");
    out.attestors.emplace_back(type);
    TRY_DO(read_attestation(kind_of(type), item["attestation"], out));
  }
  return out;
}

std::string witness_text(const WitnessCollection& c) {
  std::string out = fmt::format("step       {}\n", c.step);
  if (c.exit_code)
    out += fmt::format("command    {} (exit {})\n", join(c.command, " "), *c.exit_code);
  if (!c.commit.empty())
    out += fmt::format("git        {}{}{}\n", c.commit, c.branch.empty() ? "" : " on " + c.branch,
                       c.dirty ? ", with changes" : "");
  out += fmt::format("materials  {}\nproducts   {}\n", c.materials.size(), c.products.size());
  for (const auto& [path, sha256] : c.products)
    out += fmt::format("  {}  {}\n", sha256.empty() ? "(no sha256)" : sha256, path);
  for (const auto& type : c.attestors) out += fmt::format("attestor   {}\n", type);
  return printable(out, true);
}

std::string witness_json(const WitnessCollection& c) {
  JsonWriter json;
  json.object().member("schemaVersion", "1.0").member("step", c.step);
  json.texts("attestors", c.attestors).texts("command", c.command);
  if (c.exit_code) json.member("exitCode", *c.exit_code);
  json.text_if("commit", c.commit).text_if("branch", c.branch).member("dirty", c.dirty);
  for (const auto& [name, files] :
       {std::pair{"materials", &c.materials}, std::pair{"products", &c.products}}) {
    json.key(std::string_view(name)).object();
    for (const auto& [path, sha256] : *files) json.member(path, sha256);
    json.end();
  }
  return json.member("variables", c.variables).end().take();
}

}  // namespace boltseal
