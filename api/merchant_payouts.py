"""Payouts of merchants' statements over HTTP: instructed, and what became of them.

Rule of the room: how much is paid is never told by the caller; it is what the statement still has to pay.
"""

from flask import Response

from api.answers import recorded
from api.routes import Routes
from api.serving import the_ledger
from api.statement_commands import STATEMENT
from ledger.domain.payout import ConfirmPayout, FailPayout, InstructPayout, ReturnPayout

routes = Routes("merchant-payouts", description="Money on its way to merchants.")

_PAYOUT = f"{STATEMENT}/payouts/<payout_id>"


@routes.post(f"{STATEMENT}/payouts")
@routes.takes(InstructPayout, from_path=("statement_id",))
def instruct_payout(command: InstructPayout, programme_id: str) -> Response:
    """Say that what is due of an approved statement is to be paid; the answer has the amount."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{_PAYOUT}/confirmation")
@routes.takes(ConfirmPayout, from_path=("statement_id", "payout_id"))
def confirm_payout(command: ConfirmPayout, programme_id: str) -> Response:
    """Say that the money of a payout has left for the merchant."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{_PAYOUT}/failure")
@routes.takes(FailPayout, from_path=("statement_id", "payout_id"))
def fail_payout(command: FailPayout, programme_id: str) -> Response:
    """Say that the bank has not paid; the money can be paid again."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{_PAYOUT}/return")
@routes.takes(ReturnPayout, from_path=("statement_id", "payout_id"))
def return_payout(command: ReturnPayout, programme_id: str) -> Response:
    """Say that the money of a confirmed payout has come back; it can be paid again."""
    return recorded(the_ledger().writer.submit(programme_id, command))
