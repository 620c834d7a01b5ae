#include "cli/output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/fd.h"
#include "base/text.h"

namespace boltseal {
namespace {

// What a rename may replace: neither a device, nor a pipe, nor a link such as /dev/stdout.
bool is_regular_or_new(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode);
}

// "cyclonedx-json" and "spdx-json" are what Syft and Grype call them.
std::string_view known_name(std::string_view name, std::span<const std::string_view> known) {
  const auto find = [&](std::string_view text) {
    const auto found = std::ranges::find(known, text);
    return found == known.end() ? std::string_view{} : *found;
  };
  const std::string text = lower(name);
  if (const auto same = find(text); !same.empty()) return same;
  const bool foreign = text == "cyclonedx-json" || text == "spdx-json";
  return foreign ? find(std::string_view(text).substr(0, text.size() - 5)) : std::string_view{};
}

Error unknown_format(std::string_view name, std::span<const std::string_view> known) {
  std::string what = fmt::format("no such output format; there are: {}", fmt::join(known, " "));
  // Elsewhere -o names the file.
  if (name.find_first_of("./") != std::string_view::npos)
    what += fmt::format("; to write a file: -o {}={}",
                        name.ends_with(".html")    ? "html"
                        : name.ends_with(".sarif") ? "sarif"
                                                   : "json",
                        name);
  return {Fault::unsupported, std::move(what), std::string(name), {}};
}

// A comma divides outputs where a format follows it; elsewhere it is a part of a file's name.
std::vector<std::string_view> divided(std::string_view text,
                                      std::span<const std::string_view> known) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  for (std::size_t at = text.find(','); at != std::string_view::npos; at = text.find(',', at + 1)) {
    const auto next = text.substr(at + 1);
    const bool without_file = text.substr(begin, at - begin).find('=') == std::string_view::npos;
    if (!without_file && known_name(next.substr(0, next.find_first_of("=,")), known).empty())
      continue;
    out.push_back(trim(text.substr(begin, at - begin)));
    begin = at + 1;
  }
  out.push_back(trim(text.substr(begin)));
  return out;
}

// One spelling for one file that is there or will be.
std::string place_of(const std::string& file) {
  if (file.empty()) return file;
  std::error_code ignored;
  const auto place = std::filesystem::weakly_canonical(std::filesystem::absolute(file), ignored);
  return ignored ? file : place.string();
}

Result<> writable(const std::string& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) == 0 && S_ISDIR(info.st_mode))
    return fail(Fault::io, "this is a folder; name a file in it", file);
  if (!is_regular_or_new(file)) {
    if (::access(file.c_str(), W_OK) == 0 || errno == ENOENT) return {};  // a link to nothing yet
    return std::unexpected(errno_error("cannot write to it", file));
  }
  const auto slash = file.rfind('/');
  const std::string folder = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : file.substr(0, slash);
  if (::stat(folder.c_str(), &info) != 0)
    return std::unexpected(errno_error("cannot write a report into this folder", folder));
  if (!S_ISDIR(info.st_mode)) return fail(Fault::io, "this is no folder", folder);
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return std::unexpected(errno_error("cannot write a report into this folder", folder));
  return {};
}

}  // namespace

Result<std::vector<Output>> read_outputs(const std::vector<std::string>& given,
                                         std::string_view otherwise,
                                         std::span<const std::string_view> known) {
  std::vector<Output> outputs;
  for (const auto& text : given) {
    for (const auto one : divided(text, known)) {
      const auto pair = cut(one, "=");
      const auto name = trim(pair ? pair->first : one);
      const auto format = known_name(name, known);
      if (format.empty()) return std::unexpected(unknown_format(name, known));
      if (pair && pair->second.empty())
        return fail(Fault::unsupported, "no file behind \"=\"", std::string(one));
      const bool to_file = pair && pair->second != "-";
      Output output{std::string(format), to_file ? std::string(pair->second) : ""};
      if (to_file) TRY_DO(writable(output.file));
      const auto taken = std::ranges::find(
          outputs, place_of(output.file), [](const Output& other) { return place_of(other.file); });
      if (taken != outputs.end())
        return fail(Fault::unsupported,
                    fmt::format("{} and {} would be written over each other: give {} a file "
                                "of its own, as in -o {}=FILE",
                                taken->format, format, format, format),
                    output.file.empty() ? "standard output" : output.file);
      outputs.push_back(std::move(output));
    }
  }
  if (outputs.empty()) outputs.push_back({std::string(otherwise), {}});
  return outputs;
}

Result<> write_output(const Output& output, const std::function<void(const Drain&)>& produce) {
  const auto produce_into = [&](int fd, const std::string& where) {
    Result<> status;
    produce([&](std::string_view bytes) {
      if (status) status = write_all(fd, bytes, where);
    });
    return status;
  };
  if (output.file.empty()) return produce_into(STDOUT_FILENO, "standard output");
  if (is_regular_or_new(output.file)) {
    TRY(auto file, FileReplacement::begin(output.file));
    TRY_DO(produce_into(file.fd(), output.file));
    return file.commit();
  }
  const Fd fd(
      ::open(output.file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666));
  if (!fd) return std::unexpected(errno_error("cannot write to it", output.file));
  return produce_into(fd.get(), output.file);
}

Result<> write_output(const Output& output, std::string_view bytes) {
  return write_output(output, [&](const Drain& drain) { drain(bytes); });
}

}  // namespace boltseal
