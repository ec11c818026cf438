"""Payouts of merchants' statements over HTTP: instructed, and what became of them.

Rule of the room: how much is paid is never told by the caller; it is what the statement still has to pay.
"""

from http import HTTPStatus
from typing import Final, get_args

from flask import Response, request

from api.access import Access
from api.answers import POSITION_HEADER, found, recorded
from api.bodies import JSON
from api.files import file_answer
from api.key_cursors import CURSOR, cursor_of, key_after
from api.merchant_statements import ROLES, read, status_of, status_parameter
from api.merchant_statements_schemas import PayoutsAnswer
from api.periods import text_of
from api.queries import invalid, query_parameter, whole_number
from api.routes import ALWAYS, IN_PROGRAMME, POSITION_DOCUMENT, Routes
from api.serving import the_ledger
from api.statement_commands import STATEMENT
from api.views import MIN_POSITION, MIN_POSITION_PARAMETER
from ledger.domain.limits import STATEMENTS_SHOWN_MAX
from ledger.domain.payout import ConfirmPayout, FailPayout, InstructPayout, PayoutStatus, ReturnPayout
from ledger.merchant_statements.documents import payout_document
from ledger.merchant_statements.names import names_of
from ledger.merchant_statements.payments import write_payments
from ledger.projections.settlement_statements import payouts

routes = Routes("merchant-payouts", description="Money on its way to merchants.")

_PAYOUT: Final = f"{STATEMENT}/payouts/<payout_id>"
_CSV: Final = "text/csv"
_STATUSES: Final = get_args(PayoutStatus)


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


@routes.get(f"{IN_PROGRAMME}/settlement/payouts")
@routes.describes(
    Access(ROLES, query=frozenset({"status", "cursor", "limit", MIN_POSITION})),
    {
        HTTPStatus.OK: {
            "description": "JSON by pages; or all of them as CSV, in yuan, for the bank.",
            "headers": POSITION_DOCUMENT,
            "content": {JSON: {"schema": PayoutsAnswer}, _CSV: {"schema": {"type": "string"}}},
        }
    },
    problems=ALWAYS,
    parameters=[
        status_parameter(_STATUSES),
        query_parameter(
            "limit", "On one page, at most.", least=1, most=STATEMENTS_SHOWN_MAX, default=STATEMENTS_SHOWN_MAX
        ),
        CURSOR,
        MIN_POSITION_PARAMETER,
    ],
)
def list_payouts(programme_id: str) -> Response:
    """Read payouts by their ids: where their money is, or as CSV the list of payments for the bank."""
    is_csv = request.accept_mimetypes.best_match([JSON, _CSV], default=JSON) == _CSV
    response = (_csv_answer if is_csv else _json_answer)(programme_id, status_of(_STATUSES))
    response.vary.add("Accept")
    return response


def _json_answer(programme_id: str, status: str | None) -> Response:
    limit = whole_number("limit", least=1, most=STATEMENTS_SHOWN_MAX, default=STATEMENTS_SHOWN_MAX)
    after = key_after(parts=1)
    with read(programme_id) as reading:
        rows = payouts(reading, status=status, after=after, limit=limit + 1)
    shown = rows[:limit]
    names = names_of(the_ledger().database, programme_id, "merchant", {row.merchant_id for row in shown})
    return found(
        {
            "position": reading.position,
            "payouts": [payout_document(row, names[row.merchant_id]) for row in shown],
            "next_cursor": cursor_of(shown[-1].payout_id if len(rows) > limit else None),
        }
    )


def _csv_answer(programme_id: str, status: str | None) -> Response:
    """Answer with all payouts, as of one position."""
    for name in ("cursor", "limit"):
        if text_of(name) is not None:
            raise invalid(name, "means nothing with CSV, which is never cut into pages")
    database = the_ledger().database
    with read(programme_id) as reading:
        response = file_answer(
            lambda file: write_payments(database, programme_id, reading, status, file),
            f"{_CSV}; charset=utf-8; header=present",
        )
    response.headers[POSITION_HEADER] = str(reading.position)
    response.headers["Content-Disposition"] = f'attachment; filename="payments-{programme_id}.csv"'
    return response
