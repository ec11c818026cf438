"""Proving a programme: whatever is damaged is found and named, and nothing else is."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.domain.errors import ProgrammeNotFound, ProgressFileUnsuitable
from ledger.projections.registry import VIEWS
from ledger.store.database import Database
from ledger.verify import Finding, ProgrammeReport, verify
from ledger.writer import Recorded, Writer
from tests.integration.told import PROGRAMME, TABLES_OF, Damage, follow, proving_database, tell
from tests.unit.builders import ADJUST, NOW, but

Prove = Callable[..., ProgrammeReport]

OF_MONEY = {
    "statement_lines_differ",
    "statement_digest_differs",
    "line_outside_statements",
    "statement_payouts_differ",
    "settled_money_differs",
}
"""Found where rows of the settlement view do not add up, whatever the log says."""


@pytest.fixture
def prove(proving: Database) -> Prove:
    def proven(**settings: Any) -> ProgrammeReport:
        [report] = verify(proving, programme_id=PROGRAMME, **settings)
        return report

    return proven


def found(report: ProgrammeReport, code: str) -> Finding:
    """The first finding of a code."""
    return next(finding for finding in report.findings if finding.code == code)


def event(damage: Damage, topic: str) -> int:
    """The position of the first event of a topic."""
    [(position,)] = damage.rows("SELECT min(position) FROM events WHERE topic = %s", topic)
    return int(position)


def test_an_untouched_programme_is_equal_and_nothing_is_left_behind(damage: Damage, prove: Prove) -> None:
    report = prove()
    assert report.findings == []
    assert report.is_equal
    [(head,)] = damage.rows("SELECT position FROM heads")
    assert (report.position, report.events) == (head, head)
    assert report.views == dict.fromkeys(VIEWS, head)
    assert damage.shadows() == []
    assert damage.rows("SELECT view_name FROM tracking WHERE view_name LIKE '%%:%%'") == []


def test_a_programme_that_nobody_opened_is_not_found(proving: Database) -> None:
    with pytest.raises(ProgrammeNotFound):
        list(verify(proving, programme_id="nowhere"))


# ── One byte of one event ────────────────────────────────────────────────────────────────────


def flip(damage: Damage, topic: str, old: str, new: str) -> int:
    """Change bytes of the first event of a topic that has them; give its position."""
    assert len(old) == len(new)
    rows = damage.rows(
        "UPDATE events SET state = convert_to(replace(convert_from(state, 'UTF8'), %s, %s), 'UTF8')"
        " WHERE position = (SELECT min(position) FROM events WHERE topic = %s"
        " AND position(%s IN convert_from(state, 'UTF8')) > 0) RETURNING position",
        old,
        new,
        topic,
        old,
    )
    return int(rows[0][0])


@pytest.mark.parametrize(
    ("topic", "old", "new", "code"),
    [
        ("reduction.recorded", '"amount_g":269', '"amount_g":268', "event_differs"),
        ("reduction.recorded", '"exact_g":"269"', '"exact_g":"268"', "event_differs"),
        ("reduction.recorded", '"gCO2e",null,269]', '"gCO2e",null,279]', "legs_unbalanced"),
        ("reduction.recorded", '"distance_km":"10"', '"distance_km":"11"', "event_differs"),
        ("credits.issued", '"awarded_credits":2', '"awarded_credits":3', "event_differs"),
        ("credits.issued", '"lot":"2027-11-22"', '"lot":"2027-11-23"', "event_differs"),
        ("credits.transferred", '"credits":10', '"credits":11', "event_differs"),
        ("credits.transferred", '"credits":10', '"credits":-1', "command_impossible"),
        ("credits.transferred", '"id":"gift-1"', '"id":"gift-2"', "stream_differs"),
        ("redemption.held", '"value_fen":600', '"value_fen":601', "event_differs"),
        ("redemption.held", '"weight":2', '"weight":3', "event_differs"),
        ("redemption.held", '"credits":10', '"credits":99', "command_refused"),
        ("redemption.refunded", "咖啡凉了", "咖啡凉了"[::-1], "checksum_differs"),
        ("participant.frozen", "a lost phone", "a lest phone", "checksum_differs"),
        ("credits.expired", '"credits":', '"CREDITS":', "event_unreadable"),
        ("expiry.completed", '"credits":7', '"credits":8', "event_differs"),
        ("fund.committed", '"recorded_at":"2026', '"recorded_at":"2025', "recorded_earlier"),
        ("programme.opened", '"transferable":true', '"transferable":nul ', "event_unreadable"),
    ],
)
def test_a_flipped_byte_of_an_event_is_found_and_the_event_named(
    damage: Damage, prove: Prove, topic: str, old: str, new: str, code: str
) -> None:
    position = flip(damage, topic, old, new)
    report = prove()
    assert (found(report, code).position, found(report, "checksum_differs").position) == (position, position)
    assert report.findings_count["checksum_differs"] == 1


def test_a_flipped_byte_is_found_without_the_sums_too(damage: Damage, prove: Prove) -> None:
    position = flip(damage, "credits.transferred", '"credits":10', '"credits":11')
    damage.run("DELETE FROM views.checksums")
    assert found(prove(), "event_differs").position == position


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("topic", "'credits.transferreD'", "event_unreadable"),
        ("topic", "'fund.committed'", "event_unreadable"),
        ("originator_id", "'00000000-0000-8000-8000-000000000000'", "stream_differs"),
        ("originator_version", "2", "version_differs"),
    ],
)
def test_a_damaged_column_of_an_event_is_found(
    damage: Damage, prove: Prove, column: str, value: str, code: str
) -> None:
    position = event(damage, "credits.transferred")
    damage.run(f"UPDATE events SET {column} = {value} WHERE position = %s", position)
    report = prove()
    assert found(report, code).position == position
    assert found(report, "checksum_differs").position == position


# ── One event ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("which", ["first", "middle", "last"])
def test_a_removed_event_is_found(damage: Damage, prove: Prove, which: str) -> None:
    [(head,)] = damage.rows("SELECT position FROM heads")
    position = {"first": 1, "middle": event(damage, "credits.issued"), "last": head}[which]
    damage.run("DELETE FROM events WHERE position = %s", position)
    report = prove()
    if which == "last":
        assert found(report, "head_differs").expected == head - 1
        assert found(report, "view_position_differs").found == head
        assert found(report, "configuration_differs" if head == 1 else "row_differs").code
    else:
        assert found(report, "position_missing").position == position
    if which == "middle":
        assert found(report, "event_missing").position == position - 1
    assert not report.is_equal


def test_a_run_that_says_it_did_something_else_is_found(damage: Damage, prove: Prove) -> None:
    position = flip(damage, "expiry.completed", '"holds_released":1', '"holds_released":2')
    assert found(prove(), "event_differs").position == position


# ── Tables ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "code", "subject", "topic"),
    [
        (
            "UPDATE balances SET amount = amount + 1 WHERE account = 'fund:bank:available'",
            "balance_differs",
            "balances fund:bank:available CNY",
            "redemption.released",
        ),
        (
            "DELETE FROM balances WHERE account = 'fund:bank:available'",
            "balance_differs",
            "balances fund:bank:available CNY",
            "redemption.released",
        ),
        (
            "INSERT INTO balances VALUES ('green-city', 'org:school', 'CREDIT', '2030-01-01', 1)",
            "balance_differs",
            "balances org:school CREDIT 2030-01-01",
            None,
        ),
        (
            "UPDATE owners SET status = 'frozen' WHERE account = 'participant:ada'",
            "owner_differs",
            "owners participant:ada",
            "redemption.held",
        ),
        (
            "UPDATE owners SET given_credits = 11 WHERE account = 'participant:ada'",
            "owner_differs",
            "owners participant:ada",
            "redemption.held",
        ),
        (
            "DELETE FROM owners WHERE account = 'fund:bank'",
            "owner_differs",
            "owners fund:bank",
            "fund.opened",
        ),
        (
            "INSERT INTO owners VALUES ('green-city', 'fund:new', 'open', '', 0)",
            "owner_differs",
            "owners fund:new",
            None,
        ),
        (
            "INSERT INTO holds VALUES ('green-city', 'coffee-1', '2027-01-01Z')",
            "hold_differs",
            "holds coffee-1",
            "redemption.refunded",
        ),
        (
            "DELETE FROM configuration WHERE position = 2",
            "configuration_differs",
            "a row of configuration",
            None,
        ),
        (
            "INSERT INTO configuration VALUES ('green-city', 7)",
            "configuration_differs",
            "a row of configuration",
            None,
        ),
        ("UPDATE heads SET position = position - 1", "head_differs", "heads.position", None),
        (
            "UPDATE heads SET configured_at_position = 1",
            "head_differs",
            "heads.configured_at_position",
            None,
        ),
        (
            "UPDATE heads SET recorded_at = recorded_at + interval '1 microsecond'",
            "head_differs",
            "heads.recorded_at",
            None,
        ),
    ],
)
def test_a_damaged_table_is_found_with_the_event_that_explains_it(
    damage: Damage, prove: Prove, query: str, code: str, subject: str, topic: str | None
) -> None:
    assert damage.run(query) == 1
    report = prove()
    finding, *others = report.findings
    assert finding.code == code
    # Money of a fund is held against the settlement view too.
    assert {other.code for other in others} <= {"settled_money_differs"}
    assert (finding.subject, finding.topic) == (subject, topic)


def test_rows_of_a_programme_that_nobody_opened_are_found(damage: Damage, proving: Database) -> None:
    damage.run("INSERT INTO balances VALUES ('nowhere', 'nature', 'gCO2e', '', -5)")
    damage.add_row("checksums", "elsewhere")
    reports = {report.programme_id: report.findings_count for report in verify(proving)}
    assert reports == {
        PROGRAMME: {},
        "nowhere": {"balance_differs": 1},
        "elsewhere": {"row_differs": 1},
    }


# ── Views ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("what", ["changed", "missing"])
@pytest.mark.parametrize("view", VIEWS)
def test_each_damaged_table_of_a_view_is_found_and_stays_as_it_is(
    damage: Damage, prove: Prove, view: str, what: str
) -> None:
    harm = damage.change_row if what == "changed" else damage.remove_row
    for table in TABLES_OF[view]:
        harm(table)
    damaged = {table: damage.table(table) for table in TABLES_OF[view]}
    report = prove(views={view: VIEWS[view]})
    of_rows = [finding for finding in report.findings if finding.code not in OF_MONEY]
    for table in damaged:
        codes = {finding.code for finding in of_rows if finding.subject.split()[0] == table}
        assert codes == {"row_differs"}, table
    assert all(finding.position is not None for finding in of_rows)
    assert {table: damage.table(table) for table in damaged} == damaged


# ── Part of a log, and a run that was stopped ────────────────────────────────────────────────


def test_since_a_position_only_what_follows_is_decided(damage: Damage, prove: Prove) -> None:
    position = flip(damage, "participant.frozen", "a lost phone", "a lost phono")
    damage.run("UPDATE events SET originator_id = gen_random_uuid() WHERE position = %s", position)
    assert "stream_differs" in prove(since=position - 1).findings_count
    assert "stream_differs" not in prove(since=position).findings_count


def test_an_untouched_programme_is_equal_since_any_position(prove: Prove) -> None:
    for since in range(prove().position + 2):
        report = prove(since=since, views={})
        assert (report.since, report.findings) == (since, [])


class Interrupted(Exception):
    pass


def test_a_stopped_run_is_gone_on_with(
    damage: Damage, prove: Prove, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.verify.progress_file.EVERY_S", 0)
    monkeypatch.setattr("ledger.verify.run.PAGE_EVENTS", 4)
    position = flip(damage, "participant.frozen", "a lost phone", "a lost phono")
    state = tmp_path / "state.json"

    def stop_at(when: str, at: int) -> Callable[[str, int, int], None]:
        def progress(what: str, done: int, _of: int) -> None:
            if what.endswith(when) and done >= at:
                raise Interrupted

        return progress

    whole = prove()
    for when, at in (("log", 10), ("log", 33), ("views", 40)):
        with pytest.raises(Interrupted):
            prove(state_file=state, on_progress=stop_at(when, at))
        assert state.exists()
    assert b"checksum_differs" in state.read_bytes()
    report = prove(state_file=state)
    assert report.since > position
    assert report.findings == whole.findings
    assert not state.exists()
    assert damage.shadows() == []


def test_without_a_file_a_stopped_run_leaves_nothing(damage: Damage, prove: Prove) -> None:
    def stop(_what: str, _done: int, _of: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        prove(on_progress=stop)
    assert damage.shadows() == []
    assert damage.rows("SELECT view_name FROM tracking WHERE view_name LIKE '%%:%%'") == []


def test_a_file_of_something_else_is_refused(damage: Damage, prove: Prove, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text('{"type": "shopping list"}')
    with pytest.raises(ProgressFileUnsuitable):
        prove(state_file=state)
    assert state.exists()
    assert damage.conninfo


def test_a_view_that_lags_is_compared_as_far_as_it_stands(database: str) -> None:
    tell(database)
    with proving_database(database) as proving:
        [report] = verify(proving)
    assert report.is_equal
    assert set(report.views.values()) == {0}


def test_what_is_recorded_while_the_log_is_gone_over_belongs_to_it(damage: Damage, prove: Prove) -> None:
    before = prove().position
    with Database(damage.conninfo) as database:
        writer = Writer(database, clock=lambda: NOW + timedelta(days=1))

        def move_on(what: str, _done: int, _of: int) -> None:
            if what.endswith("log"):
                gifts = [but(ADJUST, id=f"late-{n}") for n in range(3)]
                for outcome in writer.submit_many(PROGRAMME, gifts):
                    assert isinstance(outcome, Recorded)
                follow(damage.conninfo)

        report = prove(on_progress=move_on)
        writer.close()
    assert report.findings == []
    assert report.position == before + 3


def test_pages_may_end_amid_what_a_command_made(prove: Prove, monkeypatch: pytest.MonkeyPatch) -> None:
    for events in (1, 2, 3):
        monkeypatch.setattr("ledger.verify.run.PAGE_EVENTS", events)
        assert prove(views={}).findings == []
