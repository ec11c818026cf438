"""Merchants' offers over HTTP."""

import re
from typing import Any, Final

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answer_schemas import LoggedEventAnswer
from api.answers import event_document, found, recorded
from api.key_cursors import CURSOR, cursor_of, key_after
from api.offers_schemas import OfferAnswer, OffersAnswer
from api.periods import text_of
from api.published import published_version
from api.queries import invalid, query_parameter, truth, whole_number
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.errors import OfferNotFound
from ledger.domain.identifiers import ENTITY_ID
from ledger.domain.limits import ENTITY_ID_CHARS_MAX, OFFERS_SHOWN_MAX
from ledger.domain.offer import PublishOffer
from ledger.projections.offers import OffersAsked, OfferView, read_offers
from ledger.projections.offers import read_offer as offer_with_what_is_left

routes = Routes("offers", description="What merchants give for credits, version by version.")

LIMIT_DEFAULT: Final = 50

_ENTITY_ID: Final = re.compile(ENTITY_ID)
_LIMIT: Final = query_parameter(
    "limit", "Offers on one page, at most.", least=1, most=OFFERS_SHOWN_MAX, default=LIMIT_DEFAULT
)


def _id_parameter(name: str, description: str) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": ENTITY_ID_CHARS_MAX}
    return {"in": "query", "name": name, "description": description, "schema": schema}


_PARTICIPANT: Final = _id_parameter("participant_id", "Whose limits are told beside those of all.")
_MERCHANT: Final = _id_parameter("merchant_id", "The only merchant; all of them when absent.")
_OPEN: Final = {
    "in": "query",
    "name": "open",
    "description": "Whether offers that were withdrawn are left out.",
    "schema": {"type": "boolean", "default": False},
}


@routes.post(f"{IN_PROGRAMME}/offers")
@routes.takes(PublishOffer)
def publish_offer(command: PublishOffer, programme_id: str) -> Response:
    """Publish the next version of an offer; it takes the place of the one before."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/offers")
@routes.gives(
    OffersAnswer,
    Access(EVERY_ROLE, query=frozenset({"limit", "cursor", "merchant_id", "participant_id", "open"})),
    parameters=(_LIMIT, CURSOR, _MERCHANT, _PARTICIPANT, _OPEN),
)
def list_offers(programme_id: str) -> Response:
    """Read the offers in order of their ids, each by its latest version, with what is left of it."""
    limit = whole_number("limit", least=1, most=OFFERS_SHOWN_MAX, default=LIMIT_DEFAULT)
    asked = _asked(merchant_id=_id_of("merchant_id"), only_open=truth("open", default=False))
    after = key_after(parts=1)
    page = read_offers(the_ledger().database, programme_id, asked, after=after, limit=limit)
    return found(
        {
            "position": page.position,
            "offers": [_document(view) for view in page.offers],
            "next_cursor": cursor_of(page.next_key),
        }
    )


@routes.get(f"{IN_PROGRAMME}/offers/<offer_id>")
@routes.gives(
    OfferAnswer, Access(EVERY_ROLE, query=frozenset({"participant_id"})), parameters=(_PARTICIPANT,)
)
def read_offer(programme_id: str, offer_id: str) -> Response:
    """Read an offer by its latest version, with what is left of it, perhaps for one participant."""
    _require_id(offer_id)
    position, view = offer_with_what_is_left(the_ledger().database, programme_id, offer_id, _asked())
    return found({"position": position, **_document(view)})


@routes.get(f"{IN_PROGRAMME}/offers/<offer_id>/versions/<version:version>")
@routes.gives(LoggedEventAnswer, Access(EVERY_ROLE))
def read_offer_version(programme_id: str, offer_id: str, version: int) -> Response:
    """Read one published version; it never changes."""
    _require_id(offer_id)
    if (logged := published_version(programme_id, "offer", offer_id, version)) is None:
        raise OfferNotFound(offer_id=offer_id)
    return found(event_document(logged))


def _asked(**wanted: Any) -> OffersAsked:
    return OffersAsked(now=the_ledger().clock(), participant_id=_id_of("participant_id"), **wanted)


def _id_of(name: str) -> str | None:
    text = text_of(name)
    if text is not None and _ENTITY_ID.fullmatch(text) is None:
        raise invalid(name, "must be an id")
    return text


def _require_id(offer_id: str) -> None:
    if _ENTITY_ID.fullmatch(offer_id) is None:
        raise OfferNotFound(offer_id=offer_id[:ENTITY_ID_CHARS_MAX])


def _document(view: OfferView) -> dict[str, Any]:
    return {
        "id": view.offer.id,
        "merchant_id": view.offer.merchant_id,
        "version": view.offer.version,
        "is_open": view.offer.is_open,
        "face_value_fen": view.offer.face_value_fen,
        "vouchers": view.used.vouchers,
        "left": view.left._asdict(),
        "published": event_document(view.published),
    }
