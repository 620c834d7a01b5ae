#include "custody/intoto_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "files/fnmatch.h"

namespace boltseal {
namespace {

struct Match {
  std::string_view pattern, source_prefix, target_prefix, from;
  bool products = false;
};

bool is(const InTotoRule& rule, std::size_t at, std::string_view word) {
  return at < rule.size() && lower(rule[at]) == word;
}

// MATCH pattern [IN prefix] WITH MATERIALS|PRODUCTS [IN prefix] FROM step
std::optional<Match> match_of(const InTotoRule& rule) {
  Match out;
  if (rule.size() < 6 || !is(rule, 0, "match")) return std::nullopt;
  out.pattern = rule[1];
  std::size_t at = 2;
  if (is(rule, at, "in") && rule.size() >= 8 && is(rule, 4, "with")) {
    out.source_prefix = rule[3];
    at = 4;
  }
  if (!is(rule, at, "with") || (!is(rule, at + 1, "materials") && !is(rule, at + 1, "products")))
    return std::nullopt;
  out.products = is(rule, at + 1, "products");
  at += 2;
  if (is(rule, at, "in") && rule.size() == at + 4) {
    out.target_prefix = rule[at + 1];
    at += 2;
  }
  if (!is(rule, at, "from") || rule.size() != at + 2) return std::nullopt;
  out.from = rule[at + 1];
  return out;
}

std::string joined(std::string_view prefix, std::string_view path) {
  if (prefix.empty()) return std::string(path);
  return fmt::format("{}{}{}", prefix, prefix.ends_with('/') ? "" : "/", path);
}

std::set<std::string> consumed_by_match(const Match& match, const std::set<std::string>& queue,
                                        const InTotoArtifacts& own,
                                        const std::map<std::string, InTotoLink>& links) {
  std::set<std::string> out;
  const auto link = links.find(std::string(match.from));
  if (link == links.end()) return out;
  const InTotoArtifacts& theirs = match.products ? link->second.products : link->second.materials;
  const std::string prefix = match.source_prefix.empty() ? "" : joined(match.source_prefix, "");
  for (const auto& path : queue) {
    if (!path.starts_with(prefix)) continue;
    const auto rest = std::string_view(path).substr(prefix.size());
    if (!fnmatch_matches(match.pattern, rest)) continue;
    const auto other = theirs.find(joined(match.target_prefix, rest));
    const auto mine = own.find(path);
    if (other != theirs.end() && mine != own.end() && other->second == mine->second)
      out.insert(path);
  }
  return out;
}

std::string some_of(const std::set<std::string>& paths) {
  std::string out;
  std::size_t count = 0;
  for (const auto& path : paths) {
    if (++count > 5) return out + fmt::format(" and {} more", paths.size() - 5);
    out += (out.empty() ? "" : ", ") + path;
  }
  return out;
}

// Whether a CREATE, DELETE, MODIFY or ALLOW takes a path of its pattern.
bool takes(std::string_view kind, const std::string& path, const InTotoLink& link) {
  const auto before = link.materials.find(path), after = link.products.find(path);
  const bool was = before != link.materials.end(), is_now = after != link.products.end();
  if (kind == "create") return !was && is_now;
  if (kind == "delete") return was && !is_now;
  if (kind == "modify") return was && is_now && before->second != after->second;
  return kind == "allow";
}

}  // namespace

Result<> check_in_toto_rule(const InTotoRule& rule) {
  constexpr std::array<std::string_view, 6> plain = {"create", "delete",   "modify",
                                                     "allow",  "disallow", "require"};
  const bool known = rule.size() == 2 && std::ranges::find(plain, lower(rule[0])) != plain.end();
  if (!known && !match_of(rule))
    return fail(Fault::corrupt, "not a rule of in-toto: " + printable(join(rule, " ")));
  return {};
}

std::optional<Refusal> apply_in_toto_rules(const std::string& about, bool products,
                                           const std::vector<InTotoRule>& rules,
                                           const InTotoLink& link,
                                           const std::map<std::string, InTotoLink>& links) {
  const InTotoArtifacts& own = products ? link.products : link.materials;
  const std::string field =
      fmt::format("{}.expected_{}", about, products ? "products" : "materials");
  std::set<std::string> queue;
  for (const auto& [path, digests] : own) queue.insert(path);
  for (const InTotoRule& rule : rules) {
    if (const auto wrong = check_in_toto_rule(rule); !wrong)
      return refuse(wrong.error(), field).error();
    const std::string kind = lower(rule[0]), text = join(rule, " ");
    if (kind == "match") {
      for (const auto& path : consumed_by_match(*match_of(rule), queue, own, links))
        queue.erase(path);
    } else if (kind == "require") {
      if (!queue.contains(rule[1]))
        return Refusal{"rule-require", field, rule[1], some_of(queue),
                       "a file that the layout requires is not there: " + text};
    } else if (kind == "disallow") {
      std::set<std::string> left;
      for (const auto& path : queue)
        if (fnmatch_matches(rule[1], path)) left.insert(path);
      if (!left.empty())
        return Refusal{"rule-disallow",
                       field,
                       {},
                       some_of(left),
                       "files that the layout does not allow: " + text};
    } else {
      std::erase_if(queue, [&](const auto& path) {
        return fnmatch_matches(rule[1], path) && takes(kind, path, link);
      });
    }
  }
  return std::nullopt;
}

}  // namespace boltseal
