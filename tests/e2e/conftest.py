"""Fixtures of the end-to-end tests: the program, a real registry, a real Docker daemon. A missing part fails, with what to
install; it never passes in silence."""
import dataclasses
import http.server
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import images

ROOT = pathlib.Path(__file__).resolve().parents[2]


def need(program, package):
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")
    if not found:
        pytest.fail(f"{program} is missing: apt-get install {package}", pytrace=False)
    return found


def wait_for(ready, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return
        time.sleep(0.05)
    pytest.fail(f"{what} did not start within {seconds} s", pytrace=False)


def stop(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listening(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def program():
    path = pathlib.Path(os.environ.get("BOLTSEAL", ROOT / "build" / "release" / "boltseal"))
    if not path.exists():
        pytest.fail(f"{path} is missing: make build, or name the program in BOLTSEAL", pytrace=False)
    return str(path.resolve())


@dataclasses.dataclass
class Boltseal:
    """Runs the program in a home of its own, with nothing of the user's environment that could change the outcome."""
    program: str
    home: pathlib.Path
    environment: dict = dataclasses.field(default_factory=dict)

    def __call__(self, *arguments, timeout=60, **environment):
        clean = {"PATH": os.environ["PATH"], "HOME": str(self.home), "XDG_CACHE_HOME": str(self.home / "cache"),
                 "XDG_RUNTIME_DIR": str(self.home / "run"), "LANG": "C.UTF-8",
                 "CONTAINERS_REGISTRIES_CONF": str(self.home / "registries.conf")}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                clean[name] = os.environ[name]
        return subprocess.run([self.program, *map(str, arguments)], env=clean | self.environment | environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                              cwd=self.home)

    def purls(self, reference, *arguments, **environment):
        """The purls of a reference that must be readable."""
        done = self("sbom", "-q", "-o", "purls", *arguments, reference, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def write(self, name, text):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def boltseal(program, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return Boltseal(program, home)


@dataclasses.dataclass
class RunningRegistry:
    host: str
    folder: pathlib.Path
    login: tuple = None

    def client(self):
        return images.Client(self.host, self.login)

    def log(self):
        return (self.folder / "log").read_text()


def run_registry(folder, login=None):
    server = need("docker-registry", "docker-registry")
    port = free_port()
    auth = ""
    if login:
        htpasswd = need("htpasswd", "apache2-utils")
        line = subprocess.run([htpasswd, "-Bbn", *login], stdout=subprocess.PIPE, check=True, text=True).stdout
        (folder / "htpasswd").write_text(line.strip() + "\n")
        auth = f"auth:\n  htpasswd:\n    realm: tests\n    path: {folder}/htpasswd\n"
    (folder / "config.yml").write_text(
        f"version: 0.1\nlog:\n  level: info\nstorage:\n  filesystem:\n    rootdirectory: {folder}/data\n"
        f"http:\n  addr: 127.0.0.1:{port}\n  secret: tests\n{auth}")
    with open(folder / "log", "w") as log:
        process = subprocess.Popen([server, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    try:
        wait_for(lambda: listening(port) or process.poll() is not None, 20, "docker-registry")
        assert process.poll() is None, (folder / "log").read_text()
        yield RunningRegistry(f"127.0.0.1:{port}", folder, login)
    finally:
        stop(process)


@pytest.fixture(scope="session")
def registry(tmp_path_factory):
    """A registry that lets everybody in, over plain HTTP."""
    yield from run_registry(tmp_path_factory.mktemp("registry"))


@pytest.fixture(scope="session")
def private_registry(tmp_path_factory):
    """A registry with Basic authentication."""
    yield from run_registry(tmp_path_factory.mktemp("private"), ("alice", "canary-password"))


@dataclasses.dataclass
class FakeServer:
    """An HTTP server whose `answer(request)` gives (status, headers, body); it keeps what it was asked."""
    host: str
    requests: list


@pytest.fixture
def fake_server():
    """fake_server(answer) starts one on loopback; all are stopped at the end of the test."""
    running = []

    def start(answer):
        seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.body = self.rfile.read(length)
                seen.append((self.command, self.path, dict(self.headers.items()), self.body))
                status, headers, body = answer(self)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return FakeServer(f"127.0.0.1:{server.server_address[1]}", seen)

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@dataclasses.dataclass
class Daemon:
    address: str   # for DOCKER_HOST
    docker: str

    def run(self, *arguments):
        return subprocess.run([self.docker, "-H", self.address, *map(str, arguments)], check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120).stdout


@pytest.fixture(scope="session")
def docker_daemon():
    """A Docker daemon of our own, without networks. The folder is short, because a socket's path may have 107 bytes."""
    dockerd, docker = need("dockerd", "docker.io"), need("docker", "docker.io")
    if os.geteuid() != 0:
        pytest.skip("dockerd wants root")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bs-dockerd-"))
    address = f"unix://{folder}/docker.sock"

    def answers():
        return subprocess.run([docker, "-H", address, "info"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=30).returncode == 0

    with open(folder / "log", "w") as log:
        process = subprocess.Popen(
            [dockerd, "--bridge=none", "--iptables=false", "--ip6tables=false", "-H", address, "--data-root", folder / "data",
             "--exec-root", folder / "exec", "-p", folder / "pid", "--storage-driver", "vfs"], stdout=log, stderr=log)
    try:
        wait_for(lambda: process.poll() is not None or answers(), 60, "dockerd")
        if process.poll() is not None:
            pytest.fail("dockerd does not run here:\n" + (folder / "log").read_text()[-2000:], pytrace=False)
        yield Daemon(address, docker)
    finally:
        stop(process)
        shutil.rmtree(folder, ignore_errors=True)
