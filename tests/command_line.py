"""The command line as its callers see it: within this process, which is quick, or as one of its own.

Rule of the room: a process of its own where that is the point: signals, servers, what a shell sees.
"""

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from click.testing import CliRunner

from ledger.cli import main

LEDGER: Final = Path(sys.executable).with_name("ledger")
PROCESS_S_MAX: Final = 60

Done = subprocess.CompletedProcess[str]


def ledger(*arguments: str | Path, **variables: str) -> Done:
    """Run a command in this process, with variables of the environment of its own.

    What no command would let out, a mistake of ours, is raised.
    """
    told = [str(argument) for argument in arguments]
    terminating, thresholds = signal.getsignal(signal.SIGTERM), gc.get_threshold()
    try:
        done = CliRunner().invoke(main, told, env=variables, prog_name="ledger")
    finally:
        signal.signal(signal.SIGTERM, terminating)
        gc.set_threshold(*thresholds)
        gc.unfreeze()
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Done(["ledger", *told], done.exit_code, done.stdout, done.stderr)


def ledger_process(*arguments: str | Path, **variables: str) -> Done:
    """Run a command as a shell does."""
    return subprocess.run(
        [LEDGER, *arguments],
        env={**os.environ, "PYTHONUTF8": "1", **variables},
        capture_output=True,
        text=True,
        timeout=PROCESS_S_MAX,
        check=False,
    )
