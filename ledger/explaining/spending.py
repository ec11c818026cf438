"""Where credits and money go after they were earned: redemptions, gifts, donations, expiry, adjustments."""

from collections.abc import Iterator
from typing import Any

from ledger.domain import addresses
from ledger.domain.addresses import ADJUSTED, CNY, CREDIT, EXPIRED, FEES, REDEEMED
from ledger.domain.donation import check_character
from ledger.domain.quantities import split_by_largest_remainder
from ledger.domain.redemption import RedemptionHeld, RedemptionRefunded
from ledger.explaining.steps import Place, Step, checked, checked_fen


def lots_into(place: Place, account: str) -> list[dict[str, Any]]:
    """Give the credits by lot that an event brings into an account (or takes out, below zero)."""
    lots: dict[str, int] = {}
    for leg in place.event.legs:
        if leg.account == account and leg.lot is not None:
            lots[leg.lot] = lots.get(leg.lot, 0) + leg.amount
    return [{"lot": lot, "credits": amount} for lot, amount in sorted(lots.items()) if amount]


# --- redemptions --------------------------------------------------------------------------------


def explain_hold(place: Place) -> Iterator[Step]:
    """Explain what is set aside: credits lot by lot, and each fund's share of the face value."""
    event = place.event
    held = addresses.held(addresses.participant(event.participant_id))
    yield place.step(
        "redemption.held" if event.offer_id is None else "redemption.held.offer",
        checked(event.credits, place.into(CREDIT, held)),
        redemption_id=event.id,
        participant_id=event.participant_id,
        merchant_id=event.merchant_id,
        offer_id=event.offer_id,
        credits=event.credits,
        face_value_fen=event.face_value_fen,
        deadline_at=event.deadline_at,
    )
    yield place.step("redemption.lots", lots=lots_into(place, held))
    parts = split_by_largest_remainder(event.face_value_fen, [fund.weight for fund in event.funds])
    weights = sum(fund.weight for fund in event.funds)
    for fund, share, part in zip(event.funds, event.shares, parts, strict=True):
        yield place.step(
            "redemption.share",
            checked_fen(share.value_fen, part),
            fund_id=fund.fund_id,
            weight=fund.weight,
            weights=weights,
            value_fen=share.value_fen,
        )


def explain_fulfilled(place: Place) -> Iterator[Step]:
    """Explain the use: credits are gone, the merchant is owed the face value less the fee."""
    held = _held(place)
    if held is None:
        return
    yield place.step(
        "redemption.fulfilled",
        checked(held.credits, place.into(CREDIT, REDEEMED)),
        redemption_id=held.id,
        credits=held.credits,
        merchant_id=held.merchant_id,
        store_id=place.event.store_id,
    )
    yield place.step(
        "redemption.owed",
        checked_fen(held.earned_fen, place.into(CNY, addresses.payable(held.merchant_id))),
        merchant_id=held.merchant_id,
        value_fen=held.earned_fen,
        face_value_fen=held.face_value_fen,
        fee_fen=held.fee_fen,
    )
    if held.fee_fen:
        yield place.step(
            "redemption.fee", checked_fen(held.fee_fen, place.into(CNY, FEES)), value_fen=held.fee_fen
        )


def explain_cancelled(place: Place) -> Iterator[Step]:
    """Explain a hold given up."""
    yield from _explain_back(place, "redemption.cancelled", reason=place.event.reason)


def explain_hold_released(place: Place) -> Iterator[Step]:
    """Explain a hold whose deadline passed."""
    yield from _explain_back(place, "redemption.released", run_id=place.event.run_id)


def explain_refunded(place: Place) -> Iterator[Step]:
    """Explain a use taken back: the very lots, and every fund its share."""
    yield from _explain_back(place, "redemption.refunded", reason=place.event.reason)
    redemption = place.redemption()
    if redemption is not None:
        held = redemption.held
        taken_fen = redemption.taken_back(place.event)[0] - held.fee_fen
        yield place.step(
            "redemption.owed_less",
            checked_fen(taken_fen, -place.into(CNY, addresses.payable(held.merchant_id))),
            merchant_id=held.merchant_id,
            value_fen=taken_fen,
        )


