"""`tuf` and `db update --tuf` against repositories that another writer made, in folders and over HTTP. The attacks are in
src/seal/tuf_client_test.cc, and the whole of tuf-conformance runs through tests/conformance/tuf-entrypoint."""
import shutil

import pytest

from tuf_repository import Key, Repository


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repository")


def tuf(boltseal, repository, *arguments, base=None):
    base = base or repository.folder
    return boltseal("tuf", "--metadata-dir", boltseal.home / "seen", "--metadata-url", f"{base}/metadata",
                    "--target-base-url", f"{base}/targets", "--target-dir", boltseal.home / "got", *arguments)


def test_brings_targets_and_keeps_what_it_saw(boltseal, repository):
    repository.add("team/tool.bin", b"first")
    assert tuf(boltseal, repository, "init", repository.root).returncode == 0
    done = tuf(boltseal, repository, "download", "--target-name", "team/tool.bin")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(boltseal.home / "got" / "team%2Ftool.bin")
    assert (boltseal.home / "got" / "team%2Ftool.bin").read_bytes() == b"first"
    old = boltseal.home / "old"
    shutil.copytree(repository.folder, old)
    repository.add("team/tool.bin", b"second")
    assert tuf(boltseal, repository, "download", "--target-name", "team/tool.bin").returncode == 0
    assert (boltseal.home / "got" / "team%2Ftool.bin").read_bytes() == b"second"
    back = tuf(boltseal, repository, "refresh", base=old)
    assert back.returncode == 1
    assert "metadata-rollback" in back.stderr


@pytest.mark.parametrize("name", ["my app.bin", "dir/größe 1%.txt", "a%2Fb"])
def test_a_folder_has_names_as_they_are(boltseal, repository, name):
    repository.add(name, b"content")
    assert tuf(boltseal, repository, "init", repository.root).returncode == 0
    done = tuf(boltseal, repository, "download", "--target-name", name)
    assert done.returncode == 0, done.stderr


def test_says_what_is_wrong(boltseal, repository, tmp_path):
    assert "not-initialised" in tuf(boltseal, repository, "refresh").stderr
    assert tuf(boltseal, repository, "init", repository.root).returncode == 0
    path = repository.add("tool", b"good")
    path.write_bytes(b"evil")
    done = tuf(boltseal, repository, "download", "--target-name", "tool")
    assert done.returncode == 1
    assert "hash-mismatch" in done.stderr
    assert not list((boltseal.home / "got").glob("*")) if (boltseal.home / "got").exists() else True
    unknown = tuf(boltseal, repository, "download", "--target-name", "no\x1b[31mne")
    assert "target-unknown" in unknown.stderr and "\x1b" not in unknown.stderr
    repository.keys["timestamp"] = Key(tmp_path, "thief")
    repository.publish()
    assert "threshold-not-met" in tuf(boltseal, repository, "refresh").stderr
    gone = tuf(boltseal, repository, "refresh", base=tmp_path / "nowhere")
    assert gone.returncode == 1


def test_speaks_http_only_when_told(boltseal, repository, fake_server):
    def answer(request):
        path = repository.folder / request.path.lstrip("/")
        return (200, {}, path.read_bytes()) if path.is_file() else (404, {}, b"")

    server = fake_server(answer)
    base = f"http://{server.host}"
    repository.add("a", b"content")
    assert tuf(boltseal, repository, "init", repository.root).returncode == 0
    assert tuf(boltseal, repository, "refresh", base=base).returncode == 2
    assert not server.requests
    done = tuf(boltseal, repository, "--insecure-http", "download", "--target-name", "a", base=base)
    assert done.returncode == 0, done.stderr
    offline = tuf(boltseal, repository, "--insecure-http", "--offline", "refresh", base=base)
    assert offline.returncode == 2


def test_updates_a_signed_database(boltseal, repository):
    data = boltseal.home / "data"
    assert boltseal("db", "export", boltseal.home / "advisories.db").returncode == 0
    content = (boltseal.home / "advisories.db").read_bytes()
    repository.add("advisories.db", content)

    def update(base):
        return boltseal("db", "--data-dir", data, "update", "--tuf", base, "--tuf-root", repository.root)

    done = update(repository.folder)
    assert done.returncode == 0, done.stderr
    assert "verified and installed" in done.stdout
    assert (data / "advisories.db").read_bytes() == content
    old = boltseal.home / "old"
    shutil.copytree(repository.folder, old)
    repository.add("advisories.db", content[:-1] + bytes([content[-1] ^ 1]))
    damaged = update(repository.folder)   # signed, but no database
    assert damaged.returncode == 2
    assert (data / "advisories.db").read_bytes() == content
    back = update(old)
    assert back.returncode == 2
    assert "metadata-rollback" in back.stderr
