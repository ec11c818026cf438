"""What a page of events changes in the settlement view, before anything is written.

Rule of the room: a page is added up in memory; what the page only refers to (redemptions that were
held before it, statements that were issued before it) is handed in.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from ledger.domain import settling
from ledger.domain.addresses import CNY
from ledger.domain.bonus import BonusIssued
from ledger.domain.bonus_correction import BonusCorrected
from ledger.domain.claiming import CreditsLapsed
from ledger.domain.correction import CreditsCorrected
from ledger.domain.earning import CreditsIssued
from ledger.domain.fund import MoneyCommitted
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
from ledger.domain.statement import EVENTS, LineWasDisputed
from ledger.domain.visibility import ParticipantErased
from ledger.projections.settlement_standing import Known
from ledger.projections.settlement_statements_fold import StatementsFold
from ledger.projections.settlement_sums import (
    AVAILABLE,
    BACKING,
    COMMITTED,
    ENCUMBERED,
    FEES,
    PAYABLE,
    REFUND,
    USE,
    Line,
    Share,
    Sums,
)
from ledger.projections.view import Entry

_LEGS_WITHOUT_MONEY: Final = 2
"""Of credits that are issued without a budget, at most, but for those that pay a debt."""


_FUND: Final = "fund"
_AVAILABLE: Final = "available"


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


class HeldRow:
    """A redemption that was held in the page, as it stands at the page's end."""

    __slots__ = ("held", "reversal", "shares", "use")

    def __init__(self, held: Entry, shares: tuple[Share, ...]) -> None:
        self.held = held
        self.shares = shares
        self.use: Step | None = None
        self.reversal: Step | None = None


_Step = RedemptionFulfilled | RedemptionCancelled | RedemptionReleased | RedemptionRefunded
_Naming = (*_Step.__args__, LineWasDisputed)


def concerning(entries: Iterable[Entry]) -> list[Entry]:
    """Give the few entries of a page that change anything here."""
    return [
        entry
        for entry in entries
        if (kind := type(entry.event)) in _ADDS
        and (kind is not CreditsIssued or len(entry.event.legs) > _LEGS_WITHOUT_MONEY)
    ]


