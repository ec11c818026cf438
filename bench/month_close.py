"""Closing the month, as finance does: import, close, object, approve, pay, compare, resolve, export, check.

Run as `python -m bench.month_close FOLDER` it is a process of its own, whose memory is all its own.
"""

import os
import resource
import sys
import time as timing
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Final

import msgspec

from bench.month_bank import AGAIN_ON, APPROVED_ON, CLOSED_ON, IN_LEDGER, RESOLVED_ON, UNTIL_ON
from bench.month_files import File
from bench.month_orders import CHECKER, MAKER, Orders
from bench.month_plan import ENDS_ON, STARTS_ON, ZONE
from bench.month_setup import NAME, Month, follow
from bench.month_verdict import Found, compare, hold_against_hledger, must_be
from bench.month_write import PROGRAMME, Clerk
from bench.proof import KB_PER_MB, peak_kb
from ledger import config
from ledger.bootstrap import prepare_process
from ledger.domain.messages import Command
from ledger.domain.redemption import RefundRedemption
from ledger.domain.statement import CloseStatement
from ledger.reconciling import Filter, Reconciliation
from ledger.reconciling.shapes import Break, Run, Scope
from ledger.store.database import Database
from ledger.store.log import Log

TOLD: Final = "told.json"
PAGE: Final = 1_000
SERVERS: Final = b"SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


class Told(msgspec.Struct):
    """What became of the month."""

    phases_s: dict[str, float] = {}
    cpu_s: dict[str, float] = {}
    """What of it was work, here and in the database: on a machine that others use too, it says more."""
    rows: int = 0
    found: dict[str, Found] = {}
    """By code."""
    relations: dict[str, list[str]] = {}
    """The codes found, by relation."""
    matched: dict[str, int] = {}
    """Lines, payouts and trades that agree, by the rule that found it."""
    run_id: str = ""
    settled: int = 0
    """Merchants to whom nothing is owed of the month any more."""
    breaks_resolved: int = 0
    accounts: int = 0
    """Held against hledger."""
    problems: list[str] = []
    memory_mb: float = 0.0
    elapsed_s: float = 0.0


