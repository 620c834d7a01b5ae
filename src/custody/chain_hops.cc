// From hop to hop: what a phase took must be what the phases before it made.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/text.h"
#include "custody/chain_verify.h"

namespace boltseal {
namespace {

bool is_image(const PhaseArtifact& artifact) { return artifact.mode == "image"; }

std::string shown(std::string_view mode, std::string_view sha256) {
  return fmt::format("{} sha256:{}", mode, sha256);
}

std::optional<Refusal> refusal(const char* code, std::string what, std::string field,
                               std::string wanted, std::string found) {
  return Refusal{code, std::move(field), std::move(wanted), std::move(found), std::move(what)};
}

bool made_in_chain(const CustodyVerdict& verdict, std::string_view image) {
  return std::ranges::any_of(verdict.known, [&](const auto& entry) {
    return entry.second.mode == "image" && entry.second.sha256 == image;
  });
}

// Nothing when one of the phases hands the image on; else the digests of those that they do.
std::optional<std::string> not_handed_on(const CustodyVerdict& verdict,
                                         const std::vector<std::string>& phases,
                                         std::string_view image) {
  std::set<std::string> wanted;
  for (const auto& phase : phases) {
    const auto images = verdict.images.find(phase);
    if (images == verdict.images.end()) continue;
    for (const PhaseArtifact& handed : images->second) {
      if (handed.sha256 == image) return std::nullopt;
      wanted.insert("sha256:" + handed.sha256);
    }
  }
  return join({wanted.begin(), wanted.end()}, ", ");
}

// An image comes along the links: one that an earlier phase made and a later one passed over has
// not been through that one.
std::optional<Refusal> check_image(const CustodyPhase& phase, const PhaseArtifact& image,
                                   const CustodyVerdict& before) {
  auto wanted = not_handed_on(before, phase.after, image.sha256);
  if (!wanted) return std::nullopt;
  const std::string found = "sha256:" + image.sha256;
  if (made_in_chain(before, image.sha256))
    return refusal("image-passed-by",
                   fmt::format("{} took an image that has not been through {}", phase.name,
                               join(phase.after, ", ")),
                   image.path, *std::move(wanted), found);
  return refusal("image-changed",
                 fmt::format("{} took an image that no earlier phase made", phase.name), image.path,
                 *std::move(wanted), found);
}

std::optional<Refusal> check_material(const CustodyPhase& phase, const PhaseArtifact& material,
                                      const CustodyVerdict& before) {
  const bool may_be_new = artifact_matches(phase.new_materials, material.path);
  if (material.mode == "image")
    return may_be_new ? std::nullopt : check_image(phase, material, before);
  const auto known = before.known.find(material.path);
  if (known == before.known.end() && may_be_new) return std::nullopt;
  if (known == before.known.end())
    return refusal("material-unknown",
                   fmt::format("{} took a file that no earlier phase knows", phase.name),
                   material.path, {}, shown(material.mode, material.sha256));
  const KnownArtifact& was = known->second;
  if (was.sha256 != material.sha256 || was.mode != material.mode)
    return refusal("material-changed",
                   fmt::format("a file was changed between {} and {}", was.phase, phase.name),
                   material.path, shown(was.mode, was.sha256),
                   shown(material.mode, material.sha256));
  return std::nullopt;
}

// Every glob that the policy asks for must stand for something.
std::optional<Refusal> check_globs(const CustodyPhase& phase, const std::vector<std::string>& globs,
                                   const std::vector<PhaseArtifact>& materials) {
  for (const auto& glob : globs) {
    if (std::ranges::none_of(
            materials, [&](const PhaseArtifact& a) { return artifact_matches({glob}, a.path); }))
      return refusal("material-missing", fmt::format("{} lacks what it is to take", phase.name),
                     "materials", glob, {});
  }
  return std::nullopt;
}

const CustodyRecord* record_of(const CustodyVerdict& verdict, std::string_view phase) {
  const auto hop = std::ranges::find(verdict.hops, phase, &CustodyHop::phase);
  return hop != verdict.hops.end() && hop->holds ? &hop->record->record : nullptr;
}

// The file as the phase left it: made by it, else taken by it.
const PhaseArtifact* file_of(const CustodyRecord& record, std::string_view path) {
  for (const auto* list : {&record.products, &record.materials}) {
    const auto found = std::ranges::lower_bound(*list, path, {}, &PhaseArtifact::path);
    if (found != list->end() && found->path == path) return &*found;
  }
  return nullptr;
}

std::optional<Refusal> check_origin(const CustodyPhase& phase, const std::string& from,
                                    const PhaseArtifact& material, const CustodyRecord& record) {
  std::string had;
  if (is_image(material)) {
    for (const PhaseArtifact& image : images_handed_on(record)) {
      if (image.sha256 == material.sha256) return std::nullopt;
      had += (had.empty() ? "sha256:" : ", sha256:") + image.sha256;
    }
  } else if (const auto* file = file_of(record, material.path)) {
    if (file->mode == material.mode && file->sha256 == material.sha256) return std::nullopt;
    had = shown(file->mode, file->sha256);
  }
  return refusal("origin-mismatch", fmt::format("{} took what {} has not had so", phase.name, from),
                 material.path, std::move(had), shown(material.mode, material.sha256));
}

std::optional<Refusal> check_origins(const CustodyPhase& phase,
                                     const std::vector<PhaseArtifact>& materials,
                                     const CustodyVerdict& before) {
  for (const OriginDemand& demand : phase.from) {
    const CustodyRecord* record = record_of(before, demand.phase);
    if (!record)
      return refusal("phase-missing",
                     fmt::format("{} takes from {}, which is not verified here; begin with it",
                                 phase.name, demand.phase),
                     "from", demand.phase, {});
    if (auto missing = check_globs(phase, demand.globs, materials)) return missing;
    for (const PhaseArtifact& material : materials) {
      if (!artifact_matches(demand.globs, material.path)) continue;
      if (auto wrong = check_origin(phase, demand.phase, material, *record)) return wrong;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<PhaseArtifact> images_handed_on(const CustodyRecord& record) {
  std::vector<PhaseArtifact> out;
  for (const auto* list : {&record.products, &record.materials}) {
    std::ranges::copy_if(*list, std::back_inserter(out), is_image);
    if (!out.empty()) break;
  }
  return out;
}

std::optional<Refusal> check_materials(const CustodyPhase& phase,
                                       const std::vector<PhaseArtifact>& materials,
                                       const CustodyVerdict& before) {
  if (auto missing = check_globs(phase, phase.materials, materials)) return missing;
  const bool first = std::ranges::none_of(before.hops, [&](const CustodyHop& hop) {
    return std::ranges::find(phase.after, hop.phase) != phase.after.end();
  });
  if (first) return std::nullopt;
  for (const PhaseArtifact& material : materials)
    if (auto wrong = check_material(phase, material, before)) return wrong;
  // A file that is gone is a change too: a test that was deleted fails no more.
  for (const auto& [path, artifact] : before.known) {
    if (artifact.mode == "image" || !artifact_matches(phase.materials, path)) continue;
    const auto here = std::ranges::lower_bound(materials, path, {}, &PhaseArtifact::path);
    if (here == materials.end() || here->path != path)
      return refusal("material-gone",
                     fmt::format("a file of {} is gone in {}", artifact.phase, phase.name), path,
                     shown(artifact.mode, artifact.sha256), {});
  }
  return check_origins(phase, materials, before);
}

void apply_record(const CustodyPhase& phase, const CustodyRecord& record, CustodyVerdict& verdict) {
  KnownArtifacts& known = verdict.known;
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
  auto& handed = verdict.images[phase.name];
  handed = images_handed_on(record);
  if (!handed.empty()) return;
  for (const auto& earlier : phase.after)
    if (const auto images = verdict.images.find(earlier); images != verdict.images.end())
      handed.insert(handed.end(), images->second.begin(), images->second.end());
  std::ranges::sort(handed, {}, &PhaseArtifact::sha256);
  const auto twice = std::ranges::unique(handed, {}, &PhaseArtifact::sha256);
  handed.erase(twice.begin(), twice.end());
}

std::optional<Refusal> check_known_file(const CustodyVerdict& verdict, std::string_view sha256) {
  std::string wanted;
  std::size_t count = 0;
  for (const auto& [path, artifact] : verdict.known) {
    if (artifact.mode == "image") continue;
    if (artifact.sha256 == sha256) return std::nullopt;
    if (++count <= 3)
      wanted += fmt::format("{}{} sha256:{}", wanted.empty() ? "" : ", ", path, artifact.sha256);
  }
  if (count > 3) wanted += fmt::format(" and {} more", count - 3);
  return refusal("artifact-unknown", "no phase of the chain made this file", "artifact", wanted,
                 fmt::format("sha256:{}", sha256));
}

std::optional<Refusal> check_known_image(const CustodyVerdict& verdict,
                                         const std::vector<std::string>& ends,
                                         std::string_view sha256) {
  auto wanted = not_handed_on(verdict, ends, sha256);
  if (!wanted) return std::nullopt;
  const std::string found = fmt::format("sha256:{}", sha256);
  if (made_in_chain(verdict, sha256))
    return refusal("image-passed-by",
                   "the chain made this image, but it has not been through " + join(ends, ", "),
                   "image", *std::move(wanted), found);
  return refusal("image-unknown", "no phase of the chain made this image", "image",
                 *std::move(wanted), found);
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
