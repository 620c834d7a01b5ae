"""Tiny container images made by hand, and a client that pushes them: what the end-to-end tests scan.

An Image is a list of layers; a layer is a list of (path, content) pairs and is compressed as "gzip", "zstd" or "none".
write_layout() makes an OCI layout, write_docker_archive() what `docker save` writes, push() sends it to a registry.
"""
import base64
import dataclasses
import gzip
import hashlib
import http.client
import io
import json
import pathlib
import subprocess
import tarfile
import urllib.parse

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker.distribution."
SUFFIX = {"gzip": "+gzip", "zstd": "+zstd", "none": ""}

OS_RELEASE = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'


def dpkg_status(*packages):
    """packages: "name=version" each."""
    entries = []
    for package in packages:
        name, version = package.split("=", 1)
        entries.append(f"Package: {name}\nStatus: install ok installed\nMaintainer: Nobody <nobody@example.org>\n"
                       f"Architecture: amd64\nVersion: {version}\nDescription: a package of the tests\n")
    return "\n".join(entries)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclasses.dataclass
class HardLink:
    target: str


def tar(files):
    """The bytes of a tar; a pair (path, None) is a directory, (path, HardLink) another name of a file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in files:
            info = tarfile.TarInfo(path)
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(info)
                continue
            if isinstance(content, HardLink):
                info.type, info.linkname = tarfile.LNKTYPE, content.target
                archive.addfile(info)
                continue
            data = content.encode() if isinstance(content, str) else content
            info.size, info.mode = len(data), 0o644
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def compress(data, how):
    if how == "gzip":
        return gzip.compress(data, 6, mtime=0)
    if how == "zstd":
        try:
            return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
        except FileNotFoundError:
            raise RuntimeError("zstd is missing: apt-get install zstd") from None
    return data


@dataclasses.dataclass
class Image:
    """One image for one platform: its blobs by digest, its manifest and that manifest's media type."""
    layers: list
    compression: list = None
    os: str = "linux"
    architecture: str = "amd64"
    docker: bool = False      # Docker's schema 2 instead of OCI

    def __post_init__(self):
        self.compression = self.compression or ["gzip"] * len(self.layers)
        self.blobs = {}
        self.tars = [tar(files) for files in self.layers]
        descriptors = []
        for data, how in zip(self.tars, self.compression):
            kind = DOCKER.replace("distribution.", "image.rootfs.diff.tar.gzip") if self.docker else OCI + "layer.v1.tar" + SUFFIX[how]
            descriptors.append(self.blob(compress(data, how), kind))
        config = {"architecture": self.architecture, "os": self.os, "created": "2026-01-01T00:00:00Z",
                  "config": {"User": "app", "Labels": {"org.example.test": "yes"}},
                  "rootfs": {"type": "layers", "diff_ids": [digest(data) for data in self.tars]},
                  "history": [{"created_by": f"COPY step {i}"} for i in range(len(self.tars))]
                             + [{"created_by": "ENTRYPOINT", "empty_layer": True}]}
        self.config = json.dumps(config, sort_keys=True).encode()
        self.media_type = DOCKER + "manifest.v2+json" if self.docker else OCI + "manifest.v1+json"
        config_type = "application/vnd.docker.container.image.v1+json" if self.docker else OCI + "config.v1+json"
        self.manifest = json.dumps({"schemaVersion": 2, "mediaType": self.media_type,
                                    "config": self.blob(self.config, config_type), "layers": descriptors}).encode()

    def blob(self, data, media_type):
        self.blobs[digest(data)] = data
        return {"mediaType": media_type, "digest": digest(data), "size": len(data)}

    def descriptor(self):
        return {"mediaType": self.media_type, "digest": digest(self.manifest), "size": len(self.manifest),
                "platform": {"os": self.os, "architecture": self.architecture}}


def index_of(*images, docker=False):
    """(body, media type) of an index over images."""
    media_type = DOCKER + "manifest.list.v2+json" if docker else OCI + "index.v1+json"
    return json.dumps({"schemaVersion": 2, "mediaType": media_type,
                       "manifests": [image.descriptor() for image in images]}).encode(), media_type


def sample(*packages, compression=("gzip", "gzip", "gzip"), **more):
    """Three layers: Debian with one package, then more packages, then an update that hides an older status."""
    first = [("etc/", None), ("etc/os-release", OS_RELEASE), ("var/lib/dpkg/status", dpkg_status("base-only=0.1-1"))]
    second = [("usr/share/doc/filler", "x" * 70000)]
    third = [("var/lib/dpkg/status", dpkg_status(*packages))]
    return Image([first, second, third], list(compression), **more)


def write_layout(image, folder, tag="latest"):
    folder = pathlib.Path(folder)
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    for name, data in [*image.blobs.items(), (digest(image.manifest), image.manifest)]:
        (blobs / name.removeprefix("sha256:")).write_bytes(data)
    entry = image.descriptor() | {"annotations": {"org.opencontainers.image.ref.name": tag}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": [entry]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def write_docker_archive(image, path, tag):
    config = hashlib.sha256(image.config).hexdigest() + ".json"
    names = [hashlib.sha256(data).hexdigest() + "/layer.tar" for data in image.tars]
    manifest = json.dumps([{"Config": config, "RepoTags": [tag], "Layers": names}])
    files = [(config, image.config), *zip(names, image.tars), ("manifest.json", manifest)]
    pathlib.Path(path).write_bytes(tar(files))
    return path


class Client:
    """Enough of the distribution protocol to push; `login` is (user, password) for Basic."""

    def __init__(self, host, login=None):
        self.host = host
        self.headers = {}
        if login:
            self.headers["Authorization"] = "Basic " + base64.b64encode(":".join(login).encode()).decode()

    def request(self, method, path, body=None, headers=None, expect=(200, 201, 202)):
        connection = http.client.HTTPConnection(self.host, timeout=20)
        try:
            connection.request(method, path, body, self.headers | (headers or {}))
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        if response.status not in expect:
            raise RuntimeError(f"{method} {path}: status {response.status}: {data[:300]!r}")
        return response

    def push_blob(self, repository, data):
        location = self.request("POST", f"/v2/{repository}/blobs/uploads/", b"").headers["Location"]
        parts = urllib.parse.urlsplit(location)
        query = urllib.parse.urlencode([*urllib.parse.parse_qsl(parts.query), ("digest", digest(data))])
        self.request("PUT", f"{parts.path}?{query}", data, {"Content-Type": "application/octet-stream"})

    def push_manifest(self, repository, reference, body, media_type):
        self.request("PUT", f"/v2/{repository}/manifests/{reference}", body, {"Content-Type": media_type})
        return digest(body)

    def push(self, image, repository, tag):
        for data in image.blobs.values():
            self.push_blob(repository, data)
        return self.push_manifest(repository, tag, image.manifest, image.media_type)

    def push_index(self, images, repository, tag, docker=False):
        for image in images:
            self.push(image, repository, digest(image.manifest))
        return self.push_manifest(repository, tag, *index_of(*images, docker=docker))


def unpack_recorded(file, folder):
    """An OCI layout that is kept as one JSON file: index.json and the blobs, as text or "base64:…"."""
    document = json.loads(file.read_text())
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for name, text in document["blobs"].items():
        data = base64.b64decode(text.removeprefix("base64:")) if text.startswith("base64:") else text.encode()
        (blobs / name).write_bytes(data)
    (folder / "index.json").write_text(document["index"])
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder
