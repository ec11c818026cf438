"""A month that never was: merchants, what is used at them and taken back, all from one seed.

Rule of the room: one random generator, asked in one order, so that a seed gives one month. What stands
here is what the ledger is told; files are made of it by others, who do not ask the ledger.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

ZONE: Final = ZoneInfo("Asia/Shanghai")
STARTS_ON: Final = date(2026, 10, 1)
ENDS_ON: Final = date(2026, 11, 1)
DAYS: Final = (ENDS_ON - STARTS_ON).days
DAY: Final = timedelta(days=1)

FUNDS: Final = {"city": "council", "bank": "city-bank", "green": "green-works", "metro": "metro-company"}
"""Funds, each with its sponsor."""
SLOTS_MAX: Final = 20
"""Moments of a day at which somebody sends something; the first and the last are at its very ends."""

CANCELLED, LATER, NEVER, REFUNDED = 0.03, 0.05, 0.005, 0.011
"""Shares of what is held: cancelled, used on a later day, never used; and of what is used, taken back."""
USED_AFTER_DAYS_MAX, REFUNDED_AFTER_DAYS_MAX = 5, 12

Shape = Literal["yuan", "words", "grouped", "numbers", "days", "sheet", "sums", "halves", "none"]
"""How a merchant's own file is; `sums` has a row for a day and a store, `none` is none."""

