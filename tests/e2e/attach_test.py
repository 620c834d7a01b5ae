"""What is signed where no registry can be reached, as files, and attached later: `sign --upload=false`, `attest --no-upload`, `attach`."""
import base64
import json
import re

import pytest

import images
from cosign_words_test import HTTP, keys, ok  # noqa: F401 (a fixture)

NOWHERE = "registry.invalid/team/app@sha256:" + "12" * 32


@pytest.fixture
def image(keys, registry, request):  # noqa: F811
    """(repository, digest) of an image that nobody has signed."""
    name = "attach/" + re.sub(r"\W+", "-", request.node.name.lower()).strip("-")
    own = registry.client().push(images.sample(f"{name}=1"), name, "v1")
    return f"{registry.host}/{name}", own


def no_signature(boltseal, repository):
    done = boltseal("verify", "--key", "one.pub", HTTP, f"{repository}:v1")
    assert done.returncode == 10, done.stderr


def test_the_older_form_in_parts(keys, image):  # noqa: F811
    repository, own = image
    done = ok(keys("sign", "--key", "one.key", "--upload=false", "--new-bundle-format=false", "-a", "build=42", "--offline",
                   "--output-signature", "s", "--output-payload", "p", "--output-certificate", "c", "--bundle", "b", f"{repository}@{own}"))
    assert "Pushing" not in done.stderr and done.stdout == ""
    payload, signature = (keys.home / "p").read_text(), (keys.home / "s").read_text()
    assert json.loads(payload)["critical"] == {"identity": {"docker-reference": repository}, "image": {"docker-manifest-digest": own},
                                               "type": "cosign container image signature"}
    assert json.loads((keys.home / "b").read_text()) == {"base64Signature": signature}
    assert (keys.home / "c").read_bytes() == (keys.home / "one.pub").read_bytes()
    no_signature(keys, repository)
    ok(keys("verify", "--key", "one.pub", HTTP, "--signature", "s", "--payload", "p", f"{repository}:v1"))
    attach = ("attach", "signature", HTTP, "--signature", "s", "--payload", "p")
    ok(keys(*attach, f"{repository}:v1"))
    ok(keys(*attach, f"{repository}@{own}"))   # the same again is there already
    [found] = json.loads(ok(keys("verify", "--key", "one.pub", HTTP, "-a", "build=42", f"{repository}@{own}")).stdout)
    assert found == json.loads(payload)


def test_a_bundle(keys, image):  # noqa: F811
    repository, own = image
    ok(keys("sign", "--key", "one.key", "--upload=false", "--bundle", "b", "-a", "build=42", "--offline", f"{repository}@{own}"))
    no_signature(keys, repository)
    ok(keys("attach", "signature", HTTP, "--bundle", "b", f"{repository}:v1"))
    ok(keys("verify", "--key", "one.pub", HTTP, "-a", "build=42", f"{repository}:v1"))
    assert keys("verify", "--key", "two.pub", HTTP, f"{repository}:v1").returncode == 1
    # As it is in cosign: a bundle may be called the payload.
    ok(keys("sign", "--key", "two.key", "--upload=false", "--bundle", "b2", f"{repository}@{own}"))
    ok(keys("attach", "signature", HTTP, "--payload", "b2", f"{repository}:v1"))
    ok(keys("verify", "--key", "two.pub", HTTP, f"{repository}:v1"))


@pytest.mark.parametrize("form", ["bundle", "legacy"])
def test_attestations(keys, image, form):  # noqa: F811
    repository, own = image
    keys.write("p.json", '{"a": 1}')
    kind = "https://example.com/own/v1"   # `custom` would get the time, and no two would say the same
    how = ("attest", "--format", form, "--type", kind, "--predicate", "p.json", "--no-upload", "--offline")
    lines = [ok(keys(*how, "--key", f"{who}.key", f"{repository}@{own}")).stdout for who in ("one", "two")]
    assert all(line.count("\n") == 1 for line in lines)
    files = [keys.write("one.json", lines[0]), keys.write("two.json", lines[1])]
    if form == "legacy":   # several envelopes of one file, and one over several lines
        files = [keys.write("both.json", "".join(lines)), keys.write("pretty.json", json.dumps(json.loads(lines[0]), indent=1))]
    verify = ("verify-attestation", "--type", kind, HTTP, "--key", "one.pub", "--key", "two.pub", "--require", 2, f"{repository}:v1")
    assert keys(*verify).returncode == 1
    ok(keys("attach", "attestation", HTTP, *[word for file in files for word in ("--attestation", file)], f"{repository}:v1"))
    assert ok(keys(*verify)).stdout.count("\n") == (2 if form == "bundle" else 3)


