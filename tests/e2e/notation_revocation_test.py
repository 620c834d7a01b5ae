"""Revocation of notation's certificates: what a real responder (`openssl ocsp`) and a server of lists on loopback say, what the
policy makes of it, and that nobody is asked where nobody should be."""
import contextlib
import http.server
import json
import subprocess
import threading
import time

import pytest

from conftest import free_port, stop, wait_for

CA = """[ca]
default_ca = d
[d]
database = index.txt
new_certs_dir = .
serial = serial
crlnumber = crlnumber
default_md = sha256
default_days = 10
default_crl_days = 10
policy = p
unique_subject = no
[p]
C = optional
ST = optional
O = optional
CN = supplied
[responder]
extendedKeyUsage = OCSPSigning
noCheck = ignored
"""


class Authority:
    """A certificate authority in a folder: what it issues, takes back and says about it."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        (folder / "ca.cnf").write_text(CA)
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("1000\n")
        (folder / "crlnumber").write_text("01\n")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.crt",
                     "-days", "30", "-subj", "/C=US/ST=WA/O=Example/CN=root", "-addext", "basicConstraints=critical,CA:TRUE",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.issue("responder", "responder")

    def openssl(self, *words):
        return subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True).stdout

    def issue(self, name, section=None, **more):
        if not section:
            section = name
            lines = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=codeSigning", *[f"{key}={value}" for key, value in more.items()]]
            with open(self.folder / "ca.cnf", "a") as config:
                config.write(f"[{section}]\n" + "\n".join(lines) + "\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                     "-subj", f"/C=US/ST=WA/O=Example/CN={name}")
        self.ca("-in", f"{name}.csr", "-out", f"{name}.crt", "-extensions", section, "-notext")
        (self.folder / f"{name}.pem").write_text((self.folder / f"{name}.crt").read_text() + (self.folder / "ca.crt").read_text())

    def ca(self, *words):
        self.openssl("ca", "-batch", "-config", "ca.cnf", "-keyfile", "ca.key", "-cert", "ca.crt", *words)

    def revoke(self, name):
        self.ca("-revoke", f"{name}.crt")

    def crl(self, *words):
        self.ca("-gencrl", "-out", "list.pem", *words)
        return self.openssl("crl", "-in", "list.pem", "-outform", "DER")

    @contextlib.contextmanager
    def responder(self, port):
        words = ["openssl", "ocsp", "-port", str(port), "-index", "index.txt", "-rsigner", "responder.crt", "-rkey", "responder.key", "-CA", "ca.crt",
                 "-nmin", "60"]
        with open(self.folder / "ocsp.log", "wb") as log:
            running = subprocess.Popen(words, cwd=self.folder, stdout=log, stderr=log)
        try:
            # Not by a connection of our own: it serves one at a time, and waits for what that one asks.
            wait_for(lambda: b"waiting for" in (self.folder / "ocsp.log").read_bytes(), 10, "openssl ocsp")
            yield
        finally:
            stop(running)


@contextlib.contextmanager
def serving(answers, port=0):
    """Answers by path: bytes, or a function of the handler. Gives the port and the list of what was asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            asked.append((self.command, self.path))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = answers.get(self.path, b"")
            if callable(answer):
                return answer(self)
            self.send_response(200 if answer else 404)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def authority(tmp_path):
    made = Authority(tmp_path / "ca")
    store = tmp_path / "truststore" / "x509" / "ca" / "test"
    store.mkdir(parents=True)
    (store / "ca.crt").write_text((made.folder / "ca.crt").read_text())
    return made


@pytest.fixture
def verify(boltseal, authority, tmp_path):
    """Signs a file with the named certificate once, and verifies it under a policy of the level."""
    blob = tmp_path / "a.txt"
    blob.write_text("hello")

    def run(name, *words, level="strict", override=None):
        signature = tmp_path / f"{name}.jws.sig"
        if not signature.exists():
            folder = authority.folder
            done = boltseal("sign-blob", "--key", str(folder / f"{name}.key"), "--format", "notation-jws", "--certificate-chain",
                            str(folder / f"{name}.pem"), "--output-signature", str(signature), str(blob))
            assert done.returncode == 0, done.stderr
        verification = {"level": level, **({"override": override} if override else {})}
        policy = tmp_path / "trustpolicy.blob.json"
        policy.write_text(json.dumps({"version": "1.0", "trustPolicies": [
            {"name": "p", "globalPolicy": True, "signatureVerification": verification, "trustStores": ["ca:test"], "trustedIdentities": ["*"]}]}))
        return boltseal("verify-blob", "--trust-policy", str(policy), *words, "--signature", str(signature), str(blob))

    return run


def refused(done, code):
    assert done.returncode == 1 and f"{code}: " in done.stderr, done.stderr
    return done.stderr


def good(done):
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_responder_is_asked(authority, verify):
    port = free_port()
    authority.issue("signer", authorityInfoAccess=f"OCSP;URI:http://127.0.0.1:{port}")
    with authority.responder(port):
        good(verify("signer"))
    assert f"127.0.0.1:{port}" in refused(verify("signer"), "revocation-undecided")
    authority.revoke("signer")
    with authority.responder(port):
        assert "CN=signer" in refused(verify("signer"), "certificate-revoked")


