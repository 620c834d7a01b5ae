"""Drift of folders, overlays, processes and real containers (runc, Docker) from the seal of the image they came from."""
import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tarfile
import threading
import time

import images
import pytest
from conftest import need, stop, wait_for
from seal_test import entry, folder, hard_link, layer, layout, symlink

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners, mounts and containers want root")

SLEEPER = "#include <unistd.h>\nint main(void) { for (;;) pause(); }\n"


@pytest.fixture(scope="session")
def sleeper(tmp_path_factory):
    """The bytes of a static program that sleeps."""
    folder_ = tmp_path_factory.mktemp("sleeper")
    (folder_ / "sleeper.c").write_text(SLEEPER)
    subprocess.run([need("gcc", "gcc"), "-static", "-O1", "-o", folder_ / "sleeper", folder_ / "sleeper.c"], check=True)
    return (folder_ / "sleeper").read_bytes()


@pytest.fixture
def image_layers(sleeper):
    return [layer(folder("bin/"), entry("bin/sleeper", sleeper, mode=0o755), hard_link("bin/other-name", "bin/sleeper", mode=0o755),
                  folder("etc/"), entry("etc/app.conf", "port=1\n"), entry("etc/shadow", "secret", mode=0o640, gid=42), symlink("etc/link", "app.conf"),
                  folder("data/"), *(entry(f"data/{i}", str(i)) for i in range(20)), folder("dev/"), folder("proc/"), folder("sys/"), folder("tmp/", mode=0o1777)),
            layer(entry("etc/app.conf", "port=2\n"), folder("var/"), entry("var/cache", "c"))]


def unpack(layers, to):
    to.mkdir(parents=True, exist_ok=True)
    for data in layers:
        subprocess.run(["tar", "--numeric-owner", "--same-owner", "-pxf", "-", "-C", to], input=data, check=True)
    return to


@pytest.fixture
def sealed(boltseal, image_layers, tmp_path):
    """The manifest of the image, and its layout beside it."""
    path = tmp_path / "manifest.json"
    done = boltseal("seal", "-q", f"oci:{layout(tmp_path / 'layout', *image_layers)}", "-o", f"json={path}")
    assert done.returncode == 0, done.stderr
    return path


def drift(boltseal, sealed, target, *arguments, code=None, timeout=60):
    done = boltseal("drift", "-q", "--seal", sealed, target, "-o", "json", *arguments, timeout=timeout)
    assert done.returncode in (0, 1, 2) and done.stdout, done.stderr
    if code is not None:
        assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def kinds(report):
    return sorted((f["kind"], f.get("path")) for f in report["findings"])


def damage(root, sleeper):
    """One of every kind of drift."""
    (root / "etc/app.conf").write_text("port=666\n")
    (root / "etc/new.conf").write_text("n")
    (root / "bin/evil").write_bytes(sleeper + b"evil")
    (root / "bin/evil").chmod(0o755)
    (root / "bin/script").write_text("#!/bin/sh\n")
    (root / "bin/script").chmod(0o755)
    (root / "etc/shadow").chmod(0o644)
    (root / "var/cache").unlink()
    (root / "etc/link").unlink()
    (root / "etc/link").symlink_to("/etc/passwd")
    os.chown(root / "data/1", 5, 5)
    os.setxattr(root / "data/2", "user.note", b"x")


DAMAGE = sorted([("changed", "etc/app.conf"), ("added", "etc/new.conf"), ("unknown-executable", "bin/evil"), ("unknown-executable", "bin/script"),
                 ("permission", "etc/shadow"), ("removed", "var/cache"), ("changed", "etc/link"), ("permission", "data/1"), ("permission", "data/2")])


def test_folder(boltseal, sealed, image_layers, sleeper, tmp_path):
    root = unpack(image_layers, tmp_path / "root")
    clean = drift(boltseal, sealed, f"dir:{root}", code=0)
    assert clean["clean"] and clean["findings"] == [] and clean["summary"]["checked"] == 34
    damage(root, sleeper)
    report = drift(boltseal, sealed, f"dir:{root}", code=1)
    assert kinds(report) == DAMAGE
    by_path = {f["path"]: f for f in report["findings"]}
    assert by_path["etc/app.conf"]["changes"] == ["size", "content"]
    assert (by_path["etc/shadow"]["expected"]["mode"], by_path["etc/shadow"]["found"]["mode"]) == ("0640", "0644")
    assert by_path["data/1"]["changes"] == ["owner"] and by_path["data/2"]["changes"] == ["xattrs"]
    table = boltseal("drift", "--seal", sealed, f"dir:{root}")
    assert table.returncode == 1 and "mode 0640 → 0644" in table.stdout and "drift: 9 findings" in table.stdout


