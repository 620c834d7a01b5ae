"""A Sigstore of one's own on loopback, with real cryptography: an authority like Fulcio with a certificate log, Rekor of both
generations, a timestamp authority, an issuer of identity tokens. It checks what it is sent, as the real ones do, and can be
told to lie. By itself it serves until it is stopped:

    python3 fake_sigstore.py FOLDER      writes trusted_root.json, signing_config-{1,2}.json, token and url there
"""
import base64
import datetime
import hashlib
import http.server
import json
import pathlib
import shutil
import ssl
import struct
import subprocess
import sys
import threading
import time

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER = "https://issuer.example"
START = "2020-01-01T00:00:00Z"
HASHES = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}


def b64(data):
    return base64.b64encode(data).decode()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def sha256(data):
    return hashlib.sha256(data).digest()


def spki(key):
    public = key.public_key() if hasattr(key, "public_key") else key
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def raw(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def signed(key, data):
    return key.sign(data) if isinstance(key, ed25519.Ed25519PrivateKey) else key.sign(data, ec.ECDSA(hashes.SHA256()))


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def private_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "fake"), x509.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(**set_to):
    kinds = ("digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
             "encipher_only decipher_only").split()
    return x509.KeyUsage(**{kind: set_to.get(kind, False) for kind in kinds})


def certificate(subject, issuer, key, signer, days, extensions, serial=None, start=None):
    start = start or datetime.datetime.utcnow() - datetime.timedelta(seconds=5)
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
               .serial_number(serial or x509.random_serial_number()).not_valid_before(start)
               .not_valid_after(start + datetime.timedelta(days=days)))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signer, hashes.SHA256())


def authority(subject, issuer, key, signer):
    return certificate(name(subject), name(issuer), key.public_key(), signer, 3000,
                       [(x509.BasicConstraints(True, None), True), (usage(key_cert_sign=True, crl_sign=True), True)],
                       start=datetime.datetime(2025, 1, 1))


def merkle_root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + merkle_root(leaves[:half]) + merkle_root(leaves[half:]))


def inclusion(leaves, index):
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return inclusion(leaves[:half], index) + [merkle_root(leaves[half:])]
    return inclusion(leaves[half:], index - half) + [merkle_root(leaves[:half])]


class Wrong(Exception):
    """What a service has against a request, with its HTTP status."""
    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


def verify(public, signature, digest, algorithm):
    """A signature over a digest. Ed25519's pre-hashed form is nothing that this library knows."""
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, digest, ec.ECDSA(utils.Prehashed(algorithm())))
        elif isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, digest, padding.PKCS1v15(), utils.Prehashed(algorithm()))
    except (InvalidSignature, ValueError) as error:
        raise Wrong(400, f"the signature is not of this digest: {error}")


def public_of(blob):
    """The key of a PEM or DER that is a certificate or a key."""
    for load in (x509.load_pem_x509_certificate, x509.load_der_x509_certificate):
        try:
            return load(blob).public_key()
        except ValueError:
            pass
    try:
        return serialization.load_pem_public_key(blob)
    except ValueError:
        return serialization.load_der_public_key(blob)


class Log:
    def __init__(self, origin, key_name, key, hint, log_id):
        self.origin, self.name, self.key, self.hint, self.id = origin, key_name, key, hint, log_id
        self.leaves, self.lock = [sha256(b"\0before")], threading.Lock()

    def add(self, body):
        with self.lock:
            self.leaves.append(sha256(b"\0" + body))
            index, leaves = len(self.leaves) - 1, list(self.leaves)
        root = merkle_root(leaves)
        text = f"{self.origin}\n{len(leaves)}\n{b64(root)}\n"
        note = f"{text}\n\u2014 {self.name} {b64(self.hint + signed(self.key, text.encode()))}\n"
        return index, len(leaves), root, inclusion(leaves, index), note


