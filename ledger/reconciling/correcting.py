"""Whether an event of the log can be what corrected a break."""

from typing import Any, Final
from uuid import UUID

import msgspec

from ledger.domain.errors import CorrectingEventUnsuitable, PositionBeyondLog
from ledger.domain.identifiers import stream_id
from ledger.reconciling.queries import BREAKS
from ledger.store.append import head_of

REDEMPTION: Final = "redemption"
"""The kind of stream in which a redemption's events are."""


class _Named(msgspec.Struct):
    """What an event may be about."""

    id: str = ""
    redemption_id: str = ""
    payout_id: str = ""
    statement_id: str = ""
    merchant_id: str = ""


_decoder = msgspec.json.Decoder(_Named)


def check_event(
    connection: Any,
    programme_id: str,
    position: int,
    *,
    item: str | None,
    merchant_id: str | None,
    after: int,
) -> str:
    """Give the topic of the event at a position, which must concern the break.

    Args:
        connection: to the database.
        programme_id: whose log.
        position: of the event.
        item: the redemption or payout of the break; the event must be about it, or about the statement of
            the payout.
        merchant_id: where there is no such item, whose event it must be.
        after: the position of the ledger's own event, which nothing before it corrects.

    Raises:
        PositionBeyondLog, CorrectingEventUnsuitable
    """
    parameters = {"programme_id": programme_id, "position": position}
    row = connection.execute(BREAKS["event_at"], parameters).fetchone()
    if row is None:
        head = head_of(connection, programme_id)
        raise PositionBeyondLog(position=position, log_position=head.position if head else 0)
    topic, state = row
    told = _named(state)
    if position <= after:
        raise CorrectingEventUnsuitable(
            position=position, topic=topic, reason="it is not after what is wrong"
        )
    if item is not None:
        about = {told.id, told.redemption_id, told.payout_id}
        payout = connection.execute(
            BREAKS["statement_of_payout"], {"programme_id": programme_id, "payout_id": item}
        ).fetchone()
        is_about = item in about or (payout is not None and payout[0] == told.statement_id)
    else:
        is_about = merchant_id is not None and merchant_id == _merchant(connection, programme_id, told)
    if not is_about:
        raise CorrectingEventUnsuitable(position=position, topic=topic, reason="it is about something else")
    return str(topic)


def _named(state: bytes) -> _Named:
    try:
        return _decoder.decode(state)
    except msgspec.ValidationError:
        # Some events have other things under these names: they are about none of them.
        return _Named()


def _merchant(connection: Any, programme_id: str, told: _Named) -> str | None:
    if told.merchant_id:
        return told.merchant_id
    # As the log has it: views may not have come as far.
    own_id = told.redemption_id or told.id
    parameters = {
        "programme_id": programme_id,
        "stream_id": UUID(bytes=stream_id(programme_id, REDEMPTION, own_id)),
    }
    row = connection.execute(BREAKS["first_of_stream"], parameters).fetchone()
    return _named(row[0]).merchant_id or None if row else None
