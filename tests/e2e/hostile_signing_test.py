"""Registries that lie about signatures, or want our credentials; and that offline means offline."""
import json
import shutil
import subprocess
import time

import pytest

import images
from cosign_cases_test import CASES, reference, unpack
from registry_test import docker_config
from signing_test import keys, make_key, ok, small  # noqa: F401 (fixtures)
from small_registry import INDEX, digest

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def signed(boltseal, registry, keys, form="bundle"):
    image = images.sample("hello=1")
    images.Client(registry.host).push(image, "app", "v1")
    ok(boltseal("sign", "--key", keys["one"][0], "--format", form, "--allow-http-registry", f"{registry.host}/app:v1"))
    registry.requests.clear()
    return f"{registry.host}/app:v1", images.digest(image.manifest)


def verify(boltseal, reference, keys, *options):
    return boltseal("verify", "--key", keys["one"][1], "--allow-http-registry", *options, reference, timeout=120)


def test_row_14_an_upload_elsewhere_gets_neither_bytes_nor_credentials(boltseal, small, keys, fake_server):
    trap = fake_server(lambda request: (201, {}, b""))
    registry = small()
    image = images.sample("hello=1")
    images.Client(registry.host).push(image, "app", "v1")

    def answer(request):
        if "Authorization" not in request.headers:
            return 401, {"WWW-Authenticate": 'Basic realm="tests"'}, b""
        if request.command == "POST":
            return 202, {"Location": f"http://{trap.host}/v2/app/blobs/uploads/1"}, b""
        return None

    registry.answer = answer
    docker_config(boltseal, registry.host)
    done = boltseal("sign", "--key", keys["one"][0], "--allow-http-registry", f"{registry.host}/app:v1")
    assert done.returncode == 1 and "refused" in done.stderr and "BOLTSEAL_UPLOAD_HOSTS" in done.stderr
    assert trap.requests == [] and "canary" not in done.stderr


def test_an_allowed_upload_host_gets_no_credentials(boltseal, small, keys, tmp_path):
    uploads, registry = small(), small()
    image = images.sample("hello=1")
    images.write_layout(image, tmp_path / "layout", "v1")

    def answer(request):
        if "Authorization" not in request.headers:
            return 401, {"WWW-Authenticate": 'Basic realm="tests"'}, b""
        if request.command == "POST":
            return 202, {"Location": f"http://{uploads.host}/v2/app/blobs/uploads/0"}, b""
        return None

    registry.answer = answer
    uploads.uploads["0"] = b""

    def keep(request):
        if request.command == "PUT":
            uploads.uploads["0"] = b""
        return None

    uploads.answer = keep
    docker_config(boltseal, registry.host)
    boltseal("copy", "--allow-http-registry", f"oci:{tmp_path}/layout:v1", f"{registry.host}/app:v1",
             BOLTSEAL_UPLOAD_HOSTS=f"{registry.host}={uploads.host}")
    assert any(command == "PUT" for command, _, _ in uploads.requests)
    assert all("Authorization" not in headers for _, _, headers in uploads.requests)


def test_given_credentials_go_to_the_registry_and_nowhere_else(boltseal, small, keys, fake_server):
    thief = fake_server(lambda request: (200, {}, b'{"token":"x"}'))
    registry = small()
    registry.answer = lambda request: (401, {"WWW-Authenticate": f'Bearer realm="http://{thief.host}/token",service="s"'}, b"") \
        if "Authorization" not in request.headers else None
    done = boltseal("verify", "--key", keys["one"][1], "--allow-http-registry", "--registry-username", "alice", "--registry-password",
                    "canary-password", f"{registry.host}/app:v1")
    assert done.returncode == 1 and thief.requests == [] and "canary" not in done.stderr


def test_row_22_a_tag_is_asked_once_and_a_digest_answers_the_same(boltseal, small, keys):
    registry = small()
    where, own = signed(boltseal, registry, keys)
    ok(verify(boltseal, where, keys))
    assert sum(path.endswith("/manifests/v1") for _, path, _ in registry.requests) == 1
    # A registry that has another manifest for the same digest, of which the signature would be good.
    other = images.sample("evil=1")
    registry.manifests[own] = (other.media_type, other.manifest)
    by_digest = where.replace(":v1", "@" + own)
    done = verify(boltseal, by_digest, keys)
    assert done.returncode == 1 and "digest" in done.stderr and done.stdout == ""
    # By tag it is another image, which has no signature.
    registry.tags["v1"] = images.digest(other.manifest)
    registry.manifests[images.digest(other.manifest)] = (other.media_type, other.manifest)
    assert verify(boltseal, where, keys).returncode == 10


def test_row_23_a_list_that_is_an_index_too_is_refused(boltseal, small, keys):
    registry = small()
    where, own = signed(boltseal, registry, keys, "legacy")
    tag = f"sha256-{own[7:]}.sig"
    media_type, body = registry.manifests[registry.tags[tag]]
    both = json.dumps(json.loads(body) | {"manifests": []}).encode()
    registry.manifests[digest(both)] = (media_type, both)
    registry.tags = {"v1": own, tag: digest(both)}
    done = verify(boltseal, where, keys)
    assert done.returncode == 1 and "refused" in done.stderr and done.stdout == ""
    lying = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).encode()
    registry.manifests[digest(lying)] = (media_type, lying)
    registry.tags[tag] = digest(lying)
    assert verify(boltseal, where, keys).returncode == 1


