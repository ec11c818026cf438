"""Logs that older releases wrote are replayed, and go on.

A file of `logs/` was written by the release it is named after, with `record_log.py`, and is never
written again.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import msgspec
import pytest

from ledger import replay
from ledger.domain.activity import RecordActivity
from ledger.domain.book import Account, BalanceKey
from ledger.domain.decisions import ROWS, decide
from ledger.domain.errors import ContentDiffers, LedgerError
from ledger.domain.expiry import CompleteExpiry, RunExpiry
from ledger.domain.messages import Command, Event
from ledger.domain.methodology import Measured
from ledger.domain.redemption import (
    CancelRedemption,
    FulfilRedemption,
    FundWeight,
    HoldRedemption,
    RefundRedemption,
)
from ledger.domain.registers import EveryRegister
from ledger.domain.rules import PublishScenario
from ledger.domain.state import ProgrammeState
from ledger.domain.topics import BY_TOPIC
from ledger.domain.transfer import TransferCredits
from ledger.domain.visibility import EraseParticipant, HideParticipant
from ledger.expiry_run import run_expiry
from ledger.projections.balances import table_balances
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.mapper import mapper
from ledger.writer import Recorded, Writer
from ledger.written import outcome_body
from tests.contract.later_releases import NEXT_RELEASE, every_topic_changed
from tests.contract.restoring import LOGS_FOLDER, Line, read_log, restore

PROGRAMME_ID = "old-town"
LATER = datetime(2026, 12, 31, 4, tzinfo=UTC)
"""A day after the log's last."""


class Recording(NamedTuple):
    """What is known of a recorded log."""

    sha256: str
    """Of the file: it never changes."""
    events: int
    balances_sha256: str
    """Of what every account holds at its end, as the release's own tables had it."""
    topics_since: frozenset[str]
    """Topics that the release did not know."""


RECORDINGS = {
    "0.1.0": Recording(
        sha256="066dee8d371a123dc0c80f2f57b4b0cdec6e1c842090f4af80b999a7c9a83254",
        events=228,
        balances_sha256="c218de5be5424617e134301727beefe2598f64a4c632a8d5f378965b5b87e32f",
        topics_since=frozenset(
            {
                *("participant.hidden", "participant.shown", "participant.erased"),
                *("sink.opened", "sink.units_added", "credits.donated", "policy.published"),
                *("activity.held", "activity.rejected", "activity.released", "activity.dismissed"),
                *("credits.claimed", "credits.lapsed", "credits.corrected"),
                *("reduction.corrected", "reduction.recomputed", "lapse.started", "lapse.completed"),
                *("campaign.published", "bonus.issued", "bonus.corrected"),
                *("store.opened", "store.closed", "offer.published"),
                *("sponsor.opened", "money.proposed", "money.approved", "money.rejected"),
                *("fund.withdrawn", "fund.transferred"),
                *("fund.alarms_set", "fund.alarm_raised", "fund.alarm_cleared"),
                *("statement.issued", "statement.disputed", "statement.dispute_resolved"),
                *("statement.approved", "statement.settled"),
                *("payout.instructed", "payout.confirmed", "payout.failed", "payout.returned"),
            }
        ),
    )
}

every_release = pytest.mark.parametrize("release", RECORDINGS)


@cache
def lines_of(release: str) -> list[Line]:
    return read_log(LOGS_FOLDER / f"{release}.ndjson")


def digest(balances: dict[BalanceKey, int]) -> str:
    rows = sorted((account, asset, lot or "", amount) for (account, asset, lot), amount in balances.items())
    return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()


class Restored:
    """A release's log in a database of today."""

    def __init__(self, database: Database, release: str) -> None:
        self.database = database
        self.lines = lines_of(release)
        self.state = restore(database, PROGRAMME_ID, self.lines)
        self.now = LATER
        self.writer = Writer(database, clock=lambda: self.now)

    def send(self, *commands: Command) -> list[Any]:
        return list(self.writer.submit_many(PROGRAMME_ID, commands))

    def balances(self) -> dict[BalanceKey, int]:
        return table_balances(self.database, PROGRAMME_ID)[1]

    def rows(self, query: str) -> list[Any]:
        with self.database.connection() as connection:
            return connection.execute(query.encode(), [PROGRAMME_ID]).fetchall()

    def require_untouched(self) -> None:
        """The events that were there stand there byte for byte, and the tables are the log's sums."""
        page = Log(self.database).page(PROGRAMME_ID, after=0, until=len(self.lines), limit=len(self.lines))
        assert [tuple(logged) for logged in page] == [
            (line.position, line.originator_id, line.originator_version, line.topic, line.state)
            for line in self.lines
        ]
        report = replay.check(self.database, PROGRAMME_ID)
        assert report.is_equal, report


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    with Database(database) as opened:
        yield opened


