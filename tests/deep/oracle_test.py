"""`boltseal version compare` against the tools that own the order: the rows of tests/cases/versions and made-up pairs, which
are the same in every run. A pair that the tool refuses must be `?` here."""
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from conftest import need, program  # noqa: F401, a fixture

PAIRS = 2000


def rows(name):
    lines = (ROOT / "tests/cases/versions" / f"{name}.txt").read_text().splitlines()
    return [(a, b) for a, _, b in (line.split(" ") for line in lines if line and not line.startswith("#"))]


def ours(program, ecosystem, pairs):  # noqa: F811
    text = "".join(f"{a}\t{b}\n" for a, b in pairs)
    out = subprocess.run([program, "version", "compare", ecosystem], input=text, capture_output=True, text=True, timeout=60, check=True).stdout
    answers = [line.rsplit("\t", 1) for line in out.splitlines()]
    assert [a[0] for a in answers] == [f"{a}\t{b}" for a, b in pairs]
    return [a[1] for a in answers]


def filtered(command, pairs, **more):
    """A tool that reads the rows from standard input and prints one sign per row."""
    text = "".join(f"{a}\t{b}\n" for a, b in pairs)
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


# --- the tools --------------------------------------------------------------------------------------------------------

def dpkg(pairs, _):
    need("dpkg", "dpkg")
    script = r'''while IFS=$'\t' read -r a b; do
      if dpkg --compare-versions "$a" lt "$b"; then echo '<'; elif dpkg --compare-versions "$a" eq "$b"; then echo '='; else echo '>'; fi
    done'''
    return filtered(["bash", "-c", script], pairs)


def rpm(pairs, tmp_path):
    table = tmp_path / "rows"
    table.write_text("".join(f"{a}\t{b}\n" for a, b in pairs))
    script = ('%{lua: for line in io.lines("' + str(table) + '") do local a, b = line:match("^([^\\t]*)\\t(.*)$"); '
              'local n = rpm.vercmp(a, b); print((n < 0 and "<" or n > 0 and ">" or "=").."\\n") end}')
    return filtered([need("rpm", "rpm"), "--eval", script], [])


def rubygems(pairs, _):
    script = ('STDIN.each_line { |l| a, b = l.chomp.split("\t", -1); '
              'puts(Gem::Version.correct?(a) && Gem::Version.correct?(b) ? %w[< = >][(Gem::Version.new(a) <=> Gem::Version.new(b)) + 1] : "?") }')
    return filtered([need("ruby", "ruby"), "-e", script], pairs)


def pep440(pairs, _):
    from packaging.version import InvalidVersion, Version
    out = []
    for a, b in pairs:
        try:
            x, y = Version(a), Version(b)
            out.append("<" if x < y else ">" if x > y else "=")
        except InvalidVersion:
            out.append("?")
    return out


def npm(pairs, tmp_path):
    node, npm_tool = shutil.which("node"), shutil.which("npm")
    semver = npm_tool and pathlib.Path(npm_tool).resolve().parent.parent / "node_modules" / "semver"
    if not (node and semver and semver.exists()):
        pytest.skip("no npm here to compare with")
    script = f'''const s = require({json.dumps(str(semver))});
      for (const l of require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean)) {{
        const [a, b] = l.split("\\t"); console.log(s.valid(a) && s.valid(b) ? "<=>"[s.compare(a, b) + 1] : "?"); }}'''
    return filtered([node, "-e", script], pairs)


def packagist(pairs, _):
    """Composer's Comparator is PHP's version_compare."""
    script = ('while (($l = fgets(STDIN)) !== false) { [$a, $b] = explode("\\t", rtrim($l, "\\n"), 2); '
              'echo ["<", "=", ">"][version_compare(ltrim($a, "v"), ltrim($b, "v")) + 1], "\\n"; }')
    return filtered([need("php", "php-cli"), "-r", script], pairs)


# --- made-up versions -------------------------------------------------------------------------------------------------

def number(r):
    return r.choice(["0", "1", "2", "9", "10", "11", "3", "00", "01", "010", "20231105", "99999999999999999999", "100"])


def dotted(r, most=4):
    return ".".join(number(r) for _ in range(r.randint(1, most)))


def part(r, words, chance=0.4):
    return r.choice(words) if r.random() < chance else ""


def make_dpkg(r):
    return (part(r, ["0:", "1:", "2:", "10:"], 0.15) + dotted(r) + part(r, ["~rc1", "~~", "~", "+dfsg", "+git1", "a", "b2", "-x", "~beta.2", "+really1", ".z", "+", "."])
            + part(r, ["-1", "-0", "-1+b1", "-10", "-1~bpo12+1", "-1ubuntu1.2", "-2+deb12u1", "-0+deb", "-1.1"], 0.6))


def make_rpm(r):
    return (part(r, ["0:", "1:", "01:"], 0.15) + dotted(r) + part(r, ["~rc1", "^git1", "^", "~", "~~", "^~x", "a", "b10", "_1", "+x", ".el9", "^20230101", "..2", "_", "."])
            + part(r, ["-1", "-10", "-1.el9", "-1.el9_2.1", "-0.1.rc1", "-1~x", "-1^y", "-2.module+el8.9.0+1+abc", "-1a"], 0.6))


