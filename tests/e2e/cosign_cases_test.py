"""What cosign 3 signed and attested, recorded as OCI layouts under tests/cases/cosign (one JSON file each: index.json and the
blobs), and what a hostile hand made of that. The names that begin with "bad-" were tampered with, those that begin with
"crafted-" are well signed and odd in one thing."""
import base64
import json

import pytest

import images
from conftest import ROOT

CASES = ROOT / "tests" / "cases" / "cosign"
ALL = sorted(path.stem for path in CASES.glob("*.json"))
TYPES = ("slsaprovenance1", "spdxjson", "cyclonedx", "vuln", "custom")

# What is not: verify with cosign.pub and the tag v1 is exit 0.
KEYS = {case: case.split("-")[1] for case in ALL if case.split("-")[-1] in
        ("p256", "p384", "p521", "ed25519", "rsa2048", "rsa3072", "rsa4096")} | {case: "p256" for case in ALL if case.startswith("crafted-")}
OTHER_TAG = {"bad-att-subject", "bad-bundle-other-image", "bad-bundle-payload", "bad-bundle-referrer-not-subject",
             "bad-legacy-other-image", "bad-legacy-payload"}
REFUSED = {
    # exit code (cosign's own: it knows 12 for the legacy form only), the reason that must be told
    "unsigned": (10, ""),
    "attest-bundle": (10, "predicate-type-mismatch"),   # cosign 3 takes any statement for a signature
    "attest-legacy": (10, ""),
    "bad-att-subject": (10, ""),
    "bad-bundle-media-type": (10, "bundle-version-unsupported"),
    "bad-bundle-no-signature": (1, "signature"),
    "bad-bundle-other-image": (1, "subject-mismatch"),
    "bad-bundle-payload": (1, "signature-invalid"),
    "bad-bundle-payload-type": (1, "payload-type-mismatch"),
    "bad-bundle-referrer-not-subject": (10, ""),
    "bad-bundle-two-signatures": (1, "signature"),
    "bad-legacy-no-signature": (12, "signature-missing"),
    "bad-legacy-other-image": (12, "digest-mismatch"),
    "bad-legacy-payload": (12, "signature-invalid"),
    "bad-legacy-space": (12, "signature-invalid"),
    "crafted-both-contents": (1, "bundle-invalid"),     # cosign passes over it: 10
    "crafted-digest-prefix": (1, "subject-mismatch"),
    "crafted-legacy-duplicate": (12, "unreadable"),     # cosign takes the second digest
    "crafted-legacy-no-digest": (12, "unreadable"),
    "crafted-legacy-trailing": (12, "unreadable"),
    "crafted-legacy-type": (12, "unreadable"),          # cosign does not look at it
    "crafted-message-signature": (1, "payload-type-mismatch"),
    "crafted-no-subject": (1, "statement-invalid"),
    "crafted-other-subject": (1, "subject-mismatch"),
    "crafted-payload-type": (1, "payload-type-mismatch"),
    "crafted-predicate-other": (10, "predicate-type-mismatch"),
    "crafted-statement-type": (1, "statement-invalid"),
}


def unpack(case, folder):
    return images.unpack_recorded(CASES / f"{case}.json", folder)


def reference(case, folder):
    if case.endswith("-saved"):
        return f"oci:{folder}"
    return f"oci:{folder}:{'other' if case in OTHER_TAG else 'v1'}"


@pytest.mark.parametrize("case", ALL)
def test_verdict_and_reason(boltseal, tmp_path, case):
    folder = unpack(case, tmp_path / "layout")
    key = CASES / "keys" / f"{KEYS.get(case, 'cosign')}.pub"
    done = boltseal("verify", "--key", key, "--offline", reference(case, folder))
    code, reason = REFUSED.get(case, (0, ""))
    assert done.returncode == code, done.stderr
    assert reason in done.stderr
    assert (done.stdout != "") == (code == 0)
    wrong = boltseal("verify", "--key", CASES / "keys" / ("other.pub" if "two-signatures" not in case else "p256.pub"), "--offline",
                     reference(case, folder))
    assert wrong.returncode != 0 and wrong.stdout == ""


@pytest.mark.parametrize("case", ["bundle-two-signatures", "legacy-two-signatures"])
def test_two_keys_are_two(boltseal, tmp_path, case):
    where = reference(case, unpack(case, tmp_path / "layout"))
    keys = ["--key", CASES / "keys" / "cosign.pub", "--key", CASES / "keys" / "other.pub"]
    assert boltseal("verify", *keys, "--require", "2", where).returncode == 0
    third = boltseal("verify", *keys, "--key", CASES / "keys" / "p256.pub", "--require", "3", where)
    assert third.returncode == 12 and "threshold-not-met" in third.stderr


@pytest.mark.parametrize("case", ["bundle-annotations", "legacy-annotations"])
def test_annotations_must_have_been_signed(boltseal, tmp_path, case):
    where = reference(case, unpack(case, tmp_path / "layout"))
    verify = ["verify", "--key", CASES / "keys" / "cosign.pub", where]
    assert boltseal(*verify, "-a", "build=42", "-a", "ok=yes").returncode == 0
    assert boltseal(*verify, "-a", "build=43").returncode == (1 if case.startswith("bundle") else 12)
    assert boltseal(*verify, "-a", "build=42,ok=yes").returncode == 0   # cosign takes a list too


@pytest.mark.parametrize("case", ["attest-bundle", "attest-legacy"])
@pytest.mark.parametrize("type_name", TYPES)
def test_attestations_of_cosign(boltseal, tmp_path, case, type_name):
    where = reference(case, unpack(case, tmp_path / "layout"))
    done = boltseal("verify-attestation", "--key", CASES / "keys" / "cosign.pub", "--type", type_name, where)
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    assert "predicate" in json.loads(base64.b64decode(json.loads(line)["payload"]))
    wrong = boltseal("verify-attestation", "--key", CASES / "keys" / "other.pub", "--type", type_name, where)
    assert wrong.returncode == 1 and wrong.stdout == ""


def test_an_attestation_of_another_image_is_refused(boltseal, tmp_path):
    where = reference("bad-att-subject", unpack("bad-att-subject", tmp_path / "layout"))
    for type_name in TYPES:
        done = boltseal("verify-attestation", "--key", CASES / "keys" / "cosign.pub", "--type", type_name, where)
        assert done.returncode == 1 and done.stdout == ""


@pytest.mark.parametrize("case", ["bundle-saved", "legacy-saved"])
def test_local_image_of_cosign_save(boltseal, tmp_path, case):
    folder = unpack(case, tmp_path / "layout")
    done = boltseal("verify", "--key", CASES / "keys" / "cosign.pub", "--local-image", folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["critical"]["image"]["docker-manifest-digest"].startswith("sha256:")


def test_report_names_what_did_not_hold_and_why(boltseal, tmp_path):
    where = reference("bundle-bad-then-good", unpack("bundle-bad-then-good", tmp_path / "layout"))
    done = boltseal("verify", "--key", CASES / "keys" / "cosign.pub", "-o", "report", where)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["verified"] and len(report["signatures"]) == 1
    [refused] = report["refused"]
    assert refused["reason"]["code"] == "signature-invalid" and refused["source"].startswith("referrer sha256:")
