"""Sponsors' money: put into funds, taken back, moved from one to another."""

from collections.abc import Iterator

from ledger.domain import addresses
from ledger.domain.addresses import CNY
from ledger.explaining.steps import Place, Step, checked_fen


def explain_committed(place: Place) -> Iterator[Step]:
    """Explain a sponsor's money, and who approved it where a proposal was."""
    event = place.event
    yield place.step(
        "commitment",
        checked_fen(event.value_fen, place.into(CNY, addresses.available(event.fund_id))),
        commitment_id=event.id,
        sponsor_id=event.sponsor_id,
        fund_id=event.fund_id,
        value_fen=event.value_fen,
    )
    if event.proposal_id is not None:
        yield _approval(place)


def explain_withdrawn(place: Place) -> Iterator[Step]:
    """Explain money that went back to its sponsor."""
    event = place.event
    yield place.step(
        "withdrawal",
        checked_fen(event.value_fen, place.into(CNY, addresses.external(event.sponsor_id))),
        sponsor_id=event.sponsor_id,
        fund_id=event.fund_id,
        value_fen=event.value_fen,
    )
    yield _approval(place)


def explain_moved(place: Place) -> Iterator[Step]:
    """Explain money that went from one fund to another of the same sponsor."""
    event = place.event
    yield place.step(
        "fund_transfer",
        checked_fen(event.value_fen, place.into(CNY, addresses.available(event.to_fund_id))),
        sponsor_id=event.sponsor_id,
        fund_id=event.fund_id,
        to_fund_id=event.to_fund_id,
        value_fen=event.value_fen,
    )
    yield _approval(place)


def _approval(place: Place) -> Step:
    event = place.event
    return place.step(
        "two_keys",
        proposal_id=event.proposal_id,
        proposed_by=event.proposed_by,
        approved_by=event.approved_by,
    )
