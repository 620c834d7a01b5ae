"""boltseal scan, sbom, why, diff and db on whole images: what a user sees, and what an attacker must not reach."""
import gzip
import hashlib
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tarfile
import threading
import time
import zipfile

import pytest

import images

SYFT_CANARY = "canary-7f3a"


def dist_info(name, version):
    return (f"usr/lib/python3/site-packages/{name}-{version}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def osv(record_id, ecosystem, name, fixed, aliases=(), **more):
    return {"id": record_id, "modified": "2026-01-02T00:00:00Z", "aliases": list(aliases), "summary": f"flaw in {name}",
            "affected": [{"package": {"ecosystem": ecosystem, "name": name},
                          "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}] + ([{"fixed": fixed}] if fixed else [])}]}]} | more


def feed(folder, ecosystem, *records):
    path = pathlib.Path(folder) / "osv" / ecosystem
    path.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path / "all.zip", "w") as archive:
        for record in records:
            archive.writestr(record["id"] + ".json", json.dumps(record))
    (path.parent / "ecosystems.txt").write_text("\n".join(sorted(p.name for p in path.parent.iterdir() if p.is_dir())) + "\n")


@pytest.fixture(scope="session")
def database(program, tmp_path_factory):
    """A database of a few flaws, built by `db import` from a folder that mirrors the feeds."""
    mirror, data = tmp_path_factory.mktemp("mirror"), tmp_path_factory.mktemp("data")
    feed(mirror, "Debian",
         osv("DEBIAN-CVE-2026-0001", "Debian:12", "curl", "7.88.1-10+deb12u9", upstream=["CVE-2026-0001"]),
         osv("DEBIAN-CVE-2026-0002", "Debian:12", "curl", None, upstream=["CVE-2026-0002"]))
    feed(mirror, "PyPI",
         osv("PYSEC-2026-1", "PyPI", "django", "3.2.4", aliases=["CVE-2026-1000", "GHSA-aaaa-bbbb-cccc"],
             severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]),
         osv("GHSA-aaaa-bbbb-cccc", "PyPI", "django", "3.2.4", aliases=["CVE-2026-1000"]),
         osv("PYSEC-2026-2", "PyPI", "django", "3.1", aliases=["CVE-2026-1001"]))
    feed(mirror, "Go", osv("GO-2026-1", "Go", "example.com/app", "0.0.0-20260901101010-0123456789ab"))
    subprocess.run([program, "db", "--data-dir", data, "import", mirror], check=True, stdout=subprocess.PIPE)
    return str(data / "advisories.db")


@pytest.fixture()
def cli(program, tmp_path, database):
    """Runs the program with a cache and a home of its own."""
    def run(*args, code=0, env=None, db=True, **more):
        command = [program, *map(str, args)]
        if db and args[0] in ("scan", "why", "why-not", "diff"):
            command += ["--db", database]
        done = subprocess.run(command, capture_output=True, text=more.pop("text", True), timeout=120, cwd=tmp_path,
                              env={**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), **(env or {})}, **more)
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done
    return run


@pytest.fixture()
def layout(tmp_path):
    image = images.Image([
        [("etc/os-release", images.OS_RELEASE),
         ("var/lib/dpkg/status", images.dpkg_status("curl=7.88.1-10+deb12u8", "bash=5.2.15-2+b7"))],
        [dist_info("Django", "3.2.0")]], ["gzip", "zstd"])
    return images.write_layout(image, tmp_path / "layout")


def purls(done):
    return [line for line in done.stdout.splitlines() if line]


def test_scan_finds_explains_and_counts_one_flaw_once(cli, layout):
    report = json.loads(cli("scan", f"oci:{layout}", "-o", "json").stdout)
    found = {(f["id"], report["packages"][f["package"]]["name"]) for f in report["findings"]}
    assert found == {("CVE-2026-0001", "curl"), ("CVE-2026-0002", "curl"), ("CVE-2026-1000", "Django")}
    django = next(f for f in report["findings"] if f["id"] == "CVE-2026-1000")
    assert {"GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1"} <= set(django["aliases"])
    assert any("3.2.0 < 3.2.4" in step["text"] for step in django["proof"])
    assert "CVE-2026-1001" in {f["id"] for f in report["dropped"]}


def test_exit_code_follows_fail_on(cli, layout):
    cli("scan", f"oci:{layout}", "-o", "purls")
    cli("scan", f"oci:{layout}", "-o", "purls", "--fail-on", "critical", code=1)
    cli("scan", f"oci:{layout}", "-o", "purls", "--fail-on", "kev", code=0)
    cli("scan", f"oci:{layout}", "--fail-on", "nonsense", code=3)
    cli("scan", "oci:/nowhere", code=2)
    cli("scan", code=3)
    cli("scan", f"oci:{layout}", "--fail-on", "any", env={"BOLTSEAL_OUTPUT": "purls"}, code=1)


def test_an_option_takes_one_value_wherever_it_stands(cli, layout, tmp_path):
    vex = tmp_path / "vex.json"
    vex.write_text(json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "a", "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": []}))
    wanted = cli("scan", f"oci:{layout}", "-o", "purls").stdout
    assert cli("scan", "-o", "purls", f"oci:{layout}", "--offline").stdout == wanted
    assert cli("scan", "--vex", vex, f"oci:{layout}", "-o", "purls", "-q").stdout == wanted
    assert cli("sbom", "-o", "purls", f"oci:{layout}", "-q").stdout == wanted
    cli("diff", "--vex", vex, f"oci:{layout}", f"oci:{layout}", "-q")
    cli("scan", "-o", "purls", "-o", f"json={tmp_path}/both.json", f"oci:{layout}", "-q")
    assert json.loads((tmp_path / "both.json").read_text())["packages"]


