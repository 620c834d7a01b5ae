"""Images that a real Podman service keeps: its own storage in a folder of the test, its API on a socket there."""
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

import pytest

import images
from conftest import need, stop, wait_for


class Podman:
    def __init__(self, folder):
        self.folder = folder
        self.address = f"unix://{folder}/podman.sock"
        self.command = [need("podman", "podman"), "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--tmpdir", f"{folder}/tmp",
                        "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "none"]

    def run(self, *arguments):
        return subprocess.run([*self.command, *map(str, arguments)], check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120).stdout


@pytest.fixture(scope="module")
def podman():
    """The folder is short, because a socket's path may have 107 bytes."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bs-podman-"))
    service = Podman(folder)
    with open(folder / "log", "w") as log:
        process = subprocess.Popen([*service.command, "system", "service", "--time=0", service.address], stdout=log, stderr=log)
    try:
        wait_for(lambda: process.poll() is not None or (folder / "podman.sock").exists(), 60, "podman system service")
        if process.poll() is not None:
            pytest.fail("podman does not run here:\n" + (folder / "log").read_text()[-2000:], pytrace=False)
        yield service
    finally:
        stop(process)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def loaded(podman, tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    podman.run("load", "-i", images.write_docker_archive(images.sample("hello=2.10-3", "zlib1g=1:1.2.13.dfsg-1"), folder / "image.tar", "boltseal-test:1"))
    layout = images.write_layout(images.sample("from-oci=3-1", compression=["gzip", "zstd", "none"]), folder / "layout", "boltseal-oci:1")
    with tarfile.open(folder / "oci.tar", "w") as archive:
        for path in sorted(layout.rglob("*")):
            archive.add(path, str(path.relative_to(layout)), recursive=False)
    podman.run("load", "-i", folder / "oci.tar")
    return podman


def test_reads_an_image_by_short_name_full_name_and_id(boltseal, loaded):
    identity = loaded.run("images", "-q", "--no-trunc", "boltseal-test:1").strip()
    by_name = boltseal.purls("podman:boltseal-test:1", CONTAINER_HOST=loaded.address)
    assert [purl.split("?")[0] for purl in by_name] == ["pkg:deb/debian/hello@2.10-3", "pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1"]
    for other in ("localhost/boltseal-test:1", identity, identity.removeprefix("sha256:")[:12]):
        assert boltseal.purls(f"podman:{other}", CONTAINER_HOST=loaded.address) == by_name


def test_reads_what_was_loaded_from_an_oci_archive(boltseal, loaded):
    name = next(line for line in loaded.run("images", "--format", "{{.Repository}}:{{.Tag}}").split() if "oci" in line)
    assert [purl.split("?")[0] for purl in boltseal.purls(f"podman:{name}", CONTAINER_HOST=loaded.address)] == ["pkg:deb/debian/from-oci@3-1"]


def test_finds_the_socket_of_the_user(boltseal, loaded, tmp_path):
    socket = boltseal.home / "run" / "podman" / "podman.sock"
    socket.parent.mkdir(parents=True)
    os.symlink(loaded.folder / "podman.sock", socket)
    assert len(boltseal.purls("podman:boltseal-test:1")) == 2


def test_says_what_is_missing(boltseal, loaded, tmp_path):
    missing = boltseal("sbom", "podman:not-here:1", CONTAINER_HOST=loaded.address)
    assert missing.returncode == 2 and "podman pull" in missing.stderr, missing.stderr
    nobody = boltseal("sbom", "podman:a:1", CONTAINER_HOST=f"unix://{tmp_path}/no.sock")
    assert nobody.returncode == 2 and "no.sock" in nobody.stderr