def test_every_finding_has_a_proof_that_stands_alone(boltseal, sealed, image_layers, sleeper, tmp_path):
    root = unpack(image_layers, tmp_path / "root")
    damage(root, sleeper)
    report = drift(boltseal, sealed, f"dir:{root}")
    for finding in report["findings"]:
        (tmp_path / "proof").write_text(json.dumps(finding["proof"]))
        checked = boltseal("seal", "check", tmp_path / "proof", "--root", report["seal"]["root"])
        assert checked.returncode == 0 and finding["path"] in checked.stdout, checked.stderr
        assert ("no file" in checked.stdout) == ("expected" not in finding)


def test_report_has_the_same_bytes_at_any_thread_count(boltseal, sealed, image_layers, sleeper, tmp_path):
    root = unpack(image_layers, tmp_path / "root")
    damage(root, sleeper)
    outputs = {boltseal("drift", "-q", "--seal", sealed, f"dir:{root}", "-o", "json", "--threads", n).stdout for n in (1, 2, 9)}
    assert len(outputs) == 1


def test_another_image(boltseal, sealed, image_layers, tmp_path):
    same = layout(tmp_path / "same", *image_layers)
    assert drift(boltseal, sealed, f"oci:{same}", code=0)["clean"]
    other = layout(tmp_path / "other", *image_layers, layer(entry("etc/app.conf", "x"), entry("data/.wh.3", ""), entry("bin/more", "m")))
    assert kinds(drift(boltseal, sealed, f"oci:{other}", code=1)) == [("added", "bin/more"), ("changed", "etc/app.conf"), ("removed", "data/3")]


def test_names_that_are_no_text(boltseal, sealed, image_layers, tmp_path):
    root = unpack(image_layers, tmp_path / "root")
    with open(os.fsencode(root) + b"/bad\xff\n\x1b[31m", "w") as f:
        f.write("x")
    report = drift(boltseal, sealed, f"dir:{root}", code=1)
    assert report["findings"][0]["pathBase64"] == "YmFk/wobWzMxbQ=="
    assert "\x1b" not in boltseal("drift", "--seal", sealed, f"dir:{root}").stdout


def test_no_symlink_leads_out(boltseal, sealed, image_layers, tmp_path):
    root = unpack(image_layers, tmp_path / "root")
    shutil.rmtree(root / "data")
    outside = unpack(image_layers, tmp_path / "outside")
    (root / "data").symlink_to(outside / "data")
    report = drift(boltseal, sealed, f"dir:{root}", code=1)
    assert ("changed", "data") in kinds(report) and ("removed", "data/7") in kinds(report)


def test_pipes_sockets_and_devices_are_not_opened(boltseal, sealed, image_layers, tmp_path, monkeypatch):
    root = unpack(image_layers, tmp_path / "root")
    os.mkfifo(root / "etc/pipe")
    os.mknod(root / "etc/device", 0o20600, os.makedev(1, 5))  # endless zeros
    monkeypatch.chdir(root)  # a socket's path may have 107 bytes
    with socket.socket(socket.AF_UNIX) as s:
        s.bind("etc/socket")
        report = drift(boltseal, sealed, f"dir:{root}", code=1)
    assert {(f["path"], f["found"]["type"]) for f in report["findings"]} == {
        ("etc/pipe", "fifo"), ("etc/device", "character-device"), ("etc/socket", "socket")}


