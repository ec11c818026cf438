"""A programme that moves: every byte of its log, everything that follows from it, and nothing by halves."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import msgspec
import psycopg
import pytest

from api.event_lines import line
from ledger.domain.errors import (
    EventNewerThanCode,
    ImportRunning,
    LogUnsound,
    ProgrammeExists,
    ProgrammeNotFound,
)
from ledger.moving import check_file, export_ledger, import_ledger
from ledger.moving import exporting as exporting_module
from ledger.moving import file as file_module
from ledger.moving.file import EVENTS
from ledger.moving.format import line_of
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.moving import arriving
from ledger.verify import verify
from ledger.webhooks import Webhooks
from ledger.writer import Recorded, Writer
from tests.integration.ledger_files import Events, digest_of, forged, parts, put_together
from tests.integration.told import PROGRAMME, Damage, follow, proving_database
from tests.unit.builders import NOW
from tests.unit.story import story

INLINE = ("heads", "configuration", "owners", "holds", "registers")
"""Tables whose rows are the same here and there; balances may keep rows of nothing where they came to be."""


@pytest.fixture
def file(proving: Database, tmp_path: Path) -> Path:
    """The story's programme in a file."""
    path = tmp_path / "story.ledger"
    export_ledger(proving, PROGRAMME, path)
    return path


@pytest.fixture
def there(database: str) -> Iterator[Database]:
    """Another deployment, on which nothing is."""
    with proving_database(database) as opened:
        yield opened


@pytest.fixture
def elsewhere(database: str) -> Damage:
    """Somebody at the command line of that other database."""
    return Damage(database)


EVENTS_AS_STORED = (
    "SELECT programme_id, position, originator_id, originator_version, topic, state FROM events ORDER BY 1, 2"
)


# ── There and back ────────────────────────────────────────────────────────────────────────────


def test_a_programme_arrives_byte_for_byte_with_everything_that_follows_from_it(
    damage: Damage, elsewhere: Damage, there: Database, file: Path
) -> None:
    manifest = import_ledger(there, file)
    events = damage.rows(EVENTS_AS_STORED)
    assert elsewhere.rows(EVENTS_AS_STORED) == events
    assert (manifest.position, manifest.events) == (len(events), len(events))
    for table in INLINE:
        assert elsewhere.table(table, "public") == damage.table(table, "public"), table
    held = "SELECT account, asset, lot, amount FROM balances WHERE amount <> 0 ORDER BY 1, 2, 3"
    assert elsewhere.rows(held) == damage.rows(held)


def test_a_programme_that_arrived_is_proved_once_its_views_are_built(
    damage: Damage, elsewhere: Damage, there: Database, file: Path
) -> None:
    import_ledger(there, file)
    follow(elsewhere.conninfo)
    [report] = verify(there)
    assert (report.findings, report.position) == ([], max(report.views.values()))
    assert min(report.views.values()) == report.position
    assert elsewhere.table("checksums") == damage.table("checksums")


