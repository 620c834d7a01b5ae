#include "net/credentials.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/value.h"

namespace boltseal {
namespace {

constexpr std::uint64_t max_file = 4ULL << 20;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string(value);
}

// Docker Hub goes by four names; its credentials stand under any of them.
constexpr std::string_view hub_key = "https://index.docker.io/v1/";
bool is_hub(std::string_view host) {
  return host == "docker.io" || host == "index.docker.io" || host == "registry-1.docker.io";
}

// What a key of "auths" names: "https://host/v1/" → "host", "host/team/" → "host/team".
std::string_view scope_of(std::string_view key) {
  if (key.starts_with("https://"))
    key.remove_prefix(8);
  else if (key.starts_with("http://"))
    key.remove_prefix(7);
  key = trim_end(key, '/');
  for (const std::string_view version : {"/v1", "/v2"}) {
    if (key.ends_with(version) && key.find('/') == key.size() - version.size())
      key.remove_suffix(version.size());
  }
  return trim_end(key, '/');
}

// How much of host/repository a key stands for; nothing when it is for something else.
std::optional<std::size_t> fit(std::string_view key, std::string_view host,
                               std::string_view repository) {
  const std::string_view scope = scope_of(key);
  const auto slash = std::min(scope.find('/'), scope.size());
  const std::string_view name = scope.substr(0, slash);
  const std::string_view path = slash < scope.size() ? scope.substr(slash + 1) : std::string_view{};
  if (lower(name) != lower(host) && !(is_hub(name) && is_hub(host))) return std::nullopt;
  if (path.empty()) return 0;
  const bool under = repository.starts_with(path) &&
                     (repository.size() == path.size() || repository[path.size()] == '/');
  return under ? std::optional(path.size()) : std::nullopt;
}

// The member of an object whose key fits best.
const Value::Member* best_fit(const Value& object, std::string_view host,
                              std::string_view repository) {
  const Value::Member* best = nullptr;
  std::size_t longest = 0;
  for (const Value::Member& member : object.members()) {
    const auto length = fit(member.key, host, repository);
    if (!length || (best != nullptr && *length <= longest)) continue;
    best = &member;
    longest = *length;
  }
  return best;
}

std::optional<Credentials> stored(const Value& entry) {
  Credentials out{entry["username"].string(), entry["password"].string(),
                  entry["identitytoken"].string()};
  if (const auto pair = unbase64(trim(entry["auth"].text())); pair && !pair->empty()) {
    const auto parts = cut(*pair, ":");
    if (!parts) return std::nullopt;
    out.user = parts->first;
    out.password = trim_end(parts->second, '\0');
  }
  if (out.identity_token.empty() && (out.user.empty() || out.password.empty())) return std::nullopt;
  return out;
}

// "desktop.exe" under WSL. It is looked up in the PATH, so it may be anything that is no path.
bool sound_helper_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && !name.starts_with('.') &&
         std::ranges::all_of(
             name, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

Result<std::optional<Credentials>> ask_helper(const std::string& helper, const std::string& server,
                                              const HelperRunner& run, const std::string& file) {
  if (!sound_helper_name(helper)) {
    return fail(Fault::corrupt,
                "the name of a credential helper is not of the form [A-Za-z0-9._-]+: not run",
                file);
  }
  const std::string program = "docker-credential-" + helper;
  TRY(const std::string answer, run(program, server));
  if (answer.starts_with("credentials not found")) return std::nullopt;
  const auto parsed = parse_json(answer);
  // The answer is not quoted: it may hold the secret.
  if (!parsed) return fail(Fault::corrupt, program + " gave no JSON", file);
  Credentials out{(*parsed)["Username"].string(), (*parsed)["Secret"].string(), {}};
  if (out.password.empty()) return std::nullopt;
  if (out.user == "<token>") out = {{}, {}, std::move(out.password)};
  return out;
}

Result<std::optional<Credentials>> find_in(const std::string& file, const Value& root,
                                           std::string_view host, std::string_view repository,
                                           const HelperRunner& run) {
  const std::string server = is_hub(host) ? std::string(hub_key) : std::string(host);
  // An empty name says that this host's login is kept in the file, whatever the store.
  const auto* helper = best_fit(root["credHelpers"], host, repository);
  const bool kept_here =
      helper != nullptr && helper->value.is_text() && helper->value.text().empty();
  if (helper != nullptr && !kept_here) {
    // Docker asks by the address under which it keeps the Hub's login, Podman by "docker.io".
    const bool plain = is_hub(host) && helper->key != hub_key;
    return ask_helper(helper->value.string(), plain ? "docker.io" : server, run, file);
  }
  if (const auto* entry = best_fit(root["auths"], host, repository)) {
    if (auto found = stored(entry->value)) return found;
  }
  if (kept_here || root["credsStore"].text().empty()) return std::nullopt;
  // The store serves all hosts, so its failure is not this host's: go on without, but say so.
  auto found = ask_helper(root["credsStore"].string(), server, run, file);
  if (found) return found;
  log_warning("going on without the credential store: " + found.error().message());
  return std::nullopt;
}

}  // namespace

std::vector<std::string> credential_files() {
  std::vector<std::string> files;
  const std::string home = environment("HOME");
  const std::string runtime = environment("XDG_RUNTIME_DIR");
  const std::string config = environment("XDG_CONFIG_HOME");
  const std::string docker = environment("DOCKER_CONFIG");
  if (const auto file = environment("REGISTRY_AUTH_FILE"); !file.empty()) files.push_back(file);
  if (!runtime.empty())
    files.push_back(runtime + "/containers/auth.json");
  else if (auto file = fmt::format("/run/containers/{}/auth.json", ::getuid());
           ::access(file.c_str(), F_OK) == 0 || errno != EACCES)  // it may be root's folder alone
    files.push_back(std::move(file));
  if (!config.empty())
    files.push_back(config + "/containers/auth.json");
  else if (!home.empty())
    files.push_back(home + "/.config/containers/auth.json");
  if (!docker.empty())
    files.push_back(docker + "/config.json");
  else if (!home.empty())
    files.push_back(home + "/.docker/config.json");
  return files;
}

Result<std::optional<Credentials>> find_credentials(std::string_view host,
                                                    std::string_view repository,
                                                    const std::vector<std::string>& files,
                                                    const HelperRunner& run) {
  for (const std::string& file : files) {
    const auto bytes = read_file(file, max_file);
    if (!bytes) {
      if (bytes.error().fault != Fault::not_found)
        log_warning("credentials: " + bytes.error().message());
      continue;
    }
    if (trim(*bytes).empty()) continue;  // no logins, as Docker and Podman have it
    const auto parsed = parse_json(*bytes);
    if (!parsed) return fail(Fault::corrupt, "not JSON, as docker login writes it", file);
    TRY(auto found, find_in(file, parsed->root(), host, repository, run));
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace boltseal
