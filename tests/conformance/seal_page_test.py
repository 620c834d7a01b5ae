"""Runs the commands of doc/seal-and-drift.md as they stand there, in a folder that holds what they name: an image, keys, a
container whose configuration somebody has changed."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from seal_test import entry, folder, layer, layout  # noqa: E402

PAGE = (ROOT / "doc" / "seal-and-drift.md").read_text()
SLEEPER = "#include <unistd.h>\nint main(void) { for (;;) pause(); }\n"


def commands():
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.M | re.S):
        for line in block.splitlines():
            yield re.sub(r"\s{2,}#.*", "", line)


@pytest.fixture
def machine(tmp_path):
    """The folder, its environment, and what the page writes for places that differ from machine to machine."""
    if os.geteuid() != 0:
        pytest.skip("owners, mounts and containers want root")
    program = pathlib.Path(os.environ.get("BOLTSEAL", ROOT / "build" / "release" / "boltseal")).resolve()
    runc, compiler = shutil.which("runc") or shutil.which("runc", path="/usr/sbin"), next((c for c in ("cc", "gcc", "gcc-12") if shutil.which(c)), None)
    if not program.exists() or not runc or not compiler:
        pytest.fail("the program, runc or a C compiler is missing: make build", pytrace=False)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/boltseal").symlink_to(program)
    environment = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": f"{tmp_path}/run", "COSIGN_PASSWORD": "", "LANG": "C.UTF-8"}
    (tmp_path / "s.c").write_text(SLEEPER)
    subprocess.run([compiler, "-static", "-O1", "-o", "sleeper", "s.c"], cwd=tmp_path, check=True)
    tars = [layer(folder("bin/"), entry("usr/bin/sleeper", (tmp_path / "sleeper").read_bytes(), mode=0o755), folder("etc/"), entry("etc/passwd", pathlib.Path("/etc/passwd").read_text()),
                  entry("etc/app.conf", "port=1\n"), folder("opt/"), folder("proc/"), folder("sys/"), folder("dev/"))]
    layout(tmp_path / "app", *tars)
    layout(tmp_path / "app-new", *tars, layer(entry("etc/app.conf", "port=3\n")))
    for name in ("cosign", "alice", "bob"):
        subprocess.run([program, "key", "new", "--output-key-prefix", name], cwd=tmp_path, env=environment, check=True, stdout=subprocess.DEVNULL)
    for one in ("lower", "upper", "work", "rootfs"):
        (tmp_path / one).mkdir()
    subprocess.run(["tar", "-pxf", "-", "-C", tmp_path / "lower"], input=tars[0], check=True)
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper,workdir={tmp_path}/work", tmp_path / "rootfs"], check=True)
    subprocess.run([runc, "spec"], cwd=tmp_path, check=True)
    config = json.loads((tmp_path / "config.json").read_text())
    config["process"] |= {"args": ["/usr/bin/sleeper"], "terminal": False}
    config["root"] = {"path": "rootfs", "readonly": False}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with open(tmp_path / "log", "w") as log:
        subprocess.run([runc, "--root", f"{tmp_path}/run/runc", "run", "-d", "web"], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
    try:
        state = json.loads(subprocess.run([runc, "--root", f"{tmp_path}/run/runc", "state", "web"], check=True, stdout=subprocess.PIPE).stdout)
        (tmp_path / "rootfs/etc/app.conf").write_text("port=2\n")
        yield tmp_path, environment, {"pid:4711": f"pid:{state['pid']}", "/var/lib/containers/…/diff": f"{tmp_path}/upper", "/srv/root": f"{tmp_path}/lower"}
    finally:
        subprocess.run([runc, "--root", f"{tmp_path}/run/runc", "delete", "-f", "web"])
        subprocess.run(["umount", "-l", tmp_path / "rootfs"])


def test_every_command_of_the_page(machine):
    place, environment, names = machine
    drifts, ran = [], 0
    for command in commands():
        for name, here in names.items():
            command = command.replace(name, here)
        if "sha256:…" in command:
            command = command.replace("sha256:…", json.loads((place / "app.json").read_text())["merkle"]["root"])
        done = subprocess.run(["bash", "-c", command], cwd=place, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
        assert done.returncode in (0, 1) and "boltseal:" not in done.stderr, f"{command}\n{done.stdout}{done.stderr}"
        if command.startswith("boltseal drift"):
            drifts.append((command.split()[2].split(":")[0], done.returncode))
        else:
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        ran += 1
    assert ran > 14
    assert drifts == [("container", 1), ("pid", 1), ("overlay", 1), ("dir", 0), ("oci", 1), ("container", 1), ("container", 0)]


def test_the_allow_file_of_the_page(machine):
    place, environment, _ = machine
    rules = re.search(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S)[1]
    (place / "allow.yaml").write_text(rules)
    (place / "rootfs/opt/app/plugins").mkdir(parents=True)
    (place / "rootfs/opt/app/plugins/one").write_bytes((place / "sleeper").read_bytes())
    (place / "rootfs/opt/app/plugins/one").chmod(0o755)
    done = subprocess.run(["boltseal", "drift", "container:web", "--seal", "oci:app", "--allow-file", "allow.yaml", "-o", "json"], cwd=place, env=environment, stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    assert sorted(f["path"] for f in json.loads(done.stdout)["findings"]) == ["etc/app.conf", "opt/app"]
    assert "opt/app/plugins/one" in [f["path"] for f in json.loads(done.stdout)["allowed"]]
