"""Holding the tables that are written with the events against what the log gives.

Rule of the room: everything is read in one snapshot, in which the log was gone over to its end; a
table may have rows in any order, and what no row was found for is found missing.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from ledger.domain.book import BalanceKey
from ledger.domain.instants import utc
from ledger.store.queries import load
from ledger.store.recorder import LOG
from ledger.store.registers import row_of
from ledger.verify.findings import Code, Finding, Findings
from ledger.verify.log import LogCheck

QUERIES: Final = load(Path(__file__).parent / "sql" / "verify.sql")

ROWS_AT_A_TIME: Final = 10_000
STREAM_RANGES: Final = 16
"""Streams are looked at in so many parts, each a statement of its own."""


class TableCheck:
    """The tables of one programme against its log, in one transaction."""

    def __init__(self, connection: Any, programme_id: str, log: LogCheck, findings: Findings) -> None:
        self._connection = connection
        self._programme_id = programme_id
        self._log = log
        self._findings = findings

    def check(self) -> None:
        """Compare everything; what was added up is used up by it."""
        self._streams()
        self._head()
        self._configuration()
        self._balances()
        self._owners()
        self._holds()
        self._registers()

    def _streams(self) -> None:
        step = 2**128 // STREAM_RANGES
        for part in range(STREAM_RANGES):
            streams = {"first": UUID(int=part * step), "last": UUID(int=(part + 1) * step - 1)}
            parameters = {"programme_id": self._programme_id, "until": self._log.position, **streams}
            for position, topic, place, version in self._connection.execute(
                QUERIES["broken_streams"], parameters
            ):
                self._found("version_differs", "originator_version", place, version, (position, topic))

    def _head(self) -> None:
        log = self._log
        row = self._connection.execute(LOG["head"], {"programme_id": self._programme_id}).fetchone()
        if row is None and not log.position:
            return
        found = (row[0], row[1], utc(row[2])) if row else (None, None, None)
        expected = (log.position, max(log.configured, default=0), log.recorded_at)
        names = ("position", "configured_at_position", "recorded_at")
        for name, derived, stored in zip(names, expected, found, strict=True):
            if derived != stored:
                self._found("head_differs", f"heads.{name}", derived, stored, (log.position, None))

    def _configuration(self) -> None:
        rows = self._connection.execute(
            QUERIES["configuration"], {"programme_id": self._programme_id}
        ).fetchall()
        found, expected = {row[0] for row in rows}, set(self._log.configured)
        for position in sorted(found ^ expected):
            self._found(
                "configuration_differs",
                "a row of configuration",
                position in expected,
                position in found,
                (position, None),
            )

    def _balances(self) -> None:
        expected = self._log.sums.balances
        for account, asset, lot, amount in self._rows("balances"):
            key: BalanceKey = (account, asset, lot or None)
            if (derived := expected.pop(key, 0)) != amount:
                self._found("balance_differs", _named("balances", key), derived, amount)
        for key, derived in sorted(expected.items(), key=lambda item: str(item[0])):
            if derived:
                self._found("balance_differs", _named("balances", key), derived, 0)

    def _owners(self) -> None:
        accounts = self._log.state.accounts
        expected = set(accounts.changed_owners)
        for account, *found in self._rows("owners"):
            derived = None
            if account in expected:
                owner = accounts[account]
                derived = [owner.status, owner.given_month, owner.given_credits]
                expected.remove(account)
            if derived != found:
                self._found("owner_differs", f"owners {account}", derived, found)
        for account in sorted(expected):
            self._found("owner_differs", f"owners {account}", accounts[account].status, None)

    def _holds(self) -> None:
        expected = {
            own_id: redemption.held.deadline_at
            for (kind, own_id), redemption in self._log.state.facts.items()
            if kind == "redemption" and redemption is not None and redemption.status == "held"
        }
        for own_id, deadline_at in self._rows("holds"):
            derived, found = expected.pop(own_id, None), utc(deadline_at)
            if derived != found:
                self._found("hold_differs", f"holds {own_id}", derived, found)
        for own_id, derived in sorted(expected.items()):
            self._found("hold_differs", f"holds {own_id}", derived, None)

    def _registers(self) -> None:
        derived_rows = (row_of(key, entry) for key, entry in self._log.state.registers.drain().items())
        expected = {(row.register, row.key): row for row in derived_rows}
        for register, key, due_us, value in self._rows("registers"):
            derived = expected.pop((register, key), None)
            if derived is None or (derived.due_us, derived.value) != (due_us, value):
                subject = f"registers {register} {key!r}"
                self._found("register_differs", subject, derived and derived.value, value)
        for (register, key), derived in sorted(expected.items()):
            if derived.value:
                self._found("register_differs", f"registers {register} {key!r}", derived.value, None)

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Read a table as a stream: it may be larger than the state."""
        with self._connection.cursor(name=query) as cursor:
            cursor.itersize = ROWS_AT_A_TIME
            cursor.execute(QUERIES[query], {"programme_id": self._programme_id})
            yield from cursor

    def _found(
        self,
        code: Code,
        subject: str,
        expected: Any,
        found: Any,
        event: tuple[int | None, str | None] = (None, None),
    ) -> None:
        self._findings.add(
            Finding(
                code=code,
                subject=subject,
                position=event[0],
                topic=event[1],
                expected=expected,
                found=found,
            )
        )


def _named(table: str, key: BalanceKey) -> str:
    return " ".join((table, *filter(None, key)))
