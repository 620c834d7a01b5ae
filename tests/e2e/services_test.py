"""Signing with the services that a publisher has: certificate, logs of both generations, timestamps; and what becomes of an
answer that is not as it should be."""
import base64
import json
import re
import subprocess
import time
import urllib.request

import pytest

import images
from conftest import ROOT, need
from fake_sigstore import FakeSigstore, new_key
from signing_test import make_key

NAME = ("--certificate-identity", "me@example.org", "--certificate-oidc-issuer", "https://issuer.example")


@pytest.fixture
def sigstore(tmp_path):
    need("openssl", "openssl")
    (tmp_path / "sigstore").mkdir()
    fake = FakeSigstore(tmp_path / "sigstore")
    yield fake
    fake.stop()


@pytest.fixture
def file(boltseal):
    return boltseal.write("a.txt", "the artifact\n")


def root(sigstore):
    return "--trusted-root", sigstore.folder / "trusted_root.json"


def services(sigstore, version, *extra):
    """The options that name every service."""
    return ("--fulcio-url", sigstore.url, "--identity-token", sigstore.folder / "token", *logged(sigstore, version), *extra)


def logged(sigstore, version):
    return ("--rekor-url", sigstore.url, "--rekor-version", version, "--timestamp-server-url", f"{sigstore.url}/api/v1/timestamp",
            "--insecure-http", *root(sigstore))


def asked(sigstore):
    return [path for _, path, _ in sigstore.requests]


def good(done):
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("version", [1, 2])
def test_a_certificate_for_one_signature(boltseal, sigstore, file, version):
    done = good(boltseal("sign-blob", *services(sigstore, version), "--bundle", "b.json", file))
    assert "Signing as me@example.org by https://issuer.example" in done.stderr
    assert base64.b64decode(done.stdout)
    done = good(boltseal("verify-blob", "-o", "json", "--bundle", "b.json", *root(sigstore), *NAME, "--use-signed-timestamps", file))
    evidence = json.loads(done.stdout)["evidence"]
    assert [one["kind"] for one in evidence["logEntries"]] == [f"hashedrekord 0.0.{version}"]
    assert evidence["certificateLogs"] and "passedOver" not in evidence
    assert "rfc3161" in [one["source"] for one in evidence["times"]]
    other = boltseal("verify-blob", "--bundle", "b.json", *root(sigstore), "--certificate-identity", "you@example.org", *NAME[2:], file)
    assert other.returncode == 1 and "identity-mismatch" in other.stderr


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("keyed", [False, True])
def test_images_and_attestations(boltseal, sigstore, registry, tmp_path, version, keyed):
    name = f"services/{tmp_path.name.lower()}"
    digest = images.Client(registry.host).push(images.Image([[("hello.txt", f"{version} {keyed}\n")]]), name, "v1")
    reference = f"{registry.host}/{name}@{digest}"
    if keyed:
        private, public = make_key(tmp_path, "key")
        how, trust = ("--key", private, *logged(sigstore, version)), ("--key", public, "--require-log")
    else:
        how, trust = services(sigstore, version), NAME
    boltseal.write("p.json", '{"a": 1}')
    good(boltseal("sign", *how, reference))
    good(boltseal("attest", *how, "--type", "custom", "--predicate", "p.json", reference))
    check = (*trust, *root(sigstore), "--allow-http-registry", "--use-signed-timestamps", reference)
    assert json.loads(good(boltseal("verify", *check)).stdout)[0]["critical"]["image"]["docker-manifest-digest"] == digest
    assert good(boltseal("verify-attestation", "--type", "custom", *check)).stdout.count("\n") == 1


