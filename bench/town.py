"""A busy town for the benchmarks of views: a month of activities, gifts and redemptions."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Self

from bench.programme import BATCH, PROGRAMME
from ledger.domain.activity import RecordActivity
from ledger.domain.conversion import CreditsPerGrams
from ledger.domain.fund import CommitMoney
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.messages import Command
from ledger.domain.methodology import Factor, Measured
from ledger.domain.owners import OpenFund, OpenMerchant, OpenOrganisation, OpenParticipant
from ledger.domain.programme import OpenProgramme
from ledger.domain.redemption import FulfilRedemption, FundWeight, HoldRedemption
from ledger.domain.rules import PublishMethodology, PublishScenario
from ledger.domain.transfer import TransferCredits
from ledger.store.database import Database
from ledger.writer import Recorded, Writer

BEGIN = datetime(2026, 10, 1, 0, 30, tzinfo=UTC)
DAYS = 30
SCENARIOS = ("bus", "metro", "bike")
MERCHANTS, FUNDS, ORGANISATIONS = 20, 3, 12
ACTIVITIES, GIFTS = 0.75, 0.15
"""Shares of the commands; the rest are redemptions, each held and used."""
FEN = 10_000_000_000


class Town:
    """A programme that fills its log as fast as the writer takes it, on a clock of its own."""

    def __init__(self, conninfo: str, *, participants: int = 10_000, seed: int = 20_261_001) -> None:
        self.conninfo = conninfo
        self.participants = participants
        self.now = BEGIN
        self._random = random.Random(seed)
        self._database = Database(conninfo)
        self._writer = Writer(self._database, clock=lambda: self.now)
        self._next = 0
        self.position = 0

    def __enter__(self) -> Self:
        self.record(list(self._rules()))
        for begin in range(0, self.participants, BATCH):
            self.record([self._open(n) for n in range(begin, min(begin + BATCH, self.participants))])
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        self._database.close()

    def fill(self, events: int) -> None:
        """Record commands until the log has so many events, spread over the month."""
        begun_at, missing = self.position, events - self.position
        while self.position < events:
            share = (self.position - begun_at) / missing
            self.now = max(self.now, BEGIN + timedelta(days=DAYS) * share)
            self.record(list(self._acts(BATCH)), strictly=False)

    def record(self, commands: list[Command], *, strictly: bool = True) -> None:
        """Record a batch; some may be refused when that is allowed (a giver may have nothing left)."""
        for begin in range(0, len(commands), BATCH):
            for outcome in self._writer.submit_many(PROGRAMME, commands[begin : begin + BATCH]):
                if isinstance(outcome, Recorded):
                    self.position = max(self.position, outcome.position)
                else:
                    assert not strictly, outcome

    def _acts(self, count: int) -> Iterator[Command]:
        made = 0
        while made < count:
            self._next += 1
            person, dice = f"p{self._random.randrange(self.participants):07d}", self._random.random()
            at = self.now - timedelta(seconds=self._random.randrange(86_400))
            made += 1
            if dice < ACTIVITIES:
                yield RecordActivity(
                    occurred_at=at,
                    id=f"a-{self._next:09d}",
                    source="bench",
                    participant_id=person,
                    scenario_id=self._random.choice(SCENARIOS),
                    measured=Measured(distance_km=f"{self._random.randrange(1, 400) / 10:.1f}"),
                )
            elif dice < ACTIVITIES + GIFTS:
                yield TransferCredits(
                    occurred_at=at,
                    id=f"t-{self._next:09d}",
                    from_account=f"participant:{person}",
                    to_account=f"participant:p{(int(person[1:]) + 1) % self.participants:07d}",
                    credits=1,
                )
            elif made < count:
                made += 1
                yield HoldRedemption(
                    occurred_at=at,
                    id=f"r-{self._next:09d}",
                    participant_id=person,
                    merchant_id=f"m{self._random.randrange(MERCHANTS)}",
                    credits=5,
                    face_value_fen=500,
                    funds=(FundWeight(fund_id=f"f{self._random.randrange(FUNDS)}", weight=1),),
                    deadline_at=self.now + timedelta(days=7),
                )
                yield FulfilRedemption(occurred_at=at, redemption_id=f"r-{self._next:09d}", store_id="s1")

    def _open(self, number: int) -> Command:
        return OpenParticipant(
            occurred_at=BEGIN,
            id=f"p{number:07d}",
            organisation_id=f"o{number % ORGANISATIONS}" if number % 2 else None,
        )

    def _rules(self) -> Iterator[Command]:
        yield OpenProgramme(
            occurred_at=BEGIN,
            id=PROGRAMME,
            name_zh="繁忙的城市",
            name_en="Busy town",
            level="city",
            time_zone="Asia/Shanghai",
            transferable=True,
            expiry=ExpiryPolicy(kind="month_end", months=12),
        )
        for n, own_id in enumerate(SCENARIOS):
            factor = Factor(
                name="per_km",
                value=f"{40 + n * 15}.5",
                unit="g/km",
                region="全国",
                year=2022,
                source="benchmark",
            )
            yield PublishMethodology(
                occurred_at=BEGIN,
                id=own_id,
                version=1,
                name_zh=own_id,
                name_en=own_id,
                formula="distance",
                factors=(factor,),
            )
            yield PublishScenario(
                occurred_at=BEGIN,
                id=own_id,
                version=1,
                name_zh=own_id,
                name_en=own_id,
                methodology_id=own_id,
                methodology_version=1,
                rule=CreditsPerGrams(credits=1, per_g=100),
                valid_from=BEGIN - timedelta(days=365),
            )
        for n in range(ORGANISATIONS):
            parent_id = None if n % 4 == 0 else f"o{n - n % 4}"
            yield OpenOrganisation(
                occurred_at=BEGIN, id=f"o{n}", name_zh="部门", name_en="Unit", parent_id=parent_id
            )
        for n in range(MERCHANTS):
            yield OpenMerchant(occurred_at=BEGIN, id=f"m{n}", name_zh="商户", name_en="Merchant")
        for n in range(FUNDS):
            yield OpenFund(occurred_at=BEGIN, id=f"f{n}", name_zh="资金池", name_en="Fund")
            yield CommitMoney(occurred_at=BEGIN, id=f"c{n}", fund_id=f"f{n}", sponsor_id="s", value_fen=FEN)
