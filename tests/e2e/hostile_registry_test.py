"""Registries that lie, stall, redirect and change their mind: each ends in the right image or in a clear error, soon."""
import base64
import gzip
import http.client
import json
import socket
import threading
import time

import pytest

import images
from registry_test import PACKAGES, docker_config, names, serving


def sbom(boltseal, server, *arguments, **environment):
    return boltseal("sbom", "-q", "-o", "purls", f"{server.host}/a:1", "--insecure-http", "--no-cache", *arguments, **environment)


def assert_refused(done, *words):
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr, done.stderr


@pytest.fixture
def raw_server():
    """raw_server(speak) answers each connection, after its request, with what speak(socket, path) sends."""
    listeners = []

    def start(speak):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection):
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    got = connection.recv(4096)
                    if not got:
                        return
                    head += got
                try:
                    speak(connection, head.split()[1].decode("latin-1"))
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()
        return type("Server", (), {"host": f"127.0.0.1:{listener.getsockname()[1]}"})

    yield start
    for listener in listeners:
        listener.close()


def answer(connection, body, *headers, status="200 OK", length=None):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", "Connection: close", *headers]
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def test_a_body_that_never_ends_is_cut_off_at_what_was_promised(boltseal, raw_server):
    image = images.sample(*PACKAGES)

    def speak(connection, path):
        if "/manifests/" in path:
            return answer(connection, image.manifest, f"Content-Type: {image.media_type}")
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    assert_refused(sbom(boltseal, raw_server(speak)))


def test_headers_that_never_end_are_cut_off(boltseal, raw_server):
    def speak(connection, path):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-More: " + b"y" * 4000 + b"\r\n")

    assert_refused(sbom(boltseal, raw_server(speak)))


@pytest.mark.parametrize("length", [10, 1 << 40])
def test_a_content_length_that_lies_is_noticed(boltseal, raw_server, length):
    image = images.sample(*PACKAGES)

    def speak(connection, path):
        if "/manifests/" in path:
            return answer(connection, image.manifest, f"Content-Type: {image.media_type}")
        return answer(connection, image.blobs.get(path.split("/")[-1], b""), length=length)

    assert_refused(sbom(boltseal, raw_server(speak)))


@pytest.mark.parametrize("target", ["{self}", "{path}?again", "file:///etc/passwd", "gopher://127.0.0.1/", "//", "http://[::1", "\\\\host\\share"])
def test_redirects_that_lead_nowhere_end(boltseal, fake_server, target):
    server = fake_server(lambda request: (307, {"Location": target.format(self=f"http://{request.headers['Host']}{request.path}", path=request.path)}, b""))
    assert_refused(sbom(boltseal, server))
    assert len(server.requests) < 60


def test_a_redirect_from_one_host_to_another_drops_the_token(boltseal, fake_server):
    image = images.sample(*PACKAGES)
    store = fake_server(lambda request: (200, {}, image.blobs[request.path.split("/")[-1]]))
    middle = fake_server(lambda request: (307, {"Location": f"http://{store.host}{request.path}"}, b""))

    def speak(request):
        if request.path.startswith("/token"):
            return 200, {}, b'{"token":"canary-token"}'
        if request.headers.get("Authorization") != "Bearer canary-token":
            return 401, {"WWW-Authenticate": f'Bearer realm="http://{request.headers["Host"]}/token",service="tests"'}, b""
        if "/manifests/" in request.path:
            return 200, {"Content-Type": image.media_type}, image.manifest
        return 307, {"Location": f"http://{middle.host}/{request.path.split('/')[-1]}"}, b""

    done = sbom(boltseal, fake_server(speak))
    assert done.returncode == 0, done.stderr
    assert names(done.stdout.splitlines()) == ["hello", "zlib1g"]
    assert middle.requests and store.requests
    assert "canary" not in str(middle.requests) + str(store.requests)


