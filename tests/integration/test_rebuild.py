"""Rebuilding views: what differs from the log is named and put right, and nobody notices meanwhile."""

import threading
from typing import Any, ClassVar

import psycopg
import pytest

from ledger.domain.errors import RebuildRunning
from ledger.following import Follower
from ledger.projections.checksums import Checksums
from ledger.projections.leaderboards import Leaderboards
from ledger.projections.registry import VIEWS
from ledger.projections.view import Page, Table, View
from ledger.rebuild import SCHEMA, RebuildReport, rebuild
from ledger.shadowing import Builder
from ledger.store.database import Database
from ledger.store.shadow import TablePair
from ledger.verify import verify
from tests.integration.told import (
    LARGE_TABLES,
    PROGRAMME,
    TABLES,
    TABLES_OF,
    Damage,
    follow,
    proving_database,
    tell,
)
from tests.unit.builders import NOW


def _differences(report: RebuildReport) -> list[tuple[str, str, str]]:
    return [
        (view.view, difference.table, difference.kind)
        for view in report.views
        for difference in view.differences
    ]


def _nothing_left(damage: Damage) -> None:
    assert damage.shadows() == []
    assert damage.rows("SELECT view_name FROM tracking WHERE view_name LIKE '%%:%%'") == []
    assert damage.rows("SELECT view_name FROM stopped_views") == []


def test_an_untouched_view_is_equal_and_nothing_is_left_behind(damage: Damage, proving: Database) -> None:
    report = rebuild(proving)
    assert report.is_equal
    assert {view.view for view in report.views} == set(VIEWS)
    [(head,)] = damage.rows("SELECT position FROM heads")
    assert report.events == head * len(VIEWS)
    assert {(view.position, view.is_replaced) for view in report.views} == {(head, False)}
    _nothing_left(damage)


@pytest.mark.parametrize("view", VIEWS)
def test_a_changed_row_of_each_table_is_named_with_its_event_and_put_right(
    damage: Damage, proving: Database, view: str
) -> None:
    before = {table: damage.table(table) for table in TABLES_OF[view]}
    changed = {table: damage.change_row(table) for table in before}
    assert all(damage.table(table) != rows for table, rows in before.items())
    report = rebuild(proving)
    assert not report.is_equal
    found = [difference for one in report.views for difference in one.differences]
    for table, column in changed.items():
        of_table = [difference for difference in found if difference.table == table]
        if [difference.kind for difference in of_table] == ["changed"]:
            assert [change.column for change in of_table[0].changes] == [column]
        else:  # a column of the key
            assert {difference.kind for difference in of_table} == {"missing", "unexpected"}, table
    assert {difference.table for difference in found} == before.keys()
    assert all(difference.topic is not None for difference in found if difference.kind != "unexpected")
    assert [one.view for one in report.views if one.is_replaced] == [view]
    assert {table: damage.table(table) for table in before} == before
    assert rebuild(proving).is_equal
    _nothing_left(damage)


@pytest.mark.parametrize("view", VIEWS)
def test_a_removed_row_of_each_table_is_named_and_put_back(
    damage: Damage, proving: Database, view: str
) -> None:
    before = {table: damage.table(table) for table in TABLES_OF[view]}
    for table in before:
        damage.remove_row(table)
    found = _differences(rebuild(proving))
    assert sorted(found) == sorted((view, table, "missing") for table in before)
    assert {table: damage.table(table) for table in before} == before


@pytest.mark.parametrize("view", VIEWS)
def test_rows_of_a_programme_that_nobody_opened_are_named_and_taken_away(
    damage: Damage, proving: Database, view: str
) -> None:
    before = {table: damage.table(table) for table in TABLES_OF[view]}
    for table in before:
        damage.add_row(table, "nowhere")
    report = rebuild(proving)
    assert sorted(_differences(report)) == sorted((view, table, "unexpected") for table in before)
    assert {one.programme_id for one in report.views if one.differences} == {"nowhere"}
    assert report.views[-1].programme_id == "nowhere"
    assert {table: damage.table(table) for table in before} == before


@pytest.mark.parametrize(("view", "table"), LARGE_TABLES)
def test_a_damaged_row_of_a_large_board_is_named_and_put_right(
    database: str, view: str, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Leaderboards, "large_members", 0)
    tell(database)
    follow(database)
    damage = Damage(database)
    before = damage.table(table)
    with proving_database(database) as proving:
        for harm in (damage.change_row, damage.remove_row):
            harm(table)
            [report] = verify(proving)
            assert {finding.subject.split()[0] for finding in report.findings} == {table}
            assert {found[:2] for found in _differences(rebuild(proving))} == {(view, table)}
            assert damage.table(table) == before


