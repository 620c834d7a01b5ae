// The texts of some files of a folder. Those of an image: read_texts() of scan/texts.h.
#pragma once
#include <string>

#include "base/result.h"
#include "files/text_reader.h"

namespace boltseal {

// The regular files that are wanted, with the limits of TextReader. Files that cannot be read are
// an Error.
Result<FileTexts> read_texts_of_folder(const std::string& path, const WantedPath& wanted);

}  // namespace boltseal
