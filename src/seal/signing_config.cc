#include "seal/signing_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <vector>

#include "base/time.h"
#include "codec/value.h"
#include "net/url.h"
#include "seal/protojson.h"
#include "seal/trusted_root.h"

namespace boltseal {
namespace {

constexpr const char* code = "signing-config-invalid";
constexpr std::string_view media_type = "application/vnd.dev.sigstore.signingconfig.v0.2+json";
constexpr std::size_t service_limit = 100;

struct Service {
  std::string url, operator_name;
  std::int64_t version = 0;
  Window valid;
};

Checked<Service> read_service(const ProtoObject& object) {
  Service out;
  TRY(out.url, object.text("url"));
  if (const auto url = parse_url(out.url); !url)
    return object.wrong("url", url.error().what, "https://HOST", out.url);
  TRY(out.operator_name, object.optional_text("operator"));
  TRY(out.version, object.number("majorApiVersion"));
  if (!object.has("validFor")) return out;
  TRY(const auto valid, object.object("validFor"));
  if (valid.has("start")) {
    TRY(out.valid.start, valid.moment("start"));
  }
  if (valid.has("end")) {
    TRY(out.valid.end, valid.moment("end"));
  }
  return out;
}

// What may be used now, the newest first: one of each operator, all of one version.
Checked<std::vector<Service>> usable(const ProtoObject& root, std::string_view name,
                                     std::span<const std::int64_t> versions, std::int64_t moment) {
  TRY(const auto objects, root.objects(name, service_limit));
  std::vector<Service> all;
  for (const ProtoObject& object : objects) {
    TRY(auto service, read_service(object));
    all.push_back(std::move(service));
  }
  std::ranges::stable_sort(all, std::ranges::greater{},
                           [](const Service& service) { return service.valid.start; });
  std::vector<Service> out;
  std::set<std::string> operators;
  for (const std::int64_t version : versions) {
    for (const Service& service : all) {
      if (service.version == version && service.valid.contains(moment) &&
          operators.insert(service.operator_name).second)
        out.push_back(service);
    }
    if (!out.empty()) break;
  }
  if (out.empty() && !all.empty())
    return refuse(
        "service-missing", "none of these services can be used now", root.path_of(name),
        fmt::format("version {}, valid at {}", fmt::join(versions, " or "), rfc3339(moment)),
        fmt::format("{} others", all.size()));
  return out;
}

// protobuf's JSON writes an enumeration by its name, and may write its number.
std::string selector_of(const Value& value) {
  const std::string text = value.scalar();
  return text == "1" ? "ALL" : text == "2" ? "ANY" : text == "3" ? "EXACT" : text;
}

Checked<void> apply_selector(const ProtoObject& root, std::string_view name, std::string_view list,
                             std::vector<Service>& services) {
  if (services.empty()) return {};
  TRY(const auto config, root.object(name));
  const std::string selector = selector_of(config.at("selector"));
  if (selector == "ALL") return {};
  if (selector != "ANY" && selector != "EXACT")
    return config.wrong("selector", "a way to choose that is not known", "ANY, ALL or EXACT",
                        selector);
  TRY(const auto given, config.natural("count"));
  const std::uint64_t count = selector == "ANY" ? 1 : given;
  if (count == 0) return config.wrong("count", "EXACT says how many", "1 or more", "0");
  if (count > services.size())
    return refuse("service-missing", "fewer services of different operators than must be used",
                  root.path_of(list), fmt::format("{}", count), fmt::format("{}", services.size()));
  services.erase(services.begin() + static_cast<std::ptrdiff_t>(count), services.end());
  return {};
}

}  // namespace

Checked<SigningServices> select_services(std::string_view json, std::int64_t moment) {
  constexpr std::int64_t first[] = {1}, log_versions[] = {2, 1};
  if (json.size() > max_signing_config) return refuse(code, "a signing config of more than 1 MiB");
  const auto document = parse_json(json);
  if (!document) return refuse(code, document.error().what, "", "JSON");
  TRY_DO(refuse_repeats(document->root(), code));
  const ProtoObject root(document->root(), "", code);
  TRY(const auto type, root.text("mediaType"));
  if (type != media_type)
    return root.wrong("mediaType", "not a signing config of a version that is known",
                      std::string(media_type), type);
  SigningServices out;
  TRY(const auto authorities, usable(root, "caUrls", first, moment));
  if (!authorities.empty()) out.certificate_authority = authorities.front().url;
  TRY(auto logs, usable(root, "rekorTlogUrls", log_versions, moment));
  TRY_DO(apply_selector(root, "rekorTlogConfig", "rekorTlogUrls", logs));
  for (Service& log : logs) out.logs.push_back({std::move(log.url), static_cast<int>(log.version)});
  TRY(auto stamps, usable(root, "tsaUrls", first, moment));
  TRY_DO(apply_selector(root, "tsaConfig", "tsaUrls", stamps));
  for (Service& authority : stamps) out.timestamp_authorities.push_back(std::move(authority.url));
  return out;
}

}  // namespace boltseal
