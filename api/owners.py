"""What participants, organisations, merchants and funds have in common when they are read."""

import re
from typing import Final

from flask import Response

from api.answers import event_document, found
from api.serving import the_ledger
from ledger.domain.errors import AccountNotFound
from ledger.domain.identifiers import ENTITY_ID
from ledger.domain.limits import ACCOUNT_CHARS_MAX
from ledger.projections.balances import read_account

_ENTITY_ID: Final = re.compile(ENTITY_ID)


def owner(programme_id: str, kind: str, owner_id: str, account: str) -> Response:
    """Answer with an owner's status and its opening event, where there is one.

    Raises:
        ProgrammeNotFound, AccountNotFound
    """
    if _ENTITY_ID.fullmatch(owner_id) is None:
        raise AccountNotFound(account=account[:ACCOUNT_CHARS_MAX])
    ledger = the_ledger()
    view = read_account(ledger.database, programme_id, account)
    opening = next(iter(ledger.log.stream(programme_id, kind, owner_id)), None)
    return found(
        {
            "id": owner_id,
            "status": view.status,
            "position": view.position,
            "opening": opening and event_document(opening),
        }
    )
