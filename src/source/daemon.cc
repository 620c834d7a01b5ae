// An image that a local daemon keeps: docker: and podman:, both by Docker's engine API
// (https://docs.docker.com/reference/api/engine/; Podman serves the same paths). The daemon writes
// the image as a docker-archive, which goes into an unnamed file, because its list of contents
// stands at no fixed place.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "codec/value.h"
#include "crypto/digest.h"
#include "net/http.h"
#include "net/url.h"
#include "source/openers.h"
#include "source/spool.h"

namespace boltseal {
namespace {

constexpr std::uint64_t max_archive = 1ULL << 40;
constexpr int export_seconds = 1800;  // Docker collects all layers before it sends the first byte

struct Daemon {
  std::string name;           // "docker", for messages
  std::string socket;         // or
  std::string address;        // "http://host:2375"
  std::string tls_directory;  // of an https address
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string(value);
}

bool is_socket(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

// "unix:///path", "tcp://host:2375"; with TLS as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say.
Result<Daemon> daemon_at(const std::string& name, const std::string& host) {
  Daemon daemon{name, {}, {}, {}};
  if (host.starts_with("unix://")) {
    daemon.socket = host.substr(7);
    if (is_socket(daemon.socket)) return daemon;
    return fail(Fault::not_found, "no socket there; is the daemon running?", host);
  }
  if (host.starts_with("tcp://") || host.starts_with("http://")) {
    const std::string rest = host.substr(host.find("://") + 3);
    const bool tls = !environment("DOCKER_TLS_VERIFY").empty();
    daemon.address = (tls ? "https://" : "http://") + std::string(trim_end(rest, '/'));
    const auto end =
        std::min(daemon.address.find('/', daemon.address.find("//") + 2), daemon.address.size());
    if (daemon.address[daemon.address.find_last_of(":]/", end - 1)] != ':')
      daemon.address.insert(end, tls ? ":2376" : ":2375");
    if (tls) daemon.tls_directory = environment("DOCKER_CERT_PATH");
    if (tls && daemon.tls_directory.empty())
      daemon.tls_directory = environment("HOME") + "/.docker";
    return daemon;
  }
  return fail(Fault::unsupported,
              "only unix:// and tcp:// daemons are spoken to; save the image there (`docker save "
              "-o image.tar NAME`) and "
              "scan docker-archive:image.tar",
              host);
}

// The host of the chosen docker context (`docker context use`); "" when it is the default one.
Result<std::string> context_host() {
  const std::string folder = environment("DOCKER_CONFIG").empty() ? environment("HOME") + "/.docker"
                                                                  : environment("DOCKER_CONFIG");
  std::string context = environment("DOCKER_CONTEXT");
  if (context.empty()) {
    const auto bytes = read_file(folder + "/config.json", 4ULL << 20);
    const auto config = bytes ? parse_json(*bytes) : fail(Fault::not_found, "no config");
    if (config) context = (*config)["currentContext"].string();
  }
  if (context.empty() || context == "default") return std::string();
  const std::string id = sha256_hex(context);
  const std::string where = "docker context " + context;
  const auto bytes =
      read_file(fmt::format("{}/contexts/meta/{}/meta.json", folder, id), 1ULL << 20);
  if (!bytes)
    return fail(bytes.error().fault, "there is no such context; `docker context ls` shows them",
                where);
  const auto meta = parse_json(*bytes);
  if (!meta) return fail(Fault::corrupt, "its meta.json is not JSON", where);
  if (::access(fmt::format("{}/contexts/tls/{}/docker", folder, id).c_str(), F_OK) == 0)
    return fail(Fault::unsupported,
                "it has certificates of its own, which are not read; say DOCKER_HOST, "
                "DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH",
                where);
  return (*meta)["Endpoints"]["docker"]["Host"].string();
}

Result<Daemon> find_daemon(const std::string& scheme) {
  const bool docker = scheme == "docker";
  std::string host = environment(docker ? "DOCKER_HOST" : "CONTAINER_HOST");
  if (host.empty() && docker) {
    TRY(host, context_host());
  }
  if (!host.empty()) return daemon_at(scheme, host);
  const std::string runtime = environment("XDG_RUNTIME_DIR");
  std::vector<std::string> sockets;
  if (docker) {
    sockets = {"/var/run/docker.sock", environment("HOME") + "/.docker/run/docker.sock"};
    if (!runtime.empty()) sockets.insert(sockets.begin() + 1, runtime + "/docker.sock");
  } else {
    sockets = {"/run/podman/podman.sock"};
    if (!runtime.empty()) sockets.insert(sockets.begin(), runtime + "/podman/podman.sock");
  }
  for (const std::string& socket : sockets) {
    if (is_socket(socket)) return Daemon{scheme, socket, {}, {}};
  }
  return fail(Fault::not_found,
              docker ? "no Docker daemon: start it, or set DOCKER_HOST; a saved image goes as "
                       "docker-archive:FILE"
                     : "no Podman service: start it with `systemctl --user start podman.socket`, "
                       "or set CONTAINER_HOST; a "
                       "saved image goes as docker-archive:FILE",
              join(sockets, ", "));
}

// Names and ids as Docker writes them; nothing that could leave the path of the request.
bool sound_name(std::string_view name) {
  const auto fine = [](char c) { return is_alnum(c) || std::string_view("._-/:@").contains(c); };
  return !name.empty() && name.size() <= 512 && std::ranges::all_of(name, fine) &&
         !name.contains("..") && is_alnum(name.front());
}

HttpRequest request_to(const Daemon& daemon, const std::string& path) {
  HttpRequest request;
  request.url = (daemon.socket.empty() ? daemon.address : "http://localhost") + path;
  request.unix_socket = daemon.socket;
  request.tls_directory = daemon.tls_directory;
  request.allow_http = true;  // whoever names a tcp:// daemon without TLS means it
  request.max_redirects = 0;
  request.retries = 0;
  return request;
}

std::unexpected<Error> daemon_error(const Daemon& daemon, const HttpResponse& response,
                                    const std::string& name) {
  const std::string where = daemon.name + ":" + name;
  if (response.status == 404) {
    return fail(
        Fault::not_found,
        fmt::format("the daemon has no such image; `{} pull {}` gets it", daemon.name, name),
        where);
  }
  const auto parsed = parse_json(response.body);
  const std::string reason = parsed ? (*parsed)["message"].string().substr(0, 200) : std::string{};
  return fail(Fault::io, fmt::format("the daemon says status {} {}", response.status, reason),
              where);
}

Result<HttpResponse> ask(const Daemon& daemon, const HttpRequest& request) {
  auto response = http(request);
  if (response || daemon.socket.empty() || ::access(daemon.socket.c_str(), W_OK) == 0)
    return response;
  return fail(Fault::io,
              fmt::format("no permission for the socket: run as a user of the group {}, or as root",
                          daemon.name),
              daemon.socket);
}

Result<Fd> export_image(const Daemon& daemon, const std::string& name, const std::string& path,
                        const std::string& folder) {
  TRY(Spool spool, make_spool(folder));
  HttpRequest request = request_to(daemon, path);
  request.cap = max_archive;
  request.stall_seconds = export_seconds;
  request.on_body = [&](std::string_view bytes) {
    return write_all(spool.file.get(), bytes, "spool file in " + spool.folder);
  };
  TRY(const auto response, ask(daemon, request));
  if (response.status != 200) return daemon_error(daemon, response, name);
  if (::lseek(spool.file.get(), 0, SEEK_SET) != 0)
    return std::unexpected(errno_error("cannot rewind the spool file", spool.folder));
  return std::move(spool.file);
}

// The archive that a daemon makes of an image. Podman cannot make Docker's kind of an image with
// zstd layers; then its own API gives the OCI kind.
Result<Opened> open_export(const Daemon& daemon, const std::string& name,
                           const std::string& reference, const SourceOptions& options) {
  const std::string path = "/images/" + percent_encode(name, "/:@") + "/get";
  auto archive = export_image(daemon, name, path, options.spool_directory);
  if (archive) return open_docker_archive(std::move(*archive), "", reference, options);
  if (daemon.name != "podman") return std::unexpected(std::move(archive).error());
  auto other = export_image(daemon, name, "/v4.0.0/libpod" + path + "?format=oci-archive",
                            options.spool_directory);
  if (!other) return std::unexpected(std::move(archive).error());
  return open_oci_archive(std::move(*other), "", reference, options);
}

// The digest under which the image was pulled: the one of the name asked for, else the only one.
std::string repository_digest(const Value& digests, std::string_view name) {
  std::string only;
  for (const Value& entry : digests.items()) {
    const auto pair = cut(entry.text(), "@");
    if (!pair || !is_digest(pair->second)) continue;
    if (name.starts_with(pair->first) &&
        (name.size() == pair->first.size() || name[pair->first.size()] == ':' ||
         name[pair->first.size()] == '@'))
      return std::string(pair->second);
    only = digests.items().size() == 1 ? std::string(pair->second) : std::string{};
  }
  return only;
}

}  // namespace

Result<Opened> open_daemon(const std::string& scheme, const std::string& name,
                           const SourceOptions& options) {
  const std::string reference = scheme + ":" + name;
  if (!sound_name(name)) return fail(Fault::corrupt, "not the name of an image", reference);
  TRY(const Daemon daemon, find_daemon(scheme));
  const std::string path = "/images/" + percent_encode(name, "/:@");
  TRY(const auto inspected, ask(daemon, request_to(daemon, path + "/json")));
  if (inspected.status != 200) return daemon_error(daemon, inspected, name);
  auto details = parse_json(inspected.body);
  if (!details) return fail(Fault::corrupt, "the daemon's answer is not JSON", reference);
  TRY(auto opened, open_export(daemon, name, reference, options));
  if (auto* image = std::get_if<OpenedImage>(&opened)) {
    image->info.reference = reference;
    if (image->info.manifest_digest.empty()) {
      image->info.manifest_digest = repository_digest((*details)["RepoDigests"], name);
    }
  }
  return opened;
}

}  // namespace boltseal