_SHAPES: Final[dict[int, Shape]] = {3: "sheet", 7: "sums", 8: "halves", 15: "none"}
_PLAIN: Final[tuple[Shape, ...]] = ("yuan", "words", "grouped", "numbers", "days")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is simulated; the same plan gives the same log, the same files and the same defects."""

    merchants: int = 200
    redemptions: int = 300_000
    participants: int = 20_000
    seed: int = 20_261_101
    defects: int = 12
    """Of each way in which the other side can be wrong, wherever it can."""
    bank_defects: int = 5
    """The same at the bank, where there is a payment for each merchant and no more."""
    disputes: int = 8

    @property
    def slots(self) -> int:
        """Moments of a day: fewer in a small month, so that a batch is never of a few commands."""
        return min(SLOTS_MAX, max(2, self.redemptions // DAYS // 20))


@dataclass(frozen=True, kw_only=True)
class Merchant:
    """A merchant, and how it tells of its month."""

    id: str
    shape: Shape
    is_wechat: bool
    """Whether it has a trade bill of WeChat Pay, which the fund flow is held against."""
    is_net: bool
    """Whether fees are taken off its movements at once, instead of by movements of their own."""
    has_offer: bool
    stores: tuple[str, ...]
    prices_fen: tuple[int, ...]
    fee_percent: int
    funds: tuple[tuple[str, int], ...]
    """With their weights."""
    weight: float

    @property
    def tells_fees(self) -> bool:
        """Whether its own file has fees."""
        return self.shape in {"yuan", "words", "sheet", "halves"}

    def fee_fen(self, face_fen: int) -> int:
        """Give what the platform withholds of a face value, rounded down."""
        return face_fen * self.fee_percent // 100


class Used(msgspec.Struct, gc=False):
    """A redemption, as far as it has come."""

    id: str
    merchant: int
    participant: int
    face_fen: int
    fee_fen: int
    store: str
    is_voucher: bool = False
    used_on: date | None = None
    refunded_on: date | None = None
    is_cancelled: bool = False


class Step(NamedTuple):
    """Something that is sent to the ledger."""

    what: Literal["hold", "use", "cancel", "refund"]
    redemption: Used


class Line(NamedTuple):
    """A line of the ledger, as it must be: of the local day on which it was recorded."""

    merchant_id: str
    kind: Literal["use", "refund"]
    redemption_id: str
    value_fen: int
    fee_fen: int
    on: date
    store: str


def merchants_of(plan: Plan) -> list[Merchant]:
    """Give the merchants of a plan."""
    chance = random.Random(plan.seed)
    return [_merchant(chance, number) for number in range(plan.merchants)]


def _merchant(chance: random.Random, number: int) -> Merchant:
    own_id = f"m{number:03}"
    shape = _SHAPES.get(number % 20, _PLAIN[number % len(_PLAIN)])
    # What of a day is told in one sum must not look like one use of a day near it.
    low, high = (5_000, 5_999) if shape == "sums" else (300, 6_000)
    has_offer = number % 10 == 6
    prices = chance.sample(range(low, high), 40)
    funds = chance.sample(sorted(FUNDS), 1 + number % 3)
    return Merchant(
        id=own_id,
        shape=shape,
        is_wechat=number % 5 == 0,
        is_net=number % 2 == 1,
        has_offer=has_offer,
        stores=tuple(f"{own_id}-s{n}" for n in range(1 + number % 4)),
        prices_fen=tuple(prices),
        fee_percent=number % 6,
        funds=tuple((fund_id, 1 + chance.randrange(5)) for fund_id in funds),
        weight=1 / (number % 40 + 10),
    )


def month_of(plan: Plan, merchants: list[Merchant]) -> Iterator[tuple[datetime, list[Step]]]:
    """Give what is sent at each moment of the month, and of the days after it as long as anything is.

    Redemptions are held in the month; refunds of it, and some uses, come in the one after.
    """
    return _Month(plan, merchants).run()


class _Month:
    def __init__(self, plan: Plan, merchants: list[Merchant]) -> None:
        self._plan = plan
        self._merchants = merchants
        self._chance = random.Random(plan.seed + 1)
        self._weights = [one.weight for one in merchants]
        self._later: defaultdict[date, list[Step]] = defaultdict(list)
        self._made = 0

    def run(self) -> Iterator[tuple[datetime, list[Step]]]:
        on = STARTS_ON
        while on < ENDS_ON or self._later:
            steps = self._later.pop(on, [])
            self._chance.shuffle(steps)
            slots: list[list[Step]] = [[] for _ in range(self._plan.slots)]
            for number, step in enumerate(steps):
                step_on(step, on)
                slots[number % len(slots)].append(step)
            if on < ENDS_ON:
                self._hold(on, slots)
            for number, sent in enumerate(slots):
                if sent:
                    yield _moment(on, number / (len(slots) - 1)), sent
            on += DAY

    def _hold(self, on: date, slots: list[list[Step]]) -> None:
        done = (on - STARTS_ON).days
        count = self._plan.redemptions * (done + 1) // DAYS - self._plan.redemptions * done // DAYS
        chosen = self._chance.choices(range(len(self._merchants)), self._weights, k=count)
        for number, merchant in enumerate(chosen):
            held = self._held(merchant)
            steps = slots[number * len(slots) // count]
            steps.append(Step("hold", held))
            dice = self._chance.random()
            if dice < CANCELLED:
                held.is_cancelled = True
                steps.append(Step("cancel", held))
            elif dice < CANCELLED + LATER:
                self._put(on, "use", held, USED_AFTER_DAYS_MAX)
            elif dice >= CANCELLED + LATER + NEVER:
                held.used_on = on
                steps.append(Step("use", held))
                if self._chance.random() < REFUNDED:
                    self._put(on, "refund", held, REFUNDED_AFTER_DAYS_MAX)

    def _held(self, number: int) -> Used:
        merchant, chance = self._merchants[number], self._chance
        self._made += 1
        is_voucher = merchant.has_offer and chance.random() < 0.5
        face_fen = merchant.prices_fen[0] if is_voucher else chance.choice(merchant.prices_fen)
        return Used(
            f"R{self._made:07}",
            number,
            chance.randrange(self._plan.participants),
            face_fen,
            merchant.fee_fen(face_fen),
            chance.choice(merchant.stores),
            is_voucher=is_voucher,
        )

    def _put(self, on: date, what: Literal["use", "refund"], held: Used, days_max: int) -> None:
        self._later[on + DAY * self._chance.randint(1, days_max)].append(Step(what, held))


def step_on(step: Step, on: date) -> None:
    """Note the local day on which a redemption was used or taken back."""
    if step.what == "use":
        step.redemption.used_on = on
    elif step.what == "refund":
        step.redemption.refunded_on = on


def _moment(on: date, part: float) -> datetime:
    """Give a moment of a day: 0 is midnight sharp, 1 the last second."""
    return datetime.combine(on, time(), ZONE) + timedelta(seconds=int(86_399 * part))


def lines_of(redemptions: list[Used], merchants: list[Merchant]) -> Iterator[Line]:
    """Give the lines that the ledger must have."""
    for one in redemptions:
        merchant_id = merchants[one.merchant].id
        if one.used_on is not None:
            yield Line(merchant_id, "use", one.id, one.face_fen, one.fee_fen, one.used_on, one.store)
        if one.refunded_on is not None:
            yield Line(merchant_id, "refund", one.id, -one.face_fen, -one.fee_fen, one.refunded_on, one.store)
