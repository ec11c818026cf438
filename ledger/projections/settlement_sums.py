"""Lines of statements and sums over them, as a page of events adds to them.

Rule of the room: as of `settlement_fold.py`. The local day of a line is that of its recording: what is
reported late belongs to an open period, and a day that is over stays as it is.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from ledger.domain.book import Leg
from ledger.domain.instants import local_date
from ledger.domain.recovery import claims_in

USE: Final = "use"
REFUND: Final = "refund"
AMENDMENT: Final = "amendment"


class Share(NamedTuple):
    """What one fund bears of a redemption."""

    fund_id: str
    value_fen: int
    """Of the face value."""
    fee_fen: int
    """Of the fee: split by the shares, by largest remainder, ties in declared order."""


class Line(NamedTuple):
    """A line of a merchant's statement."""

    merchant_id: str
    local_day: date
    position: int
    kind: str
    redemption_id: str
    face_value_fen: int
    """Below zero for a refund."""
    fee_fen: int
    shares: tuple[Share, ...] | None = None
    """With their signs; None where they are those of the redemption."""
    occurred_at: datetime | None = None
    """Of an amendment; the instants of a use or a refund stand with the redemption."""
    recorded_at: datetime | None = None


Amounts = list[int]
"""Sums, and last the position of the event that changed them last."""

COMMITTED, AVAILABLE, ENCUMBERED, PAYABLE, FEES, BACKING, RECOVERABLE, SETTLING, PAID = range(9)
"""Places of a fund's money in its sums; committed is net of what went out again."""

_FUND_SUMS: Final = 9


class Sums:
    """What a page adds."""

    def __init__(self, time_zone: str) -> None:
        """Begin with nothing; the time zone is the programme's."""
        self._time_zone = time_zone
        self.lines: list[Line] = []
        self.days: dict[tuple[str, date], Amounts] = {}
        """By merchant: uses, face value, fee; refunds, face value, fee; amendments, value."""
        self.fund_days: dict[tuple[str, date, str], Amounts] = {}
        """By merchant and fund: net face value and fee."""
        self.funds: dict[str, Amounts] = {}
        """By the places named above."""

    def fund(self, fund_id: str, position: int) -> Amounts:
        """Give a fund's sums to be added to by an event."""
        row = self.funds.get(fund_id)
        if row is None:
            row = self.funds[fund_id] = [0] * (_FUND_SUMS + 1)
        row[-1] = position
        return row

    def free(self, shares: Iterable[tuple[str, int]], legs: Iterable[Leg], position: int) -> None:
        """Give funds money back, or take it: free, but for what the legs say they have to claim.

        Args:
            shares: what each fund gets.
            legs: of the event.
            position: of the event.
        """
        claims = dict(claims_in(legs))
        for fund_id, value_fen in shares:
            claim_fen = claims.get(fund_id, 0)
            row = self.fund(fund_id, position)
            row[AVAILABLE] += value_fen - claim_fen
            row[RECOVERABLE] += claim_fen

    def local_day(self, instant: datetime) -> date:
        """Give the programme's local day at an instant."""
        return local_date(instant, self._time_zone)

    def add_line(self, line: Line, shares: Sequence[Share]) -> None:
        """Add a line, and what it comes to.

        Args:
            line: of the local day on which its event was recorded.
            shares: what the funds bear of it, with its signs.
        """
        self.lines.append(line)
        merchant_id, day, position, kind, _, face_value_fen, fee_fen, *_ = line
        if kind == USE:
            added = (1, face_value_fen, fee_fen, 0, 0, 0, 0, 0)
        elif kind == REFUND:
            added = (0, 0, 0, 1, -face_value_fen, -fee_fen, 0, 0)
        else:
            added = (0, 0, 0, 0, 0, 0, 1, face_value_fen - fee_fen)
        _add(self.days, (merchant_id, day), added, position)
        for fund_id, value_fen, share_fee_fen in shares:
            if value_fen:
                _add(self.fund_days, (merchant_id, day, fund_id), (value_fen, share_fee_fen), position)


def _add(sums: dict[Any, Amounts], key: Any, amounts: tuple[int, ...], position: int) -> None:
    if (row := sums.get(key)) is None:
        sums[key] = [*amounts, position]
        return
    for index, amount in enumerate(amounts):
        row[index] += amount
    row[-1] = position
