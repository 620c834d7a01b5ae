// Go's build info: the modules that a program was linked from, which every Go program since 1.13
// carries.
//
// Format: cmd/go and debug/buildinfo of the Go project. 16 bytes of mark, pointer size and flags;
// since 1.18 two strings with varint lengths follow at byte 32, before that two pointers to string
// headers. The first is the Go version, the second a list of lines "mod\tPATH\tVERSION\tSUM",
// "dep\t…", "=>\t…" (replaces the dep above) and "build\tKEY=VALUE". The toolchain becomes the
// package "stdlib", as the Go vulnerability database calls it. The program's own version is
// "(devel)" when it was built from a work tree, and since Go 1.24 that of the commit: without tags
// at hand, as in a shallow clone, "v0.0.0-DATE-HASH+dirty", which is older than any release. Then
// -ldflags "-X main.version=…", where the build recorded them, often tell. What they replace is
// kept as the source's version: advisories that name commits are asked about that.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/cursor.h"
#include "base/text.h"
#include "catalogers/binary_parts.h"
#include "versions/versions.h"

namespace boltseal {
namespace {

constexpr std::string_view mark = "\xff Go buildinf:";
constexpr std::size_t max_modules = 100'000;
constexpr std::uint64_t max_text = 16 << 20;
constexpr std::string_view what = "go build info";

struct BuildInfo {
  std::string_view go_version;
  std::string_view modules;
};

struct Module {
  std::string_view path, version;
};

// Version 1 of the format: a pointer to a string header {data, length}, each of the program's own
// word size.
std::string_view string_at(const BinaryView& binary, std::uint64_t address, int word, bool big) {
  const auto number = [&](std::string_view bytes) -> std::uint64_t {
    Cursor in(bytes);
    return word == 8 ? (big ? in.u64be() : in.u64le()) : (big ? in.u32be() : in.u32le());
  };
  const auto header = binary.at(address, 2 * static_cast<std::uint64_t>(word));
  if (header.empty()) return {};
  const std::uint64_t size = number(header.substr(static_cast<std::size_t>(word)));
  return size > max_text ? std::string_view{} : binary.at(number(header), size);
}

// The module text stands between two marks of 16 bytes, so that tools find it without the pointer.
std::string_view without_marks(std::string_view text) {
  if (text.size() < 33 || text[text.size() - 17] != '\n') return {};
  return text.substr(16, text.size() - 32);
}

// nullopt when there is none: a C program's data segment, or Go before 1.13.
std::optional<Result<BuildInfo>> find_build_info(const BinaryView& binary) {
  const auto data = binary.go_data;
  auto at = data.find(mark);
  while (at != std::string_view::npos && at % 16 != 0) at = data.find(mark, at + 1);
  if (at == std::string_view::npos) return std::nullopt;
  Cursor in(data);
  in.seek(at + mark.size());
  const auto word = in.u8(), flags = in.u8();
  BuildInfo info;
  if ((flags & 2) != 0) {
    in.seek(at + 32);
    info.go_version = in.bytes(in.varint());
    info.modules = without_marks(in.bytes(in.varint()));
  } else if (word == 4 || word == 8) {
    const bool big = (flags & 1) != 0;
    const auto pointer = [&]() -> std::uint64_t {
      return word == 8 ? (big ? in.u64be() : in.u64le()) : (big ? in.u32be() : in.u32le());
    };
    const auto version = pointer(), modules = pointer();
    info.go_version = string_at(binary, version, word, big);
    info.modules = without_marks(string_at(binary, modules, word, big));
  }
  if (info.modules.size() > max_text) return fail(Fault::too_large, "Go build info over 16 MiB");
  if (!in.ok() || info.go_version.empty() || info.go_version.size() > 256) {
    return fail(Fault::corrupt, "Go build info that leads nowhere");
  }
  return info;
}

// "go1.21.0" → "1.21.0"; what experiments, vendors and the boringcrypto branch append is no part of
// it: "go1.22.1 X:rangefunc", "go1.20.12 (Red Hat 1.20.12-1)", "go1.19.13b4", "go1.21.3-custom".
// "devel go1.22-2f4b" stays: nobody knows what it has.
std::string stdlib_version(std::string_view text) {
  if (!text.starts_with("go")) return std::string(text);
  text.remove_prefix(2);
  text = text.substr(0, text.find_first_of(" -+"));
  auto end = text.size();
  while (end > 0 && is_digit(text[end - 1])) --end;
  if (end >= 2 && end < text.size() && text[end - 1] == 'b' && is_digit(text[end - 2]))
    text = text.substr(0, end - 1);
  return std::string(text);
}

bool looks_like_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  const auto core = text.substr(0, text.find_first_of("-+"));
  const auto numbers = split(core, '.');
  if (numbers.size() < 2 || numbers.size() > 4 || text.size() > 100) return false;
  const bool plain = std::ranges::all_of(
      text, [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '+'; });
  return plain && std::ranges::all_of(numbers, [](auto n) { return parse_u64(n).has_value(); });
}

// The arguments of -ldflags, which a shell-like syntax may quote: -X 'main.version=1.0'.
std::vector<std::string> arguments(std::string_view text) {
  std::vector<std::string> out;
  bool open = false;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0 ? c == quote : c == '\'' || c == '"') {
      quote = quote != 0 ? 0 : c;
      if (!open) out.emplace_back();
      open = true;
    } else if (quote == 0 && is_space(c)) {
      open = false;
    } else {
      if (!open) out.emplace_back();
      open = true;
      out.back() += c;
    }
  }
  return out;
}

struct LdflagsVersion {
  std::string version, variable;
};

