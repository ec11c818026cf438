"""One HTTP server as a child of this process: its main process and its workers."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from ledger import config
from ledger.config import Settings
from ledger.embedded.account import IS_LINUX
from ledger.server.address import free_port, status_of, url_of
from ledger.server.companion import running_projectors
from ledger.server.database import ready_database

APPLICATION: Final = "api.wsgi:app"

START_S_MAX: Final = 60.0
WORKER_STOP_S_MAX: Final = 20
"""Seconds a worker may take to answer what is under way; above the longest wait for a commit by default."""
STOP_S_MAX: Final = 30.0
POLL_S: Final = 0.02

STANDARD_ERROR: Final = 2
"""The descriptor itself: `sys.stderr` may be something that is no file."""


class ServerHandle:
    """One HTTP server: a main process and its workers, none of which outlives this process."""

    def __init__(self, settings: Settings, log: IO[bytes] | None = None) -> None:
        """Describe the server; `start` starts it.

        Args:
            settings: With the database's address and a port that is free.
            log: Where the server writes its log lines; to our standard error when None.
        """
        self.settings = settings
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._companion: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the server can be reached from this machine, without a slash at the end."""
        return url_of(self.settings)

    @property
    def process_id(self) -> int:
        """The process id of the main process, which takes the signals."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process.pid

    def worker_process_ids(self) -> list[int]:
        """The process ids of the workers alive now, in ascending order; on Linux only."""
        found: list[int] = []
        for thread in Path(f"/proc/{self.process_id}/task").glob("*/children"):
            with suppress(FileNotFoundError, ProcessLookupError):
                found += map(int, thread.read_text().split())
        return sorted(found)

    def is_running(self) -> bool:
        """Whether the main process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self, on_end: Callable[[], None] | None = None) -> None:
        """Start the server and wait until it answers.

        Args:
            on_end: Called, in another thread, when the main process has ended for whatever reason.

        Raises:
            ChildProcessError: It ended instead; the reason is in its log.
        """
        started: Future[subprocess.Popen[bytes]] = Future()

        # The kernel sends the death signal when the thread that started a child ends, and the
        # caller's may end early: the companion stays as long as the server does.
        def accompany() -> None:
            try:
                process = self._spawn()
            except OSError as error:
                started.set_exception(error)
                return
            started.set_result(process)
            process.wait()
            if on_end is not None:
                on_end()

        self._companion = threading.Thread(target=accompany, name="http-server", daemon=True)
        self._companion.start()
        self._process = started.result()
        self._await_answer()

    def stop(self) -> None:
        """End the server: it takes no new request, answers those under way, and is gone on return."""
        if self._process is None or self._companion is None:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        self._companion.join(STOP_S_MAX)
        # The server's processes are a group of their own. Normally nobody is left in it: only a
        # main process that hangs, or workers whose main process was killed.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._companion.join()

    def _spawn(self) -> subprocess.Popen[bytes]:
        """Start the main process."""
        return subprocess.Popen(  # noqa: S603 — the command is ours
            self._command(),
            stdin=subprocess.DEVNULL,
            # Standard output belongs to answers; the server's lines are all log.
            stdout=self._log or STANDARD_ERROR,
            stderr=self._log,
            env=config.environment(self.settings),
            # Ctrl-C at the terminal is for us, who then stop it in order.
            start_new_session=True,
        )

    def _command(self) -> list[str]:
        """The server's command line; everything secret is in its environment."""
        settings = self.settings
        command = ["setpriv", "--pdeathsig=TERM"] if IS_LINUX else []
        options = {
            "--interface": "wsgi",
            "--host": settings.host,
            "--port": settings.port,
            "--workers": settings.workers,
            "--blocking-threads": settings.threads,
            "--workers-kill-timeout": WORKER_STOP_S_MAX,
            # Its warnings are advice on tuning; a worker that dies is an error.
            "--log-level": "info" if settings.log_level == "DEBUG" else "error",
        }
        command += [sys.executable, "-m", "granian", "--respawn-failed-workers", "--no-ws"]
        command += [part for name, value in options.items() for part in (name, str(value))]
        return [*command, APPLICATION]

    def _await_answer(self) -> None:
        """Wait until the server answers that it is alive."""
        deadline = time.monotonic() + START_S_MAX
        while status_of(self.url, "/health") != http.client.OK:
            if not self.is_running() or time.monotonic() > deadline:
                self.stop()
                raise ChildProcessError("the HTTP server did not start; its log says why")
            time.sleep(POLL_S)


@contextmanager
def running_server(
    settings: Settings,
    *,
    port: int | None = None,
    log: IO[bytes] | None = None,
    migrate: bool = False,
    shared: bool = True,
    on_end: Callable[[], None] | None = None,
) -> Iterator[ServerHandle]:
    """Run the HTTP server and its projectors, and the embedded database below where none is named.

    Args:
        settings: Of the server.
        port: Instead of the one in `settings`; 0 takes any that is free.
        log: Where the server writes its log lines; to our standard error when None.
        migrate: Bring the database forward, also when it is one that somebody named.
        shared: Whether an embedded database that some other process runs will do.
        on_end: Called, in another thread, when the server's main process has ended.

    Raises:
        errors.CannotStart, errors.DatabaseUnavailable: As `ready_database`.
        errors.SettingInvalid: The port is taken, or the address is not one of this machine.
        ChildProcessError: The server ended instead of answering.
    """
    free = free_port(settings.host, settings.port if port is None else port)
    with ready_database(settings, migrate=migrate, shared=shared) as ready:
        server = ServerHandle(replace(ready, port=free), log)
        try:
            server.start(on_end)
            with running_projectors(server.settings, log):
                yield server
        finally:
            server.stop()


def serve(settings: Settings, *, migrate: bool = False, announce: Callable[[ServerHandle], None]) -> None:
    """Run the HTTP server until SIGTERM or SIGINT, then stop it in order; for the main thread only.

    Args:
        settings: Of the server.
        migrate: Bring the database forward, also when it is one that somebody named.
        announce: Called once the server answers.

    Raises:
        errors.CannotStart, errors.DatabaseUnavailable, errors.SettingInvalid: As `running_server`.
        ChildProcessError: The server ended by itself.
    """
    over = threading.Event()
    asked_by: list[int] = []

    def ask(signal_number: int, _frame: object) -> None:
        asked_by.append(signal_number)
        over.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with running_server(settings, migrate=migrate, shared=False, on_end=over.set) as server:
            announce(server)
            over.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if not asked_by:
        raise ChildProcessError("the HTTP server ended by itself; its log says why")
