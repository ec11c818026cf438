"""Runs: a period, or one merchant's part of it, compared as of a position of the log and a set of files.

Rule of the room: what a run finds follows from what it stands on alone. So its id is made of that, the
same inputs give the same bytes, and a run that was made is never made again but to be checked.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from ledger.domain import addresses
from ledger.domain.errors import FieldsInvalid, ReconciliationRunning, ReconciliationRunNotFound
from ledger.domain.limits import RECONCILIATION_PERIOD_DAYS_MAX, RECONCILIATION_STATEMENT_MS_MAX
from ledger.projections.balances import read_account
from ledger.projections.settlement import Settlement
from ledger.projections.waiting import terms_of
from ledger.reading import reading
from ledger.reconciling import payouts
from ledger.reconciling.queries import BREAKS, RUNS
from ledger.reconciling.shapes import Finding, Match, Run, Scope, Settings
from ledger.reconciling.standing import Standing, files_within
from ledger.reconciling.sums import Summary
from ledger.reconciling.working import Work
from ledger.store.database import Database
from ledger.store.log import Log


class Runs:
    """The runs of this deployment's programmes."""

    def __init__(
        self, database: Database, log: Log, clock: Callable[[], datetime], *, view_wait_ms_max: int
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._view_wait_ms_max = view_wait_ms_max

    def make(
        self,
        programme_id: str,
        scope: Scope,
        *,
        by: str,
        settings: Settings | None = None,
        min_position: int = 0,
    ) -> Run:
        """Compare a period as of now, or give the run that stood on the very same before.

        Args:
            programme_id: whose.
            scope: the period, and the merchant where only one is meant.
            by: who asks.
            settings: how to look; by default as `Settings` has it.
            min_position: the ledger is looked at as of this position or a later one; as of its end when 0.

        Raises:
            ProgrammeNotFound, FieldsInvalid, AccountNotFound, ViewLagging,
            ReconciliationRunning: another run of the programme is under way.
        """
        settings = settings or Settings()
        time_zone = terms_of(self._database, programme_id).time_zone
        self._check(programme_id, scope, settings)
        wanted = min_position or self._log.head(programme_id) or 0
        with reading(
            self._database,
            programme_id,
            Settlement.name,
            min_position=wanted,
            wait_ms_max=self._view_wait_ms_max,
        ) as at:
            position = at.position
        payouts.follow(self._database, self._log, programme_id, until=position, time_zone=time_zone)
        with self._database.connection() as connection, connection.transaction():
            _take_turn(connection, programme_id)
            files = files_within(connection, programme_id, scope, settings)
            standing = Standing(scope, settings, position, [file.file_id for file in files])
            run_id = standing.run_id(programme_id)
            latest = connection.execute(RUNS["latest"], {"programme_id": programme_id}).fetchone()
            # Of an earlier run that has become right again, breaks have to hear.
            if latest is None or latest[0] != run_id:
                work = Work(connection, programme_id, run_id, standing, files, time_zone)
                work.find()
                work.keep(at=self._clock(), by=by)
        return self.read(programme_id, run_id)

    def check(self, programme_id: str, run_id: str) -> bool:
        """Make a run again from what it stood on, keep nothing of it, and say whether it comes out the same.

        Raises:
            ReconciliationRunNotFound, ReconciliationRunning
        """
        run = self.read(programme_id, run_id)
        time_zone = terms_of(self._database, programme_id).time_zone
        scope = Scope(run.starts_on, run.ends_on, run.merchant_id)
        standing = Standing(scope, run.settings, run.position, run.file_ids)
        with (
            self._database.connection() as connection,
            connection.transaction(force_rollback=True),
        ):
            _take_turn(connection, programme_id)
            files = files_within(connection, programme_id, scope, run.settings, run.file_ids)
            work = Work(connection, programme_id, f"{run_id} again", standing, files, time_zone)
            work.find()
            return work.digest() == run.digest

    def read(self, programme_id: str, run_id: str) -> Run:
        """Give one run.

        Raises:
            ReconciliationRunNotFound
        """
        with self._database.connection() as connection:
            row = connection.execute(RUNS["read"], _names(programme_id, run_id)).fetchone()
        if row is None:
            raise ReconciliationRunNotFound(run_id=run_id)
        return _run(row)

    def latest(self, programme_id: str) -> Run:
        """Give the run that was made last.

        Raises:
            ReconciliationRunNotFound
        """
        with self._database.connection() as connection:
            row = connection.execute(RUNS["latest"], {"programme_id": programme_id}).fetchone()
        if row is None:
            raise ReconciliationRunNotFound(run_id="latest")
        return self.read(programme_id, row[0])

    def page(self, programme_id: str, *, before: int, limit: int) -> list[Run]:
        """Give runs, the latest first, those whose number is below `before`."""
        parameters = {"programme_id": programme_id, "before": before, "limit": limit}
        with self._database.connection() as connection:
            return [_run(row) for row in connection.execute(RUNS["list"], parameters)]

    def matches(self, programme_id: str, run_id: str, *, after: int, limit: int) -> list[Match]:
        """Give what a run brought together, in order; those of earlier runs over the same are not kept."""
        parameters = {**_names(programme_id, run_id), "after": after, "limit": limit}
        with self._database.connection() as connection:
            return [Match(*row) for row in connection.execute(RUNS["matches"], parameters)]

    def findings(self, programme_id: str, run_id: str, *, after: str, limit: int) -> list[Finding]:
        """Give the breaks of a run as it found them, by id."""
        parameters = {**_names(programme_id, run_id), "after": after, "limit": limit}
        with self._database.connection() as connection:
            return [Finding(*row) for row in connection.execute(BREAKS["of_run"], parameters)]

    def _check(self, programme_id: str, scope: Scope, settings: Settings) -> None:
        problems = settings.problems()
        if not 1 <= (scope.ends_on - scope.starts_on).days <= RECONCILIATION_PERIOD_DAYS_MAX:
            message = f"must be 1 to {RECONCILIATION_PERIOD_DAYS_MAX} days after starts_on"
            problems.append({"field": "ends_on", "message": message})
        if problems:
            raise FieldsInvalid(errors=problems)
        if scope.merchant_id is not None:
            read_account(self._database, programme_id, addresses.merchant(scope.merchant_id))


def _take_turn(connection: Any, programme_id: str) -> None:
    names = {"programme_id": programme_id}
    connection.execute(RUNS["patience"], {"statement_ms_max": RECONCILIATION_STATEMENT_MS_MAX})
    if connection.execute(RUNS["turn"], names).fetchone() is None:
        raise ReconciliationRunning(programme_id=programme_id)


def _names(programme_id: str, run_id: str) -> dict[str, str]:
    return {"programme_id": programme_id, "run_id": run_id}


def _run(row: Sequence[Any]) -> Run:
    values: list[Any] = [value.astimezone(UTC) if isinstance(value, datetime) else value for value in row]
    for name, shape in (("settings", Settings), ("summary", Summary)):
        place = Run._fields.index(name)
        values[place] = msgspec.json.decode(values[place], type=shape)
    return Run(*values)
