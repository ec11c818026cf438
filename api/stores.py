"""Merchants' stores over HTTP."""

import re
from typing import Final

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answers import event_document, found, recorded
from api.key_cursors import CURSOR, cursor_of, key_after
from api.offers_schemas import StoresAnswer
from api.queries import query_parameter, whole_number
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain import addresses
from ledger.domain.errors import AccountNotFound
from ledger.domain.identifiers import ENTITY_ID
from ledger.domain.limits import ACCOUNT_CHARS_MAX, STORES_SHOWN_MAX
from ledger.domain.merchant_store import CloseStore, OpenStore
from ledger.projections.balances import read_account
from ledger.projections.offers import read_stores

routes = Routes("stores", description="Where merchants take vouchers.")

ALL: Final = f"{IN_PROGRAMME}/merchants/<merchant_id>/stores"

_ENTITY_ID: Final = re.compile(ENTITY_ID)
_LIMIT: Final = query_parameter(
    "limit", "Stores on one page, at most.", least=1, most=STORES_SHOWN_MAX, default=STORES_SHOWN_MAX
)


@routes.post(ALL)
@routes.takes(OpenStore, from_path=("merchant_id",))
def open_store(command: OpenStore, programme_id: str) -> Response:
    """Open a store of a merchant."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.post(f"{ALL}/<store_id>/close")
@routes.takes(CloseStore, from_path=("merchant_id", "store_id"))
def close_store(command: CloseStore, programme_id: str) -> Response:
    """Close a store for good: no voucher is used there any more."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(ALL)
@routes.gives(
    StoresAnswer, Access(EVERY_ROLE, query=frozenset({"limit", "cursor"})), parameters=(_LIMIT, CURSOR)
)
def list_stores(programme_id: str, merchant_id: str) -> Response:
    """Read a merchant's stores in order of their ids, open and closed."""
    account = addresses.merchant(merchant_id)
    if _ENTITY_ID.fullmatch(merchant_id) is None:
        raise AccountNotFound(account=account[:ACCOUNT_CHARS_MAX])
    database = the_ledger().database
    limit = whole_number("limit", least=1, most=STORES_SHOWN_MAX, default=STORES_SHOWN_MAX)
    after = key_after(parts=1)
    read_account(database, programme_id, account)  # or there is no such merchant
    position, stores = read_stores(database, programme_id, merchant_id, after=after, limit=limit + 1)
    shown = stores[:limit]
    return found(
        {
            "position": position,
            "merchant_id": merchant_id,
            "stores": [
                {"id": store.store_id, "is_open": store.is_open, "opening": event_document(store.opening)}
                for store in shown
            ],
            "next_cursor": cursor_of(shown[-1].store_id if len(stores) > limit else None),
        }
    )
