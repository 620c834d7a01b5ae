"""Seals over tested code: signed after a test run, asked of a folder and of an image that holds the sources."""
import contextlib
import json
import os
import pathlib
import subprocess

import pytest

import images

CASES = pathlib.Path(__file__).resolve().parents[1] / "cases" / "coverage"


@pytest.fixture
def sealed(boltseal):
    source = boltseal.home / "src"
    source.mkdir()
    (source / "calc.py").write_text((CASES / "calc.py").read_text())
    for name in ("one", "two"):
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", boltseal.home / f"{name}.key"], check=True)
        subprocess.run(["openssl", "pkey", "-in", boltseal.home / f"{name}.key", "-pubout", "-out", boltseal.home / f"{name}.pub"], check=True)
    done = boltseal("custody", "snippets", "sign", "--coverage", CASES / "coverage-py.json", "--tests", CASES / "junit.xml", "--key", "one.key",
                    "--seal", "calc.seal", "src")
    assert done.returncode == 0, done.stderr
    return boltseal


def verify(boltseal, artifact, *more):
    done = boltseal("custody", "snippets", "verify", artifact, "--seal", "calc.seal", "--key", "one.pub", "-o", "json", *more)
    return done.returncode, {s["name"]: s["state"] for s in json.loads(done.stdout)["snippets"]} if done.stdout else done.stderr


def test_a_folder(sealed):
    assert verify(sealed, "dir:src") == (0, {"outside functions": "unchanged", "Calc.add": "unchanged", "Calc.unused": "never covered", "twice": "unchanged"})
    assert verify(sealed, "dir:src", "--strict")[0] == 1
    text = (sealed.home / "src/calc.py").read_text()
    (sealed.home / "src/calc.py").write_text(text.replace("return a + b", "return a * b"))
    code, said = verify(sealed, "dir:src")
    assert code == 1 and said["Calc.add"] == "changed" and said["twice"] == "unchanged"
    (sealed.home / "src/calc.py").write_text(text + "#" * (9 << 20))   # too large to be looked at
    assert verify(sealed, "dir:src")[0] == 1
    (sealed.home / "src/calc.py").rename(sealed.home / "src/other.py")
    code, said = verify(sealed, "dir:src")
    assert code == 2 and "none of the sealed files" in said


def test_an_image(sealed):
    text = (CASES / "calc.py").read_text()
    lower, upper = [("app/src/calc.py", text.replace("2 * x", "3 * x"))], [("app/src/calc.py", text)]
    images.write_layout(images.Image([lower, upper]), sealed.home / "good")
    assert verify(sealed, "oci:good") == (0, {"outside functions": "unchanged", "Calc.add": "unchanged", "Calc.unused": "never covered", "twice": "unchanged"})
    images.write_layout(images.Image([upper, lower]), sealed.home / "bad")
    code, said = verify(sealed, "oci:bad")
    assert code == 1 and said["twice"] == "changed"
    images.write_layout(images.Image([lower, [("app/src/.wh.calc.py", "")], [("srv/calc.py", text)]]), sealed.home / "elsewhere")
    assert verify(sealed, "oci:elsewhere")[1] == {"outside functions": "unchanged", "Calc.add": "unchanged", "Calc.unused": "never covered", "twice": "unchanged"}
    images.write_layout(images.Image([upper, [("app/.wh.src", "")]]), sealed.home / "gone")
    assert verify(sealed, "oci:gone")[0] == 2


def new_of(boltseal, artifact, *more, code=0):
    done = boltseal("custody", "snippets", "verify", artifact, "--seal", "calc.seal", "--key", "one.pub", "-o", "json", *more)
    assert done.returncode == code, done.stdout + done.stderr
    seen = json.loads(done.stdout)
    found = [one for one in seen["snippets"] if one["state"] == "new"]
    assert len(found) == seen["summary"]["new"] and all(one["foundLine"] == 1 for one in found)
    return [one["foundAt"] for one in found]


@pytest.fixture
def with_tests(sealed):
    """The seal anew, of a folder that has a file that no test runs through."""
    sealed.write("src/conftest.py", "import sys\n")
    done = sealed("custody", "snippets", "sign", "--coverage", CASES / "coverage-py.json", "--tests", CASES / "junit.xml", "--key", "one.key",
                  "--seal", "calc.seal", "src")
    assert done.returncode == 0, done.stderr
    return sealed


