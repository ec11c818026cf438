"""One embedded server: started as a direct child of this process, stopped with it."""

import os
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from ledger.domain import errors
from ledger.embedded import cluster
from ledger.embedded.account import account_for, launcher

# Crash recovery reads up to `max_wal_size` again; a slow disk needs minutes for that.
START_S_MAX = 300.0
STOP_S_MAX = 60.0

# The eighth line of PostgreSQL's pid file (miscadmin.h, LOCK_FILE_LINE_PM_STATUS).
STATUS_LINE = 7

# Everything not named here is as initdb leaves it.
SERVER_SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "512MB",
    # Fewer checkpoints, so fewer whole pages in the log; recovery after a crash takes longer instead.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # The wheel's build knows neither lz4 nor zstd.
    "wal_compression": "pglz",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # No network at all: only the socket, in a folder closed to others.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
}

STOP_SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class EmbeddedPostgres:
    """One PostgreSQL server on one folder, as a child of this process.

    Used as a context manager, or through `start` and `stop`; the same object may start again.
    On Linux the kernel ends the server when this process dies, however it dies.
    """

    def __init__(self, folder: Path, *, busy_wait_s: float = 5.0) -> None:
        """Name the folder; nothing is touched before `start`.

        Args:
            folder: Where the cluster lives or is to be made.
            busy_wait_s: How long `start` waits for a server that is just going down, in seconds.
        """
        self._folder = folder.resolve()
        self._socket = cluster.socket_folder(self._folder)
        self._busy_wait_s = busy_wait_s
        self._process: subprocess.Popen[bytes] | None = None
        self._companion: threading.Thread | None = None

    @property
    def dsn(self) -> str:
        """How to reach the ledger's database; the same after every start, and without any secret."""
        return f"host={self._socket} port=5432 user={cluster.USER} dbname={cluster.DATABASE}"

    @property
    def process_id(self) -> int:
        """The process id of the running server; raises RuntimeError when it does not run."""
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError("the embedded database does not run")
        return self._process.pid

    def start(self) -> None:
        """Make the cluster if the folder is empty, start the server, and wait until it answers.

        Raises:
            errors.EmbeddedDatabaseBusy: A server runs on this folder already.
            errors.EmbeddedDatabaseOtherVersion: Another major version made the folder.
            errors.EmbeddedDatabaseFailed: The server did not come up; the reason is its own.
        """
        try:
            self._start()
        except OSError as error:
            raise errors.EmbeddedDatabaseFailed(str(self._folder), str(error)) from error

    def _start(self) -> None:
        """The steps of `start`."""
        self._folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = cluster.lock(self._folder, self._busy_wait_s)
        try:
            cluster.make_if_absent(self._folder)
            cluster.clear(self._folder, self._socket)
            self._launch(lock)
        finally:
            # From here on the server's processes alone hold the lock: it is free when the last is gone.
            os.close(lock)
        self._await_ready()

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """End the server and wait for it; nothing happens when it does not run.

        Args:
            mode: "fast" ends sessions and writes everything down; "immediate" drops all, and the next
                start recovers as after a power cut.
        """
        if self._process is None or self._companion is None:
            return
        self._process.send_signal(STOP_SIGNALS[mode])
        self._companion.join(STOP_S_MAX)
        if self._companion.is_alive():
            self._process.send_signal(STOP_SIGNALS["immediate"])
            self._companion.join()
        self._process = self._companion = None
        (self._folder / "conninfo").unlink(missing_ok=True)
        shutil.rmtree(self._socket, ignore_errors=True)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, whatever happened."""
        self.stop()

    def _command(self) -> list[str]:
        """The server's command line."""
        data = self._folder / "data"
        settings = {
            **SERVER_SETTINGS,
            **cluster.authentication(self._folder),
            "unix_socket_directories": str(self._socket),
        }
        return [
            *launcher(account_for(data), [cluster.program("postgres"), data, self._socket]),
            str(cluster.program("postgres")),
            "-D",
            str(data),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ]

    def _launch(self, lock: int) -> None:
        """Start the server together with a thread that stays as long as it does.

        The kernel sends the death signal when the *thread* that started the child ends. The caller's
        thread may end early; the companion's whole work is to stay.
        """
        command = self._command()
        started: Future[subprocess.Popen[bytes]] = Future()

        def accompany() -> None:
            try:
                process = self._spawn(command, lock)
            except OSError as error:
                started.set_exception(error)
                return
            started.set_result(process)
            process.wait()

        self._companion = threading.Thread(target=accompany, name="embedded-postgres", daemon=True)
        self._companion.start()
        self._process = started.result()

    def _spawn(self, command: list[str], lock: int) -> subprocess.Popen[bytes]:
        """Start the server process with its log and the lock in hand."""
        with (self._folder / "postgres.log").open("wb") as log:
            return subprocess.Popen(  # noqa: S603 — the command is ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=cluster.ENVIRONMENT,
                cwd="/",
                pass_fds=(lock,),
                # A session of its own: Ctrl-C at the terminal is for us, who then stop it in order.
                start_new_session=True,
            )

    def _await_ready(self) -> None:
        """Wait until the server takes connections, and leave a note of how to reach it."""
        deadline = time.monotonic() + START_S_MAX
        while not self._is_ready():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                self.stop("immediate")
                raise errors.EmbeddedDatabaseFailed(str(self._folder), cluster.log_tail(self._folder))
            time.sleep(cluster.POLL_S)
        (self._folder / "conninfo").write_text(self.dsn)

    def _is_ready(self) -> bool:
        """Whether the process we started has noted in its pid file that it is ready."""
        lines = cluster.pid_file_lines(self._folder)
        return (
            self._process is not None
            and len(lines) > STATUS_LINE
            and lines[0] == str(self._process.pid)
            and lines[STATUS_LINE].strip() == "ready"
        )


def conninfo_of_running(folder: Path) -> str | None:
    """How to reach the server that some process runs on this folder; None when none is ready there.

    So that a command typed beside a running server works on the same database.
    """
    note = folder.resolve() / "conninfo"
    return note.read_text() if note.exists() and cluster.is_locked(folder) else None
