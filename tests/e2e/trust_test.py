"""Whom verify, verify-attestation and verify-blob trust: signed records about keys, with timestamps that OpenSSL's authority
makes here; keys of a token under a name; claims of a certificate; authorities of one's own."""
import base64
import json
import os
import subprocess
import time

import pytest

import images
from conftest import need
from small_registry import SmallRegistry, digest

FAR = "2020-01-01T00:00:00Z"


def openssl(*arguments, folder):
    done = subprocess.run([need("openssl", "openssl"), *map(str, arguments)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def ok(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture
def home(boltseal):
    """A folder with an authority (ca.pem) and its timestamp signer, and a file to sign."""
    boltseal.environment["COSIGN_PASSWORD"] = ""
    boltseal.write("ca.cnf", "[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
                   "[stamp]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"
                   "[leaf]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n"
                   "subjectAltName=URI:https://ci.example/build\n1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:https://id.example\n"
                   # The older extensions of Fulcio hold the bytes of the text as they are.
                   + "".join(f"1.3.6.1.4.1.57264.1.{n}=DER:{text.encode().hex(':')}\n" for n, text in enumerate(
                       ("push", "c0ffee", "release", "team/app", "refs/heads/main"), start=2)) +
                   "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\ndefault_policy=1.2.3.4\ndigests=sha256\nsigner_digest=sha256\n"
                   "ess_cert_id_alg=sha256\n")
    boltseal.write("serial", "01\n")
    boltseal.write("a.txt", "the artifact\n")
    curve = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-subj", "/CN=ca",
            "-days", 30, "-out", "ca.pem", "-config", "ca.cnf", "-extensions", "ca", folder=boltseal.home)
    for name in ("stamp", "leaf"):
        openssl("genpkey", *curve, "-out", f"{name}.key", folder=boltseal.home)
        openssl("req", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}", "-out", f"{name}.csr", folder=boltseal.home)
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", 10, "-extfile",
                "ca.cnf", "-extensions", name, "-out", f"{name}.pem", folder=boltseal.home)
    return boltseal


def stamped(folder, bundle):
    """The bundle with a timestamp of its signature."""
    bundle = json.loads(bundle)
    content = bundle.get("messageSignature") or bundle["dsseEnvelope"]["signatures"][0]
    (folder / "signature").write_bytes(base64.b64decode(content.get("signature") or content["sig"]))
    openssl("ts", "-query", "-data", "signature", "-sha256", "-cert", "-out", "query", folder=folder)
    openssl("ts", "-reply", "-config", "ca.cnf", "-queryfile", "query", "-inkey", "stamp.key", "-signer", "stamp.pem", "-out", "reply",
            folder=folder)
    bundle["verificationMaterial"]["timestampVerificationData"] = {
        "rfc3161Timestamps": [{"signedTimestamp": base64.b64encode((folder / "reply").read_bytes()).decode()}]}
    return json.dumps(bundle)


def stamp_referrers(folder, registry):
    """Every bundle that refers to an image gets a timestamp."""
    for own, (media_type, body) in list(registry.manifests.items()):
        if b'"subject"' not in body:
            continue
        manifest = json.loads(body)
        bundle = stamped(folder, registry.blobs[manifest["layers"][0]["digest"]]).encode()
        registry.blobs[digest(bundle)] = bundle
        manifest["layers"][0] |= {"digest": digest(bundle), "size": len(bundle)}
        changed = json.dumps(manifest).encode()
        del registry.manifests[own]
        registry.manifests[digest(changed)] = (media_type, changed)


class Signed:
    """An image, something said of it and a file, all signed by the store's key "release"."""

    def __init__(self, home, with_timestamps):
        self.home, self.registry = home, SmallRegistry()
        images.Client(self.registry.host).push(images.sample("hello=1"), "app", "v1")
        self.where = ("--allow-http-registry", f"{self.registry.host}/app:v1")
        ok(home("key", "new", "release"))
        ok(home("key", "public", "release", "--outfile", "release.pub"))
        home.write("bom.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}))
        ok(home("sign", "--key", "release", *self.where))
        ok(home("attest", "--key", "release", "--type", "cyclonedx", "--predicate", "bom.json", *self.where))
        ok(home("sign-blob", "--key", "release", "--bundle", "b.json", "a.txt"))
        if with_timestamps:
            stamp_referrers(home.home, self.registry)
            home.write("b.json", stamped(home.home, (home.home / "b.json").read_text()))

    def verdicts(self, *options, key="release.pub", **environment):
        """Of each of the three: its exit code, standard output and standard error."""
        trust = ("--key", key, "--timestamp-certificate-chain", "ca.pem", *options)
        return [self.home("verify", *trust, "-o", "report", *self.where, **environment),
                self.home("verify-attestation", *trust, "--type", "cyclonedx", "-o", "report", *self.where, **environment),
                self.home("verify-blob", *trust, "--insecure-ignore-tlog", "--bundle", "b.json", "-o", "json", "a.txt", **environment)]


@pytest.fixture
def signed(home):
    made = []

    def make(with_timestamps):
        made.append(Signed(home, with_timestamps))
        return made[-1]

    yield make
    for one in made:
        one.registry.close()


ELSEWHERE = {"BOLTSEAL_KEYS": "/nonexistent"}   # the verifier's store is not the signer's
RECORDS = ("--key-records", "records.jsonl")


def refused_with(done, code):
    return done.returncode == 1 and code in done.stderr and '"verified": true' not in done.stdout


def test_signed_before_revocation_and_proved_by_timestamp(signed, home):
    one = signed(True)
    time.sleep(1.1)   # a timestamp has whole seconds
    ok(home("key", "revoke", "release", "--reason", "laptop lost", "--record-file", "records.jsonl"))
    for done in one.verdicts(*RECORDS, **ELSEWHERE):
        assert done.returncode == 0, done.stderr
        assert '"keyStanding": "before-revocation"' in done.stdout and '"source": "rfc3161"' in done.stdout
    # Without its authority a timestamp proves nothing.
    done = home("verify", "--key", "release.pub", *RECORDS, *one.where, **ELSEWHERE)
    assert refused_with(done, "key-revocation-undecided")


def test_signed_after_revocation(signed, home):
    one = signed(True)
    ok(home("key", "revoke", "release", "--at", FAR, "--record-file", "records.jsonl"))
    for done in one.verdicts(*RECORDS, "--accept-undecided-keys", **ELSEWHERE):
        assert refused_with(done, "key-revoked"), done.stderr


def test_what_nobody_can_tell_is_refused_unless_an_option_takes_it(signed, home):
    one = signed(False)
    for done in one.verdicts(**ELSEWHERE):   # who has no records knows of nothing
        assert done.returncode == 0, done.stderr
    ok(home("key", "revoke", "release", "--record-file", "records.jsonl"))
    for done in one.verdicts(*RECORDS, **ELSEWHERE):
        assert refused_with(done, "key-revocation-undecided"), done.stderr
    for done in one.verdicts(*RECORDS, "--accept-undecided-keys", **ELSEWHERE):
        assert done.returncode == 0 and '"keyStanding": "undecided"' in done.stdout, done.stderr
    # A key that is named out of the store is judged by the store's records.
    for done in one.verdicts(key="release"):
        assert refused_with(done, "key-revocation-undecided"), done.stderr


def test_a_successor_is_trusted_by_its_record_and_counts_once(signed, home):
    one = signed(False)
    ok(home("key", "rotate", "release", "--record-file", "records.jsonl"))
    ok(home("sign", "--key", "release-2", *one.where))
    only_new = ("--key", "release.pub", *one.where)
    ok(home("key", "public", "release-2", "--outfile", "release-2.pub"))
    home.write("other.txt", "another\n")
    ok(home("sign-blob", "--key", "release-2", "--bundle", "c.json", "other.txt"))
    blob = ("verify-blob", "--key", "release.pub", "--insecure-ignore-tlog", "--bundle", "c.json", "other.txt")
    assert refused_with(home(*blob, **ELSEWHERE), "signature-invalid")
    ok(home(*blob, *RECORDS, **ELSEWHERE))
    assert len(json.loads(ok(home("verify", *RECORDS, *only_new, **ELSEWHERE)).stdout)) == 2
    # Two signatures of one holder are not two.
    done = home("verify", *RECORDS, "--require", "2", *only_new, "--key", "release-2.pub", **ELSEWHERE)
    assert done.returncode == 12 and "threshold-not-met" in done.stderr
    ok(home("verify", "--require", "2", *only_new, "--key", "release-2.pub", **ELSEWHERE))
    done = home("verify-blob", "--key", "release.pub", "--insecure-ignore-tlog", "--bundle", "b.json", *RECORDS,
                "--refuse-superseded-keys", "a.txt", **ELSEWHERE)
    assert refused_with(done, "key-superseded")


def test_a_succession_that_the_revocation_does_not_keep_is_doubtful(signed, home, tmp_path):
    signed(False)
    ok(home("key", "rotate", "release", "--record-file", "thiefs.jsonl"))
    ok(home("sign-blob", "--key", "release-2", "--bundle", "c.json", "a.txt"))
    # The owner, who knows nothing of that successor, revokes: in a store without its record.
    other = {"BOLTSEAL_KEYS": str(tmp_path / "other")}
    private = home.home / ".local/share/boltseal/keys/release/key.key"
    ok(home("key", "import", private, "release", **other))
    ok(home("key", "revoke", "release", "--at", FAR, "--record-file", "owners.jsonl", **other))
    home.write("records.jsonl", "".join((home.home / name).read_text() for name in ("thiefs.jsonl", "owners.jsonl")))
    done = home("verify-blob", "--key", "release.pub", "--insecure-ignore-tlog", "--bundle", "c.json", *RECORDS, "a.txt", **ELSEWHERE)
    assert refused_with(done, "key-succession-undecided"), done.stderr


def test_a_set_that_is_not_good_judges_nothing(signed, home):
    signed(False)
    ok(home("key", "rotate", "release", "--record-file", "records.jsonl"))
    record = json.loads((home.home / "records.jsonl").read_text())
    record["signatures"].pop()
    home.write("records.jsonl", json.dumps(record))
    blob = ("verify-blob", "--insecure-ignore-tlog", "--bundle", "b.json", "a.txt")
    done = home(*blob, "--key", "release.pub", *RECORDS, **ELSEWHERE)
    assert refused_with(done, "key-record-signature")
    assert home(*blob, "--key", "release.pub", "--key-records", "missing", **ELSEWHERE).returncode == 1
    wrong = home(*blob, "--certificate-identity", "a", "--certificate-oidc-issuer", "b", *RECORDS)
    assert wrong.returncode == 3 and "--key" in wrong.stderr


def test_a_timestamp_that_is_asked_for_must_be_there_in_cosigns_older_form_too(home, registry):
    images.Client(registry.host).push(images.sample("hello=1"), "trust/plain", "v1")
    where = ("--allow-http-registry", f"{registry.host}/trust/plain:v1")
    ok(home("key", "new", "release"))
    ok(home("sign", "--key", "release", "--format", "legacy", *where))
    ok(home("verify", "--key", "release", *where))
    done = home("verify", "--key", "release", "--use-signed-timestamps", *where)
    assert done.returncode == 12 and "timestamp-missing" in done.stderr


# ---- keys of a token under a name

@pytest.fixture
def token(tmp_path):
    tool = need("softhsm2-util", "softhsm2")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\nlog.level = ERROR\n")
    environment = {"SOFTHSM2_CONF": str(tmp_path / "softhsm.conf"), "BOLTSEAL_PKCS11_MODULE": "/usr/lib/softhsm/libsofthsm2.so"}
    subprocess.run([tool, "--init-token", "--free", "--label", "ci", "--so-pin", "8765", "--pin", "1234"], check=True,
                   stdout=subprocess.DEVNULL, env=os.environ | environment)
    return environment


PIN = {"COSIGN_PKCS11_PIN": "1234"}


def test_a_key_of_a_token_is_used_by_its_name(home, token, registry):
    images.Client(registry.host).push(images.sample("hello=1"), "trust/token", "v1")
    where = ("--allow-http-registry", f"{registry.host}/trust/token:v1")
    ok(home("key", "new", "pkcs11:token=ci;object=signer", "--name", "ci-signer", "--purpose", "build", **token, **PIN))
    shown = json.loads(ok(home("key", "show", "ci-signer", "-o", "json")).stdout)   # without the token
    assert shown["token"] == "pkcs11:token=ci;object=signer" and shown["purpose"] == "build" and "file" not in shown
    for form in ("bundle", "legacy"):
        ok(home("sign", "--key", "ci-signer", "--format", form, *where, **token, **PIN))
    assert len(json.loads(ok(home("verify", "--key", "ci-signer", *where)).stdout)) == 2
    ok(home("sign-blob", "--key", "store:ci-signer", "--bundle", "b.json", "a.txt", **token, **PIN))
    ok(home("verify-blob", "--key", "ci-signer", "--insecure-ignore-tlog", "--bundle", "b.json", "a.txt"))
    assert home("sign-blob", "--key", "ci-signer", "a.txt", **token, COSIGN_PKCS11_PIN="9999").returncode == 2
    assert home("key", "passwd", "ci-signer", BOLTSEAL_NEW_PASSWORD="x").returncode == 3
    # It is rotated and revoked as others are.
    ok(home("key", "new", "pkcs11:token=ci;object=second", **token, **PIN))
    ok(home("key", "import", "pkcs11:token=ci;object=second?pin-value=1234", "ci-second", **token))
    record = json.loads((home.home / ".local/share/boltseal/keys/ci-second/record.json").read_text())
    assert record["token"] == "pkcs11:token=ci;object=second"   # without the PIN
    ok(home("key", "rotate", "ci-signer", "--to", "ci-second", **token, **PIN))
    done = home("sign-blob", "--key", "ci-signer", "a.txt", **token, **PIN)
    assert done.returncode == 3 or "ci-second" in done.stderr
    ok(home("key", "revoke", "ci-second", **token, **PIN))
    assert [k["state"] for k in json.loads(ok(home("key", "list", "-o", "json")).stdout)] == ["revoked", "superseded"]


def test_another_key_under_the_same_label_does_not_sign(home, token, tmp_path):
    ok(home("key", "new", "pkcs11:token=ci;object=signer", "--name", "mine", **token, **PIN))
    for folder in (tmp_path / "tokens").iterdir():   # somebody changes the token for another of that name
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "ci", "--so-pin", "8765", "--pin", "1234"], check=True,
                   stdout=subprocess.DEVNULL, env=os.environ | token)
    ok(home("key", "new", "pkcs11:token=ci;object=signer", **token, **PIN))
    done = home("sign-blob", "--key", "mine", "a.txt", **token, **PIN)
    assert done.returncode == 2 and "another key" in done.stderr and done.stdout == ""
    for wrong in (("pkcs11:token=ci;object=signer", "mine"), ("pkcs11:token=ci", "x/y"), ("pkcs11:token=ci;object=nothing", "free")):
        assert home("key", "import", *wrong, **token).returncode in (2, 3)
    assert home("key", "new", "plain", "--name", "other").returncode == 3