def test_only_fixed_leaves_out_what_has_no_fix(cli, layout):
    report = json.loads(cli("scan", f"oci:{layout}", "-o", "json", "--only-fixed").stdout)
    assert "CVE-2026-0002" not in {f["id"] for f in report["findings"]}


def test_ignore_file_suppresses_with_reason_and_expires(cli, layout, tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("ignore:\n  - id: GHSA-aaaa-bbbb-cccc\n    reason: not reachable\n  - id: CVE-2026-0001\n    reason: old\n    expires: 2020-01-01\n"
                     "  - id: CVE-1999-0001\n    reason: never used\n")
    report = json.loads(cli("scan", f"oci:{layout}", "-o", "json", "--ignore-file", rules).stdout)
    assert {f["id"] for f in report["findings"]} == {"CVE-2026-0001", "CVE-2026-0002"}
    assert any("CVE-1999-0001" in n for n in report["notices"])
    (tmp_path / ".trivyignore").write_text("# judged\nCVE-2026-0001\n")
    report = json.loads(cli("scan", f"oci:{layout}", "-o", "json").stdout)
    assert "CVE-2026-0001" not in {f["id"] for f in report["findings"]}


def test_openvex_is_applied(cli, layout, tmp_path):
    vex = tmp_path / "vex.json"
    vex.write_text(json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "a", "timestamp": "2026-01-01T00:00:00Z", "version": 1,
        "statements": [{"vulnerability": {"name": "CVE-2026-1000"}, "products": [{"@id": "pkg:pypi/django@3.2.0"}],
                        "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"}]}))
    report = json.loads(cli("scan", f"oci:{layout}", "-o", "json", "--vex", vex).stdout)
    assert "CVE-2026-1000" not in {f["id"] for f in report["findings"]}
    dropped = next(f for f in report["dropped"] if f["id"] == "CVE-2026-1000")
    assert any("vulnerable_code_not_in_execute_path" in s["text"] for s in dropped["proof"])


def test_why_and_why_not(cli, layout):
    assert "3.2.0 < 3.2.4" in cli("why", "PYSEC-2026-1", f"oci:{layout}").stdout
    assert "fixed" in cli("why-not", "CVE-2026-1001", "Django", f"oci:{layout}").stdout
    cli("why", "CVE-2026-1001", f"oci:{layout}", code=1)
    for name in ("django", "pkg:pypi/django@3.2.0", "pkg:pypi/django"):
        assert "is a finding" in cli("why-not", "CVE-2026-1000", name, f"oci:{layout}", code=1).stdout
    assert "no package named" in cli("why-not", "CVE-2026-1000", "pkg:pypi/django@9", f"oci:{layout}").stdout
    cli("why-not", "CVE-2026-1000", f"oci:{layout}", code=1)
    assert "no record" in cli("why-not", "CVE-1990-0001", f"oci:{layout}").stdout


