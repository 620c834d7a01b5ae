"""A small project from `git commit` on, under a policy: what must pass, and everything that must be refused, by its code."""
import base64
import json
import os
import pathlib
import shutil
import subprocess

import pytest

import images

PEOPLE = ("owner", "owner2", "alice", "bob", "carol", "dora", "mallory")
POLICY = """custody: 1
project: tiny
version: {version}
keys:
{keys}
phases:
  - name: source
    keys: [alice, bob]
    products: ["src/**", "run-tests"]
    evidence: {{ git: clean }}
  - name: test
    keys: [bob, carol]
    threshold: {threshold}
    command: [./run-tests]
    max-age: 7d
    materials: ["src/**", "run-tests"]
    evidence:
      command: true
      tests: {{ min-passed: 2, max-failed: 0 }}
  - name: build
    keys: [carol, dora]
    materials: ["src/**"]
    products: ["out/app"]
    environment: [CFLAGS, API_TOKEN]
separate:
  - [source, test]
  - [test, build]
"""
TESTS = """#!/bin/sh
echo TAP version 13 > results.tap
echo 1..2 >> results.tap
grep -q main src/app.c && echo 'ok 1 - has a main' >> results.tap
[ -f src/broken ] && echo 'not ok 2 - not broken' >> results.tap || echo 'ok 2 - not broken' >> results.tap
"""


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name in PEOPLE:
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", folder / f"{name}.key"], check=True)
        subprocess.run(["openssl", "pkey", "-in", folder / f"{name}.key", "-pubout", "-out", folder / f"{name}.pub"], check=True)
    return folder


