"""verify-blob and sign-blob against OpenSSL: its keys, its signatures, its certificates, its timestamp authority."""
import json
import subprocess

import pytest

from conftest import need


def openssl(*arguments, folder, stdin=None):
    done = subprocess.run([need("openssl", "openssl"), *map(str, arguments)], cwd=folder, input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture
def keys(boltseal):
    """key.pem, key.pub and a file to sign, in the program's folder."""
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key.pem", folder=boltseal.home)
    openssl("pkey", "-in", "key.pem", "-pubout", "-out", "key.pub", folder=boltseal.home)
    boltseal.write("a.txt", "the artifact\n")
    return boltseal


@pytest.fixture
def authority(keys):
    """ca.pem, and leaf.pem over key.pem for https://ci.example/build, issuer https://id.example."""
    keys.write("ca.cnf", "[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
               "[leaf]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n"
               "subjectAltName=URI:https://ci.example/build\n1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:https://id.example\n"
               "[stamp]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"
               "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\ndefault_policy=1.2.3.4\ndigests=sha256\nsigner_digest=sha256\n"
               "ess_cert_id_alg=sha256\n")
    home = keys.home
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-subj",
            "/CN=ca", "-days", 30, "-out", "ca.pem", "-config", "ca.cnf", "-extensions", "ca", folder=home)
    for name, key in (("leaf", "key.pem"), ("stamp", "stamp.key")):
        if key == "stamp.key":
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key, folder=home)
        openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", f"{name}.csr", folder=home)
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", 10,
                "-extfile", "ca.cnf", "-extensions", name, "-out", f"{name}.pem", folder=home)
    return keys


def test_what_it_signs_openssl_verifies_and_the_reverse(keys):
    done = keys("sign-blob", "-y", "--key", "key.pem", "--bundle", "b.json", "--output-signature", "s.b64", "a.txt")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stderr
    openssl("base64", "-d", "-A", "-in", "s.b64", "-out", "s.raw", folder=keys.home)
    openssl("dgst", "-sha256", "-verify", "key.pub", "-signature", "s.raw", "a.txt", folder=keys.home)
    ours = keys("verify-blob", "--key", "key.pub", "--bundle", "b.json", "--insecure-ignore-tlog", "a.txt")
    assert (ours.returncode, ours.stdout, ours.stderr) == (0, "", "Verified OK\n")

    openssl("dgst", "-sha256", "-sign", "key.pem", "-out", "t.raw", "a.txt", folder=keys.home)
    for signature in ("t.raw", "s.b64"):
        theirs = keys("verify-blob", "--key", "key.pub", "--signature", signature, "--insecure-ignore-tlog=true", "a.txt")
        assert (theirs.returncode, theirs.stderr) == (0, "Verified OK\n")


def test_a_digest_and_standard_input_stand_for_the_file(keys):
    assert keys("sign-blob", "--key", "key.pem", "--bundle", "b.json", "a.txt").returncode == 0
    digest = openssl("dgst", "-sha256", "-r", "a.txt", folder=keys.home).split()[0].decode()
    check = ("verify-blob", "--key", "key.pub", "--bundle", "b.json", "--insecure-ignore-tlog")
    assert keys(*check, f"sha256:{digest}").returncode == 0
    assert keys(*check, f"sha256:{digest[::-1]}").returncode == 1
    done = subprocess.run([keys.program, *check, "-"], cwd=keys.home, input=b"the artifact\n", stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"Verified OK\n")


def test_a_refusal_has_a_code_a_field_and_both_values(keys):
    assert keys("sign-blob", "--key", "key.pem", "--bundle", "b.json", "a.txt").returncode == 0
    keys.write("b.txt", "another\n")
    done = keys("verify-blob", "-o", "json", "--key", "key.pub", "--bundle", "b.json", "--insecure-ignore-tlog", "b.txt")
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and answer["verified"] is False
    assert answer["refusal"]["code"] == "artifact-mismatch"
    assert answer["refusal"]["field"] == "messageSignature.messageDigest"
    assert len(answer["refusal"]["wanted"]) == len(answer["refusal"]["found"]) == 64
    assert done.stderr.startswith("boltseal: refused: artifact-mismatch: ")

    done = keys("verify-blob", "--key", "key.pub", "--bundle", "b.json", "a.txt")
    assert (done.returncode, done.stderr.split(": ")[2]) == (1, "log-entry-missing")


