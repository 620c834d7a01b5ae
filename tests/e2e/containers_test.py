"""Drift of real containers, each started as people start it: runc, crun, containerd, Docker, Podman."""
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import images
import pytest
from conftest import need, stop, wait_for
from drift_test import DAMAGE, damage, drift, image_layers, kinds, sealed, sleeper, unpack  # noqa: F401 (fixtures)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners, mounts and containers want root")

REFERENCE = "docker.io/library/drift-test:1"


def run(*command, timeout=120, **options):
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout.strip()


@contextlib.contextmanager
def short_folder(name):
    """Everybody may pass through it, and its path is short, because a socket's may have 107 bytes."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"bs-{name}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for line in reversed(pathlib.Path("/proc/self/mountinfo").read_text().splitlines()):
            if line.split()[4].startswith(f"{folder}/"):
                subprocess.run(["umount", "-l", line.split()[4]], stderr=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)


def process_of(pid):
    return pathlib.Path(f"/proc/{pid}/stat").exists() and pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"


def upper_of(pid):
    """The upper folder of a container's root, as its table of mounts has it."""
    for line in pathlib.Path(f"/proc/{pid}/mountinfo").read_text().splitlines():
        if line.split()[4] == "/" and " overlay " in line:
            return next(option[9:] for option in line.split()[-1].split(",") if option.startswith("upperdir="))
    return None


class BundleEngine:
    """runc and crun: a folder with a config.json, and a root on an overlay of our own."""
    command = ["runc"]

    def __init__(self, folder, layers):
        self.folder, self.state = folder, folder / "state"
        self.roots = ("--runtime-root", self.state)
        self.lowers = [unpack([data], folder / f"lower{i}") for i, data in enumerate(layers)]

    def call(self, *arguments, **options):
        return run(*self.command, "--root", self.state, *arguments, **options)

    def config(self, config):
        pass

    def start(self, name):
        bundle = self.folder / name
        for one in ("rootfs", "upper", "work"):
            (bundle / one).mkdir(parents=True)
        run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={':'.join(map(str, reversed(self.lowers)))},upperdir={bundle}/upper,workdir={bundle}/work", bundle / "rootfs")
        run(need("runc", "runc"), "spec", cwd=bundle)
        config = json.loads((bundle / "config.json").read_text())
        config["process"] |= {"args": ["/bin/sleeper"], "terminal": False}
        config["root"] = {"path": "rootfs", "readonly": False}
        self.config(config)
        (bundle / "config.json").write_text(json.dumps(config))
        with open(bundle / "log", "w") as log:  # a pipe would stay open as long as the container
            done = subprocess.run([*self.command, "--root", str(self.state), "run", "-d", name], cwd=bundle, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=60)
        assert done.returncode == 0, (bundle / "log").read_text()
        return name

    def pid(self, name):
        return json.loads(self.call("state", name))["pid"]

    def stop(self, name):
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not process_of(pid), 20, "the end of a container")

    def restart(self, name):
        self.stop(name)
        self.remove(name)
        with open(self.folder / name / "log", "w") as log:
            subprocess.run([*self.command, "--root", str(self.state), "run", "-d", name], cwd=self.folder / name, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=60, check=True)

    def remove(self, name):
        self.call("delete", "-f", name)

    def close(self):
        pass


class Runc(BundleEngine):
    pass


class Crun(BundleEngine):
    """crun wants one kind of control groups; a machine with both is shown to it with one."""
    command = ["unshare", "-m", "sh", "-c", 'umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; exec crun --cgroup-manager=disabled "$@"', "sh"]

    def config(self, config):
        config["process"].pop("rlimits", None)
        config["linux"].pop("resources", None)
        config["mounts"] = [m for m in config["mounts"] if m["type"] != "cgroup"]
        config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "cgroup"]


def archive_of(layers, path):
    image = images.Image([])
    image.tars = layers
    image.config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sleeper"]},
                               "rootfs": {"type": "layers", "diff_ids": [images.digest(t) for t in layers]}}).encode()
    return images.write_docker_archive(image, path, REFERENCE)


