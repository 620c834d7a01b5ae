"""Images from a registry: a real one (docker-registry), with and without a login, and hostile ones made by hand.
Rows of the security record are named where a test carries one."""
import base64
import json
import re

import pytest

import images

PACKAGES = ("hello=2.10-3", "zlib1g=1:1.2.13.dfsg-1")


def names(purls):
    return sorted(re.match(r"pkg:deb/debian/([^@?]+)", purl).group(1) for purl in purls if purl.startswith("pkg:deb/"))


def docker_config(boltseal, host, user="alice", password="canary-password", **more):
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    boltseal.write(".docker/config.json", json.dumps({"auths": {host: {"auth": auth}}} | more))


@pytest.mark.parametrize("compression", ["gzip", "zstd", "none"])
def test_reads_layers_however_they_are_compressed(boltseal, registry, compression):
    image = images.sample(*PACKAGES, compression=[compression] * 3)
    registry.client().push(image, f"team/{compression}", "1.0")
    purls = boltseal.purls(f"{registry.host}/team/{compression}:1.0", "--insecure-http")
    assert names(purls) == ["hello", "zlib1g"]
    assert any(purl.startswith("pkg:deb/debian/hello@2.10-3") for purl in purls)


def test_reads_docker_schema_2_by_tag_and_by_digest(boltseal, registry):
    digest = registry.client().push(images.sample(*PACKAGES, docker=True), "schema2", "v1")
    for reference in ("schema2:v1", f"schema2@{digest}", f"schema2:v1@{digest}", f"schema2:gone@{digest}"):
        assert names(boltseal.purls(f"{registry.host}/{reference}", "--insecure-http")) == ["hello", "zlib1g"]


@pytest.mark.parametrize("docker", [False, True])
def test_chooses_the_platform_from_an_index(boltseal, registry, docker):
    amd = images.sample("on-amd=1", docker=docker)
    arm = images.sample("on-arm=1", architecture="arm64", docker=docker)
    registry.client().push_index([arm, amd], f"multi{docker}".lower(), "latest", docker)
    reference = f"{registry.host}/multi{docker}".lower()
    assert names(boltseal.purls(reference, "--insecure-http", "--platform", "linux/amd64")) == ["on-amd"]
    assert names(boltseal.purls(reference, "--insecure-http", "--platform", "linux/arm64")) == ["on-arm"]
    missing = boltseal("sbom", reference, "--insecure-http", "--platform", "linux/s390x")
    assert missing.returncode == 2
    assert "linux/arm64" in missing.stderr


def blobs_asked_for(log):
    return re.findall(r'"GET /v2/[^ "]*/blobs/(sha256:[0-9a-f]{64})', log)


def test_a_layer_that_was_read_before_is_not_fetched_again(boltseal, registry):
    """The registry's own log says what went over the wire; the configuration is fetched each time, the layers are not."""
    image = images.sample(*PACKAGES)
    other = images.sample("added=1", *PACKAGES[1:])   # shares its base with the first
    first, second = [{layer["digest"] for layer in json.loads(i.manifest)["layers"]} for i in (image, other)]
    assert first & second and second - first
    registry.client().push(image, "warm", "1")
    registry.client().push(other, "warm", "2")

    def asked(tag):
        before = len(registry.log())
        purls = boltseal.purls(f"{registry.host}/warm:{tag}", "--insecure-http")
        return purls, sorted(d for d in blobs_asked_for(registry.log()[before:]) if d in first | second)

    cold, fetched = asked(1)
    assert names(cold) == ["hello", "zlib1g"] and fetched == sorted(first)
    assert asked(1) == (cold, [])
    assert asked(2)[1] == sorted(second - first)


def test_the_same_image_gives_the_same_bytes_from_everywhere(boltseal, registry, tmp_path):
    image = images.sample(*PACKAGES)
    registry.client().push(image, "same", "1")
    images.write_layout(image, tmp_path / "layout", "1")
    from_registry = boltseal.purls(f"{registry.host}/same:1", "--insecure-http", "--no-cache")
    assert from_registry == boltseal.purls(f"oci:{tmp_path}/layout:1", "--no-cache")


