"""Containers whose owner does not want to be looked at: what they can do to a walk of their files."""
import contextlib
import ctypes
import hashlib
import json
import os
import pathlib
import select
import struct
import subprocess
import time

import pytest
from conftest import need, wait_for
from containers_test import short_folder
from drift_test import DAMAGE, damage, drift, image_layers, kinds, runc, sealed, sleeper, unpack  # noqa: F401 (fixtures)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners, mounts and containers want root")
libc = ctypes.CDLL(None, use_errno=True)


@pytest.fixture
def root(image_layers, tmp_path):  # noqa: F811
    return unpack(image_layers, tmp_path / "root")


@pytest.fixture(scope="session")
def swapper(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swapper")
    (folder / "s.c").write_text("#define _GNU_SOURCE\n#include <fcntl.h>\n#include <stdio.h>\n"
                                "int main(int c, char** v) { for (;;) renameat2(AT_FDCWD, v[1], AT_FDCWD, v[2], RENAME_EXCHANGE); }\n")
    subprocess.run([need("gcc", "gcc"), "-O1", "-o", folder / "s", folder / "s.c"], check=True)

    @contextlib.contextmanager
    def swapping(one, other):
        """The two change places again and again."""
        running = subprocess.Popen([folder / "s", one, other])
        try:
            yield
        finally:
            running.kill()
            running.wait()

    return swapping


def test_a_folder_that_is_a_symlink_now_and_then_leads_nowhere(boltseal, sealed, root, swapper, tmp_path):  # noqa: F811
    outside = tmp_path / "outside"
    outside.mkdir()
    secret = b"secret of the host"
    for i in range(20):
        (outside / str(i)).write_bytes(secret)
    (root / "swapped").symlink_to(outside)
    with swapper(root / "data", root / "swapped"):
        for _ in range(15):
            done = boltseal("drift", "-q", "--seal", sealed, f"dir:{root}", "-o", "json")
            assert done.returncode in (1, 2), done.stderr
            assert hashlib.sha256(secret).hexdigest() not in done.stdout


def opened(watch):
    """Whether anybody has opened what an inotify descriptor watches."""
    return bool(select.select([watch], [], [], 0)[0])


def test_a_device_that_takes_the_place_of_a_file_is_not_opened(boltseal, sealed, root, swapper):  # noqa: F811
    """To open some devices is to do something: a watchdog begins to count, a tape goes back."""
    device = root / "device"
    os.mknod(device, 0o20666, os.makedev(1, 3))
    watch = libc.inotify_init1(os.O_CLOEXEC)
    assert libc.inotify_add_watch(watch, os.fsencode(device), 0x20) >= 0  # IN_OPEN, of the inode wherever it is
    os.close(os.open(device, os.O_RDONLY))
    assert opened(watch)
    os.read(watch, 4096)
    with swapper(root / "etc/app.conf", device):
        for _ in range(100):
            boltseal("drift", "-q", "--no-cache", "--seal", sealed, f"dir:{root}")
    assert not opened(watch)
    os.close(watch)


def test_a_file_of_terabytes_that_takes_no_space_is_not_read(boltseal, sealed, root):  # noqa: F811
    """The size alone says that it is none of the image's."""
    for path, mode in (("etc/app.conf", 0o644), ("var/new", 0o644)):
        with open(root / path, "r+b" if (root / path).exists() else "wb") as file:
            file.truncate(15 << 40)
        (root / path).chmod(mode)
    begun = time.monotonic()
    report = drift(boltseal, sealed, f"dir:{root}", code=1)
    assert time.monotonic() - begun < 20
    found = {f["path"]: f for f in report["findings"]}
    assert found["etc/app.conf"]["kind"] == "changed" and {"size", "unread"} <= set(found["etc/app.conf"]["changes"])
    assert found["var/new"]["kind"] == "added" and found["var/new"]["changes"] == ["unread"]
    assert kinds(drift(boltseal, sealed, f"dir:{root}", "--trust-times", code=1)) == kinds(report)
    table = boltseal("drift", "--seal", sealed, f"dir:{root}").stdout
    assert f"size 7 → {15 << 40}" in table and "not read" in table
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", boltseal.home / "k.key"], check=True)
    amended = boltseal("seal", "amend", "/var/new", "--from", f"dir:{root}", "--seal", sealed, "--reason", "x", "--sign-key", boltseal.home / "k.key",
                       "-o", f"attestation={boltseal.home}/a", COSIGN_PASSWORD="")
    assert amended.returncode == 2 and "cannot be approved" in amended.stderr, amended.stderr


def test_folders_without_end(boltseal, sealed, root):  # noqa: F811
    """What is too deep to be looked at is said, and takes neither the memory nor the time of all its paths."""
    here = os.open(root / "var", os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(5_000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    try:
        done = boltseal("drift", "-q", "--seal", sealed, f"dir:{root}", timeout=100)
        assert done.returncode == 1 and "too many or too deep folders" in done.stdout
        assert "drift: 40" in done.stdout  # about four thousand of them are told of
    finally:
        subprocess.run(["rm", "-rf", root / "var/d"], check=True)


def test_names_cannot_write_on_the_terminal(boltseal, sealed, root):  # noqa: F811
    evil = "\n\x1b]0;owned\x07\x1b[2K\rno drift\n\u202e\x9b31m"
    (root / evil).mkdir()
    (root / evil / evil).write_text("x")
    (root / "etc/link").unlink()
    (root / "etc/link").symlink_to(evil)
    os.setxattr(root / "etc/app.conf", "user." + evil, b"x")
    subprocess.run(["mount", "-t", "tmpfs", evil, root / "data"], check=True)
    try:
        done = boltseal("drift", "--seal", sealed, f"dir:{root}")
    finally:
        subprocess.run(["umount", root / "data"], check=True)
    assert done.returncode == 1
    assert not [c for c in done.stdout + done.stderr if c in "\x1b\x07\r\u202e\x9b"]
    assert not [line for line in done.stdout.splitlines() if line.startswith("no drift")]


def test_names_cannot_write_on_the_terminal_of_a_watch(boltseal, sealed, root):  # noqa: F811
    watching = subprocess.Popen([boltseal.program, "drift", "--seal", str(sealed), f"dir:{root}", "--watch", "--no-cache"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env={"HOME": str(boltseal.home)})
    try:
        assert b"watching" in watching.stderr.readline()
        (root / "etc/a\n\x1b[31mb").write_text("x")
        line = watching.stdout.readline()
    finally:
        watching.terminate()
        watching.wait(20)
    assert line.startswith(b"drift: added /etc/a") and b"\x1b" not in line and b"b" in line


def test_what_changes_under_a_mount_is_hidden_and_not_removed(boltseal, sealed, root):  # noqa: F811
    hidden = os.open(root / "data", os.O_RDONLY)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", root / "data"], check=True)
    watching = subprocess.Popen([boltseal.program, "drift", "--seal", str(sealed), f"dir:{root}", "--watch", "--no-cache"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env={"HOME": str(boltseal.home)})
    try:
        assert b"watching" in watching.stderr.readline()
        os.write(os.open("1", os.O_WRONLY, dir_fd=hidden), b"x")
        time.sleep(0.5)
        (root / "etc/new").write_text("x")
        line = watching.stdout.readline()
    finally:
        watching.terminate()
        watching.wait(20)
        subprocess.run(["umount", "-l", root / "data"], check=True)
    assert line.startswith(b"drift: added /etc/new"), line


def test_a_mounted_server_that_never_answers(boltseal, sealed, root):  # noqa: F811
    """A file system whose server is the container's own (FUSE) is told of, and not asked anything."""
    if not os.path.exists("/dev/fuse"):
        pytest.skip("no /dev/fuse here")
    server = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"fuse", os.fsencode(root / "data"), b"fuse.silent", 0, options) != 0:
        os.close(server)
        pytest.skip("no FUSE here: " + os.strerror(ctypes.get_errno()))
    try:
        report = drift(boltseal, sealed, f"dir:{root}", code=0, timeout=30)
    finally:
        os.close(server)
        subprocess.run(["umount", "-l", root / "data"], check=True)
    assert [(m["path"], m["hides"]) for m in report["mounts"]] == [("data", 20)]


def test_proc_inside_the_root(boltseal, sealed, root):  # noqa: F811
    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
    try:
        report = drift(boltseal, sealed, f"dir:{root}", code=0)
    finally:
        subprocess.run(["umount", root / "proc"], check=True)
    assert [(m["path"], m["type"]) for m in report["mounts"]] == [("proc", "proc")]


@pytest.fixture(scope="session")
def runaway(tmp_path_factory):
    """A program that changes its root to /clean, starts itself there once more, and sleeps."""
    folder = tmp_path_factory.mktemp("runaway")
    (folder / "r.c").write_text('#include <unistd.h>\nint main(void) { if (chroot("/clean") || chdir("/")) return 1; for (;;) pause(); }\n')
    subprocess.run([need("gcc", "gcc"), "-static", "-O1", "-o", folder / "r", folder / "r.c"], check=True)
    return (folder / "r").read_bytes()


@pytest.fixture
def bundle(image_layers):  # noqa: F811
    """bundle(change): a container of runc whose config change() has changed; gives its root and its process."""
    program, started = need("runc", "runc"), []
    with short_folder("hostile") as folder:
        def start(change, prepare=lambda root: None):
            root = unpack(image_layers, folder / "rootfs")
            prepare(root)
            subprocess.run([program, "spec"], cwd=folder, check=True)
            config = json.loads((folder / "config.json").read_text())
            config["process"] |= {"args": ["/bin/sleeper"], "terminal": False}
            config["root"] = {"path": "rootfs", "readonly": False}
            change(config)
            (folder / "config.json").write_text(json.dumps(config))
            with open(folder / "log", "w") as log:
                done = subprocess.run([program, "--root", folder / "state", "run", "-d", "bs-hostile"], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            assert done.returncode == 0, (folder / "log").read_text()
            started.append("bs-hostile")
            return root, json.loads(subprocess.run([program, "--root", folder / "state", "state", "bs-hostile"], check=True, stdout=subprocess.PIPE).stdout)["pid"]

        start.roots = ("--runtime-root", folder / "state")
        yield start
        for name in started:
            subprocess.run([program, "--root", folder / "state", "delete", "-f", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_a_first_process_that_changes_its_root_hides_nothing(boltseal, sealed, bundle, image_layers, runaway, sleeper):  # noqa: F811
    """chroot is one of Docker's default capabilities: what process 1 shows then is not the container."""
    def change(config):
        config["process"]["args"] = ["/bin/runaway"]
        for kind in config["process"]["capabilities"].values():
            kind.append("CAP_SYS_CHROOT")

    def prepare(root):
        unpack(image_layers, root / "clean")
        (root / "bin/runaway").write_bytes(runaway)
        (root / "bin/runaway").chmod(0o755)

    root, pid = bundle(change, prepare)
    wait_for(lambda: os.readlink(f"/proc/{pid}/cwd").endswith("/clean"), 10, "a changed root")
    assert drift(boltseal, sealed, f"pid:{pid}", code=0)["clean"], "the root of that process is clean"
    damage(root, sleeper)
    (root / "bin/runaway").unlink()
    report = drift(boltseal, sealed, "container:bs-hostile", *bundle.roots, code=1)
    assert "changed its root" in report["notices"][0]
    assert set(DAMAGE) < set(kinds(report))
    assert ("deleted-running", "bin/runaway") in kinds(report)


FIRST, COUNT = 200_000, 1000


def in_a_user_namespace(config):
    config["linux"]["namespaces"].append({"type": "user"})
    for which in ("uidMappings", "gidMappings"):
        config["linux"][which] = [{"containerID": 0, "hostID": FIRST, "size": COUNT}]


def shift(root):
    for folder, folders, files in os.walk(root):
        for path in [folder, *(os.path.join(folder, name) for name in files)]:
            info = os.lstat(path)
            if info.st_uid < FIRST:  # a hard link is met twice
                os.lchown(path, info.st_uid + FIRST, info.st_gid + FIRST)
                if not os.path.islink(path):
                    os.chmod(path, info.st_mode & 0o7777)


def test_owners_in_a_user_namespace(boltseal, sealed, bundle):  # noqa: F811
    """What is 200042 outside is 42 inside, as the image has it. An owner outside the range is nobody there, whatever its number."""
    root, pid = bundle(in_a_user_namespace, shift)
    assert pathlib.Path(f"/proc/{pid}/uid_map").read_text().split() == ["0", str(FIRST), str(COUNT)]
    where = ("container:bs-hostile", *bundle.roots)
    assert drift(boltseal, sealed, *where, code=0)["clean"]
    os.chown(root / "data/1", FIRST + 5, FIRST + 5)
    os.chown(root / "data/2", 0, 0)  # the image's owner, by the number: it is the host's root
    os.chown(root / "data/3", FIRST, FIRST + COUNT)
    (root / "data/new").write_text("x")
    report = drift(boltseal, sealed, *where, code=1)
    found = {f["path"]: f for f in report["findings"]}
    assert {path: (f["kind"], f["changes"]) for path, f in found.items()} == {
        "data/1": ("permission", ["owner"]), "data/2": ("permission", ["owner", "unmapped-owner"]),
        "data/3": ("permission", ["owner", "unmapped-owner"]), "data/new": ("added", ["unmapped-owner"])}
    assert (found["data/1"]["found"]["uid"], found["data/1"]["expected"]["uid"]) == (5, 0)
    assert (found["data/2"]["found"]["uid"], found["data/3"]["found"]["gid"]) == (0, FIRST + COUNT)
    assert "not mapped into the user namespace" in boltseal("drift", "--seal", sealed, *where).stdout
    assert kinds(drift(boltseal, sealed, *where, "--trust-times", code=1)) == kinds(report)


def test_capabilities_in_a_user_namespace(boltseal, image_layers, bundle, tmp_path):  # noqa: F811
    """The kernel keeps them with the owner of the namespace; inside they are what the image has."""
    plain = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)  # cap_net_raw+ep, revision 2
    inside = struct.pack("<6I", 0x03000001, 1 << 13, 0, 0, 0, FIRST)
    source = unpack(image_layers, tmp_path / "source")
    os.setxattr(source / "data/1", "security.capability", plain)
    assert boltseal("seal", "-q", f"dir:{source}", "-o", f"json={tmp_path}/m.json").returncode == 0

    def prepare(root):
        shift(root)
        os.setxattr(root / "data/1", "security.capability", inside)

    root, _ = bundle(in_a_user_namespace, prepare)
    where = ("container:bs-hostile", *bundle.roots)
    assert drift(boltseal, tmp_path / "m.json", *where, code=0)["clean"]
    os.setxattr(root / "data/1", "security.capability", struct.pack("<6I", 0x03000001, 1 << 21, 0, 0, 0, FIRST))
    assert ("permission", "data/1") in kinds(drift(boltseal, tmp_path / "m.json", *where, code=1))
