"""The embedded server: durable, private, alone on its folder, and gone when we are."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import psycopg
import pytest

from ledger.domain import errors
from ledger.embedded import EmbeddedPostgres, conninfo_of_running

ROOT = Path(__file__).parents[2]

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def _place() -> Iterator[Path]:
    # Shorter than pytest's own, so that the socket fits inside, and removed with its 40 MB.
    with tempfile.TemporaryDirectory(prefix="ledger-") as path:
        yield Path(path) / "postgres"


folder = pytest.fixture(_place, name="folder")
first_made = pytest.fixture(_place, name="first_made", scope="module")


@pytest.fixture(scope="module")
def stopped(first_made: Path) -> Path:
    """A cluster that was made, served, and was stopped."""
    with EmbeddedPostgres(first_made) as server:
        assert _count(server.dsn) == 0
    return first_made


@pytest.fixture
def made(stopped: Path, folder: Path) -> Path:
    """A copy of that cluster, which costs a third of making another one."""
    folder.parent.chmod(stopped.parent.stat().st_mode)
    subprocess.run(["cp", "--archive", stopped, folder], check=True)
    return folder


def test_serves_a_durable_database_in_utf8_and_plain_byte_order(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.dsn) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]  # type: ignore[index]
            for name in (
                "fsync",
                "synchronous_commit",
                "full_page_writes",
                "server_encoding",
                "wal_compression",
            )
        }
        collation = connection.execute(
            "SELECT datcollate, datctype FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "server_encoding": "UTF8",
        "wal_compression": "pglz",
    }
    assert collation == ("C", "C")


def test_keeps_what_was_written_over_a_stop_and_a_start(made: Path) -> None:
    server = EmbeddedPostgres(made)
    modes: tuple[Literal["fast", "immediate"], ...] = ("fast", "immediate")
    for mode in modes:
        with server:
            _write_one(server.dsn)
            server.stop(mode)
    with server:
        assert _count(server.dsn) == 2


def test_recovers_after_kill_9_with_every_commit(made: Path) -> None:
    server = EmbeddedPostgres(made)
    server.start()
    _write_one(server.dsn)
    os.kill(server.process_id, signal.SIGKILL)
    with server:
        assert _count(server.dsn) == 1
    with pytest.raises(RuntimeError):
        _ = server.process_id


def test_a_second_server_on_the_folder_is_refused_and_the_first_can_be_found(made: Path) -> None:
    assert conninfo_of_running(made) is None
    with EmbeddedPostgres(made) as first:
        with pytest.raises(errors.EmbeddedDatabaseBusy) as refused:
            EmbeddedPostgres(made, busy_wait_s=0.1).start()
        assert refused.value.process_id == first.process_id
        assert conninfo_of_running(made) == first.dsn
        _write_one(first.dsn)
    assert conninfo_of_running(made) is None


def test_a_folder_of_another_major_version_is_refused(made: Path) -> None:
    (made / "data" / "PG_VERSION").write_text("19\n")
    with pytest.raises(errors.EmbeddedDatabaseOtherVersion) as refused:
        EmbeddedPostgres(made).start()
    assert (refused.value.version_found, refused.value.version_here) == ("19", "18")


def test_a_server_that_cannot_start_says_why(made: Path) -> None:
    (made / "data" / "global" / "pg_control").unlink()
    with pytest.raises(errors.EmbeddedDatabaseFailed) as failed:
        EmbeddedPostgres(made).start()
    assert "pg_control" in failed.value.reason
    # A failed start keeps nothing locked: the next says the same, not "busy".
    with pytest.raises(errors.EmbeddedDatabaseFailed):
        EmbeddedPostgres(made, busy_wait_s=1).start()


def test_a_pid_file_whose_number_now_belongs_to_another_program_is_ignored(made: Path) -> None:
    other = subprocess.Popen(["sleep", "60"])
    try:
        (made / "data" / "postmaster.pid").write_text(f"{other.pid}\n{made}/data\n")
        with EmbeddedPostgres(made) as server:
            assert _count(server.dsn) == 0
    finally:
        other.kill()
        other.wait()


def test_a_folder_whose_path_is_too_long_for_a_socket_works_all_the_same(folder: Path) -> None:
    far = folder / ("deep" * 30) / "a folder, with blanks"
    with EmbeddedPostgres(far) as server:
        assert _count(server.dsn) == 0


def test_a_cluster_left_half_made_is_made_again(folder: Path) -> None:
    (folder / "data.unfinished").mkdir(parents=True)
    (folder / "data.unfinished" / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(folder) as server:
        assert _count(server.dsn) == 0


def test_lives_on_when_the_thread_that_started_it_ends(made: Path) -> None:
    server = EmbeddedPostgres(made)
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()
    time.sleep(0.2)
    assert _count(server.dsn) == 0
    server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_is_gone_when_its_parent_was_killed(made: Path) -> None:
    with _parent(made) as parent:
        assert parent.stdout is not None
        server_id = int(parent.stdout.readline())
        parent.kill()
    _await_end(server_id)
    with EmbeddedPostgres(made) as server:
        assert _count(server.dsn) == 0


def test_takes_nothing_over_the_network_and_lets_in_no_other_user(made: Path) -> None:
    with EmbeddedPostgres(made) as server, psycopg.connect(server.dsn) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert (made / "socket").stat().st_mode & 0o077 == 0
        assert (made / "data").stat().st_mode & 0o077 == 0


@only_root
def test_run_by_root_it_is_another_user_with_at_most_the_right_to_pass_closed_folders(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        status = Path(f"/proc/{server.process_id}/status").read_text()
        assert (folder / "data").stat().st_uid != 0
    user, capabilities = re.search(r"(?s)Uid:\t(\d+).*CapEff:\t(\w+)", status).groups()  # type: ignore[union-attr]
    assert user != "0"
    # capabilities(7): CAP_DAC_OVERRIDE is bit 1.
    assert int(capabilities, 16) in {0, 1 << 1}


@only_root
def test_the_account_that_runs_it_cannot_log_in(made: Path) -> None:
    code = "import psycopg, sys; psycopg.connect(sys.argv[1])"
    with EmbeddedPostgres(made) as server:
        done = _as_nobody([sys.executable, "-c", code, server.dsn])
    assert "Peer authentication failed" in done.stderr


@only_root
def test_works_for_an_ordinary_user_too(folder: Path) -> None:
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    code = """
import sys, pathlib, psycopg
from ledger.embedded import EmbeddedPostgres
with EmbeddedPostgres(pathlib.Path(sys.argv[1])) as server:
    print(psycopg.connect(server.dsn).execute("SELECT current_user").fetchone())
"""
    done = _as_nobody([sys.executable, "-c", code, str(folder)])
    assert done.stdout.strip() == "('ledger',)", done.stderr


def _as_nobody(command: list[str]) -> subprocess.CompletedProcess[str]:
    # The capability stands for an ordinary user's way to the project, which may lie in root's home.
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    become += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
    return subprocess.run([*become, *command], cwd=ROOT, capture_output=True, text=True, check=False)


def _parent(folder: Path) -> subprocess.Popen[str]:
    code = """
import sys, pathlib, time
from ledger.embedded import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path(sys.argv[1]))
server.start()
print(server.process_id, flush=True)
time.sleep(60)
"""
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def _await_end(process_id: int) -> None:
    deadline = time.monotonic() + 10
    while Path(f"/proc/{process_id}").exists():
        assert time.monotonic() < deadline, "the server is still there"
        time.sleep(0.01)


def _write_one(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS written (at_all boolean)")
        connection.execute("INSERT INTO written VALUES (true)")


def _count(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        if connection.execute("SELECT to_regclass('written')").fetchone() == (None,):
            return 0
        return len(connection.execute("SELECT 1 FROM written").fetchall())
