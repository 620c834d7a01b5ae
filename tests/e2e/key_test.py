"""Keys: cosign's files both ways, passwords from everywhere, the store, rotation and revocation, tokens and a TPM. What we make
is checked with OpenSSL, libsodium and pkcs11-tool, which know nothing of us."""
import base64
import ctypes
import ctypes.util
import hashlib
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import stat
import subprocess
import tempfile
import time

import pytest

from conftest import ROOT, need, stop, wait_for

KEYS = ROOT / "tests/cases/keys"
PAYLOAD_TYPE = "application/vnd.boltseal.key-record.v1+json"


def run(*words, **options):
    return subprocess.run([str(w) for w in words], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options).stdout


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def ok(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


def opened_by_libsodium(key_file, password):
    """The PKCS#8 in a key file of cosign's kind, by Python's scrypt and libsodium's secretbox."""
    lines = pathlib.Path(key_file).read_text().split("\n")
    assert lines[0] == "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----"
    sealed = json.loads(base64.b64decode("".join(lines[1:-2])))
    params = sealed["kdf"]["params"]
    assert (sealed["kdf"]["name"], sealed["cipher"]["name"]) == ("scrypt", "nacl/secretbox")
    key = hashlib.scrypt(password, salt=base64.b64decode(sealed["kdf"]["salt"]), n=params["N"], r=params["r"], p=params["p"],
                         maxmem=256 << 20, dklen=32)
    box, nonce = base64.b64decode(sealed["ciphertext"]), base64.b64decode(sealed["cipher"]["nonce"])
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
    plain = ctypes.create_string_buffer(len(box) - 16)
    assert sodium.crypto_secretbox_open_easy(plain, box, ctypes.c_ulonglong(len(box)), nonce, key) == 0
    return plain.raw


def openssl_public(der):
    return run("openssl", "pkey", "-inform", "DER", "-pubout", input=der).decode()


def verified_by_openssl(envelope, public_pem, tmp_path):
    """Which of the signatures of a DSSE envelope OpenSSL finds good under a P-256 key."""
    payload = base64.b64decode(envelope["payload"])
    assert envelope["payloadType"] == PAYLOAD_TYPE
    message = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    (tmp_path / "pub.pem").write_text(public_pem)
    good = []
    for entry in envelope["signatures"]:
        (tmp_path / "sig").write_bytes(base64.b64decode(entry["sig"]))
        done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", tmp_path / "pub.pem", "-signature", tmp_path / "sig"],
                              input=message, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        good.append(done.returncode == 0)
    return json.loads(payload), good


# ---- cosign's files

@pytest.mark.parametrize("name, password", [("cosign", ""), ("old-label", ""), ("pw", "correct horse")])
def test_files_that_cosign_made_are_read(boltseal, name, password):
    done = boltseal("key", "public", KEYS / f"{name}.key", COSIGN_PASSWORD=password)
    assert ok(done) == (KEYS / f"{name}.pub").read_text()
    assert ok(boltseal("public-key", "--key", KEYS / f"{name}.key", COSIGN_PASSWORD=password)) == done.stdout


def test_the_weaker_scrypt_of_old_files_is_read(boltseal):
    key = ok(boltseal("key", "public", KEYS / "n32768.key", BOLTSEAL_PASSWORD=""))
    assert key.startswith("-----BEGIN PUBLIC KEY-----\n")


def test_a_wrong_password_is_said_to_be_one(boltseal):
    done = boltseal("key", "public", KEYS / "pw.key", COSIGN_PASSWORD="wrong")
    assert done.returncode == 2 and "the password is wrong" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-2048"])
def test_files_that_we_make_open_elsewhere(boltseal, kind):
    done = boltseal("generate-key-pair", "--type", kind, "--output-key-prefix", "my", COSIGN_PASSWORD="pw")
    assert ok(done) == "" and done.stderr == "Private key written to my.key\nPublic key written to my.pub\n"
    key, half = boltseal.home / "my.key", boltseal.home / "my.pub"
    assert mode(key) == 0o600
    assert openssl_public(opened_by_libsodium(key, b"pw")) == half.read_text()


def test_files_are_not_written_over_unless_forced(boltseal):
    ok(boltseal("generate-key-pair", COSIGN_PASSWORD=""))
    before = (boltseal.home / "cosign.key").read_bytes()
    done = boltseal("generate-key-pair", COSIGN_PASSWORD="")
    assert done.returncode == 3 and "cosign.key: the file is there already; --force" in done.stderr
    assert (boltseal.home / "cosign.key").read_bytes() == before
    ok(boltseal("generate-key-pair", "--force", COSIGN_PASSWORD=""))
    assert (boltseal.home / "cosign.key").read_bytes() != before


def test_keys_of_openssl_are_imported(boltseal):
    run("openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", boltseal.home / "sec1.pem")
    run("openssl", "pkcs8", "-topk8", "-in", boltseal.home / "sec1.pem", "-out", boltseal.home / "pbes2.pem", "-passout", "pass:a b")
    wanted = run("openssl", "pkey", "-in", boltseal.home / "sec1.pem", "-pubout").decode()
    ok(boltseal("key", "import", "sec1.pem", COSIGN_PASSWORD="new"))
    ok(boltseal("key", "import", "pbes2.pem", "other", COSIGN_PASSWORD="a b"))
    for name, password in [("sec1", b"new"), ("other", b"a b")]:
        assert ok(boltseal("key", "public", name)) == wanted
        assert openssl_public(opened_by_libsodium(boltseal.home / f".local/share/boltseal/keys/{name}/key.key", password)) == wanted
    ok(boltseal("import-key-pair", "--key", "sec1.pem", COSIGN_PASSWORD=""))
    assert (boltseal.home / "import-cosign.pub").read_text() == wanted


# ---- where a password comes from

def test_a_password_comes_from_a_file_or_standard_input(boltseal, program):
    boltseal.write("word", "correct horse\n")
    wanted = (KEYS / "pw.pub").read_text()
    assert ok(boltseal("key", "public", KEYS / "pw.key", "--password-file", "word", COSIGN_PASSWORD="wrong")) == wanted
    assert ok(boltseal("key", "public", KEYS / "pw.key", BOLTSEAL_PASSWORD_FILE="word")) == wanted
    piped = subprocess.run([program, "key", "public", KEYS / "pw.key", "--password-stdin"], input="correct horse\n", text=True,
                           stdout=subprocess.PIPE)
    assert piped.stdout == wanted


def test_without_terminal_the_ways_are_named(program):
    clean = {k: v for k, v in os.environ.items() if "PASSWORD" not in k}
    done = subprocess.run([program, "key", "public", KEYS / "pw.key"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, start_new_session=True, env=clean)
    assert done.returncode == 2 and "COSIGN_PASSWORD" in done.stderr and "--password-file" in done.stderr


class Terminal:
    """The program on a terminal of its own, which is typed at."""

    def __init__(self, boltseal, *words):
        self.seen = ""
        self.process, self.fd = pty.fork()
        if self.process == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a job in the background ignores it, and so would the program
            os.chdir(boltseal.home)
            os.execve(boltseal.program, [boltseal.program, *map(str, words)],
                      {"PATH": os.environ["PATH"], "HOME": str(boltseal.home), "LANG": "C.UTF-8"})

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            text = os.read(self.fd, 4096).decode()
        except OSError:  # the other end is closed
            return False
        self.seen += text
        return bool(text)

    def answer(self, prompt, text):
        end = time.monotonic() + 30
        while prompt not in self.seen:
            assert time.monotonic() < end and self.read(30), f"no {prompt!r} in {self.seen!r}"
        self.seen = self.seen.split(prompt, 1)[1]
        time.sleep(0.2)  # what is typed before echo is off is thrown away
        os.write(self.fd, text.encode())

    def end(self):
        while self.read(30):
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


def test_a_prompt_asks_twice_for_a_new_key_and_shows_nothing(boltseal):
    terminal = Terminal(boltseal, "key", "new", "mine")
    terminal.answer("New password for mine (may be empty): ", "secret word\n")
    terminal.answer("The same once more: ", "secret word\n")
    assert terminal.end() == 0 and "secret" not in terminal.seen, terminal.seen
    terminal = Terminal(boltseal, "key", "show", boltseal.home / ".local/share/boltseal/keys/mine/key.key")
    terminal.answer("key.key: ", "secret word\n")
    assert terminal.end() == 0
    assert "ecdsa-p256" in terminal.seen and "secret" not in terminal.seen, terminal.seen


def test_two_passwords_that_differ_make_no_key(boltseal):
    terminal = Terminal(boltseal, "key", "new", "mine")
    terminal.answer("(may be empty): ", "one\n")
    terminal.answer("once more: ", "two\n")
    assert terminal.end() == 3 and "differ" in terminal.seen
    assert ok(boltseal("key", "list", "-o", "json")) == "[]\n"


def test_an_interrupt_at_the_prompt_leaves_the_terminal_as_it_was(boltseal):
    terminal = Terminal(boltseal, "key", "new", "mine")
    terminal.answer("(may be empty): ", "half\x03")
    assert terminal.end() == -signal.SIGINT


def test_passwd_changes_the_password_alone(boltseal):
    ok(boltseal("key", "new", "a", COSIGN_PASSWORD="old"))
    before = ok(boltseal("key", "public", "a"))
    boltseal.write("new", "new\n")
    ok(boltseal("key", "passwd", "a", "--new-password-file", "new", COSIGN_PASSWORD="old"))
    file = boltseal.home / ".local/share/boltseal/keys/a/key.key"
    assert openssl_public(opened_by_libsodium(file, b"new")) == before and mode(file) == 0o600
    assert boltseal("key", "passwd", "a", COSIGN_PASSWORD="old", BOLTSEAL_NEW_PASSWORD="x").returncode == 2


# ---- the store

def test_the_store_lists_and_shows_keys(boltseal):
    ok(boltseal("key", "new", "build", "--purpose", "phase build", COSIGN_PASSWORD="", SOURCE_DATE_EPOCH="1700000000"))
    ok(boltseal("key", "new", "release", "--type", "ed25519", COSIGN_PASSWORD="", SOURCE_DATE_EPOCH="1700000000"))
    keys = json.loads(ok(boltseal("key", "list", "-o", "json")))
    assert [(k["reference"], k["type"], k["state"], k["created"]) for k in keys] == [
        ("build", "ecdsa-p256", "active", "2023-11-14T22:13:20Z"), ("release", "ed25519", "active", "2023-11-14T22:13:20Z")]
    table = ok(boltseal("key", "list")).splitlines()
    assert re.split(r"\s{2,}", table[0]) == ["NAME", "TYPE", "ID", "CREATED", "STATE", "PURPOSE"]
    assert re.split(r"\s{2,}", table[1]) == ["build", "ecdsa-p256", keys[0]["id"][:16], "2023-11-14", "active", "phase build"]
    shown = ok(boltseal("key", "show", "store:build"))
    assert f"id         {keys[0]['id']}\n" in shown
    assert keys[0]["id"] == hashlib.sha256(run("openssl", "pkey", "-pubin", "-outform", "DER", input=keys[0]["publicKey"].encode())).hexdigest()
    store = boltseal.home / ".local/share/boltseal/keys"
    assert [mode(p) for p in (store, store / "build", store / "build/key.key", store / "build/record.json")] == [0o700, 0o700, 0o600, 0o600]
    again = boltseal("key", "new", "build", COSIGN_PASSWORD="")
    assert again.returncode == 3 and "another name" in again.stderr


def test_a_file_counts_before_a_key_of_that_name_and_either_is_said(boltseal):
    ok(boltseal("key", "new", "cosign.pub", COSIGN_PASSWORD=""))
    from_store = boltseal("key", "public", "cosign.pub")
    assert "cosign.pub of the store" in from_store.stderr
    boltseal.write("cosign.pub", (KEYS / "cosign.pub").read_text())
    from_file = boltseal("key", "public", "cosign.pub")
    assert from_file.stdout == (KEYS / "cosign.pub").read_text() and "not the key of that name" in from_file.stderr
    assert ok(boltseal("key", "public", "store:cosign.pub")) == from_store.stdout
    assert boltseal("key", "public", "-q", "cosign.pub").stderr == ""


@pytest.mark.parametrize("words", [["key", "new"], ["key", "new", "a/b"], ["key", "new", "a", "--type", "dsa"],
                                   ["key", "public", "awskms://alias/x"], ["key", "public", "pkcs11:token"],
                                   ["key", "revoke", "a", "--at", "noon"]])
def test_wrong_calls_are_refused(boltseal, words):
    done = boltseal(*words, COSIGN_PASSWORD="")
    assert done.returncode in (2, 3) and done.stderr.startswith("boltseal: ") and done.stdout == ""


# ---- rotation and revocation

def test_rotation_is_signed_by_both_keys(boltseal, tmp_path):
    ok(boltseal("key", "new", "release", COSIGN_PASSWORD=""))
    new = json.loads(ok(boltseal("key", "rotate", "release", "--record-file", "shipped.jsonl", "-o", "json", COSIGN_PASSWORD="",
                                 SOURCE_DATE_EPOCH="1700000000")))
    assert new["reference"] == "release-2" and new["state"] == "active"
    line, = (boltseal.home / "shipped.jsonl").read_text().splitlines()
    old_half = ok(boltseal("key", "public", "release"))
    statement, good = verified_by_openssl(json.loads(line), old_half, tmp_path)
    assert good == [True, False]
    assert verified_by_openssl(json.loads(line), new["publicKey"], tmp_path)[1] == [False, True]
    assert statement["kind"] == "succession" and statement["time"] == "2023-11-14T22:13:20Z"
    assert statement["successor"]["id"] == new["id"]
    old = json.loads(ok(boltseal("key", "show", "release", "-o", "json")))
    assert (old["state"], old["successor"]) == ("superseded", "release-2")
    again = boltseal("key", "rotate", "release", "--to", "third", COSIGN_PASSWORD="")
    assert again.returncode == 3 and "successor already" in again.stderr
    ok(boltseal("key", "rotate", "release-2", "--to", "third", COSIGN_PASSWORD=""))
    assert len(json.loads(ok(boltseal("key", "records", "-o", "json")))) == 2


def test_revocation_names_a_time_and_a_reason(boltseal, tmp_path):
    ok(boltseal("key", "new", "a", COSIGN_PASSWORD=""))
    ok(boltseal("key", "rotate", "a", COSIGN_PASSWORD=""))
    ok(boltseal("key", "revoke", "a", "--reason", "laptop lost", "--at", "2026-01-02", "--record-file", "r.jsonl", COSIGN_PASSWORD=""))
    statement, good = verified_by_openssl(json.loads((boltseal.home / "r.jsonl").read_text()), ok(boltseal("key", "public", "a")), tmp_path)
    assert good == [True] and (statement["from"], statement["reason"]) == ("2026-01-02T00:00:00Z", "laptop lost")
    succession = json.loads((boltseal.home / ".local/share/boltseal/keys/records.jsonl").read_text().splitlines()[0])
    assert statement["keeps"] == ["sha256:" + hashlib.sha256(base64.b64decode(succession["payload"])).hexdigest()]
    shown = json.loads(ok(boltseal("key", "show", "a", "-o", "json")))
    assert (shown["state"], shown["revokedFrom"], shown["reason"]) == ("revoked", "2026-01-02T00:00:00Z", "laptop lost")
    assert boltseal("key", "rotate", "a", "--to", "b", COSIGN_PASSWORD="").returncode == 3


def test_a_recovery_key_revokes_where_it_was_named_before(boltseal):
    for name in ("a", "safe"):
        ok(boltseal("key", "new", name, COSIGN_PASSWORD=""))
    stranger = boltseal("key", "revoke", "a", "--with", "safe", COSIGN_PASSWORD="")
    assert stranger.returncode == 2 and "key-record-unauthorised" in stranger.stderr
    assert json.loads(ok(boltseal("key", "records", "-o", "json"))) == []
    ok(boltseal("key", "recovery", "a", "safe", COSIGN_PASSWORD=""))
    ok(boltseal("key", "revoke", "a", "--with", "safe", COSIGN_PASSWORD=""))
    assert [r["kind"] for r in json.loads(ok(boltseal("key", "records", "-o", "json")))] == ["recovery", "revocation"]


def test_records_are_verified_before_they_are_shown_or_imported(boltseal, tmp_path):
    ok(boltseal("key", "new", "a", COSIGN_PASSWORD=""))
    ok(boltseal("key", "rotate", "a", "--record-file", "good.jsonl", COSIGN_PASSWORD=""))
    record = json.loads((boltseal.home / "good.jsonl").read_text())
    record["signatures"] = record["signatures"][:1]
    boltseal.write("bad.jsonl", json.dumps(record) + "\n")
    bad = boltseal("key", "records", "bad.jsonl", "--import", BOLTSEAL_KEYS=str(tmp_path / "other"))
    assert bad.returncode == 2 and "key-record-signature" in bad.stderr and bad.stdout == ""
    for _ in range(2):
        ok(boltseal("key", "records", "good.jsonl", "--import", BOLTSEAL_KEYS=str(tmp_path / "other")))
    lines = ok(boltseal("key", "records", "-o", "jsonl", BOLTSEAL_KEYS=str(tmp_path / "other")))
    assert lines == (boltseal.home / "good.jsonl").read_text()


# ---- tokens

@pytest.fixture
def softhsm(tmp_path):
    """(environment, the URI's query, pkcs11-tool's words) of a token "ci" with PIN 1234."""
    tool = need("softhsm2-util", "softhsm2")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\nlog.level = ERROR\n")
    environment = {"SOFTHSM2_CONF": str(tmp_path / "softhsm.conf")}
    run(tool, "--init-token", "--free", "--label", "ci", "--so-pin", "8765", "--pin", "1234", env=os.environ | environment)
    module = "/usr/lib/softhsm/libsofthsm2.so"
    return environment, f"?module-path={module}", [need("pkcs11-tool", "opensc"), "--module", module, "--token-label", "ci"]


def test_a_key_is_made_in_a_token_and_signs_there(boltseal, softhsm, tmp_path):
    environment, query, tool = softhsm
    uri = f"pkcs11:token=ci;object=signer{query}"
    ok(boltseal("key", "new", uri, COSIGN_PKCS11_PIN="1234", **environment))
    half = ok(boltseal("key", "public", uri, **environment))
    seen = run(*tool, "--read-object", "--type", "pubkey", "--label", "signer", env=os.environ | environment)
    assert run("openssl", "pkey", "-pubin", "-inform", "DER", "-pubout", input=seen).decode() == half
    private = run(*tool, "--login", "--pin", "1234", "--list-objects", "--type", "privkey", env=os.environ | environment).decode()
    assert "sensitive" in private and "never extractable" in private
    ok(boltseal("key", "revoke", uri, "--record-file", "r.jsonl", COSIGN_PKCS11_PIN="1234", **environment))
    statement, good = verified_by_openssl(json.loads((boltseal.home / "r.jsonl").read_text()), half, tmp_path)
    assert good == [True] and statement["kind"] == "revocation"
    listed = json.loads(ok(boltseal("key", "list", f"pkcs11:{query}", "-o", "json", **environment)))
    assert [(k["publicKey"], k["type"]) for k in listed] == [(half, "ecdsa-p256")]
    assert ok(boltseal("key", "public", listed[0]["reference"], **environment)) == half


def test_a_key_of_the_store_is_followed_by_one_in_a_token(boltseal, softhsm, tmp_path):
    environment, query, _ = softhsm
    uri = f"pkcs11:token=ci;object=next{query}&pin-value=1234"
    half = ok(boltseal("key", "new", uri, "-o", "json", **environment))
    ok(boltseal("key", "new", "a", COSIGN_PASSWORD=""))
    ok(boltseal("key", "rotate", "a", "--to", uri, "--record-file", "r.jsonl", COSIGN_PASSWORD="", **environment))
    record = json.loads((boltseal.home / "r.jsonl").read_text())
    assert verified_by_openssl(record, json.loads(half)["publicKey"], tmp_path)[1] == [False, True]
    assert json.loads(ok(boltseal("key", "show", "a", "-o", "json")))["state"] == "superseded"


def test_a_password_is_never_tried_as_a_pin(boltseal, softhsm, program):
    environment, query, _ = softhsm
    uri = f"pkcs11:token=ci;object=signer{query}"
    ok(boltseal("key", "new", uri + "&pin-value=1234", **environment))
    clean = {"PATH": os.environ["PATH"], "HOME": str(boltseal.home), "COSIGN_PASSWORD": "wrong"} | environment
    done = subprocess.run([program, "key", "revoke", uri], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, start_new_session=True, env=clean)
    assert done.returncode == 2 and "COSIGN_PKCS11_PIN" in done.stderr
    wrong = boltseal("key", "revoke", uri + "&pin-value=9999", **environment)
    assert wrong.returncode == 2 and "the PIN is wrong" in wrong.stderr and "9999" not in wrong.stderr


def test_a_certificate_in_the_token_gives_its_key(boltseal, softhsm, tmp_path):
    environment, query, tool = softhsm
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=ci",
        "-keyout", tmp_path / "k.pem", "-outform", "DER", "-out", tmp_path / "c.der")
    run("openssl", "pkey", "-in", tmp_path / "k.pem", "-outform", "DER", "-out", tmp_path / "k.der")
    for kind, file in (("cert", "c.der"), ("privkey", "k.der")):
        run(*tool, "--login", "--pin", "1234", "--write-object", tmp_path / file, "--type", kind, "--id", "07", "--label", "c",
            *(["--usage-sign"] if kind == "privkey" else []), env=os.environ | environment)
    wanted = run("openssl", "pkey", "-in", tmp_path / "k.pem", "-pubout").decode()
    assert ok(boltseal("key", "public", f"pkcs11:token=ci;id=%07{query}", **environment)) == wanted
    ok(boltseal("key", "revoke", f"pkcs11:token=ci;id=%07{query}&pin-value=1234", "--record-file", "r.jsonl", **environment))
    assert verified_by_openssl(json.loads((boltseal.home / "r.jsonl").read_text()), wanted, tmp_path)[1] == [True]


@pytest.fixture
def tpm(tmp_path):
    """(environment, the URI's query) of a token "tpm" with PIN 1234 in a TPM of our own."""
    swtpm, tool = need("swtpm", "swtpm"), need("pkcs11-tool", "opensc")
    modules = list(pathlib.Path("/usr/lib").glob("*/pkcs11/libtpm2_pkcs11.so*"))
    if not modules:
        pytest.fail("libtpm2_pkcs11.so is missing: apt-get install libtpm2-pkcs11-1", pytrace=False)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bs-tpm-"))  # short: a socket's path may have 107 bytes
    for name in ("state", "store"):
        (folder / name).mkdir()
    environment = {"TPM2_PKCS11_TCTI": f"swtpm:path={folder}/tpm", "TPM2_PKCS11_STORE": f"{folder}/store"}
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(
            [swtpm, "socket", "--tpm2", "--tpmstate", f"dir={folder}/state", "--server", f"type=unixio,path={folder}/tpm",
             "--ctrl", f"type=unixio,path={folder}/tpm.ctrl", "--flags", "not-need-init,startup-clear"], stdout=log, stderr=log)
    try:
        wait_for(lambda: process.poll() is not None or ((folder / "tpm").exists() and (folder / "tpm.ctrl").exists()), 20, "swtpm")
        assert process.poll() is None, (folder / "log").read_text()
        words, merged = [tool, "--module", modules[0]], os.environ | environment
        run(*words, "--init-token", "--slot-index", "0", "--label", "tpm", "--so-pin", "8765", env=merged)
        run(*words, "--init-pin", "--token-label", "tpm", "--login", "--login-type", "so", "--so-pin", "8765", "--new-pin", "1234",
            env=merged)
        yield environment, f"?module-path={modules[0]}"
    finally:
        stop(process)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("kind", ["ecdsa-p256", "rsa-2048"])
def test_a_key_lives_in_a_tpm(boltseal, tpm, tmp_path, kind):
    environment, query = tpm
    uri = f"pkcs11:token=tpm;object=machine{query}"
    ok(boltseal("key", "new", uri, "--type", kind, COSIGN_PKCS11_PIN="1234", **environment))
    half = ok(boltseal("key", "public", uri, **environment))
    ok(boltseal("key", "revoke", uri, "--record-file", "r.jsonl", COSIGN_PKCS11_PIN="1234", **environment))
    assert verified_by_openssl(json.loads((boltseal.home / "r.jsonl").read_text()), half, tmp_path)[1] == [True]


# ---- the chapter

def test_the_commands_of_the_chapter_work(boltseal, softhsm, program):
    """All blocks of doc/keys.md, in order and word for word, but those of the TPM, which need a PIN of their own."""
    environment, _, _ = softhsm
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", boltseal.home / "my-openssl.pem")
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "doc/keys.md").read_text(), re.M | re.S)
    blocks = [b for b in blocks if "tpm" not in b]
    assert len(blocks) == 7
    (boltseal.home / "bin").mkdir()
    (boltseal.home / "bin/boltseal").symlink_to(program)
    ok(boltseal("key", "new", "safe", COSIGN_PASSWORD=""))  # the recovery key that the chapter speaks of
    done = subprocess.run(["sh", "-eux"], input="".join(blocks), text=True, cwd=boltseal.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={"PATH": f"{boltseal.home}/bin:{os.environ['PATH']}", "HOME": str(boltseal.home), "COSIGN_PASSWORD": "",
                               "COSIGN_PKCS11_PIN": "1234"} | environment)
    assert done.returncode == 0, done.stderr
    states = {k["reference"]: k["state"] for k in json.loads(ok(boltseal("key", "list", "-o", "json")))}
    assert states == {"builder": "active", "ci-signer": "active", "release": "superseded", "release-2": "revoked", "safe": "active",
                      "ship": "superseded", "ship-2": "active"}
