// TUF repositories, channels and logs.
#include "seal/channel.h"
#include "seal/local_log.h"
#include "seal/tuf_client.h"
#include "seal/tuf_metadata.h"
#include "seal/tuf_write.h"
#include "targets.h"

namespace boltseal {
namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

// What was read of TUF metadata is written and read again the same.
template <class T>
void rewrite_tuf(Result<T> (*parse)(std::string_view), std::string_view bytes) {
  auto metadata = parse(bytes);
  if (!metadata) return;
  metadata->expires = 0;  // an offset may lead out of the years that can be written
  const std::string once = write_tuf_body(*metadata);
  const auto file = sign_tuf(once, {});
  require(file.has_value());
  const auto again = parse(*file);
  require(again.has_value() && write_tuf_body(*again) == once);
}

}  // namespace

std::map<std::string, FuzzTarget> repository_targets() {
  return {
      {"tuf-root", [](std::string_view b) { rewrite_tuf(parse_tuf_root, b); }},
      {"tuf-timestamp", [](std::string_view b) { rewrite_tuf(parse_tuf_timestamp, b); }},
      {"tuf-snapshot", [](std::string_view b) { rewrite_tuf(parse_tuf_snapshot, b); }},
      {"tuf-targets",
       [](std::string_view b) {
         rewrite_tuf(parse_tuf_targets, b);
         const auto targets = parse_tuf_targets(b);
         if (!targets) return;
         for (const auto& [name, target] : targets->targets) {
           require(tuf_file_name(name).find('/') == std::string::npos);
           for (const TufDelegation& role : targets->delegations) (void)role.covers(name);
           if (targets->bins) (void)targets->bins->bin_of(name);
         }
       }},
      {"log-entry-tile", [](std::string_view b) { (void)parse_entry_tile(b, 256); }},
      {"channel-tag", [](std::string_view b) { (void)parse_channel_tag(std::string(b)); }},
  };
}

}  // namespace boltseal
