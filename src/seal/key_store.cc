#include "seal/key_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "codec/json_writer.h"
#include "codec/value.h"
#include "crypto/pkcs11.h"
#include "crypto/pkcs11_uri.h"

namespace boltseal {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t record_limit = 64 << 10;
constexpr std::array<std::string_view, 3> states = {"active", "superseded", "revoked"};

std::string written(const StoredKey& key) {
  JsonWriter json;
  json.object()
      .member("name", key.name)
      .member("id", key.key.id())
      .member("kind", name_of(key.key.kind()))
      .member("bits", key.key.bits())
      .member("created", key.created)
      .text_if("purpose", key.purpose)
      .member("state", name_of(key.state))
      .text_if("successor", key.successor)
      .text_if("token", key.token);
  return json.end().take();
}

Result<StoredKey> parsed(std::string_view json, const std::string& name, PublicKey half) {
  TRY(const auto document, parse_json(json));
  const Value& root = document.root();
  const auto state = std::ranges::find(states, root["state"].text());
  if (!root.is_object() || !repeated_member(root).empty() || state == states.end())
    return fail(Fault::corrupt, "not the record of a key");
  if (root["id"].text() != half.id())
    return fail(Fault::corrupt, "the record belongs to another key than key.pub beside it");
  StoredKey out{name,
                std::move(half),
                root["created"].string(),
                root["purpose"].string(),
                static_cast<KeyState>(state - states.begin()),
                root["successor"].string(),
                root["token"].string()};
  return out;
}

// A new folder becomes the key's in one step, so that no key is ever half there.
Result<> written_whole(const std::string& store, const std::string& name,
                       const std::vector<std::pair<std::string, std::string>>& files) {
  std::string folder = store + "/.new-XXXXXX";
  if (!::mkdtemp(folder.data()))  // mode 0700
    return std::unexpected(errno_error("cannot make a folder in", store));
  Result<> done;
  for (const auto& [file, bytes] : files) {
    if (done) done = write_secret_file(folder + file, bytes);
  }
  if (done && ::rename(folder.c_str(), (store + "/" + name).c_str()) != 0)
    done = std::unexpected(errno_error("cannot keep the key", store + "/" + name));
  std::error_code ignored;
  if (!done) fs::remove_all(folder, ignored);
  return done;
}

void warn_when_open(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0)
    log_warning(printable(path) + " can be read by others: chmod 600 takes that off");
}

}  // namespace

std::string_view name_of(KeyState state) { return states[static_cast<std::size_t>(state)]; }

bool is_key_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && is_alnum(name.front()) && name != "records.jsonl" &&
         std::ranges::all_of(
             name, [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; });
}

std::string KeyStore::default_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  if (auto folder = variable("BOLTSEAL_KEYS"); !folder.empty()) return folder;
  if (const auto data = variable("XDG_DATA_HOME"); data.starts_with('/'))
    return data + "/boltseal/keys";
  return variable("HOME") + "/.local/share/boltseal/keys";
}

std::string KeyStore::private_file(const std::string& name) const {
  return folder_ + "/" + name + "/key.key";
}

bool KeyStore::has(std::string_view name) const {
  return is_key_name(name) && ::access((folder_ + "/" + std::string(name)).c_str(), F_OK) == 0;
}

std::vector<std::string> KeyStore::names() const {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    if (auto name = at->path().filename().string(); is_key_name(name) && at->is_directory(error))
      out.push_back(std::move(name));
  }
  std::ranges::sort(out);
  return out;
}

Result<StoredKey> KeyStore::find(const std::string& name) const {
  if (!has(name))
    return fail(Fault::not_found,
                "the store " + folder_ + " has no such key; `boltseal key list` shows what it has",
                name);
  const std::string folder = folder_ + "/" + name;
  TRY(const auto pem, read_file(folder + "/key.pub", max_key_file));
  TRY(auto half, PublicKey::from_pem(pem));
  TRY(const auto json, read_file(folder + "/record.json", record_limit));
  auto key = parsed(json, name, std::move(half));
  if (!key) key.error().where = folder + "/record.json";
  return key;
}

std::optional<StoredKey> KeyStore::find_id(const std::string& id) const {
  for (const std::string& name : names()) {
    if (auto key = find(name); key && key->key.id() == id) return std::move(*key);
  }
  return std::nullopt;
}

Result<> KeyStore::may_add(const std::string& name) const {
  if (!is_key_name(name))
    return fail(Fault::unsupported,
                "a key's name is at most 64 letters, digits and \"._-\", and begins with a letter "
                "or digit",
                name);
  if (has(name))
    return fail(Fault::unsupported, "the store has a key of that name; take another name", name);
  return make_directories(folder_);
}

