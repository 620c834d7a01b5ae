// Formats: runc "state.json" (libcontainer State: init_process_pid, init_process_start), crun
// "status" (pid, process-start-time), containerd's task folder ("init.pid"), Docker's
// "config.v2.json" (ID, Name, State.Pid), Podman's "containers.json" (id, names). All are written
// by root and read as JSON with limits.
#include "custody/container.h"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/fd.h"
#include "base/text.h"
#include "codec/value.h"

namespace boltseal {
namespace {

constexpr std::uint64_t state_limit = 64 << 20;
constexpr std::size_t shortest_beginning = 4;

// Folders whose children are containers, each with a state file.
struct Place {
  std::string folder, runtime;
};

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  DIR* dir = ::opendir(folder.c_str());
  if (!dir) return names;
  while (const dirent* item = ::readdir(dir)) {
    const std::string_view name = item->d_name;
    if (!name.starts_with('.')) names.emplace_back(name);
  }
  ::closedir(dir);
  std::ranges::sort(names);
  return names;
}

void add_user_places(std::vector<Place>& places) {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (!runtime || *runtime != '/') return;
  places.push_back({fmt::format("{}/runc", runtime), "runc"});
  places.push_back({fmt::format("{}/crun", runtime), "crun"});
  places.push_back({fmt::format("{}/docker/runtime-runc/moby", runtime), "Docker"});
}

std::vector<Place> places_of(const std::vector<std::string>& more_roots) {
  std::vector<Place> places;
  for (const auto& root : more_roots) {
    places.push_back({root, "runc"});
    places.push_back({root + "/runtime-runc/moby", "Docker"});
    places.push_back({root + "/containers", "Docker"});
  }
  add_user_places(places);
  places.push_back({"/run/runc", "runc"});
  places.push_back({"/run/crun", "crun"});
  places.push_back({"/run/docker/runtime-runc/moby", "Docker"});
  for (const char* folder :
       {"/run/containerd/runc", "/run/containerd/io.containerd.runtime.v2.task"})
    for (const auto& space : names_in(folder))
      places.push_back({fmt::format("{}/{}", folder, space), "containerd"});
  places.push_back({"/var/lib/docker/containers", "Docker"});
  return places;
}

std::optional<Document> json_of(const std::string& path) {
  const auto text = read_file(path, state_limit);
  if (!text) return std::nullopt;
  auto document = parse_json(*text);
  if (!document) return std::nullopt;
  return *std::move(document);
}

std::uint64_t number(const Value& value) {
  const auto n = value.integer();
  return n && *n > 0 ? static_cast<std::uint64_t>(*n) : 0;
}

// What a container's folder says of its first process; nothing when there is no state in it.
std::optional<Container> read_place(const Place& place, const std::string& id) {
  const std::string folder = fmt::format("{}/{}", place.folder, id);
  Container out{id, place.runtime, {}, {}};
  std::uint64_t pid = 0;
  if (const auto runc = json_of(folder + "/state.json")) {
    out.state = folder + "/state.json";
    pid = number((*runc)["init_process_pid"]);
    out.process.start = number((*runc)["init_process_start"]);
  } else if (const auto crun = json_of(folder + "/status")) {
    out.state = folder + "/status";
    pid = number((*crun)["pid"]);
    out.process.start = number((*crun)["process-start-time"]);
  } else if (const auto docker = json_of(folder + "/config.v2.json")) {
    out.state = folder + "/config.v2.json";
    pid = number((*docker)["State"]["Pid"]);
  } else if (const auto task = read_file(folder + "/init.pid", 64)) {
    out.state = folder + "/init.pid";
    pid = parse_u64(trim(*task)).value_or(0);
  } else {
    return std::nullopt;
  }
  out.process.pid = static_cast<std::uint32_t>(pid <= INT32_MAX ? pid : 0);
  return out;
}

// The ids that a name stands for: Docker's and Podman's files.
std::vector<std::string> ids_of_name(const std::string& name,
                                     const std::vector<std::string>& more_roots) {
  std::vector<std::string> ids;
  std::vector<std::string> docker = {"/var/lib/docker"}, podman = {"/var/lib/containers/storage"};
  docker.insert(docker.end(), more_roots.begin(), more_roots.end());
  podman.insert(podman.end(), more_roots.begin(), more_roots.end());
  if (const char* home = std::getenv("HOME"); home && *home == '/')
    podman.push_back(fmt::format("{}/.local/share/containers/storage", home));
  for (const auto& root : docker) {
    for (const auto& id : names_in(root + "/containers")) {
      const auto config = json_of(fmt::format("{}/containers/{}/config.v2.json", root, id));
      if (config && (*config)["Name"].text() == "/" + name) ids.push_back(id);
    }
  }
  for (const auto& root : podman) {
    for (const char* driver : {"overlay", "vfs", "btrfs"}) {
      const auto list = json_of(fmt::format("{}/{}-containers/containers.json", root, driver));
      if (!list) continue;
      for (const Value& item : list->root().items())
        for (const Value& known : item["names"].items())
          if (known.text() == name) ids.push_back(item["id"].string());
    }
  }
  return ids;
}

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 1024 && !id.starts_with('.') &&
         std::ranges::all_of(id, [](char c) {
           return is_alnum(c) || c == '_' || c == '.' || c == '-' || c == '+';
         });
}

Result<Container> running(Container found) {
  const auto start = found.process.pid ? start_of_process(found.process.pid) : std::nullopt;
  if (!start || (found.process.start && *start != found.process.start))
    return fail(Fault::not_found,
                fmt::format("the container {} of {} does not run; compare its files instead: "
                            "overlay:UPPERDIR or dir:ROOTFS",
                            found.id, found.runtime),
                found.state);
  return found;
}

}  // namespace

Result<Container> find_container(const std::string& id,
                                 const std::vector<std::string>& more_roots) {
  if (!is_id(id)) return fail(Fault::unsupported, "not the id or name of a container", id);
  const auto places = places_of(more_roots);
  std::vector<std::string> ids = {id};
  if (id.size() >= shortest_beginning)
    for (const Place& place : places)
      for (const auto& name : names_in(place.folder))
        if (name.starts_with(id) && name != id) ids.push_back(name);
  for (auto& named : ids_of_name(id, more_roots)) ids.push_back(std::move(named));
  std::optional<Container> found;
  for (const auto& candidate : ids) {
    if (found && (found->id == candidate || found->id == id)) continue;
    for (const Place& place : places) {
      auto here = read_place(place, candidate);
      if (!here) continue;
      if (found && found->id != candidate)
        return fail(
            Fault::not_found,
            fmt::format("more than one container is meant: {} and {}", found->id, candidate), id);
      // Of several that know it the first that knows its process counts.
      if (!found || found->process.pid == 0) found = std::move(here);
    }
  }
  if (found) return running(*std::move(found));
  std::string where;
  for (const Place& place : places) where += "\n  " + place.folder;
  return fail(Fault::not_found,
              fmt::format("no runtime here knows this container (as root? --runtime-root names "
                          "other places); looked in:{}",
                          where),
              id);
}

}  // namespace boltseal