def test_levels_decide_what_an_unknown_state_means(authority, verify):
    authority.issue("signer", crlDistributionPoints=f"URI:http://127.0.0.1:{free_port()}/l.crl")
    refused(verify("signer"), "revocation-undecided")
    for level in ("permissive", "audit"):
        assert "Warning: revocation is only logged" in good(verify("signer", level=level))
    assert "Warning" not in good(verify("signer", override={"revocation": "skip"}))
    refused(verify("signer", level="permissive", override={"revocation": "enforce"}), "revocation-undecided")


def test_lists_are_fetched_where_the_certificate_says(authority, verify):
    answers = {}
    with serving(answers) as (port, asked):
        authority.issue("signer", crlDistributionPoints=f"URI:http://127.0.0.1:{port}/gone.crl,URI:http://127.0.0.1:{port}/l.crl")
        answers["/l.crl"] = authority.crl()
        good(verify("signer"))
        assert asked == [("GET", "/gone.crl"), ("GET", "/l.crl")]
        authority.revoke("signer")
        answers["/l.crl"] = authority.crl()
        refused(verify("signer"), "certificate-revoked")
        answers["/l.crl"] = b"nonsense"
        assert "not a revocation list" in refused(verify("signer"), "revocation-undecided")
        answers["/l.crl"] = b"x" * (33 << 20)
        assert "over the limit" in refused(verify("signer"), "revocation-undecided")


def test_a_list_takes_the_place_of_a_responder_that_is_gone(authority, verify):
    answers = {}
    with serving(answers) as (port, asked):
        authority.issue("signer", authorityInfoAccess=f"OCSP;URI:http://127.0.0.1:{free_port()}",
                        crlDistributionPoints=f"URI:http://127.0.0.1:{port}/l.crl")
        answers["/l.crl"] = authority.crl()
        good(verify("signer"))
        assert asked == [("GET", "/l.crl")]


def test_nobody_is_asked_offline_or_where_the_policy_does_not_care(authority, verify, tmp_path):
    answers = {}
    with serving(answers) as (port, asked):
        authority.issue("signer", crlDistributionPoints=f"URI:http://127.0.0.1:{port}/l.crl",
                        authorityInfoAccess=f"OCSP;URI:http://127.0.0.1:{port}/ocsp")
        answers["/l.crl"] = authority.crl()
        refused(verify("signer", "--offline"), "revocation-undecided")
        good(verify("signer", override={"revocation": "skip"}))
        # Not on the word of a certificate that nobody trusts, even where all of that is only logged.
        store = tmp_path / "truststore" / "x509" / "ca" / "test"
        mine = (store / "ca.crt").read_text()
        other = Authority(tmp_path / "other")
        (store / "ca.crt").write_text((other.folder / "ca.crt").read_text())
        assert "certificate-untrusted" in good(verify("signer", level="audit"))
        assert asked == []
        (store / "ca.crt").write_text(mine)
        good(verify("signer"))
        assert [path for _, path in asked] == ["/ocsp", "/l.crl"]


def test_lists_and_answers_from_files_do_the_same(authority, verify, tmp_path):
    port = free_port()
    authority.issue("signer", authorityInfoAccess=f"OCSP;URI:http://127.0.0.1:{port}")
    answer, crl = tmp_path / "answer.der", tmp_path / "list.crl"

    def ask():
        with authority.responder(port):
            authority.openssl("ocsp", "-issuer", "ca.crt", "-cert", "signer.crt", "-url", f"http://127.0.0.1:{port}", "-respout", str(answer), "-noverify")

    ask()
    good(verify("signer", "--offline", "--ocsp-response", str(answer)))
    crl.write_bytes(authority.crl())
    good(verify("signer", "--offline", "--crl", str(crl)))
    authority.revoke("signer")
    ask()
    refused(verify("signer", "--offline", "--ocsp-response", str(answer)), "certificate-revoked")
    crl.write_bytes(authority.crl())
    refused(verify("signer", "--offline", "--crl", str(crl)), "certificate-revoked")
    answer.write_bytes(b"nonsense")
    wrong = verify("signer", "--offline", "--ocsp-response", str(answer))
    assert wrong.returncode == 1 and "answer.der: not an OCSP response" in wrong.stderr


def test_a_server_that_stalls_or_sends_elsewhere_is_left(authority, verify):
    def stall(handler):
        time.sleep(8)

    def redirect(handler):
        handler.send_response(302)
        handler.send_header("Location", "/l.crl")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    answers = {"/stall": stall, "/move": redirect}
    with serving(answers) as (port, asked):
        authority.issue("signer", authorityInfoAccess=f"OCSP;URI:http://127.0.0.1:{port}/stall",
                        crlDistributionPoints=f"URI:http://127.0.0.1:{port}/move")
        answers["/l.crl"] = authority.crl()
        begin = time.monotonic()
        refused(verify("signer"), "revocation-undecided")
        assert time.monotonic() - begin < 7
        assert [path for _, path in asked] == ["/stall", "/move"]