def test_diff_names_what_came_and_went(cli, layout, tmp_path):
    other = images.write_layout(images.Image([[("etc/os-release", images.OS_RELEASE), ("var/lib/dpkg/status", images.dpkg_status("curl=7.88.1-10+deb12u9", "new=1"))]]), tmp_path / "other")
    out = cli("diff", f"oci:{layout}", f"oci:{other}").stdout
    assert "~ deb       curl 7.88.1-10+deb12u8 → 7.88.1-10+deb12u9" in out and "+ deb       new 1" in out and "- finding   CVE-2026-0001 curl" in out
    cli("diff", f"oci:{other}", f"oci:{layout}", code=1)


def test_same_bytes_at_any_thread_count_and_locale_cold_or_warm(cli, layout):
    outs = set()
    for threads in (1, 2, 4):
        for locale in ("C", "de_DE.UTF-8", "tr_TR.UTF-8"):
            outs.add(cli("scan", f"oci:{layout}", "-o", "json", "--threads", threads, "--no-cache", env={"LC_ALL": locale, "SOURCE_DATE_EPOCH": "1700000000"}).stdout)
    for _ in range(2):
        outs.add(cli("scan", f"oci:{layout}", "-o", "json", env={"SOURCE_DATE_EPOCH": "1700000000"}).stdout)
    assert len(outs) == 1


def test_layers_shared_with_another_image_come_from_the_cache(cli, layout, tmp_path):
    first = purls(cli("sbom", f"oci:{layout}", "-o", "purls"))
    cache = tmp_path / "cache" / "boltseal"
    assert len(list(cache.glob("*.layer"))) == 3        # two layers and the image
    for entry in cache.glob("*.layer"):                  # damage is noticed, and everything is read again
        entry.write_bytes(entry.read_bytes()[:-1] + b"!")
    assert purls(cli("sbom", f"oci:{layout}", "-o", "purls")) == first


def test_whiteouts_and_opaque_folders_hide_what_lies_below(cli, tmp_path):
    image = images.Image([
        [dist_info("gone", "1"), dist_info("kept", "1"), ("opt/a/site-packages/x-1.dist-info/METADATA", "Name: x\nVersion: 1\n")],
        [("usr/lib/python3/site-packages/.wh.gone-1.dist-info", ""), ("opt/a/.wh..wh..opq", ""), ("opt/a/site-packages/y-1.dist-info/METADATA", "Name: y\nVersion: 1\n")]])
    layout = images.write_layout(image, tmp_path / "w")
    assert purls(cli("sbom", f"oci:{layout}", "-o", "purls")) == ["pkg:pypi/kept@1", "pkg:pypi/y@1"]


def test_a_hard_link_is_read_under_its_own_name(cli, tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        path, content = dist_info("linked", "7")
        info = tarfile.TarInfo("store/blob")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content.encode()))
        link = tarfile.TarInfo(path)
        link.type, link.linkname = tarfile.LNKTYPE, "store/blob"
        archive.addfile(link)
    image = images.Image([[("x", "")]])
    raw(image, [out.getvalue()])
    assert purls(cli("sbom", f"oci:{images.write_layout(image, tmp_path / 'h')}", "-o", "purls")) == ["pkg:pypi/linked@7"]


def raw(image, tars, diff_ids=None, suffix="+gzip"):
    """Puts finished tars in place of the image's own layers; with diff_ids they are compressed already."""
    image.tars, image.blobs = tars, {}
    layers = [image.blob(data if diff_ids else gzip.compress(data, 6, mtime=0), images.OCI + "layer.v1.tar" + suffix) for data in tars]
    config = json.loads(image.config)
    config["rootfs"]["diff_ids"] = diff_ids or [images.digest(data) for data in tars]
    config["history"] = []
    image.config = json.dumps(config).encode()
    image.manifest = json.dumps({"schemaVersion": 2, "mediaType": image.media_type, "config": image.blob(image.config, images.OCI + "config.v1+json"), "layers": layers}).encode()


def test_a_folder_is_scanned_in_place(cli, tmp_path):
    root = tmp_path / "root"
    for path, content in [("etc/os-release", images.OS_RELEASE), ("var/lib/dpkg/status", images.dpkg_status("curl=7.88.1-10+deb12u8")), dist_info("Django", "3.2.0")]:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    (root / "loop").symlink_to("loop")
    (root / "out").symlink_to("/etc")
    report = json.loads(cli("scan", f"dir:{root}", "-o", "json").stdout)
    assert {f["id"] for f in report["findings"]} == {"CVE-2026-0001", "CVE-2026-0002", "CVE-2026-1000"}


