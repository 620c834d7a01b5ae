// What the files of this folder share of OpenSSL: owners for its objects, and its errors as ours.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boltseal {

template <auto Free>
struct OpenSslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using OpenSsl = std::unique_ptr<T, OpenSslFree<Free>>;

// An Error of ours with OpenSSL's reason, whose queue is emptied.
std::unexpected<Error> openssl_error(Fault fault, std::string what);

}  // namespace boltseal
