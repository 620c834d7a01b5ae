"""What notation signed, recorded as OCI layouts under tests/cases/notation (one JSON file each: index.json and the blobs), and
what a hostile hand made of it. cases.tsv has a row for each verification: the exit code of notation itself, ours, and the
reason that ours must give. Four rows differ on purpose: what the specification forbids and notation lets pass."""

import pytest

import images
from conftest import ROOT

CASES = ROOT / "tests" / "cases" / "notation"
ROWS = [line.split("\t") for line in (CASES / "cases.tsv").read_text().splitlines() if not line.startswith("#")]
STRICTER = {"crafted-crit-unknown", "crafted-eku-any", "crafted-time-fraction", "p256-jws/skip-star.json"}


def unpack(case, folder):
    return images.unpack_recorded(CASES / f"{case}.json", folder)


def verify(program, policy, scope, reference, metadata="-"):
    words = ["verify", "--trust-policy", CASES / "policies" / policy, "--trust-store", CASES / "truststore", "--scope", scope]
    for pair in [] if metadata == "-" else metadata.split():
        words += ["-a", pair]
    return program(*words, reference)


@pytest.fixture
def program(boltseal):
    return lambda *words, **more: boltseal(*[str(w) for w in words], **more)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1].removesuffix('.json')}-{row[4]}")
def test_verdict_is_the_one_recorded(program, row, tmp_path):
    case, policy, scope, reference, metadata, theirs, ours, code = row
    layout = unpack(case, tmp_path / "layout")
    done = verify(program, policy, scope, f"oci:{layout}{reference}", metadata)
    assert str(done.returncode) == ours, done.stderr
    if code != "-":
        assert f"{code}: " in done.stderr
    if (theirs == "0") != (ours == "0"):
        assert case in STRICTER or f"{case}/{policy}" in STRICTER


