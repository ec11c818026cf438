"""Vouchers as those see them who hand them out and take them in: with their codes.

Rule of the room: a code is made again whenever it is shown, and looked up by its digest; nothing
here keeps one.
"""

from datetime import datetime
from functools import reduce
from typing import Any, NamedTuple

from ledger.config import Settings
from ledger.domain.errors import ContentDiffers, ProgrammeNotFound, VoucherKeyMissing, VoucherUnknown
from ledger.domain.merchant_store import store_entry
from ledger.domain.redemption import FulfilRedemption, Redemption, RedemptionHeld, evolve
from ledger.domain.registers import Entry, EntryKey, Registers
from ledger.domain.voucher import Voucher, require_usable
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.registers import load_entries
from ledger.voucher_codes import code_with, digest_of, make_code, qr_payload, read_code
from ledger.writer import Recorded, Writer


class VoucherKeys(NamedTuple):
    """The secrets of a deployment."""

    current: str | None
    """With which codes are made; None where none are."""
    before: tuple[str, ...]
    """Whose codes are still known."""

    def known(self) -> tuple[str, ...]:
        """Give all of them, the current one first.

        Raises:
            VoucherKeyMissing: there is none.
        """
        known = self.before if self.current is None else (self.current, *self.before)
        if not known:
            raise VoucherKeyMissing
        return known


def keys_of(settings: Settings) -> VoucherKeys:
    """Give the secrets that the settings name."""
    before = settings.voucher_keys_before
    return VoucherKeys(settings.voucher_key, tuple(before.split(",")) if before else ())


class VoucherView(NamedTuple):
    """One voucher as it stands."""

    position: int
    """Of its last event."""
    redemption: Redemption
    code: str | None
    """While it is held; None afterwards."""


def voucher_document(programme_id: str, view: VoucherView) -> dict[str, Any]:
    """Give a voucher as plain values, the same over HTTP and at the command line."""
    held, used = view.redemption.held, view.redemption.used
    return {
        "redemption_id": held.id,
        "position": view.position,
        "status": view.redemption.status,
        "offer_id": held.offer_id,
        "offer_version": held.offer_version,
        "merchant_id": held.merchant_id,
        "code": view.code,
        "qr_payload": view.code and qr_payload(programme_id, view.code),
        "deadline_at": held.deadline_at,
        "used_at": used and used.recorded_at,
        "store_id": used and used.store_id,
    }


class Vouchers:
    """The vouchers of all programmes."""

    def __init__(self, database: Database, log: Log, writer: Writer, keys: VoucherKeys) -> None:
        self._database = database
        self._log = log
        self._writer = writer
        self._keys = keys

    def digest(self, programme_id: str, redemption_id: str) -> str:
        """Give the digest of the code that a voucher is going to have.

        Raises:
            VoucherKeyMissing
        """
        if self._keys.current is None:
            raise VoucherKeyMissing
        code = make_code(self._keys.current, programme_id, redemption_id)
        return digest_of(self._keys.current, programme_id, code)

    def code(self, programme_id: str, held: RedemptionHeld) -> str:
        """Give a voucher's code, by whichever key made it.

        Raises:
            VoucherUnknown: it is no voucher.
            VoucherKeyMissing: the key that made it is not here.
        """
        if held.code_digest is None:
            raise VoucherUnknown
        code = code_with(self._keys.known(), programme_id, held.id, held.code_digest)
        if code is None:
            raise VoucherKeyMissing
        return code

    def read(self, programme_id: str, redemption_id: str) -> VoucherView:
        """Read a voucher, with its code while it is held.

        Raises:
            VoucherUnknown, VoucherKeyMissing
        """
        position, redemption = self._redemption(programme_id, redemption_id)
        if redemption is None or redemption.held.code_digest is None:
            raise VoucherUnknown
        code = self.code(programme_id, redemption.held) if redemption.status == "held" else None
        return VoucherView(position, redemption, code)

    def fulfil(self, programme_id: str, *, code: str, store_id: str, occurred_at: datetime) -> Recorded:
        """Use a voucher in a store.

        Args:
            programme_id: whose.
            code: as somebody typed or scanned it.
            store_id: where.
            occurred_at: when; the same use sent again has the same.

        Raises:
            ProgrammeNotFound, VoucherKeyMissing,
            VoucherUnknown: no voucher has the code, or it is none,
            LedgerError: whatever refuses the use.
        """
        redemption_id, digest = self._find(programme_id, code)
        command = FulfilRedemption(
            occurred_at=occurred_at, redemption_id=redemption_id, store_id=store_id, code_digest=digest
        )
        try:
            return self._writer.submit(programme_id, command)
        except ContentDiffers:
            self._refuse_used(programme_id, command)
            raise

    def _find(self, programme_id: str, text: str) -> tuple[str, str]:
        """Give whose code this is, and its digest."""
        if self._log.head(programme_id) is None:
            raise ProgrammeNotFound(programme_id=programme_id)
        keys, code = self._keys.known(), read_code(text, programme_id)
        if code is None:
            raise VoucherUnknown
        digests = [digest_of(key, programme_id, code) for key in keys]
        found = self._entries(programme_id, *((Voucher, digest) for digest in digests))
        for digest in digests:
            voucher = found.get(Voucher, digest)
            if voucher is not None:
                return voucher.redemption_id, digest
        raise VoucherUnknown

    def _refuse_used(self, programme_id: str, command: FulfilRedemption) -> None:
        """Tell a voucher that was used otherwise by when and where, or that the store is none of its own."""
        _, redemption = self._redemption(programme_id, command.redemption_id)
        if redemption is None or redemption.used is None or command.store_id is None:
            return
        entries = self._entries(programme_id, store_entry(redemption.held.merchant_id, command.store_id))
        used_at = redemption.used.recorded_at
        require_usable(command, redemption, entries, used_at.date().isoformat(), used_at)

    def _redemption(self, programme_id: str, redemption_id: str) -> tuple[int, Redemption | None]:
        events = self._log.stream(programme_id, "redemption", redemption_id)
        redemption = reduce(evolve, map(self._log.decode, events), None)
        return (events[-1].position if events else 0), redemption

    def _entries(self, programme_id: str, *keys: EntryKey) -> Registers:
        with self._database.connection() as connection:
            found: dict[EntryKey, Entry | None] = dict(load_entries(connection, programme_id, keys))
        registers = Registers()
        registers.load(found)
        return registers