def test_a_file_is_the_same_wherever_and_however_often_it_is_written(
    there: Database, proving: Database, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_ledger(proving, PROGRAMME, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == file.read_bytes()
    monkeypatch.setattr(file_module, "PAGE_EVENTS", 3)
    monkeypatch.setattr(exporting_module, "PAGE_EVENTS", 7)
    import_ledger(there, file)
    export_ledger(there, PROGRAMME, tmp_path / "moved on")
    assert parts(tmp_path / "moved on") == parts(file)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "moved on", "story.ledger"]


def test_whoever_wrote_before_goes_on_there_and_a_repeat_gets_its_first_outcome(
    there: Database, file: Path
) -> None:
    position = import_ledger(there, file).position
    [told] = [command for command, events in story().told if events and events[0].topic == "fund.opened"][:1]
    writer = Writer(there, clock=lambda: NOW + timedelta(days=2))
    repeated = writer.submit(PROGRAMME, told)
    assert isinstance(repeated, Recorded)
    assert repeated.replayed
    recorded = writer.submit(PROGRAMME, msgspec.structs.replace(told, id="new-fund"))
    writer.close()
    assert (recorded.replayed, recorded.position) == (False, position + 1)
    follow(there.conninfo)
    [report] = verify(there)
    assert report.findings == []


def test_a_writer_that_was_refused_before_the_arrival_goes_on_after_it(there: Database, file: Path) -> None:
    commands = [command for command, events in story().told if events]
    writer = Writer(there, clock=lambda: NOW)
    broken = msgspec.structs.replace(commands[0], time_zone="Nowhere/Atall")
    refused = writer.submit_many(PROGRAMME, [broken])
    assert not isinstance(refused[0], Recorded)
    import_ledger(there, file)
    repeated = writer.submit(PROGRAMME, commands[0])
    writer.close()
    assert (repeated.replayed, repeated.position) == (True, 1)


def test_a_new_webhook_is_told_nothing_of_what_was_before_the_move(there: Database, file: Path) -> None:
    position = import_ledger(there, file).position
    webhooks = Webhooks(there, private=True)
    made = webhooks.create(PROGRAMME, webhook_id="books", url="http://127.0.0.1:1/hook")
    assert made.webhook.delivered_up_to == position


def test_what_is_recorded_while_a_file_is_written_is_not_in_it(proving: Database, tmp_path: Path) -> None:
    before = Log(proving).head(PROGRAMME)
    [told] = [command for command, events in story().told if events and events[0].topic == "fund.opened"][:1]
    writer = Writer(proving, clock=lambda: NOW + timedelta(days=2))

    def write_on(_what: str, _done: int, _whole: int) -> None:
        writer.submit(PROGRAMME, msgspec.structs.replace(told, id="late-fund"))

    exported = export_ledger(proving, PROGRAMME, tmp_path / "out", on_progress=write_on)
    writer.close()
    assert exported.manifest.position == before
    assert Log(proving).head(PROGRAMME) == (before or 0) + 1
    assert check_file(tmp_path / "out") == exported.manifest


# ── What a file says ──────────────────────────────────────────────────────────────────────────


def test_the_lines_are_those_that_the_log_is_sent_in(proving: Database, file: Path) -> None:
    events = Log(proving).page(PROGRAMME, after=0)
    with ZipFile(file) as archive:
        assert archive.read(EVENTS) == b"".join(map(line, events))
    assert [line_of(event) for event in events] == [line(event) for event in events]


def test_the_digest_is_made_as_the_document_says(file: Path) -> None:
    with ZipFile(file) as archive:
        lines = archive.read(EVENTS).splitlines()
    _, manifest = parts(file)
    framed = [PROGRAMME.encode()]
    for one in lines:
        event = msgspec.json.decode(one)
        state = one.partition(b'"data":')[2][:-1]
        framed.append(bytes.fromhex(event["originator_id"].replace("-", "")))
        framed.append(event["originator_version"].to_bytes(4, "big"))
        framed.append(event["topic"].encode())
        framed.append(state)
    summed = hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in framed))
    assert manifest["events_sha256"] == summed.hexdigest()


def test_the_sums_are_those_of_the_balances(damage: Damage, file: Path) -> None:
    _, manifest = parts(file)
    sums = {(one["accounts"], one["asset"]): one["amount"] for one in manifest["sums"] if one["amount"]}
    found: dict[tuple[str, str], int] = {}
    for account, asset, amount in damage.rows("SELECT account, asset, amount FROM balances"):
        kind, _, rest = account.partition(":")
        sub_account = rest.partition(":")[2]
        key = (f"{kind}:{sub_account}" if sub_account else kind, asset)
        found[key] = found.get(key, 0) + amount
    assert sums == {key: amount for key, amount in found.items() if amount}
    assert manifest["topics"] == dict(damage.rows("SELECT topic, count(*) FROM events GROUP BY 1"))