@pytest.mark.parametrize("per_page", [1, 5000])
def test_row_24_a_million_referrers_end_soon(boltseal, small, keys, per_page):
    registry = small()
    where, own = signed(boltseal, registry, keys)
    pages = [0]

    def answer(request):
        if "/referrers/" not in request.path:
            return None
        pages[0] += 1
        entries = [{"mediaType": images.OCI + "manifest.v1+json", "digest": digest(f"{pages[0]}-{i}".encode()), "size": 1, "artifactType": BUNDLE}
                   for i in range(per_page)]
        page = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        return 200, {"Content-Type": INDEX, "Link": f'</v2/app/referrers/{own}?n={pages[0]}>; rel="next"'}, json.dumps(page).encode()

    registry.answer = answer
    begun = time.monotonic()
    done = verify(boltseal, where, keys)
    assert done.returncode == 1 and done.stdout == "" and time.monotonic() - begun < 60
    assert pages[0] <= 1000


def test_row_24_an_attachment_of_ten_gigabytes_is_not_fetched(boltseal, small, keys):
    registry = small()
    where, own = signed(boltseal, registry, keys, "legacy")
    tag = f"sha256-{own[7:]}.sig"
    media_type, body = registry.manifests[registry.tags[tag]]
    manifest = json.loads(body)
    good = dict(manifest["layers"][0])
    manifest["layers"].insert(0, good | {"digest": "sha256:" + "0" * 64, "size": 10 << 30})
    changed = json.dumps(manifest).encode()
    registry.manifests[digest(changed)] = (media_type, changed)
    registry.tags = {"v1": own, tag: digest(changed)}
    done = ok(verify(boltseal, where, keys, "-o", "report"))   # the good one still holds
    [refused] = json.loads(done.stdout)["refused"]
    assert refused["reason"]["code"] == "too-large"
    assert not any("/blobs/sha256:" + "0" * 64 in path for _, path, _ in registry.requests)


def test_a_blob_longer_than_promised_is_cut_off(boltseal, small, keys):
    registry = small()
    where, own = signed(boltseal, registry, keys)
    referrer = next(json.loads(body) for _, body in registry.manifests.values() if b"subject" in body)
    name = referrer["layers"][0]["digest"]
    registry.blobs[name] += b" " * (1 << 20)
    done = verify(boltseal, where, keys)
    assert done.returncode == 1 and "unreadable" in done.stderr and done.stdout == ""


def test_pages_of_another_host_are_not_followed(boltseal, small, keys, fake_server):
    trap = fake_server(lambda request: (200, {"Content-Type": INDEX}, b'{"schemaVersion":2,"manifests":[]}'))
    registry = small()
    where, own = signed(boltseal, registry, keys)
    empty = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).encode()
    registry.answer = lambda request: (200, {"Content-Type": INDEX, "Link": f'<http://{trap.host}/next>; rel="next"'}, empty) \
        if "/referrers/" in request.path else None
    done = verify(boltseal, where, keys)
    assert done.returncode == 1 and "refused" in done.stderr and trap.requests == []


@pytest.mark.parametrize("page", [1, 2, 100])
@pytest.mark.parametrize("filters", [True, False])
def test_paging_and_filters_of_the_referrers_api(boltseal, small, keys, page, filters):
    registry = small(page=page, filters=filters)
    image = images.sample("hello=1")
    images.Client(registry.host).push(image, "app", "v1")
    where = f"{registry.host}/app:v1"
    noise = {"schemaVersion": 2, "mediaType": images.OCI + "manifest.v1+json", "artifactType": "application/x.other",
             "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(b"{}"), "size": 2}, "layers": [],
             "subject": image.descriptor()}
    for i in range(3):
        body = json.dumps(noise | {"annotations": {"n": str(i)}}).encode()
        registry.manifests[digest(body)] = (noise["mediaType"], body)
    for name in ("one", "two"):
        ok(boltseal("sign", "--key", keys[name][0], "--allow-http-registry", where))
    ok(verify(boltseal, where, keys, "--key", keys["two"][1], "--require", "2"))


def test_row_37_texts_of_signatures_cannot_speak_to_the_terminal(boltseal, small, keys):
    registry = small()
    where, own = signed(boltseal, registry, keys)
    for own_digest, (media_type, body) in list(registry.manifests.items()):
        if b"subject" in body:
            manifest = json.loads(body)
            manifest["annotations"]["dev.sigstore.bundle.predicateType"] = "\x1b[31mred\u202e"
            changed = json.dumps(manifest).encode()
            registry.manifests[digest(changed)] = (media_type, changed)
    tree = ok(boltseal("tree", "--allow-http-registry", where))
    assert "\x1b" not in tree.stdout and "\u202e" not in tree.stdout


@pytest.mark.parametrize("case", ["bundle", "legacy", "attest-bundle"])
def test_offline_verification_makes_no_packet(boltseal, tmp_path, case):
    """In a network namespace without even loopback, and with every connect() and sendto() watched."""
    unshare = shutil.which("unshare")
    strace = shutil.which("strace")
    if not unshare or not strace:
        pytest.fail("unshare (util-linux) and strace are needed: apt-get install util-linux strace", pytrace=False)
    folder = unpack(case, tmp_path / "layout")
    command = ["verify-attestation", "--type", "cyclonedx"] if case.startswith("attest") else ["verify"]
    trace = tmp_path / "trace"
    done = subprocess.run(
        [unshare, "-rn", strace, "-f", "-e", "trace=network", "-o", str(trace), boltseal.program, *command, "--offline", "--key",
         str(CASES / "keys" / "cosign.pub"), reference(case, folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    calls = [line for line in trace.read_text().splitlines() if "socket(" in line or "connect(" in line or "send" in line]
    assert calls == []