// How much the name of a variable says, 0 most; nullopt when it names no version of the program
// ("goVersion", "apiVersion").
std::optional<int> rank_of(std::string_view variable) {
  for (const std::string_view name : {"version", "ver", "appversion", "buildversion"})
    if (variable == name) return 0;
  for (const std::string_view name : {"gitversion", "tag", "gittag"})
    if (variable == name) return 1;
  return variable.ends_with("releaseversion") ? std::optional(1) : std::nullopt;
}

// Whether a package belongs to the program. Kubernetes is built from one repository whose parts are
// modules of their own, and has its version in one of them.
bool belongs_to(std::string_view package, std::string_view module) {
  if (module == "k8s.io/kubernetes" && package == "k8s.io/component-base/version") return true;
  return !module.empty() && package.starts_with(module) &&
         (package.size() == module.size() || package[module.size()] == '/');
}

// A variable counts when its name says so, it lies in package main or in a package of the main
// module, and its value looks like a version. main's outranks the others; of others the one whose
// name says most counts, and where those contradict each other none.
std::optional<LdflagsVersion> version_in_ldflags(std::string_view flags, std::string_view module) {
  std::optional<LdflagsVersion> found;
  bool agreed = true;
  int best = 2;
  const auto all = arguments(flags);
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::string_view setting = all[i];
    if (setting == "-X" || setting == "--X")
      setting = i + 1 < all.size() ? std::string_view(all[++i]) : std::string_view{};
    else if (setting.starts_with("-X="))
      setting.remove_prefix(3);
    else
      continue;
    const auto parts = cut(setting, "=");
    if (!parts || !looks_like_version(parts->second)) continue;
    const auto dot = parts->first.rfind('.');
    if (dot == std::string_view::npos) continue;
    const auto package = parts->first.substr(0, dot);
    const auto rank = rank_of(lower(parts->first.substr(dot + 1)));
    if (!rank) continue;
    std::string value(parts->second);
    if (!value.starts_with('v')) value.insert(0, "v");
    if (package == "main" && *rank == 0) return LdflagsVersion{value, std::string(parts->first)};
    if (*rank > best || (package != "main" && !belongs_to(package, module))) continue;
    agreed = *rank < best || !found || (agreed && found->version == value);
    if (*rank < best || !found) found = LdflagsVersion{value, std::string(parts->first)};
    best = *rank;
  }
  return agreed ? found : std::nullopt;
}

// "build\t-ldflags=…": a value with spaces or quotes is a Go string literal.
std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back() ||
      (text.front() != '"' && text.front() != '`'))
    return std::string(text);
  const bool raw = text.front() == '`';
  text = text.substr(1, text.size() - 2);
  if (raw) return std::string(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

struct Modules {
  Module main;
  std::vector<Module> dependencies;
  std::string ldflags;
  bool too_many = false;
};

Modules parse_modules(std::string_view text) {
  Modules out;
  bool after_main = false;
  each_line(text, [&](std::string_view line) {
    const auto fields = split(line, '\t');
    if (fields.size() < 2) return;
    const Module module{fields[1], fields.size() > 2 ? fields[2] : std::string_view{}};
    if (fields[0] == "mod") {
      out.main = module;
      after_main = true;
    } else if (fields[0] == "dep") {
      after_main = false;
      if (out.dependencies.size() < max_modules)
        out.dependencies.push_back(module);
      else
        out.too_many = true;
    } else if (fields[0] == "=>") {
      Module* replaced = after_main                 ? &out.main
                         : out.dependencies.empty() ? nullptr
                                                    : &out.dependencies.back();
      if (replaced == nullptr) return;
      // A folder in place of a module: the name still says what it stands for, the version nothing
      // any more.
      const bool folder = module.path.starts_with('.') || module.path.starts_with('/');
      *replaced = folder ? Module{replaced->path, "(devel)"} : module;
    } else if (fields[0] == "build" && fields[1].starts_with("-ldflags=")) {
      out.ldflags = unquoted(fields[1].substr(9));
    }
  });
  return out;
}

Package package_of(std::string_view name, std::string_view version) {
  Package package;
  package.type = PackageType::golang;
  package.name = valid_or_replaced_utf8(name);
  package.version = valid_or_replaced_utf8(version);
  return package;
}

}  // namespace

Result<> read_go_build_info(const BinaryView& binary, Sink& sink) {
  const auto found = find_build_info(binary);
  if (!found) return {};
  TRY(const BuildInfo info, *found);
  const Modules modules = parse_modules(info.modules);
  const std::string stdlib = stdlib_version(info.go_version);

  if (!modules.main.path.empty()) {
    Package main = package_of(modules.main.path, modules.main.version);
    std::string how = std::string(what) + ", main module";
    if (main.version.empty()) main.version = "(devel)";
    if (main.version == "(devel)" || is_go_commit(main.version)) {
      if (const auto flags = version_in_ldflags(modules.ldflags, modules.main.path)) {
        main.source_version = std::exchange(main.version, flags->version);
        how += "; version from -ldflags -X " + flags->variable;
        if (main.source_version != "(devel)") how += ", not " + main.source_version;
      }
    }
    for (const auto& d : modules.dependencies) {
      main.depends.push_back(valid_or_replaced_utf8(d.path) + "@" +
                             valid_or_replaced_utf8(d.version));
    }
    main.depends.push_back("stdlib@" + stdlib);
    sink.package(std::move(main), how);
  }
  for (const auto& d : modules.dependencies) sink.package(package_of(d.path, d.version), what);
  sink.package(package_of("stdlib", stdlib), what);
  if (modules.too_many)
    return fail(Fault::too_large, "more than " + std::to_string(max_modules) + " Go modules");
  return {};
}

}  // namespace boltseal