def test_an_sbom_is_matched_as_its_image_is(cli, layout, tmp_path):
    wanted = {(f["id"], f["verdict"]) for f in json.loads(cli("scan", f"oci:{layout}", "-o", "json").stdout)["findings"]}
    for form in ("cyclonedx", "spdx"):
        cli("sbom", f"oci:{layout}", "-o", f"{form}={tmp_path}/{form}.json")
        report = json.loads(cli("scan", f"sbom:{tmp_path}/{form}.json", "-o", "json").stdout)
        assert {(f["id"], f["verdict"]) for f in report["findings"]} == wanted, form


def test_a_go_program_and_its_sbom_are_asked_about_its_commit(cli, tmp_path):
    program = pathlib.Path(__file__).parents[1] / "cases/readers/binary/go-commit-and-version-from-ldflags/in/untagged"
    (tmp_path / "root/bin").mkdir(parents=True)
    (tmp_path / "root/bin/app").write_bytes(program.read_bytes())
    (tmp_path / "root/bin/app").chmod(0o755)
    for form in ("cyclonedx", "spdx"):
        cli("sbom", "dir:root", "-o", f"{form}={tmp_path}/{form}.json")
    for target in ("dir:root", "sbom:cyclonedx.json", "sbom:spdx.json"):
        report = json.loads(cli("scan", target, "-o", "json").stdout)
        assert [(f["id"], f["verdict"], report["packages"][f["package"]]["version"]) for f in report["findings"]] == [("GO-2026-1", "affected", "v1.20.4")], target


def test_docker_archive_plain_and_gzipped(cli, tmp_path):
    image = images.sample("curl=7.88.1-10+deb12u8")
    path = images.write_docker_archive(image, tmp_path / "save.tar", "app:1")
    plain = purls(cli("sbom", f"docker-archive:{path}", "-o", "purls"))
    (tmp_path / "save.tar.gz").write_bytes(gzip.compress(pathlib.Path(path).read_bytes()))
    assert purls(cli("sbom", f"docker-archive:{tmp_path}/save.tar.gz", "-o", "purls")) == plain
    nowhere = {"HOME": "/proc", "XDG_CACHE_HOME": "/proc/cache"}     # as with `docker run -u 1000`, where / is the home
    assert purls(cli("sbom", f"docker-archive:{tmp_path}/save.tar.gz", "-o", "purls", env=nowhere)) == plain
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
        assert purls(cli("sbom", "docker-archive:/dev/stdin", "-o", "purls", env=nowhere, stdin=cat.stdout)) == plain
    assert any("curl@7.88.1-10" in p for p in plain) and not any("base-only" in p for p in plain)


# --- bad input: the rows are those of the field's security record -----------------------------------------------------

@pytest.mark.parametrize("path", ["../../outside", "/etc/../../outside", "a/../../../outside"])
def test_rows_1_and_5_nothing_is_written_outside_the_cache(cli, tmp_path, path):
    image = images.Image([[(path, "evil"), dist_info("good", "1")]])
    layout = images.write_layout(image, tmp_path / "l")
    before = {p for p in tmp_path.rglob("*") if "cache" not in p.parts}
    report = json.loads(cli("scan", f"oci:{layout}", "-o", "json").stdout)
    assert [p["name"] for p in report["packages"]] == ["good"]
    assert any("leaves the image" in u["what"] for u in report["unknowns"])
    assert {p for p in tmp_path.rglob("*") if "cache" not in p.parts} == before


def test_row_2_a_digest_is_never_a_path(cli, layout, tmp_path):
    index = json.loads((layout / "index.json").read_text())
    index["manifests"][0]["digest"] = "sha256:../../../../etc/passwd"
    (layout / "index.json").write_text(json.dumps(index))
    assert "digest" in cli("scan", f"oci:{layout}", code=2).stderr


def test_rows_2_and_4_a_symlinked_blob_is_not_followed(cli, layout):
    index = json.loads((layout / "index.json").read_text())
    blob = layout / "blobs" / "sha256" / index["manifests"][0]["digest"].removeprefix("sha256:")
    elsewhere = layout.parent / "elsewhere"
    blob.rename(elsewhere)
    blob.symlink_to(elsewhere)
    cli("scan", f"oci:{layout}", code=2)


