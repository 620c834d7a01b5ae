#include "scan/texts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "scan/reading.h"

namespace boltseal {

Result<FileTexts> read_texts(const ScanOptions& options, const OpenedImage& image,
                             TextsWanted wanted) {
  Reading reading(options);
  std::ranges::sort(wanted.names);
  TRY(auto outcomes, layer_outcomes(reading, image,
                                    {.inventory = false,
                                     .content = false,
                                     .names = std::move(wanted.names),
                                     .endings = std::move(wanted.endings),
                                     .folders = std::move(wanted.folders)}));
  if (!reading.sandbox_note.empty())
    log_warning(fmt::format("not fully sandboxed: {}", reading.sandbox_note));
  FileTexts out;
  for (LayerOutcome& outcome : outcomes) TRY_DO(lay_over(out, std::move(outcome.texts)));
  return out;
}

}  // namespace boltseal
