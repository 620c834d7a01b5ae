"""What a policy asks for is asked for, or the policy is refused; and several people who write records at once."""
import json
import subprocess
import time

import pytest

from custody_test import IMAGES, POLICY, attest, keys, packaged, project  # noqa: F401
from services_test import sigstore  # noqa: F401

SIDE_BY_SIDE = POLICY[:POLICY.index("phases:")] + """phases:
  - {{ name: source, keys: [alice], products: ["src/**"] }}
  - {{ name: lint, after: [source], keys: [bob], materials: ["src/**"] }}
  - {{ name: test, after: [source], keys: [carol], materials: ["src/**"] }}
  - {{ name: ship, after: [lint, test], keys: [alice, bob, carol, dora], threshold: 4 }}
"""


@pytest.mark.parametrize("fields, says", [
    ("{{ summary: {{ clean: true }} }}", "summary"),  # reads as if it asked for summary.clean
    ("{{ clean: [true] }}", "clean"),
    ("{{ clean: }}", "clean"),
    ("{{ clean: false, clean: true }}", "twice"),
])
def test_a_field_that_cannot_be_compared_is_no_policy(project, fields, says):  # noqa: F811
    project.policy(IMAGES.replace("{{ clean: true }}", fields))
    done = project("verify")
    assert done.returncode == 1 and "unreadable: " in done.stderr and says in done.stderr, done.stderr


def test_a_member_that_is_not_there_is_not_empty(packaged):  # noqa: F811
    packaged.policy(IMAGES.replace("version: 1", "version: 2").replace("clean: true", "reason: ''"))
    packaged.ok(*packaged.scan(packaged.digest))
    packaged.refused("evidence-field-mismatch", *attest(packaged, "out/a.dsse", "dora", packaged.digest, clean=True))
    packaged.refused("evidence-field-mismatch", *attest(packaged, "out/b.dsse", "dora", packaged.digest, reason={"a": 1}))
    packaged.ok(*attest(packaged, "out/c.dsse", "dora", packaged.digest, reason=""))


def test_a_scan_of_an_image_that_the_record_does_not_name(packaged):  # noqa: F811
    words = packaged.scan(packaged.other)
    bare = [w for w in words if w not in ("--material-image", "oci:out/app")]
    said = packaged.refused("evidence-of-other", *bare)
    assert "--material-image" in said and packaged.other in said
    packaged.refused("evidence-of-other", "verify", "--to", "scan")


@pytest.mark.parametrize("gaps, name, found", [
    ({"unknowns": [{"path": "var/lib/rpm/Packages"}, {"path": "app.jar"}]}, "unread", 2),
    ({"uncovered": [{"what": "deb", "packages": [0, 1, 2]}, {"what": "distribution"}]}, "uncovered", 4),
    ({"undecided": 1}, "undecided", 1),
])
def test_what_a_scan_leaves_open(packaged, gaps, name, found):  # noqa: F811
    said = packaged.refused("scan-incomplete", *packaged.scan(packaged.digest, gaps))
    assert f"evidence.findings.{name}: wanted at most 0, found {found}" in said
    packaged.policy(IMAGES.replace("version: 1", "version: 2").replace("max-high: 1", f"max-high: 1, max-{name}: {found}"))
    packaged.ok(*packaged.scan(packaged.digest, gaps))
    packaged.policy(IMAGES.replace("version: 1", "version: 3").replace("max-high: 1", f"max-high: 1, max-{name}: {found - 1}"))
    packaged.refused("scan-incomplete", *packaged.scan(packaged.digest, gaps))


def test_other_limits_of_a_scan(packaged):  # noqa: F811
    packaged.policy(IMAGES.replace("version: 1", "version: 2").replace("max-high: 1", "max-unknown: 0"))
    packaged.refused("scan-over-limit", *packaged.scan(packaged.digest, unknown=1))
    packaged.policy(IMAGES.replace("version: 1", "version: 3").replace("max-high: 1", "max-database-age: 7d"))
    packaged.refused("scan-database-old", *packaged.scan(packaged.digest))
    packaged.refused("scan-database-old", *packaged.scan(packaged.digest, database=""))
    packaged.ok(*packaged.scan(packaged.digest, database=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 6 * 86400))))
    packaged.policy(IMAGES.replace("version: 1", "version: 4").replace("max-high: 1", "max-database-age: soon"))
    assert "36h" in packaged("gate", "scan").stderr


