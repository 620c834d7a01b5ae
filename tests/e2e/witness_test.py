"""Policies of Witness over its collections: functionaries by certificate and by key. Envelopes are laid out as go-witness writes
them (dsse.Signature with "certificate", "intermediates" and "timestamps"), and signed by openssl."""
import base64
import datetime
import hashlib
import json
import subprocess

import pytest

POLICY = "https://witness.testifysec.com/policy/v0.1"
COLLECTION = "https://witness.testifysec.com/attestation-collection/v0.1"
KIND = "https://witness.dev/attestations/{}/v0.1".format


class Supply:
    """A root, an intermediate, signers under them and a policy in a folder."""

    def __init__(self, folder, boltseal):
        self.folder, self.boltseal = folder, boltseal
        self.authority("root")
        self.authority("other")
        self.issue("middle", "root", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign")
        self.issue("builder", "middle", "keyUsage=critical,digitalSignature\nsubjectAltName=email:build@example.test,URI:spiffe://example.test/build",
                   subject="/O=Example/CN=builder")
        self.key("owner")
        self.key("tester")
        (folder / "app").write_bytes(b"the application\n")
        self.product = hashlib.sha256(b"the application\n").hexdigest()

    def openssl(self, *words, data=None):
        return subprocess.run(["openssl", *words], cwd=self.folder, input=data, check=True, capture_output=True).stdout

    def key(self, name):
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{name}.key")
        self.openssl("pkey", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pub")

    def authority(self, name):
        self.key(name)
        self.openssl("req", "-x509", "-key", f"{name}.key", "-out", f"{name}.crt", "-days", "30", "-subj", f"/O=Example/CN={name}",
                     "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")

    def issue(self, name, issuer, extensions, days="10", subject=None):
        self.key(name)
        self.openssl("req", "-new", "-key", f"{name}.key", "-out", "csr", "-subj", subject or f"/O=Example/CN={name}")
        (self.folder / "ext").write_text(extensions + "\n")
        self.openssl("x509", "-req", "-in", "csr", "-CA", f"{issuer}.crt", "-CAkey", f"{issuer}.key", "-CAcreateserial", "-days", days,
                     "-out", f"{name}.crt", "-extfile", "ext")

    def coded(self, file):
        return base64.b64encode((self.folder / file).read_bytes()).decode()

    def envelope(self, file, kind, payload, key, **beside):
        body = json.dumps(payload).encode()
        message = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(body), body)
        signature = self.openssl("dgst", "-sha256", "-sign", f"{key}.key", data=message)
        (self.folder / file).write_text(json.dumps({"payload": base64.b64encode(body).decode(), "payloadType": kind,
                                                    "signatures": [{"keyid": key, "sig": base64.b64encode(signature).decode(), **beside}]}))

    def collection(self, step, key, certificates=(), materials=None, products=None, exit_code=0, signed=True, **more):
        attestations = [{"type": KIND("material"), "attestation": {path: {"sha256": digest} for path, digest in (materials or {}).items()}},
                        {"type": KIND("command-run"), "attestation": {"cmd": ["make"], "exitcode": exit_code}},
                        {"type": KIND("product"), "attestation": {path: {"digest": {"sha256": digest}} for path, digest in (products or {}).items()}}]
        statement = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": COLLECTION,
                     "subject": [{"name": path, "digest": {"sha256": digest}} for path, digest in (products or {"log": "c" * 64}).items()],
                     "predicate": {"name": step, "attestations": attestations}}
        beside = dict(more)
        if certificates:
            beside |= {"certificate": self.coded(f"{certificates[0]}.crt"), "intermediates": [self.coded(f"{name}.crt") for name in certificates[1:]]}
        self.envelope(f"{step}.json", "application/vnd.in-toto+json", statement, key, **beside)

    def policy(self, key="owner", **changes):
        constraint = {"commonname": "builder", "dnsnames": [""], "emails": ["build@example.test"], "organizations": ["Example"],
                      "uris": ["spiffe://example.test/build"], "roots": ["r"]} | changes.pop("constraint", {})
        build = {"name": "build", "functionaries": [{"type": "root", "certConstraint": constraint}],
                 "attestations": [{"type": KIND("product"), "regopolicies": []}]} | changes.pop("build", {})
        test = {"name": "test", "functionaries": [{"type": "publickey", "publickeyid": "tester"}], "attestations": [{"type": KIND("command-run")}],
                "artifactsFrom": ["build"]}
        self.envelope("policy.json", POLICY, {"expires": "2046-01-01T00:00:00Z", "roots": {"r": {"certificate": self.coded("root.crt"), "intermediates": []}},
                                              "publickeys": {"tester": {"keyid": "tester", "key": self.coded("tester.pub")}},
                                              "steps": {"build": build, "test": test}} | changes, key)

    def verify(self, *words):
        return self.boltseal("custody", "witness", "verify", str(self.folder / "app"), "--policy", str(self.folder / "policy.json"),
                             "--policy-key", str(self.folder / "owner.pub"), "--attestation", str(self.folder / "build.json"),
                             "--attestation", str(self.folder / "test.json"), *words)

    def refused(self, code, *words):
        done = self.verify(*words)
        assert done.returncode == 1 and f"{code}: " in done.stderr, done.stderr
        return done.stderr


@pytest.fixture
def supply(boltseal, tmp_path):
    made = Supply(tmp_path, boltseal)
    made.policy()
    made.collection("build", "builder", ["builder", "middle"], products={"app": made.product})
    made.collection("test", "tester", materials={"app": made.product})
    return made


