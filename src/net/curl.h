// libcurl as a table of its functions, loaded when the first request is made.
#pragma once
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include <memory>

#include "base/result.h"

namespace boltseal {

struct Curl {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_reset) easy_reset = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_perform) easy_perform = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
};

// The library, once it is loaded; unsupported, with what to install, where it is missing.
Result<const Curl*> load_curl();

// A handle borrowed from a pool, so that connections are used again; it comes reset and goes back
// by itself.
class CurlHandle {
 public:
  static Result<CurlHandle> borrow(const Curl& curl);
  CurlHandle(CurlHandle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  CurlHandle& operator=(CurlHandle&&) = delete;
  ~CurlHandle();
  CURL* get() const { return handle_; }

 private:
  explicit CurlHandle(CURL* handle) : handle_(handle) {}
  CURL* handle_;
};

}  // namespace boltseal
