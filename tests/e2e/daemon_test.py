"""Images that a real Docker daemon keeps."""
import images
import pytest


@pytest.fixture(scope="module")
def loaded(docker_daemon, tmp_path_factory):
    image = images.sample("hello=2.10-3", "zlib1g=1:1.2.13.dfsg-1")
    archive = images.write_docker_archive(image, tmp_path_factory.mktemp("archive") / "image.tar", "boltseal-test:1")
    docker_daemon.run("load", "-i", archive)
    return docker_daemon


def test_reads_an_image_by_name_and_by_id(boltseal, loaded):
    identity = loaded.run("images", "-q", "--no-trunc", "boltseal-test:1").strip()
    by_name = boltseal.purls("docker:boltseal-test:1", DOCKER_HOST=loaded.address)
    assert len(by_name) == 2 and any(purl.startswith("pkg:deb/debian/hello@2.10-3") for purl in by_name)
    assert boltseal.purls(f"docker:{identity}", DOCKER_HOST=loaded.address) == by_name


def test_scans_an_image(boltseal, loaded):
    done = boltseal("scan", "-o", "json", "docker:boltseal-test:1", DOCKER_HOST=loaded.address)
    assert done.returncode == 0, done.stderr
    assert "hello" in done.stdout


def test_says_what_is_missing(boltseal, loaded, tmp_path):
    missing = boltseal("sbom", "docker:not-here:1", DOCKER_HOST=loaded.address)
    assert missing.returncode == 2 and "docker pull not-here:1" in missing.stderr
    nobody = boltseal("sbom", "docker:a:1", DOCKER_HOST=f"unix://{tmp_path}/no.sock")
    assert nobody.returncode == 2 and "no.sock" in nobody.stderr
    elsewhere = boltseal("sbom", "docker:a:1", DOCKER_HOST="ssh://host")
    assert elsewhere.returncode == 2 and "docker save" in elsewhere.stderr


def test_offline_does_not_ask_the_daemon(boltseal, loaded):
    done = boltseal("sbom", "docker:boltseal-test:1", "--offline", DOCKER_HOST=loaded.address)
    assert done.returncode == 2 and "--offline" in done.stderr
