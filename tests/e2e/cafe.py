"""A tea house with stores and an offer, over HTTP, on a clock that the test moves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ledger.bootstrap import Ledger
from ledger.vouchers import VoucherKeys, Vouchers
from ledger.writer import Writer
from tests.e2e.town import Answer, Town

KEY: Final = "5f" * 32
OTHER_KEY: Final = "a0" * 32
NAMES: Final = {"name_zh": "名", "name_en": "name"}
NOON: Final = datetime(2026, 11, 20, 4, tzinfo=UTC)
"""A Friday's noon in Shanghai."""


class Clock:
    """The time, until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def wait(self, **passed: float) -> None:
        """Let time pass."""
        self.at += timedelta(**passed)


def with_keys(ledger: Ledger, *keys: str | None, clock: Clock | None = None) -> Ledger:
    """Give a ledger that makes and knows the codes of some keys, the first of them its current one."""
    writer = ledger.writer if clock is None else Writer(ledger.database, clock=clock)
    known = VoucherKeys(keys[0] if keys else None, tuple(key for key in keys[1:] if key))
    vouchers = Vouchers(ledger.database, ledger.log, writer, known)
    return replace(ledger, writer=writer, vouchers=vouchers, clock=clock or ledger.clock)


class Cafe(Town):
    """A town whose tea house has two stores and gives tea for credits; another merchant has one."""

    def furnish(self, **terms: Any) -> "Cafe":
        """Open the stores, give ann and bo credits, publish the offer."""
        made = [
            self.store("east"),
            self.store("west"),
            self.post("finance", "/merchants", id="books", **NAMES),
            self.store("shelf", "books"),
            self.earn("ann", 100, "earned-ann"),
            self.earn("bo", 100, "earned-bo"),
            self.publish(**terms),
        ]
        assert [answer.status_code for answer in made] == [201] * len(made), [one.text for one in made]
        return self

    def store(self, own_id: str, merchant_id: str = "tea") -> Answer:
        """Open a store."""
        return self.post("finance", f"/merchants/{merchant_id}/stores", id=own_id, **NAMES)

    def publish(self, **terms: Any) -> Answer:
        """Publish a version of the offer."""
        offer = {
            "id": "cup",
            "version": 1,
            **NAMES,
            "merchant_id": "tea",
            "credits": 10,
            "list_price_fen": 800,
            "discount_fen": 300,
            "fee_fen": 10,
            "funds": [{"fund_id": "green", "weight": 1}],
            "valid_from": "2020-01-01T00:00:00+08:00",
            "voucher_valid_days": 7,
        }
        return self.post("finance", "/offers", **(offer | terms))

    def take(self, own_id: str = "v-1", participant_id: str = "ann", **fields: Any) -> Answer:
        """Take the offer."""
        terms = {"id": own_id, "participant_id": participant_id, "offer_id": "cup", "offer_version": 1}
        return self.post("poster", "/vouchers", **(terms | fields))

    def code(self, own_id: str = "v-1", **fields: Any) -> str:
        """Take the offer, and give the code."""
        answer = self.take(own_id, **fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json["voucher"]["code"])

    def use(self, code: str, store_id: str = "east", **fields: Any) -> Answer:
        """Use a voucher."""
        return self.post("poster", "/vouchers/fulfil", code=code, store_id=store_id, **fields)

    def left(self, participant_id: str | None = None) -> dict[str, Any]:
        """What is left of the offer."""
        query = f"?participant_id={participant_id}" if participant_id else ""
        left: dict[str, Any] = self.get(f"/offers/cup{query}").json["left"]
        return left
