"""A year of every template, simulated: `python -m bench.year`; invariants are looked at as it goes.

Each programme is made from its template and lives on a clock of its own. At every month's end the log
is counted again by `bench.year_count`, which shares no code with the ledger's decisions, and held
against the balances; at the end every event is decided again. The same seed gives the same log.
"""

import json
import sys
import time as timing
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
import msgspec
from rich.console import Console
from rich.table import Table

from bench.programme import BATCH, new_database, server
from bench.report import machine
from bench.year_count import Count
from bench.year_habits import HABITS, Habits
from ledger.bootstrap import prepare_process
from ledger.deciding import Outcome, Recorded
from ledger.domain.activity import RecordActivity
from ledger.domain.errors import LedgerError
from ledger.domain.expiry import RunExpiry
from ledger.domain.fund import CommitMoney
from ledger.domain.lapse import RunLapse
from ledger.domain.messages import Command
from ledger.domain.methodology import Factor
from ledger.domain.owners import OpenFund, OpenOrganisation, OpenParticipant
from ledger.domain.rules import PublishMethodology
from ledger.domain.sink import AddSinkUnits, OpenSinkProject
from ledger.expiry_run import run_expiry
from ledger.lapse_run import run_lapse
from ledger.moving.format import Digest
from ledger.projections.balances import table_balances
from ledger.recomputation import Recomputation, recompute
from ledger.reference_data import grid_factor
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.mapper import mapper
from ledger.templates import Naming, make_programme, shipped_template
from ledger.verify import verify
from ledger.verify.findings import Findings
from ledger.verify.sums import Sums
from ledger.writer import Writer

SHOWN_MAX: Final = 20
CREDITS_LIVE_MONTHS: Final = 3
"""Instead of a template's year or two, so that lots run out within the time simulated."""

YEAR_CREDITS: Final = {"enterprise": 2_500, "community": 1_000, "city-nev": 8_000}
"""Instead of a template's cap on a participant's year, so that who is keen reaches it."""

EXPECTED: Final = {
    "activity.record": {"content_differs"},
    "activity.correct": {"activity_status_unsuitable", "content_differs"},
    "activity.release": {"activity_status_unsuitable"},
    "activity.dismiss": {"activity_status_unsuitable"},
    "credits.claim": {"nothing_pending", "credits_not_ripe", "claim_window_closed"},
    "credits.transfer": {"insufficient_credits", "credits_expired", "transfer_quota_exceeded"},
    "credits.donate": {"insufficient_credits", "credits_expired", "insufficient_units"},
    "redemption.hold": {"insufficient_credits", "credits_expired", "insufficient_fund"},
    "redemption.fulfil": {"redemption_not_found", "redemption_status_unsuitable", "hold_expired"},
    "redemption.cancel": {"redemption_not_found", "redemption_status_unsuitable", "hold_expired"},
    "redemption.refund": {"redemption_not_found", "redemption_status_unsuitable"},
}
"""Why commands may be refused in the simulation; whatever else is refused is a fault."""

NEW_VINTAGE: Final = {"enterprise": "metro", "community": "clean-plate", "city-nev": "charging"}
"""The methodology that gets other factors after half the time, and whose last month is computed anew."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is simulated; the same plan gives the same log."""

    template: str
    participants: int = 10_000
    first_on: date = date(2023, 7, 1)
    days: int = 365
    acts_per_year: int = 14
    """By one participant."""
    time_zone: str = "Asia/Shanghai"
    seed: int = 20_261_123


