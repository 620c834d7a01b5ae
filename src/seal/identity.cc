#include "seal/identity.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace boltseal {
namespace {

constexpr std::string_view code = "certificate-identity-invalid";
constexpr std::string_view old_issuer = "1.3.6.1.4.1.57264.1.1";  // raw bytes
constexpr std::string_view new_issuer = "1.3.6.1.4.1.57264.1.8";  // UTF8String
constexpr std::size_t pattern_limit = 4096;
constexpr std::int64_t pattern_memory = 4 << 20;

struct Claim {
  std::string_view oid, name;
  bool raw;  // the bytes are the text; else it is a string of ASN.1
};
constexpr std::array claims = std::to_array<Claim>({
    {"1.3.6.1.4.1.57264.1.2", "githubWorkflowTrigger", true},
    {"1.3.6.1.4.1.57264.1.3", "githubWorkflowSHA", true},
    {"1.3.6.1.4.1.57264.1.4", "githubWorkflowName", true},
    {"1.3.6.1.4.1.57264.1.5", "githubWorkflowRepository", true},
    {"1.3.6.1.4.1.57264.1.6", "githubWorkflowRef", true},
    {"1.3.6.1.4.1.57264.1.9", "buildSignerURI", false},
    {"1.3.6.1.4.1.57264.1.10", "buildSignerDigest", false},
    {"1.3.6.1.4.1.57264.1.11", "runnerEnvironment", false},
    {"1.3.6.1.4.1.57264.1.12", "sourceRepositoryURI", false},
    {"1.3.6.1.4.1.57264.1.13", "sourceRepositoryDigest", false},
    {"1.3.6.1.4.1.57264.1.14", "sourceRepositoryRef", false},
    {"1.3.6.1.4.1.57264.1.18", "buildConfigURI", false},
    {"1.3.6.1.4.1.57264.1.19", "buildConfigDigest", false},
    {"1.3.6.1.4.1.57264.1.20", "buildTrigger", false},
    {"1.3.6.1.4.1.57264.1.21", "runInvocationURI", false},
});

Checked<std::string> issuer_of(const Certificate& certificate) {
  const auto old_one = certificate.extension(old_issuer),
             new_one = certificate.extension(new_issuer);
  if (!new_one) return old_one.value_or("");
  auto text = text_of_der(*new_one);
  if (!text) return refuse(std::string(code), text.error().what, "certificate.issuer");
  if (old_one && *old_one != *text)
    return refuse(std::string(code), "the certificate names two issuers", "certificate.issuer",
                  *text, *old_one);
  return *std::move(text);
}

}  // namespace

Checked<CertificateIdentity> identity_of(const Certificate& certificate) {
  const auto names = certificate.alternative_names();
  if (!names)
    return refuse(std::string(code), names.error().what, "certificate.subjectAlternativeName");
  CertificateIdentity out;
  if (*names) {
    out.names = (*names)->emails;
    out.names.insert(out.names.end(), (*names)->uris.begin(), (*names)->uris.end());
    for (const auto& [oid, text] : (*names)->others)
      if (oid == oid_fulcio_user_name) out.names.push_back(text);
  }
  if (out.names.empty())
    return refuse(std::string(code), "the certificate names nobody",
                  "certificate.subjectAlternativeName", "an e-mail address, URI or user name",
                  "none");
  TRY(out.issuer, issuer_of(certificate));
  for (const Claim& claim : claims) {
    const auto bytes = certificate.extension(claim.oid);
    if (!bytes) continue;
    const auto text = claim.raw ? Result<std::string>(*bytes) : text_of_der(*bytes);
    if (text && valid_utf8(*text)) out.claims.emplace_back(claim.name, *text);
  }
  return out;
}

TextRule TextRule::exact(std::string text) {
  TextRule rule;
  rule.text_ = std::move(text);
  return rule;
}

Result<TextRule> TextRule::expression(std::string_view pattern) {
  if (pattern.empty() || pattern.size() > pattern_limit)
    return fail(Fault::unsupported, "an expression of no or of more than 4,096 characters");
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(pattern_memory);
  TextRule rule;
  rule.text_ = pattern;
  rule.expression_ = std::make_shared<const RE2>(rule.text_, options);
  if (!rule.expression_->ok())
    return fail(Fault::unsupported, fmt::format("\"{}\" is no expression: {}", printable(pattern),
                                                printable(rule.expression_->error())));
  return rule;
}

bool TextRule::matches(std::string_view text) const {
  if (expression_)
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression_);
  return !text_.empty() && text == text_;
}

std::string TextRule::text() const { return expression_ ? "/" + text_ + "/" : text_; }

bool TextRule::anchored() const {
  return !expression_ || (text_.starts_with('^') && text_.ends_with('$'));
}

namespace {

Checked<void> match_claims(const CertificateIdentity& identity, const IdentityRule& rule) {
  for (const auto& [name, wanted] : rule.claims) {
    const auto found =
        std::ranges::find(identity.claims, name, &std::pair<std::string, std::string>::first);
    const std::string value = found == identity.claims.end() ? "" : found->second;
    if (value.empty() || value != wanted)
      return refuse("claim-mismatch", "the certificate was given for something else",
                    "certificate." + name, wanted, value);
  }
  return {};
}

}  // namespace

Checked<std::string> match_identity(const CertificateIdentity& identity,
                                    const std::vector<IdentityRule>& rules) {
  std::string names, issuers;
  std::optional<Refusal> other;
  for (const IdentityRule& rule : rules) {
    for (const std::string& name : identity.names) {
      if (!rule.identity.matches(name)) continue;
      if (!rule.issuer.matches(identity.issuer)) {
        issuers += (issuers.empty() ? "" : " or ") + rule.issuer.text();
        continue;
      }
      const auto good = match_claims(identity, rule);
      if (good) return name;
      other = good.error();
    }
    names += (names.empty() ? "" : " or ") + rule.identity.text();
  }
  if (other) return std::unexpected(*other);
  if (!issuers.empty())
    return refuse("issuer-mismatch", "another issuer vouches for the identity",
                  "certificate.issuer", issuers, identity.issuer);
  return refuse("identity-mismatch", "the certificate was given to somebody else",
                "certificate.subjectAlternativeName", names,
                fmt::format("{}", fmt::join(identity.names, ", ")));
}

}  // namespace boltseal