def test_only_its_owner_can_read_a_file(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600


OTHER_REASON = """
UPDATE events
   SET state = convert_to(replace(convert_from(state, 'UTF8'), '"reason":"', '"reason":"x'), 'UTF8')
 WHERE topic = 'participant.frozen'
"""


# ── What is not let out ───────────────────────────────────────────────────────────────────────


def test_a_programme_that_nobody_opened_cannot_be_written(proving: Database, tmp_path: Path) -> None:
    with pytest.raises(ProgrammeNotFound):
        export_ledger(proving, "nowhere", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("statement", "position", "finding"),
    [
        ("DELETE FROM events WHERE position = 9", 9, "position_missing"),
        ("UPDATE events SET state = '{}' WHERE position = 9", 9, "event_unreadable"),
        ("UPDATE heads SET position = position + 2", None, "position_missing"),
        (OTHER_REASON, None, "checksum_differs"),
    ],
)
def test_a_damaged_log_is_not_let_out(
    damage: Damage, proving: Database, tmp_path: Path, statement: str, position: int | None, finding: str
) -> None:
    assert damage.run(statement)
    with pytest.raises(LogUnsound) as unsound:
        export_ledger(proving, PROGRAMME, tmp_path / "out")
    assert unsound.value.finding == finding
    assert position in (None, unsound.value.position)
    assert list(tmp_path.iterdir()) == []


# ── What is not let in ────────────────────────────────────────────────────────────────────────


def test_a_programme_is_taken_in_once(elsewhere: Damage, there: Database, file: Path) -> None:
    import_ledger(there, file)
    before = elsewhere.rows(EVENTS_AS_STORED)
    with pytest.raises(ProgrammeExists) as exists:
        import_ledger(there, file)
    assert {"heads", "events", "balances", "owners"} <= set(exists.value.tables)
    assert elsewhere.rows(EVENTS_AS_STORED) == before


def test_a_programme_that_lives_here_is_not_written_over(
    proving: Database, damage: Damage, file: Path
) -> None:
    before = damage.rows(EVENTS_AS_STORED)
    with pytest.raises(ProgrammeExists) as exists:
        import_ledger(proving, file)
    assert {"heads", "tracking", "checksums"} <= set(exists.value.tables)
    assert damage.rows(EVENTS_AS_STORED) == before


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO balances VALUES ('{PROGRAMME}', 'nature', 'gCO2e', '', 0)",
        f"INSERT INTO tracking VALUES ('{PROGRAMME}', 'totals', 3, 0)",
        f"INSERT INTO views.checksums VALUES ('{PROGRAMME}', 0, '', 1)",
    ],
)
def test_what_is_left_of_a_programme_is_in_the_way(
    elsewhere: Damage, there: Database, file: Path, statement: str
) -> None:
    elsewhere.run(statement)
    with pytest.raises(ProgrammeExists) as exists:
        import_ledger(there, file)
    assert len(exists.value.tables) == 1


def test_a_programme_that_another_process_takes_in_is_left_to_it(there: Database, file: Path) -> None:
    with arriving(there, PROGRAMME, []):
        with pytest.raises(ImportRunning):
            import_ledger(there, file)
        with arriving(there, "another", []):
            pass
    import_ledger(there, file)


def _more_credits(events: Events) -> None:
    """Have somebody earn more than the rule gives, with legs that agree."""
    issued = next(event["data"] for event in events if event["topic"] == "credits.issued")
    issued["awarded_credits"] += 5
    for leg in issued["legs"]:
        leg[3] += 5 if leg[3] > 0 else -5