Result<StoredKey> KeyStore::add(const std::string& name, const PrivateKey& key,
                                std::string_view password, const std::string& purpose) const {
  TRY_DO(may_add(name));
  TRY(const auto file, write_key_file(key, password));
  StoredKey out{name, key.public_key(), rfc3339(writing_time()), purpose, KeyState::active, {}, {}};
  TRY_DO(written_whole(
      folder_, name,
      {{"/key.key", file}, {"/key.pub", out.key.pem()}, {"/record.json", written(out)}}));
  return out;
}

Result<StoredKey> KeyStore::add_token(const std::string& name, const std::string& uri,
                                      PublicKey half, const std::string& purpose) const {
  TRY_DO(may_add(name));
  TRY(const auto parsed, parse_pkcs11_uri(uri));
  StoredKey out{name, std::move(half),         rfc3339(writing_time()), purpose, KeyState::active,
                {},   write_pkcs11_uri(parsed)};
  TRY_DO(
      written_whole(folder_, name, {{"/key.pub", out.key.pem()}, {"/record.json", written(out)}}));
  return out;
}

Result<> KeyStore::update(const StoredKey& key) const {
  return write_secret_file(folder_ + "/" + key.name + "/record.json", written(key));
}

Result<> KeyStore::set_password(const std::string& name, const PrivateKey& key,
                                std::string_view password) const {
  TRY(const auto file, write_key_file(key, password));
  return write_secret_file(private_file(name), file);
}

Result<PrivateKey> KeyStore::private_key(const std::string& name,
                                         const PasswordSource& password) const {
  TRY(const auto stored, find(name));
  if (!stored.token.empty())
    return fail(Fault::unsupported,
                "the key is in a token, which does not give it out: " + stored.token, name);
  const std::string path = private_file(name);
  warn_when_open(path);
  TRY(const auto bytes, read_secret_file(path, max_key_file));
  auto key = read_private_key(bytes.view(), name, password);
  if (!key && key.error().where.empty()) key.error().where = path;
  if (key && !(key->public_key() == stored.key))
    return fail(Fault::corrupt, "the private key is not that of key.pub beside it", path);
  return key;
}

Result<std::unique_ptr<Signer>> KeyStore::open_any(const std::string& name,
                                                   const PasswordSource& password) const {
  TRY(const auto stored, find(name));
  if (stored.token.empty()) {
    TRY(auto key, private_key(name, password));
    return std::make_unique<PrivateKey>(std::move(key));
  }
  auto signer = open_token_signer(stored.token, password);
  if (!signer && signer.error().where.empty()) signer.error().where = name + ", " + stored.token;
  if (signer && !((*signer)->public_key() == stored.key))
    return fail(Fault::corrupt, "the token has another key there than the one that was imported",
                name + ", " + stored.token);
  return signer;
}

Result<std::unique_ptr<Signer>> KeyStore::open(const std::string& name,
                                               const PasswordSource& password) const {
  TRY(const auto stored, find(name));
  if (stored.state == KeyState::revoked)
    return fail(Fault::unsupported, "the key was revoked and signs no more", name);
  if (stored.state == KeyState::superseded)
    return fail(Fault::unsupported,
                "another key took the place of this one; sign with " +
                    (stored.successor.empty() ? "that" : stored.successor),
                name);
  return open_any(name, password);
}

Result<> KeyStore::add_records(std::span<const DsseEnvelope> added) const {
  TRY_DO(make_directories(folder_));
  const auto mine = records();
  if (!mine) return fail(Fault::corrupt, mine.error().message(), records_file());
  auto all = mine->envelopes();
  std::string lines;
  for (const DsseEnvelope& record : added) {
    if (std::ranges::find(all, record.payload, &DsseEnvelope::payload) != all.end()) continue;
    all.push_back(record);
    lines += write_dsse(record) + "\n";
  }
  if (const auto good = KeyRecords::verified(all); !good)
    return fail(Fault::corrupt, good.error().message());
  // One write behind the end: two at a time lose none.
  const Fd fd(::open(records_file().c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return std::unexpected(errno_error("cannot open", records_file()));
  TRY_DO(write_all(fd.get(), lines, records_file()));
  if (::fsync(fd.get()) != 0) return std::unexpected(errno_error("cannot write", records_file()));
  return {};
}

Checked<KeyRecords> KeyStore::records() const {
  if (::access(records_file().c_str(), F_OK) != 0) return KeyRecords::verified({});
  return KeyRecords::read(records_file());
}

}  // namespace boltseal
