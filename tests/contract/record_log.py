"""Write the log of a small programme, as the release at hand writes it.

    python -m tests.contract.record_log tests/contract/logs/0.1.0.ndjson

Run from the root of a release's checkout, once, and kept for ever: the file is what later releases
must go on reading. Nothing is drawn and no clock is read, so a release writes the same log again.
The trips are those that ship with the ledger (RSK Twizy EV Dataset, CC-BY-4.0).
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any, Final

from ledger import reference_data
from ledger.domain.activity import RecordActivity
from ledger.domain.adjustment import AdjustCredits
from ledger.domain.conversion import CreditsPerAct, CreditsPerBlock, CreditsPerGrams
from ledger.domain.expiry import RunExpiry
from ledger.domain.fund import CommitMoney
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.messages import Command
from ledger.domain.methodology import Factor, Measured
from ledger.domain.owners import (
    CloseParticipant,
    FreezeParticipant,
    OpenFund,
    OpenMerchant,
    OpenOrganisation,
    OpenParticipant,
    UnfreezeParticipant,
)
from ledger.domain.programme import OpenProgramme
from ledger.domain.redemption import (
    CancelRedemption,
    FulfilRedemption,
    FundWeight,
    HoldRedemption,
    RefundRedemption,
)
from ledger.domain.rules import PublishMethodology, PublishScenario
from ledger.domain.transfer import TransferCredits
from ledger.embedded import EmbeddedPostgres
from ledger.expiry_run import run_expiry
from ledger.store import migrations
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.writer import Recorded, Writer

PROGRAMME_ID: Final = "old-town"
BEGIN: Final = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
"""Half past eight in Shanghai."""
SHANGHAI: Final = timezone(timedelta(hours=8))
PEOPLE: Final = tuple(f"p-{number:02}" for number in range(12))

numbers = count(1)


class Town:
    """The programme's life, day by day; each day is a list of commands sent together."""

    def __init__(self) -> None:
        self.now = BEGIN

    def days(self) -> Iterator[Sequence[Command]]:
        """Give each day's commands, at the time when they are to be sent."""
        yield self.opening()
        for day in range(5):
            self.now = BEGIN + timedelta(days=day, hours=day)
            yield self.acts(day)
            yield self.gifts(day)
            yield self.spending(day)
        self.now += timedelta(hours=1)
        yield self.changes()
        self.now = BEGIN + timedelta(days=40)
        yield self.acts(5)

    def named(self, own_id: str, name_zh: str, name_en: str) -> dict[str, Any]:
        """Give the fields of whatever has a name."""
        return {"occurred_at": self.now, "id": own_id, "name_zh": name_zh, "name_en": name_en}

    def opening(self) -> Sequence[Command]:
        """Open the programme, its rules and everybody in it."""
        petrol = (*reference_data.petrol_factors(), reference_data.grid_factor("四川", 2022))
        block = Factor(
            name="per_block",
            value="8.2",
            unit="g/block",
            region="四川",
            year=2022,
            source="示例",
            illustrative=True,
        )
        per_km = Factor(name="per_km", value="26.9", unit="g/km", region="全国", year=2022, source="示例")
        since = datetime(2026, 1, 1, tzinfo=SHANGHAI)
        until = datetime(2026, 12, 1, tzinfo=SHANGHAI)
        terms: dict[str, Any] = {"methodology_version": 1, "valid_from": since}
        return [
            OpenProgramme(
                **self.named(PROGRAMME_ID, "老城碳惠", "Old Town"),
                level="community",
                time_zone="Asia/Shanghai",
                transferable=True,
                transfer_quota_credits=40,
                expiry=ExpiryPolicy(kind="month_end", months=0),
            ),
            PublishMethodology(
                **self.named("trip", "新能源汽车出行", "Trips by electric vehicle"),
                version=1,
                formula="trip_against_petrol",
                factors=petrol,
            ),
            PublishMethodology(
                **self.named("walking", "步行出行", "Walking"),
                version=1,
                formula="steps_block",
                parameters={"block_steps": "500"},
                factors=(block,),
            ),
            PublishMethodology(
                **self.named("bus", "公交出行", "Bus rides"), version=1, formula="distance", factors=(per_km,)
            ),
            PublishScenario(
                **self.named("nev", "新能源汽车", "Electric vehicle"),
                version=1,
                methodology_id="trip",
                rule=CreditsPerGrams(credits=1, per_g=100),
                **terms,
            ),
            PublishScenario(
                **self.named("walk", "步行", "Walk"),
                version=1,
                methodology_id="walking",
                rule=CreditsPerBlock(credits=1, block=1_000, field="steps"),
                **terms,
            ),
            PublishScenario(
                **self.named("bus-ride", "乘公交", "Take the bus"),
                version=1,
                methodology_id="bus",
                rule=CreditsPerAct(credits=2),
                valid_to=until,
                **terms,
            ),
            PublishScenario(
                **self.named("bus-ride", "乘公交", "Take the bus"),
                version=2,
                methodology_id="bus",
                rule=CreditsPerAct(credits=3),
                **terms | {"valid_from": until},
            ),
            OpenOrganisation(**self.named("district", "老城区", "Old Town district")),
            OpenOrganisation(**self.named("school", "实验小学", "School"), parent_id="district"),
            *(
                OpenParticipant(occurred_at=self.now, id=own_id, organisation_id="school" if i % 2 else None)
                for i, own_id in enumerate(PEOPLE[:8])
            ),
            OpenMerchant(**self.named("tea-house", "街角茶馆", "Tea house")),
            OpenMerchant(**self.named("baker", "面包房", "Bakery")),
            OpenFund(**self.named("green", "绿色基金", "Green fund")),
            OpenFund(**self.named("bank", "银行专项", "Bank fund")),
            *(
                CommitMoney(
                    occurred_at=self.now,
                    id=f"pledge {fund_id}",
                    fund_id=fund_id,
                    sponsor_id="city-bank",
                    value_fen=value_fen,
                )
                for fund_id, value_fen in (("green", 100_000), ("bank", 33_333))
            ),
        ]

    def acts(self, day: int) -> Sequence[Command]:
        """Drive, walk and take the bus; some walks are too short to earn anything."""
        trips = [
            self.act(
                "nev",
                PEOPLE[i % 5],
                distance_km=trip.measured.distance_km,
                energy_kwh=trip.measured.energy_kwh,
            )
            for i, trip in enumerate(reference_data.trips()[day * 3 : day * 3 + 3])
        ]
        walks = [
            self.act("walk", own_id, steps=steps)
            for own_id, steps in zip(PEOPLE[day:], (400, 12_345, 999, 8_000), strict=False)
        ]
        rides = [self.act("bus-ride", own_id, distance_km=f"{day + 3}.05") for own_id in PEOPLE[-4:]]
        return [*trips, *walks, *rides]

    def act(self, scenario_id: str, participant_id: str, **measured: Any) -> Command:
        """Report one act, an hour ago, in the caller's own offset."""
        return RecordActivity(
            occurred_at=(self.now - timedelta(hours=1)).astimezone(SHANGHAI),
            id=f"{scenario_id}/{next(numbers)}",
            source=f"{scenario_id}-app",
            participant_id=participant_id,
            scenario_id=scenario_id,
            measured=Measured(**measured),
        )

    def gifts(self, day: int) -> Sequence[Command]:
        """Give and take by hand, and give away."""
        by_hand: dict[str, Any] = {"occurred_at": self.now, "approver": "王芳", "reason": "平台故障补发"}
        return [
            AdjustCredits(**by_hand, id=f"adj {day}/1", account=f"participant:{PEOPLE[day]}", credits=30),
            AdjustCredits(
                **by_hand,
                id=f"adj {day}/2",
                account="org:school",
                credits=20,
                lot=date(2027, 6, 30) - timedelta(days=day),
            ),
            AdjustCredits(**by_hand, id=f"adj {day}/3", account="org:school", credits=-5),
            TransferCredits(
                occurred_at=self.now,
                id=f"gift {day}/1",
                from_account=f"participant:{PEOPLE[day]}",
                to_account="org:school",
                credits=7 + day,
            ),
            TransferCredits(
                occurred_at=self.now,
                id=f"gift {day}/2",
                from_account="org:school",
                to_account="merchant:baker",
                credits=9,
            ),
        ]

    def spending(self, day: int) -> Sequence[Command]:
        """Hold three times, use two of them, cancel or refund one, leave one to its deadline."""
        holds = [
            HoldRedemption(
                occurred_at=self.now,
                id=f"R{day}-{number}",
                participant_id=PEOPLE[day],
                merchant_id=("tea-house", "baker")[number % 2],
                credits=4 + number,
                face_value_fen=1_000 + 1 * day,
                funds=(FundWeight(fund_id="green", weight=2), FundWeight(fund_id="bank", weight=1)),
                deadline_at=self.now + timedelta(days=1 + 30 * number),
            )
            for number in range(4)
        ]
        return [
            *holds,
            FulfilRedemption(occurred_at=self.now, redemption_id=f"R{day}-1", store_id="store-03"),
            FulfilRedemption(occurred_at=self.now, redemption_id=f"R{day}-2"),
            CancelRedemption(occurred_at=self.now, redemption_id=f"R{day}-3", reason="改主意了")
            if day % 2
            else RefundRedemption(occurred_at=self.now, redemption_id=f"R{day}-2", reason="商品缺货"),
        ]

    def changes(self) -> Sequence[Command]:
        """Freeze, unfreeze and close."""

        def told(own_id: str, participant_id: str) -> dict[str, Any]:
            named = {"id": own_id, "participant_id": participant_id}
            return {"occurred_at": self.now, "reason": "本人申请", **named}

        return [
            FreezeParticipant(**told("freeze 1", PEOPLE[8])),
            UnfreezeParticipant(**told("thaw 1", PEOPLE[8])),
            FreezeParticipant(**told("freeze 2", PEOPLE[9])),
            OpenParticipant(occurred_at=self.now, id="p-gone", organisation_id="district"),
            CloseParticipant(**told("close 1", "p-gone")),
        ]