class DaemonEngine:
    """An engine with a daemon of our own, which is stopped at the end."""

    def begin(self, command, ready, what):
        with open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)
        wait_for(lambda: self.process.poll() is not None or ready(), 60, what)
        if self.process.poll() is not None:
            pytest.fail(f"{what} does not run here:\n" + (self.folder / "log").read_text()[-2000:], pytrace=False)

    def answers(self, *arguments):
        return subprocess.run([*self.command, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30).returncode == 0

    def call(self, *arguments):
        return run(*self.command, *arguments)

    def close(self):
        stop(self.process)


class Containerd(DaemonEngine):
    def __init__(self, folder, layers):
        self.folder = folder
        self.roots = ("--runtime-root", folder / "state")
        daemon = need("containerd", "containerd")
        self.command = [need("ctr", "containerd"), "-a", f"{folder}/c.sock", "-n", "bs-tests"]
        (folder / "config.toml").write_text(f'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[plugins."io.containerd.internal.v1.opt"]\n  path = "{folder}/opt"\n')
        self.begin([daemon, "-c", folder / "config.toml", "--root", folder / "root", "--state", folder / "state", "-a", folder / "c.sock"],
                   lambda: self.answers("version"), "containerd")
        self.call("image", "import", archive_of(layers, folder / "image.tar"))

    def start(self, name):
        self.call("run", "-d", REFERENCE, name)
        return name

    def pid(self, name):
        return next(int(line.split()[1]) for line in self.call("task", "ls").splitlines() if line.startswith(f"{name} "))

    def stop(self, name):
        self.call("task", "kill", "-s", "KILL", name)
        wait_for(lambda: "STOPPED" in self.call("task", "ls"), 20, "the end of a task")

    def restart(self, name):
        self.stop(name)
        self.call("task", "start", "-d", name) if self.answers("task", "rm", name) else self.call("task", "start", "-d", name)

    def remove(self, name):
        subprocess.run([*self.command, "task", "rm", "-f", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.call("container", "rm", name)


class Docker(DaemonEngine):
    def __init__(self, folder, layers):
        self.folder = folder
        self.roots = ("--runtime-root", folder / "data", "--runtime-root", folder / "exec")
        daemon = need("dockerd", "docker.io")
        self.command = [need("docker", "docker.io"), "-H", f"unix://{folder}/docker.sock"]
        self.begin([daemon, "--bridge=none", "--iptables=false", "--ip6tables=false", "-H", self.command[-1], "--data-root", folder / "data", "--exec-root", folder / "exec",
                    "-p", folder / "pid", "--storage-driver", "overlay2"], lambda: self.answers("info"), "dockerd")
        self.call("load", "-i", archive_of(layers, folder / "image.tar"))

    def start(self, name):
        return self.call("run", "-d", "--name", name, "--network", "none", REFERENCE)

    def pid(self, name):
        return int(self.call("inspect", "-f", "{{.State.Pid}}", name))

    def stop(self, name):
        self.call("kill", name)

    def restart(self, name):
        self.call("restart", "-t", "0", name)

    def remove(self, name):
        self.call("rm", "-f", name)


class Podman(Docker):
    """Its commands are Docker's; it has no daemon, and names the runtime that runs here."""

    def __init__(self, folder, layers):
        self.folder = folder
        self.roots = ("--runtime-root", folder / "root", "--runtime-root", folder / "run")
        self.command = [need("podman", "podman"), "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--tmpdir", f"{folder}/tmp",
                        "--storage-driver", "overlay", "--cgroup-manager", "cgroupfs", "--events-backend", "none", "--runtime", need("runc", "runc")]
        self.call("load", "-q", "-i", archive_of(layers, folder / "image.tar"))

    def start(self, name):
        return self.call("run", "-d", "--name", name, "--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", REFERENCE)

    def close(self):
        pass


ENGINES = {"runc": Runc, "crun": Crun, "containerd": Containerd, "docker": Docker, "podman": Podman}


@dataclasses.dataclass
class Started:
    engine: object
    name: str
    id: str

    @property
    def pid(self):
        return self.engine.pid(self.name)

    @property
    def root(self):
        return pathlib.Path(f"/proc/{self.pid}/root")


@pytest.fixture(params=ENGINES)
def engine(request, image_layers):  # noqa: F811
    need(request.param if request.param != "docker" else "dockerd", {"docker": "docker.io"}.get(request.param, request.param))
    with short_folder(request.param) as folder:
        started = []
        one = ENGINES[request.param](folder, image_layers)

        def start(name):
            started.append(name)
            return Started(one, name, one.start(name))

        one.begun = start
        try:
            yield one
        finally:
            for name in started:
                with contextlib.suppress(AssertionError, subprocess.SubprocessError):
                    one.remove(name)
            one.close()


def refused(boltseal, sealed, engine, target):
    done = boltseal("drift", "--seal", sealed, target, *engine.roots)
    assert done.returncode == 2 and not done.stdout, done.stdout + done.stderr
    return done.stderr


def test_every_kind_of_drift(boltseal, sealed, engine, sleeper):  # noqa: F811
    box = engine.begun("bs-web")
    for target in {"container:bs-web", f"container:{box.id}", f"container:{box.id[:12]}", f"pid:{box.pid}"}:
        clean = drift(boltseal, sealed, target, *engine.roots, code=0)
        assert {"proc", "sys", "dev"} <= {m["path"] for m in clean["mounts"]}
    assert str(box.pid) in drift(boltseal, sealed, "container:bs-web", *engine.roots)["notices"][0]
    upper = upper_of(box.pid)
    assert upper, "these tests start every container on an overlay"
    assert drift(boltseal, sealed, f"overlay:{upper}", code=0)["clean"]
    damage(box.root, sleeper)
    assert kinds(drift(boltseal, sealed, "container:bs-web", *engine.roots, code=1)) == DAMAGE
    assert kinds(drift(boltseal, sealed, f"overlay:{upper}", code=1)) == DAMAGE
    (box.root / "bin/sleeper").unlink()
    report = drift(boltseal, sealed, "container:bs-web", *engine.roots, code=1)
    gone = next(f for f in report["findings"] if f["kind"] == "deleted-running")
    assert (gone["path"], gone["processes"]) == ("bin/sleeper", [box.pid])
    assert ("removed", "bin/sleeper") in kinds(report)


def test_restarted_stopped_and_removed(boltseal, sealed, engine):  # noqa: F811
    box = engine.begun("bs-again")
    before = box.pid
    engine.restart("bs-again")
    assert box.pid != before
    assert str(box.pid) in drift(boltseal, sealed, "container:bs-again", *engine.roots, code=0)["notices"][0]
    assert "no such process" in refused(boltseal, sealed, engine, f"pid:{before}")
    engine.stop("bs-again")
    assert "does not run" in refused(boltseal, sealed, engine, "container:bs-again")
    assert "does not run" in refused(boltseal, sealed, engine, f"container:{box.id[:12]}")
    engine.remove("bs-again")
    assert "no runtime here" in refused(boltseal, sealed, engine, "container:bs-again")


def test_one_that_ends_while_it_is_looked_at(boltseal, sealed, engine):  # noqa: F811
    """Its mounts go with it: what is still there is no verdict."""
    box = engine.begun("bs-ends")
    with open(box.root / "var/large", "wb") as file:
        file.truncate(1500 << 20)  # a second of reading
    looking = subprocess.Popen([boltseal.program, "drift", "--seal", str(sealed), "container:bs-ends", *map(str, engine.roots), "--no-cache"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"HOME": str(boltseal.home)})
    wait_for(lambda: any(os.readlink(fd).endswith("/var/large") for fd in descriptors(looking.pid)), 30, "reading the large file")
    engine.stop("bs-ends")
    out, errors = looking.communicate(timeout=100)
    assert looking.returncode == 2 and not out, out
    assert "ended or was started again" in errors


def descriptors(pid):
    with contextlib.suppress(OSError):
        return [f"/proc/{pid}/fd/{fd}" for fd in os.listdir(f"/proc/{pid}/fd") if os.path.lexists(f"/proc/{pid}/fd/{fd}")]
    return []


def test_a_beginning_must_mean_one(boltseal, sealed, engine):  # noqa: F811
    first, second = engine.begun("bs-same"), engine.begun("bs-same-too")
    assert str(first.pid) in drift(boltseal, sealed, "container:bs-same", *engine.roots, code=0)["notices"][0], "a whole name is no beginning"
    assert str(second.pid) in drift(boltseal, sealed, "container:bs-same-too", *engine.roots, code=0)["notices"][0]
    if first.id == first.name:
        assert "more than one" in refused(boltseal, sealed, engine, "container:bs-sam")


def test_a_number_that_another_process_has_by_now(boltseal, sealed, image_layers, tmp_path):  # noqa: F811
    """containerd and conmon keep a number alone; a process that is younger than the file is not meant."""
    task = tmp_path / "io.containerd.runtime.v2.task/space/bs-stale"
    task.mkdir(parents=True)
    root = unpack(image_layers, tmp_path / "root")
    other = subprocess.Popen(["/bin/sleeper"], preexec_fn=lambda: os.chroot(root), cwd="/")
    try:
        (task / "init.pid").write_text(str(other.pid))
        roots = ("--runtime-root", tmp_path)
        assert boltseal("drift", "--seal", sealed, "container:bs-stale", *roots).returncode == 0
        os.utime(task / "init.pid", (time.time() - 3600,) * 2)
        done = boltseal("drift", "--seal", sealed, "container:bs-stale", *roots)
        assert done.returncode == 2 and "does not run" in done.stderr
    finally:
        other.kill()
        other.wait()
