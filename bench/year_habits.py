"""What people and systems do in a simulated year: acts, and everything that goes wrong with their data.

Rule of the room: one random generator, asked in one order, so that a seed gives one year.
"""

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from ledger.domain.activity import RecordActivity
from ledger.domain.claiming import ClaimCredits
from ledger.domain.correction import CorrectActivity
from ledger.domain.donation import DonateCredits
from ledger.domain.exclusion import SubjectKind
from ledger.domain.messages import Command
from ledger.domain.methodologies.formulas import FORMULAS
from ledger.domain.methodology import Measured
from ledger.domain.quality import EvidenceTier, QualityFlag
from ledger.domain.redemption import (
    CancelRedemption,
    FulfilRedemption,
    FundWeight,
    HoldRedemption,
    RefundRedemption,
)
from ledger.domain.review import DismissActivity, ReleaseActivity
from ledger.domain.transfer import TransferCredits

HABITS: Final = {
    "enterprise": {"bus": 25, "metro": 30, "bike": 15, "walk": 20, "paper": 5, "online-meeting": 5},
    "community": {"sorting": 35, "clothes": 5, "clean-plate": 25, "walk": 35},
    "city-nev": {"nev-day": 30, "nev-trip": 15, "charging": 10, "bus": 20, "metro": 15, "bike": 10},
}
"""Of a hundred acts, how many are of each scenario."""

KEEN: Final = 50
"""One in so many participants is keen, and all keen ones together make half of the acts."""

DOUBTS: Final[tuple[QualityFlag, ...]] = (
    "gap",
    "estimated",
    "rollback",
    "jump",
    "clock_skew",
    "invalid_sentinel",
    "duplicate",
    "overlap",
    "self_declared",
    "manual",
)
VEHICLES: Final = frozenset(("nev-day", "nev-trip", "charging"))


