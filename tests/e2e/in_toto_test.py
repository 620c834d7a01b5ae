"""in-toto layouts and links: cases recorded with the reference implementation (tests/cases/in-toto; want.txt: our verdict, the
reference's, whose keys, why), and what we write ourselves."""
import json
import pathlib
import shutil
import subprocess

import pytest

CASES = pathlib.Path(__file__).resolve().parents[1] / "cases" / "in-toto"
NAMES = sorted(p.name for p in CASES.iterdir() if (p / "want.txt").exists())
# Where we refuse what the reference lets pass, and why.
STRICTER = {"link-name-differs": "the reference does not look at the name that was signed",
            "gpg-text-signature": "the reference does not look at the kind of an OpenPGP signature"}


def verify(program, case, folder, *more):
    lines = (CASES / case / "want.txt").read_text().splitlines()
    keys = [str(CASES / "keys" / f"{name}.pub") for name in lines[2].removeprefix("owners: ").split()]
    work = folder / case
    shutil.copytree(CASES / case, work, ignore=shutil.ignore_patterns("want.txt"))
    done = subprocess.run([program, "custody", "in-toto", "verify", "--layout", "root.layout", "--link-dir", ".", "--verification-keys", *keys,
                           "-o", "json", *more], cwd=work, capture_output=True, text=True, timeout=60)
    return done, json.loads(done.stdout), lines


@pytest.mark.parametrize("case", NAMES)
def test_recorded_cases(program, tmp_path, case):
    done, said, want = verify(program, case, tmp_path, "--allow-inspections")
    assert (said["refusal"]["code"] if not said["holds"] else "holds") == want[0]
    assert done.returncode == (0 if said["holds"] else 1)
    assert said["holds"] == (want[1] == "reference: pass") or case in STRICTER


def test_inspections_run_only_when_allowed(program, tmp_path):
    done, said, _ = verify(program, "inspection-ok", tmp_path)
    assert done.returncode == 1 and said["refusal"]["code"] == "inspection-not-allowed" and said["refusal"]["found"] == "true"


def test_weak_points_are_said(program, tmp_path):
    done, said, _ = verify(program, "no-rules", tmp_path)
    assert done.returncode == 0
    assert any("do not end in DISALLOW *" in w for w in said["warnings"])
    assert any("2046" in w for w in said["warnings"])
    _, said, _ = verify(program, "command-differs", tmp_path)
    assert any('expects the command "make dist"' in w for w in said["warnings"])


@pytest.fixture
def work(program, tmp_path):
    """A chain that we wrote: a layout with a parameter, and a link by each of three kinds of keys."""
    for name, arguments in {"owner": ["-algorithm", "ed25519"], "alice": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                            "bob": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]}.items():
        subprocess.run(["openssl", "genpkey", *arguments, "-out", tmp_path / f"{name}.key"], check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["openssl", "pkey", "-in", tmp_path / f"{name}.key", "-pubout", "-out", tmp_path / f"{name}.pub"], check=True)

    def run(*words):
        return subprocess.run([program, "custody", "in-toto", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60)

    keys = {name: json.loads(run("key", f"{name}.pub").stdout) for name in ("alice", "bob")}
    step = lambda name, key, materials, products: {"_type": "step", "name": name, "threshold": 1, "pubkeys": [keys[key]["keyid"]],
                                                   "expected_command": [], "expected_materials": materials, "expected_products": products}
    layout = {"_type": "layout", "expires": "2046-01-01T00:00:00Z", "readme": "", "keys": {k["keyid"]: k for k in keys.values()}, "inspect": [],
              "steps": [step("write", "alice", [], [["CREATE", "{folder}/*"], ["DISALLOW", "*"]]),
                        step("build", "bob", [["MATCH", "*", "WITH", "PRODUCTS", "FROM", "write"], ["DISALLOW", "*"]], [["CREATE", "app"], ["DISALLOW", "*"]])]}
    (tmp_path / "root.layout").write_text(json.dumps(layout))
    run.folder = tmp_path
    return run


@pytest.mark.parametrize("form", [[], ["--dsse"]])
def test_what_we_write_we_read(work, form):
    assert work("run", "write", "--key", "alice.key", "--products", "src/*", *form, "--", "sh", "-c", "mkdir src; echo 1 > src/a.c").returncode == 0
    assert work("run", "build", "--key", "bob.key", "--materials", "src/*", "--products", "app", *form, "--", "cp", "src/a.c", "app").returncode == 0
    assert work("sign", "root.layout", "--key", "owner.key", *form).returncode == 0
    check = ("verify", "--layout", "root.layout", "--verification-keys", "owner.pub")
    done = work(*check, "--parameter", "folder=src")
    assert done.returncode == 0 and "holds" in done.stdout, done.stderr
    assert "rule-disallow" in work(*check, "--parameter", "folder=other").stderr
    assert "a parameter without a value" in work(*check, "--parameter", "other=src").stderr
    assert "layout-expired" in work(*check, "--parameter", "folder=src", "--at", "2050-01-01T00:00:00Z").stderr
    assert "signature-invalid" in work("verify", "--layout", "root.layout", "--parameter", "folder=src", "--verification-keys", "bob.pub").stderr
    link = next(work.folder.glob("build.*.link"))
    assert "layout-missing" in work("verify", "--layout", link.name, "--verification-keys", "bob.pub").stderr


def test_a_command_that_fails_leaves_its_link_and_its_code(work):
    assert work("run", "write", "--key", "alice.key", "--", "sh", "-c", "exit 5").returncode == 5
    assert next(work.folder.glob("write.*.link")).exists()


def test_layouts_do_not_go_on_for_ever(work):
    """A layout whose only step is done by the same layout again."""
    key = json.loads(work("key", "alice.pub").stdout)
    (work.folder / "self.layout").write_text(json.dumps({
        "_type": "layout", "expires": "2046-01-01T00:00:00Z", "readme": "", "keys": {key["keyid"]: key}, "inspect": [],
        "steps": [{"_type": "step", "name": "s", "threshold": 1, "pubkeys": [key["keyid"]], "expected_command": [], "expected_materials": [],
                   "expected_products": []}]}))
    assert work("sign", "self.layout", "--key", "alice.key").returncode == 0
    folder, name = work.folder, f"s.{key['keyid'][:8]}"
    for _ in range(12):
        shutil.copy(work.folder / "self.layout", folder / f"{name}.link")
        folder = folder / name
        folder.mkdir()
    done = work("verify", "--layout", "self.layout", "--verification-keys", "alice.pub")
    assert done.returncode == 1 and "layout-too-deep: " in done.stderr