@pytest.mark.parametrize("realm", ["http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "http://[::ffff:169.254.169.254]/", "http://2852039166/", "ftp://127.0.0.1/", "", "/token", "https://user:pw@127.0.0.1/"])
def test_row_13_a_realm_that_is_no_place_for_a_login_is_refused(boltseal, fake_server, realm):
    server = fake_server(lambda request: (401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="tests"'}, b""))
    docker_config(boltseal, server.host)
    done = sbom(boltseal, server)
    assert_refused(done)
    assert "canary" not in done.stderr


def test_a_manifest_that_changes_between_two_reads_is_not_believed(boltseal, fake_server):
    """The index names one digest; what is served under it is another manifest."""
    good, evil = images.sample(*PACKAGES), images.sample("evil=1")
    body, media_type = images.index_of(good)

    def speak(request):
        if request.path.endswith("/manifests/1"):
            return 200, {"Content-Type": media_type}, body
        return 200, {"Content-Type": evil.media_type}, evil.manifest

    assert_refused(sbom(boltseal, fake_server(speak), "--platform", "linux/amd64"), "digest")


def test_a_manifest_other_than_its_docker_content_digest_is_refused(boltseal, fake_server):
    image = images.sample(*PACKAGES)
    server = fake_server(lambda request: (200, {"Content-Type": image.media_type, "Docker-Content-Digest": "sha256:" + "0" * 64}, image.manifest))
    assert_refused(sbom(boltseal, server), "digest")


@pytest.mark.parametrize("document,word", [
    ({"schemaVersion": 1, "mediaType": "application/vnd.docker.distribution.manifest.v1+prettyjws", "fsLayers": [], "history": [], "name": "a", "tag": "1"}, "schema"),
    ({"schemaVersion": 2, "mediaType": images.OCI + "manifest.v1+json", "artifactType": "application/vnd.cncf.helm.config.v1+json",
      "config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "sha256:" + "0" * 64, "size": 2}, "layers": []}, "helm"),
    ({"schemaVersion": 2, "mediaType": images.OCI + "index.v1+json", "manifests": []}, ""),
    ({"schemaVersion": 2, "mediaType": images.OCI + "manifest.v1+json", "config": {"mediaType": images.OCI + "config.v1+json", "digest": "md5:0", "size": 2}, "layers": []}, "digest"),
])
def test_what_is_no_image_says_so(boltseal, fake_server, document, word):
    body = json.dumps(document).encode()
    assert_refused(sbom(boltseal, fake_server(lambda request: (200, {"Content-Type": document["mediaType"]}, body))), word)


def layers_named(image, change):
    """The manifest with each layer's descriptor changed."""
    manifest = json.loads(image.manifest)
    for layer in manifest["layers"]:
        change(layer)
    return json.dumps(manifest).encode()


@pytest.mark.parametrize("media_type", ["application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "application/vnd.oci.image.layer.v1.tar+encrypted"])
def test_an_encrypted_layer_says_so(boltseal, fake_server, media_type):
    image = images.sample(*PACKAGES)
    body = layers_named(image, lambda layer: layer.update(mediaType=media_type))
    noise = bytes(range(7, 256)) * 300
    server = serving(fake_server, image, body, blob=lambda request, data: (200, {}, data if data == image.config else noise[:len(data)].ljust(len(data), b"z")))
    assert_refused(sbom(boltseal, server), "encrypted")


@pytest.mark.parametrize("media_type", ["application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"])
def test_a_foreign_layer_is_read_from_the_registry_and_nowhere_else(boltseal, fake_server, media_type):
    image = images.sample(*PACKAGES)
    trap = fake_server(lambda request: (200, {}, b"trap"))
    body = layers_named(image, lambda layer: layer.update(mediaType=media_type, urls=[f"http://{trap.host}/x"]))
    done = sbom(boltseal, serving(fake_server, image, body))
    assert done.returncode == 0 and names(done.stdout.splitlines()) == ["hello", "zlib1g"]
    missing = serving(fake_server, image, body, blob=lambda request, data: (200, {}, data) if data == image.config else (404, {}, b""))
    assert_refused(sbom(boltseal, missing))
    assert trap.requests == []


def test_layers_with_a_table_of_contents_are_read_as_plain_ones(boltseal, fake_server):
    """eStargz ends in a member that holds the offset of its table; zstd:chunked in skippable frames; both are whole tars."""
    image = images.sample(*PACKAGES)
    footer = gzip.compress(b"", mtime=0)
    skippable = b"\x50\x2a\x4d\x18\x08\0\0\0" + b"manifest"
    blobs = [gzip.compress(image.tars[0][:512], mtime=0) + gzip.compress(image.tars[0][512:], mtime=0) + footer,
             skippable + images.compress(image.tars[1], "zstd") + skippable,
             images.compress(image.tars[2][:700], "zstd") + images.compress(image.tars[2][700:], "zstd") + skippable]
    image.blobs = {images.digest(image.config): image.config}
    manifest = json.loads(image.manifest)
    manifest["layers"] = [image.blob(data, images.OCI + "layer.v1.tar+" + kind) for data, kind in zip(blobs, ("gzip", "zstd", "zstd"))]
    image.manifest = json.dumps(manifest).encode()
    done = sbom(boltseal, serving(fake_server, image))
    assert done.returncode == 0, done.stderr
    assert names(done.stdout.splitlines()) == ["hello", "zlib1g"]


@pytest.mark.parametrize("bend", ["other bytes", "from the start", "beyond", "always 416"])
def test_a_resumed_layer_of_wrong_bytes_is_not_believed(boltseal, fake_server, bend):
    image = images.sample(*PACKAGES, compression=["none"] * 3)

    def breaking(request, data):
        if "Range" in request.headers:
            start = int(request.headers["Range"][6:].split("-")[0])
            if bend == "always 416":
                return 416, {}, b""
            if bend == "other bytes":
                return 206, {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}, b"\1" * (len(data) - start)
            if bend == "beyond":
                return 206, {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}, data[start:] + b"more"
            return 206, {"Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}"}, data
        if len(data) > 60000:
            request.close_connection = True
            return 200, {"Content-Length": str(len(data)), "Connection": "close"}, data[:50000]
        return 200, {}, data

    assert_refused(sbom(boltseal, serving(fake_server, image, blob=breaking)))


def test_a_transport_that_compresses_is_seen_through_or_refused(boltseal, fake_server):
    """A proxy that adds Content-Encoding must not make the digest of another body pass."""
    image = images.sample(*PACKAGES)
    server = serving(fake_server, image, blob=lambda request, data: (200, {"Content-Encoding": "gzip"}, gzip.compress(data)))
    done = sbom(boltseal, server)
    assert done.returncode == 2 or names(done.stdout.splitlines()) == ["hello", "zlib1g"]


def test_a_registry_that_asks_for_patience_gets_a_little(boltseal, fake_server):
    image = images.sample(*PACKAGES)
    refusals = [{"Retry-After": "1"}, {"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}, {"Retry-After": "nonsense"}]
    server = serving(fake_server, image, blob=lambda request, data: (429, refusals.pop(), b"") if refusals else (200, {}, data))
    assert sbom(boltseal, server).returncode == 0
    begun = time.monotonic()
    assert_refused(sbom(boltseal, fake_server(lambda request: (429, {"Retry-After": "86400"}, b""))))
    assert time.monotonic() - begun < 50


@pytest.mark.parametrize("reference", ["a:../../x", "a:1\x1b[31m", "a:" + "t" * 129, "a@sha256:../../etc/passwd", "a@sha256:" + "g" * 64, "../a:1", "A:1", "a//b:1", "a:"])
def test_a_reference_that_is_none_is_refused_before_a_packet(boltseal, fake_server, reference):
    server = fake_server(lambda request: (200, {}, b"{}"))
    done = boltseal("sbom", f"{server.host}/{reference}", "--insecure-http")
    assert done.returncode in (2, 3) and "\x1b" not in done.stderr
    assert server.requests == []


@pytest.mark.parametrize("script", ["sleep 600", "cat /dev/zero", "echo garbage", "echo '[1,2]'", "exit 3", "echo '{\"Username\":1,\"Secret\":[]}'",
                                    "printf '{\"Username\":\"a\\\\r\\\\nX-Evil: 1\",\"Secret\":\"s\"}'", "kill -9 $$"])
def test_a_credential_helper_that_hangs_or_babbles_ends(boltseal, private_registry, tmp_path, script):
    helper = tmp_path / "bin" / "docker-credential-tests"
    helper.parent.mkdir()
    helper.write_text(f"#!/bin/sh\n{script}\n")
    helper.chmod(0o755)
    boltseal.write(".docker/config.json", json.dumps({"credHelpers": {private_registry.host: "tests"}}))
    assert_refused(boltseal("sbom", f"{private_registry.host}/x:1", "--insecure-http", PATH=f"{helper.parent}:/usr/bin:/bin", timeout=100))


def test_a_helper_name_is_no_path(boltseal, private_registry, tmp_path):
    target = tmp_path / "ran"
    script = tmp_path / "x" / "evil"
    script.parent.mkdir()
    script.write_text(f"#!/bin/sh\ntouch {target}\n")
    script.chmod(0o755)
    (tmp_path / "docker-credential-x").mkdir()
    for name in ("x/../x/evil", f"x{script}", "../../evil", "a;touch " + str(target)):
        boltseal.write(".docker/config.json", json.dumps({"credsStore": name}))
        assert_refused(boltseal("sbom", f"{private_registry.host}/x:1", "--insecure-http", PATH=f"{tmp_path}:/usr/bin:/bin"))
    assert not target.exists()


@pytest.mark.parametrize("key", ["{host}", "http://{host}", "https://{host}/v2/", "{host}/", "https://{host}/v1/", "{host}/team"])
def test_keys_of_the_docker_config_as_people_have_them(boltseal, private_registry, key):
    private_registry.client().push(images.sample(*PACKAGES), "team/keys", "1")
    auth = base64.b64encode(b"alice:canary-password").decode()
    boltseal.write(".docker/config.json", json.dumps({"auths": {key.format(host=private_registry.host): {"auth": auth}, "other.example": {"auth": "!!"}}}))
    assert names(boltseal.purls(f"{private_registry.host}/team/keys:1", "--insecure-http", "--no-cache")) == ["hello", "zlib1g"]


def test_the_longest_namespace_of_auth_json_wins(boltseal, private_registry):
    private_registry.client().push(images.sample(*PACKAGES), "team/sub/app", "1")
    good = base64.b64encode(b"alice:canary-password").decode()
    bad = base64.b64encode(b"alice:canary-wrong").decode()
    host = private_registry.host
    file = boltseal.write("auth.json", json.dumps({"auths": {host: {"auth": bad}, f"{host}/team": {"auth": bad}, f"{host}/team/sub": {"auth": good}, f"{host}/team/su": {"auth": bad}}}))
    assert names(boltseal.purls(f"{host}/team/sub/app:1", "--insecure-http", REGISTRY_AUTH_FILE=str(file))) == ["hello", "zlib1g"]


def proxy(fake_server, targets):
    """An HTTP proxy: it answers absolute URLs of http by asking the registry itself."""
    def answer_for(request):
        host, _, path = request.path.removeprefix("http://").partition("/")
        assert request.path.startswith("http://") and host in targets, request.path
        connection = http.client.HTTPConnection(targets[host], timeout=10)
        connection.request("GET", "/" + path, headers={k: v for k, v in request.headers.items() if k.lower() in ("accept", "authorization", "range")})
        response = connection.getresponse()
        data = response.read()
        return response.status, {k: v for k, v in response.getheaders() if k.lower() in ("content-type", "www-authenticate", "docker-content-digest")}, data
    return fake_server(answer_for)


def test_a_proxy_is_used_where_the_environment_says_so(boltseal, registry, fake_server):
    registry.client().push(images.sample(*PACKAGES), "proxied", "1")
    middle = proxy(fake_server, {"registry.example": registry.host})
    purls = boltseal.purls("http://registry.example/proxied:1", "--no-cache", http_proxy=f"http://{middle.host}")
    assert names(purls) == ["hello", "zlib1g"] and middle.requests
    before = len(middle.requests)
    assert names(boltseal.purls(f"{registry.host}/proxied:1", "--insecure-http", "--no-cache", http_proxy=f"http://{middle.host}", NO_PROXY="127.0.0.1")) == ["hello", "zlib1g"]
    assert len(middle.requests) == before


def registries_conf(boltseal, text):
    return str(boltseal.write("conf", text))


def test_registries_conf_rewrites_mirrors_and_blocks(boltseal, registry):
    registry.client().push(images.sample(*PACKAGES), "store/base/app", "1")
    conf = registries_conf(boltseal, f'''
[[registry]]
prefix = "quay.example/base"
location = "{registry.host}/store/base"
insecure = true
[[registry]]
prefix = "mirrored.example"
location = "mirrored.example"
[[registry.mirror]]
location = "{registry.host}/store"
insecure = true
[[registry]]
prefix = "bad.example"
blocked = true
[[registry]]
prefix = "*.wild.example"
blocked = true
''')
    for reference in ("quay.example/base/app:1", "mirrored.example/base/app:1"):
        assert names(boltseal.purls(reference, "--no-cache", CONTAINERS_REGISTRIES_CONF=conf)) == ["hello", "zlib1g"], reference
    for reference in ("bad.example/x:1", "deep.wild.example/x:1"):
        assert_refused(boltseal("sbom", reference, CONTAINERS_REGISTRIES_CONF=conf), "block")