class Close:
    """One month, closed once."""

    def __init__(self, conninfo: str, folder: Path) -> None:
        self.month = msgspec.json.decode((folder / NAME).read_bytes(), type=Month)
        self.told = Told()
        self._folder = folder
        self._database = Database(conninfo)
        self._clerk = Clerk(self._database)
        self._orders = Orders(self._clerk)
        self._work = Reconciliation(
            self._database, Log(self._database), lambda: self._clerk.now, view_wait_ms_max=0
        )
        self._ended: set[str] = set()
        """Payouts of which the ledger was told before the bank's statement came."""
        self._view_position = self.month.view_position

    def run(self) -> Told:
        """Close the month and tell what was found."""
        begun_s = timing.perf_counter()
        try:
            self._at(CLOSED_ON)
            with self._phase("import of what merchants and WeChat Pay sent"):
                self._import([file for file in self.month.files if file.kind != "camt053"])
            with self._phase("statements closed, disputed, approved; payouts instructed"):
                self._settle()
            self._at(UNTIL_ON)
            with self._phase("import of the bank's statements"):
                self._import([file for file in self.month.files if file.kind == "camt053"])
            with self._phase("comparison"):
                run = self._compare()
            with self._phase("breaks resolved by two keys, payouts confirmed"):
                self._confirm(run)
                self._resolve()
            with self._phase("books written, and checked by hledger"):
                self._check()
        finally:
            self._clerk.close()
            self._database.close()
        self.told.elapsed_s = timing.perf_counter() - begun_s
        # Not `ru_maxrss`, which a process inherits from whoever starts it.
        self.told.memory_mb = peak_kb(os.getpid()) / KB_PER_MB
        return self.told

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        begun_s, worked_s = timing.perf_counter(), self._worked_s()
        yield
        self.told.phases_s[name] = timing.perf_counter() - begun_s
        self.told.cpu_s[name] = self._worked_s() - worked_s

    def _worked_s(self) -> float:
        """Give the processor's seconds: of this process, hledger and the database's servers of it."""
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        with self._database.connection() as connection:
            servers = [row[0] for row in connection.execute(SERVERS)]
        return sum(one.ru_utime + one.ru_stime for one in used) + sum(map(_of_process_s, servers))

    def _at(self, on: date) -> None:
        self._clerk.now = datetime.combine(on, time(9), ZONE)

    # --- files ----------------------------------------------------------------------------------

    def _import(self, files: list[File]) -> None:
        for file in files:
            if file.kind == "merchant" and file.merchant_id is not None:
                mapping = self.month.mappings[file.merchant_id]
                self._work.mappings.save(PROGRAMME, file.merchant_id, mapping, by=MAKER)
            imported = self._work.files.add(
                PROGRAMME,
                self._folder / file.name,
                kind=file.kind,  # type: ignore[arg-type]
                name=file.name,
                by=MAKER,
                merchant_id=file.merchant_id,
            ).file
            self.told.rows += imported.rows
            if imported.rows != file.rows or imported.totals.unreadable or imported.totals.differences:
                self.told.problems.append(f"{file.name} was not read as it was written: {imported.totals}")

    # --- settlement -----------------------------------------------------------------------------

    def _settle(self) -> None:
        now = self._clerk.now
        closing: list[Command] = [
            CloseStatement(occurred_at=now, merchant_id=one, ends_on=ENDS_ON, by=MAKER)
            for one in self.month.merchant_ids
        ]
        self._clerk.send(closing)
        self._disputes()
        self._at(APPROVED_ON)
        self._clerk.send([self._orders.approve(one) for one in self.month.accounts])
        paying = [one for one in self.month.accounts if one.payout_fen]
        self._clerk.send([self._orders.instruct(one) for one in paying])
        self._at(AGAIN_ON)
        again = [one for one in paying if one.course in IN_LEDGER]
        back = [one for one in again if IN_LEDGER[one.course] == "returns"]
        self._ended = {one.payout_id() for one in again}
        self._clerk.send([self._orders.fail(one) for one in again if IN_LEDGER[one.course] == "fails"])
        self._clerk.send([self._orders.confirm(one, 1, "as the bank told at once") for one in back])
        self._clerk.send([self._orders.give_back(one) for one in back])
        self._clerk.send([self._orders.instruct(one, 2) for one in again])

    def _disputes(self) -> None:
        for number, make in enumerate((self._orders.dispute, self._orders.decide)):
            self._at((CLOSED_ON, RESOLVED_ON)[number])
            self._clerk.send(
                [make(one, at) for one in self.month.accounts for at in range(len(one.disputes))]
            )

    # --- comparison -----------------------------------------------------------------------------

    def _compare(self) -> Run:
        self._view_position = follow(self._database, self._view_position)
        run = self._work.runs.make(PROGRAMME, Scope(STARTS_ON, ENDS_ON), by=MAKER)
        found = self._work.runs.findings(PROGRAMME, run.run_id, after="", limit=1_000_000)
        compare(self.told, self.month.injected, found, run.summary)
        self.told.run_id = run.run_id
        return run

    def _confirm(self, run: Run) -> None:
        """Confirm what the bank shows, and let come back and fail what it says has."""
        shown: dict[str, str] = {}
        after = 0
        # Matches of the bank come first.
        while matches := self._work.runs.matches(PROGRAMME, run.run_id, after=after, limit=PAGE):
            own = [one for one in matches if one.relation == "bank"]
            shown |= {
                one.item: f"{one.file_id[:8]}/{one.row_no}"
                for one in own
                if one.kind == "payment" and one.code in {None, "unknown_reference"}
            }
            after = matches[-1].match_no
            if len(own) < len(matches):
                break
        of_payout = {one.payout_id(n): (one, n) for one in self.month.accounts for n in (1, 2)}
        new = [own_id for own_id in sorted(shown) if own_id not in self._ended]
        self._clerk.send([self._orders.confirm(*of_payout[own_id], shown[own_id]) for own_id in new])

    def _resolve(self) -> None:
        """Settle every break: by an event where the ledger was wrong, as it is everywhere else."""
        breaks, after = self._work.breaks, ""
        corrected = self._corrections()
        while found := breaks.page(PROGRAMME, Filter(statuses=("open",)), after=after, limit=PAGE):
            for one in found:
                position = corrected.get(_subject(one))
                resolved = breaks.resolve(
                    PROGRAMME,
                    one.break_id,
                    resolution="accepted" if position is None else "corrected",
                    note="looked at",
                    by=MAKER,
                    position=position,
                )
                if resolved.status == "proposed":
                    breaks.confirm(PROGRAMME, one.break_id, by=CHECKER)
                self.told.breaks_resolved += 1
            after = found[-1].break_id

    def _corrections(self) -> dict[tuple[str, str | None], int]:
        """Tell the ledger of what it had wrong; give the positions by what they correct."""
        by_id = {one.payout_id(): one for one in self.month.accounts}
        commands: dict[tuple[str, str | None], Command] = {}
        for one in self.month.injected:
            if one.relation == "bank" and one.name in by_id:
                if one.code == "missing_payment":
                    commands["missing_payment", one.name] = self._orders.fail(by_id[one.name])
                elif by_id[one.name].course == "came_back_unknown":
                    commands["refund_unmatched", one.name] = self._orders.give_back(by_id[one.name])
        for own_id in self.month.earned_fen:
            commands["refund_unmatched", own_id] = RefundRedemption(
                occurred_at=self._clerk.now, redemption_id=own_id, reason="refunded at the till"
            )
        recorded = self._clerk.send(list(commands.values()))
        return {key: one.position for key, one in zip(commands, recorded, strict=True)}

    # --- the end --------------------------------------------------------------------------------

    def _check(self) -> None:
        hold_against_hledger(self.told, self._database, self._folder)
        must_be(self.told, self._database, self.month)


def _subject(one: Break) -> tuple[str, str | None]:
    return one.code, one.item


def _of_process_s(process_id: int) -> float:
    """Give the seconds that a process has worked; 0 where it cannot be seen from here."""
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def close(conninfo: str, folder: Path) -> Told:
    """Close the month that was prepared in a folder."""
    told = Close(conninfo, folder).run()
    (folder / TOLD).write_bytes(msgspec.json.encode(told))
    return told


if __name__ == "__main__":
    prepare_process()
    url = config.load().database_url
    assert url is not None
    close(url, Path(sys.argv[1]))