class Project:
    def __init__(self, program, folder, keys):
        self.program, self.folder, self.keys = program, folder, keys
        folder.mkdir()
        for file, text in {"src/app.c": "int main(void) { return 0; }\n", "run-tests": TESTS, ".gitignore": "results.tap\nout/\n.custody/\n*.dsse\n"}.items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(text)
        (folder / "run-tests").chmod(0o755)
        self.policy()
        self.git("init", "-q")
        self.commit()

    def policy(self, text=POLICY, **values):
        block = "".join(f"  {name}: |\n" + "".join(f"    {line}\n" for line in (self.keys / f"{name}.pub").read_text().splitlines())
                        for name in ("alice", "bob", "carol", "dora"))
        (self.folder / "custody.yaml").write_text(text.format(**({"version": 1, "threshold": 1, "keys": block} | values)))

    def git(self, *words):
        subprocess.run(["git", "-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", *words], cwd=self.folder,
                       check=True, stdout=subprocess.DEVNULL)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "Begin")

    def __call__(self, *words, **environment):
        words = [str(self.keys / f"{w[1:]}") if isinstance(w, str) and w.startswith("@") else str(w) for w in words]
        return subprocess.run([self.program, "custody", *words], cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, timeout=60, env={**os.environ, **environment})

    def ok(self, *words, **environment):
        done = self(*words, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def refused(self, code, *words, exit=1):
        done = self(*words)
        assert done.returncode == exit, done.stdout + done.stderr
        assert f"{code}: " in done.stdout + done.stderr, done.stdout + done.stderr
        return done.stdout + done.stderr

    def source(self, key="alice", *more):
        return self.ok("step", "source", "--key", f"@{key}.key", *more)

    def test(self, key="bob", *more):
        return self.ok("step", "test", "--key", f"@{key}.key", "--evidence", "results.tap", *more, "--", "./run-tests")

    def build(self, key="carol", *more):
        return self.ok("step", "build", "--key", f"@{key}.key", *more, "--", "sh", "-c", "mkdir -p out; cp src/app.c out/app; echo built; echo note >&2")

    def chain(self):
        self.source()
        self.test()
        return self.build()

    def record(self, name):
        return json.loads(base64.b64decode(json.loads((self.folder / ".custody" / name).read_text())["payload"]))

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


@pytest.fixture
def project(program, tmp_path, keys):
    return Project(program, tmp_path / "tiny", keys)


def verdict(project, *words):
    done = project("verify", "-o", "json", *words)
    return done.returncode, json.loads(done.stdout)


def test_a_whole_chain_holds(project):
    done = project.chain()
    assert "built\n" == done.stdout and "note\n" in done.stderr
    project.ok("gate", "build")
    assert "the chain holds" in project.ok("verify", "--from", "source", "--to", "build", "--artifact", "out/app").stdout
    code, seen = verdict(project)
    assert code == 0 and seen["holds"] and [h["keys"] for h in seen["hops"]] == [["alice"], ["bob"], ["carol"]]
    record = project.record("03-build.json")
    assert record["predicateType"] == "https://boltseal.dev/attestation/custody-step/v1"
    assert [s["name"] for s in record["subject"]] == ["out/app"]
    assert record["predicate"]["previous"][0]["phase"] == "test" and record["predicate"]["exitCode"] == 0


def test_a_program_gets_json_of_what_could_not_be_judged(project):
    code, seen = verdict(project)
    assert code == 1 and not seen["holds"] and seen["refusal"]["code"] == "phase-missing"
    done = project("show", "-o", "json")
    assert done.returncode == 0 and [hop["phase"] for hop in json.loads(done.stdout)["hops"]] == ["source", "test", "build"]
    project.chain()
    (project.folder / ".custody/03-build.json").write_text("{}")
    for words in (("verify", "-o", "json,html=out/c.html"), ("show", "-o", "json,svg=out/c.svg")):
        done = project(*words)
        seen = json.loads(done.stdout)
        assert done.returncode == 1 and "unreadable: " in done.stderr, done.stderr
        assert seen["project"] == "tiny" and not seen["holds"] and seen["hops"] == seen["known"] == []
        assert seen["refusal"]["code"] == "unreadable" and "03-build.json" in seen["refusal"]["what"] + seen["refusal"]["field"]
    assert "unreadable" in (project.folder / "out/c.html").read_text() and "is broken" in (project.folder / "out/c.svg").read_text()
    code, seen = verdict(project, "--owner", "@owner.pub")
    assert code == 1 and not seen["holds"] and seen["refusal"]["code"] == "policy-unsigned" and seen["project"] == ""


def test_quiet(project):
    assert "recorded source" in project.source().stderr
    assert project.test("bob", "-q").stderr == ""
    assert "is open" in project.ok("gate", "build").stderr
    assert project.ok("gate", "build", "-q").stderr == project.ok("show", "--quiet", "-o", "json").stderr == ""


def test_secrets_are_not_recorded(project):
    project.source()
    project.test()
    project.ok("step", "build", "--key", "@carol.key", "--environment", "HOME", "--environment", "MY_PASSWORD", "--", "sh", "-c", "mkdir -p out; echo x > out/app",
               CFLAGS="-O2", API_TOKEN="canary", MY_PASSWORD="canary")
    record = project.record("03-build.json")
    assert record["predicate"]["environment"]["CFLAGS"] == "-O2" and "HOME" in record["predicate"]["environment"]
    assert "canary" not in json.dumps(record)


def test_a_link_out_of_the_tree_is_recorded_and_not_followed(project, tmp_path):
    (tmp_path / "secret").write_text("canary")
    os.symlink(tmp_path / "secret", project.folder / "src" / "link")
    project.commit()
    project.source()
    entry = next(p for p in project.record("01-source.json")["predicate"]["products"] if p["path"] == "src/link")
    assert entry["mode"] == "120000"


def test_a_tampered_file_is_caught_at_the_gate(project):
    project.source()
    project.test()
    project.write("src/app.c", "int main(void) { return evil(); }\n")
    said = project.refused("material-changed", "gate", "build")
    assert "src/app.c: wanted 100644 sha256:" in said and "found 100644 sha256:" in said
    project.refused("material-changed", "step", "build", "--key", "@carol.key", "--", "true")
    assert not (project.folder / ".custody/03-build.json").exists()


def test_tampered_before_and_recorded_all_the_same(project):
    project.source()
    project.write("src/app.c", "int main(void) { return evil(); }\n")
    project.test("bob", "--no-gate")
    project.build("carol", "--no-gate")
    code, seen = verdict(project)
    assert code == 1 and seen["broken"] == "test" and seen["refusal"]["code"] == "material-changed"
    assert seen["refusal"]["wanted"] != seen["refusal"]["found"]
    assert [h["holds"] for h in seen["hops"]] == [True, False, False]  # what rests on the broken one does not hold


def test_a_file_slipped_in_or_taken_out(project):
    project.source()
    project.write("src/new.c", "int evil;\n")
    project.refused("material-unknown", "gate", "test")
    (project.folder / "src/new.c").unlink()
    project.ok("gate", "test")
    (project.folder / "run-tests").rename(project.folder / "kept")
    project.refused("material-missing", "gate", "test")
    (project.folder / "kept").rename(project.folder / "run-tests")
    project.write("src/second.c", "int two;\n")
    project.commit()
    project.source()
    (project.folder / "src/second.c").unlink()
    project.refused("material-gone", "gate", "test")


def test_a_mode_is_a_change(project):
    project.source()
    (project.folder / "src/app.c").chmod(0o755)
    project.refused("material-changed", "gate", "test")


def test_wrong_keys(project):
    project.refused("key-not-allowed", "step", "source", "--key", "@mallory.key")
    project.ok("step", "source", "--key", "@mallory.key", "--no-gate")
    said = project.refused("signature-invalid", "gate", "test")
    assert "wanted alice, bob" in said
    project.refused("signature-invalid", "cosign", "source", "--key", "@alice.key")


def test_one_key_in_two_separated_phases(project):
    project.source("bob")
    project.refused("separation-violated", "step", "test", "--key", "@bob.key", "--", "./run-tests")
    project.test("bob", "--no-gate")
    said = project.refused("separation-violated", "verify", "--to", "test")
    assert "phases source and test: wanted different keys, found bob" in said


def test_threshold(project):
    project.policy(threshold=2)
    project.commit()
    project.source()
    project.test()
    project.refused("threshold-not-met", "gate", "build")
    project.refused("key-not-allowed", "cosign", "test", "--key", "@alice.key")
    project.ok("cosign", "test", "--key", "@carol.key")
    project.ok("gate", "build")
    assert project("cosign", "test", "--key", "@carol.key").returncode == 2
    project.refused("separation-violated", "step", "build", "--key", "@carol.key", "--", "true")
    project.build("dora")
    project.ok("verify")


def test_a_failing_command_is_recorded_and_passes_its_code_on(project):
    project.source()
    done = project("step", "test", "--key", "@bob.key", "--evidence", "results.tap", "--", "sh", "-c", "exit 7")
    assert done.returncode == 7
    assert project.record("02-test.json")["predicate"]["exitCode"] == 7
    project.refused("command-failed", "gate", "build")
    project.test()
    project.ok("gate", "build")


def test_what_the_evidence_must_say(project):
    project.source()
    project.refused("command-missing", "step", "test", "--key", "@bob.key")
    project.refused("command-mismatch", "step", "test", "--key", "@bob.key", "--", "true")
    project.refused("evidence-missing", "step", "test", "--key", "@bob.key", "--", "./run-tests")
    project.refused("evidence-missing", "gate", "build")
    project.write("src/broken", "")
    project.commit()
    project.source()
    project.refused("tests-failed", "step", "test", "--key", "@bob.key", "--evidence", "results.tap", "--", "./run-tests")
    project.write("one.tap", "1..1\nok 1\n")
    project.refused("tests-too-few", "step", "test", "--key", "@bob.key", "--evidence", "one.tap", "--", "./run-tests")


def test_git_must_be_clean(project):
    project.write("src/app.c", "int main;\n")
    project.refused("git-dirty", "step", "source", "--key", "@alice.key")
    shutil.rmtree(project.folder / ".git")
    project.refused("git-missing", "step", "source", "--key", "@alice.key")


def test_products_must_be_there(project):
    project.source()
    project.test()
    project.refused("product-missing", "step", "build", "--key", "@carol.key", "--", "true")


def test_age_and_time(project):
    project.chain()
    project.refused("record-expired", "verify", "--at", "2100-01-01T00:00:00Z")
    project.refused("time-in-future", "verify", "--at", "2020-01-01T00:00:00Z")
    project.ok("step", "source", "--key", "@alice.key")
    project.ok("step", "test", "--key", "@bob.key", "--evidence", "results.tap", "--", "./run-tests", SOURCE_DATE_EPOCH="1000000000")
    project.refused("record-expired", "verify", "--to", "test")


def test_time_runs_forward(project):
    project.source()
    project.policy(POLICY.replace("    max-age: 7d\n", ""), version=2)
    project.ok("step", "test", "--key", "@bob.key", "--evidence", "results.tap", "--", "./run-tests", SOURCE_DATE_EPOCH="1000000000")
    project.refused("time-reversed", "verify", "--to", "test")


def edit(path, change):
    envelope = json.loads(path.read_text())
    payload = json.loads(base64.b64decode(envelope["payload"]))
    change(payload["predicate"])
    envelope["payload"] = base64.b64encode(json.dumps(payload, separators=(",", ":")).encode()).decode()
    path.write_text(json.dumps(envelope))


def test_an_edited_record(project):
    project.chain()
    last = project.folder / ".custody/03-build.json"
    kept = last.read_text()
    edit(last, lambda p: p["host"].update(machine="other"))
    project.refused("signature-invalid", "verify")
    last.write_text(kept)
    edit(project.folder / ".custody/02-test.json", lambda p: p["host"].update(machine="other"))
    said = project.refused("record-changed", "verify")
    assert "03-build.json before: wanted " in said


def test_records_taken_out_moved_or_made_up(project):
    project.chain()
    records = project.folder / ".custody"
    second = records / "02-test.json"
    second.rename(project.folder / "kept")
    project.refused("record-missing", "verify")
    shutil.copy(records / "01-source.json", second)
    project.refused("record-order", "verify")
    (project.folder / "kept").rename(second)
    shutil.copy(second, records / "02-build.json")
    project.refused("record-order", "verify")
    (records / "02-build.json").unlink()
    (records / "03-build.json").write_text("{}")
    project.refused("unreadable", "verify")
    (records / "03-build.json").unlink()
    project.refused("phase-missing", "verify")
    project.ok("verify", "--to", "test")
    second.unlink()
    project.refused("phase-missing", "gate", "build")
    project.refused("phase-missing", "cosign", "test", "--key", "@carol.key")


def test_links_to_other_records(project):
    """A record that rests on nothing, or on what is not here."""
    project.ok("step", "test", "--key", "@bob.key", "--no-gate", "--evidence", "results.tap", "--", "./run-tests")
    project.refused("link-missing", "verify", "--to", "test")
    project.source()
    project.test()
    elsewhere = project.folder / ".custody"
    for name in ("01-test.json", "02-source.json", "03-test.json"):
        assert (elsewhere / name).exists()
    # The same record again, in a folder of its own whose first record is another.
    other = Project(project.program, project.folder.parent / "other", project.keys)
    other.source()
    other.test()
    shutil.copy(other.folder / ".custody/02-test.json", elsewhere / "04-test.json")
    project.refused("record-order", "verify", "--to", "test")


def test_two_phases_on_different_records(project):
    project.policy(POLICY.replace("  - name: build\n", "  - name: build\n    after: [source, test]\n"))
    project.commit()
    project.source()
    project.test()
    project.source()
    project.refused("link-fork", "gate", "build")


def test_unknown_phases(project):
    project.chain()
    project.refused("phase-unknown", "verify", "--to", "nowhere")
    project.refused("phase-unknown", "verify", "--from", "build", "--to", "test")
    project.refused("phase-unknown", "gate", "nowhere")
    assert project("step", "nowhere", "--key", "@alice.key").returncode == 3
    project.ok("verify", "--from", "test")


def test_an_artifact_from_elsewhere(project):
    project.chain()
    project.write("out/app", "other\n")
    said = project.refused("artifact-unknown", "verify", "--artifact", "out/app")
    assert "wanted" in said and "found sha256:" in said


def test_an_owner_signs_the_policy(project):
    project.chain()
    project.refused("policy-unsigned", "verify", "--owner", "@owner.pub")
    project.ok("sign-policy", "--key", "@owner.key")
    project.ok("verify", "--owner", "@owner.pub")
    project.refused("signature-invalid", "verify", "--owner", "@mallory.pub")
    project.refused("threshold-not-met", "verify", "--owner", "@owner.pub", "--owner", "@owner2.pub", "--require", "2")
    project.ok("sign-policy", "--key", "@owner2.key")
    project.ok("verify", "--owner", "@owner.pub", "--owner", "@owner2.pub", "--require", "2")
    with open(project.folder / "custody.yaml", "a") as file:
        file.write("# relaxed\n")
    project.refused("policy-changed", "verify", "--owner", "@owner.pub")


def test_an_old_policy_is_no_policy_any_more(project):
    project.ok("sign-policy", "--key", "@owner.key")
    old = {name: (project.folder / name).read_text() for name in ("custody.yaml", "custody.yaml.dsse")}
    project.policy(version=2)
    project.commit()
    project.ok("sign-policy", "--key", "@owner.key")
    project.chain()
    project.ok("verify", "--owner", "@owner.pub", "--min-policy-version", "2")
    for name, text in old.items():
        project.write(name, text)
    said = project.refused("policy-rolled-back", "verify", "--owner", "@owner.pub")
    assert "wanted at least 2, found 1" in said
    project.refused("policy-rolled-back", "verify", "--min-policy-version", "2")
    project.policy(POLICY.replace("min-passed: 2", "min-passed: 0"), version=2)
    project.refused("policy-version-reused", "verify")


def test_a_record_of_another_project(project):
    project.policy(POLICY.replace("project: tiny", "project: other"))
    project.commit()
    project.source()
    project.policy(version=2)
    project.refused("project-mismatch", "gate", "test")


@pytest.mark.parametrize("change, says", [
    (("custody: 1", "custody: 2"), "custody: 1"),
    (("max-failed", "max-faild"), "max-faild"),
    (("threshold: 1", "threshold: 3"), "threshold of 3"),
    (("threshold: 1", "threshold: 0"), "threshold of 0"),
    (("keys: [carol, dora]", "keys: [nobody]"), "nobody"),
    (("[source, test]\n", "[source, tests]\n"), "tests"),
    (("max-age: 7d", "max-age: soon"), "age"),
    (("git: clean", "git: tidy"), "clean"),
    (("name: build", "name: ../build"), "name"),
    (("version: 1", "version: 0"), "version"),
])
def test_policies_that_are_none(project, change, says):
    text = (project.folder / "custody.yaml").read_text()
    assert change[0] in text
    project.write("custody.yaml", text.replace(change[0], change[1], 1))
    done = project("verify")
    assert done.returncode == 1 and "unreadable" in done.stderr and says in done.stderr


def test_init_writes_a_policy_that_works(project):
    (project.folder / "custody.yaml").unlink()
    project.ok("init", "source", "test", "--key", "source=" + str(project.keys / "alice.pub"), "--key", "test=" + str(project.keys / "bob.pub"))
    project.commit()
    project.ok("step", "source", "--key", "@alice.key")
    project.ok("step", "test", "--key", "@bob.key", "--evidence", "results.tap", "--", "./run-tests")
    project.ok("verify")
    assert project("init", "source", "--key", "source=" + str(project.keys / "alice.pub")).returncode == 2
    assert project("init", "--policy", "p.yaml", "a", "b", "--key", "a=" + str(project.keys / "alice.pub")).returncode == 3


def test_pictures_hold_no_live_text(project):
    project.source()
    project("step", "test", "--key", "@bob.key", "--no-gate", "--evidence", "results.tap", "--", "sh", "-c", "./run-tests; : '<script>alert(1)</script>\x1b[31m'")
    project.ok("show", "--to", "test", "-o", "svg=c.svg,html=c.html,json=c.json,table")
    page, picture = (project.folder / "c.html").read_text(), (project.folder / "c.svg").read_text()
    assert "<script" not in page and "\x1b" not in page and "default-src 'none'" in page
    assert "<script" not in picture and "command-mismatch" in picture
    import xml.etree.ElementTree
    xml.etree.ElementTree.fromstring(picture)
    assert "\x1b" not in project.ok("show", "--to", "test").stdout


def test_verifying_needs_no_network(project):
    if os.geteuid() != 0:
        pytest.skip("a network namespace wants root")
    project.chain()
    done = subprocess.run(["unshare", "-n", project.program, "custody", "verify", "--artifact", "out/app"], cwd=project.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


IMAGES = """custody: 1
project: tiny
version: 1
keys:
{keys}
phases:
  - name: package
    keys: [alice]
    products: ["image:*"]
  - name: scan
    keys: [bob]
    evidence:
      scan: {{ max-critical: 0, max-high: 1 }}
  - name: deploy
    keys: [carol]
    evidence:
      attestations:
        - type: https://boltseal.dev/attestation/drift/v1
          keys: [dora]
          fields: {{ clean: true }}
"""


@pytest.fixture
def packaged(project):
    """A layout with an image, recorded as a product; `scan` gives a report of so many findings on it."""
    project.policy(IMAGES)
    project.commit()
    image = images.Image([[("app", "x\n")]])
    other = images.Image([[("app", "y\n")]])
    for name, one in ("app", image), ("other", other):
        images.write_layout(one, project.folder / "out" / name)
    project.digest, project.other = images.digest(image.manifest), images.digest(other.manifest)
    project.ok("step", "package", "--key", "@alice.key", "--product-image", "oci:out/app")

    def scan(of, gaps=(), database="2026-01-02T00:00:00Z", **counts):
        none = dict.fromkeys(("critical", "high", "medium", "low", "negligible", "unknown"), 0)
        gaps = {"undecided": 0, "uncovered": [], "unknowns": []} | dict(gaps)
        project.write("out/scan.json", json.dumps({
            "tool": {"name": "boltseal"}, "image": {"manifestDigest": of}, "database": {"date": database},
            "summary": {"findings": none | {"medium": 7} | counts, "exploited": 0, "undecided": gaps["undecided"], "dropped": {"suppressed": 0}},
            "uncovered": gaps["uncovered"], "unknowns": gaps["unknowns"]}))
        return ("step", "scan", "--key", "@bob.key", "--material-image", "oci:out/app", "--evidence", "out/scan.json")
    project.scan = scan
    return project


DRIFT = "https://boltseal.dev/attestation/drift/v1"
WITNESS = "https://witness.testifysec.com/attestation-collection/v0.1"


def envelope(project, file, key, subject, predicate_type, predicate):
    """A DSSE envelope made by hand, with openssl."""
    payload = json.dumps({"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "app", "digest": {"sha256": subject.removeprefix("sha256:")}}],
                          "predicateType": predicate_type, "predicate": predicate}).encode()
    kind = b"application/vnd.in-toto+json"
    message = project.folder / "out/pae"
    message.write_bytes(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))
    signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", project.keys / f"{key}.key", "-in", message], check=True,
                               stdout=subprocess.PIPE).stdout
    project.write(file, json.dumps({"payload": base64.b64encode(payload).decode(), "payloadType": kind.decode(),
                                    "signatures": [{"sig": base64.b64encode(signature).decode()}]}))


