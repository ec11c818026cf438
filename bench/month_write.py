"""Writing the month into the log, through the real writer, on a clock of its own."""

import time as timing
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from bench.month_plan import FUNDS, STARTS_ON, ZONE, Merchant, Plan, Step, Used, month_of
from bench.programme import BATCH
from ledger.domain.adjustment import AdjustCredits
from ledger.domain.fund import CommitMoney
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.merchant_store import OpenStore
from ledger.domain.messages import Command
from ledger.domain.offer import PublishOffer
from ledger.domain.owners import OpenFund, OpenMerchant, OpenParticipant
from ledger.domain.programme import OpenProgramme
from ledger.domain.redemption import (
    CancelRedemption,
    FulfilRedemption,
    FundWeight,
    HoldRedemption,
    RefundRedemption,
)
from ledger.domain.sponsor import OpenSponsor
from ledger.domain.voucher import TakeOffer
from ledger.store.database import Database
from ledger.writer import Recorded, Writer

PROGRAMME: Final = "month"
OPENED_AT: Final = datetime(2026, 9, 20, 10, tzinfo=ZONE)
CREDITS: Final = 5
"""That every redemption takes."""
FUND_FEN: Final = 20_000_000_000
HOLD_LASTS: Final = timedelta(days=60)


class Clerk:
    """Whoever sends commands; every one of them must be accepted."""

    def __init__(self, database: Database) -> None:
        self.now = OPENED_AT
        self.position = 0
        self.commands = 0
        self._writer = Writer(database, clock=lambda: self.now)

    def send(self, commands: list[Command]) -> list[Recorded]:
        """Record commands in their order."""
        recorded = []
        for begin in range(0, len(commands), BATCH):
            for outcome in self._writer.submit_many(PROGRAMME, commands[begin : begin + BATCH]):
                assert isinstance(outcome, Recorded), outcome
                self.position = max(self.position, outcome.position)
                recorded.append(outcome)
        self.commands += len(commands)
        return recorded

    def close(self) -> None:
        """Answer whoever waits."""
        self._writer.close()


def write(
    database: Database, plan: Plan, merchants: list[Merchant], progress: Callable[[str], None]
) -> tuple[list[Used], float]:
    """Write the month; give its redemptions, and the commands in a second while they were written."""
    clerk = Clerk(database)
    try:
        clerk.send(list(_openings(merchants)))
        clerk.send([OpenParticipant(occurred_at=OPENED_AT, id=_person(n)) for n in range(plan.participants)])
        clerk.send([_gift(n) for n in range(plan.participants)])
        redemptions: list[Used] = []
        begun_s, before = timing.perf_counter(), clerk.commands
        for moment, steps in month_of(plan, merchants):
            if moment.date() != clerk.now.date() and moment.hour == 0:
                progress(f"{moment:%d %B}: {clerk.position:,} events")
            clerk.now = moment
            clerk.send([_command(step, merchants[step.redemption.merchant], moment) for step in steps])
            redemptions += [step.redemption for step in steps if step.what == "hold"]
        return redemptions, (clerk.commands - before) / (timing.perf_counter() - begun_s)
    finally:
        clerk.close()


def _command(step: Step, merchant: Merchant, now: datetime) -> Command:
    one = step.redemption
    if step.what == "hold":
        return _hold(one, merchant, now)
    if step.what == "use":
        digest = _digest(one) if one.is_voucher else None
        return FulfilRedemption(occurred_at=now, redemption_id=one.id, store_id=one.store, code_digest=digest)
    if step.what == "cancel":
        return CancelRedemption(occurred_at=now, redemption_id=one.id, reason="not wanted after all")
    return RefundRedemption(occurred_at=now, redemption_id=one.id, reason="brought back")


def _hold(one: Used, merchant: Merchant, now: datetime) -> Command:
    if one.is_voucher:
        return TakeOffer(
            occurred_at=now,
            id=one.id,
            participant_id=_person(one.participant),
            offer_id=f"{merchant.id}-tea",
            offer_version=1,
            code_digest=_digest(one),
        )
    return HoldRedemption(
        occurred_at=now,
        id=one.id,
        participant_id=_person(one.participant),
        merchant_id=merchant.id,
        credits=CREDITS,
        face_value_fen=one.face_fen,
        fee_fen=one.fee_fen,
        funds=_weights(merchant),
        deadline_at=now + HOLD_LASTS,
    )


def _digest(one: Used) -> str:
    """Stand in for the keyed digest of a voucher's code."""
    return sha256(one.id.encode()).hexdigest()[:32]


def _weights(merchant: Merchant) -> tuple[FundWeight, ...]:
    return tuple(FundWeight(fund_id=fund_id, weight=weight) for fund_id, weight in merchant.funds)


def _person(number: int) -> str:
    return f"p{number:06}"


def _gift(number: int) -> Command:
    return AdjustCredits(
        occurred_at=OPENED_AT,
        id=f"gift-{number}",
        account=f"participant:{_person(number)}",
        credits=1_000 * CREDITS,
        approver="simulated",
        reason="credits to spend in the month",
    )


def _openings(merchants: Iterable[Merchant]) -> Iterable[Command]:
    names = {"occurred_at": OPENED_AT, "name_zh": "名", "name_en": "name"}
    yield OpenProgramme(
        id=PROGRAMME,
        level="city",
        time_zone=ZONE.key,
        transferable=False,
        expiry=ExpiryPolicy(kind="month_end", months=24),
        **names,  # type: ignore[arg-type]
    )
    for fund_id, sponsor_id in FUNDS.items():
        yield OpenSponsor(id=sponsor_id, **names)  # type: ignore[arg-type]
        yield OpenFund(id=fund_id, **names)  # type: ignore[arg-type]
        yield CommitMoney(
            occurred_at=OPENED_AT,
            id=f"commit-{fund_id}",
            fund_id=fund_id,
            sponsor_id=sponsor_id,
            value_fen=FUND_FEN,
        )
    for merchant in merchants:
        yield OpenMerchant(id=merchant.id, **names)  # type: ignore[arg-type]
        for store_id in merchant.stores:
            yield OpenStore(id=store_id, merchant_id=merchant.id, **names)  # type: ignore[arg-type]
        if merchant.has_offer:
            face_fen = merchant.prices_fen[0]
            yield PublishOffer(
                id=f"{merchant.id}-tea",
                version=1,
                merchant_id=merchant.id,
                credits=CREDITS,
                list_price_fen=face_fen + 100,
                discount_fen=100,
                fee_fen=merchant.fee_fen(face_fen),
                funds=_weights(merchant),
                valid_from=datetime.combine(STARTS_ON, datetime.min.time(), ZONE),
                voucher_valid_days=30,
                **names,  # type: ignore[arg-type]
            )
