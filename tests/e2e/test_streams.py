"""The log as a stream: waited for, by topics, and as server-sent events."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any, cast

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from ledger.bootstrap import Ledger
from ledger.domain.errors import TooManyFollowers
from ledger.followers import Followers
from ledger.store.log import Log
from tests.e2e.town import Answer, Town, code_of, lines_of

EVENT_STREAM = "text/event-stream"


def read(town: Town, query: str = "", **headers: str) -> Answer:
    answer = town.client.get(
        f"{town.base}/events{query}", headers={**town.headers("auditor"), **headers}, buffered=True
    )
    return cast("Answer", answer)


def split(answer: Answer) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The events and the trailer, after checking the digest."""
    *events, trailer = lines_of(answer)
    body = answer.data[: answer.data.rindex(b'{"end"')]
    assert trailer["sha256"] == hashlib.sha256(body).hexdigest()
    assert (trailer["end"], trailer["events"]) == (True, len(events))
    return events, trailer


def position_of(town: Town) -> int:
    return int(town.get("").json["position"])


@contextmanager
def soon(act: Callable[[], object], after_s: float = 0.2) -> Iterator[None]:
    """Have something happen while the block runs."""
    timer = threading.Timer(after_s, act)
    timer.start()
    try:
        yield
    finally:
        timer.join()


class TestWaiting:
    def test_an_event_that_comes_is_given_as_soon_as_it_stands(self, town: Town) -> None:
        position = position_of(town)
        begun = time.monotonic()
        with soon(lambda: town.post("poster", "/participants", id="late")):
            events, trailer = split(read(town, f"?after={position}&wait_s=30"))
        assert [event["topic"] for event in events] == ["participant.opened"]
        assert trailer["position"] == position + 1
        assert time.monotonic() - begun < 15

    def test_without_any_event_the_answer_is_a_trailer_when_the_time_is_over(self, town: Town) -> None:
        position, begun = position_of(town), time.monotonic()
        events, trailer = split(read(town, f"?after={position}&wait_s=1"))
        assert (events, trailer["position"]) == ([], position)
        assert 1 <= time.monotonic() - begun < 15

    def test_what_stands_already_is_not_waited_for(self, town: Town) -> None:
        begun = time.monotonic()
        events, _ = split(read(town, "?wait_s=30"))
        assert len(events) == position_of(town)
        assert time.monotonic() - begun < 15

    def test_an_event_of_another_topic_does_not_end_the_waiting(self, town: Town) -> None:
        position = position_of(town)

        def act() -> None:
            town.post("poster", "/participants", id="late")
            time.sleep(0.2)
            town.post("operator", "/organisations", id="acme", name_zh="公司", name_en="A")

        with soon(act):
            events, trailer = split(read(town, f"?after={position}&wait_s=30&topics=organisation.opened"))
        assert [event["position"] for event in events] == [position + 2]
        assert trailer["position"] == position + 2

    @pytest.mark.parametrize("wait_s", ["31", "-1", "1.5", "", "١"])
    def test_a_time_out_of_bounds_is_refused(self, town: Town, wait_s: str) -> None:
        answer = read(town, f"?wait_s={wait_s}")
        assert code_of(answer) == "fields_invalid"
        assert [error["field"] for error in answer.json["errors"]] == ["wait_s"]

    def test_a_place_is_given_back_when_the_answer_is_over(self, town: Town) -> None:
        read(town, f"?after={position_of(town)}&wait_s=1")
        assert town.ledger.followers.count == 0

    def test_a_place_is_given_back_by_whoever_never_reads(self, town: Town) -> None:
        headers = town.headers("auditor")
        answer = town.client.get(f"{town.base}/events?after=999&wait_s=30", headers=headers, buffered=False)
        assert town.ledger.followers.count == 1
        answer.close()
        assert town.ledger.followers.count == 0
        town.client.head(f"{town.base}/events?after=999&wait_s=30", headers=headers).close()
        assert town.ledger.followers.count == 0


