// A zip of stored entries, for the tests of feeds that come as one.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "advisories/strings.h"

namespace boltseal {

inline std::string stored_zip(const std::vector<std::pair<std::string, std::string>>& files) {
  const auto crc = [](const std::string& bytes) {
    std::uint32_t c = ~0U;
    for (const char byte : bytes) {
      c ^= static_cast<unsigned char>(byte);
      for (int i = 0; i < 8; ++i) c = (c >> 1) ^ ((c & 1) != 0 ? 0xedb88320U : 0U);
    }
    return ~c;
  };
  const auto put16 = [](std::string& out, std::size_t n) {
    out += static_cast<char>(n);
    out += static_cast<char>(n >> 8);
  };
  std::string out;
  std::string directory;
  for (const auto& [name, body] : files) {
    std::string common;
    put_u32(common, 20);                           // version 2.0, no flags
    for (int i = 0; i < 3; ++i) put16(common, 0);  // stored, no time
    put_u32(common, crc(body));
    put_u32(common, body.size());
    put_u32(common, body.size());
    put16(common, name.size());
    put16(common, 0);
    directory += "PK\x01\x02";
    put16(directory, 20);
    directory += common;
    put16(directory, 0);
    put_u32(directory, 0);
    put_u32(directory, 0);
    put_u32(directory, out.size());
    directory += name;
    out += "PK\x03\x04" + common + name + body;
  }
  const auto start = out.size();
  out += directory + "PK\x05\x06";
  put_u32(out, 0);
  put16(out, files.size());
  put16(out, files.size());
  put_u32(out, directory.size());
  put_u32(out, start);
  put16(out, 0);
  return out;
}

}  // namespace boltseal
