"""What the pages say must be so: links lead somewhere, commands and options exist, figures were measured."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("BOLTSEAL", str(ROOT / "build/release/boltseal"))
NOT_OURS = {"build", ".git", "node_modules"}
PAGES = sorted(p for p in ROOT.rglob("*.md") if not NOT_OURS & set(p.relative_to(ROOT).parts))
COMMAND_PAGES = [ROOT / "README.md", ROOT / "doc/manual.md"]


def named(page):
    return str(page.relative_to(ROOT))


def prose(page):
    """The page without its code blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)


def anchors(page):
    """The anchors that a page's headings get (GitHub's way: lower case, spaces to hyphens, the rest without punctuation)."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", h.replace("`", "").lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_relative_links_lead_somewhere(page):
    text, broken = prose(page), []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        if not path.exists() or not path.is_relative_to(ROOT):
            broken.append(target)
        elif anchor and path.suffix == ".md" and anchor not in anchors(path):
            broken.append(f"{target}: no such heading")
    assert not broken, broken


def help_of(*words):
    done = subprocess.run([PROGRAM, *words, "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"boltseal {' '.join(words)} --help: {done.stderr}"
    return done.stdout


def subcommands(text):
    _, _, block = text.partition("\nSubcommands:\n")
    return re.findall(r"^  ([a-z][a-z-]*)  ", block, re.M)


@pytest.fixture(scope="module")
def commands():
    """{"scan": help, "db update": help, …} of the program itself."""
    found = {}
    for name in subcommands(help_of()):
        found[name] = help_of(name)
        for inner in subcommands(found[name]):
            found[f"{name} {inner}"] = help_of(name, inner)
    assert "scan" in found and "db update" in found
    return found


def calls(page):
    """Every `boltseal …` of a page's code, as words; from blocks up to a pipe, a comment or the line's end."""
    text = page.read_text()
    code = re.findall(r"`(boltseal [^`\n]+)`", prose(page))
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S):
        code += re.findall(r"\bboltseal .*", block) if language == "sh" else []
    return [re.split(r" [|#;>] ?| && ", line)[0].split()[1:] for line in code]


@pytest.mark.parametrize("page", COMMAND_PAGES, ids=named)
def test_commands_and_their_options_exist(page, commands):
    wrong, seen = [], 0
    for words in calls(page):
        if words[0].startswith("-"):
            continue
        seen += 1
        two = " ".join(words[:2])
        name = two if two in commands else words[0]
        if name not in commands or (subcommands(commands[name]) and name == words[0] and len(words) > 1 and not words[1].startswith("-")):
            wrong.append(f"boltseal {two}: no such command")
            continue
        wrong += [f"boltseal {name} {w}" for w in words if w.startswith("--") and w.split("=")[0] not in options(commands[name])]
    assert seen > 5, "the page shows no commands any more"
    assert not wrong, wrong


def options(text):
    return set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", text))


def test_options_in_the_manual_exist(commands):
    """Options named outside of a whole command; those of other tools stand in the left column of the last table."""
    page = prose(ROOT / "doc/manual.md")
    before, _, rest = page.partition("## Coming from")
    table, _, after = rest.partition("\n## ")
    right = "\n".join(line.split(" | ")[-1] for line in table.splitlines() if line.startswith("|") and "not there" not in line)
    spans = re.findall(r"`([^`\n]+)`", before + right + after)
    named_there = set().union(*(options(s) for s in spans if not s.startswith("docker ")))
    known = set().union(*(options(text) for text in commands.values())) | options(help_of())
    assert named_there and not named_there - known, named_there - known


def test_the_manual_names_every_option_of_the_scan(commands):
    text = (ROOT / "doc/manual.md").read_text()
    missing = [o for o in sorted(options(commands["scan"])) if o not in text and o not in ("--output",)]
    # Those that --help explains fully and no chapter is about.
    assert not set(missing) - {"--quiet", "--verbose", "--threads"}, missing


def test_the_readme_lists_every_command(commands):
    text = (ROOT / "README.md").read_text()
    groups = {name.split()[0] for name in commands if " " in name}
    # The starter is made by tools/make-starter, for developers.
    missing = [n for n in commands if n not in groups and n != "db starter" and f"`boltseal {n}" not in text]
    assert not missing, missing


def test_output_formats_in_the_pages_exist(tmp_path):
    (tmp_path / "root").mkdir()
    manual = (ROOT / "doc/manual.md").read_text()
    table = re.search(r"\| FORMAT \|.*?\n\n", manual, re.S)[0]
    for name, in_scan, in_sbom in re.findall(r"^\| `(\w+)` \|.*\| (yes|no) \| (yes|no) \|$", table, re.M):
        for command, said in (("scan", in_scan), ("sbom", in_sbom)):
            done = subprocess.run([PROGRAM, command, "-q", "--no-cache", "-o", name, f"dir:{tmp_path}/root"], capture_output=True, timeout=60)
            assert (done.returncode == 0) == (said == "yes"), f"{command} -o {name}"
    with_all = subprocess.run([PROGRAM, "scan", "-q", "--no-cache", "-o", "nothing", f"dir:{tmp_path}/root"], capture_output=True, text=True, timeout=60)
    listed = with_all.stderr.partition("there are:")[2].split()
    assert listed and set(listed) == set(re.findall(r"^\| `(\w+)` \|.*\| (?:yes|no) \|$", table, re.M))


def example(heading, language):
    text = (ROOT / "doc/manual.md").read_text()
    chapter = re.search(rf"^## {heading}$(.*?)(?=^## )", text, re.M | re.S)[1]
    return re.search(rf"^```{language}\n(.*?)^```$", chapter, re.M | re.S)[1]


@pytest.mark.parametrize("heading, option", [("Ignoring a finding", "--ignore-file"), ("Licence policy", "--licence-policy")])
def test_the_files_shown_in_the_manual_are_accepted(heading, option, tmp_path):
    (tmp_path / "root").mkdir()
    file = tmp_path / "shown.yaml"
    file.write_text(example(heading, "yaml"))
    command = [PROGRAM, "scan", "-q", "--no-cache", option, str(file), f"dir:{tmp_path}/root"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    # The file is really read: a misspelt key in it is refused.
    file.write_text(file.read_text().replace("ignore:", "ignored:").replace("allow:", "allowed:"))
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 2


def test_the_configuration_shown_in_the_manual_is_accepted(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "vex").mkdir()
    (tmp_path / "vex/app.json").write_text('{"@context": "https://openvex.dev/ns/v0.2.0", "statements": []}')
    (tmp_path / "boltseal.yaml").write_text(example("Configuration", "yaml"))
    command = [PROGRAM, "scan", "-q", "--no-cache", "dir:root"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    (tmp_path / "boltseal.yaml").write_text(example("Configuration", "yaml").replace("exclude", "exclud"))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60).returncode == 3


def test_words_of_fail_on_are_those_of_the_program():
    chapter = (ROOT / "doc/manual.md").read_text().partition("## Fail-on")[2].partition("\n## ")[0]
    words = [w for row in re.findall(r"^\| (`.*?) \|", chapter, re.M) for w in re.findall(r"`(\w+)`", row)]
    refused = subprocess.run([PROGRAM, "scan", "--fail-on", "nonsense", "dir:x"], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 3
    told = refused.stderr.partition(" use ")[2]
    assert words and set(words) == set(re.findall(r"\w+", told)) - {"a", "severity", "or"}


def test_figures_of_the_readme_were_measured():
    """Each number in the tables under "Measured" stands in doc/measurements.md too."""
    chapter = (ROOT / "README.md").read_text().partition("## Measured")[2].partition("\n## ")[0]
    rows = [line.split("|")[2:] for line in chapter.splitlines() if line.startswith("|")][2:]
    figures = [f for row in rows for cell in row for f in re.findall(r"\d+(?:[.,]\d+)*", cell)]
    assert figures, "the table is gone"
    measured = set(re.findall(r"\d+(?:[.,]\d+)*", (ROOT / "doc/measurements.md").read_text()))
    assert not set(figures) - measured, set(figures) - measured


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_pages_name_no_machine(page):
    """A page is for any reader: no folder or host of the machine it was written on."""
    text = page.read_text()
    found = re.findall(r"/(?:work|root|home/\w+|mnt)/\S*", text) + re.findall(r"https?://\S*\.(?:internal|lan|corp)\b\S*", text)
    found += re.findall(r"https?://(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.[\d.]+\S*", text)
    assert not found, found


def test_the_picture_is_of_this_program():
    picture = (ROOT / "doc/report.svg").read_text()
    assert len(picture) < 100_000 and f"boltseal {(ROOT / 'VERSION').read_text().strip()}" in picture
    assert "<script" not in picture and "href" not in picture
