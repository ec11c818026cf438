"""A month that lies behind: residents have returned clothes and spent their credits at three shops.

Rule of the room: what was recorded then is recorded by a writer whose clock stands then, as a ledger
that was kept all the time would have it; what happens now is asked over HTTP by whoever closes the month.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ledger.bootstrap import Ledger
from ledger.demo.caller import DemoFailed
from ledger.domain.activity import RecordActivity
from ledger.domain.errors import LedgerError
from ledger.domain.messages import Command
from ledger.domain.methodology import Measured
from ledger.domain.money import ApproveProposal, ProposeMoney
from ledger.domain.redemption import FulfilRedemption, FundWeight, HoldRedemption, RefundRedemption
from ledger.domain.sponsor import OpenSponsor
from ledger.templates import Naming, make_programme, shipped_template
from ledger.writer import Writer

TEMPLATE: Final = "community"
TIME_ZONE: Final = "Asia/Shanghai"
FUND: Final = "neighbourhood"
SPONSORS: Final = {"street-office": 300_000, "property-company": 200_000}
"""What each commits, in 分."""

SPONSORS_ZH: Final = {"street-office": "街道办事处", "property-company": "物业公司"}

RESIDENTS: Final = 6
CLOTHES_KG: Final = "10"
"""Of each: 300 credits by the template's rule."""


class Shop(NamedTuple):
    """A merchant of the template, and what it gives for credits."""

    merchant_id: str
    credits: int
    face_value_fen: int
    fee_fen: int
    uses: int


SHOPS: Final = (
    Shop("grocery", 20, 1_200, 36, 12),
    Shop("laundry", 40, 2_500, 75, 6),
    Shop("bookshop", 30, 1_800, 54, 5),
)
REFUNDED: Final = "laundry-03"
"""A use that is taken back a day later: a line of its own."""


class Use(NamedTuple):
    """A use as the shop remembers it."""

    redemption_id: str
    shop: Shop
    on: date


class PastMonth:
    """The whole local month before an instant."""

    def __init__(self, ledger: Ledger, programme_id: str, now: datetime) -> None:
        """Name it; nothing is written yet."""
        self._ledger = ledger
        self.programme_id = programme_id
        self.ends_on = now.astimezone(ZoneInfo(TIME_ZONE)).date().replace(day=1)
        """The first day after it."""
        self.begins_on = (self.ends_on - timedelta(days=1)).replace(day=1)
        self._at = self._noon(self.begins_on)

    def uses(self) -> list[Use]:
        """Give every use: each shop has one every other day."""
        return [
            Use(f"{shop.merchant_id}-{number:02d}", shop, self.begins_on + timedelta(days=2 + 2 * number))
            for shop in SHOPS
            for number in range(1, shop.uses + 1)
        ]

    def write(self) -> None:
        """Record the month, day after day.

        Raises:
            DemoFailed: something was refused.
        """
        writer = Writer(self._ledger.database, clock=lambda: self._at)
        try:
            template, naming = (
                shipped_template(TEMPLATE),
                Naming(self.programme_id, valid_from=self.begins_on),
            )
            make_programme(self._ledger.database, writer, template, naming, now=self._at, dry_run=False)
            for on, commands in self._days():
                self._at = self._noon(on)
                for command in commands:
                    refused = writer.submit_many(self.programme_id, [command])[0]
                    if isinstance(refused, LedgerError):
                        raise DemoFailed(f"{command} was refused: {refused}")
        finally:
            writer.close()

    def _days(self) -> Iterator[tuple[date, Iterator[Command]]]:
        yield self.begins_on, self._first_day()
        for day in range(1, (self.ends_on - self.begins_on).days):
            on = self.begins_on + timedelta(days=day)
            yield on, self._day(on)

    def _first_day(self) -> Iterator[Command]:
        """Commit money by two people, and give everybody credits."""
        for sponsor_id, value_fen in SPONSORS.items():
            name = sponsor_id.replace("-", " ").capitalize()
            yield OpenSponsor(
                occurred_at=self._at, id=sponsor_id, name_zh=SPONSORS_ZH[sponsor_id], name_en=name
            )
            proposal_id = f"commit-{sponsor_id}"
            yield ProposeMoney(
                occurred_at=self._at,
                id=proposal_id,
                movement="commit",
                fund_id=FUND,
                sponsor_id=sponsor_id,
                value_fen=value_fen,
                by="zhang",
            )
            yield ApproveProposal(occurred_at=self._at, proposal_id=proposal_id, by="li")
        for number in range(1, RESIDENTS + 1):
            yield RecordActivity(
                occurred_at=self._at,
                id=f"bag-{number}",
                source="depot",
                participant_id=f"resident-{number}",
                scenario_id="clothes",
                measured=Measured(mass_kg=CLOTHES_KG),
            )

    def _day(self, on: date) -> Iterator[Command]:
        for number, use in enumerate(self.uses()):
            if use.on == on:
                yield HoldRedemption(
                    occurred_at=self._at,
                    id=use.redemption_id,
                    participant_id=f"resident-{1 + number % RESIDENTS}",
                    merchant_id=use.shop.merchant_id,
                    credits=use.shop.credits,
                    face_value_fen=use.shop.face_value_fen,
                    fee_fen=use.shop.fee_fen,
                    funds=(FundWeight(fund_id=FUND, weight=1),),
                    deadline_at=self._at + timedelta(days=7),
                )
                yield FulfilRedemption(occurred_at=self._at, redemption_id=use.redemption_id)
            if use.redemption_id == REFUNDED and use.on + timedelta(days=1) == on:
                yield RefundRedemption(
                    occurred_at=self._at, redemption_id=REFUNDED, reason="the coat came back with a stain"
                )

    def _noon(self, on: date) -> datetime:
        return datetime.combine(on, time(12), ZoneInfo(TIME_ZONE)).astimezone(UTC)
