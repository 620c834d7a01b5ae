"""`channel`: a publisher and readers, in a folder, an OCI layout, a real registry and behind a web server; and another TUF
reader's view of it, which is `tuf`."""
import json
import shutil

import pytest

import images
from signing_test import make_key

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


@pytest.fixture(params=["folder", "layout", "registry"])
def channel(request, boltseal, registry, tmp_path):
    """Runs a command on a channel: channel("set", …)."""
    places = {"folder": tmp_path / "channel", "layout": f"oci:{tmp_path}/layout",
              "registry": f"oci://{registry.host}/channels/{tmp_path.name}"}
    keys = {name: make_key(tmp_path, name) for name in ("root", "targets", "stamp", "team")}

    def run(command, *arguments, code=0):
        done = boltseal("channel", command, places[request.param], "--insecure-http", *arguments)
        assert done.returncode == code, done.stderr
        return done

    run.key = lambda name: keys[name][0]
    run.public = lambda name: keys[name][1]
    run.root = tmp_path / "root.json"
    run.place = places[request.param]
    run("init", "--root-key", run.key("root"), "--targets-key", run.key("targets"), "--timestamp-key", run.key("stamp"),
        "--root", run.root)
    return run


def test_a_tag_means_what_was_signed(channel):
    signed = ("--key", channel.key("targets"), "--timestamp-key", channel.key("stamp"))
    channel("set", "reg.example/app", f"1.0={A}", f"latest={A}", *signed)
    found = channel("resolve", "reg.example/app:1.0", "--root", channel.root)
    assert found.stdout == f"reg.example/app@{A}\n"
    channel("set", "reg.example/app", f"latest={B}", *signed)
    found = json.loads(channel("resolve", "reg.example/app:latest", "--root", channel.root, "-o", "json").stdout)
    assert found["digest"] == B and found["timestampVersion"] == 3
    channel("unset", "reg.example/app", "1.0", *signed)
    assert "channel-tag-unknown" in channel("resolve", "reg.example/app:1.0", "--root", channel.root, code=1).stderr
    assert f"reg.example/app:latest  {B}" in channel("show").stdout
    assert "already-initialised" in channel("init", "--root-key", channel.key("team"), "--targets-key", channel.key("team"),
                                            "--timestamp-key", channel.key("team"), code=1).stderr


def test_teams_speak_for_their_own_names(channel):
    stamp = ("--timestamp-key", channel.key("stamp"))
    channel("delegate", "team", "--public-key", channel.public("team"), "--pattern", "reg.example/team/*",
            "--key", channel.key("targets"))
    channel("set", "reg.example/team/x", f"1={A}", "--role", "team", "--key", channel.key("team"), *stamp)
    assert A in channel("resolve", "reg.example/team/x:1", "--root", channel.root).stdout
    other = channel("set", "reg.example/app", f"1={A}", "--role", "team", "--key", channel.key("team"), *stamp, code=1)
    assert "role-not-allowed" in other.stderr
    wrong = channel("set", "reg.example/app", f"1={A}", "--key", channel.key("team"), *stamp, code=1)
    assert "threshold-not-met" in wrong.stderr


def test_two_must_sign(channel):
    channel("add-key", "targets", channel.public("team"), "--threshold", "2", "--root-key", channel.key("root"))
    first = channel("set", "reg.example/app", f"1={A}", "--key", channel.key("targets"))
    assert "waits for 1 more" in first.stdout
    early = channel("resolve", "reg.example/app:1", "--root", channel.root, code=1)
    assert "threshold-not-met" in early.stderr   # the records before have one signature
    channel("sign", "targets", "--key", channel.key("team"), "--timestamp-key", channel.key("stamp"))
    assert A in channel("resolve", "reg.example/app:1", "--root", channel.root).stdout


def test_an_old_copy_is_refused_and_a_web_server_will_do(boltseal, tmp_path, fake_server):
    folder, root = tmp_path / "channel", tmp_path / "root.json"
    root_key, targets, stamp = (make_key(tmp_path, name)[0] for name in ("r", "t", "s"))
    assert boltseal("channel", "init", folder, "--root-key", root_key, "--targets-key", targets, "--timestamp-key", stamp,
                    "--root", root).returncode == 0
    signed = ("--key", targets, "--timestamp-key", stamp)
    assert boltseal("channel", "set", folder, "debian", f"12={A}", *signed).returncode == 0
    shutil.copytree(folder, tmp_path / "old")
    assert boltseal("channel", "set", folder, "debian", f"12={B}", *signed).returncode == 0

    def answer(request):
        path = folder / request.path.lstrip("/")
        return (200, {}, path.read_bytes()) if path.is_file() else (404, {}, b"")

    server = fake_server(answer)
    found = boltseal("channel", "resolve", f"http://{server.host}", "docker.io/library/debian:12", "--root", root,
                     "--insecure-http")
    assert found.stdout == f"docker.io/library/debian@{B}\n", found.stderr
    back = boltseal("channel", "resolve", tmp_path / "old", "debian:12", "--root", root)
    assert back.returncode == 1 and "channel-rollback" in back.stderr
    # What a TUF client thinks of it.
    assert boltseal("tuf", "--metadata-dir", tmp_path / "seen", "init", root).returncode == 0
    assert boltseal("tuf", "--metadata-dir", tmp_path / "seen", "--metadata-url", folder, "refresh").returncode == 0


def test_what_runs_out_is_refused(boltseal, tmp_path):
    folder, root = tmp_path / "channel", tmp_path / "root.json"
    root_key, targets, stamp = (make_key(tmp_path, name)[0] for name in ("r", "t", "s"))
    long_ago = {"SOURCE_DATE_EPOCH": "1700000000"}
    assert boltseal("channel", "init", folder, "--root-key", root_key, "--targets-key", targets, "--timestamp-key", stamp,
                    "--root", root, "--valid-for", "9999", **long_ago).returncode == 0
    frozen = boltseal("channel", "resolve", folder, "debian:12", "--root", root, **long_ago)
    assert frozen.returncode == 1 and "channel-freeze" in frozen.stderr   # the environment has no say in this
    assert boltseal("channel", "refresh-timestamp", folder, "--timestamp-key", stamp).returncode == 0
    assert "channel-tag-unknown" in boltseal("channel", "resolve", folder, "debian:12", "--root", root).stderr


def test_an_image_gives_its_digest(boltseal, registry, tmp_path):
    digest = registry.client().push(images.sample("hello=1"), "team/channelled", "1.0")
    folder, root = tmp_path / "channel", tmp_path / "root.json"
    key = make_key(tmp_path, "k")[0]
    assert boltseal("channel", "init", folder, "--root-key", key, "--targets-key", key, "--timestamp-key", key, "--root",
                    root).returncode == 0
    done = boltseal("channel", "set", folder, f"{registry.host}/team/channelled", f"1.0={registry.host}/team/channelled:1.0",
                    "--key", key, "--timestamp-key", key, "--insecure-http")
    assert done.returncode == 0, done.stderr
    found = boltseal("channel", "resolve", folder, f"{registry.host}/team/channelled:1.0", "--root", root)
    assert found.stdout == f"{registry.host}/team/channelled@{digest}\n"
