"""Whom the server runs as, and how it learns that we are gone.

PostgreSQL refuses to be root. When root starts it, it runs as the owner of its data, and a new
cluster is given to an account that every system has.
"""

import os
import pwd
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ACCOUNT_FOR_ROOT = "nobody"

IS_LINUX = sys.platform == "linux"


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user of the operating system."""

    uid: int
    gid: int

    def owns(self, folder: Path) -> None:
        """Make this account the owner of a folder; only root has anything to change."""
        if os.geteuid() == 0:
            os.chown(folder, self.uid, self.gid)


def account_for(data: Path) -> Account:
    """Whom the server on this data folder runs as; the folder may be yet to be made."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid())
    entry = pwd.getpwuid(data.stat().st_uid) if data.exists() else pwd.getpwnam(ACCOUNT_FOR_ROOT)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def own_name() -> str:
    """The name of the user that this process runs as."""
    return pwd.getpwuid(os.geteuid()).pw_name


def launcher(account: Account, paths: Iterable[Path]) -> list[str]:
    """The start of a command line that runs the rest of it as the account, and ends it when we end.

    Args:
        account: Whom to run as.
        paths: What the program must reach.

    `setpriv` belongs to every Linux (util-linux). It becomes the program it starts, so the program
    stays our direct child; Python's own way (code between fork and exec) is unsafe beside threads.
    """
    if not IS_LINUX:
        return []
    # SIGQUIT is PostgreSQL's immediate stop: its children end too, and the next start recovers.
    command = ["setpriv", "--pdeathsig=QUIT"]
    if os.geteuid() == 0:
        command += [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
        if not all(_is_open_to_others(path) for path in paths):
            # The project or its data lies below a folder that only root may enter. The server gets
            # the right to pass through, and the folder keeps its permissions. PostgreSQL also asks
            # access(2), which forgets such rights unless the secure bit says otherwise.
            command += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
            command += ["--securebits=+no_setuid_fixup"]
    return command


def _is_open_to_others(path: Path) -> bool:
    """Whether any account may pass through all the folders above the path."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)
