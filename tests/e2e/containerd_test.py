"""Images that a real containerd keeps: its store in a folder of the test, read from its files."""
import pathlib
import shutil
import subprocess
import tempfile

import pytest

import images
from conftest import need, stop, wait_for


class Containerd:
    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "root"
        self.command = [need("ctr", "containerd"), "-a", f"{folder}/c.sock"]

    def answers(self):
        return subprocess.run([*self.command, "version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def run(self, *arguments):
        return subprocess.run([*self.command, *map(str, arguments)], check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120).stdout

    def load(self, space, packages, name):
        archive = images.write_docker_archive(images.sample(*packages), self.folder / "image.tar", name)
        self.run("-n", space, "image", "import", "--no-unpack", archive)


@pytest.fixture(scope="module")
def containerd():
    """The folder is short, because a socket's path may have 107 bytes."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bs-ctr-"))
    service = Containerd(folder)
    daemon = need("containerd", "containerd")
    (folder / "config.toml").write_text(f'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[plugins."io.containerd.internal.v1.opt"]\n  path = "{folder}/opt"\n')
    with open(folder / "log", "w") as log:
        process = subprocess.Popen([daemon, "-c", folder / "config.toml", "--root", service.root, "--state", folder / "state", "-a", folder / "c.sock"], stdout=log, stderr=log)
    try:
        wait_for(lambda: process.poll() is not None or service.answers(), 60, "containerd")
        if process.poll() is not None:
            pytest.fail("containerd does not run here:\n" + (folder / "log").read_text()[-2000:], pytrace=False)
        service.load("default", ["hello=2.10-3"], "docker.io/library/app:1")
        service.load("k8s.io", ["curl=7.88.1-10"], "registry.example/team/web:2")
        yield service
    finally:
        stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def names(boltseal, service, reference, **environment):
    return [purl.split("?")[0] for purl in boltseal.purls(reference, "--containerd-root", service.root, **environment)]


def test_reads_images_of_all_namespaces_while_containerd_runs(boltseal, containerd):
    for name in ("app:1", "docker.io/library/app:1"):
        assert names(boltseal, containerd, f"containerd:{name}") == ["pkg:deb/debian/hello@2.10-3"]
    assert names(boltseal, containerd, "containerd:registry.example/team/web:2") == ["pkg:deb/debian/curl@7.88.1-10"]
    digest = containerd.run("-n", "k8s.io", "image", "ls").splitlines()[1].split()[2]
    assert digest.startswith("sha256:")
    assert names(boltseal, containerd, f"containerd:{digest}") == ["pkg:deb/debian/curl@7.88.1-10"]


def test_many_images_are_found_among_their_pages(boltseal, containerd):
    """So many that they do not stand in one page: each is a bucket below branches."""
    for n in range(400):
        containerd.run("-n", "default", "image", "tag", "docker.io/library/app:1", f"registry.example/many/{'x' * 60}/app:{n}")
    for n in (0, 199, 399):
        assert names(boltseal, containerd, f"containerd:registry.example/many/{'x' * 60}/app:{n}") == ["pkg:deb/debian/hello@2.10-3"]


def test_one_name_in_two_namespaces_is_not_guessed(boltseal, containerd):
    containerd.load("one", ["hello=1"], "docker.io/library/twice:1")
    containerd.load("two", ["hello=2"], "docker.io/library/twice:1")
    unclear = boltseal("sbom", "containerd:twice:1", "--containerd-root", containerd.root)
    assert unclear.returncode == 2 and "CONTAINERD_NAMESPACE" in unclear.stderr, unclear.stderr
    for space, version in (("one", 1), ("two", 2)):
        assert names(boltseal, containerd, "containerd:twice:1", CONTAINERD_NAMESPACE=space) == [f"pkg:deb/debian/hello@{version}"]


def test_says_what_is_missing(boltseal, containerd, tmp_path):
    missing = boltseal("sbom", "containerd:not-here:1", "--containerd-root", containerd.root)
    assert missing.returncode == 2 and "there is default docker.io/library/app:1" in missing.stderr, missing.stderr
    nothing = boltseal("sbom", "containerd:app:1", "--containerd-root", tmp_path)
    assert nothing.returncode == 2 and "meta.db" in nothing.stderr
    copy = tmp_path / "copy"
    shutil.copytree(containerd.root, copy, ignore=shutil.ignore_patterns("*snapshotter*"))
    layers = sorted((copy / "io.containerd.content.v1.content/blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
    for layer in layers[-3:]:
        layer.unlink()
    thrown = boltseal("sbom", "containerd:app:1", "--containerd-root", copy)
    assert thrown.returncode == 2 and "discard_unpacked_layers" in thrown.stderr, thrown.stderr
    database = copy / "io.containerd.metadata.v1.bolt/meta.db"
    database.write_bytes(b"\0" * 65536 + database.read_bytes()[65536:])
    broken = boltseal("sbom", "containerd:app:1", "--containerd-root", copy)
    assert broken.returncode == 2 and "Bolt" in broken.stderr
