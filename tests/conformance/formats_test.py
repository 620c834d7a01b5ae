"""Every report format against its official schema: what the program writes of a small image, and the samples of the unit
tests (a usual report, one where every string is an attack, an empty one), which have findings of every kind."""
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import images

REPORTS = ["webapp", "hostile", "empty"]
INVENTORY = ["json", "cyclonedx", "spdx"]


def installed(module, path):
    """A file that an installed package ships; no package is a failure, not a pass."""
    spec = importlib.util.find_spec(module)
    if not spec or not spec.submodule_search_locations:
        pytest.fail(f"{module} is missing: tools/test-python installs tests/conformance/requirements.txt", pytrace=False)
    return json.loads((pathlib.Path(spec.submodule_search_locations[0]) / path).read_text())


def validator(schema, others=()):
    import jsonschema
    import referencing
    registry = referencing.Registry()
    for address, other in others:
        registry = registry.with_resource(address, referencing.Resource.from_contents(other))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema, registry=registry, format_checker=jsonschema.FormatChecker())


@pytest.fixture(scope="session")
def schemas():
    def cyclonedx(name):
        return installed("cyclonedx", f"schema/_res/{name}.SNAPSHOT.schema.json")
    base = "http://cyclonedx.org/schema/"
    parts = [(f"{base}{name}.{ending}", cyclonedx(name)) for name in ("spdx", "jsf-0.82")
             for ending in ("schema.json", "SNAPSHOT.schema.json")]
    return {
        "json": validator(json.loads((ROOT / "doc/formats/report.schema.json").read_text())),
        "cyclonedx": validator(cyclonedx("bom-1.6"), parts),
        "spdx": validator(installed("lib4sbom", "schemas/spdx/2.3-schema.json")),
        "sarif": validator(json.loads((ROOT / "tests/conformance/schemas/sarif-schema-2.1.0.json").read_text())),
    }


def errors(schemas, name, document):
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in schemas[name].iter_errors(document)]


@pytest.fixture(scope="session")
def samples(tmp_path_factory):
    """The reports of src/report/sample.h, written by the unit tests."""
    folder = tmp_path_factory.mktemp("samples")
    builds = [os.environ.get("BOLTSEAL_BUILD"), pathlib.Path(os.environ.get("BOLTSEAL", "/")).parent, ROOT / "build/release", *sorted(ROOT.glob("build/*"))]
    found = [p for b in builds if b and (p := pathlib.Path(b) / "report_test").exists()]
    if not found:
        pytest.fail("report_test is missing: make test builds it, or name its folder in BOLTSEAL_BUILD", pytrace=False)
    subprocess.run([found[0], "--gtest_filter=Formats.AreWrittenForOtherToolsToJudge"], check=True, stdout=subprocess.DEVNULL,
                   env=os.environ | {"BOLTSEAL_SAMPLES": str(folder)})
    return folder


