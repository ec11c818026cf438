"""What is taken back from a merchant, and where it goes.

Rule of the room: a fund has free again only what the merchant still had to get. What the merchant
has been paid already, or is about to be, is the fund's to claim (`recoverable`) until the merchant
has earned as much anew.
"""

from collections.abc import Iterable, Mapping, Sequence

from ledger.domain import addresses
from ledger.domain.addresses import CNY
from ledger.domain.book import Leg
from ledger.domain.quantities import split_by_largest_remainder

FundValue = tuple[str, int]
"""A fund and 分."""


def uncovered_fen(payable_fen: int, taken_fen: int) -> int:
    """Give what a merchant's payable money does not cover of what is taken from it.

    Args:
        payable_fen: what the merchant had to get before.
        taken_fen: what is taken, at least 0.
    """
    return max(0, taken_fen - max(0, payable_fen))


def returned(values: Sequence[FundValue], uncovered: int) -> list[Leg]:
    """Give the legs by which funds get money back, the part that nobody has yet as a claim.

    Args:
        values: what each fund gets back, each at least 0.
        uncovered: of all of it, 分 that the merchant must first give back; split as the values are.
    """
    amounts = [value for _, value in values]
    claims = split_by_largest_remainder(uncovered, amounts) if uncovered else [0] * len(amounts)
    free = [
        Leg(addresses.available(fund_id), CNY, None, value - claim)
        for (fund_id, value), claim in zip(values, claims, strict=True)
        if value > claim
    ]
    return free + [
        Leg(addresses.recoverable(fund_id), CNY, None, claim)
        for (fund_id, _), claim in zip(values, claims, strict=True)
        if claim
    ]


def released(claims: Mapping[str, int], needed_fen: int) -> list[Leg]:
    """Give the legs that make claims on a merchant free money again, but for what is still needed.

    Args:
        claims: 分 that each fund has to claim of the merchant, above 0.
        needed_fen: 分 that the merchant still has to give back, at most the sum of the claims.
    """
    fund_ids = sorted(claims)
    amounts = [claims[fund_id] for fund_id in fund_ids]
    kept = split_by_largest_remainder(needed_fen, amounts) if needed_fen else [0] * len(amounts)
    freed = [
        (fund_id, amount - keeps)
        for fund_id, amount, keeps in zip(fund_ids, amounts, kept, strict=True)
        if amount > keeps
    ]
    return [
        *(Leg(addresses.recoverable(fund_id), CNY, None, -value) for fund_id, value in freed),
        *(Leg(addresses.available(fund_id), CNY, None, value) for fund_id, value in freed),
    ]


def claims_in(legs: Iterable[Leg]) -> list[FundValue]:
    """Give what legs add to what funds have to claim, or take from it."""
    return [
        (leg.account.removeprefix("fund:").removesuffix(addresses.RECOVERABLE), leg.amount)
        for leg in legs
        if leg.account.endswith(addresses.RECOVERABLE) and leg.account.startswith("fund:")
    ]
