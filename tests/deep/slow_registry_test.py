"""A registry that answers a byte now and then: takes two minutes, so it is not among the end-to-end tests."""
import os
import pathlib
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("BOLTSEAL", str(ROOT / "build" / "release" / "boltseal"))


def drip(listener):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=drops, args=(connection,), daemon=True).start()


def drops(connection):
    with connection:
        connection.recv(4096)
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
            for _ in range(4000):
                time.sleep(0.5)
                connection.sendall(b" ")
        except OSError:
            pass


def test_a_registry_that_drips_is_left_after_a_while(tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=drip, args=(listener,), daemon=True).start()
    begun = time.monotonic()
    done = subprocess.run([PROGRAM, "sbom", "-q", f"127.0.0.1:{listener.getsockname()[1]}/a:1", "--insecure-http"],
                          env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=200)
    listener.close()
    assert done.returncode == 2 and done.stdout == ""
    assert time.monotonic() - begun < 190