@pytest.fixture(params=RECORDINGS)
def restored(request: pytest.FixtureRequest, opened: Database) -> Iterator[Restored]:
    restored = Restored(opened, request.param)
    yield restored
    restored.writer.close()


# ── The file ─────────────────────────────────────────────────────────────────────────────────


def test_every_recorded_log_is_known_and_there_is_no_other() -> None:
    assert {path.name for path in LOGS_FOLDER.iterdir()} == {f"{release}.ndjson" for release in RECORDINGS}


@every_release
def test_a_recorded_log_never_changes(release: str) -> None:
    content = (LOGS_FOLDER / f"{release}.ndjson").read_bytes()
    assert hashlib.sha256(content).hexdigest() == RECORDINGS[release].sha256


@every_release
def test_a_recorded_log_has_an_event_of_every_topic_of_its_release(release: str) -> None:
    lines, recording = lines_of(release), RECORDINGS[release]
    assert [line.position for line in lines] == list(range(1, recording.events + 1))
    assert {line.topic for line in lines} == BY_TOPIC.keys() - recording.topics_since


# ── Replayed ─────────────────────────────────────────────────────────────────────────────────


def test_an_old_log_gives_the_balances_it_always_gave(
    restored: Restored, request: pytest.FixtureRequest
) -> None:
    recording = RECORDINGS[request.node.callspec.params["restored"]]
    restored.require_untouched()
    assert digest(restored.balances()) == recording.balances_sha256


def test_an_old_log_gives_owners_and_open_holds(restored: Restored) -> None:
    owners = dict(restored.rows("SELECT account, status FROM owners WHERE programme_id = %s"))
    assert owners["participant:p-08"] == "open"
    assert owners["participant:p-09"] == "frozen"
    assert owners["participant:p-gone"] == "closed"
    assert {"merchant:baker", "fund:bank", "org:school", "participant:p-11"} <= owners.keys()
    held = {row[0] for row in restored.rows("SELECT redemption_id FROM holds WHERE programme_id = %s")}
    assert held == {"R0-3", "R2-3", "R4-3"}


@every_release
@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_releases_to_come_read_an_old_log_whole(release: str, version: int) -> None:
    later = every_topic_changed(version).mapper()
    for line in lines_of(release):
        event = later.event_of(line.topic, line.state)
        assert (event.recorded_at, event.legs) == (line.event.recorded_at, line.event.legs)
        assert NEXT_RELEASE.mapper().event_of(line.topic, line.state).legs == event.legs


def test_an_old_log_is_decided_anew_as_the_very_bytes_that_were_stored(restored: Restored) -> None:
    state = ProgrammeState(PROGRAMME_ID)
    state.registers = EveryRegister()
    stored = iter(restored.lines)
    for line in stored:
        command = command_of(line.event)
        assert command is not None, line.topic
        row = ROWS[type(command)]
        if row.fact is not None:
            state.facts.setdefault(row.fact(command), None)
        for address in state.accounts.missing(set(row.reads(command, state))):
            state.accounts.load({address: Account()})
        decision = decide(command, state, line.event.recorded_at)
        assert decision.first_version == line.originator_version
        others = [next(stored) for _ in decision.events[1:]]
        decided = [mapper().state_of(event) for event in decision.events]
        assert decided == [each.state for each in (line, *others)]
        for event in decision.events:
            state.apply(event)


# ── Going on ─────────────────────────────────────────────────────────────────────────────────


def command_of(event: Event) -> Command | None:
    """The command that an event was recorded for: it keeps each of its fields under the same name."""
    for command_type, row in ROWS.items():
        if isinstance(event, row.begins):
            fields = {name: getattr(event, name) for name in command_type.__struct_fields__}
            return command_type(**fields)
    return None


def told(restored: Restored) -> list[tuple[Command, bytes]]:
    """Every command of an old log, with the very bytes that its caller was answered."""
    by_stream: dict[Any, list[Line]] = {}
    for line in restored.lines:
        by_stream.setdefault(line.originator_id, []).append(line)
    commands = []
    for line in restored.lines:
        command = command_of(line.event)
        if command is not None and not isinstance(command, CompleteExpiry):
            goes_on = ROWS[type(command)].goes_on
            events = [
                (each.position, each.event, each.state)
                for each in by_stream[line.originator_id]
                if each is line or (isinstance(each.event, goes_on) and each.position > line.position)
            ]
            commands.append((command, outcome_body(events, events[-1][0])))  # type: ignore[arg-type]
    return commands