# ---- certificates

WORKFLOW = {"trigger": "push", "sha": "c0ffee", "name": "release", "repository": "team/app", "ref": "refs/heads/main"}


@pytest.fixture
def certified(home):
    openssl("dgst", "-sha256", "-sign", "leaf.key", "-out", "s.raw", "a.txt", folder=home.home)
    return lambda *more: home("verify-blob", "--signature", "s.raw", "--certificate", "leaf.pem", "--insecure-ignore-tlog",
                              "--insecure-ignore-sct", "--certificate-oidc-issuer", "https://id.example",
                              "--certificate-identity", "https://ci.example/build", *more, "a.txt")


def test_claims_of_a_github_workflow(certified):
    claims = [f"--certificate-github-workflow-{name}={value}" for name, value in WORKFLOW.items()]
    ok(certified("--certificate-chain", "ca.pem", *claims))
    for name, value in WORKFLOW.items():
        done = certified("--certificate-chain", "ca.pem", f"--certificate-github-workflow-{name}", value + "x", "-o", "json")
        assert done.returncode == 1, name
        refusal = json.loads(done.stdout)["refusal"]
        assert (refusal["code"], refusal["wanted"], refusal["found"]) == ("claim-mismatch", value + "x", value)


def test_roots_in_a_file_of_several(home, certified):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "other.key", "-subj", "/CN=other",
            "-days", 30, "-out", "other.pem", "-config", "ca.cnf", "-extensions", "ca", folder=home.home)
    assert "certificate-untrusted" in certified("--ca-roots", "other.pem").stderr
    home.write("roots.pem", "".join((home.home / name).read_text() for name in ("other.pem", "ca.pem")))
    ok(certified("--ca-roots", "roots.pem"))
    # One between: other.pem is the root, and certifies the CA's key.
    openssl("req", "-new", "-key", "ca.key", "-subj", "/CN=ca", "-out", "between.csr", folder=home.home)
    openssl("x509", "-req", "-in", "between.csr", "-CA", "other.pem", "-CAkey", "other.key", "-CAcreateserial", "-days", 10, "-extfile",
            "ca.cnf", "-extensions", "ca", "-out", "between.pem", folder=home.home)
    ok(certified("--ca-roots", "other.pem", "--ca-intermediates", "between.pem"))
    assert certified("--ca-intermediates", "between.pem").returncode == 3
    assert certified("--ca-roots", "other.pem", "--certificate-chain", "ca.pem").returncode == 3
