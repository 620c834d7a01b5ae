#include "seal/sct.h"

#include <algorithm>
#include <set>

#include "base/cursor.h"
#include "base/text.h"
#include "base/time.h"
#include "seal/schemes.h"

namespace boltseal {
namespace {

constexpr std::size_t sct_limit = 32;
constexpr std::string_view field = "certificate.signedCertificateTimestamps";

// An OCTET STRING in DER and nothing behind it; the TLS list has at most 64 KiB.
Result<std::string_view> octets(std::string_view der) {
  Cursor cursor(der);
  const std::uint8_t tag = cursor.u8();
  std::uint64_t size = cursor.u8();
  if (size == 0x81)
    size = cursor.u8();
  else if (size == 0x82)
    size = cursor.u16be();
  else if (size > 0x7f)
    cursor.fail();
  const auto bytes = cursor.bytes(size);
  if (!cursor.ok() || !cursor.at_end() || tag != 4) return cursor.corrupt("not a list of SCTs");
  return bytes;
}

void append_be(std::string& out, std::uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(number >> shift & 0xff);
}

Checked<VerifiedSct> verify_one(const Sct& sct, const Certificate& leaf, const Certificate& issuer,
                                const TrustedRoot& root) {
  const TrustedLog* log = root.ct_log(sct.log_id);
  if (!log)
    return refuse("sct-log-unknown", "the certificate was logged by a log that is not trusted here",
                  std::string(field), "a CT log of the trusted root", hex(sct.log_id));
  const auto time = static_cast<std::int64_t>(sct.time / 1000);
  if (!log->valid.contains(time))
    return refuse("sct-log-outside-validity", "the CT log's key is not trusted for that time",
                  std::string(field), log->valid.text(), rfc3339(time));
  const auto message = sct_message(sct, leaf, issuer);
  if (!message) return refuse("sct-invalid", message.error().what, std::string(field));
  if (!log->key.verify(*message, sct.signature))
    return refuse("sct-signature-invalid", "the CT log's signature is wrong", std::string(field),
                  "a signature by key " + log->key.id(), "another");
  return VerifiedSct{log->base_url, time};
}

}  // namespace

Result<std::vector<Sct>> parse_scts(std::string_view extension) {
  TRY(const auto bytes, octets(extension));
  Cursor list(bytes);
  if (list.u16be() != list.left()) return list.corrupt("a list of SCTs of another length");
  std::vector<Sct> out;
  while (list.ok() && !list.at_end()) {
    if (out.size() == sct_limit) return fail(Fault::too_large, "more than 32 SCTs");
    Cursor one(list.bytes(list.u16be()));
    if (!list.ok()) break;
    if (one.u8() != 0) continue;  // version 1 is called 0
    Sct sct;
    sct.log_id = one.bytes(32);
    sct.time = one.u64be();
    sct.extensions = one.bytes(one.u16be());
    const std::uint8_t hash = one.u8();
    one.skip(1);  // the kind of signature, which is the key's
    sct.signature = one.bytes(one.u16be());
    if (!one.ok() || !one.at_end()) return one.corrupt("an SCT of another length");
    if (hash != 4) return fail(Fault::unsupported, "an SCT over another hash than SHA-256");
    if (sct.time > static_cast<std::uint64_t>(INT64_MAX))
      return fail(Fault::corrupt, "an SCT whose time is none");
    out.push_back(std::move(sct));
  }
  if (!list.ok()) return list.corrupt("a list of SCTs that breaks off");
  return out;
}

Result<std::string> sct_message(const Sct& sct, const Certificate& leaf,
                                const Certificate& issuer) {
  TRY(const auto tbs, leaf.tbs_without_extension(oid_embedded_scts));
  std::string out;
  append_be(out, 0, 1);  // version 1
  append_be(out, 0, 1);  // certificate_timestamp
  append_be(out, sct.time, 8);
  append_be(out, 1, 2);  // precert_entry
  out += hash(HashKind::sha256, issuer.public_key().spki());
  append_be(out, tbs.size(), 3);
  out += tbs;
  append_be(out, sct.extensions.size(), 2);
  return out + sct.extensions;
}

Checked<std::vector<VerifiedSct>> verify_scts(const Certificate& leaf, const Certificate& issuer,
                                              const TrustedRoot& root) {
  const auto extension = leaf.extension(oid_embedded_scts);
  if (!extension)
    return refuse("sct-missing", "the certificate has no timestamp of a certificate log",
                  std::string(field), "at least one", "none");
  const auto scts = parse_scts(*extension);
  if (!scts) return refuse("sct-invalid", scts.error().what, std::string(field));
  std::vector<VerifiedSct> out;
  std::set<std::string> logs;
  std::optional<Refusal> why;
  for (const Sct& sct : *scts) {
    auto good = verify_one(sct, leaf, issuer, root);
    if (!good)
      why = why.value_or(good.error());
    else if (logs.insert(sct.log_id).second)
      out.push_back(*std::move(good));
  }
  if (!out.empty()) return out;
  if (why) return std::unexpected(*why);
  return refuse("sct-missing", "the certificate has no timestamp of a certificate log",
                std::string(field), "at least one", "none");
}

}  // namespace boltseal
