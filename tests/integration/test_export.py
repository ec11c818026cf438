"""Exporting views as of a position: the same bytes everywhere, and nothing but what the log gives."""

import csv
import hashlib
import json
import tracemalloc
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from pyarrow import parquet

from ledger import export as exporting
from ledger import row_groups
from ledger.domain.errors import PositionBeyondLog, ProgrammeNotFound, ViewUnbuildable
from ledger.export import export
from ledger.projections.checksums import CHECKSUM_BYTES, Checksums
from ledger.projections.registry import VIEWS
from ledger.projections.view import Page, Table, View
from ledger.shadowing import Builder
from ledger.store.database import Database
from ledger.store.exporting import TableReader
from ledger.store.shadow import TablePair
from tests.integration.told import LARGE_TABLES, PROGRAMME, TABLES, Damage, proving_database, tell

UNTIL = 30


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_table_is_written_twice_and_stands_in_the_manifest(proving: Database, tmp_path: Path) -> None:
    manifest = export(proving, PROGRAMME, until=UNTIL, folder=tmp_path / "out")
    files = _files(tmp_path / "out")
    assert set(files) == {"manifest.json"} | {
        f"{table}.{ending}" for _, table in TABLES + LARGE_TABLES for ending in ("csv", "parquet")
    }
    told = json.loads(files["manifest.json"])
    assert (told["position"], told["programme_id"]) == (UNTIL, PROGRAMME)
    assert [one["name"] for one in told["files"]] == [one.name for one in manifest.files]
    for one in told["files"]:
        content = files[one["name"]]
        assert (one["sha256"], one["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))


def test_the_files_are_the_same_to_the_byte_whenever_and_wherever_they_are_written(
    proving: Database, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(proving, PROGRAMME, until=UNTIL, folder=tmp_path / "one")
    tell(database)  # another database, whose views nobody follows
    defaults = Builder.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "page_events_max", 7)
    with proving_database(database) as other:
        export(other, PROGRAMME, until=UNTIL, folder=tmp_path / "two")
    assert _files(tmp_path / "one") == _files(tmp_path / "two")


def test_rows_are_in_the_order_of_their_key_and_both_files_say_the_same(
    proving: Database, tmp_path: Path
) -> None:
    export(proving, PROGRAMME, until=UNTIL, folder=tmp_path / "out")
    for view in VIEWS.values():
        for table in view.tables:
            rows = parquet.read_table(tmp_path / "out" / f"{table.name}.parquet").to_pylist()
            keys = [tuple(row[column] for column in table.key) for row in rows]
            assert keys == sorted(keys)
            assert all(row["position"] <= UNTIL for row in rows)
            content = (tmp_path / "out" / f"{table.name}.csv").read_bytes()
            assert content.count(b"\r\n") == content.count(b"\n") == len(rows) + 1
            lines = list(csv.reader(content.decode().splitlines()))
            assert lines[0] == list(parquet.read_schema(tmp_path / "out" / f"{table.name}.parquet").names)
            assert [[_cell(value) for value in row.values()] for row in rows] == lines[1:]


def _cell(value: Any) -> str:
    """How a value stands in a CSV file, written down a second time."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case bytes():
            return value.hex()
        case datetime():
            return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
        case date():
            return value.isoformat()
    return str(value)


def test_no_value_and_empty_text_are_told_apart() -> None:
    text = exporting._CELLS["text"]
    assert (text(""), text('a "b", c')) == ('""', '"a ""b"", c"')


def test_row_groups_do_not_depend_on_how_rows_come(
    proving: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_groups, "ROW_GROUP_ROWS", 2)
    export(proving, PROGRAMME, until=UNTIL, folder=tmp_path / "out")
    for _, table in TABLES:
        written = parquet.ParquetFile(tmp_path / "out" / f"{table}.parquet")
        sizes = [written.metadata.row_group(n).num_rows for n in range(written.num_row_groups)]
        assert all(size == 2 for size in sizes[:-1])
        assert sum(sizes) == written.metadata.num_rows


def test_a_row_group_ends_before_its_rows_come_to_too_many_bytes(
    proving: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(proving, PROGRAMME, until=UNTIL, folder=tmp_path / "whole")
    monkeypatch.setattr(exporting, "PIECE_ROWS", 3)
    monkeypatch.setattr(row_groups, "ROW_GROUP_BYTES", 1)
    export(proving, PROGRAMME, until=UNTIL, folder=tmp_path / "cut")
    for _, table in TABLES:
        cut = parquet.ParquetFile(tmp_path / "cut" / f"{table}.parquet")
        sizes = [cut.metadata.row_group(n).num_rows for n in range(cut.num_row_groups)]
        assert all(size == 3 for size in sizes[:-1])
        assert cut.read() == parquet.read_table(tmp_path / "whole" / f"{table}.parquet")
        whole = tmp_path / "whole" / f"{table}.csv"
        assert whole.read_bytes() == (tmp_path / "cut" / f"{table}.csv").read_bytes()


def test_a_table_of_wide_rows_is_written_in_little_memory(
    proving: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PIECE_ROWS", 50)
    monkeypatch.setattr(row_groups, "ROW_GROUP_BYTES", 1_000_000)
    table = TablePair("views", "checksums", Checksums.tables[0].key)
    pool = pa.proxy_memory_pool(pa.default_memory_pool())
    before = pa.default_memory_pool()
    with proving.connection() as connection, connection.transaction(force_rollback=True):
        connection.execute(
            "INSERT INTO views.checksums (programme_id, block, checksums, position)"
            " SELECT 'wide', n, convert_to(repeat(md5(n::text), 128), 'UTF8'), n"
            " FROM generate_series(1, 3000) AS n"
        )
        pa.set_memory_pool(pool)
        tracemalloc.start()
        try:
            reader = TableReader(connection, table, "wide")
            rows = exporting._write_table(reader, tmp_path / "wide.csv", tmp_path / "wide.parquet")
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            pa.set_memory_pool(before)
    assert rows == 3000
    assert (tmp_path / "wide.csv").stat().st_size > 24_000_000
    assert most < 5_000_000
    assert pool.max_memory() < 8_000_000
    assert parquet.ParquetFile(tmp_path / "wide.parquet").num_row_groups == 12


def test_the_last_position_gives_what_the_live_views_show(
    damage: Damage, proving: Database, tmp_path: Path
) -> None:
    [(head,)] = damage.rows("SELECT position FROM heads")
    export(proving, PROGRAMME, until=head, folder=tmp_path / "out")
    [row] = parquet.read_table(tmp_path / "out" / "checksums.parquet").to_pylist()
    assert damage.rows("SELECT checksums, position FROM views.checksums") == [
        (row["checksums"], row["position"])
    ]
    assert len(row["checksums"]) == head * CHECKSUM_BYTES


def test_nothing_is_left_behind_and_no_live_row_changes(
    damage: Damage, proving: Database, tmp_path: Path
) -> None:
    damage.change_row("checksums")
    before = damage.table("checksums")
    export(proving, PROGRAMME, until=UNTIL, folder=tmp_path / "out")
    assert damage.table("checksums") == before
    assert damage.shadows() == []
    assert damage.rows("SELECT view_name FROM tracking WHERE view_name LIKE '%%:%%'") == []
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_position_beyond_the_log_is_refused(damage: Damage, proving: Database, tmp_path: Path) -> None:
    [(head,)] = damage.rows("SELECT position FROM heads")
    with pytest.raises(PositionBeyondLog):
        export(proving, PROGRAMME, until=head + 1, folder=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_programme_that_nobody_opened_is_not_found(proving: Database, tmp_path: Path) -> None:
    with pytest.raises(ProgrammeNotFound):
        export(proving, "nowhere", until=1, folder=tmp_path / "out")


class CannotTakeTransfers:
    """A view that stops at the first transfer."""

    name: ClassVar[str] = "checksums"
    tables: ClassVar[tuple[Table, ...]] = Checksums.tables

    def write(self, page: Page, connection: Any) -> None:
        assert not any(entry.topic == "credits.transferred" for entry in page.entries), "no gifts here"
        Checksums().write(page, connection)


def test_a_view_that_cannot_be_built_leaves_no_files(
    damage: Damage, proving: Database, tmp_path: Path
) -> None:
    views: dict[str, type[View]] = {"checksums": CannotTakeTransfers}
    with pytest.raises(ViewUnbuildable) as refused:
        export(proving, PROGRAMME, until=UNTIL, folder=tmp_path / "out", views=views)
    assert refused.value.topic == "credits.transferred"
    assert list(tmp_path.iterdir()) == []
    assert damage.shadows() == []
