"""Images made to hide something, to cost something or to write somewhere; and scans in places where hardly anything works."""
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tarfile
import time
import zipfile

import pytest

import images
from scan_test import METER, dist_info, raw


def layout_of(path, *tars):
    image = images.Image([[("x", "")]])
    raw(image, list(tars))
    return f"oci:{images.write_layout(image, path)}"


def entry(archive, name, content=b"", kind=tarfile.REGTYPE, link="", **more):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(content)
    for key, value in more.items():
        setattr(info, key, value)
    archive.addfile(info, io.BytesIO(content))


def a_tar(fill, **more):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", **more) as archive:
        fill(archive)
    return out.getvalue()


def metered(boltseal, reference, *arguments, timeout=100):
    """The report, its size in memory in MB (parent or child, the larger) and how long it took."""
    out = boltseal.home / "metered.json"
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", METER, boltseal.program, "scan", "--offline", "--no-cache", "-q", "-o", f"json={out}", *arguments, reference],
                          env={"PATH": os.environ["PATH"], "HOME": str(boltseal.home)}, cwd=boltseal.home, stdout=subprocess.PIPE, text=True, timeout=timeout, check=True)
    code, megabytes = map(int, done.stdout.split())
    assert code == 0
    return json.loads(out.read_text()), megabytes, time.monotonic() - begun


def names_and_unknowns(report):
    return [p["name"] for p in report["packages"]], report["unknowns"]


# --- what costs ----------------------------------------------------------------------------------------------------------

def test_a_flood_of_broken_names_is_counted(boltseal, tmp_path):
    block = a_tar(lambda t: entry(t, "../out"))[:512]
    good = a_tar(lambda t: entry(t, dist_info("good", "1")[0], dist_info("good", "1")[1].encode()))
    report, megabytes, _ = metered(boltseal, layout_of(tmp_path / "l", block * 300_000 + good))
    packages, unknowns = names_and_unknowns(report)
    assert packages == ["good"] and megabytes < 200
    assert any("not listed" in u["what"] for u in unknowns)


def jar_of_zeros():
    jar = io.BytesIO()
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lib/inner.jar", b"\0" * (15 << 20))
    return jar.getvalue()


def test_many_small_archives_are_no_better_a_bomb_than_a_large_one(boltseal, tmp_path):
    jar, name = jar_of_zeros(), dist_info("good", "1")
    tar = a_tar(lambda t: [*(entry(t, f"app/{i}.jar", jar) for i in range(400)), entry(t, name[0], name[1].encode())])
    report, megabytes, _ = metered(boltseal, layout_of(tmp_path / "l", tar))
    packages, unknowns = names_and_unknowns(report)
    assert packages == ["good"] and megabytes < 300
    assert any("MiB" in u["what"] for u in unknowns), unknowns[:3]


def test_a_big_archive_under_many_names_is_read_a_few_times(boltseal, tmp_path):
    content = os.urandom(20 << 20)
    tar = a_tar(lambda t: [entry(t, "store", content), *(entry(t, f"app/{i}.jar", kind=tarfile.LNKTYPE, link="store") for i in range(1000))])
    report, megabytes, _ = metered(boltseal, layout_of(tmp_path / "l", tar))
    assert megabytes < 300 and any("GiB" in u["what"] for u in report["unknowns"])


# --- what hides: each is unpacked so by what runs images (Go's archive/tar) ------------------------------------------------

NAME, CONTENT = dist_info("seen", "1")