def test_to_compare_only_changes_nothing(damage: Damage, proving: Database) -> None:
    damage.run("UPDATE views.checksums SET checksums = checksums || '\\x00'")
    damaged = damage.table("checksums")
    report = rebuild(proving, compare_only=True)
    assert not report.is_equal
    assert not any(view.is_replaced for view in report.views)
    assert damage.table("checksums") == damaged
    _nothing_left(damage)


def test_a_view_that_lost_all_its_rows_gets_them_back(damage: Damage, proving: Database) -> None:
    before = damage.table("checksums")
    damage.run("DELETE FROM views.checksums")
    rebuild(proving)
    assert damage.table("checksums") == before


def test_tables_and_indexes_are_named_as_before(damage: Damage, proving: Database) -> None:
    names = "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'views' ORDER BY 1, 2"
    before = damage.rows(names)
    damage.run("DELETE FROM views.checksums")
    rebuild(proving)
    assert damage.rows(names) == before


def test_a_view_that_lags_is_rebuilt_to_where_it_stands(damage: Damage, proving: Database) -> None:
    damage.run("DELETE FROM views.checksums")
    damage.run("UPDATE tracking SET position = 0 WHERE view_name = 'checksums'")
    follower = Follower(proving, PROGRAMME, clock=lambda: NOW, page_events_max=7)
    follower.step({"checksums": 0})
    report = rebuild(proving, views={"checksums": Checksums})
    assert report.is_equal
    assert [view.position for view in report.views] == [7]
    follow(damage.conninfo)
    assert rebuild(proving).is_equal


def test_a_view_ahead_of_its_log_is_put_where_the_log_ends(damage: Damage, proving: Database) -> None:
    damage.run("DELETE FROM events WHERE position = (SELECT max(position) FROM events)")
    report = rebuild(proving, views={"checksums": Checksums})
    assert not report.is_equal
    [view] = report.views
    assert view.rebuilt_position == view.position - 1
    assert damage.rows("SELECT position FROM tracking WHERE view_name = 'checksums'") == [
        (view.rebuilt_position,)
    ]


def test_a_stopped_run_is_gone_on_with_and_a_fresh_one_starts_over(damage: Damage, proving: Database) -> None:
    class Interrupted(Exception):
        pass

    def small(database: Database, schema: str, views: Any) -> Builder:
        return Builder(database, schema, views, page_events_max=5)

    def stop_half_way(_what: str, done: int, _of: int) -> None:
        if done >= 20:
            raise Interrupted

    views: dict[str, type[View]] = {"checksums": Checksums}
    with pytest.raises(Interrupted):
        rebuild(proving, views=views, on_progress=stop_half_way, make_builder=small)
    [(head,)] = damage.rows("SELECT position FROM heads")
    assert rebuild(proving, views=views, make_builder=small).events == head - 20

    with pytest.raises(Interrupted):
        rebuild(proving, views=views, on_progress=stop_half_way, make_builder=small)
    assert rebuild(proving, views=views, fresh=True, make_builder=small).events == head
    _nothing_left(damage)


@pytest.mark.usefixtures("damage")
def test_a_second_rebuild_at_the_same_time_is_refused(proving: Database) -> None:
    builder = Builder(proving, SCHEMA, VIEWS)
    with builder.built(), pytest.raises(RebuildRunning):
        rebuild(proving)
    assert rebuild(proving).is_equal


class CannotTakeHolds:
    """A view that stops at the first hold."""

    name: ClassVar[str] = "checksums"
    tables: ClassVar[tuple[Table, ...]] = Checksums.tables

    def write(self, page: Page, connection: Any) -> None:
        assert not any(entry.topic == "redemption.held" for entry in page.entries), "no holds here"
        Checksums().write(page, connection)


def test_a_view_that_cannot_be_built_is_told_and_stays_as_it_is(damage: Damage, proving: Database) -> None:
    before = damage.table("checksums")
    report = rebuild(proving, views={"checksums": CannotTakeHolds})
    [view] = report.views
    assert not report.is_equal
    assert view.stopped is not None
    assert view.stopped.topic == "redemption.held"
    assert "no holds here" in view.stopped.error
    assert damage.table("checksums") == before
    # Mended, it goes on from there.
    assert rebuild(proving).is_equal
    _nothing_left(damage)


