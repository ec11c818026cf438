"""What a page of events changes in the settlement view, before anything is written.

Rule of the room: a page is added up in memory; what the page only refers to (redemptions that were
held before it) is handed in. The local day of a line is that of its recording: what is reported
late belongs to an open period, and a day that is over stays as it is.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from ledger.domain.addresses import CNY
from ledger.domain.bonus import BonusIssued
from ledger.domain.bonus_correction import BonusCorrected
from ledger.domain.claiming import CreditsLapsed
from ledger.domain.correction import CreditsCorrected
from ledger.domain.earning import CreditsIssued
from ledger.domain.fund import MoneyCommitted
from ledger.domain.instants import local_date
from ledger.domain.messages import Event
from ledger.domain.money import MoneyTransferred, MoneyWithdrawn
from ledger.domain.quantities import split_by_largest_remainder
from ledger.domain.redemption import (
    STATUS_AFTER,
    RedemptionCancelled,
    RedemptionFulfilled,
    RedemptionHeld,
    RedemptionRefunded,
    RedemptionReleased,
)
from ledger.domain.visibility import ParticipantErased
from ledger.projections.view import Entry

USE: Final = "use"
REFUND: Final = "refund"

_LEGS_WITHOUT_MONEY: Final = 2
"""Of credits that are issued without a budget, at most, but for those that pay a debt."""


_FUND: Final = "fund"
_AVAILABLE: Final = "available"


class Share(NamedTuple):
    """What one fund bears of a redemption."""

    fund_id: str
    value_fen: int
    """Of the face value."""
    fee_fen: int
    """Of the fee: split by the shares, by largest remainder, ties in declared order."""


class Terms(NamedTuple):
    """What was fixed at the hold, as far as later events need it."""

    merchant_id: str
    face_value_fen: int
    fee_fen: int
    shares: tuple[Share, ...]


class Step(NamedTuple):
    """A later event of a redemption that was held before the page."""

    redemption_id: str
    status: str
    store_id: str | None
    occurred_at: datetime
    recorded_at: datetime
    position: int


class Line(NamedTuple):
    """A line of a merchant's statement."""

    merchant_id: str
    local_day: date
    position: int
    kind: str
    redemption_id: str


class HeldRow:
    """A redemption that was held in the page, as it stands at the page's end."""

    __slots__ = ("held", "reversal", "shares", "use")

    def __init__(self, held: Entry, shares: tuple[Share, ...]) -> None:
        self.held = held
        self.shares = shares
        self.use: Step | None = None
        self.reversal: Step | None = None


Amounts = list[int]
"""Sums, and last the position of the event that changed them last."""

_Step = RedemptionFulfilled | RedemptionCancelled | RedemptionReleased | RedemptionRefunded


def concerning(entries: Iterable[Entry]) -> list[Entry]:
    """Give the few entries of a page that change anything here."""
    return [
        entry
        for entry in entries
        if (kind := type(entry.event)) in _ADDS
        and (kind is not CreditsIssued or len(entry.event.legs) > _LEGS_WITHOUT_MONEY)
    ]


def redemptions_named(entries: Iterable[Entry]) -> set[str]:
    """Give the redemptions that go on in a page without having begun in it."""
    named: set[str] = set()
    begun: set[str] = set()
    for entry in entries:
        event = entry.event
        if isinstance(event, RedemptionHeld):
            begun.add(event.id)
        elif isinstance(event, _Step):
            named.add(event.redemption_id)
    return named - begun


def shares_of(held: RedemptionHeld) -> tuple[Share, ...]:
    """Split the fee of a redemption over its funds as the face value was split."""
    values_fen = [share.value_fen for share in held.shares]
    fees_fen = split_by_largest_remainder(held.fee_fen, values_fen)
    return tuple(
        Share(share.fund_id, share.value_fen, fee_fen)
        for share, fee_fen in zip(held.shares, fees_fen, strict=True)
    )


