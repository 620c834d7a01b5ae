// Many small texts with one owner: each lies in a block of memory, is never changed, and goes when
// all go. A report has a hundred thousand of them, and most are made, or read from the database, to
// be written once.
#pragma once
#include <fmt/format.h>

#include <initializer_list>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace boltseal {

class Texts {
 public:
  Texts() = default;
  Texts(Texts&& other) noexcept { *this = std::move(other); }
  Texts& operator=(Texts&& other) noexcept;

  // Takes all of another over; its texts stay where they are.
  void adopt(Texts&& other);

  // A copy that lives as long as this object, or the one it is moved to.
  std::string_view keep(std::string_view text) { return join({text}); }
  // All of them, one behind the other.
  std::string_view join(std::initializer_list<std::string_view> parts);
  template <class... Args>
  std::string_view format(fmt::format_string<Args...> how, Args&&... args) {
    fmt::memory_buffer out;
    fmt::format_to(std::back_inserter(out), how, std::forward<Args>(args)...);
    return keep({out.data(), out.size()});
  }

 private:
  char* room(std::size_t bytes);  // where that many may be written; next_ is for the caller to move
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;  // free space of the last block
  char* end_ = nullptr;
};

}  // namespace boltseal
