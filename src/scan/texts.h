// Some files of an image, whole.
#pragma once
#include <string>
#include <vector>

#include "files/text_reader.h"
#include "scan/scan.h"

namespace boltseal {

// Those that have one of `names` as the last part of their path, with the limits of TextReader. The
// layers are read behind the walls of the sandbox; nothing is cached.
Result<FileTexts> read_texts(const ScanOptions& options, const OpenedImage& image,
                             std::vector<std::string> names);

}  // namespace boltseal
