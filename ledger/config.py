"""The settings of one process: the only place that reads the environment.

Everything below is told its settings as arguments. The table `SETTINGS` is the single list of
variables; `docs/operations.md` repeats it and a test holds the two together.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.domain import errors
from ledger.domain.limits import VOUCHER_KEYS_BEFORE_MAX

ALLOWANCES = ("refuse", "allow")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

# Every bound below is shorter; int() is slow on very long numbers.
DIGITS_MAX = 9

DATABASE_SCHEMES = ("postgresql://", "postgres://")

VOUCHER_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one process was told by its environment, checked; `SETTINGS` has each one's meaning and bounds."""

    database_url: str | None
    data_dir: Path
    host: str
    port: int
    workers: int
    threads: int
    queue_commands_max: int
    group_commands_max: int
    bulk_lines_max: int
    accounts_cached_max: int
    commit_wait_ms_max: int
    db_connections_max: int
    projectors: int
    view_wait_ms_max: int
    followers_max: int
    webhook_private_addresses: str
    voucher_key: str | None
    voucher_keys_before: str | None
    log_level: str


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One variable of the environment.

    Attributes:
        name: The variable as the operator sets it.
        field: The field of `Settings` it fills.
        default: What holds when the variable is absent or empty, as it would be written; None is "not set".
        unit: What the value counts, or what kind of text it is.
        accepted: Bounds or choices, in words.
        meaning: What it does, in one sentence.
        read: Text to value; raises ValueError outside the bounds.
        secret: Never shown, not even when wrong.
    """

    name: str
    field: str
    default: str | None
    unit: str
    accepted: str
    meaning: str
    read: Callable[[str], Any]
    secret: bool = False


def _whole(name: str, default: int, least: int, most: int, unit: str, meaning: str) -> Setting:
    """A setting that is a whole number from `least` to `most`, both included."""

    def read(text: str) -> int:
        # int() alone would also take "1_000", " 7 " and digits of other scripts.
        if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX and least <= int(text) <= most):
            raise ValueError(text)
        return int(text)

    return Setting(
        name=name,
        field=name.removeprefix("LEDGER_").lower(),
        default=str(default),
        unit=unit,
        accepted=f"a whole number from {least} to {most}",
        meaning=meaning,
        read=read,
    )


def _database_url(text: str) -> str:
    """The address of a server, as libpq writes it."""
    # Two ways of writing exist: an address, or key=value pairs.
    if not (text.startswith(DATABASE_SCHEMES) or "=" in text):
        raise ValueError(text)
    return text


def _allowance(text: str) -> str:
    """Whether something is allowed, in a word that cannot be taken for the opposite."""
    if text not in ALLOWANCES:
        raise ValueError(text)
    return text


def _voucher_keys(text: str) -> str:
    """Keys with commas between them, in small letters."""
    keys = text.lower().split(",")
    if len(keys) > VOUCHER_KEYS_BEFORE_MAX or not all(map(VOUCHER_KEY.fullmatch, keys)):
        raise ValueError(text)
    return ",".join(keys)


def _voucher_key(text: str) -> str:
    """One key, in small letters."""
    if not VOUCHER_KEY.fullmatch(text.lower()):
        raise ValueError(text)
    return text.lower()


def _log_level(text: str) -> str:
    """A level's name, in capitals whatever was typed."""
    if text.upper() not in LOG_LEVELS:
        raise ValueError(text)
    return text.upper()


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="DATABASE_URL",
        field="database_url",
        default=None,
        unit="connection string",
        accepted="postgresql://user:password@host:port/database, or libpq's key=value pairs",
        meaning="The PostgreSQL server to use; when absent, an embedded one runs under LEDGER_DATA_DIR.",
        read=_database_url,
        secret=True,
    ),
    Setting(
        name="LEDGER_DATA_DIR",
        field="data_dir",
        default="./var",
        unit="folder",
        accepted="a path",
        meaning="Where the embedded database lives; made when absent.",
        read=Path,
    ),
    Setting(
        name="LEDGER_HOST",
        field="host",
        default="127.0.0.1",
        unit="address",
        accepted="an address of this machine",
        meaning="The address the HTTP server listens on; 0.0.0.0 is every network of the machine.",
        read=str,
    ),
    _whole("LEDGER_PORT", 8080, 1, 65_535, "TCP port", "The port the HTTP server listens on."),
    _whole("LEDGER_WORKERS", 1, 1, 64, "processes", "Server processes; each leads its own group commits."),
    # A thread mostly waits for its group's commit, so there are far more of them than cores.
    _whole("LEDGER_THREADS", 64, 1, 1_024, "threads per process", "Requests one process answers at a time."),
    _whole(
        "LEDGER_QUEUE_COMMANDS_MAX",
        10_000,
        1,
        1_000_000,
        "commands per process",
        "Commands that may wait for a commit; beyond it a request is answered 503 with Retry-After.",
    ),
    _whole(
        "LEDGER_GROUP_COMMANDS_MAX",
        1_000,
        1,
        10_000,
        "commands per commit",
        "Commands that one database transaction may carry.",
    ),
    _whole(
        "LEDGER_BULK_LINES_MAX",
        1_000,
        1,
        10_000,
        "lines per request",
        "Lines that one bulk request may carry; beyond it the request is answered 413.",
    ),
    _whole(
        "LEDGER_ACCOUNTS_CACHED_MAX",
        200_000,
        0,
        10_000_000,
        "accounts per process",
        "Balances a process keeps in memory between commits; 0 keeps none.",
    ),
    _whole(
        "LEDGER_COMMIT_WAIT_MS_MAX",
        10_000,
        100,
        60_000,
        "milliseconds",
        "How long a request waits for its commit before it is answered 503.",
    ),
    _whole(
        "LEDGER_DB_CONNECTIONS_MAX",
        8,
        2,
        1_000,
        "connections per process",
        "Database connections one process may hold open.",
    ),
    _whole(
        "LEDGER_PROJECTORS",
        1,
        0,
        16,
        "processes",
        "Projectors that `ledger serve` runs beside the server; 0 where `ledger project` runs elsewhere.",
    ),
    _whole(
        "LEDGER_VIEW_WAIT_MS_MAX",
        2_000,
        0,
        60_000,
        "milliseconds",
        "How long a read with min_position waits for its view before it is answered 503.",
    ),
    _whole(
        "LEDGER_FOLLOWERS_MAX",
        16,
        0,
        512,
        "callers per process",
        "Callers that may wait for the log to grow; never more than half of LEDGER_THREADS.",
    ),
    Setting(
        name="LEDGER_WEBHOOK_PRIVATE_ADDRESSES",
        field="webhook_private_addresses",
        default="refuse",
        unit="choice",
        accepted="refuse or allow",
        meaning="Whether webhooks may go to private and loopback addresses, and over plain http.",
        read=_allowance,
    ),
    Setting(
        name="LEDGER_VOUCHER_KEY",
        field="voucher_key",
        default=None,
        unit="64 hexadecimal digits",
        accepted="64 hexadecimal digits, as `openssl rand -hex 32` makes them",
        meaning="The secret that codes of vouchers are made with; an embedded database has one of its own.",
        read=_voucher_key,
        secret=True,
    ),
    Setting(
        name="LEDGER_VOUCHER_KEYS_BEFORE",
        field="voucher_keys_before",
        default=None,
        unit="keys with commas between them",
        accepted=f"at most {VOUCHER_KEYS_BEFORE_MAX} times 64 hexadecimal digits",
        meaning="Secrets whose codes are still known, though new ones are made with LEDGER_VOUCHER_KEY.",
        read=_voucher_keys,
        secret=True,
    ),
    Setting(
        name="LEDGER_LOG_LEVEL",
        field="log_level",
        default="INFO",
        unit="level",
        accepted="one of " + ", ".join(LOG_LEVELS),
        meaning="The least severe log line that is written.",
        read=_log_level,
    ),
)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read every setting once, at the start of a process.

    Args:
        environ: The variables by name; the process's own when None. An empty value counts as absent,
            because compose files and shells pass empty strings for what is not set.

    Raises:
        errors.SettingInvalid: A value is outside what its setting accepts.
    """
    variables = os.environ if environ is None else environ
    return Settings(**{setting.field: _value(setting, variables) for setting in SETTINGS})


def environment(settings: Settings) -> dict[str, str]:
    """The environment for a child process that shall run with these settings.

    Everything else that this process was given (paths, libpq's own variables) is passed on.
    """
    told = {setting.name: getattr(settings, setting.field) for setting in SETTINGS}
    passed_on = {name: value for name, value in os.environ.items() if name not in told}
    return passed_on | {name: str(value) for name, value in told.items() if value is not None}


def _value(setting: Setting, variables: Mapping[str, str]) -> Any:
    """The value of one setting, read and checked."""
    text = variables.get(setting.name) or setting.default
    if text is None:
        return None
    try:
        return setting.read(text)
    except ValueError:
        shown = "(not shown)" if setting.secret else text
        raise errors.SettingInvalid(setting.name, shown, setting.accepted) from None
