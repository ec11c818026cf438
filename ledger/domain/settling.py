"""What each merchant has earned that is in no statement yet, day by day.

Rule of the room: as of registers. A line belongs to the local day on which its event was recorded,
so a day that is over never changes. The day at hand is kept with the merchant; when a line of a
later day comes, it is filed under a key of its own, so that a use never rewrites more than a day.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import ClassVar, Final, Literal, NamedTuple

import msgspec

from ledger.domain.limits import SETTLED_DAYS_MAX
from ledger.domain.quantities import split_by_largest_remainder
from ledger.domain.recovery import FundValue, claims_in
from ledger.domain.redemption import FundShare, Redemption, RedemptionFulfilled, RedemptionRefunded
from ledger.domain.registers import Entry, EntryKey, Registers, key_of

LineKind = Literal["use", "refund", "amendment"]
UseOrRefund = RedemptionFulfilled | RedemptionRefunded


class Sum(NamedTuple):
    """Lines of one kind, added up."""

    lines: int
    face_value_fen: int
    """Below zero for refunds."""
    fee_fen: int
    """Withheld; below zero for refunds."""

    @property
    def earned_fen(self) -> int:
        """What the merchant has earned by them."""
        return self.face_value_fen - self.fee_fen


NONE: Final = Sum(0, 0, 0)


class Line(NamedTuple):
    """A line of a statement to be."""

    kind: LineKind
    redemption_id: str
    face_value_fen: int
    fee_fen: int
    funds: Sequence[tuple[str, int, int]]
    """What each fund bears of the face value, and its part of the fee."""


class Lines(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The lines of a day, or of several, added up."""

    digest: str = ""
    """Chain over the day's lines: SHA-256 of the digest before and of the line, in hexadecimal digits."""
    sums: dict[LineKind, Sum] = {}
    funds: dict[str, tuple[int, int]] = {}
    """By fund: face value borne and its part of the fees, refunds taken off."""

    def sum_of(self, kind: LineKind) -> Sum:
        """Give the lines of one kind."""
        return self.sums.get(kind, NONE)

    @property
    def earned_fen(self) -> int:
        """What the merchant has earned by all lines."""
        return sum(of_kind.earned_fen for of_kind in self.sums.values())


