// The byte form of our own values: in the caches, and between the sandboxed child and its parent.
//
// One list of members per type serves both directions. Reading trusts nothing: the child may have
// been taken over by what it read, and a cache file may have been flipped. Little-endian, lengths
// as varint, no version inside: the key of a cache entry carries it.
#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/cursor.h"
#include "inventory/content_manifest.h"
#include "inventory/image.h"

namespace boltseal {

// The last of each enumeration that travels: a number past it is none.
constexpr PackageType last_of(PackageType) { return PackageType::generic; }
constexpr Fault last_of(Fault) { return Fault::io; }
constexpr FileType last_of(FileType) { return FileType::socket; }
constexpr ContentEntry::Kind last_of(ContentEntry::Kind) { return ContentEntry::Kind::opaque; }

class WireWriter {
 public:
  static constexpr bool reading = false;
  void varint(std::uint64_t n) {
    for (; n >= 0x80; n >>= 7) out_ += static_cast<char>(n | 0x80);
    out_ += static_cast<char>(n);
  }
  void value(const std::string& text) {
    varint(text.size());
    out_ += text;
  }
  template <class T>
    requires std::integral<T> || std::is_enum_v<T>
  void value(const T& n) {
    if constexpr (std::signed_integral<T>) {
      const auto wide = static_cast<std::int64_t>(n);
      varint(static_cast<std::uint64_t>(wide) << 1 ^ static_cast<std::uint64_t>(wide >> 63));
    } else {
      varint(static_cast<std::uint64_t>(n));
    }
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class WireReader {
 public:
  static constexpr bool reading = true;
  explicit WireReader(std::string_view bytes) : in_(bytes) {}
  bool ok() const { return in_.ok(); }
  bool at_end() const { return in_.ok() && in_.at_end(); }
  std::size_t left() const { return in_.left(); }
  std::uint64_t varint() { return in_.varint(); }
  void fail() { in_.fail(); }
  void value(std::string& text) { text.assign(in_.bytes(in_.varint())); }
  template <class T>
    requires std::integral<T> || std::is_enum_v<T>
  void value(T& n) {
    const std::uint64_t raw = in_.varint();
    if constexpr (std::is_enum_v<T>)
      if (raw > static_cast<std::uint64_t>(last_of(T{}))) return in_.fail();
    if constexpr (std::signed_integral<T>)
      n = static_cast<T>(static_cast<std::int64_t>(raw >> 1) ^ -static_cast<std::int64_t>(raw & 1));
    else
      n = static_cast<T>(raw);
  }

 private:
  Cursor in_;
};

template <class A, class T>
void wire(A& archive, T& v)
  requires requires { archive.value(v); }
{
  archive.value(v);
}

template <class A, class T>
void wire(A& archive, std::optional<T>& v) {
  bool present = v.has_value();
  archive.value(present);
  if constexpr (A::reading) v = present ? std::optional<T>(T{}) : std::nullopt;
  if (present) wire(archive, *v);
}

template <class A, class F, class S>
void wire(A& archive, std::pair<F, S>& v) {
  wire(archive, v.first);
  wire(archive, v.second);
}

template <class A, class T>
void wire(A& archive, std::vector<T>& v) {
  if constexpr (A::reading) {
    const std::uint64_t count = archive.varint();
    // An element takes at least one byte, so a count over what is left is a lie and allocates
    // nothing.
    if (count > archive.left()) return archive.fail();
    v.clear();
    v.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(count, 4096)));
    for (std::uint64_t i = 0; i < count && archive.ok(); ++i) wire(archive, v.emplace_back());
  } else {
    archive.varint(v.size());
    for (auto& item : v) wire(archive, item);
  }
}

// Each type once: its members in order.
template <class A, class... T>
void wire_all(A& archive, T&... members) {
  (wire(archive, members), ...);
}

template <class A>
void wire(A& a, Evidence& v) {
  wire_all(a, v.path, v.layer, v.what);
}
template <class A>
void wire(A& a, Package& v) {
  wire_all(a, v.type, v.name, v.version, v.arch, v.source_name, v.source_version, v.module,
           v.licence, v.licence_text, v.supplier, v.homepage, v.description, v.cpes, v.depends,
           v.provides, v.hashes, v.evidence, v.development, v.owner);
}
template <class A>
void wire(A& a, Ownership& v) {
  wire_all(a, v.type, v.name, v.paths);
}
template <class A>
void wire(A& a, LicenceNote& v) {
  wire_all(a, v.type, v.name, v.licence);
}
template <class A>
void wire(A& a, Distribution& v) {
  wire_all(a, v.id, v.id_like, v.version_id, v.codename, v.name, v.cpe);
}
template <class A>
void wire(A& a, Unknown& v) {
  wire_all(a, v.path, v.layer, v.reader, v.fault, v.what, v.offset);
}
template <class A>
void wire(A& a, MavenDependency& v) {
  wire_all(a, v.group, v.artifact, v.version, v.type, v.classifier, v.scope, v.optional);
}
template <class A>
void wire(A& a, MavenParent& v) {
  wire_all(a, v.group, v.artifact, v.version, v.path);
}
template <class A>
void wire(A& a, MavenModel& v) {
  wire_all(a, v.group, v.artifact, v.version, v.parent, v.homepage, v.description, v.organization,
           v.licences, v.properties, v.dependencies, v.managed);
}
template <class A>
void wire(A& a, Fragment& v) {
  wire_all(a, v.path, v.amends, v.layer, v.packages, v.ownerships, v.licences, v.distributions,
           v.maven_models, v.unknowns);
}
template <class A>
void wire(A& a, LayerInfo& v) {
  wire_all(a, v.digest, v.diff_id, v.media_type, v.size, v.created_by);
}
template <class A>
void wire(A& a, ImageInfo& v) {
  wire_all(a, v.reference, v.kind, v.manifest_digest, v.config_digest, v.os, v.architecture,
           v.variant, v.created, v.user, v.labels, v.layers, v.history, v.index_digests);
}
template <class A>
void wire(A& a, LayerUsage& v) {
  wire_all(a, v.bytes, v.files, v.folders);
}
template <class A>
void wire(A& a, Inventory& v) {
  wire_all(a, v.image, v.distribution, v.packages, v.dependencies, v.unknowns, v.usage);
}

template <class A>
void wire(A& a, LayerContent& v) {
  wire_all(a, v.entries, v.unknowns);
}

template <class T>
std::string to_wire(const T& v) {
  WireWriter writer;
  wire(writer,
       const_cast<T&>(v));  // the member lists serve both directions; writing changes nothing
  return writer.take();
}

// corrupt unless the bytes are exactly one T.
template <class T>
Result<T> from_wire(std::string_view bytes) {
  WireReader reader(bytes);
  T v{};
  wire(reader, v);
  if (!reader.at_end()) return fail(Fault::corrupt, "not the bytes that were written");
  return v;
}

}  // namespace boltseal
