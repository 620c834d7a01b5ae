#include "net/mirrors.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "base/text.h"
#include "codec/value.h"

namespace boltseal {
namespace {

constexpr std::size_t max_mirrors = 16;

// The API of Docker Hub is not at the name that images carry.
std::string api_host(const std::string& host) {
  return host == "docker.io" || host == "index.docker.io" ? "registry-1.docker.io" : host;
}

// "http://mirror:5000/path" + "library/alpine".
Endpoint endpoint(std::string_view location, std::string_view repository, bool insecure) {
  Endpoint out;
  out.may_be_http = insecure;
  if (location.starts_with("http://")) {
    out.plain_http = true;
    location.remove_prefix(7);
  } else if (location.starts_with("https://")) {
    location.remove_prefix(8);
  }
  location = trim_end(location, '/');
  const auto slash = std::min(location.find('/'), location.size());
  out.host = api_host(std::string(location.substr(0, slash)));
  if (slash < location.size()) out.repository = std::string(location.substr(slash + 1));
  if (!out.repository.empty() && !repository.empty()) out.repository += '/';
  out.repository += repository;
  return out;
}

// What is left of `name` ("host/team/app") behind `prefix`; nothing when the prefix is not one of
// it.
std::optional<std::string_view> behind(std::string_view name, std::string_view prefix) {
  if (prefix.starts_with("*.")) {  // any host below that domain; only the host is matched so
    const auto slash = std::min(name.find('/'), name.size());
    const bool below = name.substr(0, slash).ends_with(prefix.substr(1));
    return below && slash < name.size() ? std::optional(name.substr(slash + 1)) : std::nullopt;
  }
  if (prefix.empty() || !name.starts_with(prefix)) return std::nullopt;
  if (name.size() == prefix.size()) return std::string_view{};
  return name[prefix.size()] == '/' ? std::optional(name.substr(prefix.size() + 1)) : std::nullopt;
}

// The [[registry]] table that fits best, the longest prefix winning.
struct Rule {
  Value table;
  std::string_view rest;
  std::size_t length = 0;
};

void pick_rule(const Value& root, std::string_view name, Rule& best) {
  for (const Value& table : root["registry"].items()) {
    const std::string_view prefix = table["prefix"].text_or(table["location"].text());
    const auto rest = behind(name, prefix);
    if (rest && prefix.size() >= best.length) best = {table, *rest, prefix.size()};
  }
}

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() == ".conf" && out.size() < 256) out.push_back(it->path().string());
  }
  std::ranges::sort(out);
  return out;
}

void add_variable(const std::string& variable, const std::string& host,
                  const std::string& repository, std::vector<Endpoint>& out) {
  for (const std::string_view entry : split(variable, ',')) {
    const auto pair = cut(trim(entry), "=");
    if (!pair || pair->first != host || pair->second.empty() || out.size() >= max_mirrors) continue;
    out.push_back(endpoint(pair->second, repository, false));
  }
}

}  // namespace

MirrorFiles mirrors_from_environment() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string(value);
  };
  MirrorFiles out{variable("BOLTSEAL_MIRRORS"), {}};
  const std::string own = variable("CONTAINERS_REGISTRIES_CONF");
  const std::string home = variable("HOME") + "/.config/containers/registries.conf";
  const std::string system = "/etc/containers/registries.conf";
  // The user's file stands instead of the system's and its folder, the user's folder beside both.
  std::vector<std::string> folders = {home};
  std::error_code error;
  if (!own.empty())
    folders = {own};
  else if (!std::filesystem::exists(home, error))
    folders = {system, home};
  out.files.push_back(folders.front());
  for (const std::string& folder : folders)
    for (auto& more : files_in(folder + ".d")) out.files.push_back(std::move(more));
  return out;
}

Result<std::vector<Endpoint>> endpoints_of(const std::string& host, const std::string& repository,
                                           const MirrorFiles& mirrors) {
  std::vector<Endpoint> out;
  add_variable(mirrors.variable, host, repository, out);
  const std::string name = host + "/" + repository;
  std::vector<Document> documents;  // they own what the rule points to
  Rule rule;
  for (const std::string& file : mirrors.files) {
    const auto bytes = read_file(file, 1ULL << 20);
    if (!bytes) {
      if (bytes.error().fault == Fault::not_found) continue;
      return std::unexpected(bytes.error());
    }
    auto parsed = parse_toml(*bytes);
    if (!parsed)
      return fail(parsed.error().fault, parsed.error().what, file, parsed.error().offset);
    documents.push_back(*std::move(parsed));
    pick_rule(documents.back().root(), name, rule);
  }
  if (!rule.table) {
    out.push_back(endpoint(host, repository, false));
    return out;
  }
  if (rule.table["blocked"].boolean()) {
    return fail(Fault::unsupported, "blocked by the registries.conf of this machine", name);
  }
  const bool by_digest_only = rule.table["mirror-by-digest-only"].boolean();
  for (const Value& mirror : rule.table["mirror"].items()) {
    if (!mirror["location"].is_text() || out.size() >= max_mirrors) continue;
    out.push_back(endpoint(mirror["location"].text(), rule.rest, mirror["insecure"].boolean()));
    const std::string_view pulls = mirror["pull-from-mirror"].text();
    out.back().for_tags = !by_digest_only && pulls != "digest-only";
    out.back().for_digests = by_digest_only || pulls != "tag-only";
  }
  const std::string_view location = rule.table["location"].text();
  const bool insecure = rule.table["insecure"].boolean();
  out.push_back(location.empty() ? endpoint(host, repository, insecure)
                                 : endpoint(location, rule.rest, insecure));
  return out;
}

}  // namespace boltseal
