"""sign, verify, attest, verify-attestation, tree, download, copy, clean: with a real registry that has no referrers API
(docker-registry), with a small one that has it, and with OCI layouts."""
import base64
import http.client
import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

import images
from small_registry import SmallRegistry

CYCLONEDX = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}
TEST_RESULT = {"result": "PASSED", "configuration": []}


def make_key(folder, name, algorithm=("EC", "-pkeyopt", "ec_paramgen_curve:P-256")):
    private, public = folder / f"{name}.key", folder / f"{name}.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", *algorithm, "-out", private], check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    return private, public


@pytest.fixture
def keys(tmp_path):
    """keys["one"] is (private, public)."""
    return {name: make_key(tmp_path, name) for name in ("one", "two")}


@pytest.fixture
def small():
    running = []

    def start(**options):
        running.append(SmallRegistry(**options))
        return running[-1]

    yield start
    for registry in running:
        registry.close()


@pytest.fixture(params=["docker-registry", "referrers", "layout"])
def place(request, registry, small, tmp_path):
    """An image in each kind of store: (reference by tag, its digest, options)."""
    image = images.sample("hello=1")
    own = images.digest(image.manifest)
    if request.param == "layout":
        images.write_layout(image, tmp_path / "layout", "v1")
        return f"oci:{tmp_path}/layout:v1", own, []
    where = registry if request.param == "docker-registry" else small()
    name = "sign/" + re.sub(r"\W+", "-", request.node.name.lower()).strip("-")
    images.Client(where.host).push(image, name, "v1")
    return f"{where.host}/{name}:v1", own, ["--allow-http-registry"]


