// An image in a registry. The manifest and config are fetched at once; each layer is a pipe that a
// thread of its own fills, because the child that reads the bytes may not open a socket.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <thread>

#include "net/registry.h"
#include "source/config.h"
#include "source/openers.h"

namespace boltseal {
namespace {

constexpr int max_index_depth = 3;  // an index may name an index
constexpr int pipe_bytes = 1 << 20;

// Streams one blob into a pipe. When the reader wants no more (it closed its end, or finish() came
// early) that is no error.
class PipeFiller {
 public:
  PipeFiller(std::shared_ptr<Registry> registry, Descriptor blob, Fd write_end, Fd stop)
      : registry_(std::move(registry)),
        blob_(std::move(blob)),
        pipe_(std::move(write_end)),
        stop_(std::move(stop)) {
    thread_ = std::thread([this] { run(); });
  }
  PipeFiller(const PipeFiller&) = delete;
  PipeFiller& operator=(const PipeFiller&) = delete;
  ~PipeFiller() { (void)finish(); }

  Result<> finish() {
    const std::uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);
    if (thread_.joinable()) thread_.join();
    return result_;
  }

 private:
  bool stopped() const {
    pollfd wait{stop_.get(), POLLIN, 0};
    return ::poll(&wait, 1, 0) > 0;
  }

  Result<> put(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t put = ::write(pipe_.get(), bytes.data(), bytes.size());
      if (put > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(put));
        continue;
      }
      if (errno == EPIPE) unwanted_ = true;
      if (errno == EAGAIN) {
        pollfd waits[2] = {{pipe_.get(), POLLOUT, 0}, {stop_.get(), POLLIN, 0}};
        (void)::poll(waits, 2, -1);
        unwanted_ = waits[1].revents != 0;
      } else if (errno != EINTR && !unwanted_) {
        return std::unexpected(errno_error("cannot hand on", blob_.digest));
      }
      if (unwanted_) return fail(Fault::io, "not wanted any more", blob_.digest);
    }
    return {};
  }

  void run() {
    sigset_t mask;
    ::sigemptyset(&mask);
    ::sigaddset(&mask, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &mask, nullptr);
    auto result = registry_->stream(
        blob_, [this](std::string_view bytes) { return put(bytes); }, [this] { return stopped(); });
    if (!result && !unwanted_ && !stopped()) result_ = std::move(result);
    // Closed last: whoever sees the end of the pipe finds the result there.
    pipe_ = Fd();
  }

  std::shared_ptr<Registry> registry_;
  Descriptor blob_;
  Fd pipe_, stop_;
  bool unwanted_ = false;
  Result<> result_;
  std::thread thread_;
};

Result<LayerBytes> open_blob(const std::shared_ptr<Registry>& registry, const Descriptor& blob) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return std::unexpected(errno_error("cannot make a pipe", blob.digest));
  Fd read_end(ends[0]), write_end(ends[1]);
  Fd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop || ::fcntl(write_end.get(), F_SETFL, O_NONBLOCK) != 0) {
    return std::unexpected(errno_error("cannot prepare a pipe", blob.digest));
  }
  (void)::fcntl(write_end.get(), F_SETPIPE_SZ, pipe_bytes);  // a smaller one is only slower
  auto filler = std::make_shared<PipeFiller>(registry, blob, std::move(write_end), std::move(stop));
  LayerBytes out;
  out.fd = std::move(read_end);
  out.finish = [filler] { return filler->finish(); };
  return out;
}

struct Found {
  FetchedManifest image;
  Platform platform;                 // by which an index has it
  std::vector<std::string> indexes;  // digests, outermost first
};

// The image's own manifest, through as many indexes as it takes.
Result<Found> find_image(Registry& registry, const Reference& reference,
                         const std::string& platform) {
  Found out;
  TRY(auto fetched, registry.manifest(reference.digest.empty() ? reference.tag : reference.digest));
  for (int depth = 0; fetched.manifest.is_index; ++depth) {
    if (depth >= max_index_depth)
      return fail(Fault::too_large, "indexes nested too deep", reference.text);
    TRY(const Descriptor entry, choose_platform(fetched.manifest, platform, reference.text));
    out.indexes.push_back(fetched.digest);
    out.platform = entry.platform;
    TRY(fetched, registry.manifest(entry.digest));
  }
  out.image = std::move(fetched);
  return out;
}

}  // namespace

Result<Opened> open_registry(const Reference& reference, const SourceOptions& options) {
  RegistryOptions how = registry_options();
  how.insecure_http = options.insecure_http;
  how.plain_http = reference.plain_http;
  TRY(auto opened, Registry::open(reference.host, reference.repository, std::move(how)));
  const auto registry = std::make_shared<Registry>(std::move(opened));
  TRY(const auto found, find_image(*registry, reference, options.platform));
  const Manifest& manifest = found.image.manifest;
  TRY(const std::string config, registry->blob(manifest.config, max_config_bytes));
  std::vector<LayerInfo> layers;
  for (const Descriptor& layer : manifest.layers) {
    layers.push_back({layer.digest, {}, layer.media_type, layer.size, {}});
  }
  OpenedImage image;
  TRY(image.info, image_from_config(config, std::move(layers), reference.text));
  image.info.reference = reference.text;
  image.info.manifest_digest = found.image.digest;
  image.info.index_digests = found.indexes;
  image.info.config_digest = manifest.config.digest;
  TRY_DO(check_platform(image.info, found.platform, options.platform, reference.text));
  image.open_layer = [registry, blobs = manifest.layers](std::size_t i) -> Result<LayerBytes> {
    if (i >= blobs.size()) return fail(Fault::not_found, fmt::format("no layer {}", i));
    return open_blob(registry, blobs[i]);
  };
  return image;
}

}  // namespace boltseal