def make_rubygems(r):
    return dotted(r) + part(r, [".pre", ".rc1", ".a", ".b.2", "-1", "-rc.1", ".x10", ".beta.0", ".0.0", ".A", "-", ".", "a", ".1a2", "-a-b", " "], 0.6)


def make_pep440(r):
    return (part(r, ["v", "0!", "1!", " "], 0.1) + dotted(r) + part(r, ["a1", "b", "rc10", ".alpha2", "-c1", "_preview", "pre3", ".RC1", "x1"], 0.35)
            + part(r, [".post1", "-1", ".rev2", "post", "-r3", ".post.4"], 0.25) + part(r, [".dev0", "dev", "-dev10", "_dev.2"], 0.25)
            + part(r, ["+local.1", "+1", "+abc-2", "+ubuntu_1", "+01", "+a..b", "+", "+1.a", "+A"], 0.25))


def make_npm(r):
    core = ".".join(r.choice(["0", "1", "2", "9", "10", "11", "100", "9007199254740991"]) for _ in range(3))
    return core + part(r, ["-a", "-a.1", "-1", "-10", "-a.b.c", "-rc.1", "-rc.10", "-0", "--", "-a-b", "-x.7.z.92", "-01", "-", ".1", "-a..b", "-A", "-1a"], 0.6) + part(r, ["+b1", "+1.2", "+", "+01"], 0.2)


def make_packagist(r):
    return (part(r, ["v"], 0.1) + dotted(r) + part(r, ["-beta1", "-RC2", "-rc.1", "RC1", "-alpha", "a2", "-dev", ".x-dev", "-p1", "pl3", "_1", "+build.5", "-patch2",
                                                       "b", ".b", "-stable", "#", "..1", "-rcx", "-alphabet", "-5"], 0.6))


def pairs_of(make, seed):
    """Half of the pairs are strangers, half differ in one place only: there the order is decided by its fine print."""
    r, out = random.Random(seed), []
    while len(out) < PAIRS:
        a = make(r)
        if r.random() < 0.5:
            b = make(r)
        else:
            at = r.randrange(len(a) + 1)
            b = a[:at] + r.choice(["0", "1", ".0", ".", "a", "~", "-1", "", "+1"]) + a[at + r.choice([0, 0, 1, 2]):]
        out.append((a, b))
    return out


def odd_for_php(version):
    """version_compare counts in 64 bits, and a separator at the end makes a version less than itself."""
    return re.search(r"[._+#-]$|[0-9]{19}", version)


def refused_by_dpkg(version):
    """dpkg complains of such a version, and then gives an order all the same."""
    return subprocess.run(["dpkg", "--validate-version", version], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0


def empty_for_rpm(version):
    """rpm.vercmp orders every text; one whose version is empty, as in "1:-2", is in no package."""
    text = version.partition(":")[2] if ":" in version else version
    return not (text.rpartition("-")[0] if "-" in text else text)


def no_version_of_composer(version):
    """version_compare orders every text; Composer itself takes what begins with a number and has no odd characters."""
    return not re.fullmatch(r"v?[0-9][0-9A-Za-z._+-]*", version)


# Where a tool gives an order to what it does not take as a version, Boltseal may answer "?"; nowhere else.
MAY_BE_UNKNOWN = {"dpkg": refused_by_dpkg, "rpm": empty_for_rpm, "packagist": no_version_of_composer}
LEFT_OUT = {"packagist": odd_for_php}
TOOLS = {"dpkg": ("Debian", dpkg, make_dpkg), "rpm": ("rpm", rpm, make_rpm), "rubygems": ("RubyGems", rubygems, make_rubygems),
         "pep440": ("PyPI", pep440, make_pep440), "npm": ("npm", npm, make_npm),
         "packagist": ("Packagist", packagist, make_packagist)}


def differences(pairs, mine, native):
    assert len(mine) == len(native) == len(pairs)
    return [f"{a} {m} {b}, the tool says {n}" for (a, b), m, n in zip(pairs, mine, native) if m != n]


@pytest.mark.parametrize("name", TOOLS)
def test_the_tables_are_the_order_of_the_tool(program, tmp_path, name):  # noqa: F811
    ecosystem, tool, _ = TOOLS[name]
    pairs = [*rows(name), *[(b, a) for a, b in rows(name)]]
    assert len(pairs) > 70
    assert differences(pairs, ours(program, ecosystem, pairs), tool(pairs, tmp_path)) == []


@pytest.mark.parametrize("name", TOOLS)
def test_made_up_pairs_are_in_the_order_of_the_tool(program, tmp_path, name):  # noqa: F811
    ecosystem, tool, make = TOOLS[name]
    pairs = [pair for pair in pairs_of(make, f"boltseal {name}") if not any(map(LEFT_OUT.get(name, lambda version: False), pair))]
    mine, native = ours(program, ecosystem, pairs), tool(pairs, tmp_path)
    may = MAY_BE_UNKNOWN.get(name, lambda version: False)
    native = ["?" if m == "?" and any(map(may, pair)) else n for pair, m, n in zip(pairs, mine, native)]
    assert min(native.count(sign) for sign in "<>=") > 50, "the pairs do not try the order"
    wrong = differences(pairs, mine, native)
    assert wrong == [], f"{len(wrong)} of {len(pairs)}"
    assert mine.count("?") < len(pairs) * 0.6
