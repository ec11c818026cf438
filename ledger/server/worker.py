"""What a worker of the HTTP server does for itself, before it serves."""

import ctypes
import multiprocessing
import signal
import sys
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