@pytest.mark.parametrize("kind", [("EC", "-pkeyopt", "ec_paramgen_curve:P-384"), ("RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
                                  ("ED25519",)], ids=lambda kind: kind[0])
@pytest.mark.parametrize("version", [1, 2])
def test_keys_of_every_kind_in_a_log(boltseal, sigstore, file, tmp_path, version, kind):
    private, public = make_key(tmp_path, "key", kind)
    good(boltseal("sign-blob", "--key", private, *logged(sigstore, version), "--bundle", "b.json", file))
    good(boltseal("verify-blob", "--key", public, *root(sigstore), "--bundle", "b.json", file))


def test_an_entry_that_is_there_already_is_fetched(boltseal, sigstore, file, tmp_path):
    """RSA signs the same each time, and a log of the first generation takes an entry once."""
    private, public = make_key(tmp_path, "key", ("RSA", "-pkeyopt", "rsa_keygen_bits:2048"))
    for bundle in ("b.json", "c.json"):
        good(boltseal("sign-blob", "--key", private, *logged(sigstore, 1), "--bundle", bundle, file))
        good(boltseal("verify-blob", "--key", public, *root(sigstore), "--bundle", bundle, file))
    assert any(path.startswith("/api/v1/log/entries/") for path in asked(sigstore))


def flipped(answer):
    status, headers, body = answer
    return status, headers, body[:-1] + bytes([body[-1] ^ 1])


def other_index(answer):
    status, headers, body = answer
    return status, headers, body | {"inclusionProof": body["inclusionProof"] | {"logIndex": "0"}, "logIndex": "0"}


def other_digest(query):
    at = query.index(b"\x04\x20") + 2
    return query[:at] + bytes(32) + query[at + 32:]


def other_leaf(body):
    entry = json.loads(body)
    record = entry["spec"].get("data", {}).get("hash") or entry["spec"]["hashedRekordV002"]["data"]
    record["value" if "value" in record else "digest"] = "00" * 32 if "value" in record else base64.b64encode(bytes(32)).decode()
    return json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()


def make_other():
    return new_key()


CERTIFICATE, FIRST, SECOND, STAMP = "/api/v2/signingCert", "/api/v1/log/entries", "/api/v2/log/entries", "/api/v1/timestamp"
LIES = {
    "a certificate of another key": ("certified key", lambda _: make_other().public_key(), 1, "certificate-key-mismatch", 1),
    "of another name": ("certified name", "you@example.org", 1, "certificate-identity-mismatch", 1),
    "of another issuer": ("certified issuer", "https://other.example", 1, "certificate-identity-mismatch", 1),
    "by another authority": ("certifying key", lambda _: make_other(), 1, "certificate-untrusted", 1),
    "unknown to the certificate log": ("certificate log's key", lambda _: make_other(), 1, "sct-signature-invalid", 1),
    "a timestamp of another digest": ("query", other_digest, 1, "timestamp-invalid", 2),
    "a timestamp with a bad signature": (STAMP, flipped, 1, "timestamp-signature-invalid", 2),
    "a promise by another key": ("promising key", lambda _: make_other(), 1, "log-promise-invalid", 3),
    "an entry of another file": ("leaf", other_leaf, 1, "log-entry-digest-mismatch", 3),
    "an entry of another file, tiled": ("leaf", other_leaf, 2, "log-entry-digest-mismatch", 3),
    "a proof of another entry": (SECOND, other_index, 2, "inclusion-proof-invalid", 3),
    "no JSON": (SECOND, (200, {}, b"<html>"), 2, "service-answer-invalid", 3),
    "no certificate": (CERTIFICATE, (200, {}, {"signedCertificateEmbeddedSct": {"chain": {"certificates": []}}}), 1,
                       "service-answer-invalid", 1),
    "two entries": (FIRST, (200, {}, {"a": {}, "b": {}}), 1, "service-answer-invalid", 3),
    "a conflict without a name": (FIRST, (409, {"Location": "/api/v1/log/entries/../../x"}, {}), 1, "service-answer-invalid", 3),
    "a refusal": (CERTIFICATE, (403, {}, {"message": "not you"}), 1, "service-refused", 1),
    "a refusal that repeats the token": (CERTIFICATE, None, 1, "service-refused", 1),
    "a redirect": (FIRST, (307, {"Location": "http://127.0.0.1:9/"}, b""), 1, "service-refused", 3),
    "more than anybody needs": (CERTIFICATE, (200, {}, b" " * (5 << 20)), 1, "service-unavailable", 1),
    "a timestamp of a megabyte": (STAMP, (200, {}, b" " * (1 << 20)), 1, "service-unavailable", 2),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_noticed_and_nothing_is_written(boltseal, sigstore, file, lie):
    what, put, version, code, requests = LIES[lie]
    token = (sigstore.folder / "token").read_text()
    sigstore.tamper[what] = put or (403, {}, {"message": f"who is {token}?"})
    done = boltseal("sign-blob", *services(sigstore, version), "--bundle", "b.json", "--output-signature", "s", file)
    assert done.returncode == 2 and code in done.stderr and done.stdout == "", done.stderr
    assert not (boltseal.home / "b.json").exists() and not (boltseal.home / "s").exists() and token[:40] not in done.stderr
    assert len(sigstore.requests) == requests, asked(sigstore)  # who comes after a liar is not asked


def test_an_image_gets_nothing_of_a_liar(boltseal, sigstore, registry, tmp_path):
    name = f"services/{tmp_path.name.lower()}"
    digest = images.Client(registry.host).push(images.Image([[("hello.txt", "lied to\n")]]), name, "v1")
    sigstore.tamper["promising key"] = make_other()
    done = boltseal("sign", *services(sigstore, 1), f"{registry.host}/{name}@{digest}")
    assert done.returncode == 1 and "log-promise-invalid" in done.stderr
    assert "No Supply Chain" in boltseal("tree", "--allow-http-registry", f"{registry.host}/{name}@{digest}").stdout


def test_a_service_that_hangs_is_given_up(boltseal, sigstore, file):
    def hang(answer):
        time.sleep(40)
        return answer
    sigstore.tamper[CERTIFICATE] = hang
    begun = time.monotonic()
    done = boltseal("sign-blob", *services(sigstore, 1), "--service-timeout", 1, file)
    assert done.returncode == 2 and "service-unavailable" in done.stderr and time.monotonic() - begun < 25


def test_a_log_that_nobody_here_knows_does_not_count(boltseal, sigstore, file, tmp_path):
    private, _ = make_key(tmp_path, "key")
    done = boltseal("sign-blob", "--key", private, "--rekor-url", sigstore.url, "--insecure-http", "--bundle", "b.json", file)
    assert done.returncode == 2 and "log-unknown" in done.stderr and not (boltseal.home / "b.json").exists()


def test_a_timestamp_needs_no_root_but_must_be_one(boltseal, sigstore, file, tmp_path):
    private, public = make_key(tmp_path, "key")
    how = ("sign-blob", "--key", private, "--timestamp-server-url", f"{sigstore.url}/api/v1/timestamp", "--bundle", "b.json")
    good(boltseal(*how, file))
    good(boltseal("verify-blob", "--key", public, "--bundle", "b.json", "--insecure-ignore-tlog", "--use-signed-timestamps",
                  "--timestamp-certificate-chain", sigstore.folder / "tsa.pem", file))
    sigstore.tamper[STAMP] = flipped
    assert "timestamp-invalid" in boltseal(*how, file).stderr
    sigstore.tamper.clear()
    boltseal.write("other.pem", (sigstore.folder / "tsa.pem").read_text().partition("-----END CERTIFICATE-----\n")[2])
    good(boltseal(*how, "--timestamp-certificate-chain", "other.pem", file))


def test_nobody_is_asked_who_was_not_named(boltseal, sigstore, file, tmp_path):
    private, _ = make_key(tmp_path, "key")
    config = sigstore.folder / "signing_config-1.json"
    good(boltseal("sign-blob", "--key", private, file, SIGSTORE_ID_TOKEN=sigstore.token()))
    assert asked(sigstore) == []
    good(boltseal("sign-blob", "--key", private, "--signing-config", config, "--tlog-upload=false", *root(sigstore), file))
    assert asked(sigstore) == [STAMP]
    for options, wanted in ((("--key", private, "--tlog-upload"), "--rekor-url"), ((), "--fulcio-url"),
                            (("--key", private, "--use-signing-config"), "--signing-config"),
                            (("--key", private, "--fulcio-url", sigstore.url), "give --key or --fulcio-url")):
        done = boltseal("sign-blob", *options, file)
        assert done.returncode == 3 and wanted in done.stderr, done.stderr
    for options, wanted in ((("--rekor-url", sigstore.url, "--rekor-version", 2), "second generation"), (("--log", "l", "--log-key", private), "--log")):
        done = boltseal("sign", "--key", private, "--format", "legacy", *options, "oci:nowhere")
        assert done.returncode == 3 and wanted in done.stderr and "--format bundle" in done.stderr, done.stderr
    config = sigstore.folder / "signing_config-2.json"
    done = boltseal("sign", "--identity-token", sigstore.folder / "token", "--format", "legacy", "--signing-config", config, *root(sigstore),
                    "oci:nowhere")
    assert done.returncode == 1 and "second generation" in done.stderr, done.stderr
    assert asked(sigstore) == [STAMP]


@pytest.mark.parametrize("keyed", [False, True])
def test_the_older_form(boltseal, sigstore, registry, tmp_path, keyed):
    """cosign's lists have place for a certificate, an entry and a timestamp."""
    name = f"services/{tmp_path.name.lower()}"
    digest = images.Client(registry.host).push(images.Image([[("hello.txt", f"older {keyed}\n")]]), name, "v1")
    reference = f"{registry.host}/{name}@{digest}"
    private, public = make_key(tmp_path, "key")
    how, trust = services(sigstore, 1), NAME
    if keyed:
        how, trust = ("--key", private, *logged(sigstore, 1)), ("--key", public, "--require-log")
    boltseal.write("p.json", '{"a": 1}')
    good(boltseal("sign", "--format", "legacy", *how, reference))
    good(boltseal("attest", "--format", "legacy", *how, "--type", "custom", "--predicate", "p.json", reference))
    check = (*trust, *root(sigstore), "--allow-http-registry", "--use-signed-timestamps", "--new-bundle-format=false", reference)
    assert json.loads(good(boltseal("verify", *check)).stdout)[0]["critical"]["image"]["docker-manifest-digest"] == digest
    assert good(boltseal("verify-attestation", "--type", "custom", *check)).stdout.count("\n") == 1
    for kind in ("sig", "att"):
        where = f"http://{registry.host}/v2/{name}/manifests/{digest.replace(':', '-')}.{kind}"
        request = urllib.request.Request(where, headers={"Accept": "application/vnd.oci.image.manifest.v1+json"})
        [layer] = json.load(urllib.request.urlopen(request))["layers"]
        assert {one.rpartition("/")[2] for one in layer["annotations"] if one.startswith("dev.sigstore.cosign/")} == {
            "bundle", "rfc3161timestamp"} | (set() if keyed else {"certificate", "chain"})


def test_the_older_form_in_parts_and_attached_later(boltseal, sigstore, registry, tmp_path):
    name = f"services/{tmp_path.name.lower()}"
    digest = images.Client(registry.host).push(images.Image([[("hello.txt", "in parts\n")]]), name, "v1")
    reference = f"{registry.host}/{name}@{digest}"
    boltseal.write("p.json", '{"a": 1}')
    how = ("--format", "legacy", "--upload=false", *services(sigstore, 1))
    good(boltseal("sign", *how, "--output-signature", "s", "--output-payload", "p", "--output-certificate", "c", "--bundle", "b",
                  "--rfc3161-timestamp", "t", reference))
    good(boltseal("attest", *how, "--bundle", "a", "--predicate", "p.json", reference))
    done = boltseal("attest", *how, "--predicate", "p.json", reference)
    assert done.returncode == 3 and "--bundle FILE" in done.stderr
    check = (*NAME, *root(sigstore), "--allow-http-registry", reference)
    assert boltseal("verify", *check).returncode == 10
    attach = ("attach", "signature", "--allow-http-registry", "--signature", "s", "--payload", "p", "--certificate", "c")
    good(boltseal(*attach, "--rekor-response", "b", "--tsr", "t", reference))
    good(boltseal("attach", "attestation", "--allow-http-registry", "--attestation", "a", reference))
    good(boltseal("verify", "--use-signed-timestamps", *check))
    good(boltseal("verify-attestation", "--type", "custom", *check))


def test_without_a_time_nothing_is_sent(boltseal, sigstore, file, tmp_path):
    private, _ = make_key(tmp_path, "key")
    token = ("--fulcio-url", sigstore.url, "--identity-token", sigstore.folder / "token")
    for signer in (("--key", private), token):
        done = boltseal("sign-blob", *signer, "--rekor-url", sigstore.url, "--rekor-version", 2, "--insecure-http", *root(sigstore), file)
        assert done.returncode == 2 and "time-missing" in done.stderr and "--timestamp-server-url" in done.stderr
    assert asked(sigstore) == []


def test_where_tokens_come_from(boltseal, sigstore, file):
    how = ("sign-blob", "--fulcio-url", sigstore.url, "--rekor-url", sigstore.url, "--insecure-http", *root(sigstore))
    github = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{sigstore.url}/job/token?v=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job-secret"}
    token = sigstore.token()
    assert "me@example.org" in good(boltseal(*how, "--identity-token", token, file)).stderr
    assert "me@example.org" in good(boltseal(*how, file, SIGSTORE_ID_TOKEN=token, **github)).stderr
    assert "https://ci.example/build" in good(boltseal(*how, file, **github)).stderr
    assert "https://ci.example/build" in good(boltseal(*how, "--oidc-provider", "github-actions", file, SIGSTORE_ID_TOKEN=token, **github)).stderr
    for options, environment, code in (
            ((), {}, "identity-token-missing"), (("--oidc-provider", "github-actions"), {}, "identity-token-missing"),
            (("--identity-token", "nowhere"), {}, "identity-token-invalid"),
            ((), {"SIGSTORE_ID_TOKEN": sigstore.token(exp=1)}, "identity-token-expired"),
            ((), {"SIGSTORE_ID_TOKEN": sigstore.token(email_verified=False)}, "identity-token-invalid"),
            ((), github | {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "another"}, "service-refused")):
        done = boltseal(*how, *options, file, **environment)
        assert done.returncode == 2 and code in done.stderr and token not in done.stderr, done.stderr


@pytest.mark.parametrize("version", [1, 2])
def test_a_signing_config_names_them_all(boltseal, sigstore, file, version):
    config = sigstore.folder / f"signing_config-{version}.json"
    how = ("sign-blob", "--identity-token", sigstore.folder / "token", "--insecure-http", *root(sigstore), "--bundle", "b.json")
    good(boltseal(*how, "--signing-config", config, file))
    assert asked(sigstore) == [CERTIFICATE, STAMP, FIRST if version == 1 else SECOND]
    good(boltseal("verify-blob", "--bundle", "b.json", *root(sigstore), *NAME, file))
    for changed, code in (({"tsaConfig": {"selector": "EXACT", "count": 2}}, "service-missing"),
                          ({"mediaType": "x"}, "signing-config-invalid")):
        config = sigstore.write("changed.json", json.dumps(sigstore.signing_config(version, **changed)))
        done = boltseal(*how, "--signing-config", config, file)
        assert done.returncode == 2 and code in done.stderr
    assert len(sigstore.requests) == 3


def test_over_tls_and_never_down_from_it(boltseal, tmp_path, file):
    (tmp_path / "tls").mkdir()
    sigstore = FakeSigstore(tmp_path / "tls", tls=True)
    try:
        how = [one for one in services(sigstore, 1) if one != "--insecure-http"]
        trusted = {"BOLTSEAL_CA_FILE": str(sigstore.ca_file)}
        good(boltseal("sign-blob", *how, "--bundle", "b.json", file, **trusted))
        assert "service-unavailable" in boltseal("sign-blob", *how, file).stderr  # nobody vouches for its certificate
        sigstore.tamper[CERTIFICATE] = (302, {"Location": sigstore.url.replace("https", "http")}, b"")
        done = boltseal("sign-blob", *how, file, **trusted)
        assert done.returncode == 2 and "service-refused" in done.stderr
        plain = [str(one).replace("https", "http") for one in how]
        done = boltseal("sign-blob", *plain, file, **trusted)
        assert done.returncode == 2 and "--insecure-http" in done.stderr
    finally:
        sigstore.stop()


# ---- a log of one's own
@pytest.fixture(params=["folder", "layout", "registry"])
def log(request, boltseal, registry, tmp_path):
    place = {"folder": str(tmp_path / "log"), "layout": f"oci:{tmp_path}/layout",
             "registry": f"oci://{registry.host}/logs/{tmp_path.name.lower()}"}[request.param]
    private, public = make_key(tmp_path, "log", ("ED25519",))
    good(boltseal("log", "init", place, "--insecure-http", "--origin", "log.example", "--key", private))
    return (("--log", place, "--log-key", private, "--insecure-http"), ("--log", place, "--log-key", public, "--insecure-http"))


def test_a_log_of_ones_own_has_files(boltseal, log, file, tmp_path):
    private, public = make_key(tmp_path, "key")
    into, holds = log
    good(boltseal("sign-blob", "--key", private, *into, "--bundle", "b.json", file))
    check = ("verify-blob", "--key", public, *holds)
    good(boltseal(*check, "--bundle", "b.json", file))
    good(boltseal("sign-blob", "--key", private, "--bundle", "c.json", file))
    done = boltseal(*check, "--bundle", "c.json", file)
    assert done.returncode == 1 and "log-entry-missing" in done.stderr


def test_a_log_of_ones_own_has_images(boltseal, log, registry, tmp_path):
    private, public = make_key(tmp_path, "key")
    into, holds = log
    name = f"services/{tmp_path.name.lower()}"
    client = images.Client(registry.host)
    boltseal.write("p.json", '{"a": 1}')
    recorded, other = (f"{registry.host}/{name}@" + client.push(images.Image([[("hello.txt", f"{tag}\n")]]), name, tag)
                       for tag in ("one", "two"))
    good(boltseal("sign", "--key", private, *into, recorded))
    good(boltseal("attest", "--key", private, "--type", "custom", "--predicate", "p.json", *into, recorded))
    good(boltseal("verify", "--key", public, *holds, recorded))
    good(boltseal("verify-attestation", "--key", public, "--type", "custom", *holds, recorded))
    for form in ("bundle", "legacy"):
        good(boltseal("sign", "--key", private, "--format", form, "--insecure-http", other))
    good(boltseal("verify", "--key", public, "--insecure-http", other))
    done = boltseal("verify", "--key", public, *holds, other)
    assert done.returncode == 1 and done.stderr.count("log-entry-missing") >= 2, done.stderr


def test_a_log_that_went_back_is_refused_on_both_sides(boltseal, file, tmp_path):
    private, public = make_key(tmp_path, "key")
    log_private, log_public = make_key(tmp_path, "log", ("ED25519",))
    place = tmp_path / "log"
    good(boltseal("log", "init", place, "--origin", "log.example", "--key", log_private))
    sign = ("sign-blob", "--key", private, "--log", place, "--log-key", log_private, "--bundle")
    check = ("verify-blob", "--key", public, "--log", place, "--log-key", log_public, "--bundle")
    good(boltseal(*sign, "b.json", file))
    subprocess.run(["cp", "-r", place, tmp_path / "old"], check=True)
    good(boltseal(*sign, "c.json", file))
    good(boltseal(*check, "c.json", file))
    subprocess.run(["rm", "-r", place], check=True)
    (tmp_path / "old").rename(place)
    done = boltseal(*check, "c.json", file)
    assert done.returncode == 1 and "log-rollback" in done.stderr
    done = boltseal(*sign, "d.json", file)
    assert done.returncode == 2 and "log-rollback" in done.stderr and not (boltseal.home / "d.json").exists()


def test_a_log_of_ones_own_beside_the_services(boltseal, log, sigstore, file):
    into, holds = log
    good(boltseal("sign-blob", *services(sigstore, 2), *into[:-1], "--bundle", "b.json", file))
    done = good(boltseal("verify-blob", "-o", "json", *NAME, *root(sigstore), *holds, "--require-logs", 2, "--bundle", "b.json", file))
    assert len(json.loads(done.stdout)["evidence"]["logEntries"]) == 2


# ---- the chapters
def commands_of(page, heading):
    """The commands in a chapter's blocks, each on one line."""
    chapter = (ROOT / "doc" / page).read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^    (boltseal .*)$", chapter.replace("\\\n", " "), re.M)


@pytest.fixture
def publisher(boltseal):
    """A folder with an image, a file, a key and a predicate, by the names that the chapters call them."""
    images.write_layout(images.Image([[("hello.txt", "the app\n")]]), boltseal.home / "app")
    make_key(boltseal.home, "sign")
    for name in ("app.tar", "app.tar.gz"):
        boltseal.write(name, "the app\n")
    boltseal.write("tests.json", '{"passed": 3}')
    return boltseal


def run_chapter(boltseal, page, heading, least, **environment):
    lines = commands_of(page, heading)
    assert len(lines) >= least
    for line in lines:
        done = good(boltseal(*line.split()[1:], **environment))
        assert "WARNING" not in done.stderr, done.stderr


def test_the_chapter_on_services_runs_word_for_word(publisher, tmp_path):
    (tmp_path / "tls").mkdir()
    sigstore = FakeSigstore(tmp_path / "tls", tls=True)
    try:
        for name in ("trusted_root.json", "token"):
            publisher.write(name, (sigstore.folder / name).read_text())
        publisher.write("signing_config.json", (sigstore.folder / "signing_config-2.json").read_text())
        run_chapter(publisher, "sigstore.md", "Signing with services", 6, BOLTSEAL_CA_FILE=str(sigstore.ca_file))
        assert asked(sigstore) == [CERTIFICATE, STAMP, SECOND] * 2 + [STAMP, SECOND]
    finally:
        sigstore.stop()


def test_the_chapter_on_signing_into_a_log_runs_word_for_word(publisher):
    private, _ = make_key(publisher.home, "log", ("ED25519",))
    good(publisher("log", "init", "./log", "--origin", "log.example", "--key", private))
    run_chapter(publisher, "transparency-log.md", "Signing into it", 6)
    shown = good(publisher("log", "show", "./log", "--public-key", "log.pub")).stdout
    assert shown.count("hashedrekord") == 3 and "app" not in shown
