"""Follows doc/custody.md word for word in an empty folder: what is named before a block becomes that file, `sh` blocks are run in
one shell in their order, and a `text` block is what the block before it says ("…" stands for anything). And every reason of
refusal that the code can give is listed in doc/refusals.md."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "doc" / "custody.md").read_text()
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
FILE = re.compile(r"`([\w./-]+\.\w+|Makefile)`")


def blocks(root):
    """[(file named last before it, language, text)] of the worked chain, in order; containers are for root only."""
    begin, end = PAGE.index("## A worked chain"), PAGE.index("## The policy" if root else "### In the running container")
    chain, out = PAGE[begin:end], []
    for found in BLOCK.finditer(chain):
        names = FILE.findall(BLOCK.sub("", chain[: found.start()]))
        out.append((names[-1] if names else None, found[1], found[2]))
    return out


def said(text, output):
    """Whether the lines of `text` stand in the output, in their order."""
    pattern = ".*?".join(re.escape(part) for part in text.strip().split("…"))
    return re.search(pattern, output, re.S)


def test_the_worked_chain(tmp_path):
    program = pathlib.Path(os.environ.get("BOLTSEAL", ROOT / "build" / "release" / "boltseal")).resolve()
    compiler = next((c for c in ("cc", "gcc", "gcc-12", "clang-19") if shutil.which(c)), None)
    if not program.exists() or not compiler:
        pytest.fail("the program or a C compiler is missing: make build", pytrace=False)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "boltseal").symlink_to(program)
    (tmp_path / "home").mkdir()
    environment = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "HOME": str(tmp_path / "home"), "LANG": "C.UTF-8", "CC": compiler}
    folder, output, seen = tmp_path, "", 0
    root = os.geteuid() == 0
    if root and not shutil.which("runc"):
        pytest.fail("runc is missing: tools/setup build test", pytrace=False)
    for file, language, text in blocks(root):
        if language == "text":
            assert said(text, output), f"wanted:\n{text}\nfound:\n{output}"
            seen += 1
        elif language == "sh":
            done = subprocess.run(["bash", "-e", "-c", text],
                                  cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
            output = done.stdout
            assert done.returncode == 0, f"{text}\n{output}"
            folder = tmp_path / "tiny"
        else:
            assert file, text
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(text)
    assert seen == (5 if root else 3)
    page = (folder / "out/custody.html").read_text()
    assert "the chain holds" in page and "script" not in page


def test_every_reason_is_listed():
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "doc/refusals.md").read_text(), re.M))
    given, sources = set(), [*(ROOT / "src/custody").glob("*.cc"), *(ROOT / "src/cli").glob("custody*.cc")]
    mine = [p for p in sources if re.match(r"(chain|phase|intoto|snippet|coverage|witness|custody)", p.name) and not p.name.endswith("_test.cc")]
    for path in mine:
        given |= set(re.findall(r'(?:refuse|refusal|Refusal|in_step|complain_of_refusal)[({]\s*(?:step,\s*)?\{?\s*"([a-z]+(?:-[a-z]+)+)"', path.read_text()))
    assert len(given) > 40 and not given - listed, sorted(given - listed)


def test_every_reason_is_in_a_test():
    tests = "".join(p.read_text() for p in [*(ROOT / "tests/e2e").glob("*.py"), *(ROOT / "src").rglob("*_test.cc"), *(ROOT / "tests/cases/in-toto").glob("*/want.txt")])
    text = (ROOT / "doc/refusals.md").read_text()
    listed = re.findall(r"^\| `([a-z-]+)` \|", text[text.index("## Chain of custody"):text.index("## TUF repositories")], re.M)
    assert len(listed) > 40 and not [code for code in listed if code not in tests]