def test_code_that_no_seal_knows(with_tests):
    sealed = with_tests
    assert new_of(sealed, "dir:src", "--fail-on-new") == []
    for name in ("evil.py", "sub/package/mod.PY", "empty/__init__.py", "evil.js", "notes.txt", "node_modules/x/y.py", "lib/site-packages/z.py"):
        (sealed.home / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        sealed.write(f"src/{name}", "" if "empty" in name else "import os\n")
    assert new_of(sealed, "dir:src") == ["evil.py", "sub/package/mod.PY"]
    assert new_of(sealed, "dir:.", "--fail-on-new", code=1) == ["src/evil.py", "src/sub/package/mod.PY"]
    done = sealed("custody", "snippets", "verify", "dir:src", "--seal", "calc.seal", "--key", "one.pub")
    assert done.returncode == 0 and "new            evil.py  whole file\n" in done.stdout and "2 new" in done.stdout
    # A sealed file that was changed is changed, and not new.
    text = (sealed.home / "src/calc.py").read_text()
    sealed.write("src/calc.py", text.replace("return a + b", "return a * b"))
    assert new_of(sealed, "dir:src", code=1) == ["evil.py", "sub/package/mod.PY"]
    sealed.write("src/calc.py", text)
    # What has another name now is known by what is in it; what was there without a test, byte for byte.
    for name in ("evil.py", "sub/package/mod.PY"):
        (sealed.home / "src" / name).unlink()
    sealed.write("src/copy.py", (CASES / "calc.py").read_text().replace("\n\n", "\n\n\n"))
    assert new_of(sealed, "dir:src", "--fail-on-new") == []
    sealed.write("src/conftest.py", "import os\n")
    assert new_of(sealed, "dir:src", "--fail-on-new", code=1) == ["conftest.py"]
    sealed.write("src/conftest.py", "#" * (9 << 20))
    assert new_of(sealed, "dir:src", "--fail-on-new", code=1) == ["conftest.py"]


def test_new_code_in_an_image(with_tests):
    sealed = with_tests
    text = (CASES / "calc.py").read_text()
    layers = [[("app/src/calc.py", text), ("app/src/old.py", "import os\n"), ("app/other.py", "import os\n"), ("usr/lib/python3/os.py", "import os\n")],
              [("app/src/.wh.old.py", ""), ("app/src/new.py", "import os\n")]]
    images.write_layout(images.Image(layers), sealed.home / "image")
    assert new_of(sealed, "oci:image") == ["app/src/new.py"]
    assert new_of(sealed, "oci:image", "--under", "app/src", "--fail-on-new", code=1) == ["app/src/new.py"]
    images.write_layout(images.Image(layers[:1]), sealed.home / "lower")
    assert new_of(sealed, "oci:lower", "--fail-on-new", code=1) == ["app/src/old.py"]
    images.write_layout(images.Image([[("app/src/calc.py", text)]]), sealed.home / "good")
    assert new_of(sealed, "oci:good", "--fail-on-new") == []


def test_what_is_new_must_be_known(sealed):
    verify = ("custody", "snippets", "verify", "dir:src", "--key", "one.pub", "--fail-on-new", "--seal")
    done = sealed("custody", "snippets", "sign", "--coverage", CASES / "coverage-py.json", "--run", "true", "--key", "one.key", "--seal", "x.seal",
                  "src/calc.py")
    assert done.returncode == 0
    done = sealed(*verify, "x.seal")
    assert done.returncode == 2 and "does not say which folders" in done.stderr and done.stdout == ""
    (sealed.home / "src/package").mkdir()
    (sealed.home / "src/calc.py").rename(sealed.home / "src/package/calc.py")
    done = sealed("custody", "snippets", "sign", "--coverage", CASES / "coverage-py.json", "--run", "true", "--key", "one.key", "--seal", "x.seal",
                  "src")
    assert done.returncode == 0, done.stderr
    assert sealed(*verify, "x.seal").returncode == 0
    (sealed.home / "src/package/calc.py").rename(sealed.home / "src/calc.py")
    done = sealed(*verify, "x.seal")
    assert done.returncode == 2 and "what is new cannot be told" in done.stderr and done.stdout == ""
    (sealed.home / "src/calc.py").write_text("def twice(x): return 3\n")
    assert sealed(*verify, "x.seal").returncode == 1   # changed, which is refused in any case


def test_code_outside_of_functions(sealed):
    text = (CASES / "calc.py").read_text()
    for evil in ("import os\n" + text, text + "\ntwice = print\n"):
        (sealed.home / "src/calc.py").write_text(evil)
        code, said = verify(sealed, "dir:src")
        assert code == 1 and said["outside functions"] == "changed", said


def test_a_genuine_copy_does_not_vouch_for_a_changed_file(sealed):
    text = (CASES / "calc.py").read_text()
    evil = text.replace("return a + b", "return a * b")
    images.write_layout(images.Image([[("aaa/src/calc.py", text), ("app/src/calc.py", evil)]]), sealed.home / "decoy")
    code, said = verify(sealed, "oci:decoy")
    assert code == 2 and "--under" in said and "aaa/src/calc.py" in said and "app/src/calc.py" in said
    code, said = verify(sealed, "oci:decoy", "--under", "/app/")
    assert code == 1 and said["Calc.add"] == "changed"
    assert verify(sealed, "oci:decoy", "--under", "aaa")[0] == 0
    images.write_layout(images.Image([[("app/src/calc.py", evil), ("tmp/calc.py", text)]]), sealed.home / "other")
    code, said = verify(sealed, "oci:other")
    assert code == 1 and said["Calc.add"] == "changed"
    images.write_layout(images.Image([[("app/src/calc.py", text), ("srv/src/calc.py", text)]]), sealed.home / "twice")
    assert verify(sealed, "oci:twice")[0] == 0


def walled_readers(parent):
    """Processes that `parent` has started and that have one seccomp filter more than we."""
    def fields(pid):
        return dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)

    own, found = int(fields("self")["Seccomp_filters"]), []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError, KeyError):
            status = fields(pid)
            if status["PPid"] == str(parent) and int(status["Seccomp_filters"]) > own:
                found.append(pid)
    return found


