"""Merchants' statements: what is due, what a dispute has made of a line, what was paid out."""

from collections.abc import Iterator

from ledger.domain import addresses
from ledger.domain.addresses import CNY
from ledger.explaining.steps import Place, Step, checked_fen


def explain_issued(place: Place) -> Iterator[Step]:
    """Explain a statement: its total from its sums, and what of it is due."""
    event = place.event
    earned_fen = event.used_face_value_fen - event.used_fee_fen
    refunded_fen = event.refunded_face_value_fen - event.refunded_fee_fen
    yield place.step(
        "statement",
        statement_id=event.statement_id,
        number=event.number,
        merchant_id=event.merchant_id,
        starts_on=event.starts_on.isoformat(),
        ends_on=event.ends_on.isoformat(),
        issued_by=event.by,
    )
    yield place.step(
        "statement.total",
        checked_fen(event.total_fen, earned_fen - refunded_fen + event.amended_fen + event.carried_in_fen),
        value_fen=event.total_fen,
        earned_fen=earned_fen,
        refunded_fen=refunded_fen,
        amended_fen=event.amended_fen,
        carried_in_fen=event.carried_in_fen,
    )
    yield place.step(
        "statement.due",
        checked_fen(event.due_fen, place.into(CNY, addresses.settling(event.merchant_id))),
        value_fen=event.due_fen,
        carried_out_fen=event.carried_out_fen,
    )


def explain_resolved(place: Place) -> Iterator[Step]:
    """Explain the end of a dispute: what was held back, and the line that comes of it."""
    event = place.event
    yield place.step(
        f"dispute.{event.outcome}",
        redemption_id=event.redemption_id,
        statement_id=event.statement_id,
        reason=event.reason,
        resolved_by=event.by,
    )
    if event.outcome == "amended":
        yield place.step(
            "dispute.line",
            checked_fen(event.amendment_fen, place.into(CNY, addresses.payable(event.merchant_id))),
            merchant_id=event.merchant_id,
            value_fen=event.amendment_fen,
            held_back_fen=event.held_back_fen,
        )


def explain_paid(place: Place) -> Iterator[Step]:
    """Explain a payout that the bank has made."""
    event = place.event
    yield place.step(
        "payout",
        checked_fen(event.value_fen, place.into(CNY, addresses.paid(event.merchant_id))),
        payout_id=event.payout_id,
        statement_id=event.statement_id,
        merchant_id=event.merchant_id,
        value_fen=event.value_fen,
        bank_reference=event.bank_reference,
    )


def explain_returned(place: Place) -> Iterator[Step]:
    """Explain a payout that came back."""
    event = place.event
    yield place.step(
        "payout.returned",
        checked_fen(event.value_fen, place.into(CNY, addresses.settling(event.merchant_id))),
        payout_id=event.payout_id,
        statement_id=event.statement_id,
        value_fen=event.value_fen,
        reason=event.reason,
    )
