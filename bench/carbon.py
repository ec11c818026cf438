"""From an act to credits, with and without caps, exclusion and a campaign; and a vehicle platform's files."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.batches import in_turns
from bench.programme import BATCH, NOW, city
from bench.proof import run
from bench.report import Report
from ledger.domain.activity import RecordActivity
from ledger.domain.campaign import BonusRule, Multiplier, PublishCampaign, Streak
from ledger.domain.caps import Caps
from ledger.domain.conversion import CreditsPerGrams
from ledger.domain.exclusion import ExclusionRule
from ledger.domain.messages import Command
from ledger.domain.methodology import Factor, Measured
from ledger.domain.policy import PublishPolicy
from ledger.domain.programme import OpenProgramme
from ledger.domain.rules import PublishMethodology, PublishScenario
from ledger.domain.transfer import TransferCredits
from ledger.store.database import Database
from ledger.writer import Recorded, Writer

FIRST_DAY: Final = datetime(2025, 12, 31, 16, tzinfo=UTC)
"""Midnight in Shanghai."""
PEOPLE: Final = 5_000
ROUNDS: Final = 5
BATCHES: Final = 10
CALLERS: Final = 2
ONE_BY_ONE: Final = 2_000
THREADS: Final = 32
VEHICLES: Final = 10_000
FILE_DAYS: Final = (4, 20)
"""Days in a short file and in a long one: memory must not grow with them."""

PLAIN: Final = "plain"
RULED: Final = {
    "capped": None,
    "streak": Streak(days=7, credits=10),
    "multiplied": Multiplier(multiplier="1.1"),
}
"""Programmes with caps and exclusion, and the bonus of their campaign: one that is looked at with every
act and paid every seventh day, and one that is an event of its own with every act."""

LEFT_OUT: Final = 1_000
"""Of every `PEOPLE` the last ones receive and never give, so that nobody runs out."""


class Place:
    """A programme in which vehicles drive every day."""

    def __init__(
        self, conninfo: str, programme_id: str, *, is_ruled: bool = False, bonus: BonusRule | None = None
    ) -> None:
        self.programme_id = programme_id
        self.database = Database(conninfo, connections_max=THREADS + 2)
        self.writer = Writer(self.database)
        self._random = random.Random(20_261_123)
        self._made = self._given = 0
        for command in rules(programme_id, is_ruled=is_ruled, bonus=bonus):
            assert isinstance(self.writer.submit(programme_id, command), Recorded)

    def drives(self, count: int) -> list[Command]:
        """Make drives of a local day each, vehicle after vehicle and then day after day."""
        made: list[Command] = []
        for _ in range(count):
            day, vehicle = divmod(self._made, PEOPLE)
            self._made += 1
            begins = FIRST_DAY + timedelta(days=day)
            made.append(
                RecordActivity(
                    occurred_at=begins,
                    id=f"d-{self._made:09d}",
                    source="bench",
                    participant_id=f"p{vehicle:07d}",
                    scenario_id="drive",
                    measured=Measured(distance_km=f"{self._random.randrange(100, 2000) / 10:.1f}"),
                    began_at=begins,
                    ended_at=begins + timedelta(days=1),
                    subjects={"vehicle": f"{vehicle:064x}"},
                )
            )
        return made

    def transfers(self, count: int) -> list[Command]:
        """Make gifts of one credit, from one after the other to anybody else."""
        made: list[Command] = []
        for _ in range(count):
            self._given += 1
            giver = self._given % (PEOPLE - LEFT_OUT)
            receiver = (giver + self._random.randrange(1, PEOPLE)) % PEOPLE
            made.append(
                TransferCredits(
                    occurred_at=NOW,
                    id=f"t-{self._given:09d}",
                    from_account=f"participant:p{giver:07d}",
                    to_account=f"participant:p{receiver:07d}",
                    credits=1,
                )
            )
        return made

    def in_batches(self, make: Callable[[int], list[Command]]) -> float:
        """Record batches from two callers; give commands a second."""
        batches = [make(BATCH) for _ in range(BATCHES)]
        begun = time.perf_counter()
        with ThreadPoolExecutor(CALLERS) as pool:
            for outcomes in pool.map(
                lambda batch: self.writer.submit_many(self.programme_id, batch), batches
            ):
                assert all(isinstance(outcome, Recorded) for outcome in outcomes)
        return BATCH * BATCHES / (time.perf_counter() - begun)

    def one_by_one(self, make: Callable[[int], list[Command]]) -> float:
        """Record commands one at a time from many threads; give commands a second."""
        commands = make(ONE_BY_ONE)
        begun = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            for outcome in pool.map(partial(self.writer.submit, self.programme_id), commands):
                assert isinstance(outcome, Recorded)
        return ONE_BY_ONE / (time.perf_counter() - begun)

    def close(self) -> None:
        """Let go of the database."""
        self.writer.close()
        self.database.close()


def rules(programme_id: str, *, is_ruled: bool, bonus: BonusRule | None) -> Iterator[Command]:
    """Give what makes a programme, with every rule that an act is held against, or with none."""
    opening = city()
    yield OpenProgramme(
        **{name: getattr(opening, name) for name in opening.__struct_fields__} | {"id": programme_id}
    )
    factor = Factor(name="per_km", value="100.5", unit="g/km", region="全国", year=2022, source="benchmark")
    names: dict[str, Any] = {"name_zh": "行驶", "name_en": "Driving"}
    yield PublishMethodology(
        occurred_at=NOW, id="drive", version=1, formula="distance", factors=(factor,), **names
    )
    more: dict[str, Any] = {}
    if is_ruled:
        more["caps"] = Caps(event_credits=500, day_acts=20, day_credits=1_500, month_credits=10_000)
        more["exclusion"] = (ExclusionRule(group="vehicle-km", subject="vehicle"),)
    yield PublishScenario(
        occurred_at=NOW,
        id="drive",
        version=1,
        methodology_id="drive",
        methodology_version=1,
        rule=CreditsPerGrams(credits=1, per_g=100),
        valid_from=NOW - timedelta(days=365),
        **names,
        **more,
    )
    if is_ruled:
        yield PublishPolicy(occurred_at=NOW, version=1, year_credits=1_000_000)
    if bonus is not None:
        yield PublishCampaign(
            occurred_at=NOW,
            id="autumn",
            version=1,
            valid_from=FIRST_DAY,
            valid_to=FIRST_DAY + timedelta(days=10_000),
            bonus=bonus,
            **names,
        )


def measure(conninfo: str, report: Report) -> None:
    """Measure recording with and without rules, in turns, and importing files."""
    plain = Place(conninfo, PLAIN)
    ruled = {name: Place(conninfo, name, is_ruled=True, bonus=bonus) for name, bonus in RULED.items()}
    everybody = (plain, *ruled.values())
    for place in everybody:
        place.in_batches(place.drives)
    kinds: dict[str, Callable[[Place], Callable[[int], list[Command]]]] = {
        "acts": lambda place: place.drives,
        "transfers": lambda place: place.transfers,
    }
    for kind, of in kinds.items():
        batches = [
            in_turns(lambda of=of: tuple(place.in_batches(of(place)) for place in everybody))  # type: ignore[misc]
            for _ in range(ROUNDS)
        ]
        singles = [
            in_turns(lambda of=of: tuple(place.one_by_one(of(place)) for place in everybody))  # type: ignore[misc]
            for _ in range(ROUNDS)
        ]
        _report(report, f"batches of {BATCH:,} {kind}", kind, batches)
        _report(report, f"{THREADS} threads, single {kind}", kind, singles)
    for place in everybody:
        place.close()
    with tempfile.TemporaryDirectory(prefix="ledger-bench-import-") as folder:
        for days in FILE_DAYS:
            _measure_import(conninfo, report, Path(folder), days)


def _report(report: Report, name: str, unit: str, rounds: list[tuple[float, ...]]) -> None:
    """Say how fast each programme was, and beside the one without rules."""
    plain = [figures[0] for figures in rounds]
    report.add(f"{name}: no rules", plain, f"{unit}/s")
    meanings = ("caps, exclusion", "with a streak too", "with a bonus for every act too")
    for number, meaning in enumerate(meanings, 1):
        rates = [figures[number] for figures in rounds]
        report.add(f"{name}: {meaning}", rates, f"{unit}/s")
        ratios = [with_rules / without for with_rules, without in zip(rates, plain, strict=True)]
        report.add(f"{name}: {meaning} / none", ratios, "ratio", at_least=0.6)


def _measure_import(conninfo: str, report: Report, folder: Path, days: int) -> None:
    """Import a file of a platform into a programme of its own."""
    programme_id = f"import-{days}"
    Place(conninfo, programme_id).close()
    path, key = folder / f"{days}.csv", folder / "key"
    key.write_text("0123456789abcdef" * 4)
    _write_file(path, days)
    seconds, memory_mb = run(
        conninfo,
        *("import", "vehicles", str(path), "--programme", programme_id, "--scenario", "drive"),
        *("--source", "oem", "--key-file", str(key), "--json"),
    )
    count = VEHICLES * days
    report.add(
        f"ledger import vehicles: {count:,} vehicle-days", [count / seconds], "a second", at_least=20_000
    )
    report.add(f"the same: memory of {count:,}", [memory_mb], "MB")


def _write_file(path: Path, days: int) -> None:
    """Write what a platform would send: every vehicle, day after day."""
    first = date(2026, 10, 1)
    odometers = [10_000 * vehicle % 777_777 for vehicle in range(VEHICLES)]
    with path.open("w", encoding="utf-8") as lines:
        lines.write("vehicle_id,day,odometer_begin_km,odometer_end_km,records,received_at\n")
        for number in range(days):
            day = first + timedelta(days=number)
            received = f"{day + timedelta(days=1)}T02:00:00+08:00"
            for vehicle in range(VEHICLES):
                begin = odometers[vehicle]
                end = odometers[vehicle] = begin + 100 + (vehicle * 31 + number * 17) % 900
                readings = f"{begin // 10}.{begin % 10},{end // 10}.{end % 10}"
                lines.write(f"LV{vehicle:015d},{day},{readings},2000,{received}\n")