def attest(project, file, key, subject, **predicate):
    envelope(project, file, key, subject, DRIFT, predicate)
    return ("step", "deploy", "--key", "@carol.key", "--material-image", f"registry.example/app@{project.digest}", "--evidence", file)


def test_an_image_goes_through_the_phases(packaged):
    packaged.ok(*packaged.scan(packaged.digest, high=1))
    packaged.ok(*attest(packaged, "out/drift.dsse", "dora", packaged.digest, clean=True))
    packaged.ok("verify", "--image", "oci:out/app")
    packaged.ok("verify", "--image", f"anything@{packaged.digest}")
    said = packaged.refused("image-unknown", "verify", "--image", "oci:out/other")
    assert packaged.digest in said and packaged.other in said
    subprocess.run(["rm", "-r", packaged.folder / "out/app"], check=True)
    packaged.ok("verify", "--image", f"anything@{packaged.digest}")


def test_another_image_at_a_phase(packaged):
    words = [w.replace("out/app", "out/other") for w in packaged.scan(packaged.other)]
    said = packaged.refused("image-changed", *words)
    assert f"wanted {packaged.digest}, found {packaged.other}" in said


def test_scans_over_the_limit_or_of_something_else(packaged):
    packaged.refused("scan-over-limit", *packaged.scan(packaged.digest, high=2))
    packaged.refused("evidence-of-other", *packaged.scan(packaged.other))
    packaged.refused("evidence-missing", "step", "scan", "--key", "@bob.key", "--material-image", "oci:out/app")