def test_a_policy_holds(supply):
    done = supply.verify("-o", "json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["holds"] and [(step["step"], step["signer"]) for step in said["steps"]] == [("build", "CN=builder,O=Example"), ("test", "tester")]
    assert "the policy holds" in supply.verify().stdout


def test_the_policy_is_its_owners(supply):
    supply.policy(key="tester")
    supply.refused("signature-invalid")
    supply.policy(expires="2026-01-01T00:00:00Z")
    supply.refused("witness-policy-expired")


@pytest.mark.parametrize("constraint", [{"commonname": "somebody"}, {"emails": []}, {"emails": ["*", "build@example.test"]}, {"organizations": ["Other"]},
                                        {"uris": ["spiffe://example.test/build", "spiffe://example.test/more"]}, {"dnsnames": ["a.example"]}, {"emails": ["", "build@example.test"]}],
                         ids=str)
def test_a_certificate_must_be_what_the_policy_says(supply, constraint):
    supply.policy(constraint=constraint)
    assert "witness-constraint" in supply.refused("witness-step-missing")


def test_a_constraint_may_allow_all(supply):
    supply.policy(constraint={name: ["*"] for name in ("dnsnames", "emails", "organizations", "uris", "roots")} | {"commonname": "*"})
    assert supply.verify().returncode == 0


def test_a_chain_must_lead_to_a_root_of_the_functionary(supply):
    supply.policy(roots={"r": {"certificate": supply.coded("other.crt")}})
    assert "certificate-untrusted" in supply.refused("witness-step-missing")
    supply.policy(roots={"r": {"certificate": supply.coded("other.crt")}, "s": {"certificate": supply.coded("root.crt")}})
    assert "certificate-untrusted" in supply.refused("witness-step-missing")
    supply.policy(constraint={"roots": ["r"]})
    supply.collection("build", "builder", ["builder"], products={"app": supply.product})
    assert "certificate-untrusted" in supply.refused("witness-step-missing")  # the intermediate is missing
    supply.policy(roots={"r": {"certificate": supply.coded("root.crt"), "intermediates": [supply.coded("middle.crt")]}})
    assert supply.verify().returncode == 0


def test_a_certificate_must_hold_when_it_signed(supply):
    later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "certificate-expired" in supply.refused("witness-step-missing", "--at", later)


def test_a_certificate_must_be_for_signatures(supply):
    supply.issue("builder", "middle", "keyUsage=critical,keyEncipherment\nsubjectAltName=email:build@example.test,URI:spiffe://example.test/build")
    supply.collection("build", "builder", ["builder", "middle"], products={"app": supply.product})
    assert "certificate-purpose" in supply.refused("witness-step-missing")


def test_a_signature_must_be_by_the_certificate(supply):
    supply.collection("build", "tester", ["builder", "middle"], products={"app": supply.product})
    assert "signature-invalid" in supply.refused("witness-step-missing")
    supply.collection("build", "builder", products={"app": supply.product})
    supply.refused("witness-step-missing")


def test_a_step_must_be_there_and_be_whole(supply):
    supply.policy(build={"attestations": [{"type": KIND("sbom")}]})
    assert "no attestation of the type" in supply.refused("witness-step-missing")
    supply.policy()
    supply.collection("build", "builder", ["builder", "middle"], products={"app": supply.product}, exit_code=1)
    assert "ended with 1" in supply.refused("witness-step-missing")
    supply.collection("build", "builder", ["builder", "middle"], products={"app": supply.product})
    supply.collection("test", "builder", ["builder", "middle"], materials={"app": supply.product})
    supply.refused("witness-step-missing")


def test_artifacts_must_be_those_of_the_step_before(supply):
    supply.collection("test", "tester", materials={"app": "d" * 64})
    assert supply.product in supply.refused("witness-artifact-mismatch")


def test_artifacts_that_a_step_only_passed_on_count_too(supply):
    """What the step before had as a material and left alone is what it left."""
    supply.collection("build", "builder", ["builder", "middle"], materials={"conf": "a" * 64}, products={"app": supply.product})
    supply.collection("test", "tester", materials={"app": supply.product, "conf": "a" * 64})
    assert supply.verify().returncode == 0
    supply.collection("test", "tester", materials={"conf": "a" * 64})
    assert supply.verify().returncode == 0
    supply.collection("test", "tester", materials={"app": supply.product, "conf": "d" * 64})
    assert "a" * 64 in supply.refused("witness-artifact-mismatch")
    supply.collection("build", "builder", ["builder", "middle"], materials={"app": "e" * 64}, products={"app": supply.product})
    supply.collection("test", "tester", materials={"app": "e" * 64})
    assert supply.product in supply.refused("witness-artifact-mismatch")


@pytest.mark.parametrize("materials", [{}, {"other": "a" * 64}], ids=["none", "others"])
def test_a_step_that_took_nothing_of_the_step_before_is_refused(supply, materials):
    supply.collection("test", "tester", materials=materials)
    assert "took nothing" in supply.refused("witness-artifact-mismatch")


def test_a_step_that_asks_for_nothing_is_no_gate(supply):
    supply.policy(build={"attestations": []})
    assert "asks for no attestation" in supply.refused("unreadable")


def test_the_artifact_must_be_a_subject(supply):
    (supply.folder / "app").write_bytes(b"another application\n")
    supply.refused("subject-mismatch")


def test_what_is_not_evaluated_is_no_yes(supply):
    supply.policy(build={"attestations": [{"type": KIND("product"), "regopolicies": [{"name": "x", "module": "eA=="}]}]})
    assert "Rego" in supply.refused("unreadable")
    supply.policy(constraint={"extensions": {"issuer": "https://*"}})
    assert "extensions" in supply.refused("unreadable")
    supply.policy(constraint={"unheardof": ["x"]})
    assert "not known" in supply.refused("unreadable")
    supply.policy(steps={})
    supply.refused("unreadable")
