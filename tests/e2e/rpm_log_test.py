"""Write-ahead logs beside rpm's database: what a scan lists is what SQLite sees, which is asked each time."""
import json
import random
import sqlite3
import struct
import subprocess

import pytest

import images

DATABASE = "var/lib/rpm/rpmdb.sqlite"
LOG = DATABASE + "-wal"


def header(name, version, filler):
    """A package as rpm stores it: name, version, release and a description of `filler` bytes."""
    index, data = b"", b""
    for tag, text in ((1000, name), (1001, version), (1002, "1"), (1005, "d" * filler)):
        index += struct.pack(">4I", tag, 6, len(data), 1)
        data += text.encode() + b"\0"
    return struct.pack(">2I", len(index) // 16, len(data)) + index + data


def change(connection, rng, count):
    """`count` random changes; a value of the length of its predecessor overwrites only the pages that differ."""
    for _ in range(count):
        numbers = [row[0] for row in connection.execute("SELECT hnum FROM Packages")]
        what = rng.choice(["insert", "insert", "update", "overwrite", "delete"]) if numbers else "insert"
        number = rng.choice(numbers) if numbers else 0
        if what == "insert":
            name = f"new-{rng.randrange(10**9)}"
            connection.execute("INSERT INTO Packages (blob) VALUES (?)", [header(name, "1", rng.randrange(9000))])
        elif what == "delete":
            connection.execute("DELETE FROM Packages WHERE hnum = ?", [number])
        else:
            old = connection.execute("SELECT blob FROM Packages WHERE hnum = ?", [number]).fetchone()[0]
            new = header(f"up-{rng.randrange(10**8):09}", "2", rng.randrange(9000))
            if what == "overwrite":
                at = old.index(b"\0", 8 + 64 + 2) - 1
                new = old[:at] + bytes([rng.choice(b"abcdef")]) + old[at + 1:]
            connection.execute("UPDATE Packages SET blob = ? WHERE hnum = ?", [new, number])


def written(folder, seed, page_size=4096, first=60, later=60, table_in_log=False):
    """(database, log) as they lie on the disk while a writer has both open."""
    folder.mkdir()
    rng = random.Random(seed)
    path = folder / "rpmdb.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA page_size = {page_size}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE Other (a)")
    if table_in_log:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    change(connection, rng, first)
    if not table_in_log:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for _ in range(3):
        connection.execute("BEGIN")
        change(connection, rng, later // 3)
        connection.execute("COMMIT")
    # What was begun and is in the log already, since the cache holds little, but was never committed.
    connection.execute("PRAGMA cache_size = 5")
    connection.execute("BEGIN")
    change(connection, rng, 20)
    files = path.read_bytes(), (folder / "rpmdb.sqlite-wal").read_bytes()
    connection.execute("ROLLBACK")
    connection.close()
    return files


def name_of(blob):
    return blob[8 + 64:].split(b"\0")[0].decode()


def as_sqlite(folder, database, log):
    """The names that SQLite sees, or None when it cannot read them."""
    folder.mkdir()
    (folder / "db").write_bytes(database)
    if log is not None:
        (folder / "db-wal").write_bytes(log)
    connection = sqlite3.connect(folder / "db")
    try:
        return sorted(name_of(row[0]) for row in connection.execute("SELECT blob FROM Packages ORDER BY hnum"))
    except sqlite3.Error:
        return None
    finally:
        connection.close()


@pytest.fixture()
def listed(program, tmp_path):
    def run(reference):
        done = subprocess.run([program, "sbom", "--no-cache", "-o", "json", reference], capture_output=True, text=True, timeout=120,
                              env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        return sorted(p["name"] for p in report["packages"]), report["unknowns"]
    return run


def root(folder, database, log):
    place = folder / "var/lib/rpm"
    place.mkdir(parents=True)
    (place / "rpmdb.sqlite").write_bytes(database)
    (place / "rpmdb.sqlite-wal").write_bytes(log)
    return f"dir:{folder}"


@pytest.mark.parametrize("page_size", [512, 4096, 65536])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("table_in_log", [False, True])
def test_what_the_log_committed_counts(listed, tmp_path, page_size, seed, table_in_log):
    database, log = written(tmp_path / "db", seed, page_size, table_in_log=table_in_log)
    wanted = as_sqlite(tmp_path / "asked", database, log)
    assert wanted != as_sqlite(tmp_path / "without", database, None)    # the log matters
    assert listed(root(tmp_path / "root", database, log)) == (wanted, [])


def test_a_torn_or_damaged_log_counts_as_far_as_sqlite_reads_it(listed, tmp_path):
    database, log = written(tmp_path / "db", 7, 1024)
    rng = random.Random(7)
    logs = {f"cut-{i}": log[:rng.randrange(len(log))] for i in range(12)}
    for i in range(12):
        at = rng.randrange(len(log))
        logs[f"flip-{i}"] = log[:at] + bytes([log[at] ^ 1 << rng.randrange(8)]) + log[at + 1:]
    seen = set()
    for name, bad in logs.items():
        wanted = as_sqlite(tmp_path / f"{name}-asked", database, bad)
        assert listed(root(tmp_path / name, database, bad)) == (wanted, []), name
        seen.add(tuple(wanted))
    assert len(seen) >= 3    # commits were lost, not all of them each time


def summed(log, frames):
    """A log of the same header with these (page, size after the commit, content), all sums right."""
    order = ">" if log[3] & 1 else "<"

    def add(a, b, data):
        words = struct.unpack(f"{order}{len(data) // 4}I", data)
        for x, y in zip(words[::2], words[1::2]):
            a = (a + x + b) & 0xffffffff
            b = (b + y + a) & 0xffffffff
        return a, b

    out, (a, b) = log[:32], struct.unpack(">2I", log[24:32])
    for page, size, content in frames:
        head = struct.pack(">2I", page, size)
        a, b = add(*add(a, b, head), content)
        out += head + log[16:24] + struct.pack(">2I", a, b) + content
    return out


def test_hostile_page_numbers_end_in_a_report(listed, tmp_path):
    database, log = written(tmp_path / "db", 3, 512, first=5, later=9)
    page = log[32 + 24:32 + 24 + 512]
    first = database[:512]
    for number, frames in enumerate([
            [(0xffffffff, 0xffffffff, page)],
            [(1, 0xffffffff, first)],
            [(1, 1, first)],                                                  # a database of one page
            [(2, 0xffffffff, b"\x05" + bytes(2) + b"\0\x01" + bytes(3) + b"\0\0\0\x02" + bytes(500))],
            [(n, 9, page) for n in range(1, 200)],                            # the schema is no schema
            [(0, 9, page)]]):
        packages, unknowns = listed(root(tmp_path / str(number), database, summed(log, frames)))
        wanted = as_sqlite(tmp_path / f"{number}-asked", database, summed(log, frames))
        assert (wanted is None and unknowns) or packages == wanted, number


def test_in_layers_the_log_counts_where_its_database_lies(listed, tmp_path):
    database, log = written(tmp_path / "db", 5)
    both, alone = as_sqlite(tmp_path / "both", database, log), as_sqlite(tmp_path / "alone", database, None)

    def image(name, *layers):
        return listed(f"oci:{images.write_layout(images.Image([list(layer) for layer in layers]), tmp_path / name)}")

    assert image("together", [(DATABASE, database), (LOG, log)]) == (both, [])
    assert image("log-first", [(LOG, log), (DATABASE, database)]) == (both, [])
    # A later layer that takes the log away leaves the database.
    assert image("removed", [(DATABASE, database), (LOG, log)], [("var/lib/rpm/.wh.rpmdb.sqlite-wal", b"")]) == (alone, [])
    # Whose pages are those of a log in another layer? That is not guessed.
    packages, unknowns = image("apart", [(DATABASE, database)], [(LOG, log)])
    assert packages == alone and [u["path"] for u in unknowns] == [LOG]
    packages, unknowns = image("replaced", [(DATABASE, database), (LOG, log)], [(DATABASE, database)])
    assert packages == alone and [u["path"] for u in unknowns] == [LOG]
