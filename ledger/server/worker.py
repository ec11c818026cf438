"""What a worker of the HTTP server does for itself, before it serves."""

import ctypes
import multiprocessing
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Final

from ledger.embedded.account import IS_LINUX

PR_SET_PDEATHSIG: Final = 1
"""prctl(2): the signal to get when the parent ends."""


def end_with_server() -> None:
    """Have the kernel end this worker when its server's main process dies, however it dies.

    For the application's module; a process that is no worker is left as it is.
    """
    parent = multiprocessing.parent_process()
    if not IS_LINUX or parent is None:
        return
    # Not SIGTERM: a worker that is still starting would not heed it.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if not parent.is_alive():
        sys.exit(1)


def when_told_to_stop(call: Callable[[], None]) -> None:
    """Have a function called, in another thread, when the server tells this worker to end.

    The server then waits for the requests under way, so those that would go on for minutes must be
    told; it takes the signals for itself, and has no other way of telling the application.

    For the application's module; a process that is no worker is left as it is.
    """
    if multiprocessing.parent_process() is None or threading.current_thread() is not threading.main_thread():
        return
    told, tell = socket.socketpair()
    tell.settimeout(0)
    # Python writes each signal's number here, whoever handles the signal.
    signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)

    def listen() -> None:
        with told, tell:
            while number := told.recv(1):
                if number[0] in (signal.SIGTERM, signal.SIGINT):
                    call()

    threading.Thread(target=listen, name="stop listener", daemon=True).start()