@pytest.fixture(scope="session")
def scanned(tmp_path_factory):
    """What `scan` and `sbom` write of a small image, by name of the format."""
    program = pathlib.Path(os.environ.get("BOLTSEAL", ROOT / "build/release/boltseal"))
    if not program.exists():
        pytest.fail(f"{program} is missing: make build, or name the program in BOLTSEAL", pytrace=False)
    home = tmp_path_factory.mktemp("scan")
    layout = images.write_layout(images.sample("openssl=3.0.11-1~deb12u2", "curl=7.88.1-10+deb12u5", "zlib1g=1:1.2.13.dfsg-1"), home / "layout")
    out = {}
    for command, formats in (("scan", [*INVENTORY, "sarif", "html", "table", "purls"]), ("sbom", [*INVENTORY, "html", "table", "purls"])):
        outputs = [a for f in formats for a in ("-o", f"{f}={home / command}.{f}")]
        done = subprocess.run([program.resolve(), command, "-q", "--offline", *outputs, f"oci:{layout}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, text=True, timeout=60, cwd=home,
                              env={"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "LANG": "C.UTF-8"})
        assert done.returncode in (0, 1), done.stderr
        out |= {(command, f): (home / f"{command}.{f}").read_text() for f in formats}
    return out


def broken(name, document):
    """The same document with one thing that its format forbids."""
    if name == "json":
        return document | {"schemaVersion": "0"}
    if name == "cyclonedx":
        return document | {"serialNumber": "urn:uuid:no"}
    if name == "spdx":
        return document | {"packages": [{"name": "no id"}]}
    return document | {"runs": [{"results": []}]}


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("name", [*INVENTORY, "sarif"])
def test_samples_follow_the_schema(schemas, samples, name, report):
    document = json.loads((samples / f"{report}.{name}").read_text())
    assert errors(schemas, name, document) == []
    assert errors(schemas, name, broken(name, document)), "the validator lets everything through"


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("name", INVENTORY)
def test_samples_without_findings_follow_the_schema(schemas, samples, name, report):
    assert errors(schemas, name, json.loads((samples / f"{report}-sbom.{name}").read_text())) == []


@pytest.mark.parametrize("command,name", [*[("scan", n) for n in (*INVENTORY, "sarif")], *[("sbom", n) for n in INVENTORY]])
def test_what_the_program_writes_follows_the_schema(schemas, scanned, command, name):
    document = json.loads(scanned[command, name])
    assert errors(schemas, name, document) == []
    assert "openssl" in scanned[command, name]


def spdx_messages(path, tmp_path):
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
    copy = tmp_path / "document.spdx.json"  # the parser looks at the name
    shutil.copy(path, copy)
    return [m.validation_message for m in validate_full_spdx_document(parse_file(str(copy)))]


@pytest.mark.parametrize("report", REPORTS)
def test_spdx_holds_what_no_schema_can_say(samples, tmp_path, report):
    assert spdx_messages(samples / f"{report}.spdx", tmp_path) == []


def test_spdx_of_the_program_holds_too(scanned, tmp_path):
    path = tmp_path / "scan"
    path.write_text(scanned["scan", "spdx"])
    assert spdx_messages(path, tmp_path) == []


def test_cyclonedx_refers_only_to_what_is_there(samples):
    for report in REPORTS:
        bom = json.loads((samples / f"{report}.cyclonedx").read_text())
        refs = [c["bom-ref"] for c in bom["components"]] + [bom["metadata"]["component"]["bom-ref"]]
        assert len(refs) == len(set(refs))
        named = {r for d in bom["dependencies"] for r in (d["ref"], *d.get("dependsOn", []))}
        named |= {a["ref"] for v in bom["vulnerabilities"] for a in v["affects"]}
        assert named <= set(refs)


def test_purls_are_the_packages_of_the_json(scanned):
    report = json.loads(scanned["sbom", "json"])
    assert scanned["sbom", "purls"].splitlines() == sorted({p["purl"] for p in report["packages"]})


def test_the_page_loads_nothing_and_runs_only_its_own(samples):
    for report in REPORTS:
        page = (samples / f"{report}.html").read_text()
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page).group(1)
        assert policy.startswith("default-src 'none';") and "unsafe" not in policy
        assert len(re.findall(r"<script\b", page)) == 2 and page.count("</script>") == 2
        assert not re.search(r"<(img|link|iframe|object|embed|base|form)\b|\son[a-z]+\s*=\s*[\"']", page)


def in_chromium(page, folder):
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.fail("chromium is missing: apt-get install chromium", pytrace=False)
    done = subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                           "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr",
                           f"--user-data-dir={folder}", "--virtual-time-budget=4000", "--dump-dom", f"file://{page}"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def in_webkit(page, folder):
    for program, package in (("xvfb-run", "xvfb"), ("xauth", "xauth")):
        if not shutil.which(program):
            pytest.fail(f"{program} is missing: apt-get install {package}", pytrace=False)
    done = subprocess.run(["xvfb-run", "-a", sys.executable, pathlib.Path(__file__).with_name("browser.py"), page, folder / "dom"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120,
                          env=os.environ | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)})
    assert done.returncode == 0, done.stderr
    return (folder / "dom").read_text(), [line for line in done.stdout.splitlines() if "CONSOLE" in line]


# Ubuntu has Chromium for snap only; what it has elsewhere is in dependencies.tsv.
BROWSERS = [in_webkit, *([in_chromium] if "ID=debian" in pathlib.Path("/etc/os-release").read_text().splitlines() else [])]


@pytest.mark.parametrize("browser", BROWSERS)
@pytest.mark.parametrize("report", [*REPORTS, "webapp-sbom", "large"])
def test_a_browser_shows_the_page_without_complaint(samples, tmp_path, report, browser):
    dom, console = browser(samples / f"{report}.html", tmp_path)
    assert console == []
    body = re.sub(r"<script.*?</script>|<style.*?</style>", "", dom, flags=re.S)
    assert '<section id="packages"' in body and "<footer>" in body
    assert "<img" not in body and "javascript:" not in "".join(re.findall(r'href="([^"]*)"', body))
    if report == "webapp":
        assert "CVE-2021-44228" in body and "2.17.1" in body