def record(conninfo: str) -> list[bytes]:
    """Live through the programme's life in an empty, migrated database; give the lines of its log."""
    town = Town()
    with Database(conninfo) as database:
        writer = Writer(database, clock=lambda: town.now)
        for commands in town.days():
            for outcome in writer.submit_many(PROGRAMME_ID, commands):
                assert isinstance(outcome, Recorded), outcome
                assert not outcome.replayed
        ended = run_expiry(
            database=database,
            log=Log(database),
            writer=writer,
            programme_id=PROGRAMME_ID,
            command=RunExpiry(occurred_at=town.now, id="night 1", up_to=date(2026, 12, 29)),
            clock=lambda: town.now,
        )
        assert not ended.replayed
        writer.close()
        return [line for page in Log(database).pages(PROGRAMME_ID) for line in map(line_of, page)]


def line_of(logged: Any) -> bytes:
    """Give an event as the log's stream over HTTP does."""
    return b'{"position":%d,"originator_id":"%b","originator_version":%d,"topic":"%b","data":%b}\n' % (
        logged.position,
        str(logged.originator_id).encode(),
        logged.originator_version,
        logged.topic.encode(),
        logged.state,
    )


if __name__ == "__main__":
    if os.path.exists(sys.argv[1]):  # noqa: PTH110 - says the same
        sys.exit(f"{sys.argv[1]} is there already, and never written again")
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        migrations.migrate(server.dsn)
        Path(sys.argv[1]).write_bytes(b"".join(record(server.dsn)))