class UnsettledDay(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A day that is over, with lines that are in no statement; the key is merchant and ISO day."""

    register: ClassVar[str] = "unsettled_days"

    lines: Lines
    next_day: str
    """The next day that has lines."""


class Unsettled(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """What is not settled with one merchant; the key is its id. Days are ISO dates."""

    register: ClassVar[str] = "unsettled"

    day: str = ""
    """The latest day that has lines in no statement; empty when there is none."""
    lines: Lines = Lines()
    """Those of that day."""
    first_day: str = ""
    """The earliest such day; those between the two have entries of their own."""
    balance_fen: int = 0
    """What all lines in no statement, and what is carried, add up to: the payable balance."""
    carried_fen: int = 0
    """Brought forward from the latest statement: below zero what the merchant owes, above zero what was
    kept back because the merchant owed it already."""
    claims: dict[str, int] = {}  # noqa: RUF012 - the library copies it
    """By fund: 分 it has to claim of the merchant."""
    statements: int = 0
    """Issued so far: the number of the latest one."""
    closed_until: str = ""
    """The end of the latest statement's period, exclusive."""


class Due(NamedTuple):
    """The days of a period that have lines."""

    days: list[tuple[str, Lines]]
    """In order."""
    next_day: str
    """The first day after the period that has lines; empty when none has."""


def unsettled_of(registers: Registers, merchant_id: str) -> Unsettled:
    """Give what is not settled with a merchant."""
    return registers.get(Unsettled, merchant_id) or Unsettled()


def keys_of_period(registers: Registers, merchant_id: str, ends_on: date) -> Iterator[EntryKey]:
    """Name what must be loaded to close a period: the merchant's own entry, then the days it leads to."""
    own: EntryKey = Unsettled, merchant_id
    yield own
    if not registers.missing((own,)):
        for day in _filed_days(unsettled_of(registers, merchant_id), ends_on.isoformat()):
            yield UnsettledDay, key_of(merchant_id, day)


def due(registers: Registers, merchant_id: str, ends_on: str) -> Due:
    """Give the days before `ends_on` that have lines; at most so many as one statement may cover."""
    entry = unsettled_of(registers, merchant_id)
    days: list[tuple[str, Lines]] = []
    next_day = entry.first_day
    for day in _filed_days(entry, ends_on):
        if day == next_day and (filed := registers.get(UnsettledDay, key_of(merchant_id, day))) is not None:
            days.append((day, filed.lines))
            next_day = filed.next_day
    if next_day and next_day == entry.day < ends_on:
        return Due([*days, (entry.day, entry.lines)], "")
    return Due(days, next_day)


def _filed_days(entry: Unsettled, ends_on: str) -> Iterator[str]:
    """Every calendar day from the first with lines on that may have an entry of its own."""
    if not entry.first_day:
        return
    first, last = date.fromisoformat(entry.first_day), min(entry.day, ends_on)
    for days in range(SETTLED_DAYS_MAX):
        day = (first + timedelta(days=days)).isoformat()
        if day >= last:
            return
        yield day


def lines_digest(days: Iterable[tuple[str, str]]) -> str:
    """Put the digests of days together: SHA-256 over a line `day`, tab, `digest` for each."""
    return sha256("".join(f"{day}\t{digest}\n" for day, digest in days).encode()).hexdigest()


def canonical_line(position: int, line: Line) -> str:
    """Write a line as its day's digest takes it in: fields between tabs, a line feed at the end."""
    kind, redemption_id, face_value_fen, fee_fen, _ = line
    return f"{position}\t{kind}\t{redemption_id}\t{face_value_fen}\t{fee_fen}\n"


def with_line(lines: Lines, position: int, line: Line) -> Lines:
    """Give a day's lines with one more."""
    kind, _, face_value_fen, fee_fen, borne = line
    count, face_sum_fen, fee_sum_fen = lines.sums.get(kind, NONE)
    funds = lines.funds.copy()
    for fund_id, fund_face_fen, fund_fee_fen in borne:
        face_before_fen, fee_before_fen = funds.get(fund_id, (0, 0))
        funds[fund_id] = (face_before_fen + fund_face_fen, fee_before_fen + fund_fee_fen)
    digest = sha256((lines.digest + canonical_line(position, line)).encode()).hexdigest()
    total = Sum(count + 1, face_sum_fen + face_value_fen, fee_sum_fen + fee_fen)
    return Lines(digest, {**lines.sums, kind: total}, funds)


# --- Lines --------------------------------------------------------------------------------------


def borne(shares: Sequence[FundShare], fee_fen: int, sign: int) -> list[tuple[str, int, int]]:
    """Give what each fund bears, and its part of the fee: split as the shares are, by largest remainder."""
    if not fee_fen:
        return [(share.fund_id, sign * share.value_fen, 0) for share in shares if share.value_fen]
    fees_fen = _fees(fee_fen, tuple([share.value_fen for share in shares]))
    return [
        (share.fund_id, sign * share.value_fen, sign * share_fee_fen)
        for share, share_fee_fen in zip(shares, fees_fen, strict=True)
        if share.value_fen
    ]


@lru_cache(maxsize=4_096)
def _fees(fee_fen: int, values_fen: tuple[int, ...]) -> list[int]:
    """Split a fee; offers have prices, so the same split is asked for again and again."""
    return split_by_largest_remainder(fee_fen, values_fen)


def line_of(redemption: Redemption, event: UseOrRefund) -> Line:
    """Give the line that a use or a refund makes."""
    held = redemption.held
    if isinstance(event, RedemptionFulfilled):
        return Line("use", held.id, held.face_value_fen, held.fee_fen, borne(held.shares, held.fee_fen, 1))
    face_value_fen, shares = redemption.taken_back(event)
    funds = borne(shares, held.fee_fen, -1)
    return Line("refund", held.id, -face_value_fen, -held.fee_fen, funds)


# --- Evolve -------------------------------------------------------------------------------------


def add_line(
    registers: Registers, merchant_id: str, day: str, position: int, line: Line, claims: Sequence[FundValue]
) -> None:
    """Add the line of an event to what is not settled with its merchant.

    Args:
        registers: where it stands.
        merchant_id: whose.
        day: the local day on which the event was recorded, not before the latest line's.
        position: of the event.
        line: what it adds.
        claims: what its legs add to what funds have to claim.
    """
    entry = registers.get(Unsettled, merchant_id) or Unsettled()
    lines = entry.lines
    if day != entry.day:
        if entry.day:
            filed = UnsettledDay(lines=lines, next_day=day)
            registers.put(UnsettledDay, key_of(merchant_id, entry.day), filed)
        lines = Lines()
    changed = Unsettled(
        day=day,
        lines=with_line(lines, position, line),
        first_day=entry.first_day or day,
        balance_fen=entry.balance_fen + line.face_value_fen - line.fee_fen,
        carried_fen=entry.carried_fen,
        claims=_with_claims(entry.claims, claims) if claims else entry.claims,
        statements=entry.statements,
        closed_until=entry.closed_until,
    )
    registers.put(Unsettled, merchant_id, changed)


def close_period(
    registers: Registers,
    merchant_id: str,
    ends_on: str,
    *,
    settled_fen: int,
    carried_fen: int,
    claims: Sequence[FundValue],
) -> None:
    """Take the lines before `ends_on` out: they are in a statement now.

    Args:
        registers: where they stand.
        merchant_id: whose.
        ends_on: the end of the period, exclusive.
        settled_fen: what the statement pays.
        carried_fen: what it carries forward.
        claims: what it changes of what funds have to claim.
    """
    entry = unsettled_of(registers, merchant_id)
    days, next_day = due(registers, merchant_id, ends_on)
    for day, _ in days:
        if day != entry.day:
            registers.put(UnsettledDay, key_of(merchant_id, day), None)
    changed = msgspec.structs.replace(
        entry,
        day=entry.day if next_day else "",
        lines=entry.lines if next_day else Lines(),
        first_day=next_day,
        balance_fen=entry.balance_fen - settled_fen,
        carried_fen=carried_fen,
        claims=_with_claims(entry.claims, claims),
        statements=entry.statements + 1,
        closed_until=ends_on,
    )
    registers.put(Unsettled, merchant_id, changed)


def _with_claims(claims: dict[str, int], added: Sequence[FundValue]) -> dict[str, int]:
    changed = dict(claims)
    for fund_id, value in added:
        changed[fund_id] = changed.get(fund_id, 0) + value
    return {fund_id: value for fund_id, value in changed.items() if value}


def fold_step(
    registers: Registers, redemption: Redemption, event: UseOrRefund, day: str, position: int
) -> None:
    """Add the line of a use or a refund."""
    claims = claims_in(event.legs) if isinstance(event, RedemptionRefunded) else ()
    add_line(registers, redemption.held.merchant_id, day, position, line_of(redemption, event), claims)
