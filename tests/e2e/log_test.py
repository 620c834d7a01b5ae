"""`log`: a transparency log in a folder, an OCI layout or a registry; its proofs in bundles that `verify-blob` accepts."""
import base64
import hashlib
import json
import shutil
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from signing_test import make_key


@pytest.fixture(params=["folder", "layout", "registry"])
def place(request, registry, tmp_path):
    return {"folder": str(tmp_path / "log"), "layout": f"oci:{tmp_path}/layout",
            "registry": f"oci://{registry.host}/logs/{tmp_path.name}"}[request.param]


def run(boltseal, *arguments, code=0, **environment):
    done = boltseal(*arguments, **environment)
    assert done.returncode == code, done.stderr
    return done


def add(boltseal, place, key, name):
    return json.loads(run(boltseal, "log", "add", place, "--insecure-http", "--key", key, "--entry",
                          boltseal.write(f"{name}.json", json.dumps({"name": name}))).stdout)


def test_entries_are_proved_and_the_log_only_grows(boltseal, place, tmp_path):
    private, public = make_key(tmp_path, "log", ("ED25519",))
    run(boltseal, "log", "init", place, "--insecure-http", "--origin", "log.example", "--key", private)
    first = add(boltseal, place, private, "first")
    assert first["logIndex"] == "0"
    trust = ("--public-key", public, "--insecure-http")
    assert "seen for the first time" in run(boltseal, "log", "verify", place, *trust).stdout
    for name in ("second", "third"):
        add(boltseal, place, private, name)
    verified = run(boltseal, "log", "verify", place, *trust, "--entries").stdout
    assert "3 entries" in verified and "grown from 1 entries" in verified
    assert '2 {"name":"third"}' in run(boltseal, "log", "show", place, *trust).stdout
    proof = json.loads(run(boltseal, "log", "prove", place, "1", *trust).stdout)["inclusionProof"]
    leaf = hashlib.sha256(b'\0{"name":"second"}').digest()
    hashes = [base64.b64decode(h) for h in proof["hashes"]]
    left = hashlib.sha256(b"\1" + hashes[0] + leaf).digest()
    assert hashlib.sha256(b"\1" + left + hashes[1]).digest() == base64.b64decode(proof["rootHash"])
    other = make_key(tmp_path, "other", ("ED25519",))[1]
    assert "checkpoint-signature-missing" in run(boltseal, "log", "verify", place, "--public-key", other, "--insecure-http",
                                                 code=1).stderr


def test_another_history_is_refused(boltseal, tmp_path):
    private, public = make_key(tmp_path, "log")
    log = tmp_path / "log"
    run(boltseal, "log", "init", log, "--origin", "log.example", "--key", private)
    add(boltseal, log, private, "first")
    shutil.copytree(log, tmp_path / "fork")
    add(boltseal, log, private, "second")
    run(boltseal, "log", "verify", log, "--public-key", public)
    assert "log-rollback" in run(boltseal, "log", "verify", tmp_path / "fork", "--public-key", public, code=1).stderr
    for name in ("hidden", "more"):
        add(boltseal, tmp_path / "fork", private, name)
    assert "log-fork" in run(boltseal, "log", "verify", tmp_path / "fork", "--public-key", public, code=1).stderr
    run(boltseal, "log", "verify", log, "--public-key", public)


def test_many_writers_lose_nothing(boltseal, tmp_path):
    private, public = make_key(tmp_path, "log")
    log = tmp_path / "log"
    run(boltseal, "log", "init", log, "--origin", "log.example", "--key", private)
    with ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(lambda n: add(boltseal, log, private, f"n{n}"), range(24)))
    assert sorted(int(entry["logIndex"]) for entry in entries) == list(range(24))
    assert "24 entries" in run(boltseal, "log", "verify", log, "--public-key", public, "--entries").stdout
    # The layout of C2SP, read by somebody else.
    tile = (log / "tile" / "entries" / "000.p" / "24").read_bytes()
    bodies = []
    while tile:
        size = struct.unpack(">H", tile[:2])[0]
        bodies.append(tile[2:2 + size])
        tile = tile[2 + size:]
    assert {json.loads(body)["name"] for body in bodies} == {f"n{n}" for n in range(24)}
    hashes = b"".join(hashlib.sha256(b"\0" + body).digest() for body in bodies)
    assert (log / "tile" / "0" / "000.p" / "24").read_bytes() == hashes