def redemptions_named(entries: Iterable[Entry]) -> set[str]:
    """Give the redemptions that a page names without their having begun in it."""
    named: set[str] = set()
    begun: set[str] = set()
    for entry in entries:
        event: Any = entry.event
        if isinstance(event, RedemptionHeld):
            begun.add(event.id)
        elif isinstance(event, _Naming):
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

    def __init__(self, time_zone: str, terms: Mapping[str, Terms], known: Known | None = None) -> None:
        """Begin with nothing.

        Args:
            time_zone: the programme's.
            terms: of the redemptions that `redemptions_named` gives.
            known: of the statements that `named_in` gives; None when it gives none.
        """
        self._terms = dict(terms)
        self.sums = Sums(time_zone)
        self.statements = StatementsFold(self.sums, known or Known())
        self.held: dict[str, HeldRow] = {}
        self.uses: list[Step] = []
        self.reversals: list[Step] = []
        self.erased: dict[str, int] = {}
        """Participants, with the position of the erasure."""

    def add(self, entry: Entry) -> None:
        """Add the next event; most are of no concern here."""
        if (adds := _ADDS.get(type(entry.event))) is not None:
            adds(self, entry, entry.event)

    def _commit(self, entry: Entry, event: MoneyCommitted) -> None:
        self._fund(event.fund_id, event.value_fen, entry.position)

    def _withdraw(self, entry: Entry, event: MoneyWithdrawn) -> None:
        self._fund(event.fund_id, -event.value_fen, entry.position)

    def _transfer(self, entry: Entry, event: MoneyTransferred) -> None:
        self._fund(event.fund_id, -event.value_fen, entry.position)
        self._fund(event.to_fund_id, event.value_fen, entry.position)

    def _fund(self, fund_id: str, value_fen: int, position: int) -> None:
        row = self.sums.fund(fund_id, position)
        row[COMMITTED] += value_fen
        row[AVAILABLE] += value_fen

    def _back(self, entry: Entry, event: Event) -> None:
        """Set money aside for credits, or let it come back with them."""
        for account, asset, _, amount_fen in event.legs:
            kind, _, rest = account.partition(":")
            fund_id, _, place = rest.partition(":")
            if asset == CNY and kind == _FUND and place == _AVAILABLE:
                row = self.sums.fund(fund_id, entry.position)
                row[AVAILABLE] += amount_fen
                row[BACKING] -= amount_fen

    def _hold(self, entry: Entry, event: RedemptionHeld) -> None:
        shares = shares_of(event)
        self.held[event.id] = HeldRow(entry, shares)
        self._terms[event.id] = Terms(event.merchant_id, event.face_value_fen, event.fee_fen, shares)
        self._encumber(shares, 1, entry.position)

    def _use(self, entry: Entry, event: RedemptionFulfilled) -> None:
        step, terms = self._step(entry, event, event.store_id), self._terms[event.redemption_id]
        if (row := self.held.get(event.redemption_id)) is not None:
            row.use = step
        else:
            self.uses.append(step)
        line = self._line(USE, terms, step, terms.face_value_fen, terms.fee_fen)
        self.sums.add_line(line, terms.shares)
        for fund_id, value_fen, fee_fen in terms.shares:
            if value_fen:
                sums = self.sums.fund(fund_id, entry.position)
                sums[ENCUMBERED] -= value_fen
                sums[PAYABLE] += value_fen - fee_fen
                sums[FEES] += fee_fen

    def _release(self, entry: Entry, event: RedemptionCancelled | RedemptionReleased) -> None:
        self._reverse(self._step(entry, event, None))
        self._encumber(self._terms[event.redemption_id].shares, -1, entry.position)

    def _encumber(self, shares: tuple[Share, ...], sign: int, position: int) -> None:
        for fund_id, value_fen, _ in shares:
            if value_fen:
                row = self.sums.fund(fund_id, position)
                row[AVAILABLE] -= sign * value_fen
                row[ENCUMBERED] += sign * value_fen

    def _refund(self, entry: Entry, event: RedemptionRefunded) -> None:
        terms = self._terms[event.redemption_id]
        step = self._step(entry, event, None)
        self._reverse(step)
        face_value_fen, told = terms.face_value_fen, None
        shares = tuple(Share(fund_id, -value, -fee) for fund_id, value, fee in terms.shares)
        if event.face_value_fen is not None:
            face_value_fen = event.face_value_fen
            shares = told = tuple(map(Share._make, settling.borne(event.shares, terms.fee_fen, -1)))
        line = self._line(REFUND, terms, step, -face_value_fen, -terms.fee_fen)
        self.sums.add_line(line._replace(shares=told), shares)
        back = [(share.fund_id, -share.value_fen) for share in shares if share.value_fen]
        self.sums.free(back, event.legs, entry.position)
        for fund_id, value_fen, fee_fen in shares:
            if value_fen:
                row = self.sums.fund(fund_id, entry.position)
                row[PAYABLE] += value_fen - fee_fen
                row[FEES] += fee_fen

    def _dispute(self, entry: Entry, event: LineWasDisputed) -> None:
        terms = self._terms[event.redemption_id]
        self.statements.dispute(entry, event, [(share.fund_id, share.value_fen) for share in terms.shares])

    def _erase(self, entry: Entry, event: ParticipantErased) -> None:
        self.erased[event.participant_id] = entry.position

    def _state(self, entry: Entry, _event: Event) -> None:
        self.statements.add(entry)

    def _step(self, entry: Entry, event: _Step, store_id: str | None) -> Step:
        return Step(
            event.redemption_id,
            STATUS_AFTER[type(event)],
            store_id,
            event.occurred_at,
            event.recorded_at,
            entry.position,
        )

    def _line(self, kind: str, terms: Terms, step: Step, face_value_fen: int, fee_fen: int) -> Line:
        day = self.sums.local_day(step.recorded_at)
        return Line(terms.merchant_id, day, step.position, kind, step.redemption_id, face_value_fen, fee_fen)

    def _reverse(self, step: Step) -> None:
        if (row := self.held.get(step.redemption_id)) is not None:
            row.reversal = step
        else:
            self.reversals.append(step)


_ADDS: Final[Mapping[type[Event], Callable[[SettlementFold, Entry, Any], None]]] = {
    **dict.fromkeys(EVENTS, SettlementFold._state),  # noqa: SLF001 - the table of this class
    LineWasDisputed: SettlementFold._dispute,  # noqa: SLF001
    MoneyCommitted: SettlementFold._commit,  # noqa: SLF001
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