def test_an_image_that_the_scan_did_not_see(packaged):  # noqa: F811
    both = ("--product-image", "oci:out/app", "--product-image", "oci:out/other")
    packaged.ok("step", "package", "--key", "@alice.key", *both)
    packaged.ok(*packaged.scan(packaged.digest))
    deploy = [w.replace("out/app", "out/other") for w in ("step", "deploy", "--key", "@carol.key", "--material-image", "oci:out/app")]
    said = packaged.refused("image-passed-by", *deploy)
    assert f"has not been through scan (image:oci:out/other: wanted {packaged.digest}, found {packaged.other})" in said
    packaged.refused("image-passed-by", "gate", "deploy", "--material-image", "oci:out/other")
    packaged.ok("gate", "deploy", "--material-image", "oci:out/app")
    packaged.ok(*attest(packaged, "out/drift.dsse", "dora", packaged.digest, clean=True))
    packaged.ok("verify", "--image", "oci:out/app")
    packaged.refused("image-passed-by", "verify", "--image", "oci:out/other")
    packaged.ok("verify", "--to", "package", "--image", "oci:out/other")
    # Both are recorded as scanned, and one of them was.
    words = [*packaged.scan(packaged.digest), "--material-image", "oci:out/other"]
    assert packaged.other in packaged.refused("evidence-missing", *words)


def test_materials_of_a_certain_phase(project):  # noqa: F811
    chain = POLICY.replace("products: [\"out/app\"]", "from: {{ test: [\"src/**\"] }}\n    products: [\"out/app\"]")
    project.policy(chain.replace('    materials: ["src/**", "run-tests"]\n', ""))
    project.commit()
    project.source()
    project.test()
    said = project.refused("origin-mismatch", "gate", "build")
    assert "build took what test has not had so (src/app.c: wanted nothing, found 100644 sha256:" in said
    project.test("bob", "--materials", "src/**")
    project.ok("gate", "build")
    project.build()
    project.ok("verify")
    project.ok("verify", "--from", "build")
    project.policy(chain.replace("src/**\"] }}", "docs/**\"] }}"), version=2)
    project.refused("material-missing", "gate", "build")


@pytest.mark.parametrize("wanted, says", [
    ("{{ package: [app] }}", "does not rest on"),
    ("{{ build: [app] }}", "does not rest on"),
    ("{{ test: [] }}", "no glob"),
    ("[test]", "a mapping of phases"),
    ("{{ test: [a], test: [b] }}", "twice"),
])
def test_an_origin_that_asks_for_nothing(project, wanted, says):  # noqa: F811
    project.policy(POLICY.replace("products: [\"out/app\"]", f"from: {wanted}\n    products: [\"out/app\"]"))
    done = project("verify")
    assert done.returncode == 1 and says in done.stderr, done.stderr


def test_what_may_be_new_may_not_be_another(project):  # noqa: F811
    project.policy(POLICY.replace('materials: ["src/**"]\n    products', 'materials: ["src/**"]\n    new-materials: ["src/**"]\n    products'))
    project.commit()
    project.source()
    project.test()
    project.write("src/made.c", "int made;\n")
    project.ok("gate", "build")
    project.write("src/app.c", "int main(void) { return evil(); }\n")
    project.refused("material-changed", "gate", "build")


def test_a_whole_chain_of_another_project(project):  # noqa: F811
    project.chain()
    project.policy(POLICY.replace("project: tiny", "project: other"))
    project.refused("project-mismatch", "verify")
    project.policy(POLICY.replace("project: tiny", "project: other"), version=2)
    project.refused("project-mismatch", "verify")


def test_phases_side_by_side_and_signatures_at_once(project):  # noqa: F811
    project.policy(SIDE_BY_SIDE)
    project.commit()
    project.source()

    def at_once(*calls):
        started = [subprocess.Popen([project.program, "custody", *map(str, words)], cwd=project.folder, text=True, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL) for words in calls]
        for one in started:
            said = one.communicate(timeout=60)[0]
            assert one.returncode == 0, said

    at_once(*((("step", phase, "--key", project.keys / f"{key}.key", "--", "sleep", "0.5")) for phase, key in (("lint", "bob"), ("test", "carol"))))
    project.ok("step", "ship", "--key", "@alice.key")
    at_once(*(("cosign", "ship", "--key", project.keys / f"{key}.key") for key in ("bob", "carol", "dora")))
    assert "alice, bob, carol, dora" in project.ok("verify").stdout


def test_a_step_that_was_killed_is_in_nobodys_way(project):  # noqa: F811
    (project.folder / ".custody").mkdir()
    for name in (".lock", ".01.taken"):
        (project.folder / ".custody" / name).touch()
    project.source()
    project.ok("verify", "--to", "source")