def test_an_image_is_read_behind_walls(sealed):
    """As a scan does: what inflates and walks the layers can open nothing."""
    text = (CASES / "calc.py").read_text()
    images.write_layout(images.Image([[("app/src/calc.py", text), ("app/large", b"\0" * (200 << 20))]], compression=["none"]), sealed.home / "large")

    def seen(*options):
        command = [sealed.program, "custody", "snippets", "verify", "oci:large", "--seal", "calc.seal", "--key", "one.pub", *options]
        reading, count = subprocess.Popen(command, cwd=sealed.home, stdout=subprocess.DEVNULL), 0
        while reading.poll() is None:
            count += len(walled_readers(reading.pid))
        assert reading.returncode == 0
        return count

    assert seen() > 0 and seen("--no-sandbox") == 0


def test_what_is_not_sealed(sealed):
    def sign(*words):
        return sealed("custody", "snippets", "sign", "--coverage", CASES / "coverage-py.json", "--key", "one.key", "--seal", "x.seal", "src", *words)

    sealed.write("bad.tap", "1..2\nok 1\nnot ok 2\n")
    sealed.write("none.tap", "1..0\n")
    for code, *words in (["tests-failed", "--tests", "bad.tap"], ["tests-too-few", "--tests", "none.tap"], ["tests-failed", "--run", "exit 3"],
                         ["evidence-missing", "--tests", "calc.seal"]):
        done = sign(*words)
        assert done.returncode == 1 and f"{code}: " in done.stderr and not (sealed.home / "x.seal").exists()
    assert sign().returncode == 3
    assert sign("--run", "true").returncode == 0
    done = sealed("custody", "snippets", "verify", "dir:src", "--seal", "calc.seal", "--key", "two.pub")
    assert done.returncode == 1 and "signature-invalid" in done.stderr
    done = sealed("custody", "snippets", "verify", "dir:src", "--seal", "calc.seal", "--key", "two.pub", "-o", "json")
    assert done.returncode == 1 and json.loads(done.stdout)["refusal"]["code"] == "signature-invalid"