def pax_header(kind, records):
    body = b""
    for key, value in records.items():
        rest = f" {key}={value}\n"
        size = len(rest) + 1
        while len(f"{size}{rest}") != size:
            size = len(f"{size}{rest}")
        body += f"{size}{rest}".encode()
    return a_tar(lambda t: entry(t, "pax", body, kind))[:512 + -(-len(body) // 512) * 512]


def plain(name):
    return a_tar(lambda t: entry(t, name, CONTENT.encode()))


@pytest.mark.parametrize("tar", [
    lambda: pax_header(b"g", {"path": "elsewhere"}) + plain(NAME),
    lambda: pax_header(b"g", {"size": "0"}) + plain(NAME),
    lambda: pax_header(b"x", {"path": "elsewhere"}) + pax_header(b"x", {"comment": "instead"}) + plain(NAME),
    lambda: plain("usr/../" + NAME),
    lambda: plain("/./" + NAME.replace("/", "//")),
    lambda: a_tar(lambda t: [entry(t, "store", b"Name: other\nVersion: 1\n"), entry(t, NAME, kind=tarfile.LNKTYPE, link="store"), entry(t, NAME, CONTENT.encode())]),
], ids=["global path", "global size", "replaced header", "steps back", "slashes", "link before file"])
def test_a_package_cannot_be_hidden_by_the_way_its_tar_is_written(boltseal, tmp_path, tar):
    reference = layout_of(tmp_path / "l", tar())
    assert boltseal.purls(reference, "--no-cache") == ["pkg:pypi/seen@1"]


@pytest.mark.parametrize("form", ["gnu", "posix", "posix --sparse-version=0.0", "posix --sparse-version=0.1"])
def test_sparse_files_of_gnu_tar_are_read(boltseal, tmp_path, form):
    path = tmp_path / "root" / NAME
    path.parent.mkdir(parents=True)
    with open(path, "wb") as file:
        file.write(CONTENT.encode() + b"\n")
        for i in range(1, 12):
            file.seek(i * 300_000)
            file.write(b"description\n")
    tar = subprocess.run(["tar", "-C", tmp_path / "root", "-c", "--sparse", *f"--format={form}".split(), "usr"], check=True, stdout=subprocess.PIPE).stdout
    assert len(tar) < 300_000, "tar saw no holes"
    assert boltseal.purls(layout_of(tmp_path / "l", tar), "--no-cache") == ["pkg:pypi/seen@1"]


def test_row_6_other_bytes_of_the_same_size_are_noticed(boltseal, tmp_path):
    """Neither a length nor a checksum of the format gives these away, only the digests."""
    good, evil = (a_tar(lambda t: entry(t, NAME, CONTENT.replace("seen", name).encode())) for name in ("seen", "evil"))
    image = images.Image([[("x", "")]])
    raw(image, [good], [images.digest(good)], "")
    blob = images.write_layout(image, tmp_path / "blob") / "blobs" / "sha256" / images.digest(good)[7:]
    assert boltseal.purls(f"oci:{tmp_path}/blob", "--no-cache") == ["pkg:pypi/seen@1"]
    blob.write_bytes(evil)
    raw(image, [good], [images.digest(evil)], "")
    images.write_layout(image, tmp_path / "diff")
    for name in ("blob", "diff"):
        done = boltseal("sbom", "-q", "-o", "purls", "--no-cache", f"oci:{tmp_path}/{name}")
        assert done.returncode == 2 and done.stdout == "" and "promised" in done.stderr, done.stderr


def test_what_was_read_of_one_blob_says_nothing_of_another(boltseal, tmp_path):
    """The config of the second image promises the content of the first, which was read before; not every runtime checks that."""
    good, evil = (a_tar(lambda t: entry(t, NAME, CONTENT.replace("seen", name).encode())) for name in ("seen", "evil"))
    for name, tar in ("good", good), ("evil", evil):
        image = images.Image([[("x", "")]])
        raw(image, [tar], [images.digest(good)], "")
        images.write_layout(image, tmp_path / name)
    assert boltseal.purls(f"oci:{tmp_path}/good") == ["pkg:pypi/seen@1"]
    for command in ["sbom", "-o", "purls"], ["seal"]:
        done = boltseal(*command, "-q", f"oci:{tmp_path}/evil")
        assert done.returncode == 2 and "promised" in done.stderr, done.stderr


@pytest.mark.parametrize("bend", [
    lambda text: text[:-1] + ',"layers":[]}', lambda text: text[:-1] + ',"Layers":[]}', lambda text: text[:-1] + ',"layer\u017f":[]}',
    lambda text: text.replace('"digest":', '"Digest": "sha256:0", "digest":', 1), lambda text: text.replace('"layers"', '"Layers"'),
    lambda text: text.replace('"digest":', '"Digest":')])
def test_a_manifest_that_two_readers_would_read_in_two_ways_is_refused(boltseal, tmp_path, bend):
    """Of two members of a name Go takes the last one, in whatever case; other layers than ours would run."""
    image = images.Image([[dist_info("harmless", "1")]])
    image.manifest = bend(image.manifest.decode()).encode()
    done = boltseal("sbom", "-q", "-o", "purls", "--no-cache", f"oci:{images.write_layout(image, tmp_path / 'l')}")
    assert done.returncode == 2 and ": refused" in done.stderr, done.stderr


# --- where hardly anything works ---------------------------------------------------------------------------------------------

@pytest.fixture
def sample(tmp_path):
    return f"oci:{images.write_layout(images.sample('hello=2.10-3', 'zlib1g=1:1.2.13.dfsg-1'), tmp_path / 'sample')}"


def shell(boltseal, script, **environment):
    return subprocess.run(["bash", "-c", script], env={"PATH": os.environ["PATH"], "HOME": str(boltseal.home), "B": boltseal.program} | environment,
                          cwd=boltseal.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)


@pytest.mark.parametrize("script", [
    "exec {sbom}", "exec {sbom} <&-", "exec {sbom} 2>&-", "exec {sbom} <&- 2>&-", "ulimit -n 16; exec {sbom}", "ulimit -s 256; exec {sbom}",
    "env -u HOME {sbom}", "HOME=/proc/none XDG_CACHE_HOME= {sbom}", "touch f; {sbom} --cache-dir f", "{sbom} --cache-dir /proc/none", "env -i {sbom}",
    "LC_ALL=xx_YY.nothing TZ=:/etc/passwd LANG= {sbom}", "ulimit -f 0; {sbom} | cat", "TMPDIR=/nonexistent {sbom}",
    *(f"{{sbom}} --threads {n}" for n in (1, 2, 7, 64)),
])
def test_the_same_bytes_come_out_of_odd_places(boltseal, sample, script):
    done = shell(boltseal, script.format(sbom=f'"$B" sbom -q -o purls {sample}'))
    assert done.returncode == 0, done.stderr
    assert [line.split("?")[0] for line in done.stdout.splitlines()] == ["pkg:deb/debian/hello@2.10-3", "pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1"]


@pytest.mark.parametrize("script", ["exec {sbom} >&-", "exec {sbom} >&- 2>&- <&-", "exec {sbom} > /dev/full", "ulimit -n 5; exec {sbom}"])
def test_what_cannot_be_done_is_said_by_the_exit_code(boltseal, sample, script):
    assert shell(boltseal, script.format(sbom=f'"$B" sbom -q -o purls {sample}')).returncode == 2


def test_closed_descriptors_are_not_taken_for_files(boltseal, sample):
    """With 0, 1 and 2 closed the next files would get these numbers, and messages would go into them."""
    shell(boltseal, f'"$B" sbom -v -o purls {sample} <&- >&- 2>&-')
    for file in (boltseal.home / ".cache" / "boltseal").glob("*.layer"):
        assert file.read_bytes().startswith(b"BSCACHE")
    done = shell(boltseal, f'"$B" sbom -q -o purls {sample}')
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2


def test_a_report_never_takes_the_place_of_a_device(boltseal, sample):
    if os.geteuid() != 0:
        pytest.skip("only root may make a device")
    device = boltseal.home / "full"
    os.mknod(device, 0o666 | 0o020000, os.makedev(1, 7))
    assert boltseal("sbom", "-q", "-o", f"json={device}", sample).returncode == 2
    assert device.is_char_device()


def test_a_reader_that_leaves_early_ends_the_scan_quietly(boltseal, sample):
    done = shell(boltseal, f'"$B" scan -q -o json {sample} | head -c 1; echo ${{PIPESTATUS[0]}} >&2')
    assert done.stdout == "{" and done.stderr.strip().splitlines()[-1] in ("0", "2", "141")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_process_and_no_half_entry(boltseal, tmp_path, number):
    big = a_tar(lambda t: entry(t, "zeros", bytes(300 << 20)))
    reference = layout_of(tmp_path / "l", big)
    process = subprocess.Popen([boltseal.program, "sbom", "-q", "-o", "purls", reference], env={"PATH": os.environ["PATH"], "HOME": str(boltseal.home)},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    child, end = [], time.monotonic() + 10
    while not child and process.poll() is None and time.monotonic() < end:
        child = children.read_text().split() if children.exists() else []
    process.send_signal(number)
    assert process.wait(20) != 0 and child
    end = time.monotonic() + 10
    while pathlib.Path(f"/proc/{child[0]}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not pathlib.Path(f"/proc/{child[0]}").exists()
    assert not [p for p in boltseal.home.rglob("*") if p.is_file() and p.suffix != ".layer"]


def test_two_scans_at_once_do_not_meet(boltseal, sample):
    both = shell(boltseal, f'"$B" sbom -q -o json {sample} > a & "$B" sbom -q -o json {sample} > b & wait; cmp a b && wc -c < a')
    assert both.returncode == 0 and int(both.stdout) > 500
