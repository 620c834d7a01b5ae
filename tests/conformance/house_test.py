"""The rules of STYLE.md that a script can hold the tree to: ranks of includes, size of files and functions, no vendoring."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"


def ranks():
    rank = {}
    lines = [l for l in (SRC / "LAYERS").read_text().splitlines() if l and not l.startswith("#")]
    for number, line in enumerate(lines):
        for folder in line.split():
            rank[folder] = number
    return rank


def sources(*endings):
    return sorted(p for e in endings for p in SRC.rglob(f"*{e}"))


def test_every_folder_has_a_rank():
    folders = {p.name for p in SRC.iterdir() if p.is_dir()}
    assert folders == set(ranks())


def test_a_file_includes_its_own_folder_or_a_lower_rank():
    rank, wrong = ranks(), []
    for path in sources(".cc", ".h"):
        own = path.parent.name
        for name in re.findall(r'^#include "([^"]+)"', path.read_text(), re.M):
            other = name.split("/")[0]
            if other != own and not (other in rank and rank[other] < rank[own]):
                wrong.append(f"{path.relative_to(ROOT)} includes {name}")
    assert not wrong, "\n".join(wrong)


def test_two_levels_deep_not_more():
    assert not [p for p in SRC.rglob("*") if p.is_dir() and len(p.relative_to(SRC).parts) > 1]


def test_files_have_at_most_500_lines():
    long = {str(p.relative_to(ROOT)): n for p in sources(".cc", ".h") if (n := len(p.read_text().splitlines())) > 500}
    # Tables of facts are data, not code.
    allowed = {line.split("#")[0].strip() for line in (ROOT / "tests/conformance/long_files.txt").read_text().splitlines()}
    assert not set(long) - allowed, long


def functions(text):
    """(first line, length) of every brace block that opens at the end of a line that looks like a function's head."""
    lines, out, start, depth = text.splitlines(), [], None, 0
    for number, line in enumerate(lines):
        if start is None:
            if re.match(r"^(?:  )?[A-Za-z_].*\)[^;=]*\{$", line) and not re.match(r"^\s*(namespace|struct|class|enum|union|extern)\b", line):
                start, indent = number, len(line) - len(line.lstrip())
        elif line.startswith(" " * indent + "}"):
            out.append((start + 1, number - start + 1))
            start = None
    return out


def test_functions_have_at_most_70_lines():
    long = [f"{p.relative_to(ROOT)}:{line}: {size} lines" for p in sources(".cc", ".h") for line, size in functions(p.read_text()) if size > 70]
    assert not long, "\n".join(long)


def test_no_unfinished_work():
    bad = re.compile(r"\b(TODO|FIXME|XXX|not implemented|unimplemented)\b")
    found = [f"{p.relative_to(ROOT)}:{n}" for p in sources(".cc", ".h") for n, l in enumerate(p.read_text().splitlines(), 1) if bad.search(l)]
    assert not found, found


def test_no_std_regex():
    assert not [p for p in sources(".cc", ".h") if "#include <regex>" in p.read_text()]
