"""Writing views as of a position into files that are the same on every machine.

Rule of the room: what is written follows from the log and the position alone: rows by their key,
no clock, no name of a machine, and nothing that depends on how the work was cut into batches.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import uuid4

import msgspec
import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import parquet

from ledger import row_groups
from ledger.domain.errors import PositionBeyondLog, ProgrammeNotFound, ViewUnbuildable
from ledger.domain.instants import utc
from ledger.projections.registry import VIEWS
from ledger.projections.view import View
from ledger.row_groups import RowGroups
from ledger.shadowing import Builder, Progress, no_progress
from ledger.store.database import Database
from ledger.store.exporting import Column, Kind, TableReader
from ledger.store.log import Log

FORMAT: Final = 2
"""Raised when the same rows would be written otherwise."""
PIECE_ROWS: Final = 500
"""Rows that are read and turned into text at a time: a row may have some thousands of bytes."""
LINE_END: Final = "\r\n"

_ARROW: Final[dict[Kind, pa.DataType]] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "smallint": pa.int16(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
    "bytea": pa.binary(),
}

_CELLS: Final[dict[Kind, Callable[[Any], str]]] = {
    "text": lambda text: '"' + text.replace('"', '""') + '"',
    "bigint": str,
    "integer": str,
    "smallint": str,
    "boolean": lambda truth: "true" if truth else "false",
    "date": lambda day: day.isoformat(),
    "timestamp with time zone": lambda instant: utc(instant).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    "bytea": lambda octets: octets.hex(),
}
"""How a value stands in a CSV file: text always in quotes, so that an empty cell is no value."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was written."""

    name: str
    view: str
    rows: int
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an export consists of; `manifest.json`."""

    format: int
    pyarrow: str
    """The version that wrote the Parquet files: another one may write the same rows as other bytes."""
    programme_id: str
    position: int
    """Up to which event the views show the log."""
    files: list[File]


def export(
    database: Database,
    programme_id: str,
    *,
    until: int,
    folder: Path,
    views: Mapping[str, type[View]] = VIEWS,
    on_progress: Progress = no_progress,
) -> Manifest:
    """Write every view of a programme as it stood at a position, as CSV and as Parquet.

    Args:
        database: as `Builder` needs it.
        programme_id: whose.
        until: the position.
        folder: where; made when all is written, and not there or empty before.
        views: by name.
        on_progress: told of events taken.

    Raises:
        ProgrammeNotFound: nobody opened it.
        PositionBeyondLog: the log does not reach as far.
        ViewUnbuildable: a view cannot take an event.
    """
    head = Log(database).head(programme_id)
    if head is None:
        raise ProgrammeNotFound(programme_id=programme_id)
    if until > head:
        raise PositionBeyondLog(position=until, log_position=head)
    builder = Builder(database, f"views_export_{uuid4().hex[:12]}", views)
    with builder.built(keep_after_failure=False), _written_whole(folder) as part:
        stopped = builder.bring(programme_id, dict.fromkeys(views, until), on_progress)
        for view, at in stopped.items():
            raise ViewUnbuildable(view=view, position=at.position, topic=at.topic, error=at.error)
        files = [file for view in sorted(views) for file in _write_view(builder, programme_id, view, part)]
        manifest = Manifest(
            format=FORMAT, pyarrow=pa.__version__, programme_id=programme_id, position=until, files=files
        )
        lines = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
        (part / "manifest.json").write_bytes(lines)
    return manifest


@contextmanager
def _written_whole(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, which takes its name when everything is there."""
    part = folder.with_name(f"{folder.name}.{uuid4().hex[:12]}.part")
    part.mkdir(parents=True)
    try:
        yield part
        part.replace(folder)
    except BaseException:
        shutil.rmtree(part)
        raise


def _write_view(builder: Builder, programme_id: str, view: str, folder: Path) -> Iterator[File]:
    for table in builder.tables[view]:
        with builder.database.connection() as connection, connection.transaction():
            reader = TableReader(connection, table, programme_id)
            paths = [folder / f"{table.table}.{ending}" for ending in ("csv", "parquet")]
            rows = _write_table(reader, *paths)
        for path in paths:
            with path.open("rb") as written:
                digest = hashlib.file_digest(written, "sha256").hexdigest()
            yield File(name=path.name, view=view, rows=rows, bytes=path.stat().st_size, sha256=digest)


def _write_table(reader: TableReader, csv_path: Path, parquet_path: Path) -> int:
    """Write a table to both files, going over its rows once; give how many there are."""
    columns = reader.columns
    schema = pa.schema(
        [pa.field(column.name, _ARROW[column.kind], nullable=column.may_be_null) for column in columns]
    )
    rows_written = 0
    with (
        csv_path.open("wb") as csv,
        parquet.ParquetWriter(parquet_path, schema, compression="zstd") as writer,
    ):
        csv.write((",".join(column.name for column in columns) + LINE_END).encode())
        groups = RowGroups(writer, schema)
        for rows in reader.batches(min(PIECE_ROWS, row_groups.ROW_GROUP_ROWS)):
            values = list(zip(*rows, strict=True))
            _write_csv(csv, columns, values)
            groups.add(values)
            rows_written += len(rows)
        groups.end()
    return rows_written


def _write_csv(csv: BinaryIO, columns: Sequence[Column], values: Sequence[Sequence[Any]]) -> None:
    cells = [
        ["" if value is None else cell(value) for value in one]
        for one, cell in zip(values, (_CELLS[column.kind] for column in columns), strict=True)
    ]
    lines = [",".join(line) for line in zip(*cells, strict=True)]
    csv.write((LINE_END.join(lines) + LINE_END).encode())
