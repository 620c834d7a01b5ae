"""Signed seals, signed drift reports, approved changes, and drift that is told as it happens."""
import base64
import json
import os
import signal
import subprocess
import threading
import time

import pytest
from conftest import need
from drift_test import drift, image_layers, kinds, overlay, runc, sealed, sleeper, unpack  # noqa: F401 (fixtures)
from seal_test import entry, layer, layout

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners, mounts and containers want root")


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """{name: (private key, public key)}"""
    folder, openssl = tmp_path_factory.mktemp("keys"), need("openssl", "openssl")
    out = {}
    for name, kind in (("alice", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]), ("bob", ["ED25519"]), ("eve", ["ED25519"])):
        private, public = folder / f"{name}.key", folder / f"{name}.pub"
        subprocess.run([openssl, "genpkey", "-algorithm", *kind, "-out", private], check=True, stderr=subprocess.DEVNULL)
        subprocess.run([openssl, "pkey", "-in", private, "-pubout", "-out", public], check=True)
        out[name] = (private, public)
    return out


def payload(envelope):
    return json.loads(base64.b64decode(json.loads(envelope.read_text())["payload"]))


@pytest.fixture
def signed(boltseal, keys, image_layers, tmp_path):  # noqa: F811
    """A seal signed by alice, with its manifest beside it, and the unpacked root."""
    image = layout(tmp_path / "image", *image_layers)
    done = boltseal("seal", "-q", f"oci:{image}", "--key", keys["alice"][0], "-o", f"attestation={tmp_path / 'app.dsse'}", "-o", f"json={tmp_path / 'app.json'}", "--no-cache")
    assert done.returncode == 0, done.stderr
    return tmp_path / "app.dsse", unpack(image_layers, tmp_path / "root")


def test_statement_names_image_root_and_manifest(signed, tmp_path):
    import hashlib
    statement, manifest = payload(signed[0]), (tmp_path / "app.json").read_bytes()
    assert statement["predicateType"] == "https://boltseal.dev/attestation/content-seal/v1"
    told = json.loads(manifest)
    assert statement["subject"][0]["digest"]["sha256"] == told["image"]["manifestDigest"].removeprefix("sha256:")
    assert statement["predicate"]["root"] == told["merkle"]["root"] and statement["predicate"]["size"] == len(told["files"])
    assert statement["predicate"]["manifest"] == "sha256:" + hashlib.sha256(manifest).hexdigest()


def test_a_signed_seal_is_checked_before_anything(boltseal, keys, signed, tmp_path):
    seal, root = signed

    def run(*arguments):
        return boltseal("drift", "--seal", seal, f"dir:{root}", *arguments)

    assert run("--key", keys["alice"][1]).returncode == 0
    assert run("--key", keys["alice"][1], "--key", keys["bob"][1]).returncode == 0
    for refused in (run("--key", keys["eve"][1]), run("--key", keys["alice"][1], "--key", keys["bob"][1], "--require", "2")):
        assert refused.returncode == 2 and "refused" in refused.stderr and not refused.stdout
    nobody = run()
    assert nobody.returncode == 3 and "--key" in nobody.stderr
    plain = boltseal("drift", "--seal", tmp_path / "app.json", f"dir:{root}", "--key", keys["alice"][1])
    assert plain.returncode == 3 and "signed seal" in plain.stderr
    # Records of another root, honest in themselves.
    other = layout(tmp_path / "other", layer(entry("a", "b")))
    boltseal("seal", "-q", f"oci:{other}", "-o", f"json={tmp_path / 'app.json'}")
    refused = run("--key", keys["alice"][1])
    assert refused.returncode == 2 and "root-mismatch" in refused.stderr
    assert run("--key", keys["alice"][1], "--manifest", f"oci:{tmp_path / 'image'}").returncode == 0
    envelope = json.loads(seal.read_text())
    envelope["signatures"] = []
    seal.write_text(json.dumps(envelope))
    assert run("--key", keys["alice"][1]).returncode in (2, 3)