def test_a_live_view_that_had_stopped_goes_on_after_its_rebuild(damage: Damage, proving: Database) -> None:
    damage.run("DELETE FROM views.checksums")
    damage.run("UPDATE tracking SET position = 0 WHERE view_name = 'checksums'")
    follower = Follower(proving, PROGRAMME, clock=lambda: NOW, views={"checksums": CannotTakeHolds})
    at = 0
    while taken := follower.step({"checksums": at}):
        at += taken
    assert damage.rows("SELECT view_name FROM stopped_views") == [("checksums",)]
    damage.change_row("checksums")
    assert not rebuild(proving).is_equal
    assert damage.rows("SELECT view_name FROM stopped_views") == []
    follow(damage.conninfo)
    assert rebuild(proving).is_equal


def test_a_follower_forgets_what_it_remembered_before_a_rebuild(damage: Damage, proving: Database) -> None:
    whole = damage.table("checksums")
    damage.run("DELETE FROM views.checksums")
    damage.run("UPDATE tracking SET position = 0 WHERE view_name = 'checksums'")
    views: dict[str, type[View]] = {"checksums": Checksums}
    follower = Follower(proving, PROGRAMME, clock=lambda: NOW, views=views, page_events_max=5)
    follower.step({"checksums": 0})
    damage.run("UPDATE views.checksums SET checksums = '\\x00'::bytea || substr(checksums, 2)")
    other = Follower(proving, PROGRAMME, clock=lambda: NOW, views=views, page_events_max=5)
    other.step({"checksums": 5})  # remembers what is damaged
    rebuild(proving, views=views)
    other.step({"checksums": 10})
    follow(damage.conninfo)
    assert damage.table("checksums") == whole


def test_a_shadow_left_in_another_shape_is_made_anew(damage: Damage, proving: Database) -> None:
    damage.run(f"CREATE SCHEMA {SCHEMA}")
    damage.run(f"CREATE TABLE {SCHEMA}.checksums (programme_id text, block bigint)")
    damage.run("INSERT INTO tracking VALUES (%s, %s, 12, 0)", PROGRAMME, f"{SCHEMA}:checksums")
    assert rebuild(proving).is_equal


def test_readers_never_see_a_missing_or_half_table(damage: Damage, proving: Database) -> None:
    [(whole,)] = damage.rows("SELECT length(string_agg(checksums, '')) FROM views.checksums")
    damage.run("UPDATE views.checksums SET checksums = checksums || '\\x00'")
    seen: set[int] = set()
    done = threading.Event()

    def read() -> None:
        with psycopg.connect(damage.conninfo, autocommit=True) as connection:
            while not done.is_set():
                row = connection.execute("SELECT sum(length(checksums)) FROM views.checksums").fetchone()
                assert row is not None
                seen.add(int(row[0]))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(3):
            rebuild(proving)
            damage.run("UPDATE views.checksums SET checksums = checksums || '\\x00'")
    finally:
        done.set()
        reader.join()
    assert seen <= {whole, whole + 1}


def test_the_projector_may_go_on_meanwhile(database: str) -> None:
    tell(database)  # and nobody follows yet
    done = threading.Event()

    def keep_following() -> None:
        while not done.is_set():
            follow(database)

    projector = threading.Thread(target=keep_following)
    projector.start()
    try:
        with proving_database(database) as proving:
            for _ in range(3):
                assert rebuild(proving).is_equal
    finally:
        done.set()
        projector.join()


@pytest.mark.parametrize(("view", "table"), TABLES)
def test_the_declared_key_of_a_table_is_its_primary_key(damage: Damage, view: str, table: str) -> None:
    [declared] = [one.key for one in VIEWS[view].tables if one.name == table]
    columns = damage.rows(
        "SELECT a.attname FROM pg_index i"
        " CROSS JOIN unnest(i.indkey::int[]) WITH ORDINALITY AS k (attnum, place)"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum"
        " WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY k.place",
        f"views.{table}",
    )
    assert tuple(column for (column,) in columns) == declared
    assert declared[0] == "programme_id"
    pair = TablePair("views", table, declared)
    with psycopg.connect(damage.conninfo) as connection:
        assert pair.is_current(connection)
    [(nullable,)] = damage.rows(
        "SELECT is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'views' AND table_name = %s AND column_name = 'position'",
        table,
    )
    assert nullable == "NO"
