"""Proving programmes, one after the other, and going on after a stop.

Rule of the room: what a stopped run had found is kept, with how far it had come; what it had added
up is added up again, which is quicker than deciding and trusts nobody's file.
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from ledger.domain.errors import ProgrammeNotFound
from ledger.projections.registry import VIEWS
from ledger.projections.settlement import Settlement
from ledger.projections.view import View
from ledger.shadowing import Builder, Progress, no_progress
from ledger.store.database import Database
from ledger.store.following import FOLLOWING
from ledger.store.log import Log, LoggedEvent
from ledger.store.recorder import LOG, POSITION_MAX
from ledger.store.shadow import log_end, programmes_in
from ledger.verify.explaining import explained
from ledger.verify.findings import Findings, ProgrammeReport
from ledger.verify.log import LogCheck
from ledger.verify.progress_file import ProgressFile
from ledger.verify.settlement import SettlementCheck
from ledger.verify.tables import TableCheck
from ledger.verify.views import check_views, strangers

MS_PER_S: Final = 1_000
PAGE_EVENTS: Final = 5_000
TABLES: Final = ("events", "balances", "owners", "holds", "configuration", "registers")


def programmes(database: Database) -> list[str]:
    """Give every programme that has something in a table, known to the ledger or not."""
    names = set(Log(database).programmes())
    with database.connection() as connection:
        for table in TABLES:
            names.update(programmes_in(connection, "public", table))
    return sorted(names)


def verify(
    database: Database,
    *,
    programme_id: str | None = None,
    since: int = 0,
    state_file: Path | None = None,
    views: Mapping[str, type[View]] = VIEWS,
    on_progress: Progress = no_progress,
) -> Iterator[ProgrammeReport]:
    """Derive everything again that the log gives, and report what differs, programme by programme.

    Args:
        database: as `Builder` needs it.
        programme_id: the only programme; all of them when None.
        since: events up to this position are only added up.
        state_file: keeps how far the run has come, for a run after it to go on; gone at the end.
        views: by name.
        on_progress: told of events gone over, and of events taken by views.

    Raises:
        ProgrammeNotFound: nobody opened it.
        ProgressFileUnsuitable: the file is of something else.
    """
    known = programmes(database)
    if programme_id is not None and programme_id not in known:
        raise ProgrammeNotFound(programme_id=programme_id)
    progress = ProgressFile.opened(state_file, f"views_verify_{uuid4().hex[:12]}")
    builder = Builder(database, progress.schema, views)
    run = _Run(database, builder, progress, on_progress)
    with builder.built(keep_after_failure=state_file is not None):
        for name in [programme_id] if programme_id else known:
            yield run.prove(name, since=since)
        if programme_id is None:
            for name, findings in strangers(builder, known).items():
                yield _report(name, LogCheck(name, findings, since=0), findings, {}, 0)
    progress.close()


class _Run:
    """What all programmes of one run share."""

    def __init__(
        self, database: Database, builder: Builder, progress: ProgressFile, on_progress: Progress
    ) -> None:
        self._database = database
        self._builder = builder
        self._progress = progress
        self._on_progress = on_progress

    def prove(self, programme_id: str, *, since: int) -> ProgrammeReport:
        """Prove one programme, or give what an earlier run has found of it."""
        kept = self._progress.of(programme_id)
        if kept.report is not None:
            return kept.report
        begun_s = time.monotonic()
        findings = Findings(kept.findings, kept.findings_count)
        findings.silent_until = kept.position
        log = LogCheck(programme_id, findings, since=max(since, kept.position))
        self._go_over(programme_id, log, findings)
        findings.silent_until = 0
        with self._database.connection() as connection, connection.transaction():
            connection.execute(FOLLOWING["one_snapshot"])
            while page := _page(connection, programme_id, log.position, POSITION_MAX):
                log.add_page(page, connection)
            log.end()
            TableCheck(connection, programme_id, log, findings).check()
            if Settlement.name in self._builder.views:
                SettlementCheck(connection, programme_id, log.position, findings).check()
        findings.shown = explained(Log(self._database), programme_id, findings.shown, until=log.position)
        elapsed_ms = round((time.monotonic() - begun_s) * MS_PER_S)
        compared = check_views(self._builder, programme_id, findings, self._views_progress)
        report = _report(programme_id, log, findings, compared, elapsed_ms)
        self._progress.finished(report)
        return report

    def _go_over(self, programme_id: str, log: LogCheck, findings: Findings) -> None:
        """Go over the log as it stood when this began; what comes after that is little."""
        until = log_end(self._database, programme_id)
        while log.position < until:
            with self._database.connection() as connection:
                page = _page(connection, programme_id, log.position, until)
                log.add_page(page, connection)
            self._on_progress(f"{programme_id} log", log.position, until)
            if not log.is_between and log.position > findings.silent_until:
                self._progress.reached(programme_id, log.position, findings)

    def _views_progress(self, programme_id: str, done: int, whole: int) -> None:
        self._on_progress(f"{programme_id} views", done, whole)


def _page(connection: Any, programme_id: str, after: int, until: int) -> list[LoggedEvent]:
    parameters = {"programme_id": programme_id, "after": after, "until": until, "limit": PAGE_EVENTS}
    return [LoggedEvent(*row) for row in connection.execute(LOG["page"], parameters, binary=True)]


def _report(
    programme_id: str, log: LogCheck, findings: Findings, views: dict[str, int], elapsed_ms: int
) -> ProgrammeReport:
    return ProgrammeReport(
        programme_id=programme_id,
        position=log.position,
        since=log.since,
        events=log.events,
        elapsed_ms=elapsed_ms,
        views=views,
        findings=sorted(findings.shown, key=lambda found: (found.position is None, found.position or 0)),
        findings_count=dict(findings.counts),
    )
