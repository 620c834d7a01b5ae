#include "scan/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <thread>

#include "base/log.h"
#include "catalogers/readers.h"
#include "files/wanted.h"
#include "inventory/wire.h"
#include "layers/content_squash.h"

namespace boltseal {
namespace {

// Raise it when outcomes or the assembly of an inventory change for the same bytes without any
// reader's version changing.
constexpr std::string_view cache_format = "9";
// The same for what is kept of a layer's content, which no reader has a part in.
constexpr std::string_view content_format = "1";

// By what a layer's outcome is known: that a blob has the content that the config promises is
// checked when it is read, so what was read of one blob says nothing of another of the same
// promise.
std::string identity_of(const std::string& diff_id, const std::string& digest) {
  return digest.empty() ? diff_id : diff_id + " of " + digest;
}

std::string content_key(std::string_view layer) {
  return fmt::format("content {} {}", content_format, layer);
}

// Fills in what is cached of a layer; what is still wanted of it.
Wants take_kept(const Reading& reading, const std::string& layer, Wants wants, LayerOutcome& into) {
  if (wants.inventory) {
    const auto kept = reading.cache.get(reading.key("layer", layer));
    if (auto outcome = kept ? from_wire<LayerOutcome>(*kept) : fail(Fault::not_found, "")) {
      into = *std::move(outcome);
      wants.inventory = false;
    }
  }
  if (wants.content) {
    const auto kept = reading.cache.get(content_key(layer));
    if (auto content = kept ? from_wire<LayerContent>(*kept) : fail(Fault::not_found, "")) {
      into.content = *std::move(content);
      wants.content = false;
    }
  }
  return wants;
}

void keep(const Reading& reading, const LayerTask& task, LayerOutcome&& fresh, LayerOutcome& into) {
  const std::string layer = identity_of(task.diff_id, task.digest);
  LayerTexts texts = std::exchange(fresh.texts, {});
  if (task.wants.content) {
    reading.cache.put(content_key(layer), to_wire(fresh.content));
    into.content = std::exchange(fresh.content, {});
  }
  if (task.wants.inventory) {
    if (fresh.complete) reading.cache.put(reading.key("layer", layer), to_wire(fresh));
    fresh.content = std::move(into.content);
    into = std::move(fresh);
  }
  into.texts = std::move(texts);
}

}  // namespace

Reading::Reading(const ScanOptions& o)
    : options(o),
      cache(o.cache_directory, o.cache_limit),
      readers(Wanted(all_readers()).fingerprint()) {}

std::string Reading::key(std::string_view what, std::string_view id) const {
  return fmt::format("{} {} {} {}", what, cache_format, id, readers);
}

WorkerOptions Reading::worker() const {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  return {.threads = options.threads ? options.threads : cores,
          .sandbox = options.sandbox,
          .exclude = options.exclude,
          .progress = options.progress};
}

// A blob that more than one layer names is read once.
Result<std::vector<LayerOutcome>> layer_outcomes(Reading& reading, const OpenedImage& image,
                                                 const Wants& wants) {
  const auto& layers = image.info.layers;
  std::vector<LayerOutcome> outcomes(layers.size());
  std::vector<LayerTask> tasks;
  std::map<std::string, std::size_t> first_with;  // identity → layer that is read for it
  std::vector<std::size_t> copy_of(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string layer = identity_of(layers[i].diff_id, layers[i].digest);
    copy_of[i] = first_with.try_emplace(layer, i).first->second;
    if (copy_of[i] != i) continue;
    const Wants left = take_kept(reading, layer, wants, outcomes[i]);
    if (left.inventory || left.content || left.texts())
      tasks.push_back({i, layers[i].digest, layers[i].diff_id, layers[i].size, left});
  }
  TRY(auto fresh, read_layers(tasks, image.open_layer, reading.worker(), &reading.sandbox_note));
  for (std::size_t i = 0; i < tasks.size(); ++i)
    keep(reading, tasks[i], std::move(fresh[i]), outcomes[tasks[i].layer]);
  // A layer that is named often, or comes from the cache, is no cheaper to hold.
  ReadingLimits limits;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::uint64_t names_counted = 0;
    const LayerOutcome& outcome = outcomes[copy_of[i]];
    TRY_DO(limits.add_names(outcome.entries.size(), names_counted));
    for (const Fragment& fragment : outcome.fragments) TRY_DO(count(fragment, limits));
    if (copy_of[i] != i) outcomes[i] = outcomes[copy_of[i]];
  }
  return outcomes;
}

Result<ContentManifest> flatten(const ImageInfo& image, std::vector<LayerOutcome>& outcomes) {
  ContentManifest manifest;
  manifest.image = image;
  manifest.image.reference.clear();  // the same image has one manifest, whatever it is called
  ContentSquash squash;
  for (std::uint32_t i = 0; i < outcomes.size(); ++i) {
    LayerContent content = std::exchange(outcomes[i].content, {});
    TRY_DO(squash.apply(i, content.entries));
    for (Unknown& unknown : content.unknowns) {
      unknown.layer = i;
      manifest.unknowns.push_back(std::move(unknown));
    }
  }
  manifest.records = squash.take();
  std::ranges::move(squash.take_unknowns(), std::back_inserter(manifest.unknowns));
  std::ranges::stable_sort(manifest.unknowns, [](const Unknown& a, const Unknown& b) {
    return std::tie(a.path, a.layer, a.what) < std::tie(b.path, b.layer, b.what);
  });
  return manifest;
}

Result<ContentManifest> read_content(const ScanOptions& options) {
  Reading reading(options);
  std::string guess;
  TRY(auto opened, open_source(options.reference, options.source, &guess));
  if (!guess.empty()) log_note(fmt::format("reading {}", guess));
  const auto* image = std::get_if<OpenedImage>(&opened);
  if (!image)
    return fail(Fault::unsupported, "only an image has the content that a seal is made of",
                options.reference);
  if (options.opened) options.opened(image->info);
  TRY(auto outcomes,
      layer_outcomes(reading, *image, {.inventory = false, .content = true, .names = {}}));
  if (!reading.sandbox_note.empty())
    log_warning(fmt::format("not fully sandboxed: {}", reading.sandbox_note));
  TRY(auto manifest, flatten(image->info, outcomes));
  reading.cache.prune();
  return manifest;
}

}  // namespace boltseal
