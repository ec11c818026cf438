"""Writing a programme's books from its log, into a file or as text piece by piece.

Rule of the room: a log only grows, so what stood up to a position is the same whenever it is read;
nobody is kept from writing meanwhile.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from ledger.books.book import Entry, Wanted, entries_of
from ledger.books.journal import NOTATIONS, Journal, TextFormat
from ledger.books.reading import events
from ledger.books.rows import Rows
from ledger.domain.errors import ProgrammeNotFound
from ledger.projections.waiting import terms_of
from ledger.shadowing import Progress, no_progress
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.whole_file import whole_file

Format = TextFormat | Literal["parquet"]

FORMATS: Final[tuple[Format, ...]] = (*get_args(TextFormat), "parquet")


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """Books that were written."""

    file: str
    bytes: int
    position: int
    """How far the log went when the writing began."""
    entries: int
    legs: int
    accounts: int


class _Source(NamedTuple):
    """A log, as far as it goes now."""

    time_zone: str
    position: int
    entries: Iterator[Entry]


def export_books(
    database: Database, wanted: Wanted, form: Format, path: Path, *, on_progress: Progress = no_progress
) -> Exported:
    """Write the books into a file.

    Args:
        database: where the programme is.
        wanted: whose books, and how much of them.
        form: for which tool.
        path: of the file; what stands there is replaced.
        on_progress: told of events read.

    Raises:
        ProgrammeNotFound: nobody opened it.
    """
    source = _opened(database, wanted, on_progress)
    written: Journal | Rows
    with whole_file(path) as file:
        if form == "parquet":
            written = Rows(wanted, source.time_zone)
            written.write(source.entries, file)
        else:
            written = Journal(NOTATIONS[form](), wanted, source.time_zone)
            for piece in written.text(source.entries):
                file.write(piece.encode())
    return Exported(
        file=str(path),
        bytes=path.stat().st_size,
        position=source.position,
        entries=written.entries,
        legs=written.legs,
        accounts=written.accounts,
    )


def books_text(database: Database, wanted: Wanted, form: TextFormat) -> tuple[int, Iterator[str]]:
    """Give how far the log goes, and the books as text in pieces, read as they are taken.

    Raises:
        ProgrammeNotFound: nobody opened the programme.
    """
    source = _opened(database, wanted, no_progress)
    return source.position, Journal(NOTATIONS[form](), wanted, source.time_zone).text(source.entries)


def _opened(database: Database, wanted: Wanted, on_progress: Progress) -> _Source:
    time_zone = terms_of(database, wanted.programme_id).time_zone
    position = Log(database).head(wanted.programme_id)
    if position is None:
        raise ProgrammeNotFound(programme_id=wanted.programme_id)
    read = events(
        database,
        wanted.programme_id,
        time_zone,
        until=position,
        on_progress=lambda done: on_progress(wanted.programme_id, done, position),
    )
    return _Source(time_zone, position, entries_of(read, wanted))
