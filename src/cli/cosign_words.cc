#include "cli/cosign_words.h"

#include <algorithm>
#include <array>

namespace boltseal {
namespace {

constexpr auto commands = std::to_array<std::string_view>({
    "sign",
    "verify",
    "attest",
    "verify-attestation",
    "sign-blob",
    "verify-blob",
    "attach",
    "tree",
    "download",
    "copy",
    "clean",
});

struct Word {
  std::string_view option, here;
};
// doc/cosign.md has the same as a table.
constexpr auto words = std::to_array<Word>({
    {"--sk", "--key pkcs11:… with the token's PKCS#11 library (a YubiKey's is libykcs11.so)"},
    {"--slot", "--key pkcs11:…;object=NAME, which says which key of the token"},
    {"--k8s-keychain", "`docker login` or `podman login`, whose files and helpers are read"},
    {"--registry-server-name", "a host name that the registry's certificate has"},
    {"--attachment-tag-prefix",
     "COSIGN_REPOSITORY=REGISTRY/REPOSITORY, which keeps them elsewhere"},
    {"--certificate", "--key CERTIFICATE.pem, whose key is trusted then"},
    {"--sct", "a certificate that holds its timestamp, or --insecure-ignore-sct"},
    {"--allow-certificate-chain",
     "--certificate-chain FILE: a bundle of version 0.3 brings one certificate only"},
    {"--rekor-url", "nothing: what a bundle holds is verified without asking"},
    {"--fulcio-auth-flow",
     "--identity-token FILE with --fulcio-url: no browser is opened for a token"},
    {"--issue-certificate", "--fulcio-url URL in place of --key, which certifies a key of its own"},
    {"--oidc-client-id",
     "--identity-token FILE with --fulcio-url: no browser is opened for a token"},
    {"--oidc-client-secret-file",
     "--identity-token FILE with --fulcio-url: no browser is opened for a token"},
    {"--oidc-disable-ambient-providers",
     "--identity-token FILE, beside which no provider is asked"},
    {"--oidc-issuer", "--certificate-oidc-issuer when verifying; the token says it when signing"},
    {"--oidc-redirect-url",
     "--identity-token FILE with --fulcio-url: no browser is opened for a token"},
    {"--insecure-skip-verify", "--insecure-ignore-sct; all else is verified before it is written"},
    {"--timestamp-client-cacert", "BOLTSEAL_CA_FILE=FILE"},
    {"--timestamp-client-cert", "an authority that asks for no certificate"},
    {"--timestamp-client-key", "an authority that asks for no certificate"},
    {"--timestamp-server-name", "a host name that the authority's certificate has"},
    {"--signing-algorithm", "the key: its kind says how it signs (`boltseal key new --type`)"},
    {"--record-creation-timestamp", "SOURCE_DATE_EPOCH, which says when a thing was made"},
    {"--rekor-entry-type", "nothing: the entry is of the kind that verifies"},
    {"--b64", "the default: a signature is written in base64"},
    {"--output-certificate", "--bundle FILE, which holds the certificate too"},
    {"--attachment", "the name of what is attached: `boltseal sign REPOSITORY:sha256-….sbom`"},
    {"--output-file", "the shell's 2>FILE"},
    {"--timeout", "timeout(1): `timeout 60 boltseal …`; a stalled connection ends by itself"},
    {"-t", "timeout(1): `timeout 60 boltseal …`; a stalled connection ends by itself"},
    {"--verbose", "-o report, which says what was found and why not"},
    {"-d", "-o report, which says what was found and why not"},
});

}  // namespace

std::string_view cosign_option_here(std::string_view command, std::string_view option) {
  if (std::ranges::find(commands, command) == commands.end()) return {};
  const auto found = std::ranges::find(words, option, &Word::option);
  return found == words.end() ? std::string_view{} : found->here;
}

}  // namespace boltseal
