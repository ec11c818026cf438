"""A release whose events have another shape takes over a database, and an older one meets its events.

The release does not exist: its events are those of `tests/contract/later_releases.py`, put into the
tables that say what an event is and how a command is decided, for the time of a test.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ledger import replay
from ledger.domain import addresses
from ledger.domain.adjustment import AdjustCredits
from ledger.domain.decisions import ROWS, Row
from ledger.domain.errors import ContentDiffers, EventNewerThanCode
from ledger.domain.fund import CommitMoney
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.messages import Command
from ledger.domain.owners import OpenFund, OpenMerchant, OpenParticipant
from ledger.domain.programme import OpenProgramme
from ledger.domain.redemption import CancelRedemption, FulfilRedemption, FundWeight, HoldRedemption
from ledger.domain.topics import BY_TOPIC
from ledger.store.database import Database
from ledger.store.log import Log, LoggedEvent
from ledger.store.mapper import UPCASTS, mapper
from ledger.writer import Recorded, Writer
from tests.contract.later_releases import (
    NEXT_RELEASE,
    CommitMoneyInLi,
    MoneyCommittedInLi,
    commit_money_in_li,
)

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
TOWN = "green-city"
NAMED = {"occurred_at": NOW, "name_zh": "名", "name_en": "Name"}
COMMIT = CommitMoney(occurred_at=NOW, id="pledge-1", fund_id="city", sponsor_id="bank", value_fen=5_000)
GIFT = AdjustCredits(
    occurred_at=NOW, id="gift-1", account="participant:ada", credits=50, approver="王芳", reason="一次性补发"
)
IN_LI = CommitMoneyInLi(
    occurred_at=NOW, id=COMMIT.id, fund_id="city", sponsor_id="bank", value_li=COMMIT.value_fen * 10
)

ToNextRelease = Callable[[], Any]


def hold(own_id: str) -> HoldRedemption:
    return HoldRedemption(
        occurred_at=NOW,
        id=own_id,
        participant_id="ada",
        merchant_id="cafe",
        credits=5,
        face_value_fen=100,
        funds=(FundWeight(fund_id="city", weight=1),),
        deadline_at=NOW + timedelta(days=1),
    )


OPENING: tuple[Command, ...] = (
    OpenProgramme(
        **NAMED,  # type: ignore[arg-type]
        id=TOWN,
        level="city",
        time_zone="Asia/Shanghai",
        transferable=True,
        expiry=ExpiryPolicy(kind="months", months=12),
    ),
    OpenParticipant(occurred_at=NOW, id="ada"),
    OpenMerchant(**NAMED, id="cafe"),  # type: ignore[arg-type]
    OpenFund(**NAMED, id="city"),  # type: ignore[arg-type]
    COMMIT,
    GIFT,
    hold("r-1"),
    hold("r-2"),
    hold("r-3"),
)


class Town:
    """A programme with a log of today's release."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.writer = self.new_writer()
        self.bodies = [self.recorded(outcome).body for outcome in self.send(*OPENING)]
        self.first = self.log()

    def new_writer(self) -> Writer:
        return Writer(self.database, clock=lambda: NOW)

    def send(self, *commands: Command) -> list[Any]:
        return list(self.writer.submit_many(TOWN, commands))

    def log(self) -> list[LoggedEvent]:
        return Log(self.database).page(TOWN, after=0)

    @staticmethod
    def recorded(outcome: Any) -> Recorded:
        assert isinstance(outcome, Recorded), outcome
        return outcome

    def require_whole(self) -> None:
        """What was stored first is stored so still, and the balances are the sums of every version's legs."""
        assert self.log()[: len(self.first)] == self.first
        assert replay.check(self.database, TOWN).is_equal

    def mark_as_later(self, topic: str, own_id: str) -> None:
        """Let an event be one of a later release."""
        with self.database.connection() as connection:
            query = b"""UPDATE events SET state = '{"v":9,'::bytea || substr(state, 2)
                         WHERE topic = %s AND convert_from(state, 'UTF8')::jsonb ->> 'id' = %s"""
            assert connection.execute(query, [topic, own_id]).rowcount == 1


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    with Database(database) as opened:
        town = Town(opened)
        yield town
        town.writer.close()


@contextmanager
def next_release() -> Iterator[None]:
    """Be the next release for a while."""
    row = Row(
        stream=lambda c: ("commitment", c.id),
        begins=(MoneyCommittedInLi,),
        reads=lambda c, _: (addresses.fund(c.fund_id), addresses.available(c.fund_id)),
        decide=lambda c, s, at: commit_money_in_li(c, s.accounts, at),
    )
    with pytest.MonkeyPatch.context() as patch:
        for topic in (MoneyCommittedInLi.topic, "credits.adjusted"):
            patch.setitem(BY_TOPIC, topic, NEXT_RELEASE.by_topic[topic])
            patch.setitem(UPCASTS, topic, NEXT_RELEASE.upcasts[topic])
        patch.setitem(ROWS, CommitMoneyInLi, row)  # type: ignore[misc]  # a class for a key
        mapper.cache_clear()
        yield
    mapper.cache_clear()


# ── The next release on today's log ──────────────────────────────────────────────────────────


def test_a_repeat_of_what_an_older_release_recorded_is_answered_byte_for_byte(town: Town) -> None:
    with next_release():
        town.writer = town.new_writer()
        (outcome,) = town.send(IN_LI)
    assert town.recorded(outcome).replayed
    assert outcome.body == town.bodies[OPENING.index(COMMIT)]
    assert b'"value_fen":5000' in outcome.body
    town.require_whole()


@pytest.mark.parametrize("group_before", [False, True], ids=["locked", "fenced"])
def test_another_command_under_an_old_id_is_told_the_fields_by_their_new_names(
    town: Town, *, group_before: bool
) -> None:
    with next_release():
        town.writer = town.new_writer()
        if group_before:
            town.send(msgspec.structs.replace(IN_LI, id="pledge-0"))
        more = msgspec.structs.replace(IN_LI, value_li=IN_LI.value_li + 1, sponsor_id="city-bank")
        (outcome,) = town.send(more)
    assert isinstance(outcome, ContentDiffers)
    assert (outcome.id, outcome.fields) == ("pledge-1", ["sponsor_id", "value_li"])


def test_a_log_of_two_releases_is_read_and_replayed_as_one(town: Town) -> None:
    with next_release():
        town.writer = town.new_writer()
        new = msgspec.structs.replace(IN_LI, id="pledge-2", value_li=77_770)
        (outcome,) = town.send(new)
        assert b'"data":{"v":2,"occurred_at"' in town.recorded(outcome).body
        (again,) = town.send(new)
        assert again == outcome._replace(replayed=True)
        committed = [
            event
            for logged in town.log()
            if isinstance(event := Log(town.database).decode(logged), MoneyCommittedInLi)
        ]
        assert [(event.id, event.value_li) for event in committed] == [
            ("pledge-1", 50_000),
            ("pledge-2", 77_770),
        ]
        outcomes = town.send(FulfilRedemption(occurred_at=NOW, redemption_id="r-1"), hold("r-4"))
        assert all(isinstance(outcome, Recorded) for outcome in outcomes)
        town.require_whole()
    town.require_whole()


def test_the_librarys_own_repository_gives_events_of_both_releases_in_one_shape(town: Town) -> None:
    with next_release():
        town.writer = town.new_writer()
        town.send(msgspec.structs.replace(IN_LI, id="pledge-2"))
        application = Log(town.database).application(TOWN)
        notifications = application.recorder.select_notifications(1, 100, topics=["fund.committed"])
        events = [application.mapper.to_domain_event(each).event for each in notifications]  # type: ignore[attr-defined]
    assert [type(event) for event in events] == [MoneyCommittedInLi] * 2


# ── Today's release on the next one's log ────────────────────────────────────────────────────


def test_an_older_release_says_so_of_one_command_and_takes_its_neighbours(town: Town) -> None:
    with next_release():
        town.writer = town.new_writer()
        town.send(msgspec.structs.replace(IN_LI, id="pledge-2"))
    town.writer = town.new_writer()
    repeat = msgspec.structs.replace(COMMIT, id="pledge-2")
    group = (msgspec.structs.replace(COMMIT, id="pledge-3"), repeat, COMMIT)
    for ids in ("locked", "fenced"):
        one = msgspec.structs.replace(GIFT, id=f"gift {ids}")
        taken, newer, again, gift = town.send(*group, one)
        assert isinstance(taken, Recorded), ids
        assert isinstance(newer, EventNewerThanCode), ids
        assert newer.details() == {"topic": "fund.committed", "version_known": 1, "version_found": 2}
        assert town.recorded(again).replayed
        assert not town.recorded(gift).replayed
    town.require_whole()


@pytest.mark.parametrize("group_before", [False, True], ids=["locked", "fenced"])
def test_a_redemption_of_a_later_release_is_left_to_it_and_others_go_on(
    town: Town, *, group_before: bool
) -> None:
    town.mark_as_later("redemption.held", "r-2")
    town.writer = town.new_writer()
    if group_before:
        town.send(msgspec.structs.replace(GIFT, id="gift-2"))
    steps = [FulfilRedemption(occurred_at=NOW, redemption_id=own_id) for own_id in ("r-1", "r-2", "r-3")]
    first, second, third = town.send(*steps)
    assert isinstance(first, Recorded)
    assert isinstance(second, EventNewerThanCode)
    assert isinstance(third, Recorded)
    cancel = CancelRedemption(occurred_at=NOW, redemption_id="r-2", reason="asked")
    assert isinstance(town.send(cancel)[0], EventNewerThanCode)
    assert replay.check(town.database, TOWN).is_equal


def test_a_refusal_is_not_given_for_what_a_later_release_may_have_recorded(town: Town) -> None:
    town.mark_as_later("credits.adjusted", "gift-1")
    town.writer = town.new_writer()
    town.send(msgspec.structs.replace(GIFT, id="gift-2", credits=1))
    too_much = msgspec.structs.replace(GIFT, credits=-1_000)
    assert isinstance(town.send(too_much)[0], EventNewerThanCode)


def test_under_rules_of_a_later_release_nothing_is_decided(town: Town) -> None:
    town.mark_as_later("programme.opened", TOWN)
    town.writer = town.new_writer()
    with pytest.raises(EventNewerThanCode):
        town.send(msgspec.structs.replace(GIFT, id="gift-2"))
    assert len(town.log()) == len(town.first)
