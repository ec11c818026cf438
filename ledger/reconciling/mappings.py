"""How merchants' own files are read: mappings, kept beside the merchant in versions that never change."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from ledger.bills import Mapping, read_mapping
from ledger.domain import addresses
from ledger.domain.errors import MappingNotFound
from ledger.projections.balances import read_account
from ledger.reconciling.queries import FILES
from ledger.reconciling.shapes import SavedMapping
from ledger.store.database import Database


class Decoded(NamedTuple):
    """A mapping, ready to read by."""

    version: int
    mapping: Mapping


class Mappings:
    """The mappings of this deployment's merchants."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def save(
        self, programme_id: str, merchant_id: str, document: bytes | dict[str, Any], *, by: str
    ) -> SavedMapping:
        """Keep a mapping as a further version; the latest one again stays the version that it is.

        Raises:
            ProgrammeNotFound, AccountNotFound, BillMappingUnsuitable
        """
        read_account(self._database, programme_id, addresses.merchant(merchant_id))
        text = msgspec.json.encode(read_mapping(document), order="deterministic").decode()
        parameters = {
            "programme_id": programme_id,
            "merchant_id": merchant_id,
            "mapping": text,
            "at": self._clock(),
            "by": by,
        }
        latest = ""
        # Somebody else may save another one in the same moment; then ours is the next.
        while latest != text:
            with self._database.connection() as connection:
                connection.execute(FILES["save_mapping"], parameters)
                row = connection.execute(FILES["mapping"], {**parameters, "version": None}).fetchone()
            latest = row[1] if row else ""
        return self.read(programme_id, merchant_id)

    def read(self, programme_id: str, merchant_id: str, version: int | None = None) -> SavedMapping:
        """Give a version; the latest when None.

        Raises:
            MappingNotFound
        """
        parameters = {"programme_id": programme_id, "merchant_id": merchant_id, "version": version}
        with self._database.connection() as connection:
            row = connection.execute(FILES["mapping"], parameters).fetchone()
        if row is None:
            raise MappingNotFound(merchant_id=merchant_id, version=version)
        found, text, saved_at, saved_by = row
        return SavedMapping(merchant_id, found, msgspec.json.decode(text), saved_at.astimezone(UTC), saved_by)

    def decoded(self, programme_id: str, merchant_id: str, version: int | None) -> Decoded:
        """Give a version to read by.

        Raises:
            MappingNotFound
        """
        saved = self.read(programme_id, merchant_id, version)
        return Decoded(saved.version, read_mapping(saved.mapping))