def test_the_manifest_of_a_signed_seal_is_kept(boltseal, keys, signed, tmp_path):
    (tmp_path / "app.json").unlink()
    seal, root = signed
    missing = boltseal("drift", "--seal", seal, "--key", keys["alice"][1], f"dir:{root}")
    assert missing.returncode == 2 and "--manifest" in missing.stderr
    boltseal("seal", "-q", f"oci:{tmp_path / 'image'}", "--key", keys["bob"][0], "-o", f"attestation={tmp_path / 'again.dsse'}")
    assert boltseal("drift", "--seal", seal, "--key", keys["alice"][1], f"dir:{root}").returncode == 0


def test_a_report_can_be_signed(boltseal, keys, signed, tmp_path):
    seal, root = signed
    (root / "etc/app.conf").write_text("x")
    done = boltseal("drift", "--seal", seal, "--key", keys["alice"][1], f"dir:{root}", "--sign-key", keys["bob"][0], "-o", f"attestation={tmp_path / 'report.dsse'}")
    assert done.returncode == 1, done.stderr
    statement = payload(tmp_path / "report.dsse")
    assert statement["predicateType"] == "https://boltseal.dev/attestation/drift/v1"
    assert kinds(statement["predicate"]) == [("changed", "etc/app.conf")]
    assert boltseal("drift", "--seal", seal, "--key", keys["alice"][1], f"dir:{root}", "--sign-key", keys["bob"][0]).returncode == 3


def test_an_approved_change_is_no_drift(boltseal, keys, signed, tmp_path):
    seal, root = signed
    known = ("--key", keys["alice"][1])
    (root / "etc/app.conf").write_text("port=3\n")
    (root / "var/cache").unlink()
    (root / "etc/other").write_text("not approved")
    fix = tmp_path / "fix.dsse"
    done = boltseal("seal", "amend", "/etc/app.conf", "/var/cache", "--from", f"dir:{root}", "--seal", seal, *known, "--reason", "CHG-12",
                    "--sign-key", keys["alice"][0], "-o", f"attestation={fix}")
    assert done.returncode == 0 and "approved /etc/app.conf" in done.stderr, done.stderr
    assert payload(fix)["predicate"]["reason"] == "CHG-12"
    report = drift(boltseal, seal, f"dir:{root}", *known, "--amendment", fix, code=1)
    assert kinds(report) == [("added", "etc/other")]
    assert {f["allowedBy"] for f in report["allowed"]} == {"amendment: CHG-12"}
    # Two of two: bob has not approved yet.
    both = (*known, "--amendment", fix, "--amend-key", keys["alice"][1], "--amend-key", keys["bob"][1], "--amend-require", "2")
    refused = boltseal("drift", "--seal", seal, f"dir:{root}", *both)
    assert refused.returncode == 2 and "refused" in refused.stderr
    assert boltseal("seal", "amend", "--co-sign", fix, "--sign-key", keys["bob"][0], "-o", f"attestation={fix}").returncode == 0
    assert kinds(drift(boltseal, seal, f"dir:{root}", *both, code=1)) == [("added", "etc/other")]
    assert boltseal("drift", "--seal", seal, f"dir:{root}", *known, "--amendment", fix, "--amend-key", keys["eve"][1]).returncode == 2
    # Exactly what was approved, and nothing else.
    (root / "etc/app.conf").write_text("port=4\n")
    (root / "var/cache").write_text("back")
    assert kinds(drift(boltseal, seal, f"dir:{root}", *both)) == [("added", "etc/other"), ("changed", "etc/app.conf"), ("changed", "var/cache")]


def test_an_amendment_is_of_one_seal(boltseal, keys, signed, tmp_path):
    seal, root = signed
    (root / "etc/app.conf").write_text("x")
    fix = tmp_path / "fix.dsse"
    made = boltseal("seal", "amend", "etc", "--from", f"dir:{root}", "--seal", tmp_path / "app.json", "--reason", "r", "--sign-key", keys["alice"][0], "-o", f"attestation={fix}")
    assert made.returncode == 0, made.stderr
    other = tmp_path / "other.json"
    boltseal("seal", "-q", f"oci:{layout(tmp_path / 'other', layer(entry('a', 'b')))}", "-o", f"json={other}")
    refused = boltseal("drift", "--seal", other, f"dir:{root}", "--amendment", fix, "--amend-key", keys["alice"][1])
    assert refused.returncode == 2 and "root-mismatch" in refused.stderr
    nothing = boltseal("seal", "amend", "etc/shadow", "--from", f"dir:{root}", "--seal", tmp_path / "app.json", "--reason", "r", "--sign-key", keys["alice"][0])
    assert nothing.returncode == 2 and "nothing differs" in nothing.stderr
    assert boltseal("seal", "amend", "etc").returncode == 3