class TestTopics:
    def test_only_those_asked_for_are_given_and_the_trailer_says_how_far_was_read(self, town: Town) -> None:
        everything, _ = split(read(town))
        wanted = {"participant.opened", "fund.opened"}
        events, trailer = split(read(town, f"?topics={','.join(sorted(wanted))}"))
        assert events == [event for event in everything if event["topic"] in wanted]
        assert trailer["position"] == position_of(town)

    def test_reading_on_from_the_trailer_leaves_no_gap(self, town: Town) -> None:
        everything, _ = split(read(town, "?topics=participant.opened"))
        found, after = [], 0
        for _ in everything:
            [event], trailer = split(read(town, f"?topics=participant.opened&limit=1&after={after}"))
            found.append(event)
            after = trailer["position"]
            assert after == event["position"]
        assert found == everything
        assert split(read(town, f"?topics=participant.opened&after={after}"))[0] == []

    def test_a_topic_that_nobody_knows_is_refused_by_name(self, town: Town) -> None:
        for topics in ("fund.opened,fund.burnt", "fund.burnt"):
            answer = read(town, f"?topics={topics}")
            assert code_of(answer) == "fields_invalid"
            assert answer.json["errors"] == [{"field": "topics", "message": "knows no 'fund.burnt'"}]
        assert code_of(read(town, "?topics=")) == "fields_invalid"

    def test_a_topic_that_is_rare_is_found_behind_many_others(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ledger.store.log.SCANNED_EVENTS_MAX", 2)
        events, trailer = split(read(town, "?topics=fund.committed"))
        assert [event["topic"] for event in events] == ["fund.committed"]
        assert trailer["position"] == position_of(town)


def followed(ledger: Ledger, **options: Any) -> Ledger:
    """The same ledger, with followers of other limits."""
    return replace(ledger, followers=Followers(ledger.log, **{"followers_max": 4, **options}))


@pytest.fixture
def brief(town: Town) -> Iterator[Town]:
    """The town, whose streams end after a second."""
    ledger = followed(town.ledger, stream_s_max=1.0, heartbeat_s=0.2)
    with closing(ledger.followers):
        other = Town(ledger, town.programme_id)
        yield other


def frames(body: bytes) -> list[dict[str, str]]:
    """The blocks of an event stream by their fields; a comment's name is empty."""
    assert body.endswith(b"\n\n")
    return [
        dict(line.split(": ", 1) for line in block.split("\n")) for block in body.decode().split("\n\n")[:-1]
    ]


def told(blocks: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return [block for block in blocks if "data" in block]


class TestEventStream:
    def test_every_event_comes_with_its_position_its_topic_and_its_line(self, brief: Town) -> None:
        lines = read(brief).data.splitlines()[:-1]
        answer = read(brief, Accept=EVENT_STREAM)
        assert (answer.status_code, answer.content_type) == (200, EVENT_STREAM)
        assert answer.headers["Cache-Control"] == "no-store"
        blocks = frames(answer.data)
        assert blocks[0] == {"retry": "1000"}
        assert [block["data"].encode() for block in told(blocks)] == lines
        for block in told(blocks):
            event = json.loads(block["data"])
            assert (block["id"], block["event"]) == (str(event["position"]), event["topic"])

    def test_what_comes_later_is_told_too_and_silence_is_broken(self, brief: Town) -> None:
        position = position_of(brief)
        with soon(lambda: brief.post("poster", "/participants", id="late"), 0.5):
            blocks = frames(read(brief, f"?after={position}", Accept=EVENT_STREAM).data)
        assert [block["id"] for block in told(blocks)] == [str(position + 1)]
        assert {"": "alive"} in blocks

    def test_last_event_id_wins_over_after(self, brief: Town) -> None:
        headers = {"Accept": EVENT_STREAM, "Last-Event-ID": "3"}
        blocks = told(frames(read(brief, "?after=1", **headers).data))
        assert blocks[0]["id"] == "4"

    def test_a_heartbeat_moves_the_id_over_what_was_not_wanted(self, brief: Town) -> None:
        blocks = frames(read(brief, "?topics=programme.opened", Accept=EVENT_STREAM).data)
        assert [block["id"] for block in told(blocks)] == ["1"]
        position = str(position_of(brief))
        assert [block["id"] for block in blocks if "id" in block] == ["1", position]

    @pytest.mark.parametrize("text", ["", "x", "-1", "1.0", str(2**63)])
    def test_an_id_that_is_no_position_is_refused(self, brief: Town, text: str) -> None:
        answer = read(brief, Accept=EVENT_STREAM, **{"Last-Event-ID": text})
        assert answer.json["errors"][0]["field"] == "Last-Event-ID"

    @pytest.mark.parametrize("query", ["wait_s=1", "limit=1"])
    def test_what_only_lines_know_is_refused(self, brief: Town, query: str) -> None:
        answer = read(brief, f"?{query}", Accept=EVENT_STREAM)
        assert answer.json["errors"][0]["field"] == query.partition("=")[0]

    @pytest.mark.parametrize("accept", ["*/*", "text/*", "application/json", f"{EVENT_STREAM};q=0", "\\"])
    def test_who_does_not_name_it_gets_lines(self, town: Town, accept: str) -> None:
        split(read(town, Accept=accept))

    def test_an_unknown_programme_is_answered_as_such(self, bare: Town) -> None:
        assert code_of(read(bare, Accept=EVENT_STREAM)) == "programme_not_found"
        assert bare.ledger.followers.count == 0

    def test_it_ends_when_the_process_stops(self, town: Town) -> None:
        ledger = followed(town.ledger)
        other = Town(ledger, town.programme_id)
        with soon(ledger.followers.close, 0.3):
            begun = time.monotonic()
            frames(read(other, Accept=EVENT_STREAM).data)
        assert time.monotonic() - begun < 15
        assert code_of(read(other, Accept=EVENT_STREAM)) == "shutting_down"

    def test_it_ends_when_the_database_goes_away(
        self, opened: Callable[..., Ledger], server: str, database: str
    ) -> None:
        ledger = followed(opened())
        town = Town(ledger).open()
        name = str(conninfo_to_dict(database)["dbname"])

        def cut() -> None:
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(
                    sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name))
                )
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
                )
            # Somebody saw an event that the stream cannot read any more.
            ledger.followers._heads[town.programme_id] = 10**6
            with ledger.followers._grown:
                ledger.followers._grown.notify_all()

        try:
            with soon(cut, 0.5):
                assert told(frames(read(town, Accept=EVENT_STREAM).data))
        finally:
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(
                    sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(name))
                )
            ledger.followers.close()