@dataclass(kw_only=True)
class Told:
    """What was found."""

    plan: Plan
    events: int = 0
    digest: str = ""
    elapsed_s: float = 0.0
    counting_s: float = 0.0
    verify_s: float = 0.0
    replayed: int = 0
    topics: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    clipped_by: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    recomputed: int = 0
    months: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Year:
    """One programme, from its first day to its last."""

    def __init__(self, conninfo: str, plan: Plan) -> None:
        self.plan = plan
        self.told = Told(plan=plan)
        self._zone = ZoneInfo(plan.time_zone)
        self._now = self._midnight(plan.first_on)
        self._database = Database(conninfo)
        self._writer = Writer(self._database, clock=lambda: self._now)
        self._log = Log(self._database)
        self._id = plan.template
        self._refused: Counter[str] = Counter()
        self._count = Count()
        self._sums, self._findings = Sums(), Findings()
        self._digest = Digest(self._id)
        self._position = 0
        self._first: dict[str, bytes] = {}
        """The outcomes of acts, to be the same when they are sent again."""

    def run(self) -> Told:
        """Simulate, and tell what was found."""
        begun_s = timing.perf_counter()
        try:
            self._open()
            for number in range(self.plan.days):
                self._day(self.plan.first_on + timedelta(days=number), number)
            self._check("end")
            self._tell(begun_s)
        finally:
            self._writer.close()
            self._database.close()
        return self.told

    # --- the days -----------------------------------------------------------------------------

    def _midnight(self, on: date) -> datetime:
        return datetime.combine(on, time(), self._zone).astimezone(UTC)

    def _open(self) -> None:
        plan, template = self.plan, shipped_template(self.plan.template)
        template.commands[0]["expiry"] = {"kind": "month_end", "months": CREDITS_LIVE_MONTHS}
        [policy] = [own for own in template.commands if own["kind"] == "policy.publish"]
        policy["year_credits"] = YEAR_CREDITS[plan.template]
        naming = Naming(self._id, time_zone=plan.time_zone, valid_from=plan.first_on)
        made = make_programme(self._database, self._writer, template, naming, now=self._now, dry_run=False)
        self._commands: Sequence[Any] = made.commands
        self._habits = Habits(
            plan.template,
            list(made.commands),
            participants=plan.participants,
            seed=plan.seed,
            zone=self._zone,
        )
        units = [own.id for own in made.commands if isinstance(own, OpenOrganisation)]
        self._send(
            [
                OpenParticipant(occurred_at=self._now, id=f"p{n:06d}", organisation_id=units[n % len(units)])
                for n in range(plan.participants)
            ]
        )
        self._provide(plan.first_on)

    def _provide(self, on: date) -> None:
        """Commit a month's money, which does not always last, and deliver units."""
        month = f"{on:%Y-%m}-{on.day}"
        for own in self._commands:
            if isinstance(own, OpenFund):
                value_fen = self.plan.participants * self.plan.acts_per_year * 14
                money = CommitMoney(
                    occurred_at=self._now,
                    id=f"{own.id}-{month}",
                    fund_id=own.id,
                    sponsor_id="sponsor",
                    value_fen=value_fen,
                )
                self._send([money])
            elif isinstance(own, OpenSinkProject):
                first = (on - self.plan.first_on).days * 1_000 + 1
                delivery = AddSinkUnits(
                    occurred_at=self._now,
                    id=f"units-{month}",
                    project_id=own.id,
                    first_serial=first,
                    last_serial=first + max(20, self.plan.participants // 20),
                    reference="simulated",
                )
                self._send([delivery])

    def _day(self, on: date, number: int) -> None:
        plan, after = self.plan, on + timedelta(days=1)
        self._now = self._midnight(after) + timedelta(minutes=5)
        yearly = plan.participants * plan.acts_per_year
        acts = yearly * (number + 1) // 365 - yearly * number // 365
        self._send(list(self._habits.of_day(on, acts)))
        if after.day == 1:
            self._end_month(on)
        if number == plan.days // 2:
            self._recompute(on)

    def _end_month(self, on: date) -> None:
        month = f"{on:%Y-%m}"
        expiry = RunExpiry(occurred_at=self._now, id=f"expiry-{month}", up_to=on)
        run_expiry(
            database=self._database,
            log=self._log,
            writer=self._writer,
            programme_id=self._id,
            command=expiry,
            clock=lambda: self._now,
        )
        lapse = RunLapse(occurred_at=self._now, id=f"lapse-{month}", up_to=self._now)
        run_lapse(
            database=self._database,
            log=self._log,
            writer=self._writer,
            programme_id=self._id,
            command=lapse,
        )
        self._provide(on + timedelta(days=1))
        self._check(month)

    def _recompute(self, on: date) -> None:
        """Publish other factors, and compute a month anew by them."""
        own_id = NEW_VINTAGE[self.plan.template]
        [published] = [
            own
            for own in self._commands
            if getattr(own, "id", "") == own_id and isinstance(own, PublishMethodology)
        ]
        factors = tuple(map(_other_vintage, published.factors))
        self._send([msgspec.structs.replace(published, version=2, factors=factors, occurred_at=self._now)])
        what = Recomputation(
            run_id="vintage",
            scenario_id=own_id,
            first_on=on - timedelta(days=30),
            last_on=on,
            methodology_version=2,
            reason="factors of another year",
            approver="operator",
        )
        report = recompute(self._database, self._writer, self._id, what, dry_run=False)
        self.told.recomputed = report.changed

    # --- sending ------------------------------------------------------------------------------

    def _send(self, commands: list[Command]) -> None:
        for begin in range(0, len(commands), BATCH):
            some = commands[begin : begin + BATCH]
            for command, outcome in zip(some, self._writer.submit_many(self._id, some), strict=True):
                self._take(command, outcome)

    def _take(self, command: Command, outcome: Outcome) -> None:
        kind = str(command.__struct_config__.tag)
        if isinstance(outcome, LedgerError):
            if outcome.code not in EXPECTED.get(kind, ()):
                self.told.problems.append(f"{kind} was refused: {outcome}")
            self._refused[f"{kind}: {outcome.code}"] += 1
            return
        self.told.replayed += outcome.replayed
        if isinstance(command, RecordActivity):
            self._take_act(command, outcome)

    def _take_act(self, command: RecordActivity, outcome: Recorded) -> None:
        key = f"{command.source}:{command.id}"
        if outcome.replayed != (key in self._first):
            self.told.problems.append(f"{key} was replayed: {outcome.replayed}")
        if self._first.setdefault(key, outcome.body) != outcome.body:
            self.told.problems.append(f"{key} was answered otherwise when it was sent again")

    # --- counting -----------------------------------------------------------------------------

    def _check(self, month: str) -> None:
        """Take in the log as far as it has come, and look at all that must hold."""
        begun_s = timing.perf_counter()
        decode = mapper().event_of
        for page in self._log.pages(self._id, after=self._position):
            self._digest.add(page)
            for logged in page:
                if logged.position != self._position + 1:
                    self.told.problems.append(f"nothing stands at position {self._position + 1}")
                self._position = logged.position
                self._sums.add(
                    logged.position, logged.topic, decode(logged.topic, logged.state).legs, self._findings
                )
                self._count.add(logged.topic, msgspec.json.decode(logged.state))
        balances = {key: amount for key, amount in self._sums.balances.items() if amount}
        position, in_table = table_balances(self._database, self._id)
        if (position, in_table) != (self._position, balances):
            self.told.problems.append(f"{month}: the table of balances is not the sum of the log")
        self._count.check(balances)
        self.told.counting_s += timing.perf_counter() - begun_s
        problems = [
            *self._count.problems,
            *(f"{found.code}: {found.subject}" for found in self._findings.shown),
        ]
        self.told.problems += [f"{month}: {problem}" for problem in problems]
        self._count.problems.clear()
        self.told.months.append(
            {"month": month, "position": position, **dict(sorted(self._count.totals.items()))}
        )

    def _tell(self, begun_s: float) -> None:
        told, count = self.told, self._count
        told.elapsed_s = timing.perf_counter() - begun_s
        told.events, told.digest = self._position, self._digest.hexdigest()
        for name in ("topics", "totals"):
            setattr(told, name, dict(sorted(getattr(count, name).items())))
        told.clipped_by = dict(sorted(count.clipped.items()))
        told.refused = dict(sorted(self._refused.items()))
        self._log.application.cache_clear()


def _other_vintage(factor: Factor) -> Factor:
    """Give the grid factor of the year before; for want of one, a figure made up for the simulation."""
    if factor.name == "grid":
        return grid_factor(factor.region, factor.year - 1)
    if factor.name in {"per_km", "per_act"}:
        value = str(int(factor.value.partition(".")[0]) * 9 // 10)
        return msgspec.structs.replace(factor, value=value, source="simulated", illustrative=True)
    return factor


def simulate(conninfo: str, plan: Plan, *, prove: bool) -> Told:
    """Simulate one programme in an empty database.

    Args:
        conninfo: of the database.
        plan: what.
        prove: decide every event again at the end.
    """
    told = Year(conninfo, plan).run()
    if prove:
        begun_s = timing.perf_counter()
        database = Database(conninfo, connections_max=10)
        try:
            [report] = verify(database, programme_id=plan.template, views={})
        finally:
            database.close()
        told.verify_s = timing.perf_counter() - begun_s
        told.problems += [f"verify: {found}" for found in report.findings]
    return told


@click.command()
@click.option(
    "--template", "templates", multiple=True, type=click.Choice(list(HABITS)), help="All when absent."
)
@click.option("--participants", default=10_000)
@click.option("--days", default=365)
@click.option("--acts-per-year", default=14, help="By one participant.")
@click.option("--seed", default=20_261_123)
@click.option("--twice", is_flag=True, help="Simulate again and compare the digests of the logs.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), default=Path("var/year.json"))
def main(
    templates: tuple[str, ...],
    *,
    participants: int,
    days: int,
    acts_per_year: int,
    seed: int,
    twice: bool,
    json_path: Path,
) -> None:
    """Simulate, print tables, write JSON; exit with 1 when anything was found."""
    prepare_process()
    all_told = []
    with server() as conninfo:
        for template in templates or tuple(HABITS):
            plan = Plan(
                template=template,
                participants=participants,
                days=days,
                acts_per_year=acts_per_year,
                seed=seed,
                time_zone="Europe/Berlin" if template == "enterprise" else "Asia/Shanghai",
            )
            with new_database(conninfo) as database:
                told = simulate(database, plan, prove=True)
            if twice:
                with new_database(conninfo) as database:
                    again = simulate(database, plan, prove=False)
                if again.digest != told.digest:
                    told.problems.append(f"another log the second time: {again.digest}")
            all_told.append(told)
            show(told)
    json_path.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine(), "is_repeated": twice, "programmes": [asdict(told) for told in all_told]}
    json_path.write_text(
        json.dumps(document, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8"
    )
    click.echo(f"written to {json_path}")
    sys.exit(any(told.problems for told in all_told))


def show(told: Told) -> None:
    """Print what was found in one programme."""
    table = Table(title=f"{told.plan.template}: {told.plan.days} days from {told.plan.first_on}")
    names = (
        "month",
        "position",
        "grams",
        "awarded",
        "bonus",
        "claimed",
        "lapsed",
        "expired",
        "redeemed",
        "retired",
    )
    for name in names:
        table.add_column(name, justify="left" if name == "month" else "right")
    for month in told.months:
        table.add_row(*(f"{month.get(name, 0):,}" if name != "month" else month[name] for name in names))
    console = Console(width=160)
    console.print(table)
    for name in ("topics", "clipped_by", "refused"):
        console.print(f"{name}: {getattr(told, name)}", highlight=False)
    console.print(
        f"{told.events:,} events in {told.elapsed_s:.0f} s, {told.counting_s:.0f} s of them counting; "
        f"decided again in {told.verify_s:.0f} s"
    )
    console.print(f"{told.replayed:,} sent again, {told.recomputed:,} computed anew")
    console.print(f"SHA-256 of the log: {told.digest}")
    for problem in told.problems[:SHOWN_MAX]:
        console.print(f"[red]{problem}[/]")
    console.print(f"{len(told.problems)} problems")


if __name__ == "__main__":
    main()
