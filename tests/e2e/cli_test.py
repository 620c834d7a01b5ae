"""How the program meets people: what it says to a wrong call, where reports go, what is shown and what is left out."""
import json
import os
import pathlib
import socket
import subprocess

import pytest

import images
from scan_test import cli, database, dist_info, feed, layout, osv  # noqa: F401 (fixtures)

GOOD = 'ignore:\n  - {id: CVE-2026-1000, reason: tested}\n'


def packages(done):
    return [p["name"] for p in json.loads(done.stdout)["packages"]]


def ids(done):
    return sorted({f["id"] for f in json.loads(done.stdout)["findings"]})


# ---- wrong calls: each says what, where and what to do, before any work is done

@pytest.mark.parametrize("words, code, told", [
    ([], 3, "subcommand"),
    (["scan"], 3, "REF is required"),
    (["scna", "oci:{layout}"], 3, "boltseal scan scna"),
    (["debian:12"], 3, "boltseal scan debian:12"),
    (["image", "debian:12"], 3, "`boltseal scan REF`"),
    (["fs", "."], 3, "`boltseal scan dir:PATH`"),
    (["scan", "oci:{layout}", "--ignore-unfixed"], 3, "--only-fixed"),
    (["scan", "oci:{layout}", "--exit-code=1"], 3, "--fail-on"),
    (["scan", "oci:{layout}", "--format", "json"], 3, "-o FORMAT"),
    (["scan", "oci:{layout}", "--skip-dirs", "usr"], 3, "--exclude"),
    (["scan", "oci:{layout}", "--no-such-option"], 3, "--no-such-option"),
    (["scan", "oci:{layout}", "-o", "jsno"], 3, "there are: table json html sarif cyclonedx spdx purls"),
    (["scan", "oci:{layout}", "-o", "report.json"], 3, "-o json=report.json"),
    (["scan", "oci:{layout}", "-o", "json="], 3, "no file behind"),
    (["scan", "oci:{layout}", "-o", "json", "-o", "table"], 3, "over each other"),
    (["sbom", "oci:{layout}", "-o", "sarif"], 3, "use it with `boltseal scan`"),
    (["diff", "oci:{layout}", "oci:{layout}", "-o", "html"], 3, "there are: table json"),
    (["why", "CVE-1", "oci:{layout}", "-o", "sarif"], 3, "there are: table json"),
    (["scan", "oci:{layout}", "-o", "json=no/such/folder/r.json"], 2, "no/such/folder: cannot write a report"),
    (["scan", "oci:{layout}", "-o", "json=file/r.json"], 2, "no folder"),
    (["scan", "oci:{layout}", "-o", "json=folder"], 2, "name a file in it"),
    (["scan", "oci:{layout}", "--severity", "higj"], 3, "critical, high, medium, low"),
    (["scan", "oci:{layout}", "--type", "debian"], 3, "os, library"),
    (["scan", "oci:{layout}", "--fail-on", "hgih"], 3, "nothing to fail on"),
    (["scan", "oci:{layout}", "--fail-on", "licence"], 3, "--licence-policy"),
    (["scan", "oci:{layout}", "-o", "json=r.json", "-o", "table=./folder/../r.json"], 3, "over each other"),
    (["scan", "oci:{layout}", "--cache-limit", "lots"], 3, "500M or 2G"),
    (["scan", "oci:{layout}", "--threads", "-1"], 3, "--threads"),
    (["scan", "oci:{layout}", "--db", "gone.db"], 2, "gone.db"),
    (["scan", "oci:{layout}", "--db", "file"], 2, "file"),
    (["scan", "oci:{layout}", "--max-db-age", "5"], 2, "run `boltseal db update`"),
    (["scan", "oci:{layout}", "--max-db-age", "5d"], 3, "--max-db-age"),
    (["scan", "oci:{layout}", "--ignore-file", "gone.yaml"], 2, "gone.yaml"),
    (["scan", "oci:{layout}", "--ignore-file", "bad.yaml"], 2, "bad.yaml"),
    (["scan", "oci:{layout}", "--vex", "bad.yaml"], 2, "bad.yaml"),
    (["scan", "oci:{layout}", "--licence-policy", "bad.yaml"], 2, "bad.yaml"),
    (["scan", "oci:gone"], 2, "gone"),
    (["scan", "oci:folder"], 2, "folder"),
    (["scan", "oci:{layout}:no-such-tag"], 2, "no-such-tag"),
    (["scan", "oci:{layout}", "--platform", "windows/arm64"], 2, "windows/arm64"),
    (["scan", "dir:gone"], 2, "gone"),
    (["scan", "dir:file"], 2, "file"),
    (["scan", "docker-archive:file"], 2, "file"),
    (["scan", "oci-archive:gone.tar"], 2, "gone.tar"),
    (["scan", "sbom:file"], 2, "file"),
    (["scan", "sbom:gone.json"], 2, "gone.json"),
    (["scan", "docker:app:1"], 2, "no socket there; is the daemon running?"),
    (["scan", "podman:app:1"], 2, "no socket there; is the daemon running?"),
    (["scan", "Registry.Example/UPPER"], 2, "UPPER"),
    (["scan", "reg.example/a b"], 2, "a b"),
    (["scan", "reg.example/app@sha256:123"], 2, "sha256"),
    (["--config", "gone.yaml", "scan", "oci:{layout}"], 3, "gone.yaml"),
    (["version", "compare", "Debain", "1", "2"], 3, "OSV name"),
    (["version", "compare", "Debian", "1"], 3, "two versions"),
    (["db", "import", "folder"], 2, "holds no feed"),
    (["db", "import", "gone.db"], 2, "gone.db"),
    (["db", "export", "no/such/folder/x.db"], 2, "no/such/folder"),
    (["db", "update", "--feed", "osv"], 3, "KIND=ADDRESS"),
    (["completion", "tcsh"], 3, "bash"),
    (["man", "no/such/folder"], 2, "no/such/folder: cannot write man pages"),
    (["man", "file"], 2, "a folder, and this is none"),
])
def test_a_wrong_call_says_what_where_and_what_to_do(cli, layout, tmp_path, words, code, told):
    (tmp_path / "file").write_text("no report, no archive\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "bad.yaml").write_text("a: [1\nb: }")
    words = [w.replace("{layout}", str(layout)) for w in words]
    env = {"XDG_RUNTIME_DIR": str(tmp_path), "DOCKER_CONFIG": str(tmp_path),
           "XDG_DATA_HOME": str(tmp_path / "data"), "DOCKER_HOST": f"unix://{tmp_path}/none.sock", "CONTAINER_HOST": f"unix://{tmp_path}/none.sock"}
    done = cli(*words, code=code, env=env, db=bool(words) and "--db" not in words)
    said = done.stderr
    assert told in said, said
    assert len(said.strip().splitlines()) <= 4 and "INI" not in said and "exception" not in said, said
    assert done.stdout == "" and not list((tmp_path / "folder").iterdir())


def test_the_words_of_other_scanners_are_answered_where_we_have_none(cli, layout):
    assert "What is --format elsewhere is here" in cli("scan", f"oci:{layout}", "--format", "json", code=3).stderr
    assert "elsewhere" not in cli("sign", f"oci:{layout}", "--key", "k", "--format", "json", code=3).stderr


def test_no_permission_on_the_socket_is_said(cli, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may use every socket")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "d.sock"))
        server.listen()
        (tmp_path / "d.sock").chmod(0)
        assert "permission" in cli("scan", "docker:app", code=2, env={"DOCKER_HOST": f"unix://{tmp_path}/d.sock"}).stderr


# ---- where reports go

def test_reports_are_told_apart_by_commas_too(cli, layout, tmp_path):
    cli("scan", f"oci:{layout}", "-o", "json=a,b.json,spdx-json=s.json", "-o", "cyclonedx-json=c.json", "-q")
    assert json.loads((tmp_path / "a,b.json").read_text())["findings"]
    assert json.loads((tmp_path / "s.json").read_text())["spdxVersion"] == "SPDX-2.3"
    assert json.loads((tmp_path / "c.json").read_text())["bomFormat"] == "CycloneDX"


def test_a_full_disk_behind_standard_output_is_told(program):
    with open("/dev/full", "w") as full:
        for words in (["version", "compare", "Debian", "1", "2"], ["completion", "bash"], ["--help"]):
            done = subprocess.run([program, *words], stdout=full, stderr=subprocess.PIPE, text=True)
            assert done.returncode == 2 and "cannot be written" in done.stderr, (words, done.stderr)


def test_rows_of_versions_may_come_from_elsewhere(cli):
    assert cli("version", "compare", "npm", input="1.0.0\t1.1.0\r\n\n2.0.0\t2.0.0\n").stdout == "1.0.0\t1.1.0\t<\n2.0.0\t2.0.0\t=\n"


def test_a_link_or_device_is_written_through_not_replaced(cli, layout, tmp_path):
    (tmp_path / "link.json").symlink_to("target.json")
    cli("scan", f"oci:{layout}", "-o", "json=link.json", "-o", "purls=/dev/null", "-q")
    assert (tmp_path / "link.json").is_symlink() and json.loads((tmp_path / "target.json").read_text())
    assert pathlib.Path("/dev/null").is_char_device()


def test_diff_and_why_answer_in_json(cli, layout, tmp_path):
    other = images.write_layout(images.Image([[dist_info("Django", "3.2.4")]]), tmp_path / "other")
    changed = json.loads(cli("diff", f"oci:{layout}", f"oci:{other}", "-o", "json").stdout)
    assert {"id": "CVE-2026-1000", "type": "pypi", "package": "Django", "severity": "critical"} in changed["fixed"]
    assert changed["introduced"] == [] and changed["before"]["reference"] == f"oci:{layout}"
    assert {"type": "pypi", "name": "Django", "before": ["3.2.0"], "after": ["3.2.4"]} in changed["packages"]
    cli("diff", f"oci:{other}", f"oci:{layout}", "-o", "json=d.json", code=1)
    assert json.loads((tmp_path / "d.json").read_text())["introduced"]

    why = json.loads(cli("why", "CVE-2026-1000", f"oci:{layout}", "-o", "json").stdout)
    assert why["holds"] and why["findings"][0]["package"]["name"] == "Django" and why["findings"][0]["finding"]["proof"]
    why_not = json.loads(cli("why-not", "CVE-2026-1000", f"oci:{layout}", "-o", "json", code=1).stdout)
    assert not why_not["holds"] and "is a finding" in why_not["answer"] and why_not["findings"] == []


# ---- what is shown, what is left out

def test_only_the_severities_asked_for(cli, layout):
    def scan(*more):
        return cli("scan", f"oci:{layout}", "-o", "json", *more)
    everything = ids(scan())
    assert ids(scan("--severity", "HIGH,CRITICAL")) == ["CVE-2026-1000"]
    assert ids(scan("--severity", "medium+")) == ["CVE-2026-1000"]
    assert ids(scan("--severity", "unknown")) == [i for i in everything if i != "CVE-2026-1000"]
    assert ids(scan("--severity", "low")) == []
    report = json.loads(scan("--severity", "low").stdout)
    assert report["dropped"] and {f["verdict"] for f in report["dropped"]} >= {"suppressed"}
    # What is not shown does not count either, as with Trivy.
    cli("scan", f"oci:{layout}", "--severity", "low", "--fail-on", "any", code=0)
    assert "severity" in cli("why-not", "CVE-2026-1000", f"oci:{layout}", "--severity", "low").stdout


def test_only_the_types_asked_for(cli, layout):
    def scan(what):
        return ids(cli("scan", f"oci:{layout}", "-o", "json", "--type", what))
    assert scan("os") == scan("deb") and "CVE-2026-0001" in scan("os")
    assert scan("library") == scan("npm,pypi") == ["CVE-2026-1000"]
    assert scan("npm") == []


def test_set_aside_findings_are_not_in_sarif(cli, layout):
    """GitHub shows a suppressed result as an open alert."""
    results = json.loads(cli("scan", f"oci:{layout}", "-o", "sarif", "--severity", "critical").stdout)["runs"][0]["results"]
    assert {r["ruleId"] for r in results} == {"CVE-2026-1000"}


@pytest.mark.parametrize("kind", ["oci", "dir"])
def test_excluded_paths_are_left_out(cli, tmp_path, kind):
    files = [dist_info("kept", "1"), ("srv/app/deps/node_modules/a/package.json", '{"name": "a", "version": "1"}'),
             ("srv/app/b-1.dist-info/METADATA", "Name: b\nVersion: 1\n"), ("opt/x/c-1.dist-info/METADATA", "Name: c\nVersion: 1\n")]
    if kind == "oci":
        where = f"oci:{images.write_layout(images.Image([files]), tmp_path / 'i')}"
    else:
        for name, text in files:
            (tmp_path / "i" / name).parent.mkdir(parents=True)
            (tmp_path / "i" / name).write_text(text)
        where = f"dir:{tmp_path}/i"
    def names(*more):
        return sorted(packages(cli("sbom", where, "-o", "json", *more)))
    assert names() == ["a", "b", "c", "kept"]
    assert names("--exclude", "node_modules") == ["b", "c", "kept"]
    assert names("--exclude", "/srv/app/,opt/*") == ["kept"]
    assert names("--exclude", "**/*.dist-info", "--exclude", "./srv") == []
    assert names("--exclude", "app/deps") == ["a", "b", "c", "kept"]      # counted from the root
    assert names() == ["a", "b", "c", "kept"]                              # nothing of it was kept in the cache


def test_a_folder_is_read_where_programs_may_be(cli, tmp_path):
    """Opening every file for its first bytes takes minutes on a root file system."""
    program = pathlib.Path("/bin/true").read_bytes()
    note = b"\0" * (1 << 20)
    root = tmp_path / "root"
    root.mkdir()
    for name, mode, more in (("tool", 0o755, b""), ("lib.so.1.2", 0o644, b""), ("lost-its-bit", 0o644, note), ("data.txt", 0o644, b"")):
        (root / name).write_bytes(program[:4] + b"\xff" * 200 + more)
        (root / name).chmod(mode)
    report = json.loads(cli("sbom", f"dir:{root}", "-o", "json").stdout)
    assert {u["path"] for u in report["unknowns"]} == {"tool", "lib.so.1.2", "lost-its-bit"}


# ---- configuration

def test_the_configuration_file_names_what_it_does_not_know(cli, layout, tmp_path):
    file = tmp_path / "boltseal.yaml"
    def refused(text):
        file.write_text(text)
        done = cli("scan", f"oci:{layout}", code=3)
        assert "boltseal.yaml: " in done.stderr and "INI" not in done.stderr, done.stderr
        return done.stderr
    assert 'unknown key "only-fixt" under "scan"; known are: ' in refused("scan:\n  only-fixt: true\n")
    assert "only-fixed" in refused("scan:\n  only-fixt: true\n")
    assert 'unknown key "scann"' in refused("scann:\n  only-fixed: true\n")
    assert "begins with the name of a command" in refused("- scan\n")
    assert 'must hold options' in refused("scan: true\n")
    assert '"only-fixed" must be a value' in refused("scan:\n  only-fixed: {a: 1}\n")
    assert '"vex" must be a value' in refused("scan:\n  vex:\n")
    assert "line" in refused("scan: [\n") or "YAML" in refused("scan: [\n")
    file.write_text("scan:\nsbom:\n  output: [purls]\n")
    assert cli("sbom", f"oci:{layout}").stdout.startswith("pkg:")
    file.unlink()
    (tmp_path / "other.yaml").write_text("scan:\n  severity: [critical]\n  output: json\n")
    assert ids(cli("scan", f"oci:{layout}", "--config", "other.yaml")) == ["CVE-2026-1000"]
    assert ids(cli("scan", f"oci:{layout}", env={"BOLTSEAL_CONFIG": "other.yaml"})) == ["CVE-2026-1000"]
    assert "gone.yaml" in cli("scan", f"oci:{layout}", env={"BOLTSEAL_CONFIG": "gone.yaml"}, code=3).stderr


def test_the_configuration_file_holds_options_of_db_update(cli, tmp_path):
    feed(tmp_path / "mirror", "PyPI", osv("PYSEC-2026-1", "PyPI", "django", "3.2.4"))
    (tmp_path / "boltseal.yaml").write_text(f"db:\n  data-dir: {tmp_path}/data\n  update:\n    feed: [osv={tmp_path}/mirror/osv]\n    ecosystem: [PyPI]\n")
    done = cli("db", "update")
    assert f"wrote {tmp_path}/data/advisories.db" in done.stdout
    (tmp_path / "boltseal.yaml").write_text("db:\n  update:\n    feeds: [x]\n")
    assert 'unknown key "feeds" under "db: update"' in cli("db", "status", code=3).stderr


def test_an_empty_variable_says_nothing(cli, layout, tmp_path):
    (tmp_path / "boltseal.yaml").write_text("scan:\n  fail-on: critical\n")
    cli("scan", f"oci:{layout}", env={"BOLTSEAL_FAIL_ON": ""}, code=1)
    (tmp_path / "boltseal.yaml").write_text("scan:\n  fail-on: none\n  fail-on: critical\n")
    assert '"fail-on" stands twice' in cli("scan", f"oci:{layout}", code=3).stderr


def test_every_option_is_an_environment_variable_too(cli, layout, tmp_path):
    env = {"BOLTSEAL_OUTPUT": "json,purls=p.txt", "BOLTSEAL_SEVERITY": "critical,high", "BOLTSEAL_EXCLUDE": "etc,opt", "BOLTSEAL_TYPE": "library",
           "BOLTSEAL_QUIET": "true", "BOLTSEAL_ONLY_FIXED": "true"}
    done = cli("scan", f"oci:{layout}", env=env)
    assert ids(done) == ["CVE-2026-1000"] and done.stderr == "" and (tmp_path / "p.txt").read_text()
