// The header of an rpm package: tags with values, as every rpm database keeps them.
//
// https://rpm-software-management.github.io/rpm/manual/format_header.html and .../tags.html: two
// big-endian counts (entries, bytes), 16 bytes per entry (tag, type, offset, count), the data. In a
// file the same stands behind a magic of 8 bytes. Values are views of the header's bytes; no count
// of the header is believed further than its data go.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace boltseal {

enum class RpmTag : std::uint32_t {
  name = 1000,
  version = 1001,
  release = 1002,
  epoch = 1003,
  summary = 1004,
  vendor = 1011,
  license = 1014,
  packager = 1015,
  url = 1020,
  arch = 1022,
  old_filenames = 1027,
  source_rpm = 1044,
  provide_name = 1047,
  require_name = 1049,
  dir_indexes = 1116,
  base_names = 1117,
  dir_names = 1118,
  modularity_label = 5096,
};

class RpmHeader {
 public:
  // `bytes` outlives the header.
  static Result<RpmHeader> parse(std::string_view bytes);

  std::string_view text(RpmTag tag) const;                // first string; "" when it is not there
  std::vector<std::string_view> texts(RpmTag tag) const;  // as many as there are
  std::vector<std::uint32_t> numbers(RpmTag tag) const;   // of 32 bits
  // The package's files, without the leading slash. False in the second: some were left out,
  // because they do not fit what a header of this size can mean.
  std::pair<std::vector<std::string>, bool> files() const;

 private:
  struct Entry {
    std::uint32_t tag, type, offset, count;
  };
  const Entry* find(RpmTag tag) const;

  std::vector<Entry> entries_;
  std::string_view data_;
};

}  // namespace boltseal
