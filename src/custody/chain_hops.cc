// From hop to hop: what a phase took must be what the phases before it made.
#include <fmt/format.h>

#include <algorithm>

#include "custody/chain_verify.h"

namespace boltseal {
namespace {

std::string shown(std::string_view mode, std::string_view sha256) {
  return fmt::format("{} sha256:{}", mode, sha256);
}

std::optional<Refusal> refusal(const char* code, std::string what, std::string field,
                               std::string wanted, std::string found) {
  return Refusal{code, std::move(field), std::move(wanted), std::move(found), std::move(what)};
}

std::optional<Refusal> check_image(const CustodyPhase& phase, const PhaseArtifact& image,
                                   const KnownArtifacts& known) {
  std::string wanted;
  for (const auto& [path, artifact] : known) {
    if (artifact.mode != "image") continue;
    if (artifact.sha256 == image.sha256) return std::nullopt;
    wanted += (wanted.empty() ? "sha256:" : ", sha256:") + artifact.sha256;
  }
  return refusal("image-changed",
                 fmt::format("{} took an image that no earlier phase made", phase.name), image.path,
                 wanted, "sha256:" + image.sha256);
}

std::optional<Refusal> check_material(const CustodyPhase& phase, const PhaseArtifact& material,
                                      const KnownArtifacts& known) {
  const bool may_be_new = artifact_matches(phase.new_materials, material.path);
  if (material.mode == "image")
    return may_be_new ? std::nullopt : check_image(phase, material, known);
  const auto before = known.find(material.path);
  if (before == known.end() && may_be_new) return std::nullopt;
  if (before == known.end())
    return refusal("material-unknown",
                   fmt::format("{} took a file that no earlier phase knows", phase.name),
                   material.path, {}, shown(material.mode, material.sha256));
  const KnownArtifact& was = before->second;
  if (was.sha256 != material.sha256 || was.mode != material.mode)
    return refusal("material-changed",
                   fmt::format("a file was changed between {} and {}", was.phase, phase.name),
                   material.path, shown(was.mode, was.sha256),
                   shown(material.mode, material.sha256));
  return std::nullopt;
}

// Every glob that the policy asks for must stand for something.
std::optional<Refusal> check_globs(const CustodyPhase& phase,
                                   const std::vector<PhaseArtifact>& materials) {
  for (const auto& glob : phase.materials) {
    if (std::ranges::none_of(
            materials, [&](const PhaseArtifact& a) { return artifact_matches({glob}, a.path); }))
      return refusal("material-missing", fmt::format("{} lacks what it is to take", phase.name),
                     "materials", glob, {});
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> check_materials(const CustodyPhase& phase, bool first,
                                       const std::vector<PhaseArtifact>& materials,
                                       const KnownArtifacts& known) {
  if (auto missing = check_globs(phase, materials)) return missing;
  if (first) return std::nullopt;
  for (const PhaseArtifact& material : materials)
    if (auto wrong = check_material(phase, material, known)) return wrong;
  // A file that is gone is a change too: a test that was deleted fails no more.
  for (const auto& [path, artifact] : known) {
    if (artifact.mode == "image" || !artifact_matches(phase.materials, path)) continue;
    const auto here = std::ranges::lower_bound(materials, path, {}, &PhaseArtifact::path);
    if (here == materials.end() || here->path != path)
      return refusal("material-gone",
                     fmt::format("a file of {} is gone in {}", artifact.phase, phase.name), path,
                     shown(artifact.mode, artifact.sha256), {});
  }
  return std::nullopt;
}

void apply_record(const CustodyPhase& phase, const CustodyRecord& record, KnownArtifacts& known) {
  for (const PhaseArtifact& a : record.materials)
    known.emplace(a.path, KnownArtifact{a.mode, a.sha256, phase.name});
  std::erase_if(known, [&](const auto& entry) {
    if (entry.second.mode == "image" || !artifact_matches(phase.products, entry.first))
      return false;
    const auto here =
        std::ranges::lower_bound(record.products, entry.first, {}, &PhaseArtifact::path);
    return here == record.products.end() || here->path != entry.first;
  });
  for (const PhaseArtifact& a : record.products) known[a.path] = {a.mode, a.sha256, phase.name};
}

std::optional<Refusal> check_known(const KnownArtifacts& known, std::string_view sha256,
                                   bool image) {
  std::string wanted;
  std::size_t count = 0;
  for (const auto& [path, artifact] : known) {
    if ((artifact.mode == "image") != image) continue;
    if (artifact.sha256 == sha256) return std::nullopt;
    if (++count <= 3)
      wanted += fmt::format("{}{} sha256:{}", wanted.empty() ? "" : ", ", path, artifact.sha256);
  }
  if (count > 3) wanted += fmt::format(" and {} more", count - 3);
  return refusal(
      image ? "image-unknown" : "artifact-unknown",
      image ? "no phase of the chain made this image" : "no phase of the chain made this file",
      image ? "image" : "artifact", wanted, fmt::format("sha256:{}", sha256));
}

std::optional<Refusal> check_separation(const CustodyPolicy& policy,
                                        const std::vector<CustodyHop>& hops) {
  for (const auto& [one, other] : policy.separate) {
    const auto a = std::ranges::find(hops, one, &CustodyHop::phase);
    const auto b = std::ranges::find(hops, other, &CustodyHop::phase);
    if (a == hops.end() || b == hops.end()) continue;
    for (const auto& key : a->keys)
      if (std::ranges::find(b->keys, key) != b->keys.end())
        return refusal("separation-violated", "one key has acted in two phases that are kept apart",
                       fmt::format("phases {} and {}", one, other), "different keys", key);
  }
  return std::nullopt;
}

}  // namespace boltseal