def test_row_3_a_hard_link_out_of_the_image_is_not_followed(cli, tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        link = tarfile.TarInfo("var/lib/dpkg/status")
        link.type, link.linkname = tarfile.LNKTYPE, "../../../../../var/lib/dpkg/status"
        archive.addfile(link)
    image = images.Image([[("x", "")]])
    raw(image, [out.getvalue()])
    assert purls(cli("sbom", f"oci:{images.write_layout(image, tmp_path / 'h')}", "-o", "purls")) == []


def test_row_6_a_layer_swapped_while_it_is_scanned_is_refused_or_right(cli, program, layout, tmp_path):
    manifest = json.loads((layout / "blobs/sha256" / json.loads((layout / "index.json").read_text())["manifests"][0]["digest"][7:]).read_text())
    blob = layout / "blobs/sha256" / manifest["layers"][0]["digest"][7:]
    good, bad = blob.read_bytes(), gzip.compress(images.tar([("var/lib/dpkg/status", images.dpkg_status("evil=1"))]))
    wanted = cli("sbom", f"oci:{layout}", "-o", "purls", "--no-cache").stdout
    done = threading.Event()

    def swap():
        while not done.is_set():
            for data in (bad, good):
                (tmp_path / "swap").write_bytes(data)
                os.replace(tmp_path / "swap", blob)

    thread = threading.Thread(target=swap)
    thread.start()
    codes = set()
    try:
        for _ in range(30):
            command = subprocess.run([program, "sbom", f"oci:{layout}", "-o", "purls", "--no-cache"], capture_output=True, text=True, timeout=60)
            assert (command.returncode, command.stdout) == (0, wanted) or (command.returncode, command.stdout) == (2, ""), command.stderr
            codes.add(command.returncode)
    finally:
        done.set()
        thread.join()
    assert 2 in codes, "the swap was never met"


# A process of its own starts the scan: what exec counts as the first peak is the size of whoever called it.
METER = """import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss // 1024)"""


def peak(program, tmp_path, *arguments):
    """Exit code, report and the largest resident size in MB of a scan, its sandboxed child included."""
    out = tmp_path / "peak.json"
    done = subprocess.run([sys.executable, "-c", METER, program, "scan", "--offline", "--no-cache", "-q", "-o", f"json={out}", *arguments],
                          env={**os.environ, "HOME": str(tmp_path)}, cwd=tmp_path, stdout=subprocess.PIPE, text=True, timeout=120, check=True)
    code, megabytes = map(int, done.stdout.split())
    return code, json.loads(out.read_text()) if out.exists() else None, megabytes


def bomb_of_jars():
    jar = io.BytesIO()
    zeros = b"\0" * (8 << 20)
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for i in range(100):
            archive.writestr(f"{i}.jar", zeros)
    return jar.getvalue()


def jars_in_jars(depth):
    data = b""
    for level in range(depth):
        jar = io.BytesIO()
        with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"lib/{level}.jar", data)
        data = jar.getvalue()
    return data


@pytest.mark.parametrize("name,content", [("app/bomb.jar", bomb_of_jars), ("app/deep.war", lambda: jars_in_jars(60))])
def test_rows_7_and_8_bombs_end_in_an_unknown_not_in_memory(program, tmp_path, name, content):
    image = images.Image([[(name, content()), dist_info("good", "1")]])
    code, report, megabytes = peak(program, tmp_path, f"oci:{images.write_layout(image, tmp_path / 'b')}")
    assert code == 0 and megabytes < 300
    assert "good" in [p["name"] for p in report["packages"]]
    assert any(u["path"].startswith(name) for u in report["unknowns"])


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_row_8_a_layer_of_zeros_costs_no_memory(program, tmp_path, how):
    zeros = tarfile.TarInfo("zeros")
    zeros.size = 512 << 20
    block = b"\0" * (1 << 20)
    diff = hashlib.sha256()
    packer = subprocess.Popen([how, "-q", "-1", "-c"], stdin=subprocess.PIPE, stdout=open(tmp_path / "blob", "wb"))
    for part in (zeros.tobuf(), *[block] * 512, images.tar([dist_info("good", "1")])):
        packer.stdin.write(part)
        diff.update(part)
    packer.stdin.close()
    assert packer.wait() == 0
    image = images.Image([[("x", "")]])
    raw(image, [(tmp_path / "blob").read_bytes()], ["sha256:" + diff.hexdigest()], images.SUFFIX[how])
    code, report, megabytes = peak(program, tmp_path, f"oci:{images.write_layout(image, tmp_path / 'z')}")
    assert code == 0 and megabytes < 300
    assert [p["name"] for p in report["packages"]] == ["good"]


