"""Files of merchants, payment services and banks: imported once, read back, withdrawn.

Rule of the room: what a file says never changes. A content counts once, under whatever name it comes;
one that was imported wrongly is withdrawn, and its rows stay for the runs that stood on them.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import uuid4

import msgspec

from ledger.bills import Bill, BillKind, BillTotals, open_bill
from ledger.domain import addresses
from ledger.domain.errors import FieldsInvalid, FileImportedOtherwise, ReconciliationFileNotFound
from ledger.projections.balances import read_account
from ledger.projections.waiting import terms_of
from ledger.reconciling.copying import Copied, Watch, copy_rows
from ledger.reconciling.mappings import Mappings
from ledger.reconciling.queries import FILES
from ledger.reconciling.shapes import BillFile, FileTotals, Imported
from ledger.store.database import Database

READ_BYTES: Final = 1_048_576


class FileHappening(NamedTuple):
    """What somebody did with a file."""

    number: int
    at: datetime
    by: str
    what: str
    note: str


class _Named(NamedTuple):
    """A file under its id."""

    file_id: str
    content_sha256: str
    mapping_version: int | None


class Files:
    """The files of this deployment's programmes."""

    def __init__(self, database: Database, mappings: Mappings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._mappings = mappings
        self._clock = clock

    def add(
        self,
        programme_id: str,
        path: Path,
        *,
        kind: BillKind,
        name: str,
        by: str,
        merchant_id: str | None = None,
        mapping_version: int | None = None,
        watch: Watch = lambda _rows: None,
    ) -> Imported:
        """Import a file, unless it counts already.

        Args:
            programme_id: whose.
            path: where it is.
            kind: what it is.
            name: as people know it.
            by: who imports it.
            merchant_id: whose file it is. A merchant's own file has one; a trade bill that has one is taken
                to be complete for it; other bills have none.
            mapping_version: by which a merchant's own file is read; the latest when None.
            watch: told how many rows are there.

        Raises:
            ProgrammeNotFound, FieldsInvalid, AccountNotFound, MappingNotFound, BillFileUnsuitable,
            FileImportedOtherwise: the content counts as something else.
        """
        terms_of(self._database, programme_id)
        self._check_owner(programme_id, kind, merchant_id, mapping_version)
        saved = None
        if kind == "merchant" and merchant_id is not None:
            saved = self._mappings.decoded(programme_id, merchant_id, mapping_version)
        sha256 = _sha256_of(path)
        said = msgspec.json.encode([sha256, kind, merchant_id, saved and saved.version])
        named = _Named(hashlib.sha256(said).hexdigest()[:24], sha256, saved and saved.version)
        if (known := self._known(programme_id, named)) is not None:
            return known
        with open_bill(path, kind, saved and saved.mapping) as bill:
            outcome = self._import(programme_id, bill, named, merchant_id, name=name, by=by, watch=watch)
        return outcome or self._require_known(programme_id, named)

    def read(self, programme_id: str, file_id: str) -> BillFile:
        """Give one file.

        Raises:
            ReconciliationFileNotFound
        """
        with self._database.connection() as connection:
            row = connection.execute(
                FILES["read"], {"programme_id": programme_id, "file_id": file_id}
            ).fetchone()
        if row is None:
            raise ReconciliationFileNotFound(file_id=file_id)
        return _file(row)

    def page(
        self, programme_id: str, *, after: str, limit: int, merchant_id: str | None = None
    ) -> list[BillFile]:
        """Give files by id, withdrawn ones too."""
        parameters = {
            "programme_id": programme_id,
            "after": after,
            "limit": limit,
            "merchant_id": merchant_id,
        }
        with self._database.connection() as connection:
            return [_file(row) for row in connection.execute(FILES["list"], parameters)]

    def history(self, programme_id: str, file_id: str) -> Sequence[FileHappening]:
        """Give what was done with a file, in order."""
        with self._database.connection() as connection:
            rows = connection.execute(FILES["history"], {"programme_id": programme_id, "file_id": file_id})
            return [
                FileHappening(number, at.astimezone(UTC), by, what, note)
                for number, at, by, what, note in rows
            ]

    def withdraw(self, programme_id: str, file_id: str, *, by: str, reason: str) -> BillFile:
        """Let a file count no longer; runs that stood on it stay as they are.

        Raises:
            ReconciliationFileNotFound
        """
        parameters = {"programme_id": programme_id, "file_id": file_id, "at": self._clock(), "by": by}
        with self._database.connection() as connection, connection.transaction():
            if connection.execute(FILES["lock"], parameters).fetchone() is None:
                raise ReconciliationFileNotFound(file_id=file_id)
            if connection.execute(FILES["withdraw"], parameters).fetchone() is not None:
                connection.execute(FILES["remember"], {**parameters, "what": "withdrawn", "note": reason})
        return self.read(programme_id, file_id)

    # --- before ---------------------------------------------------------------------------------

    def _check_owner(
        self, programme_id: str, kind: BillKind, merchant_id: str | None, version: int | None
    ) -> None:
        if kind == "merchant" and merchant_id is None:
            raise _invalid("merchant", "a merchant's own file is of a merchant")
        if kind not in {"merchant", "wechat_trades"} and merchant_id is not None:
            raise _invalid("merchant", "this bill is of no one merchant")
        if kind != "merchant" and version is not None:
            raise _invalid("mapping", "only a merchant's own file is read by a mapping")
        if merchant_id is not None:
            read_account(self._database, programme_id, addresses.merchant(merchant_id))

    def _known(self, programme_id: str, named: _Named) -> Imported | None:
        """Give the file that counts with this content already; None when none does."""
        parameters = {"programme_id": programme_id, "content_sha256": named.content_sha256}
        with self._database.connection() as connection:
            row = connection.execute(FILES["file_of_content"], parameters).fetchone()
        if row is None:
            return None
        known = self.read(programme_id, row[0])
        if known.file_id != named.file_id:
            raise FileImportedOtherwise(
                file_id=known.file_id,
                kind=known.kind,
                merchant_id=known.merchant_id,
                mapping_version=known.mapping_version,
            )
        return Imported(known, is_new=False)

    def _require_known(self, programme_id: str, named: _Named) -> Imported:
        known = self._known(programme_id, named)
        if known is None:
            # Withdrawn in the very moment between; whoever imports again finds it as it is then.
            raise ReconciliationFileNotFound(file_id=named.file_id)
        return known

    # --- the import ----------------------------------------------------------------------------

    def _import(
        self,
        programme_id: str,
        bill: Bill,
        named: _Named,
        merchant_id: str | None,
        *,
        name: str,
        by: str,
        watch: Watch,
    ) -> Imported | None:
        """Import in one transaction; None when somebody else was quicker."""
        own = {"programme_id": programme_id, "file_id": named.file_id, "at": self._clock(), "by": by}
        try:
            with self._database.connection() as connection, connection.transaction():
                if connection.execute(FILES["restore"], own).fetchone() is None:
                    file_no = uuid4().int >> 65
                    copied = copy_rows(connection, programme_id, file_no, iter(bill), watch)
                    row = own | _columns(bill, copied) | named._asdict()
                    row |= {"file_no": file_no, "merchant_id": merchant_id, "name": name, "kind": bill.kind}
                    _require_added(connection.execute(FILES["add"], row).fetchone())
                    connection.execute(FILES["remember"], {**own, "what": "imported", "note": name})
                else:
                    connection.execute(FILES["remember"], {**own, "what": "restored", "note": name})
        except _Counted:
            return None
        return Imported(self.read(programme_id, named.file_id), is_new=True)


class _Counted(Exception):
    """The content counts already: the rows copied go with the transaction."""


def _require_added(added: object) -> None:
    if added is None:
        raise _Counted


def _columns(bill: Bill, copied: Copied) -> dict[str, Any]:
    totals = bill.totals
    told = FileTotals(
        unreadable=totals.unreadable,
        passed_over=totals.passed_over,
        is_agreed=totals.is_agreed,
        of_kind=msgspec.to_builtins(totals.of_kind),
        differences=msgspec.to_builtins(totals.differences),
        examples=copied.examples,
    )
    return {
        "size_bytes": bill.path.stat().st_size,
        "rows": totals.rows,
        "value_fen": totals.value_fen,
        "fee_fen": totals.fee_fen,
        "first_on": totals.first_on,
        "last_on": totals.last_on,
        "until_on": _until(totals),
        "totals": msgspec.json.encode(told).decode(),
    }


def _until(totals: BillTotals) -> date | None:
    """Give the day up to which a bill tells of its account."""
    days = [balance.on for balance in totals.balances if balance.on is not None]
    return max([*days, *([totals.last_on] if totals.last_on else [])], default=None)


def _sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _invalid(field: str, message: str) -> FieldsInvalid:
    return FieldsInvalid(errors=[{"field": field, "message": message}])


def _file(row: Sequence[Any]) -> BillFile:
    values: list[Any] = [value.astimezone(UTC) if isinstance(value, datetime) else value for value in row]
    place = BillFile._fields.index("totals")
    values[place] = msgspec.json.decode(values[place], type=FileTotals)
    return BillFile(*values)