def test_attestations_by_others(packaged):
    packaged.ok(*packaged.scan(packaged.digest))
    packaged.refused("signature-invalid", *attest(packaged, "out/a.dsse", "alice", packaged.digest, clean=True))
    packaged.refused("subject-mismatch", *attest(packaged, "out/b.dsse", "dora", packaged.other, clean=True))
    packaged.refused("evidence-field-mismatch", *attest(packaged, "out/c.dsse", "dora", packaged.digest, clean=False))
    packaged.refused("evidence-field-mismatch", *attest(packaged, "out/d.dsse", "dora", packaged.digest))
    packaged.refused("evidence-missing", "step", "deploy", "--key", "@carol.key", "--material-image", "oci:out/app")
    packaged.ok(*attest(packaged, "out/e.dsse", "dora", packaged.digest, clean=True))


def collection(exit_code=0):
    kind = "https://witness.dev/attestations/{}/v0.1".format
    return {"name": "build", "attestations": [
        {"type": kind("environment"), "attestation": {"os": "linux", "hostname": "h", "variables": {"API_TOKEN": "canary"}}},
        {"type": kind("git"), "attestation": {"commithash": "c" * 40, "branch": "main", "status": {"a.c": {"staging": "M"}}}},
        {"type": kind("material"), "attestation": {"a.c": {"sha256": "a" * 64}}},
        {"type": kind("command-run"), "attestation": {"cmd": ["make", "app\x1b[31m"], "exitcode": exit_code}},
        {"type": kind("product"), "attestation": {"app": {"mime_type": "x", "digest": {"sha256": "b" * 64}}}},
        {"type": kind("never-heard-of"), "attestation": {"x": 1}}]}