def test_what_a_pipe_hides_is_not_remembered(boltseal, registry, tmp_path):
    """A layer that comes over the wire has no second walk for its hard links: the same layer on the disk is read anew."""
    image = images.Image([[("store/blob", "Metadata-Version: 2.1\nName: linked\nVersion: 7\n"),
                           ("usr/lib/python3/site-packages/linked-7.dist-info/METADATA", images.HardLink("store/blob"))]])
    registry.client().push(image, "linked", "1")
    layout = images.write_layout(image, tmp_path / "layout", "1")
    assert boltseal.purls(f"{registry.host}/linked:1", "--insecure-http") == []
    for _ in range(2):
        assert boltseal.purls(f"oci:{layout}:1") == ["pkg:pypi/linked@7"]
    assert boltseal.purls(f"{registry.host}/linked:1", "--insecure-http") == ["pkg:pypi/linked@7"]    # from the cache


def test_plain_http_needs_to_be_asked_for(boltseal, registry):
    registry.client().push(images.sample(*PACKAGES), "plain", "1")
    refused = boltseal("sbom", f"{registry.host}/plain:1")
    assert refused.returncode == 2
    assert "--insecure-http" in refused.stderr
    assert names(boltseal.purls(f"http://{registry.host}/plain:1")) == ["hello", "zlib1g"]


def test_says_what_is_missing(boltseal, registry):
    done = boltseal("sbom", f"{registry.host}/nothing/here:9", "--insecure-http")
    assert done.returncode == 2
    assert "nothing/here:9" in done.stderr


def test_offline_sends_not_one_packet(boltseal, fake_server):
    server = fake_server(lambda request: (200, {}, b"{}"))
    done = boltseal("sbom", f"{server.host}/a:1", "--insecure-http", "--offline")
    assert done.returncode == 2
    assert "--offline" in done.stderr
    assert server.requests == []


def test_logs_in_with_the_docker_config(boltseal, private_registry):
    private_registry.client().push(images.sample(*PACKAGES), "secret", "1")
    reference = f"{private_registry.host}/secret:1"
    refused = boltseal("sbom", reference, "--insecure-http")
    assert refused.returncode == 2
    assert "docker login" in refused.stderr
    docker_config(boltseal, private_registry.host)
    done = boltseal("sbom", "-v", "-o", "purls", reference, "--insecure-http")
    assert done.returncode == 0, done.stderr
    assert names(done.stdout.splitlines()) == ["hello", "zlib1g"]
    # Row 18: the secret, as it is and as it travels.
    secret = base64.b64encode(b"alice:canary-password").decode()
    assert "canary" not in done.stdout + done.stderr
    assert secret not in done.stdout + done.stderr
    docker_config(boltseal, private_registry.host, password="canary-wrong")
    wrong = boltseal("sbom", "-v", reference, "--insecure-http")
    assert wrong.returncode == 2
    assert "canary" not in wrong.stdout + wrong.stderr


def test_logs_in_with_containers_auth_json(boltseal, private_registry):
    private_registry.client().push(images.sample(*PACKAGES), "team/pod", "1")
    auth = base64.b64encode(b"alice:canary-password").decode()
    file = boltseal.write("auth.json", json.dumps({"auths": {f"{private_registry.host}/team": {"auth": auth}}}))
    reference = f"{private_registry.host}/team/pod:1"
    assert names(boltseal.purls(reference, "--insecure-http", REGISTRY_AUTH_FILE=str(file))) == ["hello", "zlib1g"]


