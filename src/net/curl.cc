#include "net/curl.h"

#include <dlfcn.h>

#include <mutex>
#include <vector>

namespace boltseal {
namespace {

template <class Function>
bool find(void* library, const char* name, Function& out) {
  out = reinterpret_cast<Function>(::dlsym(library, name));
  return out != nullptr;
}

Result<Curl> open_library() {
  void* library = ::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  // Debian's other build of the same interface.
  if (library == nullptr) library = ::dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(Fault::unsupported,
                "libcurl is not installed, and everything that goes over the network needs it: "
                "apt-get install "
                "libcurl4 (Ubuntu 24.04: libcurl4t64), dnf install libcurl, apk add libcurl");
  }
  Curl curl;
  const bool whole = find(library, "curl_global_init", curl.global_init) &&
                     find(library, "curl_easy_init", curl.easy_init) &&
                     find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                     find(library, "curl_easy_reset", curl.easy_reset) &&
                     find(library, "curl_easy_setopt", curl.easy_setopt) &&
                     find(library, "curl_easy_perform", curl.easy_perform) &&
                     find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                     find(library, "curl_easy_strerror", curl.easy_strerror) &&
                     find(library, "curl_slist_append", curl.slist_append) &&
                     find(library, "curl_slist_free_all", curl.slist_free_all);
  if (!whole || curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(Fault::unsupported,
                "the libcurl of this machine cannot be used: install libcurl 7.62 or newer");
  }
  return curl;
}

// Handles that wait for their next request. They are never freed at exit: the connections end with
// the process.
struct Pool {
  std::mutex mutex;
  std::vector<CURL*> idle;
};

Pool& pool() {
  static auto* handles = new Pool;
  return *handles;
}

constexpr std::size_t max_idle = 16;

}  // namespace

Result<const Curl*> load_curl() {
  static const Result<Curl> loaded = open_library();
  if (!loaded) return std::unexpected(loaded.error());
  return &*loaded;
}

Result<CurlHandle> CurlHandle::borrow(const Curl& curl) {
  {
    const std::scoped_lock lock(pool().mutex);
    if (!pool().idle.empty()) {
      CURL* handle = pool().idle.back();
      pool().idle.pop_back();
      return CurlHandle(handle);
    }
  }
  CURL* handle = curl.easy_init();
  if (handle == nullptr) return fail(Fault::io, "libcurl has no memory for a request");
  return CurlHandle(handle);
}

CurlHandle::~CurlHandle() {
  if (handle_ == nullptr) return;
  const auto curl = load_curl();
  if (!curl) return;
  (*curl)->easy_reset(handle_);
  const std::scoped_lock lock(pool().mutex);
  if (pool().idle.size() < max_idle)
    pool().idle.push_back(handle_);
  else
    (*curl)->easy_cleanup(handle_);
}

}  // namespace boltseal
