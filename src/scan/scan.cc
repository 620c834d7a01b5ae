#include "scan/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <thread>

#include "base/log.h"
#include "catalogers/assemble.h"
#include "catalogers/readers.h"
#include "crypto/digest.h"
#include "files/glob.h"
#include "files/wanted.h"
#include "inventory/wire.h"
#include "layers/cache.h"
#include "scan/worker.h"

namespace boltseal {
namespace {

// Raise it when outcomes or the assembly of an inventory change for the same bytes without any
// reader's version changing.
constexpr std::string_view cache_format = "5";

struct Scan {
  const ScanOptions& options;
  Cache cache;
  std::string readers;  // fingerprint of all readers, part of every key
  Report report;
  std::string sandbox_note;

  explicit Scan(const ScanOptions& o)
      : options(o),
        cache(o.cache_directory, o.cache_limit),
        readers(Wanted(all_readers()).fingerprint()) {}
  std::string key(std::string_view what, std::string_view id) const {
    return fmt::format("{} {} {} {}", what, cache_format, id, readers);
  }
  WorkerOptions worker() const {
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    return {.threads = options.threads ? options.threads : cores,
            .sandbox = options.sandbox,
            .exclude = options.exclude,
            .progress = options.progress};
  }
};

// A layer's outcome is known by its diff_id; a blob that more than one layer names is read once.
Result<std::vector<LayerOutcome>> layer_outcomes(Scan& scan, const OpenedImage& image) {
  const auto& layers = image.info.layers;
  std::vector<LayerOutcome> outcomes(layers.size());
  std::vector<LayerTask> tasks;
  std::map<std::string, std::size_t> first_with;  // diff_id → layer that is read for it
  std::vector<std::size_t> copy_of(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    copy_of[i] = first_with.try_emplace(layers[i].diff_id, i).first->second;
    if (copy_of[i] != i) continue;
    if (const auto kept = scan.cache.get(scan.key("layer", layers[i].diff_id))) {
      if (auto outcome = from_wire<LayerOutcome>(*kept)) {
        outcomes[i] = std::move(*outcome);
        continue;
      }
    }
    tasks.push_back({i, layers[i].digest, layers[i].diff_id, layers[i].size});
  }
  TRY(auto fresh, read_layers(tasks, image.open_layer, scan.worker(), &scan.sandbox_note));
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    scan.cache.put(scan.key("layer", tasks[i].diff_id), to_wire(fresh[i]));
    outcomes[tasks[i].layer] = std::move(fresh[i]);
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (copy_of[i] != i) outcomes[i] = outcomes[copy_of[i]];
  }
  return outcomes;
}

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
  for (const LayerInfo& layer : image.layers) ids += " " + layer.diff_id;
  for (const auto& pattern : scan.options.exclude) ids += "\n" + pattern;
  return scan.key("image", ids);
}

Result<Inventory> image_inventory(Scan& scan, const OpenedImage& image) {
  const std::string key = image_key(scan, image.info);
  if (const auto kept = scan.cache.get(key)) {
    if (auto inventory = from_wire<Inventory>(*kept)) {
      inventory->image = image.info;  // the same image under another name, or in another registry
      return std::move(*inventory);
    }
  }
  TRY(auto outcomes, layer_outcomes(scan, image));
  leave_out(scan.options.exclude, outcomes);
  TRY(auto inventory, assemble(image.info, std::move(outcomes)));
  scan.cache.put(key, to_wire(inventory));
  scan.cache.prune();
  return inventory;
}

Result<Inventory> directory_inventory(Scan& scan, const OpenedDirectory& directory) {
  TRY(auto outcome, read_directory(directory.path, scan.worker(), &scan.sandbox_note));
  std::vector<LayerOutcome> outcomes;
  outcomes.push_back(std::move(outcome));
  return assemble(directory.info, std::move(outcomes));
}

Result<Inventory> inventory_of(Scan& scan, Opened& opened) {
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
    text += fmt::format("vex {} {} {} {}\n", statement.id, fmt::join(statement.products, " "),
                        statement.status, statement.justification);
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
  if (!scan.sandbox_note.empty())
    log_warning(fmt::format("not fully sandboxed: {}", scan.sandbox_note));
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