def test_row_9_huge_headers_and_indexes_are_refused(cli, layout):
    (layout / "index.json").write_bytes(b'{"schemaVersion": 2, "manifests": [' + b" " * (32 << 20) + b"]}")
    assert "limit" in cli("scan", f"oci:{layout}", code=2).stderr


def test_row_10_truncated_and_flipped_layers_are_errors(cli, layout):
    manifest = json.loads((layout / "blobs/sha256" / json.loads((layout / "index.json").read_text())["manifests"][0]["digest"][7:]).read_text())
    for layer in manifest["layers"]:
        blob = layout / "blobs/sha256" / layer["digest"][7:]
        good = blob.read_bytes()
        for bad in (good[:len(good) // 2], good[:-1], good[:40] + bytes([good[40] ^ 1]) + good[41:], b"", good + b"x"):
            blob.write_bytes(bad)
            done = cli("scan", f"oci:{layout}", "--no-cache", code=2)
            assert layer["digest"][7:] in done.stderr and done.stdout == ""
        blob.write_bytes(good)


def hostile_binaries():
    """Each format's magic with sizes, counts and offsets that point anywhere."""
    huge = b"\xff" * 8
    elf = bytearray(pathlib.Path("/bin/true").read_bytes())
    elf[0x28:0x30] = huge                                   # e_shoff
    sections = bytearray(pathlib.Path("/bin/true").read_bytes())
    table = int.from_bytes(sections[0x28:0x30], "little")
    for i in range(int.from_bytes(sections[0x3c:0x3e], "little")):
        sections[table + 64 * i + 0x18:table + 64 * i + 0x28] = b"\x40" + b"\0" * 7 + huge[:7] + b"\x7f"   # sh_offset, sh_size
    return {
        "usr/bin/elf-table": bytes(elf),
        "usr/bin/elf-sections": bytes(sections),
        "usr/bin/pe": b"MZ" + b"\0" * 58 + (64).to_bytes(4, "little") + b"PE\0\0\x64\x86" + b"\xff" * 400,
        "usr/bin/mach-o": b"\xcf\xfa\xed\xfe" + b"\xff" * 400,
        "usr/bin/fat": b"\xca\xfe\xba\xbe" + b"\xff" * 400,
        "var/lib/rpm/rpmdb.sqlite": b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20" + b"\xff" * 4072,
        "var/lib/rpm/Packages": b"\0" * 12 + b"\x61\x15\x06\0" + b"\x09\0\0\0" + b"\0\x10\0\0" + b"\xff" * 4072,
        "var/lib/rpm/Packages.db": b"RpmP" + b"\xff" * 4092,
    }


def test_row_11_sizes_in_binaries_are_not_believed(program, tmp_path):
    files = hostile_binaries()
    image = images.Image([[*files.items(), dist_info("good", "1")]])
    code, report, megabytes = peak(program, tmp_path, f"oci:{images.write_layout(image, tmp_path / 's')}")
    assert code == 0 and megabytes < 300
    assert [p["name"] for p in report["packages"]] == ["good"]
    named = {u["path"] for u in report["unknowns"]}
    assert {p for p in files if p.startswith("var/lib/rpm/")} <= named, named


def test_row_18_no_secret_of_the_environment_is_in_any_output(cli, layout, tmp_path):
    env = {"DOCKER_AUTH_CONFIG": SYFT_CANARY, "REGISTRY_PASSWORD": SYFT_CANARY, "AWS_SECRET_ACCESS_KEY": SYFT_CANARY}
    for form in ("table", "json", "sarif", "cyclonedx", "spdx", "html", "purls"):
        done = cli("scan", f"oci:{layout}", "-v", "-o", form, env=env)
        assert SYFT_CANARY not in done.stdout + done.stderr


def test_row_23_a_document_that_is_manifest_and_index_is_refused(cli, layout):
    entry = json.loads((layout / "index.json").read_text())["manifests"][0]
    document = json.loads((layout / "blobs/sha256" / entry["digest"][7:]).read_text()) | {"manifests": [entry]}
    body = json.dumps(document).encode()
    (layout / "blobs/sha256" / hashlib.sha256(body).hexdigest()).write_bytes(body)
    entry |= {"digest": images.digest(body), "size": len(body)}
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    cli("scan", f"oci:{layout}", code=2)


def test_row_37_labels_and_names_cannot_move_the_terminal(cli, tmp_path):
    evil = "x\x1b]0;owned\x07\u202e\x1b[2J"
    image = images.Image([[("etc/os-release", f'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="{evil}"\n'), dist_info("a", "1"),
                           ("var/lib/dpkg/status", images.dpkg_status(f"evil{evil}=1"))]])
    config = json.loads(image.config)
    config["config"]["Labels"] = {evil: evil}
    config["history"] = [{"created_by": evil}]
    image.blobs.pop(images.digest(image.config))
    image.config = json.dumps(config).encode()
    manifest = json.loads(image.manifest)
    manifest["config"] = image.blob(image.config, images.OCI + "config.v1+json")
    image.manifest = json.dumps(manifest).encode()
    layout = images.write_layout(image, tmp_path / "e")
    done = cli("scan", f"oci:{layout}", text=False)
    for bad in (b"\x1b]", b"\x1b[2J", "\u202e".encode(), b"\x07"):
        assert bad not in done.stdout + done.stderr


def test_row_38_a_kill_leaves_nothing_behind(program, cli, tmp_path):
    noise = os.urandom(1 << 20).hex() * 20
    layout = images.write_layout(images.Image([[("big", noise)], [("etc/os-release", images.OS_RELEASE), dist_info("good", "1")]]), tmp_path / "k")
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as out:
        out.add(layout, ".")
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(archive.read_bytes(), 1))
    cache, scratch = tmp_path / "cache", tmp_path / "tmp"
    scratch.mkdir()
    killed = 0
    for delay in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2):
        process = subprocess.Popen([program, "sbom", f"oci-archive:{tmp_path}/a.tar.gz", "--cache-dir", cache], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={**os.environ, "TMPDIR": str(scratch)})
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    assert killed, "every scan was over before it could be killed"
    assert not [p for p in cache.rglob("*") if p.is_file() and p.suffix != ".layer"]
    assert not list(scratch.iterdir())
    assert purls(cli("sbom", f"oci-archive:{tmp_path}/a.tar.gz", "--cache-dir", cache, "-o", "purls")) == ["pkg:pypi/good@1"]