def test_logs_in_with_a_credential_helper(boltseal, private_registry, tmp_path):
    private_registry.client().push(images.sample(*PACKAGES), "helped", "1")
    helper = tmp_path / "bin" / "docker-credential-tests"
    helper.parent.mkdir()
    helper.write_text('#!/bin/sh\nread host\nprintf \'{"ServerURL":"%s","Username":"alice","Secret":"canary-password"}\' "$host"\n')
    helper.chmod(0o755)
    boltseal.write(".docker/config.json", json.dumps({"credHelpers": {private_registry.host: "tests"}}))
    path = f"{helper.parent}:/usr/bin:/bin"
    reference = f"{private_registry.host}/helped:1"
    assert names(boltseal.purls(reference, "--insecure-http", PATH=path)) == ["hello", "zlib1g"]


def test_reads_from_a_mirror(boltseal, registry):
    registry.client().push(images.sample(*PACKAGES), "library/mirrored", "latest")
    purls = boltseal.purls("mirrored", BOLTSEAL_MIRRORS=f"docker.io=http://{registry.host}")
    assert names(purls) == ["hello", "zlib1g"]


def token_registry(fake_server, realm):
    """A registry that wants a token from `realm`."""
    challenge = {"WWW-Authenticate": f'Bearer realm="{realm}",service="tests"'}
    return fake_server(lambda request: (401, challenge, b""))


def test_row_12_credentials_of_other_hosts_stay_at_home(boltseal, fake_server):
    realm = fake_server(lambda request: (200, {}, b'{"token":"t"}'))
    server = token_registry(fake_server, "http://nowhere.invalid/token")
    docker_config(boltseal, realm.host)
    boltseal("sbom", f"{server.host}/a:1", "--insecure-http", AWS_SECRET_ACCESS_KEY="canary-aws", AZURE_CLIENT_SECRET="canary-az")
    assert server.requests
    for _, path, headers, body in server.requests:
        assert "Authorization" not in headers
        assert "canary" not in path + str(headers) + str(body)


@pytest.mark.parametrize("token", [{}, {"identitytoken": "canary-refresh"}])
def test_row_13_a_realm_elsewhere_gets_no_credentials(boltseal, fake_server, token):
    thief = fake_server(lambda request: (200, {"Content-Type": "application/json"}, b'{"token":"t"}'))
    server = token_registry(fake_server, f"http://{thief.host}/token")
    auth = base64.b64encode(b"alice:canary-password").decode()
    boltseal.write(".docker/config.json", json.dumps({"auths": {server.host: {"auth": auth} | token}}))
    done = boltseal("sbom", f"{server.host}/a:1", "--insecure-http")
    assert done.returncode == 2
    assert thief.host in done.stderr and "refused" in done.stderr
    assert "canary" not in done.stderr
    assert thief.requests == []


def test_row_14_redirects_and_descriptor_urls_get_no_credentials(boltseal, fake_server):
    image = images.sample(*PACKAGES)
    trap = fake_server(lambda request: (200, {}, b"stolen"))
    manifest = json.loads(image.manifest)
    for layer in manifest["layers"]:
        layer["urls"] = [f"http://{trap.host}/layer"]
    image.manifest = json.dumps(manifest).encode()
    store = fake_server(lambda request: (200, {}, image.blobs[request.path.split("/")[-1]]))

    def answer(request):
        if "Authorization" not in request.headers:
            return 401, {"WWW-Authenticate": 'Basic realm="tests"'}, b""
        if "/manifests/" in request.path:
            return 200, {"Content-Type": image.media_type}, image.manifest
        return 307, {"Location": f"http://{store.host}/{request.path.split('/')[-1]}"}, b""

    server = fake_server(answer)
    docker_config(boltseal, server.host)
    assert names(boltseal.purls(f"{server.host}/a:1", "--insecure-http")) == ["hello", "zlib1g"]
    assert len(store.requests) == 4
    assert all("Authorization" not in headers for _, _, headers, _ in store.requests)
    assert trap.requests == []


