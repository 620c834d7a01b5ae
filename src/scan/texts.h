// Some files of an image, whole.
#pragma once
#include <string>
#include <vector>

#include "files/text_reader.h"
#include "scan/scan.h"

namespace boltseal {

// Those that have one of `names` as the last part of their path, and those that end in one of
// `endings` below one of `folders` ("a/b/", or "" for all) and are not foreign_code there, with the
// limits of TextReader. The layers are read behind the walls of the sandbox; nothing is cached.
struct TextsWanted {
  std::vector<std::string> names, endings = {}, folders = {};
};
Result<FileTexts> read_texts(const ScanOptions& options, const OpenedImage& image,
                             TextsWanted wanted);

}  // namespace boltseal
