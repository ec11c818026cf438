"""Making the registers of a programme anew from its log, and putting right what differs.

Rule of the room: what an entry must be is derived by the code that `ledger verify` derives it with;
what is put in its place is written under the lock of the programme's head, all of it or nothing.
Servers that have read an entry before go on with what they remember: they are started afterwards.
"""

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from ledger.domain.errors import LogUnsound, ProgrammeNotFound
from ledger.store.append import lock_head
from ledger.store.database import Database
from ledger.store.log import Log, LoggedEvent
from ledger.store.recorder import LOG, POSITION_MAX
from ledger.store.registers import Row, replace_rows, row_of, stored_rows
from ledger.verify.findings import Findings
from ledger.verify.log import LogCheck

MS_PER_S: Final = 1_000
PAGE_EVENTS: Final = 5_000
ROWS_AT_A_TIME: Final = 1_000

Progress = Callable[[str, int, int], None]


class RegisterReport(msgspec.Struct, frozen=True, kw_only=True):
    """What making the registers of one programme anew has done."""

    programme_id: str
    position: int
    """Of the last event that was gone over."""
    entries: int
    """That the log gives."""
    missing: int
    """Of these, how many were not there; they are now."""
    changed: int
    """How many said something else."""
    unexpected: int
    """How many were there that the log does not give; they are gone."""
    elapsed_ms: int
    locked_ms: int
    """For how long nothing could be recorded."""

    @property
    def is_equal(self) -> bool:
        """Whether nothing had to be put right."""
        return not (self.missing or self.changed or self.unexpected)


def rebuild_registers(
    database: Database,
    *,
    programme_id: str | None = None,
    on_progress: Progress = lambda _what, _done, _whole: None,
) -> Iterator[RegisterReport]:
    """Make the registers of a programme, or of all, anew; commands wait while the last events are read.

    Raises:
        ProgrammeNotFound: nobody opened it.
        LogUnsound: an event cannot be read or stand where it does; nothing of its programme was changed.
    """
    known = Log(database).programmes()
    if programme_id is not None and programme_id not in known:
        raise ProgrammeNotFound(programme_id=programme_id)
    for name in known if programme_id is None else [programme_id]:
        yield _rebuilt(database, name, on_progress)


def _rebuilt(database: Database, programme_id: str, on_progress: Progress) -> RegisterReport:
    begun_s = time.monotonic()
    findings = Findings()
    log = LogCheck(programme_id, findings, since=POSITION_MAX)
    until = Log(database).head(programme_id) or 0
    while log.position < until:
        with database.connection() as connection:
            log.add_page(_page(connection, programme_id, log.position, until), connection)
        on_progress(programme_id, log.position, until)
    with database.connection() as connection, connection.transaction():
        lock_head(connection, programme_id)
        locked_s = time.monotonic()
        while page := _page(connection, programme_id, log.position, POSITION_MAX):
            log.add_page(page, connection)
        _require_sound(programme_id, findings)
        counts = _put_right(connection, programme_id, log)
    ended_s = time.monotonic()
    return RegisterReport(
        programme_id=programme_id,
        position=log.position,
        elapsed_ms=round((ended_s - begun_s) * MS_PER_S),
        locked_ms=round((ended_s - locked_s) * MS_PER_S),
        **counts,
    )


def _put_right(connection: Any, programme_id: str, log: LogCheck) -> dict[str, int]:
    """Replace what differs from what the log gives, and count it."""
    derived = (row_of(key, entry) for key, entry in log.state.registers.drain().items())
    expected = {(row.register, row.key): row for row in derived if row.value}
    entries = len(expected)
    wrong: list[Row] = []
    changed = unexpected = 0
    for stored in stored_rows(connection, programme_id):
        row = expected.pop((stored.register, stored.key), None)
        if row is None:
            unexpected += 1
            wrong.append(stored._replace(value=""))
        elif row != stored:
            changed += 1
            wrong.append(row)
    missing = len(expected)
    rows = iter([*wrong, *expected.values()])
    while some := list(islice(rows, ROWS_AT_A_TIME)):
        replace_rows(connection, programme_id, some)
    return {"entries": entries, "missing": missing, "changed": changed, "unexpected": unexpected}


def _require_sound(programme_id: str, findings: Findings) -> None:
    for found in findings.shown:
        raise LogUnsound(
            programme_id=programme_id, position=found.position, finding=found.code, explanation=found.subject
        )


def _page(connection: Any, programme_id: str, after: int, until: int) -> list[LoggedEvent]:
    parameters = {"programme_id": programme_id, "after": after, "until": until, "limit": PAGE_EVENTS}
    return [LoggedEvent(*row) for row in connection.execute(LOG["page"], parameters, binary=True)]
