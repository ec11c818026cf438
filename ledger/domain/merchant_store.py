"""Merchants' stores: where a voucher is used.

Rule of the room: Events → State → Decide → Evolve; all pure. A store belongs to one merchant for
good, and its id is used once in a programme.
"""

from datetime import datetime
from typing import ClassVar

from ledger.domain import addresses
from ledger.domain.book import Accounts
from ledger.domain.errors import StoreClosedAlready, StoreNotFound
from ledger.domain.identifiers import EntityId, Name, Text
from ledger.domain.instants import utc
from ledger.domain.messages import Command, Event
from ledger.domain.owners import require_known
from ledger.domain.registers import Entry, EntryKey, Registers, key_of


class OpenStore(Command, frozen=True, kw_only=True, tag_field="kind", tag="store.open"):
    """Open a store of a merchant."""

    id: EntityId
    merchant_id: EntityId
    name_zh: Name
    name_en: Name


class CloseStore(Command, frozen=True, kw_only=True, tag_field="kind", tag="store.close"):
    """Close a store for good: no voucher is used there any more."""

    store_id: EntityId
    merchant_id: EntityId
    reason: Text


# --- Events -------------------------------------------------------------------------------------


class StoreOpened(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A store of a merchant was opened."""

    topic: ClassVar[str] = "store.opened"

    id: str
    merchant_id: str
    name_zh: str
    name_en: str


class StoreClosed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A store was closed."""

    topic: ClassVar[str] = "store.closed"

    store_id: str
    merchant_id: str
    reason: str


# --- State --------------------------------------------------------------------------------------


class Store(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """What decisions need of one store; the key is its merchant and its id."""

    register: ClassVar[str] = "stores"

    is_open: bool = True


def store_entry(merchant_id: str, store_id: str) -> EntryKey:
    """Name the entry of a merchant's store."""
    return Store, key_of(merchant_id, store_id)


# --- Decide -------------------------------------------------------------------------------------


def open_store(command: OpenStore, accounts: Accounts, recorded_at: datetime) -> StoreOpened:
    """Open a store; that no store has the id is seen when its stream is written.

    Raises:
        AccountNotFound, AccountClosed: the merchant.
    """
    merchant = addresses.merchant(command.merchant_id)
    require_known(accounts[merchant], merchant)
    return StoreOpened(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        merchant_id=command.merchant_id,
        name_zh=command.name_zh,
        name_en=command.name_en,
    )


def close_store(command: CloseStore, registers: Registers, recorded_at: datetime) -> StoreClosed:
    """Close a store.

    Raises:
        StoreNotFound, StoreClosedAlready
    """
    require_open_store(registers, command.merchant_id, command.store_id)
    return StoreClosed(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        store_id=command.store_id,
        merchant_id=command.merchant_id,
        reason=command.reason,
    )


def require_open_store(registers: Registers, merchant_id: str, store_id: str) -> None:
    """Refuse what is no open store of a merchant.

    Raises:
        StoreNotFound, StoreClosedAlready
    """
    store = registers.get(Store, key_of(merchant_id, store_id))
    if store is None:
        raise StoreNotFound(merchant_id=merchant_id, store_id=store_id)
    if not store.is_open:
        raise StoreClosedAlready(merchant_id=merchant_id, store_id=store_id)


# --- Evolve -------------------------------------------------------------------------------------


def evolve(registers: Registers, event: StoreOpened | StoreClosed) -> None:
    """Put what is known of a store after it was opened or closed."""
    own_id = event.id if isinstance(event, StoreOpened) else event.store_id
    store = Store(is_open=isinstance(event, StoreOpened))
    registers.put(Store, key_of(event.merchant_id, own_id), store)