class CountingLog(Log):
    """A log that counts how often its heads are looked at."""

    looks = 0

    def heads(self, programme_ids: Sequence[str]) -> dict[str, int]:
        self.looks += 1
        return super().heads(programme_ids)


def test_one_look_serves_all_who_wait_and_nobody_looks_when_nobody_waits(town: Town) -> None:
    log = CountingLog(town.ledger.database)
    followers = Followers(log, followers_max=8, poll_s=0.1)
    time.sleep(0.3)
    assert log.looks == 0
    position = position_of(town)
    heads: list[int] = []
    waiting = [
        threading.Thread(target=lambda: heads.append(followers.wait(town.programme_id, position, 20)))
        for _ in range(8)
    ]
    for thread in waiting:
        thread.start()
    time.sleep(0.5)
    assert 1 <= log.looks <= 7
    town.post("poster", "/participants", id="late")
    for thread in waiting:
        thread.join()
    assert heads == [position + 1] * 8
    time.sleep(0.2)
    looks = log.looks
    time.sleep(0.3)
    assert log.looks == looks
    followers.close()


def test_a_place_left_twice_is_given_back_once(town: Town) -> None:
    followers = Followers(town.ledger.log, followers_max=2)
    first, _ = followers.enter("a"), followers.enter("b")
    first.leave()
    first.leave()
    assert followers.count == 1


def test_followers_leave_half_of_the_threads_to_those_who_come_and_go(
    opened: Callable[..., Ledger],
) -> None:
    followers = opened(threads=5, followers_max=16).followers
    for _ in range(2):
        followers.enter("a")
    with pytest.raises(TooManyFollowers):
        followers.enter("a")
