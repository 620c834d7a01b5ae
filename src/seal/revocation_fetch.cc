#include "seal/revocation_fetch.h"

#include <fmt/format.h>

#include <chrono>

#include "base/text.h"
#include "net/http.h"

namespace boltseal {
namespace {

// The Notary Project's thresholds; and what a chain of certificates can make us do at most.
constexpr int responder_seconds = 2, list_seconds = 5;
constexpr int request_limit = 32;

void add(const RevocationEvidence& from, RevocationEvidence& to) {
  to.lists.insert(to.lists.end(), from.lists.begin(), from.lists.end());
  to.responses.insert(to.responses.end(), from.responses.begin(), from.responses.end());
}

}  // namespace

RevocationAnswer RevocationFetcher::ask(const Certificate& certificate, const Certificate& issuer,
                                        const RevocationEvidence& given, std::int64_t now,
                                        std::optional<std::int64_t> signing_time) {
  const auto known = [&] {
    RevocationEvidence all = given;
    add(had_, all);
    return revocation_of(certificate, issuer, all, now, signing_time);
  };
  auto answer = known();
  if (answer.state != Revocation::undecided) return answer;
  const auto request = ocsp_request(certificate, issuer);
  for (const std::string& url : ocsp_urls(certificate)) {
    if (!request || !add_response(url, *request)) continue;
    answer = known();
    if (answer.state != Revocation::undecided) return answer;
    trouble_.push_back(url + ": no answer of the issuer that holds now");
  }
  for (const std::string& url : revocation_list_urls(certificate)) {
    if (!add_lists(url)) continue;
    answer = known();
    if (answer.state != Revocation::undecided) return answer;
    trouble_.push_back(url + ": no list of the issuer that holds now");
  }
  return answer;
}

bool RevocationFetcher::add_response(const std::string& url, const std::string& request) {
  const auto [at, first] = asked_.try_emplace({url, request}, false);
  if (!first) return at->second;
  const auto body = get(url, request);
  auto response = body ? OcspResponse::from_der(*body) : std::unexpected(body.error());
  if (!response) return trouble_.push_back(url + ": " + printable(response.error().what)), false;
  had_.responses.push_back(*std::move(response));
  return at->second = true;
}

bool RevocationFetcher::add_lists(const std::string& url) {
  const auto [at, first] = asked_.try_emplace({url, {}}, false);
  if (!first) return at->second;
  const auto body = get(url, {});
  auto lists = body ? RevocationList::all_from_file(*body) : std::unexpected(body.error());
  if (!lists) return trouble_.push_back(url + ": " + printable(lists.error().what)), false;
  at->second = true;
  add({*lists, {}}, had_);
  for (const RevocationList& list : *lists) {
    for (const std::string& changes : list.change_urls())
      if (changes.starts_with("http://") && add_lists(changes)) break;
  }
  return true;
}

Result<std::string> RevocationFetcher::get(const std::string& url, const std::string& request) {
  if (++requests_ > request_limit)
    return fail(Fault::too_large, "more than 32 places to ask at", url);
  const bool responder = !request.empty();
  const int seconds = responder ? responder_seconds : list_seconds;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  HttpRequest call;
  call.url = url;
  call.allow_http = true;
  call.max_redirects = 0;
  call.retries = 0;
  call.stall_seconds = seconds;
  call.cap = responder ? max_ocsp_response : max_revocation_list;
  call.cancelled = [until] { return std::chrono::steady_clock::now() > until; };
  if (responder) {
    call.method = "POST";
    call.headers = {{"Content-Type", "application/ocsp-request"},
                    {"Accept", "application/ocsp-response"}};
    call.body = request;
  }
  TRY(auto response, http(call));
  if (response.status != 200) return fail(Fault::io, fmt::format("HTTP {}", response.status), url);
  return std::move(response.body);
}

}  // namespace boltseal
