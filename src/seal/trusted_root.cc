#include "seal/trusted_root.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/time.h"
#include "codec/value.h"
#include "seal/protojson.h"

namespace boltseal {

std::string_view public_good_root_json();  // data/public-good-root.json, compiled in

namespace {

constexpr std::string_view code = "trusted-root-invalid";
constexpr std::size_t log_limit = 200, chain_limit = 20;
constexpr std::array<std::string_view, 3> media_types = {
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json"};

// Without its port, as Rekor v2 takes it for the origin of its checkpoints.
std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  const auto port = url.rfind(':');
  return std::string(url.substr(0, url.ends_with(']') ? url.size() : port));
}

bool known_key(std::string_view details) {
  return details.starts_with("PKIX_ECDSA_P") || details.starts_with("PKIX_ED25519") ||
         details.starts_with("PKIX_RSA_") || details.starts_with("PKCS1_RSA_");
}

Checked<Window> read_window(const ProtoObject& owner) {
  TRY(const auto valid, owner.object("validFor"));
  Window out;
  TRY(out.start, valid.moment("start"));
  if (valid.has("end")) {
    TRY(out.end, valid.moment("end"));
  }
  return out;
}

Checked<std::vector<TrustedLog>> read_logs(const ProtoObject& root, std::string_view name) {
  TRY(const auto entries, root.objects(name, log_limit));
  std::vector<TrustedLog> out;
  for (const ProtoObject& entry : entries) {
    TRY(const auto key, entry.object("publicKey"));
    TRY(const auto window, read_window(key));
    TRY(const auto details, key.text("keyDetails"));
    TRY(const auto raw, key.bytes("rawBytes"));
    TRY(const auto log_id, entry.object("logId"));
    TRY(auto id, log_id.bytes("keyId"));
    TRY(auto url, entry.optional_text("baseUrl"));
    if (!known_key(details)) continue;
    auto parsed = PublicKey::from_der(raw);
    if (!parsed) return key.wrong("rawBytes", parsed.error().what);
    std::string host = host_of(url);
    out.push_back({std::move(url), std::move(host), std::move(id), *std::move(parsed), window});
  }
  return out;
}

Checked<std::vector<TrustedAuthority>> read_authorities(const ProtoObject& root,
                                                        std::string_view name) {
  TRY(const auto entries, root.objects(name, log_limit));
  std::vector<TrustedAuthority> out;
  for (const ProtoObject& entry : entries) {
    TrustedAuthority authority;
    TRY(authority.valid, read_window(entry));
    TRY(const auto chain, entry.object("certChain"));
    TRY(const auto certificates, chain.objects("certificates", chain_limit));
    for (const ProtoObject& certificate : certificates) {
      TRY(const auto raw, certificate.bytes("rawBytes"));
      auto parsed = Certificate::from_der(raw);
      if (!parsed) return certificate.wrong("rawBytes", parsed.error().what);
      authority.chain.push_back(*std::move(parsed));
    }
    if (authority.chain.empty())
      return chain.wrong("certificates", "an authority without certificates", "at least one",
                         "none");
    TRY(authority.name, entry.optional_text("uri"));
    if (authority.name.empty()) authority.name = authority.chain.front().subject_text();
    out.push_back(std::move(authority));
  }
  return out;
}

const TrustedLog* by_id(const std::vector<TrustedLog>& logs, std::string_view id) {
  for (const TrustedLog& log : logs)
    if (log.id == id) return &log;
  return nullptr;
}

}  // namespace

std::string Window::text() const {
  return rfc3339(start) + " to " + (end ? rfc3339(*end) : std::string("now"));
}

const TrustedLog* TrustedRoot::log(std::string_view id) const { return by_id(logs, id); }
const TrustedLog* TrustedRoot::ct_log(std::string_view id) const { return by_id(ct_logs, id); }

Checked<TrustedRoot> parse_trusted_root(std::string_view json) {
  const std::string name(code);
  if (json.size() > max_trusted_root) return refuse(name, "a trusted root of more than 16 MiB");
  const auto document = parse_json(json);
  if (!document) return refuse(name, document.error().what);
  if (auto good = refuse_repeats(document->root(), name); !good)
    return std::unexpected(good.error());
  const ProtoObject root(document->root(), "", name);
  TRY(const auto type, root.text("mediaType"));
  if (std::ranges::find(media_types, type) == media_types.end())
    return root.wrong("mediaType", "not a trusted root of a version that is known",
                      std::string(media_types[0]), type);
  TrustedRoot out;
  TRY(out.logs, read_logs(root, "tlogs"));
  TRY(out.ct_logs, read_logs(root, "ctlogs"));
  TRY(out.certificate_authorities, read_authorities(root, "certificateAuthorities"));
  TRY(out.timestamp_authorities, read_authorities(root, "timestampAuthorities"));
  return out;
}

Checked<TrustedRoot> public_good_root() {
  auto root = parse_trusted_root(public_good_root_json());
  if (root) root->source = "built in: Sigstore public good";
  return root;
}

}  // namespace boltseal