class SettlementFold:
    """Adds up a page."""

    def __init__(self, time_zone: str, terms: Mapping[str, Terms]) -> None:
        """Begin with nothing.

        Args:
            time_zone: the programme's.
            terms: of the redemptions that `redemptions_named` gives.
        """
        self._time_zone = time_zone
        self._terms = dict(terms)
        self.held: dict[str, HeldRow] = {}
        self.uses: list[Step] = []
        self.reversals: list[Step] = []
        self.lines: list[Line] = []
        self.days: dict[tuple[str, date], Amounts] = {}
        """By merchant: uses, their face value and fee, refunds, their face value and fee."""
        self.fund_days: dict[tuple[str, date, str], Amounts] = {}
        """By merchant and fund: net face value and fee."""
        self.funds: dict[str, Amounts] = {}
        """Committed net of what went out again, available, encumbered, payable, fees, backing."""
        self.erased: dict[str, int] = {}
        """Participants, with the position of the erasure."""

    def add(self, entry: Entry) -> None:
        """Add the next event; most are of no concern here."""
        if (adds := _ADDS.get(type(entry.event))) is not None:
            adds(self, entry, entry.event)

    def _commit(self, entry: Entry, event: MoneyCommitted) -> None:
        _add(self.funds, event.fund_id, (event.value_fen, event.value_fen, 0, 0, 0, 0), entry.position)

    def _withdraw(self, entry: Entry, event: MoneyWithdrawn) -> None:
        _add(self.funds, event.fund_id, (-event.value_fen, -event.value_fen, 0, 0, 0, 0), entry.position)

    def _transfer(self, entry: Entry, event: MoneyTransferred) -> None:
        for fund_id, value_fen in ((event.fund_id, -event.value_fen), (event.to_fund_id, event.value_fen)):
            _add(self.funds, fund_id, (value_fen, value_fen, 0, 0, 0, 0), entry.position)

    def _back(self, entry: Entry, event: Event) -> None:
        """Set money aside for credits, or let it come back with them."""
        for account, asset, _, amount_fen in event.legs:
            kind, _, rest = account.partition(":")
            fund_id, _, place = rest.partition(":")
            if asset == CNY and kind == _FUND and place == _AVAILABLE:
                _add(self.funds, fund_id, (0, amount_fen, 0, 0, 0, -amount_fen), entry.position)

    def _hold(self, entry: Entry, event: RedemptionHeld) -> None:
        shares = shares_of(event)
        self.held[event.id] = HeldRow(entry, shares)
        self._terms[event.id] = terms = Terms(event.merchant_id, event.face_value_fen, event.fee_fen, shares)
        self._move(terms, entry.position, lambda share: (0, -share.value_fen, share.value_fen, 0, 0, 0))

    def _use(self, entry: Entry, event: RedemptionFulfilled) -> None:
        step, terms = self._step(entry, event, event.store_id), self._terms[event.redemption_id]
        if (row := self.held.get(event.redemption_id)) is not None:
            row.use = step
        else:
            self.uses.append(step)
        day = self._line(USE, terms, step)
        amounts = (1, terms.face_value_fen, terms.fee_fen, 0, 0, 0)
        _add(self.days, (terms.merchant_id, day), amounts, entry.position)
        self._share_line(terms, day, 1, entry.position)
        self._move(
            terms,
            entry.position,
            lambda share: (0, 0, -share.value_fen, share.value_fen - share.fee_fen, share.fee_fen, 0),
        )

    def _release(self, entry: Entry, event: RedemptionCancelled | RedemptionReleased) -> None:
        self._reverse(self._step(entry, event, None))
        terms = self._terms[event.redemption_id]
        self._move(terms, entry.position, lambda share: (0, share.value_fen, -share.value_fen, 0, 0, 0))

    def _refund(self, entry: Entry, event: RedemptionRefunded) -> None:
        step, terms = self._step(entry, event, None), self._terms[event.redemption_id]
        self._reverse(step)
        day = self._line(REFUND, terms, step)
        amounts = (0, 0, 0, 1, terms.face_value_fen, terms.fee_fen)
        _add(self.days, (terms.merchant_id, day), amounts, entry.position)
        self._share_line(terms, day, -1, entry.position)
        self._move(
            terms,
            entry.position,
            lambda share: (0, share.value_fen, 0, share.fee_fen - share.value_fen, -share.fee_fen, 0),
        )

    def _erase(self, entry: Entry, event: ParticipantErased) -> None:
        self.erased[event.participant_id] = entry.position

    def _step(self, entry: Entry, event: _Step, store_id: str | None) -> Step:
        return Step(
            event.redemption_id,
            STATUS_AFTER[type(event)],
            store_id,
            event.occurred_at,
            event.recorded_at,
            entry.position,
        )

    def _reverse(self, step: Step) -> None:
        if (row := self.held.get(step.redemption_id)) is not None:
            row.reversal = step
        else:
            self.reversals.append(step)

    def _line(self, kind: str, terms: Terms, step: Step) -> date:
        day = local_date(step.recorded_at, self._time_zone)
        self.lines.append(Line(terms.merchant_id, day, step.position, kind, step.redemption_id))
        return day

    def _share_line(self, terms: Terms, day: date, sign: int, position: int) -> None:
        for share in terms.shares:
            if share.value_fen:
                key = terms.merchant_id, day, share.fund_id
                _add(self.fund_days, key, (sign * share.value_fen, sign * share.fee_fen), position)

    def _move(self, terms: Terms, position: int, change: Callable[[Share], tuple[int, ...]]) -> None:
        for share in terms.shares:
            if share.value_fen:
                _add(self.funds, share.fund_id, change(share), position)


def _add(sums: dict[Any, Amounts], key: Any, amounts: tuple[int, ...], position: int) -> None:
    if (row := sums.get(key)) is None:
        sums[key] = [*amounts, position]
        return
    for index, amount in enumerate(amounts):
        row[index] += amount
    row[-1] = position


_ADDS: Final[Mapping[type[Event], Callable[[SettlementFold, Entry, Any], None]]] = {
    MoneyCommitted: SettlementFold._commit,  # noqa: SLF001 - the table of this class
    MoneyWithdrawn: SettlementFold._withdraw,  # noqa: SLF001
    MoneyTransferred: SettlementFold._transfer,  # noqa: SLF001
    CreditsIssued: SettlementFold._back,  # noqa: SLF001
    CreditsCorrected: SettlementFold._back,  # noqa: SLF001
    CreditsLapsed: SettlementFold._back,  # noqa: SLF001
    BonusIssued: SettlementFold._back,  # noqa: SLF001
    BonusCorrected: SettlementFold._back,  # noqa: SLF001
    RedemptionHeld: SettlementFold._hold,  # noqa: SLF001
    RedemptionFulfilled: SettlementFold._use,  # noqa: SLF001
    RedemptionCancelled: SettlementFold._release,  # noqa: SLF001
    RedemptionReleased: SettlementFold._release,  # noqa: SLF001
    RedemptionRefunded: SettlementFold._refund,  # noqa: SLF001
    ParticipantErased: SettlementFold._erase,  # noqa: SLF001
}