def test_cosigns_own_file_of_an_older_attestation(keys, image):  # noqa: F811
    repository, own = image
    keys.write("p.json", '{"a": 1}')
    ok(keys("attest", "--key", "one.key", "--format", "legacy", "--type", "custom", "--predicate", "p.json", "--upload=false", "--bundle", "b",
            f"{repository}@{own}"))
    envelope = base64.b64decode(json.loads((keys.home / "b").read_text())["base64Signature"])
    assert json.loads(envelope)["payloadType"] == "application/vnd.in-toto+json"
    ok(keys("attach", "attestation", HTTP, "--attestation", "b", f"{repository}:v1"))
    ok(keys("verify-attestation", "--type", "custom", HTTP, "--key", "one.pub", f"{repository}:v1"))


def test_what_is_of_another_image_is_not_attached(keys, image):  # noqa: F811
    repository, own = image
    keys.write("p.json", '{"a": 1}')
    ok(keys("sign", "--key", "one.key", "--upload=false", "--bundle", "b", NOWHERE))
    ok(keys("sign", "--key", "one.key", "--format", "legacy", "--upload=false", "--output-signature", "s", "--output-payload", "p", NOWHERE))
    keys.write("a", ok(keys("attest", "--key", "one.key", "--predicate", "p.json", "--no-upload", NOWHERE)).stdout)
    keys.write("junk", "junk!")
    for words, why in ((("signature", "--bundle", "b"), "12121212"), (("signature", "--signature", "s", "--payload", "p"), "12121212"),
                       (("attestation", "--attestation", "a"), "12121212"), (("attestation", "--attestation", "junk"), "not a DSSE envelope"),
                       (("signature", "--signature", "junk"), "base64"), (("signature", "--signature", "missing"), "missing")):
        done = keys("attach", words[0], HTTP, *words[1:], f"{repository}:v1")
        assert done.returncode == 1 and why in done.stderr, (words, done.stderr)
    assert keys("attach", "signature", HTTP, f"{repository}:v1").returncode == 3
    ok(keys("sign", "--key", "one.key", "--format", "legacy", "--upload=false", "--output-payload", "p", f"{repository}@{own}"))
    done = keys("attach", "signature", HTTP, "--payload", "p", f"{repository}:v1")
    assert done.returncode == 1 and "--signature" in done.stderr
    ok(keys("sign", "--key", "one.key", "--upload=false", "--bundle", "b", f"{repository}@{own}"))
    done = keys("attach", "attestation", HTTP, "--attestation", "b", f"{repository}:v1")
    assert done.returncode == 1 and "attach signature" in done.stderr
    assert keys("attach", "signature", HTTP, "--bundle", "b", f"{repository}:nope").returncode == 11
    no_signature(keys, repository)


def test_where_it_goes_must_be_said(keys):  # noqa: F811
    keys.write("p.json", '{"a": 1}')
    for words, why in ((("sign", "--upload=false"), "--bundle FILE"), (("sign", "--upload=false", "--output-signature", "s"), "--format legacy"),
                       (("sign", "--rfc3161-timestamp", "t", "--bundle", "b"), "--timestamp-server-url"),
                       (("sign", "--format", "notation-jws", "--upload=false", "--bundle", "b"), "notation"),
                       (("sign", "--payload", "p.json"), "--format legacy"),
                       (("attest", "--no-upload", "--format", "both", "--predicate", "p.json"), "--format both"),
                       (("attest", "--no-upload"), "--predicate")):
        done = keys(*words, "--key", "one.key", NOWHERE)
        assert done.returncode == 3 and why in done.stderr, (words, done.stderr)


def test_a_payload_of_ones_own(keys, image):  # noqa: F811
    repository, own = image
    payload = json.dumps({"critical": {"identity": {"docker-reference": "ours"}, "image": {"docker-manifest-digest": own},
                                       "type": "cosign container image signature"}, "optional": {"a": "b"}}, indent=1)
    keys.write("p", payload)
    how = ("sign", "--key", "one.key", "--format", "legacy", "--payload", "p", HTTP)
    ok(keys(*how, f"{repository}:v1"))
    [found] = json.loads(ok(keys("verify", "--key", "one.pub", HTTP, "-a", "a=b", f"{repository}:v1")).stdout)
    assert found == json.loads(payload)
    done = keys(*how, "--upload=false", "--output-signature", "s", NOWHERE)
    assert done.returncode == 1 and own in done.stderr


def test_each_image_of_an_index_has_its_files(keys, tmp_path):  # noqa: F811
    images.write_layout(images.sample("hello=1"), keys.home / "a", "v1")
    images.write_layout(images.sample("other=2"), keys.home / "b", "v1")
    ok(keys("sign", "--key", "one.key", "--upload=false", "--bundle", "s", "oci:a:v1", "oci:b:v1"))
    names = sorted(one.name for one in keys.home.glob("s-sha256-*"))
    assert len(names) == 2 and not (keys.home / "s").exists()
    for layout in ("a", "b"):
        assert keys("verify", "--key", "one.pub", f"oci:{layout}:v1").returncode == 10
        attached = [keys("attach", "signature", "--bundle", name, f"oci:{layout}:v1").returncode for name in names]
        assert sorted(attached) == [0, 1]
        ok(keys("verify", "--key", "one.pub", f"oci:{layout}:v1"))
