"""Processes that work beside the HTTP server: the projectors, started again whenever they end."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, Final

import structlog

from ledger import config
from ledger.config import Settings
from ledger.embedded.account import IS_LINUX

STANDARD_ERROR: Final = 2
STOP_S_MAX: Final = 15.0
RESTART_PAUSE_S: Final = 1.0

_log = structlog.get_logger(__name__)


class Companion:
    """One `ledger project` process, which does not outlive this one."""

    def __init__(self, settings: Settings, log: IO[bytes] | None = None) -> None:
        """Describe the process; `start` starts it.

        Args:
            settings: With the database's address.
            log: Where it writes its log lines; to our standard error when None.
        """
        self._settings = settings
        self._log = log
        self._over = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel sends the death signal when the thread that started a child ends, so it stays.
        self._keeper = threading.Thread(target=self._keep, name="projector", daemon=True)

    @property
    def process_id(self) -> int | None:
        """The process id of the projector alive now."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the process, and start it again whenever it ends by itself."""
        self._keeper.start()

    def stop(self) -> None:
        """End the process; it is gone on return."""
        self._over.set()
        if (process := self._process) is not None:
            with suppress(ProcessLookupError):
                process.terminate()
            self._keeper.join(STOP_S_MAX)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self._keeper.join()

    def _keep(self) -> None:
        while not self._over.is_set():
            self._process = process = self._spawn()
            if self._over.is_set():  # `stop` may not have seen it
                process.terminate()
            status = process.wait()
            if not self._over.is_set():
                _log.error("projector ended", status=status)
                self._over.wait(RESTART_PAUSE_S)

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = ["setpriv", "--pdeathsig=TERM"] if IS_LINUX else []
        return subprocess.Popen(  # noqa: S603 — the command is ours
            [*command, sys.executable, "-m", "ledger.cli", "project"],
            stdin=subprocess.DEVNULL,
            stdout=self._log or STANDARD_ERROR,
            stderr=self._log,
            env=config.environment(self._settings),
            start_new_session=True,
        )


@contextmanager
def running_projectors(settings: Settings, log: IO[bytes] | None = None) -> Iterator[list[Companion]]:
    """Run as many projectors as the settings say, for the length of the block."""
    with ExitStack() as at_end:
        companions = [Companion(settings, log) for _ in range(settings.projectors)]
        for companion in companions:
            companion.start()
            at_end.callback(companion.stop)
        yield companions
