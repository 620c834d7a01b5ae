"""make install and make dist: the files are complete, run without what was built here, and are the same bytes twice."""
import base64
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest

import images
from conftest import ROOT, need

VERSION = (ROOT / "VERSION").read_text().strip()
EPOCH = 1767225600  # 2026-01-01
SHARE = {"man/man1/boltseal.1", "man/man1/boltseal-scan.1", "bash-completion/completions/boltseal",
         "zsh/site-functions/_boltseal", "fish/vendor_completions.d/boltseal.fish"}


def run(*command, **more):
    done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, **more)
    assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}"
    return done.stdout


def make_dist(program, out):
    run(ROOT / "tools" / "dist", env={**os.environ, "BOLTSEAL": program, "OUT": str(out), "SOURCE_DATE_EPOCH": str(EPOCH)})
    return out


@pytest.fixture(scope="session")
def dist(program, tmp_path_factory):
    return make_dist(program, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def arch():
    return run(need("dpkg", "dpkg"), "--print-architecture").strip()


def unpack(archive, folder):
    folder.mkdir(parents=True, exist_ok=True)
    run("tar", "-xf", archive, "-C", folder)
    return folder


@pytest.fixture
def portable(dist, arch, tmp_path):
    return unpack(dist / f"boltseal-{VERSION}-linux-{arch}.tar.gz", tmp_path / "portable") / f"boltseal-{VERSION}-linux-{arch}"


class Archive:
    """The OCI archive of `dist`, read by hand."""

    def __init__(self, path):
        with tarfile.open(path) as archive:
            self.files = {m.name.removeprefix("./"): archive.extractfile(m).read() for m in archive if m.isfile()}
        self.index = json.loads(self.files["index.json"])
        self.manifest = self.blob(self.index["manifests"][0])
        self.config = self.blob(self.manifest["config"])

    def bytes(self, descriptor):
        data = self.files["blobs/sha256/" + descriptor["digest"].removeprefix("sha256:")]
        assert images.digest(data) == descriptor["digest"] and len(data) == descriptor["size"]
        return data

    def blob(self, descriptor):
        return json.loads(self.bytes(descriptor))


@pytest.fixture
def archive(dist):
    return Archive(dist / f"boltseal-{VERSION}.oci.tar")


@pytest.fixture
def rootfs(archive, tmp_path):
    layer = tmp_path / "layer.tar"
    layer.write_bytes(gzip.decompress(archive.bytes(archive.manifest["layers"][0])))
    return unpack(layer, tmp_path / "rootfs")


def loaded_libraries(program, *preload):
    """Which file the dynamic loader takes for each library, without running the program."""
    text = run(program, env={"LD_TRACE_LOADED_OBJECTS": "1", "LD_PRELOAD": ":".join(map(str, preload))})
    return {pathlib.PurePath(line.split()[0]).name: (line.split("=>")[-1].split() or [""])[0] for line in text.splitlines() if "=>" in line}


def test_install_puts_program_man_pages_and_completions_below_destdir(program, tmp_path):
    build, root = tmp_path / "build", tmp_path / "root"
    run("cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DBOLTSEAL_TESTS=OFF",
        "-DCMAKE_CXX_COMPILER=g++-12", "-DCMAKE_C_COMPILER=gcc-12")
    shutil.copy(program, build / "boltseal")  # only what install does is of interest here
    run("cmake", "--install", build, "--prefix", "/opt/seal", env={**os.environ, "DESTDIR": str(root)})
    prefix = root / "opt" / "seal"
    assert run(prefix / "bin" / "boltseal", "--version").strip().endswith(VERSION)
    for name in SHARE:
        assert "boltseal" in (prefix / "share" / name).read_text(), name
    assert list(root.iterdir()) == [root / "opt"]


def test_installed_completion_of_bash_completes(program, tmp_path):
    run(ROOT / "tools" / "install-docs", program, tmp_path)
    script = tmp_path / "bash-completion/completions/boltseal"
    words = run("bash", "-c", f'. {script}; COMP_WORDS=(boltseal sc); COMP_CWORD=1; _boltseal; echo "${{COMPREPLY[@]}}"')
    assert words.split() == ["scan"]


def test_install_docs_reads_no_configuration_of_the_user(program, tmp_path):
    (tmp_path / "boltseal.yaml").write_text("{ not: valid")
    run(ROOT / "tools" / "install-docs", program, tmp_path / "share", cwd=tmp_path,
        env={**os.environ, "BOLTSEAL_CONFIG": str(tmp_path / "boltseal.yaml")})
    assert (tmp_path / "share/man/man1/boltseal-scan.1").stat().st_size > 500


def test_deb_holds_program_and_papers_of_root(dist, arch):
    deb = dist / f"boltseal_{VERSION}_{arch}.deb"
    rows = [line.split(None, 5) for line in run("dpkg-deb", "-c", deb).splitlines()]
    assert {row[1] for row in rows} == {"root/root"}
    modes = {row[5].removeprefix("./"): row[0] for row in rows}
    assert modes["usr/bin/boltseal"] == "-rwxr-xr-x"
    names = {name.replace("site-functions", "vendor-completions") + (".gz" if name.startswith("man/") else "") for name in SHARE}
    for name in {"usr/share/" + name for name in names} | {"usr/share/doc/boltseal/copyright", "usr/share/doc/boltseal/changelog.gz"}:
        assert modes[name] == "-rw-r--r--", name
    assert not [name for name in modes if name and not name.startswith("usr/")]


def test_deb_depends_on_what_the_program_loads(dist, arch):
    deb = dist / f"boltseal_{VERSION}_{arch}.deb"
    field = {name: run("dpkg-deb", "-f", deb, name).strip() for name in ("Package", "Version", "Architecture", "Maintainer", "Depends")}
    assert (field["Package"], field["Version"], field["Architecture"]) == ("boltseal", VERSION, arch)
    assert field["Maintainer"] == "Boltseal maintainers"
    depends = [part.strip() for part in field["Depends"].split(",")]
    assert "libcurl4 | libcurl4t64" in depends
    assert [part for part in depends if part.startswith("libc6 (>= ")] and [part for part in depends if part.startswith("libisal2")]
    # Each of them is installed here, where the program was built: dpkg itself says so.
    for part in depends:
        name = part.split()[0]
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", name], stdout=subprocess.PIPE, text=True)
        assert done.stdout == "install ok installed" or "|" in part, part


def test_deb_unpacks_to_a_program_that_runs_and_sums_that_hold(dist, arch, tmp_path):
    deb = dist / f"boltseal_{VERSION}_{arch}.deb"
    run("dpkg-deb", "-R", deb, tmp_path)
    assert run(tmp_path / "usr/bin/boltseal", "--version").strip().endswith(VERSION)
    run("md5sum", "--strict", "-c", "DEBIAN/md5sums", cwd=tmp_path)
    page = gzip.decompress((tmp_path / "usr/share/man/man1/boltseal-scan.1.gz").read_bytes()).decode()
    assert page.startswith(".TH BOLTSEAL") and "fail\\-on" in page


def test_portable_program_takes_every_library_from_its_own_folder(portable):
    libraries = sorted((portable / "lib/boltseal").iterdir())
    used = loaded_libraries(portable / "bin/boltseal", portable / "lib/boltseal/libcurl.so.4")
    assert {pathlib.Path(path).name for path in used.values()} & {"libisal.so.2", "libssl.so.3"} == {"libisal.so.2", "libssl.so.3"}
    foreign = {name for name, path in used.items() if not path.startswith(str(portable.resolve())) and not path.startswith(str(portable))}
    assert foreign <= {"libc.so.6", "libm.so.6", "libresolv.so.2", "libpthread.so.0", "libdl.so.2", "librt.so.1"}, foreign
    assert not [f.name for f in libraries if f.name.startswith(("libc.so", "ld-linux", "libm.so"))]


def test_portable_program_scans(portable, tmp_path):
    layout = images.write_layout(images.sample("bash=5.2.15-2+b7"), tmp_path / "layout")
    environment = {"HOME": str(tmp_path), "PATH": "/nowhere"}
    assert run(portable / "bin/boltseal", "--version", env=environment).strip().endswith(VERSION)
    text = run(portable / "bin/boltseal", "sbom", "-q", "-o", "purls", f"oci:{layout}", env=environment)
    assert text.startswith("pkg:deb/debian/bash@5.2.15-2%2Bb7")


def test_portable_program_runs_with_nothing_but_the_c_library(portable, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("chroot wants root")
    root = tmp_path / "root"
    shutil.copytree(portable, root / "opt", symlinks=True)
    used = loaded_libraries(portable / "bin/boltseal")
    for path in [path for path in used.values() if path.startswith(("/lib", "/usr/lib"))] + [interpreter(portable / "bin/boltseal")]:
        (root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, root / path[1:])
    images.write_layout(images.sample("bash=5.2.15-2+b7"), root / "layout")
    # Without /proc the loader cannot know where the program is, so it is told.
    text = run(need("chroot", "coreutils"), root, "/opt/bin/boltseal", "sbom", "-q", "--no-cache", "-o", "purls", "oci:/layout",
               env={"HOME": "/", "LD_ORIGIN_PATH": "/opt/bin"})
    assert text.startswith("pkg:deb/debian/bash@5.2.15-2%2Bb7")


def interpreter(program):
    text = run("readelf", "-l", program)
    return text.split("Requesting program interpreter: ")[1].split("]")[0]


def test_portable_readme_names_the_version_and_the_licences_are_there(portable):
    text = (portable / "README.md").read_text()
    assert VERSION in text and "glibc 2." in text and "@" not in text
    for package in ("libseccomp2", "libgmp10", "libstdc++6", "boltseal"):
        assert (portable / "share/doc" / package / "copyright").stat().st_size > 100
    assert (portable / "share/common-licenses/LGPL-2.1").exists()


def test_image_is_well_formed_and_runs_as_nobody(archive, arch):
    entry = archive.index["manifests"][0]
    assert entry["platform"]["os"] == "linux" and entry["annotations"]["org.opencontainers.image.ref.name"] == VERSION
    assert json.loads(archive.files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    config = archive.config
    assert config["config"]["Entrypoint"] == ["/usr/bin/boltseal"] and config["config"]["User"] == "65532:65532"
    assert "HOME=/tmp" in config["config"]["Env"] and config["created"] == "2026-01-01T00:00:00Z"
    [layer] = archive.manifest["layers"]
    assert config["rootfs"]["diff_ids"] == [images.digest(gzip.decompress(archive.bytes(layer)))]
    assert config["architecture"] == {"armhf": "arm", "i386": "386", "ppc64el": "ppc64le"}.get(arch, arch)


def test_image_can_be_scanned_and_names_its_libraries(dist, boltseal):
    purls = boltseal.purls(f"oci-archive:{dist}/boltseal-{VERSION}.oci.tar")
    names = {purl.split("@")[0].rsplit("/", 1)[1] for purl in purls}
    assert {"libc6", "libisal2", "ca-certificates"} <= names
    assert [name for name in names if name.startswith("libcurl4")]


def test_image_holds_all_it_needs_to_scan_a_registry(rootfs, registry, tmp_path):
    """In a chroot as the image's user: the program, libcurl with all its libraries, name look-up, a writable cache."""
    if os.geteuid() != 0:
        pytest.skip("chroot wants root")
    registry.client().push(images.sample("bash=5.2.15-2+b7"), "dist/sample", "1")
    command = [need("chroot", "coreutils"), "--userspec=65532:65532", rootfs, "/usr/bin/boltseal"]
    environment = {"PATH": "/usr/bin", "HOME": "/tmp"}
    assert run(*command, "--version", env=environment).strip().endswith(VERSION)
    text = run(*command, "sbom", "-q", "--insecure-http", "-o", "purls", f"{registry.host}/dist/sample:1", env=environment)
    assert text.startswith("pkg:deb/debian/bash@5.2.15-2%2Bb7")
    assert list((rootfs / "tmp/.cache/boltseal").rglob("*"))


def test_image_has_authorities_and_no_shell(rootfs):
    assert "BEGIN CERTIFICATE" in (rootfs / "etc/ssl/certs/ca-certificates.crt").read_text()
    assert (rootfs / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert {f.name for f in (rootfs / "usr/bin").iterdir()} == {"boltseal"}


def test_docker_loads_and_runs_the_image(dist, docker_daemon):
    assert f"boltseal:{VERSION}" in docker_daemon.run("load", "-i", dist / f"boltseal-{VERSION}.oci.tar")
    text = docker_daemon.run("run", "--rm", "--network=none", "--read-only", f"boltseal:{VERSION}", "--version")
    assert text.strip().endswith(VERSION)


def test_same_program_gives_the_same_bytes(program, dist, tmp_path):
    again = make_dist(program, tmp_path / "again")
    names = sorted(f.name for f in dist.iterdir())
    assert len(names) == 4 and names == sorted(f.name for f in again.iterdir())
    for name in names:
        assert hashlib.sha256((dist / name).read_bytes()).digest() == hashlib.sha256((again / name).read_bytes()).digest(), name
    run("sha256sum", "--strict", "-c", "SHA256SUMS", cwd=dist)


def test_every_date_is_that_of_the_source(dist, arch):
    members = []
    for name in (f"boltseal-{VERSION}-linux-{arch}.tar.gz", f"boltseal-{VERSION}.oci.tar"):
        with tarfile.open(dist / name) as archive:
            members += archive.getmembers()
    data = run("bash", "-c", f"dpkg-deb --fsys-tarfile {dist}/boltseal_{VERSION}_{arch}.deb | base64 -w0")
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(data))) as archive:
        members += archive.getmembers()
    assert {m.mtime for m in members} == {EPOCH} and {(m.uid, m.gid) for m in members} == {(0, 0)}


def test_program_without_a_place_for_its_libraries_is_refused(tmp_path):
    done = subprocess.run([ROOT / "tools" / "dist"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "BOLTSEAL": "/bin/true", "OUT": str(tmp_path)})
    assert done.returncode == 1 and "does not look for libraries beside itself" in done.stderr
