#include "scan/scan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "catalogers/assemble.h"
#include "crypto/digest.h"
#include "files/glob.h"
#include "inventory/wire.h"
#include "scan/reading.h"

namespace boltseal {
namespace {

struct Scan {
  const ScanOptions& options;
  Reading reading;
  Report report;

  explicit Scan(const ScanOptions& o) : options(o), reading(o) {}
};

// Before the squash, so that what is left out says nothing of files elsewhere either. A layer's
// outcome is kept whole: the next scan may leave out something else.
void leave_out(const std::vector<std::string>& patterns, std::vector<LayerOutcome>& outcomes) {
  const PathFilter filter(patterns);
  if (filter.empty()) return;
  for (LayerOutcome& outcome : outcomes)
    std::erase_if(outcome.fragments, [&](const Fragment& f) { return filter.covers(f.path); });
}

// A known image costs nothing but this look-up: its inventory is kept whole.
std::string image_key(const Scan& scan, const ImageInfo& image) {
  std::string ids = image.config_digest;
  for (const LayerInfo& layer : image.layers) ids += " " + layer.diff_id + " " + layer.digest;
  for (const auto& pattern : scan.options.exclude) ids += "\n" + pattern;
  return scan.reading.key("image", ids);
}

std::optional<Inventory> kept_inventory(const Scan& scan, const ImageInfo& image) {
  const auto kept = scan.reading.cache.get(image_key(scan, image));
  if (!kept) return std::nullopt;
  auto inventory = from_wire<Inventory>(*kept);
  if (!inventory) return std::nullopt;
  inventory->image = image;  // the same image under another name, or in another registry
  return *std::move(inventory);
}

// The inventory and, when it is asked for, the content manifest come from one pass.
Result<Inventory> image_inventory(Scan& scan, const OpenedImage& image) {
  auto kept = kept_inventory(scan, image.info);
  if (kept && !scan.options.content) return *std::move(kept);
  const Wants wants{.inventory = !kept, .content = scan.options.content != nullptr, .names = {}};
  TRY(auto outcomes, layer_outcomes(scan.reading, image, wants));
  if (wants.content) {
    TRY(*scan.options.content, flatten(image.info, outcomes));
  }
  if (kept) return *std::move(kept);
  leave_out(scan.options.exclude, outcomes);
  const bool complete = std::ranges::all_of(outcomes, &LayerOutcome::complete);
  TRY(auto inventory, assemble(image.info, std::move(outcomes)));
  if (complete) scan.reading.cache.put(image_key(scan, image.info), to_wire(inventory));
  scan.reading.cache.prune();
  return inventory;
}

Result<Inventory> directory_inventory(Scan& scan, const OpenedDirectory& directory) {
  TRY(auto outcome,
      read_directory(directory.path, scan.reading.worker(), &scan.reading.sandbox_note));
  std::vector<LayerOutcome> outcomes;
  outcomes.push_back(std::move(outcome));
  return assemble(directory.info, std::move(outcomes));
}

Result<Inventory> inventory_of(Scan& scan, Opened& opened) {
  if (scan.options.content && !std::holds_alternative<OpenedImage>(opened))
    return fail(Fault::unsupported, "a content manifest is made of an image only here",
                scan.options.reference);
  if (auto* sbom = std::get_if<OpenedSbom>(&opened)) return std::move(sbom->inventory);
  if (auto* directory = std::get_if<OpenedDirectory>(&opened)) {
    if (scan.options.opened) scan.options.opened(directory->info);
    return directory_inventory(scan, *directory);
  }
  auto& image = std::get<OpenedImage>(opened);
  if (scan.options.opened) scan.options.opened(image.info);
  return image_inventory(scan, image);
}

// What changes the result besides the image and the database. The reference and the clock do not,
// but the day counts for rules that expire and releases that end.
std::string configuration_digest(const ScanOptions& options) {
  const MatchOptions& match = options.match;
  std::string text = fmt::format("only_fixed={} development={} today={}\n", match.only_fixed,
                                 match.development, match.today);
  if (match.severities) text += fmt::format("severities={}\n", match.severities);
  for (const PackageType type : match.types) text += fmt::format("type {}\n", name_of(type));
  for (const auto& pattern : options.exclude) text += fmt::format("exclude {}\n", pattern);
  for (const IgnoreRule& rule : match.ignore) {
    text += fmt::format("ignore {} {} {} {} {}\n", rule.id, fmt::join(rule.packages, " "),
                        fmt::join(rule.paths, " "), rule.reason, rule.expires);
  }
  for (const VexStatement& statement : match.vex) {
    text += fmt::format("vex {} {} {} {} {}\n", statement.id, fmt::join(statement.products, " "),
                        statement.status, statement.justification, statement.time);
  }
  return sha256_digest(text);
}

}  // namespace

Result<Report> scan(const ScanOptions& options) {
  Scan scan(options);
  // The reference says where the image lies; nothing of it is read but its manifest and
  // configuration.
  std::string guess;
  TRY(auto opened, open_source(options.reference, options.source, &guess));
  if (!guess.empty()) log_note(fmt::format("reading {}", guess));
  // Layers are inflated, walked and read, or come from the cache; then whiteouts, joins and order
  // make one inventory.
  TRY(scan.report.inventory, inventory_of(scan, opened));
  scan.report.inventory.image.reference = options.reference;
  if (!scan.reading.sandbox_note.empty())
    log_warning(fmt::format("not fully sandboxed: {}", scan.reading.sandbox_note));
  scan.report.tool_version = BOLTSEAL_VERSION;
  scan.report.configuration_digest = configuration_digest(options);
  // Matching comes last and is never cached: advisories change, images do not.
  if (options.database) {
    scan.report.database = options.database->info();
    TRY_DO(match(*options.database, options.match, scan.report));
  }
  // What the user's policy says of licences; without one nothing is judged.
  if (!options.licences.empty()) judge_licences(options.licences, scan.report);
  return std::move(scan.report);
}

}  // namespace boltseal