def _held(place: Place) -> RedemptionHeld | None:
    redemption = place.redemption()
    return None if redemption is None else redemption.held


def _explain_back(place: Place, kind: str, **facts: Any) -> Iterator[Step]:
    held, redemption = _held(place), place.redemption()
    if held is None or redemption is None:
        return
    holder = addresses.participant(held.participant_id)
    back = lots_into(place, holder)
    taken = [{"lot": lot, "credits": amount} for lot, amount in sorted(redemption.lots())]
    yield place.step(kind, redemption_id=held.id, merchant_id=held.merchant_id, **facts)
    yield place.step("redemption.lots_back", checked(back, taken), lots=back, account=holder)
    event = place.event
    shares = redemption.taken_back(event)[1] if isinstance(event, RedemptionRefunded) else held.shares
    for share in shares:
        if share.value_fen:
            # What the merchant was paid already is the fund's to claim.
            places = (addresses.available(share.fund_id), addresses.recoverable(share.fund_id))
            yield place.step(
                "redemption.share_back",
                checked_fen(share.value_fen, place.into(CNY, places)),
                fund_id=share.fund_id,
                value_fen=share.value_fen,
            )


# --- everything else ----------------------------------------------------------------------------


def explain_transferred(place: Place) -> Iterator[Step]:
    """Explain credits that changed hands."""
    event = place.event
    yield place.step(
        "transfer",
        checked(event.credits, place.into(CREDIT, event.to_account)),
        transfer_id=event.id,
        from_account=event.from_account,
        to_account=event.to_account,
        credits=event.credits,
        lots=lots_into(place, event.to_account),
    )


def explain_donated(place: Place) -> Iterator[Step]:
    """Explain credits that were retired for units of a project."""
    event = place.event
    project = place.case.projects.get(event.project_id)
    counted = sum(serials.last_serial - serials.first_serial + 1 for serials in event.serials)
    yield place.step(
        "donation",
        None if project is None else checked(event.credits, event.units * project.credits_per_unit),
        donation_id=event.id,
        from_account=event.from_account,
        project_id=event.project_id,
        name_zh=project.name_zh if project else event.project_id,
        name_en=project.name_en if project else event.project_id,
        unit=project.unit if project else "unit",
        units=event.units,
        credits_per_unit=project.credits_per_unit if project else None,
        credits=event.credits,
        lots=lots_into(place, addresses.retired(event.project_id)),
    )
    yield place.step(
        "donation.serials",
        checked(event.units, counted),
        units=event.units,
        serials=[[serials.first_serial, serials.last_serial] for serials in event.serials],
    )
    number, _, character = event.certificate.rpartition("-")
    yield place.step(
        "donation.certificate",
        checked(character, check_character(number)),
        certificate=event.certificate,
    )


def explain_adjusted(place: Place) -> Iterator[Step]:
    """Explain credits that somebody with a name moved by hand."""
    event = place.event
    yield place.step(
        "adjustment.given" if event.credits > 0 else "adjustment.taken",
        checked(abs(event.credits), abs(place.into(CREDIT, ADJUSTED))),
        adjustment_id=event.id,
        account=event.account,
        credits=abs(event.credits),
        approver=event.approver,
        reason=event.reason,
        lots=lots_into(place, event.account if event.credits > 0 else ADJUSTED),
    )


def explain_expired(place: Place) -> Iterator[Step]:
    """Explain lots that ran out."""
    event = place.event
    lots = lots_into(place, EXPIRED)
    due = sum(lot["credits"] for lot in lots if lot["lot"] <= event.up_to.isoformat())
    yield place.step(
        "expiry",
        checked(event.credits, due),
        run_id=event.run_id,
        account=event.account,
        up_to=event.up_to.isoformat(),
        credits=event.credits,
        lots=lots,
    )