def test_what_a_revoked_key_has_signed(project, tmp_path):  # noqa: F811
    project.chain()
    environment = {"BOLTSEAL_KEYS": str(tmp_path / "store"), "PATH": "/usr/bin:/bin", "COSIGN_PASSWORD": ""}

    def revoke(key, file):
        done = subprocess.run([project.program, "key", "revoke", str(project.keys / f"{key}.key"), "--reason", "laptop lost", "--record-file", file],
                              env=environment, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr

    revoke("dora", tmp_path / "unused.jsonl")
    project.ok("verify", "--key-records", tmp_path / "unused.jsonl")
    revoke("bob", tmp_path / "bob.jsonl")
    said = project.refused("key-revocation-undecided", "verify", "--key-records", tmp_path / "bob.jsonl")
    assert "broken at test" in said and " bob, key " in said and "found no trusted time" in said
    project.ok("verify")
    project.refused("key-revocation-undecided", "gate", "build", "--key-records", tmp_path / "bob.jsonl")
    project.refused("key-revocation-undecided", "step", "test", "--key", "@bob.key", "--key-records", tmp_path / "bob.jsonl", "--", "./run-tests")
    project.test("carol")
    project.build("dora")
    project.ok("verify", "--key-records", tmp_path / "bob.jsonl")
    project.ok("sign-policy", "--key", "@owner.key")
    project.ok("verify", "--owner", "@owner.pub", "--key-records", tmp_path / "bob.jsonl")
    revoke("owner", tmp_path / "owner.jsonl")
    project.refused("key-revocation-undecided", "verify", "--owner", "@owner.pub", "--key-records", tmp_path / "owner.jsonl")
    (tmp_path / "bob.jsonl").write_text("{}\n")
    project.refused("key-record-invalid", "verify", "--key-records", tmp_path / "bob.jsonl")


def test_what_a_key_signed_before_it_was_revoked(project, sigstore, tmp_path):  # noqa: F811
    stamp = ("--timestamp-server-url", f"{sigstore.url}/api/v1/timestamp")
    project.policy(POLICY, threshold=2)
    project.commit()
    project.ok("sign-policy", "--key", "@owner.key", *stamp)
    project.source()
    project.test("bob", *stamp)
    project.ok("cosign", "test", "--key", "@carol.key")
    project.build("dora")
    file = project.folder / ".custody/02-test.json"
    stamped = json.loads(file.read_text())["signatures"]
    assert [len(one.get("timestamps", ())) for one in stamped] == [1, 0]
    environment = {"BOLTSEAL_KEYS": str(tmp_path / "store"), "PATH": "/usr/bin:/bin", "COSIGN_PASSWORD": ""}

    def revoke(key, since):
        record = tmp_path / f"{key}{since}.jsonl"
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + since))
        subprocess.run([project.program, "key", "revoke", str(project.keys / f"{key}.key"), "--at", moment, "--record-file", record],
                       env=environment | {"BOLTSEAL_KEYS": str(tmp_path / f"store{key}{since}")}, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        return "--key-records", record

    trusted = ("--timestamp-certificate-chain", sigstore.folder / "tsa.pem")
    late, early = revoke("bob", 60), revoke("bob", -60)
    project.ok("verify", *late, *trusted)
    project.ok("verify", *late, "--trusted-root", sigstore.folder / "trusted_root.json")
    assert "found no trusted time" in project.refused("key-revocation-undecided", "verify", *late)
    assert " bob, key " in project.refused("key-revoked", "verify", *early, *trusted)
    # Another authority vouches for nothing, nor does a timestamp of another signature.
    other = tmp_path / "other.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=other", "-keyout",
                    tmp_path / "other.key", "-out", other], check=True, capture_output=True)
    project.refused("key-revocation-undecided", "verify", *late, "--timestamp-certificate-chain", other)
    project.refused("key-revocation-undecided", "verify", *revoke("carol", 60), *trusted)
    envelope = json.loads(file.read_text())
    envelope["signatures"][1]["timestamps"] = stamped[0]["timestamps"]
    file.write_text(json.dumps(envelope))
    project.refused("key-revocation-undecided", "verify", *revoke("carol", 61), *trusted)
    # The owner's signature under the policy is no other.
    owner = revoke("owner", 60)
    project.ok("verify", "--owner", "@owner.pub", *owner, *trusted)
    project.refused("key-revocation-undecided", "verify", "--owner", "@owner.pub", *owner)
    # What is revoked signs no more, stamped or not.
    project.refused("key-revocation-undecided", "step", "test", "--key", "@bob.key", *early, *stamp, "--", "./run-tests")


def test_a_record_is_kept_when_nobody_stamps_it(project):  # noqa: F811
    done = project("step", "source", "--key", "@alice.key", "--timestamp-server-url", "http://127.0.0.1:1/")
    assert done.returncode == 2 and "127.0.0.1:1" in done.stderr and "recorded source" in done.stderr
    project.ok("gate", "test")
