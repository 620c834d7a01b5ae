"""What cosign's users type: its options, exit codes and output; and what is said to the options that are not taken."""
import base64
import json
import os
import re
import ssl
import subprocess

import pytest

import images
from conftest import ROOT, need
from small_registry import SmallRegistry

HTTP = "--allow-http-registry"


def ok(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture
def keys(boltseal):
    boltseal.environment["COSIGN_PASSWORD"] = ""
    for name in ("one", "two"):
        ok(boltseal("generate-key-pair", "--output-key-prefix", name))
    return boltseal


@pytest.fixture
def image(keys, registry, request):
    """(reference by tag, repository, digest) of an image that nobody has signed."""
    name = "words/" + re.sub(r"\W+", "-", request.node.name.lower()).strip("-")
    own = registry.client().push(images.sample("hello=1"), name, "v1")
    return f"{registry.host}/{name}:v1", f"{registry.host}/{name}", own


def test_an_array_for_each_image_that_is_named(keys, image):
    tag, repository, own = image
    ok(keys("sign", "--key", "one.key", HTTP, tag))
    done = ok(keys("verify", "--key", "one.pub", HTTP, "--max-workers", "3", tag, f"{repository}@{own}"))
    first, second = map(json.loads, done.stdout.splitlines())
    assert [one["critical"]["identity"]["docker-reference"] for one in (*first, *second)] == [tag, f"{repository}@{own}"]
    # One that does not hold, and nothing is printed.
    done = keys("verify", "--key", "one.pub", HTTP, tag, f"{repository}:nope")
    assert done.returncode == 11 and done.stdout == ""


def test_annotations_are_lists(keys, image):
    tag, _, _ = image
    ok(keys("sign", "--key", "one.key", HTTP, "-a", "build=42,ref=main", "-a", '"who=me,you"', tag))
    [payload] = json.loads(ok(keys("verify", "--key", "one.pub", HTTP, "-a", "ref=main,build=42", tag)).stdout)
    assert payload["optional"] == {"build": "42", "ref": "main", "who": "me,you"}
    assert keys("verify", "--key", "one.pub", HTTP, "-a", "build", tag).returncode == 3


def test_the_older_form_alone(keys, image):
    tag, _, _ = image
    ok(keys("sign", "--key", "one.key", HTTP, tag))
    assert keys("verify", "--key", "one.pub", HTTP, "--new-bundle-format=false", tag).returncode == 10
    ok(keys("sign", "--key", "one.key", HTTP, "--new-bundle-format=false", tag))
    done = ok(keys("verify", "--key", "one.pub", HTTP, "--new-bundle-format=false", "--experimental-oci11",
                   "--signature-digest-algorithm", "sha256", tag))
    assert len(json.loads(done.stdout)) == 1
    assert len(json.loads(ok(keys("verify", "--key", "one.pub", HTTP, tag)).stdout)) == 2


def test_a_signature_that_is_not_attached(keys, image, registry):
    tag, repository, own = image
    payload = json.dumps({"critical": {"identity": {"docker-reference": repository}, "image": {"docker-manifest-digest": own},
                                       "type": "cosign container image signature"}, "optional": None}, separators=(",", ":"))
    keys.write("payload", payload)
    ok(keys("sign-blob", "--key", "one.key", "--output-signature", "sig", "payload"))
    verify = ("verify", "--key", "one.pub", HTTP, "--signature", "sig")
    [shown] = json.loads(ok(keys(*verify, "--payload", "payload", tag)).stdout)
    assert shown == json.loads(payload)
    ok(keys(*verify, tag))    # the payload is what `sign` would have made
    assert keys("verify", "--key", "two.pub", HTTP, "--signature", "sig", "--payload", "payload", tag).returncode == 12
    registry.client().push(images.sample("other=2"), "words/other", "v1")
    other = f"{registry.host}/words/other:v1"
    done = keys(*verify, "--payload", "payload", other)
    assert done.returncode == 12 and "digest-mismatch" in done.stderr and done.stdout == ""
    ok(keys(*verify, "--payload", "payload", "--check-claims=false", other))
    assert keys("verify", "--key", "one.pub", HTTP, "--payload", "payload", tag).returncode == 3
    assert keys("verify", "--key", "one.pub", HTTP, "--signature", "missing", tag).returncode == 1


def test_what_is_attached_as_an_sbom(keys, image, registry):
    """As `cosign attach sbom` and `cosign sign --attachment sbom` leave it."""
    tag, repository, own = image
    verify = ("verify", "--key", "one.pub", HTTP, "--attachment", "sbom")
    assert keys(*verify, tag).returncode == 11
    bom = images.sample("bom=1")
    attached = registry.client().push(bom, repository.partition("/")[2], own.replace(":", "-") + ".sbom")
    assert keys(*verify, tag).returncode == 10
    ok(keys("sign", "--key", "one.key", "--format", "legacy", HTTP, f"{repository}@{attached}"))
    [payload] = json.loads(ok(keys(*verify, tag)).stdout)
    assert payload["critical"]["image"]["docker-manifest-digest"] == attached
    assert keys("verify", "--key", "one.pub", HTTP, tag).returncode == 10   # the image itself is not signed by that


def test_attestations(keys, image):
    tag, repository, _ = image
    bom = keys.write("bom.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}))
    own = keys.write("own.json", json.dumps({"hello": "world"}))
    for kind, file in (("cyclonedx", bom), ("https://example.com/own/v1", own)):
        ok(keys("attest", "--key", "one.key", HTTP, "--type", kind, "--predicate", file, tag))
    verify = ("verify-attestation", "--key", "one.pub", HTTP)
    plain = ok(keys(*verify, "--type", "cyclonedx", tag)).stdout
    assert ok(keys(*verify, "--type", "cyclonedx", "-o", "text", tag)).stdout == plain
    note = ok(keys(*verify, "--type", "cyclonedx", "--check-claims=false", tag))
    assert note.stdout == plain and "compared with the image all the same" in note.stderr
    [line] = ok(keys(*verify, "--type", "https://example.com/own/v1", tag)).stdout.splitlines()
    assert json.loads(base64.b64decode(json.loads(line)["payload"]))["predicate"] == {"hello": "world"}
    other = keys(*verify, "--type", "https://example.com/other", tag)
    assert other.returncode == 1 and "none of the attestations matched the predicate type" in other.stderr
    assert keys(*verify, "--type", "cyclonedx", f"{repository}:nope").returncode == 1
    policy = keys(*verify, "--type", "cyclonedx", "--policy", keys.write("p.rego", "package signature"), tag)
    assert policy.returncode == 3 and "custody init" in policy.stderr and policy.stdout == ""


def test_a_folder_of_cosign_save_is_named_by_a_flag(keys, tmp_path):
    folder = images.unpack_recorded(ROOT / "tests/cases/cosign/legacy-saved.json", tmp_path / "saved")
    key = ROOT / "tests/cases/cosign/keys/cosign.pub"
    for words in (("--local-image", "--key", key, folder), ("--key", key, "--local-image=true", folder)):
        assert len(json.loads(ok(keys("verify", *words)).stdout)) == 1


def test_copy_only_and_force(keys, image, registry):
    tag, _, own = image
    target = f"{registry.host}/words/target:v1"
    registry.client().push(images.sample("other=2"), "words/target", "v1")
    for form in ("bundle", "legacy"):
        ok(keys("sign", "--key", "one.key", "--format", form, HTTP, tag))
    kept = keys("copy", HTTP, tag, target)
    assert kept.returncode == 1 and "--force" in kept.stderr
    assert keys("verify", "--key", "one.pub", HTTP, target).returncode == 10
    only = f"{registry.host}/words/only:v1"
    ok(keys("copy", "--only", "sig", HTTP, tag, only))
    assert keys("verify", "--key", "one.pub", HTTP, only).returncode == 11   # what is attached, and not the image
    ok(keys("copy", "-f", HTTP, tag, target))
    assert len(json.loads(ok(keys("verify", "--key", "one.pub", HTTP, target)).stdout)) == 2
    ok(keys("copy", HTTP, tag, target))   # the same image again is nobody's loss
    assert keys("copy", "--only", "everything", HTTP, tag, target).returncode == 3


def test_tree_has_cosigns_branches(keys, image):
    tag, _, _ = image
    for build in ("1", "2"):
        ok(keys("sign", "--key", "one.key", "--format", "legacy", "-a", f"build={build}", HTTP, tag))
    lines = ok(keys("tree", HTTP, tag)).stdout.splitlines()
    assert [line[:6] for line in lines[2:]] == ["   ├──", "   └──"]


# What an unknown word of cosign's gets: (command, option, a word of the answer)
STRANGE = [("verify", "--sk", "pkcs11:"), ("sign", "--slot", "pkcs11:"), ("verify", "--k8s-keychain", "docker login"),
           ("verify", "--certificate", "--key CERTIFICATE.pem"), ("verify-attestation", "--sct", "--insecure-ignore-sct"),
           ("tree", "--attachment-tag-prefix", "COSIGN_REPOSITORY"), ("verify", "--registry-server-name", "host name"),
           ("verify-blob", "--allow-certificate-chain", "--certificate-chain"), ("verify", "--timeout", "timeout 60"),
           ("download", "-d", "-o report"), ("clean", "--output-file", "2>FILE")]


@pytest.mark.parametrize("command,option,answer", STRANGE)
def test_options_that_are_not_taken_get_an_answer(boltseal, command, option, answer):
    done = boltseal(*([command, "signature"] if command == "download" else [command]), option, "x", "registry.example/app:1")
    assert done.returncode == 3 and done.stdout == ""
    assert f"What is {option} in cosign is here: " in done.stderr and answer in done.stderr


def test_an_option_that_is_taken_gets_none(boltseal):
    done = boltseal("copy", "-f", "--nonsense", "a", "b")
    assert done.returncode == 3 and "elsewhere" not in done.stderr and "in cosign" not in done.stderr


def test_the_table_of_the_document_is_whole(program):
    """doc/cosign.md names every option that the program answers for, and those it calls the same are there."""
    table = (ROOT / "doc" / "cosign.md").read_text()
    answered = re.findall(r'^    \{"(-[a-z0-9-]+)"', (ROOT / "src/cli/cosign_words.cc").read_text(), re.M)
    assert answered and [option for option in answered if f"`{option}`" not in table] == []
    for commands, options in re.findall(r"^\| ((?:`[a-z -]+`[, ]*)+) \| ((?:`-[^|]+`[, ]*)+) \| the same", table, re.M):
        for command in re.findall(r"`([a-z -]+)`", commands):
            words = [command, "signature"] if command in ("attach", "download") else command.split()
            text = subprocess.run([program, *words, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
            missing = [o for o in re.findall(r"`(-[a-z0-9-]+)`", options) if not re.search(rf"(^|[\s,]){o}([\s,{{]|$)", text, re.M)]
            assert missing == [], (command, missing)


def test_a_registry_that_asks_who_we_are(boltseal, tmp_path):
    """TLS with a certificate of the client."""
    def openssl(*words):
        subprocess.run([need("openssl", "openssl"), *map(str, words)], cwd=tmp_path, check=True, stderr=subprocess.DEVNULL)

    (tmp_path / "x.cnf").write_text("[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n[server]\nsubjectAltName=IP:127.0.0.1\n"
                                    "[client]\nextendedKeyUsage=clientAuth\n")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-subj", "/CN=ca", "-days", 30, "-out", "ca.pem", "-config", "x.cnf", "-extensions", "ca")
    for name in ("server", "client"):
        openssl("req", *curve, "-keyout", f"{name}.key", "-subj", f"/CN={name}", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", 10, "-extfile", "x.cnf",
                "-extensions", name, "-out", f"{name}.pem")
    registry = SmallRegistry()
    images.Client(registry.host).push(images.sample("hello=1"), "app", "v1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    context.load_verify_locations(tmp_path / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    registry.server.socket = context.wrap_socket(registry.server.socket, server_side=True)
    try:
        where = ("--registry-cacert", tmp_path / "ca.pem", f"{registry.host}/app:v1")
        stranger = boltseal("tree", *where)
        assert stranger.returncode == 1 and stranger.stdout == ""
        ours = ("--registry-client-cert", tmp_path / "client.pem", "--registry-client-key", tmp_path / "client.key")
        assert "No Supply Chain Security" in ok(boltseal("tree", *ours, *where)).stdout
        assert boltseal("tree", "--registry-client-cert", tmp_path / "missing.pem", *where).returncode == 1
    finally:
        registry.close()


def test_the_commands_of_the_signing_chapter_work(keys, program, tmp_path):
    """All blocks of doc/signing.md but notation's, in order and word for word."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "doc/signing.md").read_text(), re.M | re.S)
    need("jq", "jq")
    assert len(blocks) == 5
    images.write_layout(images.sample("hello=1"), keys.home / "app", "1.0")
    keys.write("provenance.json", json.dumps({"buildDefinition": {"buildType": "t", "externalParameters": {}}, "runDetails": {"builder": {"id": "b"}}}))
    (keys.home / "bin").mkdir()
    (keys.home / "bin/boltseal").symlink_to(program)
    done = subprocess.run(["bash", "-euxo", "pipefail"], input="".join(blocks), text=True, cwd=keys.home, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={"PATH": f"{keys.home}/bin:{os.environ['PATH']}",
                                                       "HOME": str(keys.home), "COSIGN_PASSWORD": ""})
    assert done.returncode == 0, done.stderr
    assert '"optional":{"build":"42"}' in done.stdout and '"buildType":"t"' in done.stdout.replace(" ", "")
    assert keys("verify", "--key", "sign.pub", "oci:moved:1.0").returncode == 10
    ok(keys("verify", "--key", "sign.pub", "oci:app:1.0"))