BLOBS = CASES / "blobs"  # files that notation signed, and a row for each verification as above
BLOB_ROWS = [line.split("\t") for line in (BLOBS / "cases.tsv").read_text().splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("row", BLOB_ROWS, ids=lambda row: "-".join(part for part in row[:5] if part != "-").replace("/", "_"))
def test_verdict_on_a_blob_is_the_one_recorded(program, row):
    signature, policy, blob, media_type, metadata, theirs, ours, code = row
    words = ["verify-blob", "--trust-policy", BLOBS / "trustpolicy.blob.json", "--trust-store", CASES / "truststore", "--signature", BLOBS / signature]
    words += [] if policy == "-" else ["--policy-name", policy]
    words += [] if media_type == "-" else ["--media-type", media_type]
    for pair in [] if metadata == "-" else metadata.split():
        words += ["-a", pair]
    done = program(*words, BLOBS / blob)
    assert str(done.returncode) == ours, done.stderr
    if code != "-":
        assert f"{code}: " in done.stderr
    assert (theirs == "0") == (ours == "0") or policy == "nothing"  # with the level skip notation panics


def test_a_policy_that_is_not_there_is_no_yes(program):
    words = ["verify-blob", "--trust-policy", BLOBS / "trustpolicy.blob.json", "--trust-store", CASES / "truststore", "--signature", BLOBS / "p256.jws.sig"]
    missing = program(*words, "--policy-name", "nobody", BLOBS / "blob.txt")
    assert missing.returncode == 1 and "no trust policy has that name" in missing.stderr
    without = program("verify-blob", "--trust-policy", BLOBS / "trustpolicy.blob.json", BLOBS / "blob.txt")
    assert without.returncode == 3 and "--signature" in without.stderr


def test_cases_are_of_both_kinds():
    assert len(ROWS) > 90
    assert sum(row[6] == "0" for row in BLOB_ROWS) > 15 and sum(row[6] != "0" for row in BLOB_ROWS) > 15
    assert sum(row[6] == "0" for row in ROWS) > 30 and sum(row[6] != "0" for row in ROWS) > 40


def make_chain(folder, run):
    """A root and a certificate that it issued for signing code."""
    def openssl(*words):
        run(["openssl", *words], cwd=folder)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "30",
            "-subj", "/C=US/ST=WA/O=Example/CN=root", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/C=US/ST=WA/O=Example/CN=signer")
    (folder / "ext").write_text("keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", "leaf.crt", "-days", "10", "-extfile", "ext")
    (folder / "chain.pem").write_text((folder / "leaf.crt").read_text() + (folder / "ca.crt").read_text())
    store = folder / "truststore" / "x509" / "ca" / "test"
    store.mkdir(parents=True)
    (store / "ca.crt").write_text((folder / "ca.crt").read_text())


@pytest.mark.parametrize("form", ["jws", "cose"])
def test_signs_files_that_it_verifies(program, form, tmp_path):
    import json
    import subprocess
    make_chain(tmp_path, lambda words, cwd: subprocess.run(words, cwd=cwd, check=True, capture_output=True))
    blob, policy = tmp_path / "a.txt", tmp_path / "trustpolicy.blob.json"
    blob.write_text("hello\n")
    policy.write_text(json.dumps({"version": "1.0", "trustPolicies": [{"name": "all", "globalPolicy": True, "signatureVerification": {"level": "strict"},
                                                                       "trustStores": ["ca:test"], "trustedIdentities": ["*"]}]}))
    done = program("sign-blob", "--key", tmp_path / "leaf.key", "--format", f"notation-{form}", "--certificate-chain", tmp_path / "chain.pem",
                   "--media-type", "text/plain", "-a", "build=42", blob)
    signature = tmp_path / f"a.txt.{form}.sig"
    assert done.returncode == 0 and signature.exists() and done.stdout == "", done.stderr
    verify = ["verify-blob", "--trust-policy", policy, "--signature", signature]
    assert program(*verify, "--media-type", "text/plain", "-a", "build=42", blob).returncode == 0
    shown = json.loads(program("bundle", "inspect", signature).stdout)
    assert shown["algorithm"] == "ES384" and shown["targetArtifact"]["digest"].startswith("sha384:") and len(shown["certificates"]) == 2
    blob.write_text("hallo\n")
    changed = program(*verify, blob)
    assert changed.returncode == 1 and "subject-mismatch: " in changed.stderr
    other = program("sign-blob", "--key", tmp_path / "leaf.key", "--format", f"notation-{form}", "--certificate-chain", tmp_path / "chain.pem", "--bundle",
                    tmp_path / "b", blob)
    assert other.returncode == 3 and "--bundle" in other.stderr


@pytest.mark.parametrize("form", ["notation-jws", "notation-cose"])
def test_signs_what_it_verifies(program, form, tmp_path):
    import subprocess
    make_chain(tmp_path, lambda words, cwd: subprocess.run(words, cwd=cwd, check=True, capture_output=True))
    layout = unpack("unsigned", tmp_path / "layout")
    (tmp_path / "trustpolicy.json").write_text((CASES / "policies" / "strict.json").read_text())
    sign = ["sign", "--key", tmp_path / "leaf.key", "--format", form, "--certificate-chain"]
    other = program(*sign, tmp_path / "ca.crt", f"oci:{layout}:v1")
    assert other.returncode != 0 and "not of the key" in other.stderr
    done = program(*sign, tmp_path / "chain.pem", "--expiry", "1h", "-a", "build=42", f"oci:{layout}:v1")
    assert done.returncode == 0, done.stderr
    words = ["verify", "--trust-policy", tmp_path / "trustpolicy.json"]
    assert program(*words, f"oci:{layout}:v1").returncode == 0
    assert program(*words, "-a", "build=42", f"oci:{layout}:v1").returncode == 0
    wrong = program(*words, "-a", "build=43", f"oci:{layout}:v1")
    assert wrong.returncode == 12 and "annotation-mismatch" in wrong.stderr
