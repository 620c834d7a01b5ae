// What a channel says, to somebody who trusts its root.
#include <fmt/format.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "seal/channel.h"
#include "seal/state_directory.h"
#include "source/reference.h"

namespace boltseal {
namespace {

// The same reasons under the names that fit a channel.
Refusal as_channel(Refusal refusal) {
  if (refusal.code == "metadata-expired") {
    const bool news =
        refusal.field.starts_with("timestamp") || refusal.field.starts_with("snapshot");
    refusal.code = news ? "channel-freeze" : "channel-expired";
    refusal.what = news ? "what is current has run out: its keeper must refresh it, or somebody "
                          "holds back news (`channel refresh-timestamp`)"
                        : "the record has run out: its signer must renew it (`channel renew`)";
  } else if (refusal.code == "metadata-rollback") {
    refusal.code = "channel-rollback";
  } else if (refusal.code == "target-unknown") {
    refusal.code = "channel-tag-unknown";
    refusal.what = "the channel says nothing of this tag";
  }
  return refusal;
}

}  // namespace

Result<ChannelTag> parse_channel_tag(const std::string& reference) {
  TRY(const Reference parsed, parse_registry_reference(reference));
  if (parsed.tag.empty())
    return fail(Fault::unsupported, "a channel answers for tags: write NAME:TAG", reference);
  return ChannelTag{parsed.host + "/" + parsed.repository, parsed.tag};
}

std::string channel_state(std::string_view root) {
  return state_directory() + "/channels/" + sha256_hex(root);
}

Checked<ResolvedTag> resolve_channel(FileStore& store, std::string_view root,
                                     const std::string& state, const ChannelTag& tag,
                                     std::int64_t now) {
  TRY_DO(ensure_trust(state, root));
  TRY(auto client, TufClient::open(state, fetch_from(store), now));
  if (const auto done = client.refresh(); !done) return std::unexpected(as_channel(done.error()));
  const auto target = client.find(tag.target());
  if (!target) return std::unexpected(as_channel(target.error()));
  for (const char* kind : {"sha256", "sha512"}) {
    const auto hash = target->hashes.find(kind);
    if (hash == target->hashes.end()) continue;
    ResolvedTag out{tag, fmt::format("{}:{}", kind, hash->second), client.timestamp().version,
                    client.timestamp().expires};
    if (is_digest(out.digest)) return out;
  }
  return refuse("hash-unknown", "the record has no digest that an image could have",
                tag.target() + ".hashes", "sha256 or sha512");
}

}  // namespace boltseal
