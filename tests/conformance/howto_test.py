"""Follows doc/howto/add-a-reader.md word for word in a copy of the tree: its code blocks become the files that it names, its
commands are run as they stand there. To be quick, only what changes is compiled, by the build's own flags, and linked with
the libraries that build/release already has."""
import json
import pathlib
import re
import shlex
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"
PAGE = ROOT / "doc" / "howto" / "add-a-reader.md"

# A block, and the last file in backticks before it: "`src/catalogers/demo.cc`:".
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
FILE = re.compile(r"`([\w./-]+/[\w./-]+)`")


def blocks():
    """[(file named last before it, language, text)] of the page, in order."""
    page, out = PAGE.read_text(), []
    for found in BLOCK.finditer(page):
        before = BLOCK.sub("", page[: found.start()])
        out.append((FILE.findall(before)[-1], found[1], found[2]))
    return out


def insert_sorted(text, line, like):
    """`text` with `line` among the lines that begin with `like`, in the order of the names without "_reader"."""
    lines = text.splitlines(keepends=True)
    kin = [n for n, l in enumerate(lines) if l.startswith(like)]
    at = next((n for n in kin if lines[n].replace("_reader", "") > line.replace("_reader", "")), kin[-1] + 1)
    return "".join(lines[:at] + [line] + lines[at:])


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    if not (BUILD / "compile_commands.json").exists() or not (BUILD / "libboltseal_catalogers.a").exists():
        pytest.skip("build/release has no libraries: make test builds them")
    root = tmp_path_factory.mktemp("copy")
    for folder in ("src", "tests/cases"):
        shutil.copytree(ROOT / folder, root / folder)
    return root


def moved(command, copy):
    """A command of the build, with the sources of the copy."""
    for folder in ("src", "tests"):
        command = command.replace(f"{ROOT}/{folder}", f"{copy}/{folder}")
    return command.replace(f'BOLTSEAL_ROOT=\\"{ROOT}\\"', f'BOLTSEAL_ROOT=\\"{copy}\\"')


def compile_command(like, name, copy, output):
    """The build's command for the file `like`, for the file `name` of the same folder."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    entry = next((e for e in commands if e["file"] == f"{ROOT}/{like}"), None)
    if entry is None:
        pytest.skip(f"build/release was made without tests: no {like} in it")
    # Its macros are not those of the precompiled headers, and need not be.
    words = [word for word in shlex.split(moved(entry["command"], copy)) if word != "-Winvalid-pch"]
    words[words.index("-o") + 1] = str(output)
    words[words.index("-c") + 1] = f"{copy}/{name}"
    return words


def build(copy):
    """build/release/catalogers_test of the copy: the new reader, the list and the runner of cases."""
    out = copy / "build" / "release"
    out.mkdir(parents=True)
    parts = [
        ("src/catalogers/readers.cc", "src/catalogers/readers.cc"),
        ("src/catalogers/readers.cc", "src/catalogers/demo.cc"),
        ("src/catalogers/cases_test.cc", "src/catalogers/cases_test.cc"),
    ]
    objects = []
    for like, name in parts:
        objects.append(out / (pathlib.Path(name).stem + ".o"))
        subprocess.run(compile_command(like, name, copy, objects[-1]), cwd=BUILD, check=True)
    linking = subprocess.run(["ninja", "-C", BUILD, "-n", "-t", "commands", "catalogers_test"], check=True, capture_output=True, text=True)
    words = shlex.split(linking.stdout.strip().splitlines()[-1])
    words = [w for w in words if w not in (":", "&&") and not w.endswith(".cc.o")]
    at = words.index("-o")
    words[at : at + 2] = [str(o) for o in objects] + ["-o", str(out / "catalogers_test")]
    subprocess.run(words, cwd=BUILD, check=True)


def test_the_page_leads_to_a_working_reader(copy):
    command = shown = None
    for file, language, text in blocks():
        path = copy / file
        if language == "cpp" and not path.exists():
            path.write_text(text)
        elif language == "cpp":
            assert text.count("\n") == 1, f"one line for {file}"
            path.write_text(insert_sorted(path.read_text(), text, text[: text.index("demo")]))
        elif language == "text":
            shown = (path, text)
        elif text.startswith("BOLTSEAL_"):
            command = text.strip()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    assert command and shown, "the page gives no command that runs the cases, or not what comes of it"
    listed = (copy / "src/catalogers/readers.cc").read_text()
    names = re.findall(r"^    &(\w+)_reader,", listed, re.M)
    assert "demo" in names and names == sorted(names)
    assert re.findall(r"^extern const Reader (\w+)_reader;", listed, re.M) == names
    build(copy)

    subprocess.run(command, shell=True, cwd=copy, check=True, stdout=subprocess.DEVNULL)
    want = shown[0].read_text()
    assert want == shown[1]
    # Without BOLTSEAL_ACCEPT the same case is a test, and a wrong want.txt fails it.
    plain = command.split(" ", 1)[1]
    assert subprocess.run(plain, shell=True, cwd=copy, stdout=subprocess.DEVNULL).returncode == 0
    shown[0].write_text(want.replace("1.0", "1.1"))
    assert subprocess.run(plain, shell=True, cwd=copy, stdout=subprocess.DEVNULL).returncode != 0
