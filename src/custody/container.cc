// Formats: runc "state.json" (libcontainer State: init_process_pid, init_process_start), crun
// "status" (pid, process-start-time), containerd's task folder ("init.pid"), Docker's
// "config.v2.json" (ID, Name, State.Pid), the "userdata/pidfile" that conmon writes for Podman and
// CRI-O, Podman's "containers.json" (id, names). All are written by root and read with limits.
//
// Where a state says no more than a number, the process that has it by now may be another one.
#include "custody/container.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <optional>

#include "base/fd.h"
#include "base/text.h"
#include "codec/value.h"

namespace boltseal {
namespace {

constexpr std::uint64_t state_limit = 64 << 20;
constexpr std::size_t shortest_beginning = 4;
constexpr std::array<std::string_view, 4> storage_drivers = {"overlay", "vfs", "btrfs", "zfs"};
constexpr std::string_view task_folder = "io.containerd.runtime.v2.task";

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

// Folders of namespaces, as containerd has them.
void add_namespaces(std::vector<Place>& places, const std::string& folder) {
  for (const auto& space : names_in(folder))
    places.push_back({fmt::format("{}/{}", folder, space), "containerd"});
}

void add_storage(std::vector<Place>& places, const std::string& run_root) {
  for (const auto driver : storage_drivers)
    places.push_back({fmt::format("{}/{}-containers", run_root, driver), "Podman"});
}

void add_user_places(std::vector<Place>& places) {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (!runtime || *runtime != '/') return;
  places.push_back({fmt::format("{}/runc", runtime), "runc"});
  places.push_back({fmt::format("{}/crun", runtime), "crun"});
  places.push_back({fmt::format("{}/docker/runtime-runc/moby", runtime), "Docker"});
  add_storage(places, fmt::format("{}/containers", runtime));
}

std::vector<Place> places_of(const std::vector<std::string>& more_roots) {
  std::vector<Place> places;
  for (const auto& root : more_roots) {
    places.push_back({root, "runc"});
    places.push_back({root + "/runtime-runc/moby", "Docker"});
    places.push_back({root + "/containers", "Docker"});
    add_namespaces(places, fmt::format("{}/{}", root, task_folder));
    add_storage(places, root);
  }
  add_user_places(places);
  places.push_back({"/run/runc", "runc"});
  places.push_back({"/run/crun", "crun"});
  places.push_back({"/run/docker/runtime-runc/moby", "Docker"});
  add_namespaces(places, "/run/containerd/runc");
  for (const char* root : {"/run/containerd", "/run/k3s/containerd"})
    add_namespaces(places, fmt::format("{}/{}", root, task_folder));
  add_storage(places, "/run/containers/storage");
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
  } else {
    for (const char* name : {"/init.pid", "/userdata/pidfile"}) {
      const auto text =
          out.state.empty() ? read_file(folder + name, 64) : fail(Fault::not_found, "");
      if (!text) continue;
      out.state = folder + name;
      pid = parse_u64(trim(*text)).value_or(0);
    }
    if (out.state.empty()) return std::nullopt;
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
    for (const auto driver : storage_drivers) {
      const auto list = json_of(fmt::format("{}/{}-containers/containers.json", root, driver));
      if (!list) continue;
      for (const Value& item : list->root().items())
        for (const Value& known : item["names"].items())
          if (known.text() == name) ids.push_back(item["id"].string());
    }
  }
  return ids;
}

std::vector<std::string> ids_beginning_with(const std::vector<Place>& places,
                                            const std::string& id) {
  std::vector<std::string> ids;
  if (id.size() < shortest_beginning) return ids;
  for (const Place& place : places)
    for (auto& name : names_in(place.folder))
      if (name.starts_with(id)) ids.push_back(std::move(name));
  return ids;
}

// The container that `ids` mean; nothing when no place knows one, an Error when they are several.
Result<std::optional<Container>> one_of(const std::vector<Place>& places,
                                        const std::vector<std::string>& ids) {
  std::optional<Container> found;
  for (const auto& id : ids) {
    if (found && found->id == id) continue;
    for (const Place& place : places) {
      auto here = read_place(place, id);
      if (!here) continue;
      if (found && found->id != id)
        return fail(Fault::not_found,
                    fmt::format("more than one container is meant: {} and {}", found->id, id));
      // Of several that know it the first that knows its process counts.
      if (!found || found->process.pid == 0) found = std::move(here);
    }
  }
  return found;
}

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 1024 && !id.starts_with('.') &&
         std::ranges::all_of(id, [](char c) {
           return is_alnum(c) || c == '_' || c == '.' || c == '-' || c == '+';
         });
}

// Whether a process is the one that a state means which names no time: its control group is called
// after the container, or it was there when the state was written.
bool is_of(const Container& container, std::uint64_t start) {
  const auto groups = read_file(fmt::format("/proc/{}/cgroup", container.process.pid), 1 << 20);
  if (groups && groups->find(container.id) != std::string::npos) return true;
  constexpr std::int64_t slack = 2;  // seconds: the clock is set now and then
  struct stat state{};
  timespec now{}, boot{};
  if (::stat(container.state.c_str(), &state) != 0 || ::clock_gettime(CLOCK_REALTIME, &now) != 0 ||
      ::clock_gettime(CLOCK_BOOTTIME, &boot) != 0)
    return false;
  const auto ticks = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
  const auto since_boot = static_cast<std::int64_t>(start / ticks);
  return now.tv_sec - boot.tv_sec + since_boot <= state.st_mtim.tv_sec + slack;
}

Result<Container> running(Container found) {
  const auto start = found.process.pid ? start_of_process(found.process.pid) : std::nullopt;
  const bool meant =
      start && (found.process.start ? *start == found.process.start : is_of(found, *start));
  if (!meant)
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
  // As engines do: the whole id, else the name, else the beginning of one id.
  auto found = one_of(places, {id});
  if (found && !*found) found = one_of(places, ids_of_name(id, more_roots));
  if (found && !*found) found = one_of(places, ids_beginning_with(places, id));
  if (!found) return found.error().where = id, std::unexpected(found.error());
  if (*found) return running(**std::move(found));
  std::string where;
  for (const Place& place : places) where += "\n  " + place.folder;
  return fail(Fault::not_found,
              fmt::format("no runtime here knows this container (as root? --runtime-root names "
                          "other places); looked in:{}",
                          where),
              id);
}

}  // namespace boltseal