def test_nobody_is_trusted_unless_named(keys):
    assert keys("sign-blob", "--key", "key.pem", "--bundle", "b.json", "a.txt").returncode == 0
    for arguments in ((), ("--certificate-identity", "x"), ("--certificate-oidc-issuer", "x"),
                      ("--certificate-identity-regexp", "(", "--certificate-oidc-issuer", "x")):
        done = keys("verify-blob", "--bundle", "b.json", "--insecure-ignore-tlog", *arguments, "a.txt")
        assert done.returncode == 3, done.stderr
    assert keys("verify-blob", "--key", "key.pub", "a.txt").returncode == 3
    assert keys("verify-blob", "--key", "missing", "--bundle", "b.json", "a.txt").returncode == 1


def test_a_certificate_of_ones_own_authority(authority):
    openssl("dgst", "-sha256", "-sign", "key.pem", "-out", "s.raw", "a.txt", folder=authority.home)
    check = ("verify-blob", "--signature", "s.raw", "--certificate", "leaf.pem", "--certificate-chain", "ca.pem",
             "--insecure-ignore-tlog", "--insecure-ignore-sct", "--certificate-oidc-issuer", "https://id.example")
    done = authority(*check, "-o", "json", "--certificate-identity", "https://ci.example/build", "a.txt")
    assert done.returncode == 0, done.stderr
    evidence = json.loads(done.stdout)["evidence"]
    assert evidence["identity"]["name"] == "https://ci.example/build"
    assert [one["subject"] for one in evidence["chain"]] == ["CN=leaf", "CN=ca"]

    done = authority(*check, "--certificate-identity-regexp", "ci.example", "a.txt")
    assert done.returncode == 0 and "matches anywhere" in done.stderr
    done = authority(*check, "--certificate-identity", "https://ci.example/buil", "a.txt")
    assert done.returncode == 1 and "identity-mismatch" in done.stderr


def test_a_timestamp_of_openssls_authority(authority, fake_server):
    """sign-blob asks a timestamp authority; verify-blob judges what it says."""
    def answer(request):
        assert request.headers["Content-Type"] == "application/timestamp-query"
        (authority.home / "query").write_bytes(request.body)
        openssl("ts", "-reply", "-config", "ca.cnf", "-queryfile", "query", "-inkey", "stamp.key", "-signer", "stamp.pem",
                "-out", "reply", folder=authority.home)
        return 200, {"Content-Type": "application/timestamp-reply"}, (authority.home / "reply").read_bytes()

    authority.write("serial", "01\n")
    server = fake_server(answer)
    done = authority("sign-blob", "--key", "key.pem", "--bundle", "b.json", "--timestamp-server-url",
                     f"http://{server.host}/", "a.txt")
    assert done.returncode == 0, done.stderr
    check = ("verify-blob", "--key", "key.pub", "--bundle", "b.json", "--insecure-ignore-tlog", "--use-signed-timestamps")
    done = authority(*check, "-o", "json", "--timestamp-certificate-chain", "ca.pem", "a.txt")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["evidence"]["times"][0]["source"] == "rfc3161"
    done = authority(*check, "a.txt")  # the public good's root has no authority that made it
    assert done.returncode == 1 and "timestamp-untrusted" in done.stderr
    shown = json.loads(authority("bundle", "inspect", "b.json").stdout)
    assert len(shown["timestamps"]) == 1 and shown["logEntries"] == []

    offline = authority("sign-blob", "--key", "key.pem", "--offline", "--timestamp-server-url",
                        f"http://{server.host}/", "a.txt")
    assert offline.returncode == 2 and len(server.requests) == 1


def test_an_answer_to_another_question_is_no_timestamp(authority, fake_server):
    authority.write("serial", "01\n")
    openssl("ts", "-query", "-data", "a.txt", "-sha256", "-cert", "-out", "query", folder=authority.home)
    openssl("ts", "-reply", "-config", "ca.cnf", "-queryfile", "query", "-inkey", "stamp.key", "-signer", "stamp.pem",
            "-out", "reply", folder=authority.home)
    server = fake_server(lambda request: (200, {}, (authority.home / "reply").read_bytes()))
    done = authority("sign-blob", "--key", "key.pem", "--timestamp-server-url", f"http://{server.host}/", "a.txt")
    assert done.returncode == 2 and "over something else" in done.stderr


def test_verifying_needs_no_network(keys):
    """In a network namespace without a way out."""
    assert keys("sign-blob", "--key", "key.pem", "--bundle", "b.json", "a.txt").returncode == 0
    done = subprocess.run([need("unshare", "util-linux"), "-rn", keys.program, "verify-blob", "--key", "key.pub", "--bundle",
                           "b.json", "--insecure-ignore-tlog", "a.txt"], cwd=keys.home, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, "Verified OK\n")
