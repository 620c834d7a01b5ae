"""The content seal of images: its flattening against what GNU tar unpacks, its proofs, its bytes. The Merkle root is computed
here once more, from doc/formats/seal.md alone."""
import base64
import gzip
import hashlib
import io
import json
import os
import stat
import struct
import subprocess
import tarfile

import images
import pytest

EMPTY_ROOT = "sha256:" + hashlib.sha256(b"").hexdigest()


def entry(path, content=None, kind=tarfile.REGTYPE, mode=0o644, uid=0, gid=0, link="", device=(0, 0), pax=None):
    info = tarfile.TarInfo(path)
    info.type, info.mode, info.uid, info.gid, info.linkname = kind, mode, uid, gid, link
    info.devmajor, info.devminor = device
    info.pax_headers = pax or {}
    data = content.encode() if isinstance(content, str) else content
    info.size = len(data) if data is not None else 0
    return info, data


def folder(path, mode=0o755, **more):
    return entry(path, kind=tarfile.DIRTYPE, mode=mode, **more)


def symlink(path, target):
    return entry(path, kind=tarfile.SYMTYPE, mode=0o777, link=target)


def hard_link(path, target, **more):
    return entry(path, kind=tarfile.LNKTYPE, link=target, **more)


def layer(*entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8", errors="surrogateescape") as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data) if data is not None else None)
    return out.getvalue()


def layout(folder, *layers):
    """An OCI layout of layers that are tars already."""
    image = images.Image([])
    image.tars = list(layers)
    image.blobs = {}
    descriptors = [image.blob(gzip.compress(data, 1, mtime=0), images.OCI + "layer.v1.tar+gzip") for data in layers]
    config = {"architecture": "amd64", "os": "linux", "config": {},
              "rootfs": {"type": "layers", "diff_ids": [images.digest(data) for data in layers]}, "history": []}
    image.config = json.dumps(config).encode()
    image.manifest = json.dumps({"schemaVersion": 2, "mediaType": image.media_type,
                                 "config": image.blob(image.config, images.OCI + "config.v1+json"), "layers": descriptors}).encode()
    return images.write_layout(image, folder)


def seal(boltseal, layout_folder, *arguments):
    done = boltseal("seal", "-q", f"oci:{layout_folder}", "-o", "json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def raw(record, name):
    return record[name].encode() if name in record else base64.b64decode(record[name + "Base64"])


def files(manifest):
    """{path: record}"""
    return {raw(record, "path"): record for record in manifest["files"]}


def canonical(record, layers):
    """Of doc/formats/seal.md, written without a look at the program."""
    device = f"{record['major']}:{record['minor']}" if "major" in record else ""
    fields = [b"boltseal/content/1", raw(record, "path"), record["type"].encode(), record["mode"].encode(),
              str(record["uid"]).encode(), str(record["gid"]).encode(), str(record.get("size", 0)).encode(),
              bytes.fromhex(record.get("sha256", "")), raw(record, "link") if record["type"] == "symlink" else b"",
              device.encode(), layers[record["layer"]]["diffId"].encode() if "layer" in record else b""]
    for item in record.get("xattrs", []):
        fields += [raw(item, "name"), base64.b64decode(item["value"])]
    return b"".join(struct.pack(">I", len(f)) + f for f in fields)


def root_of(leaves):
    """RFC 6962, section 2.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + root_of(leaves[:k]) + root_of(leaves[k:])).digest()


def stated_root_holds(manifest):
    leaves = [hashlib.sha256(b"\0" + canonical(r, manifest["image"]["layers"])).digest() for r in manifest["files"]]
    return manifest["merkle"] == {"algorithm": "rfc6962-sha256", "size": len(leaves), "root": "sha256:" + root_of(leaves).hex()}


CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")  # cap_net_raw=ep


@pytest.fixture
def everything(tmp_path):
    """Three layers with one of all that is easy to get wrong."""
    first = layer(
        folder("./"), folder("bin/"), entry("bin/tool", b"\x7fELF tool", mode=0o755), hard_link("bin/alias", "bin/tool"),
        folder("etc/"), entry("etc/a.conf", "a"), entry("etc/b.conf", "b"), entry("etc/c.conf", "c"),
        entry("bin/su", "set-uid", mode=0o4755), entry("bin/ping", "ping", mode=0o755, pax={"SCHILY.xattr.security.capability": CAPABILITY.decode("latin-1")}),
        folder("opaque/"), entry("opaque/gone", "x"), folder("opaque/deep/"), entry("opaque/deep/gone", "x"),
        folder("was-folder/"), entry("was-folder/inside", "x"), entry("was-file", "x"),
        folder("kept/", mode=0o700), entry("kept/inside", "x"), symlink("lib", "usr/lib"),
        entry("dev/null", kind=tarfile.CHRTYPE, mode=0o666, device=(1, 3)), entry("dev/sda", kind=tarfile.BLKTYPE, mode=0o660, gid=6, device=(8, 0)),
        entry("run/pipe", kind=tarfile.FIFOTYPE, mode=0o600), entry("new\nline", "n"), entry("bad\udcff\udcfename", "not UTF-8"),
        entry("empty", ""))
    second = layer(
        entry("etc/.wh.b.conf", ""), entry("opaque/.wh..wh..opq", ""), entry("opaque/new", "y"),
        entry("was-folder", "now a file"), folder("was-file/"), entry("was-file/inside", "y"),
        folder("kept/", mode=0o750, uid=5), entry("no/layer/names/this", "z"), hard_link("etc/again", "etc/a.conf"))
    third = layer(entry("etc/a.conf", "changed"), symlink("same", "target"), folder("target/"), entry("same/through", "t"),
                  entry("lib/libx", "x"))
    return layout(tmp_path / "layout", first, second, third)


def test_flattens_as_runtimes_do(boltseal, everything):
    manifest = seal(boltseal, everything)
    found = files(manifest)
    sha = lambda data: hashlib.sha256(data).hexdigest()
    assert found[b"bin/alias"]["sha256"] == found[b"bin/tool"]["sha256"] == sha(b"\x7fELF tool")
    assert found[b"bin/alias"]["mode"] == "0755" and found[b"bin/su"]["mode"] == "4755"
    assert found[b"bin/ping"]["xattrs"] == [{"name": "security.capability", "value": base64.b64encode(CAPABILITY).decode()}]
    assert b"etc/b.conf" not in found and found[b"etc/c.conf"]["layer"] == 0
    assert found[b"etc/a.conf"]["sha256"] == sha(b"changed") and found[b"etc/a.conf"]["layer"] == 2
    assert found[b"etc/again"]["sha256"] == sha(b"a"), "a hard link keeps what its target was when it was made"
    assert [p for p in found if p.startswith(b"opaque")] == [b"opaque", b"opaque/new"]
    assert found[b"was-folder"]["type"] == "file" and b"was-folder/inside" not in found
    assert found[b"was-file"]["type"] == "directory" and b"was-file/inside" in found
    assert (found[b"kept"]["mode"], found[b"kept"]["uid"], found[b"kept"]["layer"]) == ("0750", 5, 1) and b"kept/inside" in found
    assert (found[b"no"]["mode"], found[b"no"]["uid"], found[b"no"]["layer"]) == ("0755", 0, 1)
    assert (found[b"dev/null"]["type"], found[b"dev/null"]["major"], found[b"dev/null"]["minor"]) == ("character-device", 1, 3)
    assert (found[b"dev/sda"]["type"], found[b"dev/sda"]["major"]) == ("block-device", 8)
    assert found[b"run/pipe"]["type"] == "fifo" and found[b"empty"]["size"] == 0
    assert found[b"target/through"]["sha256"] == sha(b"t"), "a symlink of the same layer is followed"
    assert found[b"lib"]["type"] == "directory" and b"lib/libx" in found, "one of a lower layer makes room, as on overlayfs"
    assert found[b"bad\xff\xfename"]["sha256"] == sha(b"not UTF-8") and "pathBase64" in found[b"bad\xff\xfename"]
    assert b"new\nline" in found and [raw(r, "path") for r in manifest["files"]] == sorted(found)
    assert stated_root_holds(manifest)


def test_bytes_do_not_depend_on_threads_or_cache(boltseal, everything):
    runs = [boltseal("seal", "-q", f"oci:{everything}", "-o", "json", *more).stdout for more in (
        (), (), ("--threads", "1", "--no-cache"), ("--threads", "7", "--no-cache"), ("--no-cache", "--no-sandbox"))]
    assert runs[0] and len(set(runs)) == 1


def test_a_scan_writes_the_same_manifest_in_its_pass(boltseal, everything, tmp_path):
    alone = boltseal("seal", "-q", f"oci:{everything}", "-o", "json").stdout
    for more in ((), (), ("--no-cache",)):  # nothing cached, all cached, nothing kept
        done = boltseal("scan", "-q", "--offline", f"oci:{everything}", "--content-manifest", tmp_path / "m.json", *more)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "m.json").read_text() == alone


def test_is_what_tar_unpacks(boltseal, tmp_path):
    """Layers without whiteouts: unpacked one over the other by GNU tar they are the image."""
    first = layer(folder("a/", mode=0o711), entry("a/x", b"1" * 100_000, mode=0o640, uid=7, gid=8), hard_link("a/y", "a/x"), symlink("a/s", "x"),
                  entry("a/setuid", "s", mode=0o6755), folder("d/", mode=0o1777), entry("d/f", "f"))
    second = layer(entry("a/x", "2", mode=0o600), entry("a/z", b"\0" * 70_000), folder("a/", mode=0o700), entry("e/f/g", "g"), hard_link("d/h", "d/f"))
    sparse = tmp_path / "sparse"
    with open(sparse, "wb") as f:
        f.truncate(3_000_000)
        f.seek(1_500_000)
        f.write(b"middle")
    third = subprocess.run(["tar", "--sparse", "--format=posix", "--owner=0", "--group=0", "-cf", "-", "-C", tmp_path, "sparse"], check=True, stdout=subprocess.PIPE).stdout
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    for data in (first, second, third):
        subprocess.run(["tar", "--numeric-owner", "--same-owner", "-pxf", "-", "-C", unpacked], input=data, check=True)
    wanted = {}
    for path in sorted(unpacked.rglob("*")):
        info = path.lstat()
        record = {"mode": f"{stat.S_IMODE(info.st_mode):04o}", "uid": info.st_uid, "gid": info.st_gid}
        if path.is_symlink():
            record["link"] = os.readlink(path)
        elif path.is_file():
            record["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        wanted[os.fsencode(path.relative_to(unpacked))] = record
    found = {path: {k: r[k] for k in ("mode", "uid", "gid", "link", "sha256") if k in r}
             for path, r in files(seal(boltseal, layout(tmp_path / "layout", first, second, third))).items()}
    if os.geteuid() != 0:
        pytest.skip("owners can be given by root alone")
    assert found == wanted


def test_a_whiteout_does_not_hide_its_own_layer(boltseal, tmp_path):
    lower = layer(folder("a/"), entry("a/old", "1"), entry("b", "1"))
    for order in (0, 1):
        upper = [entry("a/.wh..wh..opq", ""), folder("a/"), entry("a/new", "2"), entry(".wh.b", ""), entry("b", "2")]
        found = files(seal(boltseal, layout(tmp_path / str(order), lower, layer(*(reversed(upper) if order else upper)))))
        assert sorted(found) == [b"a", b"a/new", b"b"] and found[b"b"]["layer"] == 1


def test_no_layers_and_very_many(boltseal, tmp_path):
    empty = seal(boltseal, layout(tmp_path / "none"))
    assert empty["files"] == [] and empty["merkle"]["root"] == EMPTY_ROOT
    many = seal(boltseal, layout(tmp_path / "many", *(layer(entry("counter", str(i)), entry(f"file-{i}", "x")) for i in range(121))))
    found = files(many)
    assert len(found) == 122 and found[b"counter"]["layer"] == 120 and stated_root_holds(many)


def test_entries_that_no_runtime_unpacks_are_told(boltseal, tmp_path):
    bad = layout(tmp_path / "bad", layer(entry("../out", "x"), hard_link("dangling", "nowhere"), entry("fine", "x")))
    manifest = seal(boltseal, bad)
    assert sorted(files(manifest)) == [b"fine"]
    assert [u["path"] for u in manifest["unknowns"]] == ["../out", "dangling"]
    assert "dangling" in boltseal("seal", f"oci:{bad}").stderr


@pytest.fixture
def manifest_file(boltseal, everything, tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text(boltseal("seal", "-q", f"oci:{everything}", "-o", "json").stdout)
    return path


def test_proofs_stand_without_the_image(boltseal, everything, manifest_file, tmp_path):
    manifest = json.loads(manifest_file.read_text())
    root = manifest["merkle"]["root"]
    proof = tmp_path / "proof.json"
    (tmp_path / "right").write_bytes(b"\x7fELF tool")
    (tmp_path / "wrong").write_bytes(b"\x7fELF fool")
    for source in (f"oci:{everything}", manifest_file):
        done = boltseal("seal", "prove", source, "/bin/tool", "-q")
        assert done.returncode == 0, done.stderr
        proof.write_text(done.stdout)
        good = boltseal("seal", "check", proof, "--root", root, "--file", tmp_path / "right")
        assert good.returncode == 0 and "bin/tool" in good.stdout, good.stderr
    wrong = boltseal("seal", "check", proof, "--root", root, "--file", tmp_path / "wrong")
    assert wrong.returncode == 1 and hashlib.sha256(b"\x7fELF fool").hexdigest() in wrong.stderr
    assert boltseal("seal", "check", proof, "--root", EMPTY_ROOT).returncode == 1
    assert boltseal("seal", "check", proof, "--root", "nonsense").returncode == 3
    for change in ({"uid": 1}, {"mode": "4755"}, {"path": "bin/other"}, {"layerDiffId": EMPTY_ROOT}):
        told = json.loads(done.stdout)
        told["record"] |= change
        proof.write_text(json.dumps(told))
        assert boltseal("seal", "check", proof, "--root", root).returncode == 1, change


def test_every_file_can_be_proved(boltseal, manifest_file, tmp_path):
    manifest = json.loads(manifest_file.read_text())
    for record in manifest["files"]:
        path = raw(record, "path")
        if b"\xff" in path:
            continue  # no argument of a command line that is text
        done = boltseal("seal", "prove", manifest_file, path.decode())
        (tmp_path / "p").write_text(done.stdout)
        assert boltseal("seal", "check", tmp_path / "p", "--root", manifest["merkle"]["root"]).returncode == 0, path


def test_absence_is_proved_too(boltseal, manifest_file, tmp_path):
    root = json.loads(manifest_file.read_text())["merkle"]["root"]
    proof = tmp_path / "absent.json"
    for path in ("bin/evil", "AAA", "zzz"):
        done = boltseal("seal", "prove", manifest_file, path)
        assert done.returncode == 1
        proof.write_text(done.stdout)
        checked = boltseal("seal", "check", proof, "--root", root)
        assert checked.returncode == 0 and "no file" in checked.stdout, checked.stderr
    told = json.loads(done.stdout)
    told["absent"]["path"] = "bin/tool"
    proof.write_text(json.dumps(told))
    assert boltseal("seal", "check", proof, "--root", root).returncode == 1
    del told["absent"]["before"]
    proof.write_text(json.dumps(told))
    assert boltseal("seal", "check", proof, "--root", root).returncode == 1


def test_a_changed_manifest_is_refused(boltseal, manifest_file):
    text = manifest_file.read_text()
    for old, new in (('"mode":"4755"', '"mode":"0755"'), ('"size":9', '"size":8')):
        assert old in text
        manifest_file.write_text(text.replace(old, new, 1))
        done = boltseal("seal", "show", manifest_file)
        assert done.returncode == 2 and "root" in done.stderr
    manifest_file.write_text("{}")
    assert boltseal("seal", "show", manifest_file).returncode == 2


def test_show_lists(boltseal, manifest_file):
    done = boltseal("seal", "show", manifest_file, "/bin")
    assert [line.split()[-1] for line in done.stdout.splitlines()][:3] == ["bin", "bin/alias", "[security.capability]"]
    assert "root     sha256:" in boltseal("seal", "show", manifest_file).stdout
