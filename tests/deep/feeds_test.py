"""The database over the real feeds of ../shared/advisories: import, starter, update over HTTP, damage, scans meanwhile."""
import collections
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import zipfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIRROR = ROOT.parent / "shared" / "advisories"
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import images
from conftest import program  # noqa: F401, a fixture

KEV = "known_exploited_vulnerabilities.json"


@pytest.fixture
def db(program, tmp_path):  # noqa: F811
    """db(words…) runs `boltseal db` over a data directory of the test's own."""
    def run(*words, code=0, data=tmp_path / "data"):
        done = subprocess.run([program, "db", "--data-dir", data, *map(str, words)], capture_output=True, text=True, timeout=120, cwd=tmp_path,
                              env={**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")})
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done
    run.data = tmp_path / "data"
    run.file = tmp_path / "data" / "advisories.db"
    return run


@pytest.fixture
def mirror(tmp_path):
    """A copy of the mirror that a test may spoil; what it does not touch are links to the real files."""
    folder = tmp_path / "mirror"
    shutil.copytree(MIRROR, folder, copy_function=os.symlink)
    return folder


def replace(path, data):
    path.unlink()
    path.write_bytes(data)


def table(text):
    """{feed: (records, date)} of what the db commands print."""
    rows = re.findall(r"^  (\S.*?) +(\d+) records  (\S*)", text, re.M)
    return {name: (int(records), date) for name, records, date in rows}


def digest_of(text):
    return re.search(r"^database  (sha256:[0-9a-f]{64})$", text, re.M).group(1)


def flaws_of(text):
    """The flaws that one of secdb's texts names: its CVEs, or else what looks like another id; never prose."""
    words = re.split(r"[\s,;()\[\]]+", re.sub("CVE[ _]", "CVE-", text).strip())
    if cves := {m[0] for word in words if (m := re.match(r"CVE-\d{4}-\d{4,}", word))}:
        return cves
    others = {word for word in words if re.fullmatch(r"[A-Za-z]{2}[A-Za-z0-9-]*-[A-Za-z0-9-]*\d|GHSA(-\w{4}){3}", word)}
    return others or {word for word in words if len(words) == 1 and re.fullmatch(r"[A-Za-z][^?]*", word) and re.search(r"\d", word)}


def records_in(folder):
    """How many records each feed must give, counted here from the feeds themselves."""
    out = collections.Counter()
    for path in folder.glob("osv/*/all.zip"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                record = json.loads(archive.read(name))
                flaws = [record["id"], *record.get("aliases", []), *record.get("related", []), *record.get("upstream", [])]
                # AlmaLinux puts bug fixes and enhancements into the same bucket: no flaw, no record.
                out[f"OSV {path.parent.name}"] += path.parent.name != "AlmaLinux" or record["id"].startswith("ALSA") or any(f.startswith("CVE-") for f in flaws)
    for path in [*folder.glob("alpine-secdb/*/*.json"), folder / "wolfi/security.json"]:
        ids = set()
        for package in json.loads(path.read_text())["packages"] or []:
            for fixed in package["pkg"]["secfixes"].values():
                for text in fixed or []:
                    ids |= flaws_of(text)
        out["Wolfi" if path.parent.name == "wolfi" else "Alpine"] += len(ids)
    out["CISA KEV"] = len(json.loads((folder / "kev" / KEV).read_text())["vulnerabilities"])
    with zipfile.ZipFile(folder / "ruby-advisory-db.zip") as archive:
        out["RubySec"] = sum("gems/" in name and name.endswith(".yml") for name in archive.namelist())
    return dict(out)


class Mirror:
    """The mirror over HTTP on loopback, with an ETag for each file; `broken` maps a path to (status, body)."""

    def __init__(self, folder):
        self.folder, self.broken, self.log = pathlib.Path(folder), {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status, body, etag = outer.answer(self.path, self.headers.get("If-None-Match"))
                outer.log.append((self.path, status))
                self.send_response(status)
                if etag:
                    self.send_header("ETag", etag)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, path, known):
        if path in self.broken:
            return *self.broken[path], None
        file = self.folder / path.lstrip("/")
        if not file.is_file():
            return 404, b"not here", None
        body = file.read_bytes()
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        return (304, b"", etag) if known == etag else (200, body, etag)

    def feeds(self):
        where = {"osv": "/osv", "alpine": "/alpine-secdb", "wolfi": "/wolfi/security.json", "kev": f"/kev/{KEV}", "rubysec": "/ruby-advisory-db.zip"}
        return ["--insecure-http", *[word for kind, path in where.items() for word in ("--feed", f"{kind}={self.base}{path}")]]

    def taken(self):
        """How often each status was given since the last call, but for what the mirror never had."""
        log, self.log[:] = list(self.log), []
        return collections.Counter(status for _, status in log if status != 404)


@pytest.fixture
def served(mirror):
    server = Mirror(mirror)
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_import_gives_every_record_of_every_feed(db):
    done = db("import", MIRROR)
    rows = table(done.stdout)
    assert {name: records for name, (records, _) in rows.items()} == records_in(MIRROR)
    assert "unreadable" not in done.stderr
    assert table(db("status").stdout) == rows
    assert "verified" in db("verify").stdout
    before = db.file.read_bytes()
    assert "nothing new" in db("import", MIRROR).stdout
    assert db.file.read_bytes() == before


def test_dates_are_those_of_the_newest_record(db):
    rows = table(db("import", MIRROR).stdout)
    for name in ("Debian", "Go", "PyPI", "npm"):
        with zipfile.ZipFile(MIRROR / "osv" / name / "all.zip") as archive:
            records = [json.loads(archive.read(n)) for n in archive.namelist()]
        newest = max(r.get(when, "")[:19] for r in records for when in ("modified", "published", "withdrawn"))
        assert rows[f"OSV {name}"][1] == newest + "Z"


def test_starter_is_the_file_in_the_repository_byte_for_byte(db, tmp_path):
    db("starter", MIRROR, tmp_path / "starter.db")
    wanted = ROOT / "data" / "starter.db"
    assert hashlib.sha256((tmp_path / "starter.db").read_bytes()).hexdigest() == hashlib.sha256(wanted.read_bytes()).hexdigest()
    assert wanted.stat().st_size <= 8 << 20
    text = wanted.read_bytes()
    with zipfile.ZipFile(MIRROR / "osv/PyPI/all.zip") as archive:  # facts only: no sentence of any advisory
        prose = [p for n in archive.namelist()[:300] if len(p := json.loads(archive.read(n)).get("details", "")[:60]) == 60]
    assert len(prose) > 100 and not [p for p in prose if p.encode() in text]


def test_update_fetches_once_and_then_only_asks(db, served):
    first = db("update", *served.feeds())
    assert {name: records for name, (records, _) in table(first.stdout).items()} == records_in(MIRROR)
    files = sum(p.is_file() for p in MIRROR.rglob("*"))
    assert served.taken() == {200: files}
    before = db.file.read_bytes()
    second = db("update", *served.feeds())
    assert served.taken() == {304: files}
    assert "nothing new" in second.stdout and db.file.read_bytes() == before


def test_only_what_changed_is_fetched(db, served, mirror):
    db("update", *served.feeds())
    served.taken()
    catalogue = json.loads((mirror / "kev" / KEV).read_text())
    catalogue["vulnerabilities"].append(catalogue["vulnerabilities"][0] | {"cveID": "CVE-2099-0001"})
    replace(mirror / "kev" / KEV, json.dumps(catalogue).encode())
    rows = table(db("update", *served.feeds()).stdout)
    assert [path for path, status in served.log if status == 200] == [f"/kev/{KEV}"]
    assert {name: records for name, (records, _) in rows.items()} == records_in(mirror)


def test_the_way_of_the_feeds_does_not_change_the_records(db, served, tmp_path):
    db("update", *served.feeds())
    other = tmp_path / "other"
    imported = db("import", MIRROR, data=other)
    strip = re.compile(r"http://\S+|/\S+shared/advisories\S*")
    assert table(strip.sub("", imported.stdout)) == table(strip.sub("", db("status").stdout))


def test_plain_http_must_be_asked_for(db, served):
    words = [w for w in served.feeds() if w != "--insecure-http"]
    assert "--insecure-http" in db("update", *words, code=2).stderr
    assert served.log == [] and not db.file.exists()


def test_offline_sends_not_one_packet(db, served):
    db("update", "--offline", *served.feeds(), code=2)
    assert served.log == []


def broken_feeds():
    real = (MIRROR / "osv/PyPI/all.zip").read_bytes()
    flipped = bytearray(real)
    for at in range(1000, len(flipped), 997):
        flipped[at] ^= 0xff
    return {"server error": ("/osv/PyPI/all.zip", 500, b"oops", "OSV PyPI"),
            "zip cut in half": ("/osv/PyPI/all.zip", 200, real[:len(real) // 2], "OSV PyPI"),
            "zip of noise": ("/osv/PyPI/all.zip", 200, bytes(flipped), "OSV PyPI"),
            "page instead of a zip": ("/osv/Go/all.zip", 200, b"<html>maintenance</html>", "OSV Go"),
            "gone": ("/osv/Debian/all.zip", 404, b"", "OSV Debian"),
            "json cut in half": ("/wolfi/security.json", 200, (MIRROR / "wolfi/security.json").read_bytes()[:200000], "Wolfi"),
            "empty catalogue": (f"/kev/{KEV}", 200, b"", "CISA KEV"),
            "gems cut in half": ("/ruby-advisory-db.zip", 200, (MIRROR / "ruby-advisory-db.zip").read_bytes()[:100000], "RubySec"),
            "list of ecosystems": ("/osv/ecosystems.txt", 503, b"", "OSV ecosystems")}


@pytest.mark.parametrize("case", broken_feeds() if MIRROR.exists() else [])
def test_a_broken_feed_leaves_the_old_data_and_says_so(db, served, case):
    path, status, body, name = broken_feeds()[case]
    before = table(db("update", *served.feeds()).stdout)
    old = db.file.read_bytes()
    served.broken[path] = (status, body)
    done = db("update", *served.feeds(), code=2)
    said = [line for line in done.stderr.splitlines() if name in line]
    assert said and any("failed" in line for line in said)
    assert name == "OSV ecosystems" or any("stays in use" in line for line in said)
    assert table(db("status").stdout) == before and db.file.read_bytes() == old
    served.broken.clear()
    db("update", *served.feeds())
    assert db.file.read_bytes() == old


def test_a_feed_that_never_worked_does_not_make_the_database_poorer(db, served):
    """The starter knows Go: what was built without it would be worse than what is there, so it has to be asked for."""
    starter = digest_of(db("status").stdout)
    served.broken["/osv/Go/all.zip"] = (500, b"")
    done = db("update", *served.feeds(), code=2)
    assert "OSV Go" in done.stderr and "500" in done.stderr and "--force" in done.stderr
    assert digest_of(done.stdout) == digest_of(db("status").stdout) == starter
    rows = table(db("update", "--force", *served.feeds(), code=2).stdout)
    assert {name: records for name, (records, _) in rows.items()} == {n: r for n, r in records_in(MIRROR).items() if n != "OSV Go"}
    served.broken.clear()
    rows = table(db("update", *served.feeds()).stdout)
    assert {name: records for name, (records, _) in rows.items()} == records_in(MIRROR)


def test_a_feed_cannot_go_back_in_time(db, served, mirror):
    db("update", *served.feeds())
    before = db.file.read_bytes()
    with zipfile.ZipFile(MIRROR / "osv/PyPI/all.zip") as archive:
        old = {n: b for n in archive.namelist() if (b := archive.read(n)) and json.loads(b)["modified"] < "2022"}
    assert len(old) > 100
    (mirror / "osv/PyPI/all.zip").unlink()
    with zipfile.ZipFile(mirror / "osv/PyPI/all.zip", "w") as archive:
        for name, body in old.items():
            archive.writestr(name, body)
    done = db("update", *served.feeds(), code=2)
    assert "older" in done.stderr and "--force" in done.stderr
    assert db.file.read_bytes() == before
    assert table(db("update", "--force", *served.feeds()).stdout)["OSV PyPI"][0] == len(old)


def test_export_and_import_carry_the_database_to_another_machine(db, tmp_path):
    db("import", MIRROR)
    db("export", tmp_path / "carried.db")
    other = tmp_path / "elsewhere"
    db("import", tmp_path / "carried.db", data=other)
    assert (other / "advisories.db").read_bytes() == db.file.read_bytes() == (tmp_path / "carried.db").read_bytes()
    assert digest_of(db("verify", data=other).stdout) == digest_of(db("status").stdout)


def test_import_of_a_file_refuses_damage_and_the_past(db, mirror, tmp_path):
    db("import", MIRROR)
    db("export", tmp_path / "now.db")
    bad = bytearray((tmp_path / "now.db").read_bytes())
    bad[len(bad) // 3] ^= 4
    (tmp_path / "bad.db").write_bytes(bad)
    before = db.file.read_bytes()
    assert "digest" in db("import", tmp_path / "bad.db", code=2).stderr
    shutil.rmtree(mirror / "osv")
    past = tmp_path / "past"
    db("import", mirror, data=past)
    db("export", tmp_path / "past.db", data=past)
    assert "--force" in db("import", tmp_path / "past.db", code=2).stderr
    assert db.file.read_bytes() == before
    db("import", "--force", tmp_path / "past.db")
    assert db.file.read_bytes() == (tmp_path / "past.db").read_bytes()


def test_verify_notices_any_flipped_byte(db):
    db("import", MIRROR)
    good = db.file.read_bytes()
    places = [0, 9, 13, 17, 24, 55, 56, 60, 160, *range(200, len(good), len(good) // 16), len(good) - 1]
    for at in places:
        bad = bytearray(good)
        bad[at] ^= 1
        db.file.write_bytes(bad)
        done = db("verify", code=2)
        assert done.stderr.startswith("boltseal: ") and str(db.file) in done.stderr and len(done.stderr) < 400, at
    for bad in (good[:-1], good[:100], b"", good + b"\0"):
        db.file.write_bytes(bad)
        assert str(db.file) in db("verify", code=2).stderr
    db.file.write_bytes(good)
    db("verify")


def test_a_damaged_database_never_crashes_a_scan(db, program, tmp_path):  # noqa: F811
    db("import", MIRROR)
    layout = small_image(tmp_path)
    good = db.file.read_bytes()
    for at in range(24, len(good), len(good) // 40):
        bad = bytearray(good)
        bad[at:at + 8] = b"\xff" * len(bad[at:at + 8])
        db.file.write_bytes(bad)
        done = scan(program, db, layout, tmp_path)
        assert done.returncode in (0, 2), done.stderr
        assert done.returncode == 0 or done.stderr.startswith("boltseal: ")


def small_image(tmp_path):
    metadata = "Metadata-Version: 2.1\nName: Django\nVersion: 3.2.0\n"
    image = images.Image([[("etc/os-release", images.OS_RELEASE), ("var/lib/dpkg/status", images.dpkg_status("curl=7.88.1-10+deb12u1", "openssl=3.0.9-1")),
                           ("usr/lib/python3/site-packages/Django-3.2.0.dist-info/METADATA", metadata)]])
    return images.write_layout(image, tmp_path / "layout")


def scan(program, db, layout, tmp_path):  # noqa: F811
    return subprocess.run([program, "scan", "--offline", f"oci:{layout}", "-q", "-o", "json"], capture_output=True, text=True, timeout=60, cwd=tmp_path,
                          env={**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "BOLTSEAL_DB": str(db.file)})


def test_the_database_is_replaced_while_scans_run(db, program, served, mirror, tmp_path):  # noqa: F811
    """Every scan sees one whole database: its digest is always one of those that were installed."""
    installed = {digest_of(db("update", *served.feeds()).stdout)}
    layout = small_image(tmp_path)
    reports, failures, over = [], [], threading.Event()

    def loop():
        while not over.is_set():
            done = scan(program, db, layout, tmp_path)
            (reports if done.returncode == 0 else failures).append(done)

    threads = [threading.Thread(target=loop) for _ in range(8)]
    for thread in threads:
        thread.start()
    catalogue = json.loads((mirror / "kev" / KEV).read_text())
    for year in range(2090, 2093):
        catalogue["vulnerabilities"].append(catalogue["vulnerabilities"][0] | {"cveID": f"CVE-{year}-0001"})
        replace(mirror / "kev" / KEV, json.dumps(catalogue).encode())
        installed.add(digest_of(db("update", *served.feeds()).stdout))
        time.sleep(0.3)
    over.set()
    for thread in threads:
        thread.join()
    assert not failures, failures[0].stderr
    seen = {json.loads(done.stdout)["database"]["digest"] for done in reports}
    assert len(installed) == 4 and len(reports) >= 40
    assert seen <= installed and len(seen) > 1
    assert len({json.dumps(json.loads(done.stdout)["findings"]) for done in reports}) == 1
    assert sorted(p.name for p in db.data.iterdir()) == ["advisories.db", "feeds"]


def test_a_killed_update_leaves_a_whole_database_and_nothing_else(db, program, served, mirror, tmp_path):  # noqa: F811
    db("update", *served.feeds())
    words = [program, "db", "--data-dir", db.data, "update", *served.feeds()]
    catalogue = json.loads((mirror / "kev" / KEV).read_text())
    killed = 0
    for i in range(12):
        catalogue["vulnerabilities"].append(catalogue["vulnerabilities"][0] | {"cveID": f"CVE-2099-{i:04}"})
        replace(mirror / "kev" / KEV, json.dumps(catalogue).encode())
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(tmp_path)})
        time.sleep(0.05 + 0.15 * i)
        process.kill()
        killed += process.wait() < 0
        db("verify")
    assert killed > 3
    rows = table(db("update", *served.feeds()).stdout)
    assert {name: records for name, (records, _) in rows.items()} == records_in(mirror)
    assert not [p.name for p in db.data.rglob("*") if ".tmp" in p.name]


def test_updates_at_the_same_time_leave_one_whole_database(db, program, served, tmp_path):  # noqa: F811
    words = [program, "db", "--data-dir", db.data, "update", *served.feeds()]
    running = [subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, "HOME": str(tmp_path)}) for _ in range(4)]
    for process in running:
        _, complaint = process.communicate(timeout=120)
        assert process.returncode == 0, complaint
    db("verify")
    assert {name: records for name, (records, _) in table(db("status").stdout).items()} == records_in(MIRROR)


def test_real_flaws_are_found_and_fixed_ones_are_not(db, program, tmp_path):  # noqa: F811
    db("import", MIRROR)
    report = json.loads(scan(program, db, small_image(tmp_path), tmp_path).stdout)
    found = {(f["id"], report["packages"][f["package"]]["name"]) for f in report["findings"]}
    with zipfile.ZipFile(MIRROR / "osv/PyPI/all.zip") as archive:
        records = [json.loads(archive.read(n)) for n in archive.namelist()]
    wanted, fixed = set(), set()
    for record in records:
        for affected in record["affected"]:
            if affected["package"]["name"].lower() != "django" or record.get("withdrawn") or "versions" not in affected:
                continue
            cves = [i for i in [record["id"], *record.get("aliases", [])] if i.startswith("CVE-")]
            (wanted if "3.2" in affected["versions"] else fixed).update(cves)
    django = {flaw for flaw, name in found if name == "Django"}
    assert len(wanted) > 10 and wanted <= django
    assert len(fixed - wanted) > 10 and not django & (fixed - wanted)