def serving(fake_server, image, manifest=None, content_type=None, blob=lambda request, data: (200, {}, data)):
    """A registry of one image whose manifest and blobs a test may bend."""
    def answer(request):
        if request.path == "/v2/":
            return 200, {}, b"{}"
        if "/manifests/" in request.path:
            return 200, {"Content-Type": content_type or image.media_type}, manifest or image.manifest
        return blob(request, image.blobs[request.path.split("/")[-1]])
    return fake_server(answer)


def test_row_23_a_manifest_that_is_an_index_too_is_refused(boltseal, fake_server):
    image = images.sample(*PACKAGES)
    both = json.dumps(json.loads(image.manifest) | {"manifests": [image.descriptor()]}).encode()
    done = boltseal("sbom", serving(fake_server, image, both).host + "/a:1", "--insecure-http")
    assert done.returncode == 2 and "refused" in done.stderr
    lying = serving(fake_server, image, content_type=images.OCI + "index.v1+json")
    done = boltseal("sbom", lying.host + "/a:1", "--insecure-http")
    assert done.returncode == 2 and "refused" in done.stderr


def test_rows_9_and_24_a_manifest_without_end_is_cut_off(boltseal, fake_server):
    image = images.sample(*PACKAGES)
    done = boltseal("sbom", serving(fake_server, image, b" " * (5 << 20)).host + "/a:1", "--insecure-http")
    assert done.returncode == 2 and "limit" in done.stderr
    manifest = json.loads(image.manifest)
    manifest["config"]["size"] = 1 << 60
    done = boltseal("sbom", serving(fake_server, image, json.dumps(manifest).encode()).host + "/a:1", "--insecure-http")
    assert done.returncode == 2 and "limit" in done.stderr


def test_a_wrong_digest_stops_the_scan(boltseal, fake_server):
    image = images.sample(*PACKAGES)
    last = json.loads(image.manifest)["layers"][-1]["digest"]

    def forged(request, data):
        return 200, {}, bytes([*data[:-1], data[-1] ^ 1]) if request.path.endswith(last) else data

    done = boltseal("sbom", "-o", "purls", serving(fake_server, image, blob=forged).host + "/a:1", "--insecure-http", "--no-cache")
    assert done.returncode == 2
    wanted = boltseal("sbom", serving(fake_server, image).host + "/a@sha256:" + "0" * 64, "--insecure-http")
    assert wanted.returncode == 2 and "digest" in wanted.stderr


def test_a_layer_that_breaks_off_is_resumed(boltseal, fake_server):
    image = images.sample(*PACKAGES, compression=["none"] * 3)
    broken = []

    def breaking(request, data):
        match = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        if match:
            start = int(match.group(1))
            return 206, {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}, data[start:]
        if len(data) > 60000:
            broken.append(request.path)
            request.close_connection = True
            return 200, {"Content-Length": str(len(data)), "Connection": "close"}, data[:50000]
        return 200, {}, data

    server = serving(fake_server, image, blob=breaking)
    assert names(boltseal.purls(f"{server.host}/a:1", "--insecure-http", "--no-cache")) == ["hello", "zlib1g"]
    assert broken
    assert any(headers.get("Range") == "bytes=50000-" for _, _, headers, _ in server.requests)


def test_a_busy_registry_is_asked_again(boltseal, fake_server):
    image = images.sample(*PACKAGES)
    refusals = [503, 429, 502]

    def busy(request, data):
        return (refusals.pop(), {}, b"") if refusals else (200, {}, data)

    server = serving(fake_server, image, blob=busy)
    assert names(boltseal.purls(f"{server.host}/a:1", "--insecure-http")) == ["hello", "zlib1g"]
    assert refusals == []


def test_row_37_texts_of_the_registry_cannot_speak_to_the_terminal(boltseal, fake_server):
    body = json.dumps({"errors": [{"message": "\x1b[31mred\u202e\r\nfake line"}]}).encode()
    server = fake_server(lambda request: (404 if "/manifests/" in request.path else 200, {}, body))
    done = boltseal("sbom", f"{server.host}/a:1", "--insecure-http")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr and "\u202e" not in done.stderr and "\r" not in done.stderr