def ok(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("form", ["bundle", "legacy", "both"])
def test_what_was_signed_verifies_and_nothing_else(boltseal, place, keys, form):
    reference, own, options = place
    unsigned = boltseal("verify", "--key", keys["one"][1], *options, reference)
    assert unsigned.returncode == 10 and "no signatures found" in unsigned.stderr and unsigned.stdout == ""
    done = ok(boltseal("sign", "--key", keys["one"][0], "--format", form, "-y", "--tlog-upload=false", "-a", "build=42", *options, reference))
    assert done.stdout == ""
    done = ok(boltseal("verify", "--key", keys["one"][1], "-a", "build=42", *options, reference))
    payloads = json.loads(done.stdout)
    assert len(payloads) == (2 if form == "both" else 1)
    for payload in payloads:
        assert payload["critical"]["image"]["docker-manifest-digest"] == own
        assert payload["optional"] == {"build": "42"}
    assert "The signatures were verified against the specified public key" in done.stderr
    other = boltseal("verify", "--key", keys["two"][1], *options, reference)
    none_matches = 12 if form == "legacy" else 1   # as cosign has it
    assert other.returncode == none_matches and other.stdout == "" and "signature-invalid" in other.stderr
    assert boltseal("verify", "--key", keys["one"][1], "-a", "build=43", *options, reference).returncode == none_matches
    gone = boltseal("verify", "--key", keys["one"][1], *options, reference.replace(":v1", ":v2"))
    assert gone.returncode == 11, gone.stderr


@pytest.mark.parametrize("form", ["bundle", "legacy"])
def test_attestations_of_a_type_are_printed_as_envelopes(boltseal, place, keys, form):
    reference, own, options = place
    bom = boltseal.write("bom.json", json.dumps(CYCLONEDX))
    result = boltseal.write("result.json", json.dumps(TEST_RESULT))
    for type_name, file in (("cyclonedx", bom), ("test-result", result)):
        ok(boltseal("attest", "--key", keys["one"][0], "--format", form, "--type", type_name, "--predicate", file, *options, reference))
    done = ok(boltseal("verify-attestation", "--key", keys["one"][1], "--type", "cyclonedx", *options, reference))
    [line] = done.stdout.splitlines()
    statement = json.loads(base64.b64decode(json.loads(line)["payload"]))
    assert statement["predicate"] == CYCLONEDX
    assert statement["subject"][0]["digest"] == {"sha256": own.removeprefix("sha256:")}
    wrong = boltseal("verify-attestation", "--key", keys["two"][1], "--type", "cyclonedx", *options, reference)
    assert wrong.returncode == 1 and wrong.stdout == ""
    none = boltseal("verify-attestation", "--key", keys["one"][1], "--type", "vuln", *options, reference)
    assert none.returncode == 1 and none.stdout == ""
    # An attestation is no signature, whoever made it.
    assert boltseal("verify", "--key", keys["one"][1], *options, reference).returncode in (10, 12)
    downloaded = ok(boltseal("download", "attestation", "--predicate-type", "cyclonedx", *options, reference))
    assert downloaded.stdout.splitlines() == [line]


def test_replace_leaves_one_of_its_type(boltseal, place, keys):
    reference, _, options = place
    for version in (1, 2):
        bom = boltseal.write("bom.json", json.dumps(CYCLONEDX | {"version": version}))
        ok(boltseal("attest", "--key", keys["one"][0], "--format", "both", "--replace", "--type", "cyclonedx", "--predicate", bom, *options,
                    reference))
    done = ok(boltseal("verify-attestation", "--key", keys["one"][1], "--type", "cyclonedx", *options, reference))
    versions = [json.loads(base64.b64decode(json.loads(line)["payload"]))["predicate"]["version"] for line in done.stdout.splitlines()]
    assert versions == [2, 2]   # the bundle and the legacy one


def test_a_predicate_without_its_members_is_not_signed(boltseal, place, keys):
    reference, _, options = place
    bad = boltseal.write("bad.json", json.dumps({"buildDefinition": {"buildType": "t"}}))
    done = boltseal("attest", "--key", keys["one"][0], "--type", "slsaprovenance1", "--predicate", bad, *options, reference)
    assert done.returncode == 1 and "externalParameters" in done.stderr
    tree = ok(boltseal("tree", *options, reference))
    assert "No Supply Chain Security Related Artifacts" in tree.stdout


def test_require_counts_different_keys(boltseal, place, keys):
    reference, _, options = place
    both = ["--key", keys["one"][1], "--key", keys["two"][1], "--require", "2"]
    ok(boltseal("sign", "--key", keys["one"][0], "--format", "both", *options, reference))
    done = boltseal("verify", *both, *options, reference)
    assert done.returncode == 12 and "threshold-not-met" in done.stderr
    ok(boltseal("sign", "--key", keys["two"][0], *options, reference))
    ok(boltseal("verify", *both, *options, reference))
    report = json.loads(ok(boltseal("verify", *both, "-o", "report", *options, reference)).stdout)
    assert report["verified"] is True and len(report["keys"]) == 2 and report["refused"] == []


def test_tree_download_and_clean(boltseal, place, keys):
    reference, own, options = place
    ok(boltseal("sign", "--key", keys["one"][0], "--format", "both", *options, reference))
    tree = ok(boltseal("tree", *options, reference)).stdout
    assert f"sha256-{own[7:]}.sig" in tree and "via OCI referrer" in tree and "https://sigstore.dev/cosign/sign/v1" in tree
    lines = [json.loads(line) for line in ok(boltseal("download", "signature", *options, reference)).stdout.splitlines()]
    assert len(lines) == 2
    assert json.loads(base64.b64decode(lines[0]["Payload"]))["critical"]["image"]["docker-manifest-digest"] == own
    assert lines[1]["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    refused = boltseal("clean", *options, reference)
    assert refused.returncode == 3 and "--force" in refused.stderr
    done = boltseal("clean", "--force", *options, reference)
    if done.returncode != 0:   # docker-registry deletes nothing unless its owner says so
        assert "delet" in done.stderr
        return
    assert boltseal("verify", "--key", keys["one"][1], *options, reference).returncode == 10


@pytest.mark.parametrize("form", ["bundle", "legacy"])
def test_an_index_is_signed_whole_or_in_parts(boltseal, registry, keys, form):
    amd, arm = images.sample("a=1"), images.sample("b=1", architecture="arm64")
    registry.client().push_index([amd, arm], f"sign/index-{form}", "v1")
    reference, options = f"{registry.host}/sign/index-{form}:v1", ["--allow-http-registry"]
    ok(boltseal("sign", "--key", keys["one"][0], "--format", form, *options, reference))
    ok(boltseal("verify", "--key", keys["one"][1], *options, reference))
    part = boltseal("verify", "--key", keys["one"][1], "--platform", "linux/arm64", *options, reference)
    assert part.returncode == 10
    ok(boltseal("sign", "--key", keys["one"][0], "--format", form, "--recursive", *options, reference))
    for platform in ("linux/amd64", "linux/arm64"):
        ok(boltseal("verify", "--key", keys["one"][1], "--platform", platform, *options, reference))
    done = ok(boltseal("verify", "--key", keys["one"][1], "--recursive", *options, reference))
    digests = {payload["critical"]["image"]["docker-manifest-digest"] for payload in json.loads(done.stdout)}
    assert len(digests) == 3


def test_copy_takes_signatures_along_and_back(boltseal, registry, small, keys, tmp_path):
    image = images.sample("hello=1")
    registry.client().push(image, "sign/origin", "v1")
    origin, options = f"{registry.host}/sign/origin:v1", ["--allow-http-registry"]
    bom = boltseal.write("bom.json", json.dumps(CYCLONEDX))
    ok(boltseal("sign", "--key", keys["one"][0], "--format", "both", *options, origin))
    ok(boltseal("attest", "--key", keys["one"][0], "--format", "both", "--type", "cyclonedx", "--predicate", bom, *options, origin))
    modern = small()
    chain = [origin, f"oci:{tmp_path}/copied:v1", f"{modern.host}/team/app:v1", f"{registry.host}/sign/back:v1", f"{registry.host}/sign/near:v1"]
    for source, target in zip(chain, chain[1:]):
        ok(boltseal("copy", *options, source, target))
        done = ok(boltseal("verify", "--key", keys["one"][1], *options, target))
        assert len(json.loads(done.stdout)) == 2
        done = ok(boltseal("verify-attestation", "--key", keys["one"][1], "--type", "cyclonedx", *options, target))
        assert len(done.stdout.splitlines()) == 2
    assert boltseal.purls(f"oci:{tmp_path}/copied") == boltseal.purls(f"oci:{tmp_path}/copied:v1")


def test_large_blobs_travel_in_pieces(boltseal, small, keys, tmp_path):
    noise = bytes(range(256)) * (160 << 10)   # 40 MiB, over two pieces of 16
    image = images.Image([[("big", noise)]], ["none"])
    images.write_layout(image, tmp_path / "big", "v1")
    target = small()
    ok(boltseal("copy", "--allow-http-registry", f"oci:{tmp_path}/big:v1", f"{target.host}/big:v1"))
    assert sum(command == "PATCH" for command, _, _ in target.requests) == 2
    assert set(image.blobs) <= set(target.blobs)


def test_cosign_repository_keeps_signatures_elsewhere(boltseal, registry, keys):
    image = images.sample("hello=1")
    registry.client().push(image, "sign/plain", "v1")
    reference, options = f"{registry.host}/sign/plain:v1", ["--allow-http-registry"]
    elsewhere = {"COSIGN_REPOSITORY": f"{registry.host}/sign/elsewhere"}
    ok(boltseal("sign", "--key", keys["one"][0], "--format", "both", *options, reference, **elsewhere))
    assert boltseal("verify", "--key", keys["one"][1], *options, reference).returncode == 10
    assert len(json.loads(ok(boltseal("verify", "--key", keys["one"][1], *options, reference, **elsewhere)).stdout)) == 2


def test_scan_and_sbom_attach_their_result(boltseal, place, keys):
    reference, own, options = place
    insecure = ["--insecure-http"] if options else []
    ok(boltseal("sbom", "-q", "--attest", "--key", keys["one"][0], "-o", "cyclonedx", *insecure, reference))
    ok(boltseal("sbom", "-q", "--attest", "--key", keys["one"][0], "-o", "spdx", *insecure, reference))
    ok(boltseal("scan", "-q", "--attest", "--key", keys["one"][0], "-o", "json", *insecure, reference))
    for type_name, member in (("cyclonedx", "bomFormat"), ("spdx", "spdxVersion"), ("vuln", "scanner")):
        done = ok(boltseal("verify-attestation", "--key", keys["one"][1], "--type", type_name, *options, reference))
        statement = json.loads(base64.b64decode(json.loads(done.stdout)["payload"]))
        assert member in statement["predicate"]
        assert statement["subject"][0]["digest"]["sha256"] == own[7:]


def attest_at_once(boltseal, reference, key, form, options, count, tag):
    """`count` processes attest at the same time; gives what each has said."""
    files = [boltseal.write(f"{tag}-{i}.json", json.dumps(TEST_RESULT | {"url": f"{tag}-{i}"})) for i in range(count)]

    def attest(file):
        return ok(boltseal("attest", "--key", key, "--format", form, "--type", "test-result", "--predicate", file, *options, reference,
                           timeout=300))

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(attest, files))
    return {f"{tag}-{i}" for i in range(count)}


def urls_said(envelopes):
    return {json.loads(base64.b64decode(json.loads(line)["payload"]))["predicate"]["url"] for line in envelopes.splitlines()}


@pytest.mark.parametrize("form", ["bundle", "legacy"])
@pytest.mark.parametrize("round_number", range(3))
def test_twenty_attestations_at_once_and_none_is_lost(boltseal, registry, keys, form, round_number):
    """On the fallback tag and on the .att tag of a registry that knows neither referrers nor conditional writes. What plain
    readers see, the list under the tag alone, must hold all of them too."""
    image = images.sample("hello=1")
    name = f"sign/at-once-{form}-{round_number}"
    own = registry.client().push(image, name, "v1")
    reference, options = f"{registry.host}/{name}:v1", ["--allow-http-registry"]
    said = attest_at_once(boltseal, reference, keys["one"][0], form, options, 20, "a")
    done = ok(boltseal("verify-attestation", "--key", keys["one"][1], "--type", "test-result", *options, reference, timeout=120))
    assert urls_said(done.stdout) == said
    suffix = ".att" if form == "legacy" else ""
    accept = {"Accept": "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"}
    plain = http.client.HTTPConnection(registry.host, timeout=20)
    plain.request("GET", f"/v2/{name}/manifests/sha256-{own[7:]}{suffix}", headers=accept)
    listed = json.loads(plain.getresponse().read())
    plain.close()
    entries = listed.get("manifests") or listed.get("layers")
    assert len({entry["digest"] for entry in entries}) == 20


@pytest.mark.parametrize("form", ["bundle", "legacy"])
def test_twenty_attestations_at_once_to_a_layout(boltseal, keys, tmp_path, form):
    images.write_layout(images.sample("hello=1"), tmp_path / "layout", "v1")
    reference = f"oci:{tmp_path}/layout:v1"
    said = attest_at_once(boltseal, reference, keys["one"][0], form, [], 20, "a")
    done = ok(boltseal("verify-attestation", "--key", keys["one"][1], "--type", "test-result", reference))
    assert urls_said(done.stdout) == said
