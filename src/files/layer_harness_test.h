// A layer reader with a few readers of its own, fed by hand.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "files/layer_reader.h"

namespace boltseal::layer_harness {

// A reader that reports each file it gets as a package: name = path, version = content.
inline Result<> echo(const FileView& file, Sink& sink) {
  if (file.content == "bad") return fail(Fault::corrupt, "bad content", "", 1);
  Package package;
  package.name = file.path;
  package.version = file.content;
  sink.package(package, "echo");
  return {};
}

inline constexpr std::string_view text_globs[] = {"etc/*.conf", "**/package.json", "exact/file"};
inline constexpr std::string_view elf_magics[] = {
    "\x7f"
    "ELF"};
inline const Reader text_reader{"text", 1, text_globs, {}, 100, echo};
inline const Reader elf_reader{"elf", 2, {}, elf_magics, 1000, echo};
// One that amends another file, and tells when it has something to say.
inline Result<> log_or_base(const FileView& file, Sink& sink) {
  if (file.content == "nothing" && file.beside.empty()) return {};
  Package package;
  package.name = file.path;
  package.version = std::string(file.content) + std::string(file.beside);
  sink.package(package, "pair");
  return {};
}
inline constexpr std::string_view log_globs[] = {"**/base-log"};
inline constexpr std::string_view base_globs[] = {"**/base"};
inline const Reader log_reader{"log", 1, log_globs, {}, 100, log_or_base, "-log"};
inline const Reader base_reader{"base", 1, base_globs, {}, 1 << 30, log_or_base};
// One that takes all memory there is, or so it seems.
inline Result<> take_much(const FileView& file, Sink& sink) {
  TRY_DO(echo(file, sink));
  if (file.content == "much") throw std::bad_alloc();
  return {};
}
inline constexpr std::string_view greedy_globs[] = {"**/greedy"};
inline const Reader greedy_reader{"greedy", 1, greedy_globs, {}, 100, take_much};
inline const Reader* const readers[] = {&text_reader, &elf_reader, &log_reader, &base_reader,
                                        &greedy_reader};

struct Harness {
  Wanted wanted{readers};
  ReadingLimits limits;
  LayerReader reader{wanted, limits};
  std::vector<std::pair<std::string, std::string>> xattrs;

  void add(std::string_view path, std::string_view content, std::size_t step = 1 << 20) {
    EXPECT_TRUE(offer(path, content, step));
  }
  // What end() says, where the content is wanted.
  Result<> offer(std::string_view path, std::string_view content, std::size_t step = 1 << 20) {
    TarEntry e;
    e.path = path;
    e.size = e.stored = content.size();
    e.xattrs = &xattrs;
    if (!reader.entry(e).value()) return {};
    for (std::size_t at = 0; at < content.size(); at += step) {
      if (!reader.content(content.substr(at, step)).value()) return {};
    }
    return reader.end();
  }
  void link(std::string_view path, std::string_view target) {
    TarEntry e;
    e.kind = TarEntry::Kind::hard_link;
    e.path = path;
    e.link = target;
    e.xattrs = &xattrs;
    EXPECT_FALSE(reader.entry(e).value());
  }
  std::vector<std::string> packages() {
    outcome = reader.take();
    std::vector<std::string> all;
    for (const auto& fragment : outcome.fragments) {
      for (const auto& package : fragment.packages)
        all.push_back(package.name + "=" + package.version);
    }
    std::ranges::sort(all);
    return all;
  }
  LayerOutcome outcome;
};

using List = std::vector<std::string>;

}  // namespace boltseal::layer_harness