def test_allow_list(boltseal, sealed, image_layers, sleeper, tmp_path):
    root = unpack(image_layers, tmp_path / "root")
    (root / "tmp/scratch").write_text("x")
    (root / "etc/hosts").write_text("")
    (root / "etc/app.conf").write_text("port=3\n")
    assert kinds(drift(boltseal, sealed, f"dir:{root}", code=1)) == [("changed", "etc/app.conf")]
    assert drift(boltseal, sealed, f"dir:{root}", "--allow", "/etc/*.conf", code=0)["summary"]["allowed"] == 3
    assert len(drift(boltseal, sealed, f"dir:{root}", "--no-default-allow", code=1)["findings"]) == 3
    (root / "etc/hosts").write_text("6.6.6.6 bank.example\n")
    assert ("added", "etc/hosts") in kinds(drift(boltseal, sealed, f"dir:{root}", code=1)), "only an empty stub is expected"
    (root / "etc/hosts").unlink()
    (root / "tmp/evil").write_bytes(sleeper)
    (root / "tmp/evil").chmod(0o755)
    (root / "tmp/su").write_text("x")
    (root / "tmp/su").chmod(0o4644)
    (root / "var/cache").write_text("#!/bin/sh\n")
    (root / "var/cache").chmod(0o755)
    assert ("changed", "var/cache") in kinds(drift(boltseal, sealed, f"dir:{root}", "--allow", "/var", code=1)), "a new program is not expected"
    (root / "var/cache").write_text("c")
    (root / "var/cache").chmod(0o644)
    evil = drift(boltseal, sealed, f"dir:{root}", "--allow", "/etc/*.conf", code=1)
    assert kinds(evil) == [("added", "tmp/su"), ("unknown-executable", "tmp/evil")]
    assert evil["findings"][0]["sameContentAs"] in ("bin/sleeper", "bin/other-name")
    rules = tmp_path / "allow.yaml"
    rules.write_text("allow:\n- /etc/app.conf\n- path: /tmp/**\n  kinds: [added, unknown-executable]\n  reason: plugins\n")
    assert drift(boltseal, sealed, f"dir:{root}", "--allow-file", rules, code=0)["clean"]
    rules.write_text("allow:\n- path: /tmp\n  kinds: [everything]\n")
    bad = boltseal("drift", "--seal", sealed, f"dir:{root}", "--allow-file", rules)
    assert bad.returncode == 2 and "everything" in bad.stderr


def test_what_is_left_out_is_said(boltseal, sealed, image_layers, tmp_path):
    root = unpack(image_layers, tmp_path / "root")
    (root / "etc/app.conf").write_text("x")
    (root / "var/cache").unlink()
    report = drift(boltseal, sealed, f"dir:{root}", "--exclude", "/etc", code=1)
    assert kinds(report) == [("removed", "var/cache")] and report["notices"] == ["not compared: /etc"]
    manifest = json.loads(boltseal("seal", "-q", f"dir:{root}", "--exclude", "/data", "-o", "json").stdout)
    assert not [f for f in manifest["files"] if f["path"].startswith("data")]


