// The texts of some files of a folder or an image.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "source/source.h"

namespace boltseal {

using WantedPath = std::function<bool(std::string_view path)>;

// Path → text of the regular files that are wanted; files over 8 MiB are left out, all together
// over 512 MiB are too_large. A folder's files that cannot be read are an Error.
Result<std::map<std::string, std::string>> read_texts_of_folder(const std::string& path,
                                                                const WantedPath& wanted);
// The same of all layers of an image, one over the other.
Result<std::map<std::string, std::string>> read_texts_of_image(const OpenedImage& image,
                                                               const WantedPath& wanted);

}  // namespace boltseal