def test_every_command_of_an_old_log_is_answered_again_with_the_very_same_bytes(restored: Restored) -> None:
    repeats = told(restored)
    assert {type(command) for command, _ in repeats} >= {RecordActivity, HoldRedemption, PublishScenario}
    for (_, body), outcome in zip(repeats, restored.send(*[each for each, _ in repeats]), strict=True):
        assert isinstance(outcome, Recorded), outcome
        assert outcome.replayed
        assert outcome.body == body
    restored.require_untouched()
    assert table_balances(restored.database, PROGRAMME_ID)[0] == len(restored.lines)


def test_another_command_under_an_old_id_is_told_which_fields_differ(restored: Restored) -> None:
    changed = [
        msgspec.structs.replace(command, occurred_at=command.occurred_at - timedelta(microseconds=1))
        for command, _ in told(restored)
    ]
    for outcome in restored.send(*changed):
        assert isinstance(outcome, ContentDiffers)
        assert outcome.fields == ["occurred_at"]
    holds = [command for command, _ in told(restored) if isinstance(command, HoldRedemption)]
    with_fee = [msgspec.structs.replace(hold, fee_fen=1, offer_id="tea") for hold in holds]
    for outcome in restored.send(*with_fee):
        assert isinstance(outcome, ContentDiffers)
        assert outcome.fields == ["offer_id", "fee_fen"], "fields that the old release did not know"


def test_decisions_go_on_from_an_old_log(restored: Restored) -> None:
    at: dict[str, Any] = {"occurred_at": LATER}
    before = restored.balances()
    hold = HoldRedemption(
        **at,
        id="new-1",
        participant_id="p-00",
        merchant_id="tea-house",
        credits=2,
        face_value_fen=500,
        fee_fen=20,
        funds=(FundWeight(fund_id="green", weight=1),),
        deadline_at=LATER + timedelta(days=1),
    )
    outcomes = restored.send(
        RecordActivity(
            **at,
            id="new",
            source="bus-ride-app",
            participant_id="p-00",
            scenario_id="bus-ride",
            measured=Measured(distance_km="3"),
        ),
        hold,
        FulfilRedemption(**at, redemption_id="new-1"),
        CancelRedemption(**at, redemption_id="R0-3", reason="too late"),
        RefundRedemption(**at, redemption_id="R1-2", reason="sold out"),
        TransferCredits(**at, id="new", from_account="org:school", to_account="participant:p-01", credits=1),
        HideParticipant(**at, id="new", participant_id="p-01", reason="asked"),
        EraseParticipant(**at, id="new", participant_id="p-gone", reason="asked"),
    )
    assert [type(outcome) for outcome in outcomes] == [Recorded] * len(outcomes), outcomes
    after = restored.balances()
    moved = {key: after.get(key, 0) - before.get(key, 0) for key in after.keys() | before.keys()}
    assert moved["fees", "CNY", None] == 20
    assert moved["merchant:tea-house:payable", "CNY", None] == 480 - 1_001
    restored.require_untouched()


def test_an_old_log_refuses_what_it_refused(restored: Restored) -> None:
    at: dict[str, Any] = {"occurred_at": LATER}
    refund = RefundRedemption(**at, redemption_id="R0-3", reason="never used")
    frozen = TransferCredits(
        **at, id="x", from_account="participant:p-09", to_account="org:school", credits=1
    )
    codes = [outcome.code for outcome in restored.send(refund, frozen) if isinstance(outcome, LedgerError)]
    assert codes == ["redemption_status_unsuitable", "account_frozen"]


def test_an_expiry_run_goes_over_an_old_log(restored: Restored) -> None:
    restored.now = LATER + timedelta(days=60)
    ended = run_expiry(
        database=restored.database,
        log=Log(restored.database),
        writer=restored.writer,
        programme_id=PROGRAMME_ID,
        command=RunExpiry(occurred_at=restored.now, id="night 2", up_to=date(2027, 2, 28)),
        clock=lambda: restored.now,
    )
    event = msgspec.json.decode(ended.body)["events"][0]["data"]
    assert event["holds_released"] == 3
    assert restored.rows("SELECT redemption_id FROM holds WHERE programme_id = %s") == []
    restored.require_untouched()