def test_witnesses_sign_what_they_saw_grow(boltseal, tmp_path):
    private, public = make_key(tmp_path, "log")
    witness = make_key(tmp_path, "witness", ("ED25519",))[0]
    log = tmp_path / "log"
    run(boltseal, "log", "init", log, "--origin", "log.example", "--key", private)
    add(boltseal, log, private, "first")
    said = run(boltseal, "log", "witness", log, "--public-key", public, "--key", witness, "--name", "witness.example",
               BOLTSEAL_STATE_DIR=str(tmp_path / "witness-state")).stdout
    name = said.split()[-1]
    seen = run(boltseal, "log", "verify", log, "--public-key", public, "--witness", name)
    assert "witness witness.example" in seen.stdout
    add(boltseal, log, private, "second")
    assert "witnesses-missing" in run(boltseal, "log", "verify", log, "--public-key", public, "--witness", name, code=1).stderr


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stamp(folder, bundle, root):
    """Puts the timestamp of an authority of our own into the bundle, and the authority into the trusted root: entries of
    Rekor's second version have no time of their own."""
    folder.mkdir()
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-subj", "/O=test/CN=ca",
            "-addext", "keyUsage=critical,keyCertSign", "-days", "99")
    openssl("req", "-new", *curve, "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr", "-subj", "/O=test/CN=tsa")
    (folder / "ext").write_text("extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
                                "basicConstraints=critical,CA:false\n")
    openssl("x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial",
            "-days", "99", "-extfile", folder / "ext", "-out", folder / "tsa.pem")
    (folder / "tsa.conf").write_text(
        f"[tsa]\nserial = {folder}/serial\nsigner_cert = {folder}/tsa.pem\nsigner_key = {folder}/tsa.key\n"
        "default_policy = 1.2.3.4\ndigests = sha256\nsigner_digest = sha256\n")
    (folder / "serial").write_text("01\n")
    document = json.loads(bundle.read_text())
    (folder / "signature").write_bytes(base64.b64decode(document["messageSignature"]["signature"]))
    openssl("ts", "-query", "-data", folder / "signature", "-sha256", "-cert", "-out", folder / "query")
    openssl("ts", "-reply", "-config", folder / "tsa.conf", "-section", "tsa", "-queryfile", folder / "query", "-out",
            folder / "reply")
    document["verificationMaterial"]["timestampVerificationData"] = {
        "rfc3161Timestamps": [{"signedTimestamp": base64.b64encode((folder / "reply").read_bytes()).decode()}]}
    bundle.write_text(json.dumps(document))
    trusted = json.loads(root.read_text())
    chain = [{"rawBytes": "".join((folder / name).read_text().splitlines()[1:-1])} for name in ("tsa.pem", "ca.pem")]
    trusted["timestampAuthorities"] = [{"subject": {"organization": "test", "commonName": "tsa"}, "uri": "https://tsa.example",
                                        "certChain": {"certificates": chain}, "validFor": {"start": "2020-01-01T00:00:00Z"}}]
    root.write_text(json.dumps(trusted))


def test_a_bundle_carries_the_proof(boltseal, tmp_path):
    log_key, log_public = make_key(tmp_path, "log")
    private, public = make_key(tmp_path, "signer")
    log, bundle, root = tmp_path / "log", tmp_path / "bundle.json", tmp_path / "trusted_root.json"
    blob = boltseal.write("blob.txt", "content")
    run(boltseal, "log", "init", log, "--origin", "log.example", "--key", log_key)
    run(boltseal, "sign-blob", blob, "--key", private, "--bundle", bundle)
    root.write_text(run(boltseal, "log", "trusted-root", log, "--public-key", log_public).stdout)
    stamp(tmp_path / "tsa", bundle, root)
    verify = ("verify-blob", blob, "--key", public, "--bundle", bundle, "--trusted-root", root)
    assert boltseal(*verify).returncode != 0   # the entry is asked for
    run(boltseal, "log", "add", log, "--key", log_key, "--bundle", bundle, "--signer-key", public)
    run(boltseal, *verify)
    run(boltseal, "log", "verify", log, "--public-key", log_public, "--bundle", bundle)
    changed = json.loads(bundle.read_text())
    proof = changed["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
    proof["checkpoint"]["envelope"] = proof["checkpoint"]["envelope"].replace("\n1\n", "\n2\n")
    bundle.write_text(json.dumps(changed))
    assert "checkpoint-signature-invalid" in boltseal(*verify).stderr