class Habits:
    """The participants of one programme and what they send, day by day."""

    def __init__(
        self, template: str, commands: list[Any], *, participants: int, seed: int, zone: ZoneInfo
    ) -> None:
        formulas = {own.id: own.formula for own in commands if type(own).__name__ == "PublishMethodology"}
        self._scenarios = {own.id: own for own in commands if type(own).__name__ == "PublishScenario"}
        self._fields = {
            own.id: FORMULAS[formulas[own.methodology_id]].fields for own in self._scenarios.values()
        }
        self._merchants = [own.id for own in commands if type(own).__name__ == "OpenMerchant"]
        self._funds = [own.id for own in commands if type(own).__name__ == "OpenFund"]
        self._sinks = [own.id for own in commands if type(own).__name__ == "OpenSinkProject"]
        self._weights = HABITS[template]
        self._participants = participants
        self._random = random.Random(seed)
        self._zone = zone
        self._numbers = count(1)
        self._later: defaultdict[date, list[Command]] = defaultdict(list)

    def of_day(self, on: date, acts: int) -> Iterator[Command]:
        """Give what is sent on one local day, at its end."""
        yield from self._later.pop(on, ())
        for _ in range(acts):
            yield from self._act(on)
        for _ in range(max(1, acts // 20)):
            yield from self._spend(on)

    def _person(self) -> str:
        keen = max(1, self._participants // KEEN)
        number = self._random.randrange(keen if self._random.random() < 0.5 else self._participants)
        return f"p{number:06d}"

    def _happens(self, share: float) -> bool:
        return self._random.random() < share

    def _then(self, on: date, command: Command, first: int, last: int) -> None:
        """Send something some days later."""
        self._later[on + timedelta(days=self._random.randint(first, last))].append(command)

    def _evening(self, on: date) -> datetime:
        return datetime.combine(on, time(21), self._zone).astimezone(UTC)

    # --- acts ---------------------------------------------------------------------------------

    def _act(self, on: date) -> Iterator[Command]:
        [scenario_id] = self._random.choices(list(self._weights), list(self._weights.values()))
        act = self._reported(scenario_id, self._person(), on)
        if self._happens(0.04):
            late = msgspec.structs.replace(act, flags=(*act.flags, "late"))
            self._then(on, late, 1, 7)
            return
        yield act
        self._follow(on, act)
        if self._happens(0.015):
            yield msgspec.structs.replace(act, id=f"o-{act.id}", source="other-app")

    def _reported(self, scenario_id: str, person: str, on: date) -> RecordActivity:
        chance = self._random
        begins_at = datetime.combine(on, time(), self._zone).astimezone(UTC)
        begins_at += timedelta(minutes=chance.randrange(0, 22 * 60))
        is_of_day = scenario_id in {"nev-day", "walk"}
        flags: tuple[QualityFlag, ...] = (chance.choice(DOUBTS),) if self._happens(0.03) else ()
        tier: EvidenceTier = (
            "self_declared" if scenario_id not in VEHICLES and self._happens(0.1) else "platform"
        )
        return RecordActivity(
            occurred_at=begins_at,
            id=f"a-{next(self._numbers):08d}",
            source="platform",
            participant_id=person,
            scenario_id=scenario_id,
            measured=self._measured(scenario_id, flags),
            flags=flags,
            evidence=tier,
            began_at=None if is_of_day else begins_at,
            ended_at=None if is_of_day else begins_at + timedelta(minutes=chance.randrange(10, 60)),
            subjects=_subjects(person),
        )

    def _measured(self, scenario_id: str, flags: tuple[QualityFlag, ...]) -> Measured:
        chance = self._random
        km = chance.randrange(40, 3_000) if scenario_id in VEHICLES else chance.randrange(8, 250)
        if "jump" in flags:
            km = 18_000  # 1,800 km of one day
        found: dict[str, Any] = {
            "distance_km": f"{km / 10:.1f}",
            "energy_kwh": f"{km * 0.015:.3f}",
            "charged_kwh": f"{chance.randrange(50, 600) / 10:.1f}",
            "steps": chance.randrange(200, 28_000),
            "count": chance.choice((1, 1, 1, 2)),
            "mass_kg": f"{chance.randrange(2, 140) / 10:.1f}",
        }
        return Measured(**{name: found[name] for name in self._fields[scenario_id]})

    def _follow(self, on: date, act: RecordActivity) -> None:
        """Plan what becomes of an act; what turns out not to be possible then is refused."""
        own: dict[str, Any] = {"source": act.source, "activity_id": act.id}
        scenario = self._scenarios[act.scenario_id]
        if self._happens(0.03):
            self._then(on, act, 1, 7)
        if self._happens(0.003):
            self._then(on, msgspec.structs.replace(act, evidence="proof"), 1, 7)
        if scenario.ripens_after_h and self._happens(0.85):
            day = scenario.ripens_after_h // 24
            self._then(on, ClaimCredits(occurred_at=act.occurred_at, **own), day, day + 3)
        if act.flags:
            kind = ReleaseActivity if self._happens(0.7) else DismissActivity
            looked = kind(occurred_at=act.occurred_at, approver="operator", reason="looked at", **own)
            self._then(on, looked, 1, 5)
        restated = act.measured.steps is not None and self._happens(0.15)
        if restated or self._happens(0.005):
            what: dict[str, Any] = {"measured": self._measured(act.scenario_id, ()), "reason": "restated"}
            if not restated:
                what = {"is_void": True, "reason": "did not happen", "approver": "operator"}
            correction = CorrectActivity(occurred_at=act.occurred_at, id=f"c-{act.id}", **own, **what)
            self._then(on, correction, 1, 30)
            if self._happens(0.05):
                self._then(on, correction, 31, 32)

    # --- spending -----------------------------------------------------------------------------

    def _spend(self, on: date) -> Iterator[Command]:
        chance, number, at = self._random, next(self._numbers), self._evening(on)
        person = self._person()
        if self._happens(0.4):
            yield TransferCredits(
                occurred_at=at,
                id=f"t-{number:08d}",
                from_account=f"participant:{person}",
                to_account=f"participant:p{(int(person[1:]) + 1) % self._participants:06d}",
                credits=chance.randrange(1, 30),
            )
        elif self._sinks and self._happens(0.3):
            yield DonateCredits(
                occurred_at=at,
                id=f"d-{number:08d}",
                from_account=f"participant:{person}",
                project_id=self._sinks[0],
                units=chance.choice((1, 1, 2, 5)),
            )
        else:
            yield from self._redeem(on, at, f"r-{number:08d}", person)

    def _redeem(self, on: date, at: datetime, own_id: str, person: str) -> Iterator[Command]:
        chance = self._random
        price = chance.choice((10, 20, 50, 100))
        yield HoldRedemption(
            occurred_at=at,
            id=own_id,
            participant_id=person,
            merchant_id=chance.choice(self._merchants),
            credits=price,
            face_value_fen=price * 5,
            funds=tuple(FundWeight(fund_id=fund, weight=1) for fund in self._funds),
            deadline_at=at + timedelta(days=7),
        )
        dice = chance.random()
        if dice < 0.7:
            self._then(on, FulfilRedemption(occurred_at=at, redemption_id=own_id, store_id="s1"), 1, 6)
            if self._happens(0.06):
                refund = RefundRedemption(occurred_at=at, redemption_id=own_id, reason="sent back")
                self._then(on, refund, 7, 40)
        elif dice < 0.85:
            self._then(
                on, CancelRedemption(occurred_at=at, redemption_id=own_id, reason="changed mind"), 1, 6
            )


def _subjects(person: str) -> dict[SubjectKind, str]:
    """Names in place of a person, the person's vehicle, and a household of three."""
    named: dict[SubjectKind, str] = {
        "person": person,
        "vehicle": f"v-{person}",
        "household": f"h-{int(person[1:]) // 3}",
    }
    return {kind: hashlib.sha256(text.encode()).hexdigest() for kind, text in named.items()}