def test_mounts_are_told_and_hide_nothing_in_silence(boltseal, sealed, image_layers, tmp_path):
    root = unpack(image_layers, tmp_path / "root")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", root / "data"], check=True)
    try:
        report = drift(boltseal, sealed, f"dir:{root}", code=0)
        assert [(m["path"], m.get("type"), m["hides"]) for m in report["mounts"]] == [("data", "tmpfs", 20)]
        subprocess.run(["mount", "--bind", "/etc/hostname", root / "etc/app.conf"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", root / "bin"], check=True)
        report = drift(boltseal, sealed, f"dir:{root}", code=1)
        assert kinds(report) == [("hidden", "bin"), ("hidden", "etc/app.conf")] and not report["clean"]
        assert {m["path"]: m["hides"] for m in report["mounts"]} == {"bin": 2, "data": 20, "etc/app.conf": 1}
        drift(boltseal, sealed, f"dir:{root}", "--allow", "/bin", "--allow", "/etc/app.conf", code=0)
        done = boltseal("seal", "amend", "/etc/app.conf", "--from", f"dir:{root}", "--seal", sealed, "--reason", "x", "-o", f"json={tmp_path / 'x'}")
        assert done.returncode != 0
    finally:
        subprocess.run(["umount", "-q", root / "data", root / "etc/app.conf", root / "bin"], check=False)


def test_files_that_come_and_go_meanwhile(boltseal, sealed, image_layers, tmp_path):
    root = unpack(image_layers, tmp_path / "root")
    over = threading.Event()

    def churn():
        while not over.is_set():
            for i in range(50):
                (root / f"tmp/{i}").write_text("x" * i)
            for i in range(50):
                (root / f"tmp/{i}").unlink()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(10):
            assert drift(boltseal, sealed, f"dir:{root}", code=0)["findings"] == []
    finally:
        over.set()
        thread.join()


def test_trusted_times(boltseal, sealed, image_layers, tmp_path):
    root = unpack(image_layers, tmp_path / "root")
    first = drift(boltseal, sealed, f"dir:{root}", "--trust-times", code=0)
    assert "every file was read" in first["notices"][0]
    time.sleep(0.1)
    assert drift(boltseal, sealed, f"dir:{root}", code=0).get("notices", []) == []
    assert drift(boltseal, sealed, f"dir:{root}", "--trust-times", code=0).get("notices", []) == []
    # Same size, and the time of modification put back: the time of the last change gives it away.
    before = (root / "etc/app.conf").stat()
    (root / "etc/app.conf").write_text("port=9\n")
    os.utime(root / "etc/app.conf", ns=(before.st_atime_ns, before.st_mtime_ns))
    os.setxattr(root / "data/2", "user.note", b"x")
    assert kinds(drift(boltseal, sealed, f"dir:{root}", "--trust-times", code=1)) == [("changed", "etc/app.conf"), ("permission", "data/2")]


@contextlib.contextmanager
def overlay(tmp_path, lowers):
    upper, work, merged = (tmp_path / name for name in ("upper", "work", "merged"))
    for one in (upper, work, merged):
        one.mkdir()
    done = subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                           f"lowerdir={':'.join(map(str, reversed(lowers)))},upperdir={upper},workdir={work},redirect_dir=on,metacopy=on", merged],
                          stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        pytest.skip("no overlay here: " + done.stderr)
    try:
        yield upper, merged
    finally:
        subprocess.run(["umount", "-l", merged], check=True)


def test_overlay_upper_folder(boltseal, sealed, image_layers, sleeper, tmp_path):
    lowers = [unpack([data], tmp_path / f"lower{i}") for i, data in enumerate(image_layers)]
    with overlay(tmp_path, lowers) as (upper, merged):
        assert drift(boltseal, sealed, f"dir:{merged}", code=0)["clean"]
        assert drift(boltseal, sealed, f"overlay:{upper}", code=0)["clean"]
        damage(merged, sleeper)
        shutil.rmtree(merged / "tmp")
        (merged / "tmp").mkdir(mode=0o1777)
        (merged / "tmp").chmod(0o1777)
        os.rename(merged / "data", merged / "moved")
        by_upper, by_merged = (drift(boltseal, sealed, target, code=1) for target in (f"overlay:{upper}", f"dir:{merged}"))
        assert kinds(by_upper) == kinds(by_merged)
        assert set(DAMAGE) - {("permission", "data/1"), ("permission", "data/2")} < set(kinds(by_upper))
        assert ("added", "moved/7") in kinds(by_upper) and ("removed", "data/7") in kinds(by_upper)
        found = {f["path"]: f.get("found") for f in by_upper["findings"]}
        merged_found = {f["path"]: f.get("found") for f in by_merged["findings"]}
        assert found == merged_found, "the upper folder alone tells what the whole shows"


@pytest.fixture
def runc(tmp_path, image_layers):
    """runc(): starts a container of the image; gives its id, its root and runc's state folder."""
    program, started = need("runc", "runc"), []

    def start(name, root=None):
        bundle = tmp_path / name
        root = root or unpack(image_layers, bundle / "rootfs")
        bundle.mkdir(exist_ok=True)
        subprocess.run([program, "spec"], cwd=bundle, check=True)
        config = json.loads((bundle / "config.json").read_text())
        config["process"] |= {"args": ["/bin/sleeper"], "terminal": False}
        config["root"] = {"path": str(root), "readonly": False}
        (bundle / "config.json").write_text(json.dumps(config))
        with open(bundle / "log", "w") as log:
            done = subprocess.run([program, "--root", tmp_path / "state", "run", "-d", name], cwd=bundle, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if done.returncode != 0:
            pytest.fail("runc does not run here: " + (bundle / "log").read_text(), pytrace=False)
        started.append(name)
        pid = json.loads(subprocess.run([program, "--root", tmp_path / "state", "state", name], check=True, stdout=subprocess.PIPE).stdout)["pid"]
        until = time.monotonic() + 30  # its first moment is runc's own, before the program is there
        while pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("runc:") and time.monotonic() < until:
            time.sleep(0.01)
        return root, pid

    yield start
    for name in started:
        subprocess.run([program, "--root", tmp_path / "state", "delete", "-f", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_container_of_runc(boltseal, sealed, runc, sleeper, tmp_path):
    root, pid = runc("bs-drift")
    where = ("--runtime-root", tmp_path / "state")
    clean = drift(boltseal, sealed, "container:bs-drift", *where, code=0)
    assert {"proc", "sys", "dev"} <= {m["path"] for m in clean["mounts"]}
    assert str(pid) in clean["notices"][0]
    assert drift(boltseal, sealed, f"pid:{pid}", code=0)["clean"]
    damage(root, sleeper)
    assert kinds(drift(boltseal, sealed, "container:bs-drift", *where, code=1)) == DAMAGE
    (root / "bin/sleeper").unlink()
    report = drift(boltseal, sealed, "container:bs-dr", *where, code=1)
    gone = next(f for f in report["findings"] if f["kind"] == "deleted-running")
    assert (gone["path"], gone["processes"]) == ("bin/sleeper", [pid])
    assert gone["found"]["sha256"] == gone["expected"]["sha256"], "what runs is still what was sealed"
    os.rename(root / "bin/evil", root / "bin/sleeper")
    again = drift(boltseal, sealed, f"pid:{pid}", code=1)
    assert ("changed", "bin/sleeper") in kinds(again) and ("deleted-running", "bin/sleeper") in kinds(again)


def test_programs_that_run_out_of_a_mount(boltseal, sealed, runc, sleeper, tmp_path):
    """What is mounted is no part of an image, and the usual place for what somebody brought along."""
    name, state = "bs-mounted", tmp_path / "state"
    _, pid = runc(name)
    where = (f"container:{name}", "--runtime-root", state)
    shared = pathlib.Path(f"/proc/{pid}/root/dev/evil")
    shared.write_bytes(sleeper + b"evil")
    shared.chmod(0o755)
    drift(boltseal, sealed, *where, code=0)
    subprocess.run(["runc", "--root", state, "exec", "-d", name, "/dev/evil"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    report = drift(boltseal, sealed, *where, code=1)
    assert kinds(report) == [("unknown-executable", "dev/evil")] and len(report["findings"][0]["processes"]) == 1
    table = boltseal("drift", "-q", "--seal", sealed, *where).stdout
    assert "/dev/evil  runs out of what is mounted here" in table


def test_container_on_an_overlay(boltseal, sealed, runc, image_layers, sleeper, tmp_path):
    lowers = [unpack([data], tmp_path / f"lower{i}") for i, data in enumerate(image_layers)]
    with overlay(tmp_path, lowers) as (upper, merged):
        _, pid = runc("bs-overlay", merged)
        assert drift(boltseal, sealed, f"pid:{pid}", code=0)["clean"]
        assert drift(boltseal, sealed, f"overlay:{upper}", code=0)["clean"]
        damage(merged, sleeper)
        assert kinds(drift(boltseal, sealed, f"pid:{pid}", code=1)) == kinds(drift(boltseal, sealed, f"overlay:{upper}", code=1)) == DAMAGE


def test_what_is_not_there(boltseal, sealed, runc, tmp_path):
    def refused(target, *arguments):
        done = boltseal("drift", "--seal", sealed, target, *arguments)
        assert done.returncode in (2, 3) and not done.stdout, done.stdout
        return done.stderr
    assert "no runtime here" in refused("container:nobody-has-this")
    assert refused("container:../../etc") and refused("pid:0") and refused("pid:4194305") and refused(f"dir:{tmp_path}/no")
    runc("bs-gone")
    subprocess.run(["runc", "--root", tmp_path / "state", "kill", "bs-gone", "KILL"], check=True)
    wait_for(lambda: "stopped" in subprocess.run(["runc", "--root", tmp_path / "state", "state", "bs-gone"], stdout=subprocess.PIPE, text=True).stdout, 10, "the end of a container")
    assert "does not run" in refused("container:bs-gone", "--runtime-root", tmp_path / "state")


def run_detached(daemon, *arguments):
    try:
        return daemon.run(*arguments)
    except subprocess.CalledProcessError as error:
        pytest.fail("Docker runs no container here: " + error.output, pytrace=False)


def test_container_of_docker(boltseal, docker_daemon, image_layers, sleeper, tmp_path):
    """By name and by id, found in the daemon's folders without asking it."""
    image = images.Image([])
    image.tars = image_layers
    image.config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sleeper"]},
                               "rootfs": {"type": "layers", "diff_ids": [images.digest(t) for t in image_layers]}}).encode()
    archive = images.write_docker_archive(image, tmp_path / "image.tar", "drift-test:1")
    docker_daemon.run("load", "-i", archive)
    name = run_detached(docker_daemon, "run", "-d", "--name", "drifting", "--network", "none", "drift-test:1").strip()
    home = pathlib.Path(docker_daemon.address.removeprefix("unix://")).parent
    roots = ("--runtime-root", home / "data", "--runtime-root", home / "exec")
    try:
        for target in ("container:drifting", f"container:{name}", f"container:{name[:12]}"):
            report = drift(boltseal, f"docker-archive:{archive}", target, *roots, code=0)
            assert {"etc/hosts", "etc/hostname", "etc/resolv.conf"} <= {m["path"] for m in report["mounts"]}
        docker_daemon.run("cp", archive, "drifting:/etc/added")
        assert kinds(drift(boltseal, f"docker-archive:{archive}", "container:drifting", *roots, code=1)) == [("added", "etc/added")]
    finally:
        docker_daemon.run("rm", "-f", "drifting")
