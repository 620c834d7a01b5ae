#include "custody/allow_list.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "custody/drift.h"

namespace boltseal {

AllowRule allow_rule(const std::string& pattern) {
  AllowRule rule;
  rule.text = pattern;
  rule.paths = PathFilter({pattern});
  return rule;
}

AllowList runtime_allow_list() {
  constexpr std::array<std::string_view, 5> folders = {"/dev", "/proc", "/run", "/sys", "/tmp"};
  constexpr std::array<std::string_view, 5> stubs = {"/.dockerenv", "/etc/hostname", "/etc/hosts",
                                                     "/etc/mtab", "/etc/resolv.conf"};
  constexpr std::array<std::string_view, 3> inits = {"/dev/init", "/run/podman-init",
                                                     "/sbin/docker-init"};
  AllowList out;
  for (const auto folder : folders) {
    out.rules.push_back(allow_rule(std::string(folder)));
    out.rules.back().reason = "runtimes keep their state here";
  }
  for (const auto stub : stubs) {
    out.rules.push_back(allow_rule(std::string(stub)));
    out.rules.back().reason = "runtimes make it to mount over it";
    out.rules.back().stub = true;
  }
  for (const auto init : inits) {
    out.rules.push_back(allow_rule(std::string(init)));
    out.rules.back().reason = "runtimes mount the first process here (--init)";
    out.rules.back().kinds = {std::string(name_of(DriftKind::unknown_executable))};
    out.rules.back().mounted = true;
  }
  return out;
}

Result<AllowList> read_allow_list(std::string_view yaml, const std::string& where) {
  auto document = parse_yaml(yaml);
  if (!document) {
    document.error().where = where;
    return std::unexpected(document.error());
  }
  if (!(*document)["allow"].is_array())
    return fail(Fault::corrupt, "an allow-list begins with \"allow:\" and holds a list", where);
  AllowList out;
  for (const Value& item : (*document)["allow"].items()) {
    const Value& path = item.is_text() ? item : item["path"];
    if (path.text().empty())
      return fail(
          Fault::corrupt,
          fmt::format("entry {} is neither a pattern nor has it a \"path\"", out.rules.size() + 1),
          where);
    AllowRule rule = allow_rule(path.string());
    rule.reason = item["reason"].string();
    for (const Value& kind : item["kinds"].items()) {
      if (!drift_kind_of(kind.text()))
        return fail(Fault::corrupt,
                    fmt::format("\"{}\" is no kind of drift: added, changed, removed, permission, "
                                "unknown-executable, deleted-running, hidden",
                                printable(kind.scalar())),
                    where);
      rule.kinds.push_back(kind.string());
    }
    out.rules.push_back(std::move(rule));
  }
  return out;
}

}  // namespace boltseal