def test_offline_sends_nothing(cli):
    assert "offline" in cli("scan", "registry.example.org/app:1", "--offline", code=2).stderr


def test_configuration_file_then_environment_then_flag(cli, layout, tmp_path):
    (tmp_path / "boltseal.yaml").write_text("scan:\n  fail-on: any\n  output: [purls]\n")
    cli("scan", f"oci:{layout}", code=1)
    cli("scan", f"oci:{layout}", env={"BOLTSEAL_FAIL_ON": "none"}, code=0)
    cli("scan", f"oci:{layout}", "--fail-on", "none", code=0)
    (tmp_path / "boltseal.yaml").write_text("scan:\n  no-such-option: 1\n")
    cli("scan", f"oci:{layout}", code=3)


def test_version_compare(cli):
    assert cli("version", "compare", "Debian", "1.0~rc1", "1.0").stdout == "1.0~rc1 < 1.0\n"
    done = cli("version", "compare", "PyPI", input="1.0\t1.0.0\n1.0a1\t1.0\nnonsense!\t1\n")
    assert done.stdout == "1.0\t1.0.0\t=\n1.0a1\t1.0\t<\nnonsense!\t1\t?\n"
    cli("version", "compare", "Nowhere", "1", "2", code=3)


def test_help_completion_and_man_pages(cli, tmp_path):
    assert "scan" in cli("--help").stdout
    for shell in ("bash", "zsh", "fish"):
        assert "--fail-on" in cli("completion", shell).stdout or "fail-on" in cli("completion", shell).stdout
    subprocess.run(["bash", "-n"], input=cli("completion", "bash").stdout, text=True, check=True)
    cli("man", tmp_path)
    assert ".SH OPTIONS" in (tmp_path / "boltseal-scan.1").read_text()
