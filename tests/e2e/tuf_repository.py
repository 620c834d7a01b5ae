"""A small TUF repository in a folder, signed with openssl: a second writer of the format, made for the tests."""
import hashlib
import json
import subprocess


def canonical(value):
    """OLPC's canonical JSON, as far as the texts are ASCII: a line end stands for itself."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).replace("\\n", "\n").encode()


class Key:
    def __init__(self, folder, name):
        self.private, self.public = folder / f"{name}.key", folder / f"{name}.pub"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.private],
                       check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["openssl", "pkey", "-in", self.private, "-pubout", "-out", self.public], check=True)
        self.value = {"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": {"public": self.public.read_text()}}
        self.id = hashlib.sha256(canonical(self.value)).hexdigest()

    def sign(self, message):
        return subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.private], input=message, check=True,
                              stdout=subprocess.PIPE).stdout.hex()


class Repository:
    """`folder`/metadata and `folder`/targets; `root` is the file to trust."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "metadata").mkdir(parents=True)
        (folder / "targets").mkdir()
        self.keys = {role: Key(folder, role) for role in ("root", "targets", "snapshot", "timestamp")}
        self.targets, self.version = {}, 0
        self.expires = "2049-01-01T00:00:00Z"
        self.root = folder / "metadata" / "1.root.json"
        self.write("root", 1, "1.root.json", consistent_snapshot=True, keys={k.id: k.value for k in self.keys.values()},
                   roles={role: {"keyids": [key.id], "threshold": 1} for role, key in self.keys.items()})
        self.publish()

    def write(self, role, version, name, key=None, **members):
        body = {"_type": role, "spec_version": "1.0.31", "version": version, "expires": self.expires} | members
        key = key or self.keys[role]
        text = json.dumps({"signatures": [{"keyid": key.id, "sig": key.sign(canonical(body))}], "signed": body})
        (self.folder / "metadata" / name).write_text(text)
        return {"version": version, "length": len(text), "hashes": {"sha256": hashlib.sha256(text.encode()).hexdigest()}}

    def publish(self):
        self.version += 1
        n = self.version
        meta = self.write("targets", n, f"{n}.targets.json", targets=self.targets)
        meta = self.write("snapshot", n, f"{n}.snapshot.json", meta={"targets.json": meta})
        self.write("timestamp", n, "timestamp.json", meta={"snapshot.json": meta})

    def add(self, name, content):
        digest = hashlib.sha256(content).hexdigest()
        self.targets[name] = {"length": len(content), "hashes": {"sha256": digest}}
        path = self.folder / "targets" / name
        path = path.with_name(f"{digest}.{path.name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.publish()
        return path