def test_witness_collections_are_shown(packaged):
    envelope(packaged, "out/w.json", "dora", packaged.digest, WITNESS, collection(3))
    done = packaged.ok("show", "out/w.json", "--key", "@dora.pub")
    assert "step       build" in done.stdout and "(exit 3)" in done.stdout and "on main, with changes" in done.stdout
    assert "\x1b" not in done.stdout and "canary" not in done.stdout and "never-heard-of" in done.stdout
    said = json.loads(packaged.ok("show", "out/w.json", "--key", "@dora.pub", "-o", "json").stdout)
    assert said["exitCode"] == 3 and said["products"] == {"app": "b" * 64} and said["variables"] == 1
    packaged.refused("signature-invalid", "show", "out/w.json", "--key", "@alice.pub")
    assert "not checked" in packaged.ok("show", "out/w.json").stderr
    envelope(packaged, "out/d.json", "dora", packaged.digest, DRIFT, {})
    assert packaged("show", "out/d.json").returncode == 2


def test_witness_collections_are_evidence(packaged):
    packaged.policy(IMAGES.replace("version: 1", "version: 2").replace(DRIFT, WITNESS).replace("clean: true", "name: build"))
    packaged.ok(*packaged.scan(packaged.digest))
    words = ("step", "deploy", "--key", "@carol.key", "--material-image", "oci:out/app", "--evidence", "out/w.json")
    envelope(packaged, "out/w.json", "dora", packaged.digest, WITNESS, collection(3))
    packaged.refused("command-failed", *words)
    envelope(packaged, "out/w.json", "dora", packaged.digest, WITNESS, collection())
    packaged.ok(*words)
    packaged.ok("verify")