class FakeSigstore:
    def __init__(self, folder, tls=False):
        self.folder = pathlib.Path(folder)
        self.requests, self.tamper, self.ct = [], {}, new_key()
        self.identity_key = new_key()
        self.root_key, self.ca_key, self.rekor_key, self.tsa_key, self.tsa_root_key = (new_key() for _ in range(5))
        self.root = authority("root", "root", self.root_key, self.root_key)
        self.ca = authority("intermediate", "root", self.ca_key, self.root_key)
        self.tsa_root = authority("tsa root", "tsa root", self.tsa_root_key, self.tsa_root_key)
        self.tsa = certificate(name("tsa"), name("tsa root"), self.tsa_key.public_key(), self.tsa_root_key, 2900, [
            (usage(digital_signature=True), True), (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)],
            start=datetime.datetime(2025, 1, 2))
        self.rekor = Log("rekor1.example - 42", "rekor1.example", self.rekor_key, sha256(spki(self.rekor_key))[:4],
                         sha256(spki(self.rekor_key)))
        tiles = ed25519.Ed25519PrivateKey.generate()
        tiles_id = sha256(b"rekor2.example\n\1" + raw(tiles))
        self.tiles = Log("rekor2.example", "rekor2.example", tiles, tiles_id[:4], tiles_id)
        self.entries = {}
        self._start(tls)
        self._write()

    # ---- what it leaves in its folder
    def _write(self):
        def log(url, key, details, log_id):
            return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "logId": {"keyId": b64(log_id)}, "publicKey": {
                "rawBytes": b64(spki(key)), "keyDetails": details, "validFor": {"start": START}}}

        def chain(url, *certificates):
            return {"subject": {"organization": "fake", "commonName": "fake"}, "uri": url, "validFor": {"start": START},
                    "certChain": {"certificates": [{"rawBytes": b64(der(one))} for one in certificates]}}

        p256 = "PKIX_ECDSA_P256_SHA_256"
        trusted = {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                   "tlogs": [log("https://rekor1.example", self.rekor_key, p256, self.rekor.id),
                             log("https://rekor2.example", self.tiles.key, "PKIX_ED25519", self.tiles.id)],
                   "ctlogs": [log("https://ct.example", self.ct, p256, sha256(spki(self.ct)))],
                   "certificateAuthorities": [chain("https://fulcio.example", self.ca, self.root)],
                   "timestampAuthorities": [chain("https://tsa.example", self.tsa, self.tsa_root)]}
        self.write("trusted_root.json", json.dumps(trusted, indent=2))
        for version in (1, 2):
            self.write(f"signing_config-{version}.json", json.dumps(self.signing_config(version), indent=2))
        self.write("token", self.token())
        self.write("url", self.url)
        self.write("tsa.pem", pem(self.tsa) + pem(self.tsa_root))
        self.write("root.pem", pem(self.root))
        for file, key in (("rekor.pub", self.rekor_key), ("ct.pub", self.ct)):
            self.write(file, key.public_key().public_bytes(serialization.Encoding.PEM,
                                                           serialization.PublicFormat.SubjectPublicKeyInfo).decode())

    def write(self, file, text):
        path = self.folder / file
        path.write_text(text)
        return path

    def signing_config(self, version, **changed):
        def service(path, major=1):
            return [{"url": self.url + path, "majorApiVersion": major, "operator": "fake", "validFor": {"start": START}}]
        return {"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json", "caUrls": service(""), "oidcUrls": [],
                "rekorTlogUrls": service("", version), "rekorTlogConfig": {"selector": "ANY"},
                "tsaUrls": service("/api/v1/timestamp"), "tsaConfig": {"selector": "ANY"}} | changed

    def token(self, **claims):
        def part(value):
            return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
        text = part({"alg": "ES256", "typ": "JWT"}) + "." + part({
            "iss": ISSUER, "aud": "sigstore", "sub": "subject-1", "email": "me@example.org", "email_verified": True,
            "exp": int(time.time()) + 3600} | claims)
        return text + "." + base64.urlsafe_b64encode(signed(self.identity_key, text.encode())).rstrip(b"=").decode()

    # ---- services
    def identity(self, token):
        try:
            head, claims, signature = token.split(".")
            padded = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in (claims, signature)]
            self.identity_key.public_key().verify(padded[1], f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            raise Wrong(401, "this token is not of our issuer")
        claims = json.loads(padded[0])
        if claims["aud"] != "sigstore" or claims["exp"] < time.time():
            raise Wrong(401, "this token is not for us, or has run out")
        return claims

    def signing_certificate(self, request, authorization):
        token = request.get("credentials", {}).get("oidcIdentityToken") or authorization.removeprefix("Bearer ")
        wanted = request["publicKeyRequest"]
        public = serialization.load_pem_public_key(wanted["publicKey"]["content"].encode())
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": self.certified(token, public, wanted["proofOfPossession"])}}}

    def older_signing_certificate(self, request, authorization):
        """The API that cosign 2 speaks."""
        public = public_of(base64.b64decode(request["publicKey"]["content"]))
        return "".join(self.certified(authorization.removeprefix("Bearer "), public, request["signedEmailAddress"])).encode()

    def certified(self, token, public, proof):
        claims = self.identity(token)
        subject = claims.get("email") or claims["sub"]
        verify(public, base64.b64decode(proof), sha256(subject.encode()), hashes.SHA256)
        public = self.lie("certified key", public)
        leaf = self.leaf(public, self.lie("certified name", subject), self.lie("certified issuer", claims["iss"]))
        return [pem(leaf), pem(self.ca), pem(self.root)]

    def leaf(self, public, subject, issuer):
        alternative = x509.RFC822Name(subject) if "@" in subject else x509.UniformResourceIdentifier(subject)
        oid = x509.ObjectIdentifier
        extensions = [
            (usage(digital_signature=True), True), (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
            (x509.SubjectKeyIdentifier.from_public_key(public), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca_key.public_key()), False),
            (x509.SubjectAlternativeName([alternative]), True),
            (x509.UnrecognizedExtension(oid("1.3.6.1.4.1.57264.1.1"), issuer.encode()), False),
            (x509.UnrecognizedExtension(oid("1.3.6.1.4.1.57264.1.8"), b"\x0c" + bytes([len(issuer)]) + issuer.encode()), False)]
        serial, start = x509.random_serial_number(), datetime.datetime.utcnow() - datetime.timedelta(seconds=5)
        made = [x509.Name([]), name("intermediate"), public, self.lie("certifying key", self.ca_key), 1 / 144]
        tbs = certificate(*made, extensions, serial, start).tbs_certificate_bytes
        milliseconds = int(time.time() * 1000)
        head = b"\0\0" + struct.pack(">Q", milliseconds)
        message = head + b"\0\1" + sha256(spki(self.ca_key)) + struct.pack(">I", len(tbs))[1:] + tbs + b"\0\0"
        signature = signed(self.lie("certificate log's key", self.ct), message)
        sct = b"\0" + sha256(spki(self.ct)) + head[2:] + b"\0\0" + b"\4\3" + struct.pack(">H", len(signature)) + signature
        listed = struct.pack(">H", len(sct) + 2) + struct.pack(">H", len(sct)) + sct
        value = b"\4" + (bytes([len(listed)]) if len(listed) < 128 else b"\x81" + bytes([len(listed)])) + listed
        extensions.append((x509.UnrecognizedExtension(oid("1.3.6.1.4.1.11129.2.4.2"), value), False))
        return certificate(*made, extensions, serial, start)

    def rekor_entry(self, proposed):
        spec = proposed["spec"]
        if proposed["kind"] == "hashedrekord":
            digest, signature = spec["data"]["hash"], spec["signature"]
            public = public_of(base64.b64decode(signature["publicKey"]["content"]))
            verify(public, base64.b64decode(signature["content"]), bytes.fromhex(digest["value"]), HASHES[digest["algorithm"]])
            recorded = {"data": spec["data"], "signature": {"content": signature["content"], "publicKey": signature["publicKey"]}}
        elif proposed["kind"] == "dsse":
            recorded = self.dsse_spec(spec["proposedContent"])
        else:
            raise Wrong(400, "no such kind")
        body = self.lie("leaf", canonical({"apiVersion": "0.0.1", "kind": proposed["kind"], "spec": recorded}))
        if body in self.entries:
            raise Wrong(409, self.entries[body][0])
        index, size, root, proof, note = self.rekor.add(body)
        entry = {"body": b64(body), "integratedTime": int(time.time()), "logID": self.rekor.id.hex(), "logIndex": 1000 + index}
        promise = signed(self.lie("promising key", self.rekor_key), canonical(entry))
        entry["verification"] = {"signedEntryTimestamp": b64(promise), "inclusionProof": {
            "checkpoint": note, "hashes": [one.hex() for one in proof], "logIndex": index, "rootHash": root.hex(), "treeSize": size}}
        uuid = "1" * 16 + sha256(b"\0" + body).hex()
        self.entries[body] = (uuid, {uuid: entry})
        return {uuid: entry}

    def dsse_spec(self, content):
        envelope = json.loads(content["envelope"])
        payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"]
        message = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
        signatures = []
        for signature, verifier in zip(envelope["signatures"], content["verifiers"], strict=True):
            public = public_of(base64.b64decode(verifier))
            kinds = [hashes.SHA384] if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.key_size == 384 else [hashes.SHA256]
            for algorithm in kinds:
                digest = hashes.Hash(algorithm())
                digest.update(message)
                verify(public, base64.b64decode(signature["sig"]), digest.finalize(), algorithm)
            signatures.append({"signature": signature["sig"], "verifier": verifier})

        def hashed(data):
            return {"algorithm": "sha256", "value": sha256(data).hex()}
        return {"envelopeHash": hashed(content["envelope"].encode()), "payloadHash": hashed(payload), "signatures": signatures}

    def tiled_entry(self, request):
        if "hashedRekordRequestV002" not in request:
            raise Wrong(400, f"only hashedRekordRequestV002 is taken, not {list(request)}")
        record = request["hashedRekordRequestV002"]
        verifier = record["signature"]["verifier"]
        holder = verifier.get("x509Certificate") or verifier["publicKey"]
        details = verifier["keyDetails"]
        algorithm = "sha384" if "384" in details else "sha512" if "512" in details or details.endswith("PH") else "sha256"
        verify(public_of(base64.b64decode(holder["rawBytes"])), base64.b64decode(record["signature"]["content"]),
               base64.b64decode(record["digest"]), HASHES[algorithm])
        body = self.lie("leaf", canonical({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": {
            "data": {"algorithm": f"SHA2_{algorithm[3:]}", "digest": record["digest"]},
            "signature": {"content": record["signature"]["content"], "verifier": verifier}}}}))
        index, size, root, proof, note = self.tiles.add(body)
        return {"logIndex": str(index), "logId": {"keyId": b64(self.tiles.id)},
                "kindVersion": {"kind": "hashedrekord", "version": "0.0.2"}, "canonicalizedBody": b64(body),
                "inclusionProof": {"logIndex": str(index), "rootHash": b64(root), "treeSize": str(size),
                                   "hashes": [b64(one) for one in proof], "checkpoint": {"envelope": note}}}

    def timestamp(self, query):
        folder = self.folder / f"tsa-{threading.get_ident()}"
        folder.mkdir(exist_ok=True)
        (folder / "ts.cnf").write_text("[tsa]\ndefault_tsa=t\n[t]\nserial=serial\ndefault_policy=1.2.3.4\ndigests=sha256,sha384,"
                                       "sha512\nsigner_digest=sha256\ness_cert_id_alg=sha256\n")
        (folder / "serial").write_text("01\n")
        (folder / "key.pem").write_bytes(private_pem(self.lie("stamping key", self.tsa_key)))
        (folder / "tsa.pem").write_text(pem(self.tsa))
        (folder / "query").write_bytes(self.lie("query", query))
        done = subprocess.run(["openssl", "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query", "-inkey", "key.pem", "-signer",
                               "tsa.pem", "-out", "reply"], cwd=folder, capture_output=True)
        if done.returncode:
            raise Wrong(500, done.stderr.decode())
        out = (folder / "reply").read_bytes()
        shutil.rmtree(folder)
        return out

    # ---- the server
    def lie(self, what, truth):
        """What a test has put in the place of the truth: a value, or a function of the truth."""
        put = self.tamper.get(what, truth)
        return put(truth) if callable(put) else put

    def answer(self, handler, body):
        path = handler.path.partition("?")[0]
        if path == "/api/v2/signingCert":
            return 200, self.signing_certificate(json.loads(body), handler.headers.get("Authorization", ""))
        if path == "/api/v1/signingCert":
            return 201, self.older_signing_certificate(json.loads(body), handler.headers.get("Authorization", ""))
        if path == "/api/v1/log/entries":
            return 201, self.rekor_entry(json.loads(body))
        if path.startswith("/api/v1/log/entries/"):
            return 200, next(entry for uuid, entry in self.entries.values() if uuid == path.rsplit("/", 1)[1])
        if path == "/api/v2/log/entries":
            return 201, self.tiled_entry(json.loads(body))
        if path == "/api/v1/timestamp":
            return 201, self.timestamp(body)
        if path == "/job/token":
            if handler.headers.get("Authorization") != "bearer job-secret" or "audience=sigstore" not in handler.path:
                raise Wrong(403, "not for you")
            return 200, {"value": self.token(email="", sub="https://ci.example/build")}
        raise Wrong(404, "nothing is here")

    def _start(self, tls):
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fake.requests.append((self.command, self.path, body))
                headers = {}
                try:
                    status, out = fake.answer(self, body)
                except Wrong as wrong:
                    status, out = wrong.status, {"code": wrong.status, "message": str(wrong)}
                    if wrong.status == 409:
                        headers["Location"] = f"/api/v1/log/entries/{wrong}"
                status, headers, out = fake.lie(self.path.partition("?")[0], (status, headers, out))
                out = out if isinstance(out, bytes) else json.dumps(out).encode()
                self.send_response(status)
                for key, value in (headers | {"Content-Length": str(len(out))}).items():
                    self.send_header(key, value)
                if "ETag" not in headers and status == 201 and self.path == "/api/v1/log/entries":
                    self.send_header("ETag", next(iter(json.loads(out)), ""))
                self.send_header("Content-Type", "application/timestamp-reply" if "timestamp" in self.path else "application/json")
                self.end_headers()
                self.wfile.write(out)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            key, ca_key = new_key(), new_key()
            ca = authority("tls", "tls", ca_key, ca_key)
            import ipaddress
            leaf = certificate(name("server"), name("tls"), key.public_key(), ca_key, 30, [
                (x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)])
            self.write("tls.pem", pem(leaf) + private_pem(key).decode())
            self.ca_file = self.write("tls-ca.pem", pem(ca))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.folder / "tls.pem")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    FakeSigstore(sys.argv[1])
    threading.Event().wait()
