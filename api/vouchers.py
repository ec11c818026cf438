"""Vouchers over HTTP: taking an offer, showing the code, using it in a store.

Rule of the room: a code stands in answers to posters alone, and only while it can be used.
"""

import io
import re
from functools import wraps
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
import segno
from flask import Response

from api import strict_json
from api.access import Access
from api.answer_schemas import RecordedAnswer
from api.answers import found, recorded
from api.bodies import JSON, read_body
from api.command_schemas import load, schema_of
from api.offers_schemas import TakenAnswer, VoucherAnswer
from api.routes import ALWAYS, IN_PROGRAMME, POSITION_DOCUMENT, REPLAY_DOCUMENT, WITH_COMMAND, Routes, View
from api.serving import the_ledger
from ledger.domain.errors import VoucherUnknown
from ledger.domain.identifiers import ENTITY_ID, EntityId
from ledger.domain.instants import Instant
from ledger.domain.limits import BODY_BYTES_MAX, VOUCHER_CODE_CHARS_MAX
from ledger.domain.redemption import RedemptionHeld
from ledger.domain.voucher import TakeOffer
from ledger.keys import Role
from ledger.voucher_codes import qr_payload
from ledger.vouchers import voucher_document

routes = Routes("vouchers", description="Offers taken, and used with a code.")

ONE: Final = f"{IN_PROGRAMME}/vouchers/<redemption_id>"
POSTERS: Final[tuple[Role, ...]] = ("poster",)
SVG: Final = "image/svg+xml"
QR_SCALE: Final = 4

_ENTITY_ID: Final = re.compile(ENTITY_ID)


class UseVoucher(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Use a voucher in a store (核销)."""

    occurred_at: Instant
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=VOUCHER_CODE_CHARS_MAX)]
    """As somebody typed or scanned it."""
    store_id: EntityId


def uses(view: View) -> View:
    """Read the body of a use, which is no command: it names a code and not a redemption."""

    @wraps(view)
    def reading(**path: str) -> Response:
        value = strict_json.loads(read_body(content_type=JSON, bytes_max=BODY_BYTES_MAX))
        return view(body=load(UseVoucher, value), **path)

    created = {
        "description": "Recorded, now or before.",
        "headers": {**POSITION_DOCUMENT, **REPLAY_DOCUMENT},
        "content": {JSON: {"schema": RecordedAnswer}},
    }
    return routes.describes(
        Access(POSTERS),
        {HTTPStatus.CREATED: created},
        problems=(*ALWAYS, *WITH_COMMAND),
        requestBody={"required": True, "content": {JSON: {"schema": schema_of(UseVoucher)}}},
    )(reading)


@routes.post(f"{IN_PROGRAMME}/vouchers")
@routes.takes(TakeOffer, gives=TakenAnswer)
def take_offer(command: TakeOffer, programme_id: str) -> Response:
    """Take an offer; the answer has the code, and a repeat has the same one."""
    ledger = the_ledger()
    outcome = ledger.writer.submit(programme_id, command)
    held = outcome.written[0].event
    assert isinstance(held, RedemptionHeld)
    voucher = msgspec.json.encode({"voucher": _code_document(programme_id, held)})
    answer = recorded(outcome)
    # The events stay as they were stored, byte for byte; the voucher stands beside them.
    answer.data = b"%b,%b" % (answer.data[:-1], voucher[1:])
    return answer


@routes.post(f"{IN_PROGRAMME}/vouchers/fulfil")
@uses
def fulfil_voucher(body: UseVoucher, programme_id: str) -> Response:
    """Use a voucher in a store by its code (核销)."""
    return recorded(
        the_ledger().vouchers.fulfil(
            programme_id, code=body.code, store_id=body.store_id, occurred_at=body.occurred_at
        )
    )


@routes.get(ONE)
@routes.gives(VoucherAnswer, Access(POSTERS))
def read_voucher(programme_id: str, redemption_id: str) -> Response:
    """Read a voucher, with its code while it can be used."""
    _require_id(redemption_id)
    view = the_ledger().vouchers.read(programme_id, redemption_id)
    return found(voucher_document(programme_id, view))


@routes.get(f"{ONE}/qr.svg")
@routes.describes(
    Access(POSTERS),
    {HTTPStatus.OK: {"description": "A QR code.", "content": {SVG: {"schema": {"type": "string"}}}}},
    problems=ALWAYS,
)
def draw_voucher(programme_id: str, redemption_id: str) -> Response:
    """Draw the QR code of a voucher that can be used."""
    _require_id(redemption_id)
    code = the_ledger().vouchers.read(programme_id, redemption_id).code
    if code is None:
        raise VoucherUnknown
    drawn = io.BytesIO()
    segno.make(qr_payload(programme_id, code), error="m", micro=False).save(drawn, kind="svg", scale=QR_SCALE)
    return Response(drawn.getvalue(), content_type=SVG)


def _code_document(programme_id: str, held: RedemptionHeld) -> dict[str, Any]:
    code = the_ledger().vouchers.code(programme_id, held)
    return {"code": code, "qr_payload": qr_payload(programme_id, code), "deadline_at": held.deadline_at}


def _require_id(redemption_id: str) -> None:
    if _ENTITY_ID.fullmatch(redemption_id) is None:
        raise VoucherUnknown
