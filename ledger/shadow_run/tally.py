"""Adding up a shadow run: by day, by campaign, by fund and by participant.

Rule of the room: whole numbers only; a participant is two of them.
"""

import heapq
from collections import Counter
from collections.abc import Iterator
from datetime import date

import msgspec

from ledger.domain.limits import SHADOW_DECILES, SHADOW_PARTICIPANTS_SHOWN


class Amounts(msgspec.Struct, kw_only=True):
    """What was really given, and what would have been."""

    acts: int = 0
    real_credits: int = 0
    shadow_credits: int = 0
    real_fen: int = 0
    """Set aside by budgets."""
    shadow_fen: int = 0


class OfDay(Amounts, kw_only=True):
    """By local day of the acts."""

    on: date


class OfCampaign(msgspec.Struct, kw_only=True):
    """By campaign and version."""

    campaign_id: str
    campaign_version: int
    real_credits: int = 0
    shadow_credits: int = 0


class OfFund(msgspec.Struct, kw_only=True):
    """What a fund would have borne."""

    fund_id: str
    money_fen: int
    """What it has available now, and what it has really set aside for the acts gone over."""
    real_fen: int = 0
    shadow_fen: int = 0
    last_clipped_on: date | None = None
    """The last local day on which it was too small; None where it always sufficed."""


class OfParticipant(msgspec.Struct, kw_only=True):
    """Who would have had more, or less."""

    participant_id: str
    real_credits: int
    shadow_credits: int

    @property
    def difference(self) -> int:
        """Credits more; below zero for less."""
        return self.shadow_credits - self.real_credits


class ShadowReport(msgspec.Struct, kw_only=True):
    """What a shadow run found."""

    programme_id: str
    position: int
    """Up to which the log was gone over."""
    first_on: date
    last_on: date
    total: Amounts
    clipped: dict[str, int]
    """Acts and bonuses that would have been cut, by the cap."""
    not_computable: int
    """Acts for which the proposed rule has no measurement; they earn nothing in the shadow."""
    participants: int
    gained: int
    unchanged: int
    lost: int
    deciles: list[int]
    """Differences of participants: the least, each tenth, and the greatest; empty when there are none."""
    winners: list[OfParticipant]
    losers: list[OfParticipant]
    days: list[OfDay]
    campaigns: list[OfCampaign]
    funds: list[OfFund]


class Tally:
    """Adds up act by act."""

    def __init__(self) -> None:
        self.total = Amounts()
        self.days: dict[date, OfDay] = {}
        self.campaigns: dict[tuple[str, int], OfCampaign] = {}
        self.funds: dict[str, OfFund] = {}
        self.clipped: Counter[str] = Counter()
        self.not_computable = 0
        self._participants: dict[str, tuple[int, int]] = {}

    def add_act(self, participant_id: str, on: date, *, real: int, shadow: int) -> None:
        """Add an act with its credits, bonuses included."""
        for amounts in (self.total, self._day(on)):
            amounts.acts += 1
            amounts.real_credits += real
            amounts.shadow_credits += shadow
        before = self._participants.get(participant_id, (0, 0))
        self._participants[participant_id] = before[0] + real, before[1] + shadow

    def add_money(self, fund_id: str, on: date, *, real_fen: int = 0, shadow_fen: int = 0) -> None:
        """Add what a fund sets aside."""
        for amounts in (self.total, self._day(on), self.fund(fund_id)):
            amounts.real_fen += real_fen
            amounts.shadow_fen += shadow_fen

    def add_bonus(self, campaign: tuple[str, int], *, real: int = 0, shadow: int = 0) -> None:
        """Add credits of a campaign."""
        found = self.campaigns.setdefault(
            campaign, OfCampaign(campaign_id=campaign[0], campaign_version=campaign[1])
        )
        found.real_credits += real
        found.shadow_credits += shadow

    def fund(self, fund_id: str) -> OfFund:
        """Give what is known of a fund."""
        return self.funds.setdefault(fund_id, OfFund(fund_id=fund_id, money_fen=0))

    def _day(self, on: date) -> OfDay:
        return self.days.setdefault(on, OfDay(on=on))

    def report(self, programme_id: str, position: int, first_on: date, last_on: date) -> ShadowReport:
        """Give what was found."""
        differences = sorted(shadow - real for real, shadow in self._participants.values())
        gained, lost = sum(one > 0 for one in differences), sum(one < 0 for one in differences)
        return ShadowReport(
            programme_id=programme_id,
            position=position,
            first_on=first_on,
            last_on=last_on,
            total=self.total,
            clipped=dict(sorted(self.clipped.items())),
            not_computable=self.not_computable,
            participants=len(differences),
            gained=gained,
            unchanged=len(differences) - gained - lost,
            lost=lost,
            deciles=deciles(differences),
            winners=[one for one in self._first(-1) if one.difference > 0],
            losers=[one for one in self._first(1) if one.difference < 0],
            days=[day for _, day in sorted(self.days.items())],
            campaigns=[found for _, found in sorted(self.campaigns.items())],
            funds=[found for _, found in sorted(self.funds.items())],
        )

    def _first(self, sign: int) -> Iterator[OfParticipant]:
        first = heapq.nsmallest(
            SHADOW_PARTICIPANTS_SHOWN,
            self._participants.items(),
            key=lambda item: (sign * (item[1][1] - item[1][0]), item[0]),
        )
        for participant_id, (real, shadow) in first:
            yield OfParticipant(participant_id=participant_id, real_credits=real, shadow_credits=shadow)


def deciles(ordered: list[int]) -> list[int]:
    """Give the least of some numbers, each tenth of them, and the greatest."""
    if not ordered:
        return []
    last = len(ordered) - 1
    return [ordered[last * tenth // SHADOW_DECILES] for tenth in range(SHADOW_DECILES + 1)]