def test_credits_that_no_rule_gives_are_found_by_deciding_again(
    elsewhere: Damage, there: Database, file: Path, tmp_path: Path
) -> None:
    events, manifest = parts(file)
    _more_credits(events)
    sums = {(one["accounts"], one["asset"]): one for one in manifest["sums"]}
    sums["participant", "CREDIT"]["amount"] += 5
    sums["issuance", "CREDIT"]["amount"] -= 5
    manifest["events_sha256"] = digest_of(PROGRAMME, events)
    path = put_together(tmp_path / "generous", events, manifest)
    check_file(path)
    with pytest.raises(LogUnsound) as unsound:
        import_ledger(there, path)
    assert unsound.value.finding == "event_differs"
    assert "awarded_credits" in unsound.value.explanation
    assert elsewhere.rows(EVENTS_AS_STORED) == []
    import_ledger(there, path, is_decided=False)


def test_events_in_an_order_that_only_the_rules_forbid_are_found_by_deciding_again(
    elsewhere: Damage, there: Database, file: Path, tmp_path: Path
) -> None:
    def money_first(events: Events) -> None:
        places = {event["topic"]: place for place, event in reversed(list(enumerate(events)))}
        opened, committed = places["fund.opened"], places["fund.committed"]
        events[opened], events[committed] = events[committed], events[opened]
        for place in (opened, committed):
            events[place]["position"] = place + 1

    path = forged(file, tmp_path / "swapped", money_first)
    check_file(path)
    with pytest.raises(LogUnsound) as unsound:
        import_ledger(there, path)
    assert unsound.value.finding == "command_refused"
    assert "account_not_found" in unsound.value.explanation
    assert elsewhere.rows(EVENTS_AS_STORED) == []


def test_text_that_the_database_cannot_hold_is_refused_as_the_files_fault(
    elsewhere: Damage, there: Database, file: Path, tmp_path: Path
) -> None:
    def with_zero(events: Events) -> None:
        opened = next(event["data"] for event in events if event["topic"] == "organisation.opened")
        opened["id"] = "a\0b"

    path = forged(file, tmp_path / "zero", with_zero)
    with pytest.raises(LogUnsound) as unsound:
        import_ledger(there, path, is_decided=False)
    assert unsound.value.finding == "event_unreadable"
    assert elsewhere.table("heads", "public") == []


def test_a_log_of_a_later_release_is_for_a_later_release(
    there: Database, elsewhere: Damage, file: Path, tmp_path: Path
) -> None:
    def later(events: Events) -> None:
        events[-1]["topic"] = "credits.dreamt_of"

    path = forged(file, tmp_path / "later", later)
    with pytest.raises(EventNewerThanCode) as newer:
        check_file(path)
    assert newer.value.topic == "credits.dreamt_of"
    with pytest.raises(EventNewerThanCode):
        import_ledger(there, path)
    assert elsewhere.table("events", "public") == []


# ── Nothing by halves ─────────────────────────────────────────────────────────────────────────


def test_nothing_is_seen_of_an_import_before_its_end_and_nothing_is_left_of_a_killed_one(
    elsewhere: Damage, there: Database, file: Path
) -> None:
    with psycopg.connect(elsewhere.conninfo) as holding:
        holding.execute("LOCK TABLE owners IN EXCLUSIVE MODE")
        taking = subprocess.Popen(
            [sys.executable, "-m", "ledger.cli", "import-ledger", str(file)],
            env={**os.environ, "DATABASE_URL": elsewhere.conninfo},
            cwd=Path(__file__).parents[2],
        )
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'owners'"
        deadline = time.monotonic() + 60
        while elsewhere.rows(waits) != [(1,)]:
            assert taking.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # Every event and every balance is written by now, and nobody sees any of it.
        assert [elsewhere.table(table, "public") for table in ("heads", "events", "balances")] == [[], [], []]
        taking.kill()
        taking.wait()
    _wait_until_gone(elsewhere)
    assert [elsewhere.table(table, "public") for table in ("heads", "events", "balances")] == [[], [], []]
    import_ledger(there, file)


def _wait_until_gone(elsewhere: Damage) -> None:
    """Wait until the server has noticed that the other end is gone."""
    busy: Any = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start < now()"
    )
    deadline = time.monotonic() + 60
    while elsewhere.rows(busy) != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
