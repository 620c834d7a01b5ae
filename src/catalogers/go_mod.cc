// go.mod: the modules that a Go work tree requires.
//
// Format: go.dev/ref/mod#go-mod-file. require lines, alone or in a block, with replace lines
// applied (the replacement is what is built). A go.mod of before Go 1.17 lists direct requirements
// only; its evidence says so, and go.sum beside it has the rest (go_sum.cc).
// The module cache (pkg/mod) holds the go.mod of every module that was ever looked at, used or not,
// and is passed over; so are go.mod files of test data. Those of Go's own sources are told apart
// when all files are known (go_root.cc).
#include <map>

#include "base/text.h"
#include "catalogers/declared_evidence.h"
#include "catalogers/language.h"
#include "files/reader.h"

namespace boltseal {
namespace {

constexpr std::size_t max_lines = 200'000;

struct Module {
  std::string path, version;
};

struct GoMod {
  std::string name;
  std::vector<Module> required;
  std::map<std::string, Module> replaced;  // key "path" or "path@version"
  bool complete = false;                   // of Go 1.17 or later: what is required indirectly too
};

std::string unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '`') &&
                      text.back() == text.front();
  return valid_or_replaced_utf8(quoted ? text.substr(1, text.size() - 2) : text);
}

void read_replace(const std::vector<std::string_view>& fields, GoMod& out) {
  // old [version] => new [version]
  std::size_t arrow = 0;
  while (arrow < fields.size() && fields[arrow] != "=>") ++arrow;
  if (arrow == 0 || arrow > 2 || arrow + 1 >= fields.size()) return;
  const std::string key = unquoted(fields[0]) + (arrow == 2 ? "@" + unquoted(fields[1]) : "");
  out.replaced[key] = {unquoted(fields[arrow + 1]),
                       arrow + 2 < fields.size() ? unquoted(fields[arrow + 2]) : ""};
}

// go.dev/ref/mod#go-mod-file-go: without a go line it is 1.16.
bool lists_all(std::string_view version) {
  const auto parts = split(version, '.');
  const auto major = parse_u64(parts[0]);
  const auto minor = parts.size() > 1 ? parse_u64(parts[1]) : std::nullopt;
  return major && (*major > 1 || (*major == 1 && minor && *minor >= 17));
}

GoMod parse(std::string_view text) {
  GoMod out;
  std::string_view block;
  std::size_t lines = 0;
  each_line(text, [&](std::string_view line) {
    if (++lines > max_lines) return;
    auto fields = words(line.substr(0, line.find("//")));
    if (fields.empty()) return;
    if (block.empty() && fields.size() >= 2 && fields[1] == "(") {
      block = fields[0];
      return;
    }
    if (block.empty() && fields[0].size() > 1 && fields[0].ends_with('(')) {  // "require("
      block = fields[0].substr(0, fields[0].size() - 1);
      return;
    }
    if (fields[0] == ")") {
      block = {};
      return;
    }
    std::string_view verb = block;
    if (verb.empty()) {
      verb = fields[0];
      fields.erase(fields.begin());
    }
    if (verb == "module" && !fields.empty())
      out.name = unquoted(fields[0]);
    else if (verb == "require" && fields.size() >= 2)
      out.required.push_back({unquoted(fields[0]), unquoted(fields[1])});
    else if (verb == "go" && !fields.empty())
      out.complete = lists_all(fields[0]);
    else if (verb == "replace")
      read_replace(fields, out);
  });
  return out;
}

// A name that Go keeps for itself (go.dev/ref/mod#module-path: no dot in its first part) at a place
// where Go's own tree has modules that are not named by it, or one of its two: go_root.cc tells.
bool may_be_go_itself(std::string_view name, std::string_view path) {
  if (name == "std" || name == "cmd") return true;
  const auto first = name.substr(0, name.find('/'));
  return !name.empty() && name.size() <= 100 && first.find('.') == std::string_view::npos &&
         path.find("/_") != std::string_view::npos;
}

Result<> read(const FileView& file, Sink& sink) {
  if (is_no_go_project(file.path)) return {};
  const GoMod mod = parse(file.content);
  std::string declared(mod.complete ? std::string_view("go.mod") : go_mod_before_117_evidence);
  if (may_be_go_itself(mod.name, "/" + std::string(file.path)))
    (declared += go_mod_name_note) += mod.name;
  for (Module module : mod.required) {
    auto at = mod.replaced.find(module.path + "@" + module.version);
    if (at == mod.replaced.end()) at = mod.replaced.find(module.path);
    std::string what = declared;
    if (at != mod.replaced.end()) {
      what += ", replaced";
      // A folder in place of a module has no version.
      const bool folder = at->second.path.starts_with('.') || at->second.path.starts_with('/');
      module = folder ? Module{module.path, "(devel)"} : at->second;
    }
    Package package;
    package.type = PackageType::golang;
    package.name = module.path;
    package.version = module.version;
    sink.package(std::move(package), what);
  }
  return {};
}

constexpr std::string_view globs[] = {"**/go.mod"};

}  // namespace

extern const Reader go_mod_reader;
const Reader go_mod_reader = {"go-mod", 3, globs, {}, 16 << 20, read};

}  // namespace boltseal