class Watcher:
    """`drift --watch` in the background, its events as they come."""

    def __init__(self, boltseal, seal, target, *arguments):
        self.process = subprocess.Popen([boltseal.program, "drift", "--seal", seal, target, "--watch", "-o", "json", *map(str, arguments)], cwd=boltseal.home,
                                        env={"HOME": str(boltseal.home), "PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.events, self.notes = [], []
        for stream, to in ((self.process.stdout, self.events), (self.process.stderr, self.notes)):
            threading.Thread(target=lambda stream=stream, to=to: to.extend(stream), daemon=True).start()

    def until(self, what, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if what():
                return True
            time.sleep(0.05)
        raise AssertionError((self.events, self.notes, self.process.poll()))

    def sees(self, event, kind, path):
        def told(line):
            line = json.loads(line)
            return (line["event"], line["finding"]["kind"], line["finding"]["path"]) == (event, kind, path)
        return self.until(lambda: any(told(line) for line in list(self.events)))

    def begin(self):
        self.until(lambda: any("watching" in line or "fanotify" in line or "watched" in line for line in self.notes))
        if self.process.poll() is not None or not any("watching" in line for line in self.notes):
            pytest.skip("no fanotify here: " + "".join(self.notes))
        return self

    def end(self, code):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == code


def test_watching_a_folder(boltseal, sealed, image_layers, sleeper, tmp_path):  # noqa: F811
    root = unpack(image_layers, tmp_path / "root")
    watcher = Watcher(boltseal, sealed, f"dir:{root}").begin()
    before = (root / "etc/app.conf").read_text()
    (root / "etc/app.conf").write_text("x")
    watcher.sees("found", "changed", "etc/app.conf")
    (root / "bin/evil").write_bytes(sleeper)
    (root / "bin/evil").chmod(0o755)
    watcher.sees("found", "unknown-executable", "bin/evil")
    os.rename(root / "data", root / "moved")
    watcher.sees("found", "removed", "data/7")
    watcher.sees("found", "added", "moved/7")
    os.rename(root / "moved", root / "data")
    watcher.sees("gone", "removed", "data/7")
    (root / "etc/app.conf").write_text(before)
    watcher.sees("gone", "changed", "etc/app.conf")
    (root / "etc/shadow").chmod(0o666)
    watcher.sees("found", "permission", "etc/shadow")
    watcher.end(1)


def test_watching_what_stays_as_it_is(boltseal, sealed, image_layers, tmp_path):  # noqa: F811
    watcher = Watcher(boltseal, sealed, f"dir:{unpack(image_layers, tmp_path / 'root')}").begin()
    (tmp_path / "elsewhere").write_text("x")
    time.sleep(0.5)
    assert watcher.events == []
    watcher.end(0)


def test_watching_a_container_on_an_overlay(boltseal, sealed, runc, image_layers, tmp_path):  # noqa: F811
    lowers = [unpack([data], tmp_path / f"lower{i}") for i, data in enumerate(image_layers)]
    with overlay(tmp_path, lowers) as (_, merged):
        _, pid = runc("bs-watch", merged)
        watcher = Watcher(boltseal, sealed, f"pid:{pid}").begin()
        (merged / "etc/app.conf").write_text("x")
        watcher.sees("found", "changed", "etc/app.conf")
        (merged / "var/cache").unlink()
        watcher.sees("found", "removed", "var/cache")
        (merged / "bin/sleeper").unlink()
        watcher.sees("found", "deleted-running", "bin/sleeper")
        os.kill(pid, signal.SIGKILL)
        watcher.until(lambda: watcher.process.poll() is not None)
        assert watcher.process.wait() == 1
