"""Whether a programme can keep what it has promised, as far as its own book can say.

Rule of the room: what is promised in 分 is compared with what is set aside for it. Credits are not
promised in 分; what they would ask for is worked out from what credits were used for lately, and is
called an illustration. Money is what sponsors have committed: whether it lies in a bank is not known
here.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, Literal, NamedTuple

from ledger.projections.fund_reports import QUERIES, FundReport, fund_reports, head_position
from ledger.projections.snapshot import Snapshot
from ledger.projections.totals_queries import OUTSTANDING, programme_totals

RATE_DAYS: Final = 90
"""Local days whose redemptions say what a credit is used for: a quarter, so that no week decides it."""

FUNDS_AT_A_TIME: Final = 500
NAMED_MAX: Final = 20
"""Accounts below zero that are named; one is a fault already."""

FundVerdict = Literal["broken", "empty", "low", "sound"]
Verdict = Literal["broken", "short", "covered", "unknown"]

_HELD: Final = "held"
_EXTERNAL: Final = "external"


class FundStanding(NamedTuple):
    """One fund and what can be said of it."""

    report: FundReport
    verdict: FundVerdict
    """broken: a place is below zero, or more was used than funded; empty: nothing is free; low: an
    alarm stands; sound: none of these."""


class CreditRate(NamedTuple):
    """What credits were used for lately."""

    on: date
    """The last of the days."""
    days: int
    credits: int
    """Set aside by redemptions in these days, whatever became of them."""
    face_value_fen: int
    """What funds set aside for them."""

    def worth_fen(self, credits_asked: int) -> int:
        """Give what credits would ask of funds at this rate, rounded up."""
        return -(-credits_asked * self.face_value_fen // self.credits)


class Solvency(NamedTuple):
    """A programme at a position of the log."""

    position: int
    funds: list[FundStanding]
    money: dict[str, int]
    """分 by place; `external` is below zero by what sponsors have committed. They sum to nothing."""
    below_zero: list[str]
    """Accounts that stand below zero and must not."""
    holds: int
    """Redemptions that hold money."""
    owed_fen: int
    """What merchants have earned and were not paid: due, or in a statement."""
    to_give_back_fen: int
    """What merchants have to give back."""
    outstanding_credits: int
    """Credits that may yet be used, those aside that redemptions hold: of the totals view."""
    totals_position: int
    """How far that view had come."""
    rate: CreditRate | None
    """None when nothing was redeemed lately."""

    @property
    def funded_fen(self) -> int:
        """What sponsors have put in and not taken out."""
        return -self.money.get(_EXTERNAL, 0)

    @property
    def difference_fen(self) -> int:
        """What is missing between what was funded and where it is; anything but nothing is a fault."""
        return -sum(self.money.values())

    @property
    def available_fen(self) -> int:
        """What nothing is promised against."""
        return self.money.get("available", 0)

    @property
    def illustrative_fen(self) -> int | None:
        """What outstanding credits would ask for beyond what backs them, if they were used as lately."""
        if self.rate is None:
            return None
        return max(0, self.rate.worth_fen(self.outstanding_credits) - self.money.get("backing", 0))

    @property
    def verdict(self) -> Verdict:
        """Say whether the promises are covered.

        broken: a sum that must hold does not; short: every promise in 分 is covered, and free money
        falls short of the illustration; covered: it reaches; unknown: nothing was redeemed lately, so
        that nothing can be said of credits.
        """
        if self.difference_fen or self.below_zero or any(fund.verdict == "broken" for fund in self.funds):
            return "broken"
        if self.illustrative_fen is None:
            return "unknown" if self.outstanding_credits else "covered"
        return "covered" if self.available_fen >= self.illustrative_fen else "short"


def solvency(reading: Snapshot, on: date) -> Solvency:
    """Say whether a programme can keep what it has promised.

    Args:
        reading: of the totals view.
        on: the last local day of those that say what a credit is used for.
    """
    money = dict(reading.rows(QUERIES["money"], {}))
    ((owed_fen, to_give_back_fen),) = reading.rows(QUERIES["payables"], {})
    ((holds,),) = reading.rows(QUERIES["holds"], {})
    credit_places = programme_totals(reading).of("CREDIT")
    return Solvency(
        position=head_position(reading),
        funds=[FundStanding(report, _verdict(report)) for report in _every_fund(reading)],
        money=money,
        below_zero=[row[0] for row in reading.rows(QUERIES["below_zero"], {"limit": NAMED_MAX})],
        holds=holds,
        owed_fen=owed_fen + money.get("settling", 0),
        to_give_back_fen=to_give_back_fen,
        outstanding_credits=sum(credit_places.get(place, 0) for place in OUTSTANDING if place != _HELD),
        totals_position=reading.position,
        rate=_rate(reading, on),
    )


def _every_fund(reading: Snapshot) -> list[FundReport]:
    reports: list[FundReport] = []
    page: Sequence[FundReport] = fund_reports(reading, after="", limit=FUNDS_AT_A_TIME)
    while page:
        reports += page
        page = fund_reports(reading, after=page[-1].fund_id, limit=FUNDS_AT_A_TIME)
    return reports


def _verdict(report: FundReport) -> FundVerdict:
    if min(*report.places_fen.values(), report.used_fen) < 0:
        return "broken"
    if not report.available_fen:
        return "empty"
    return "low" if report.terms.raised_fen else "sound"


def _rate(reading: Snapshot, on: date) -> CreditRate | None:
    before = date.fromordinal(max(on.toordinal() - RATE_DAYS, 1))
    ((credits_held, face_value_fen),) = reading.rows(QUERIES["spent"], {"before": before, "on": on})
    return CreditRate(on, RATE_DAYS, credits_held, face_value_fen) if credits_held else None
