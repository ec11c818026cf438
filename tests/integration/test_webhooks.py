"""Webhooks against a real receiver: what it gets, and what becomes of what it does not take."""

import dataclasses
import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from standardwebhooks import WebhookVerificationError

from ledger import config
from ledger.bootstrap import Ledger, open_ledger
from ledger.domain.errors import FieldsInvalid, WebhookNotFound
from ledger.domain.limits import WEBHOOK_FAILURES_MAX, WEBHOOK_OUTAGE_FAILURES
from ledger.webhooks import Deliverer, Webhooks
from ledger.webhooks.sending import Sender
from ledger.webhooks.standing import NewSecret, Webhook
from ledger.webhooks.work import LeaseLost
from tests.integration.webhook_receiver import Received, Receiver, Reply
from tests.unit.builders import OPEN_ORGANISATION, OPEN_PARTICIPANT, OPEN_PROGRAMME, but

PROGRAMME = OPEN_PROGRAMME.id
WAIT_S = 30.0
SOON_S = (0.05, 0.05)
"""Delays of a schedule that a test has time for: three attempts in all."""


class Place:
    """A programme, its webhooks, a receiver, and deliverers."""

    def __init__(self, ledger: Ledger, receiver: Receiver, stack: ExitStack) -> None:
        self.ledger = ledger
        self.receiver = receiver
        self.webhooks: Webhooks = ledger.webhooks
        self._stack = stack
        self._numbers = itertools.count()
        ledger.writer.submit(PROGRAMME, OPEN_PROGRAMME)

    def happen(self, times: int = 1) -> list[int]:
        """Have participants opened; give the positions."""
        commands = [
            but(OPEN_PARTICIPANT, id=f"p-{next(self._numbers)}", organisation_id=None) for _ in range(times)
        ]
        self.ledger.writer.submit_many(PROGRAMME, commands)
        head = self.ledger.log.head(PROGRAMME) or 0
        return list(range(head - times + 1, head + 1))

    def create(self, webhook_id: str = "hook", **terms: Any) -> NewSecret:
        terms = {"url": self.receiver.url(), **terms}
        return self.webhooks.create(PROGRAMME, webhook_id=webhook_id, **terms)

    def read(self, webhook_id: str = "hook") -> Webhook:
        return self.webhooks.read(PROGRAMME, webhook_id)

    def deliverer(self, **options: Any) -> Deliverer:
        options = {"delays_s": SOON_S, "probe_s": 0.2, **options}
        deliverer = Deliverer(self.ledger.database, self.ledger.settings, **options)
        self._stack.callback(deliverer.close)
        return deliverer

    def deliver(self, until: Callable[[], bool], deliverer: Deliverer | None = None) -> None:
        """Serve what is due until something is so."""
        deliverer = deliverer or self.deliverer()
        deadline = time.monotonic() + WAIT_S
        while not until():
            assert time.monotonic() < deadline, (self.receiver.positions(), self.webhooks.all_of())
            if not deliverer.step():
                time.sleep(0.01)

    def is_level(self, webhook_id: str = "hook") -> bool:
        """Whether everything was delivered."""
        webhook = self.read(webhook_id)
        return webhook.delivered_up_to == webhook.position and not webhook.waiting


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    settings = dataclasses.replace(config.load({}), database_url=database, webhook_private_addresses="allow")
    with closing(open_ledger(settings)) as opened:
        yield opened


@pytest.fixture
def place(ledger: Ledger) -> Iterator[Place]:
    with ExitStack() as stack, Receiver() as receiver:
        yield Place(ledger, receiver, stack)


def failing_for(positions: set[int], reply: Reply, times: int = 10**6) -> Callable[[Received], Reply]:
    """Answer so to the first attempts at some events, and well to everything else."""
    left = dict.fromkeys(positions, times)

    def answer(request: Received) -> Reply:
        if left.get(request.position, 0) > 0:
            left[request.position] -= 1
            return reply
        return Reply()

    return answer


class TestMessages:
    def test_every_event_arrives_once_and_in_order_as_it_was_stored(self, place: Place) -> None:
        made = place.create(after=0)
        place.happen(120)
        place.deliver(place.is_level)
        stored = place.ledger.log.page(PROGRAMME, after=0)
        assert place.receiver.positions() == [event.position for event in stored]
        for request, event in zip(place.receiver.received, stored, strict=True):
            message = request.verified_by(made.secret)
            assert message["type"] == event.topic
            assert message["timestamp"] == json.loads(event.state)["recorded_at"]
            data = message["data"]
            assert (data["programme_id"], data["position"]) == (PROGRAMME, event.position)
            assert (data["originator_id"], data["originator_version"]) == (str(event.originator_id), 1)
            assert request.body.endswith(b'"event":' + event.state + b"}}")
            assert request.id == f"{PROGRAMME}/{event.position}"
            assert request.headers["content-type"] == "application/json"

    def test_a_webhook_begins_with_what_happens_after_it_was_made(self, place: Place) -> None:
        place.happen(3)
        place.create()
        positions = place.happen(2)
        place.deliver(place.is_level)
        assert place.receiver.positions() == positions

    def test_only_the_topics_wanted_are_told_and_the_others_are_passed_over(self, place: Place) -> None:
        place.create(after=0, topics=["organisation.opened"])
        place.happen(5)
        place.ledger.writer.submit(PROGRAMME, but(OPEN_ORGANISATION, parent_id=None))
        [position, *_] = place.happen(5)
        place.deliver(place.is_level)
        assert place.receiver.positions() == [position - 1]
        assert place.read().delivered_up_to == position + 4

    def test_path_and_query_of_the_address_are_kept(self, place: Place) -> None:
        place.create(after=0, url=place.receiver.url("/a/b?token=x%20y"))
        place.deliver(place.is_level)
        assert place.receiver.received[0].path == "/a/b?token=x%20y"

    def test_several_webhooks_are_told_each_by_itself(self, place: Place) -> None:
        place.receiver.answer = lambda request: Reply(500 if request.path == "/bad" else 200)
        place.create("good", after=0)
        place.create("bad", after=0, url=place.receiver.url("/bad"))
        place.happen(10)
        place.deliver(lambda: place.is_level("good"), place.deliverer(probe_s=60))
        assert place.read("bad").failures_in_a_row > 0


class TestSecrets:
    def test_another_secret_verifies_nothing(self, place: Place) -> None:
        place.create(after=0)
        other = place.create("other", topics=["fund.opened"])
        place.deliver(place.is_level)
        with pytest.raises(WebhookVerificationError):
            place.receiver.received[0].verified_by(other.secret)

    def test_after_a_rotation_both_secrets_verify_for_a_while_and_then_the_new_one(
        self, place: Place
    ) -> None:
        old = place.create(after=0)
        new = place.webhooks.rotate(PROGRAMME, "hook", overlap_s=60)
        assert new.webhook.previous_secret_until is not None
        place.deliver(place.is_level)
        for secret in (old.secret, new.secret):
            place.receiver.received[-1].verified_by(secret)
        newest = place.webhooks.rotate(PROGRAMME, "hook", overlap_s=0)
        place.happen()
        place.deliver(place.is_level)
        place.receiver.received[-1].verified_by(newest.secret)
        with pytest.raises(WebhookVerificationError):
            place.receiver.received[-1].verified_by(new.secret)

    def test_a_secret_is_never_shown_again_nor_logged(
        self, place: Place, capsys: pytest.CaptureFixture[str]
    ) -> None:
        place.receiver.answer = failing_for({1}, Reply(500), 1)
        made = place.create(after=0)
        place.deliver(place.is_level)
        lease = place.deliverer()._work.take("token")
        told = f"{made} {place.webhooks.all_of()} {lease} {capsys.readouterr()}"
        assert "webhook changed" in told
        assert made.secret.removeprefix("whsec_") not in told


class TestRetries:
    def test_a_message_is_tried_again_as_it_was_while_later_ones_go_on(self, place: Place) -> None:
        place.receiver.answer = failing_for({2}, Reply(500), 1)
        made = place.create(after=0)
        place.happen(4)
        place.deliver(place.is_level)
        assert sorted(place.receiver.positions()) == [1, 2, 2, 3, 4, 5]
        assert place.receiver.positions()[:3] == [1, 2, 3], "later ones do not wait for it"
        first, second = (request for request in place.receiver.received if request.position == 2)
        assert (first.id, first.body) == (second.id, second.body)
        second.verified_by(made.secret)
        webhook = place.read()
        assert (webhook.state, webhook.failures_in_a_row, webhook.dead) == ("active", 0, 0)
        assert webhook.last_error == "answered 500"

    def test_no_attempt_comes_before_its_delay(self, place: Place) -> None:
        place.receiver.answer = failing_for({1}, Reply(503))
        place.create(after=0)
        place.deliver(lambda: place.read().dead == 1, place.deliverer(delays_s=(0.2, 0.4)))
        at = [request.at for request in place.receiver.received]
        assert len(at) == 3
        assert at[1] - at[0] >= 0.2
        assert at[2] - at[1] >= 0.4

    def test_a_message_that_is_never_taken_becomes_a_dead_letter_and_the_log_goes_on(
        self, place: Place
    ) -> None:
        place.receiver.answer = failing_for({3}, Reply(400))
        place.create(after=0)
        place.happen(5)
        place.deliver(lambda: place.is_level() and place.read().dead == 1)
        assert place.receiver.positions().count(3) == 1 + len(SOON_S)
        assert set(place.receiver.positions()) == {1, 2, 3, 4, 5, 6}
        [letter] = place.webhooks.dead(PROGRAMME, "hook", after=0, limit=10)
        assert (letter.position, letter.topic) == (3, "participant.opened")
        assert (letter.attempts, letter.last_error) == (3, "answered 400")
        assert place.read().next_attempt_at is None
        assert place.webhooks.dead(PROGRAMME, "hook", after=3, limit=10) == []

    def test_a_dead_letter_is_tried_again_when_somebody_asks(self, place: Place) -> None:
        place.receiver.answer = failing_for({1}, Reply(400), 3)
        place.create(after=0)
        place.deliver(lambda: place.read().dead == 1)
        assert place.webhooks.retry(PROGRAMME, "hook", 1).waiting == 1
        place.deliver(place.is_level)
        assert place.read().dead == 0
        assert place.receiver.positions() == [1, 1, 1, 1]

    def test_a_receiver_that_asks_to_be_left_alone_is(self, place: Place) -> None:
        place.receiver.answer = failing_for({2}, Reply(429, {"retry-after": "1"}), 1)
        place.create(after=0)
        place.happen(3)
        place.deliver(place.is_level)
        first, second, third, *_ = place.receiver.received
        assert (first.position, second.position) == (1, 2)
        assert third.at - second.at >= 1
        assert sorted(place.receiver.positions()) == [1, 2, 2, 3, 4]

    def test_a_date_to_be_left_alone_until_is_understood_and_nonsense_is_not(self, place: Place) -> None:
        later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        for text, is_held in ((later, True), ("soon", False), ("-1", False), ("9" * 30, False)):
            place.receiver.answer = lambda _, text=text: Reply(503, {"retry-after": text})  # type: ignore[misc]
            made = place.create(f"hook-{len(place.receiver.received)}", after=0)
            place.deliverer(delays_s=(1.0,), probe_s=60).step()
            webhook = place.read(made.webhook.id)
            assert webhook.next_attempt_at is not None
            waits_s = (webhook.next_attempt_at - datetime.now(UTC)).total_seconds()
            assert (waits_s > 3_000) == is_held
            place.webhooks.delete(PROGRAMME, webhook.id)

    def test_a_redirect_is_a_failure_and_not_followed(self, place: Place) -> None:
        place.receiver.answer = lambda _: Reply(302, {"location": place.receiver.url("/elsewhere")})
        place.create(after=0)
        place.deliverer().step()
        assert [request.path for request in place.receiver.received] == ["/hook"]
        assert place.read().last_error == "answered 302, and redirects are not followed"

    def test_a_receiver_that_wants_nothing_any_more_is_left_and_misses_nothing_when_it_does(
        self, place: Place
    ) -> None:
        place.receiver.answer = failing_for({3}, Reply(410), 1)
        place.create(after=0)
        place.happen(4)
        place.deliver(lambda: place.read().state == "paused")
        assert place.receiver.positions() == [1, 2, 3]
        assert place.read().delivered_up_to == 2
        assert place.deliverer().step() == 0
        assert place.webhooks.resume(PROGRAMME, "hook").state == "active"
        place.deliver(place.is_level)
        assert place.receiver.positions() == [1, 2, 3, 3, 4, 5]


class TestReceiversThatDoNotAnswer:
    @pytest.mark.parametrize("reply", [Reply(after_s=5), Reply(drip_s=0.05)], ids=["silent", "dripping"])
    def test_a_request_ends_within_its_time(self, place: Place, reply: Reply) -> None:
        place.receiver.answer = lambda _: reply
        place.create(after=0)
        deliverer = place.deliverer(sender=Sender(private=True, request_s_max=0.4))
        begun = time.monotonic()
        assert deliverer.step() == 1
        assert time.monotonic() - begun < 4
        assert place.read().last_error == "no answer within 0.4 seconds"

    def test_no_transaction_is_open_during_a_request(self, place: Place) -> None:
        found: list[int] = []

        def answer(_: Received) -> Reply:
            with psycopg.connect(str(place.ledger.settings.database_url)) as connection:
                [count] = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND state LIKE 'idle in transaction%'"
                ).fetchone() or (0,)
            found.append(count)
            return Reply()

        place.receiver.answer = answer
        place.create(after=0)
        place.deliver(place.is_level)
        assert found == [0]

    def test_a_connection_that_was_closed_meanwhile_is_made_anew_without_a_failure(
        self, place: Place
    ) -> None:
        place.receiver.answer = lambda _: Reply(hang_up=True)
        place.create(after=0)
        place.happen(4)
        place.deliver(place.is_level)
        assert place.read().last_error is None
        assert set(place.receiver.positions()) == {1, 2, 3, 4, 5}

    def test_nobody_at_the_address_is_a_failure(self, place: Place) -> None:
        with Receiver() as gone:
            url = gone.url()
        place.create(after=0, url=url)
        place.deliverer().step()
        assert place.read().last_error == "ConnectionRefusedError"

    def test_one_that_is_away_gets_little_and_then_everything(self, place: Place) -> None:
        place.receiver.answer = lambda _: Reply(503)
        place.create(after=0)
        positions = [1, *place.happen(200)]
        deliverer = place.deliverer(delays_s=(3_600,), probe_s=0.1)
        place.deliver(lambda: place.read().state == "failing", deliverer)
        assert len(place.receiver.received) == WEBHOOK_FAILURES_MAX
        place.deliver(lambda: place.read().failures_in_a_row >= WEBHOOK_OUTAGE_FAILURES, deliverer)
        webhook = place.read()
        assert webhook.waiting == webhook.delivered_up_to == len(place.receiver.received)
        assert webhook.delivered_up_to < 20, "the rest waits in the log"
        place.receiver.answer = lambda _: Reply()
        before = len(place.receiver.received)
        place.deliver(place.is_level, deliverer)
        assert sorted(place.receiver.positions()[before:]) == positions
        assert place.read().state == "active"

    def test_many_that_are_disliked_in_a_row_hold_up_the_rest_for_a_moment_and_keep_their_attempts(
        self, place: Place
    ) -> None:
        disliked = set(range(3, 3 + WEBHOOK_FAILURES_MAX + 2))
        place.receiver.answer = failing_for(disliked, Reply(400))
        place.create(after=0)
        place.happen(20)
        place.deliver(
            lambda: place.read().delivered_up_to == 21, place.deliverer(delays_s=(3_600,), probe_s=0.1)
        )
        assert place.receiver.positions() == list(range(1, 22))
        assert (place.read().state, place.read().waiting) == ("active", len(disliked))


class TestOperators:
    def test_a_replay_sends_everything_after_a_position_again_under_the_same_ids(self, place: Place) -> None:
        place.receiver.answer = failing_for({4}, Reply(400), 3)
        place.create(after=0)
        place.happen(4)
        place.deliver(lambda: place.is_level() and place.read().dead == 1)
        before = {request.position: request.id for request in place.receiver.received}
        place.receiver.received.clear()
        webhook = place.webhooks.replay(PROGRAMME, "hook", after=2)
        assert (webhook.delivered_up_to, webhook.dead) == (2, 0)
        place.deliver(place.is_level)
        assert {request.position: request.id for request in place.receiver.received} == {
            position: before[position] for position in (3, 4, 5)
        }

    def test_a_replay_does_not_skip_anything(self, place: Place) -> None:
        place.create()
        place.happen(3)
        with pytest.raises(FieldsInvalid):
            place.webhooks.replay(PROGRAMME, "hook", after=3)

    def test_nothing_is_sent_while_it_is_paused_and_nothing_is_missed(self, place: Place) -> None:
        place.receiver.answer = failing_for({1}, Reply(500), 1)
        place.create(after=0)
        place.deliverer().step()
        place.webhooks.pause(PROGRAMME, "hook")
        place.happen(3)
        time.sleep(0.1)
        assert place.deliverer().step() == 0
        place.webhooks.resume(PROGRAMME, "hook")
        place.deliver(place.is_level)
        assert sorted(place.receiver.positions()) == [1, 1, 2, 3, 4]

    def test_a_change_takes_the_turn_away_from_whoever_is_sending(self, place: Place) -> None:
        def answer(request: Received) -> Reply:
            if request.position == 3:
                place.webhooks.pause(PROGRAMME, "hook")
            return Reply()

        place.receiver.answer = answer
        place.create(after=0)
        place.happen(5)
        # The turn ends no later than with what it tries to write down.
        place.deliverer().step()
        webhook = place.read()
        assert (webhook.state, webhook.delivered_up_to) == ("paused", 0)
        place.receiver.answer = lambda _: Reply()
        place.webhooks.resume(PROGRAMME, "hook")
        place.deliver(place.is_level)
        assert set(place.receiver.positions()) == {1, 2, 3, 4, 5, 6}

    def test_a_webhook_that_is_deleted_leaves_nothing_behind(self, place: Place) -> None:
        place.receiver.answer = lambda _: Reply(500)
        place.create(after=0)
        place.deliverer().step()
        place.webhooks.delete(PROGRAMME, "hook")
        with pytest.raises(WebhookNotFound):
            place.read()
        place.create(after=0)
        assert (place.read().waiting, place.read().dead) == (0, 0)

    def test_a_fault_of_ours_holds_up_that_webhook_alone(self, place: Place, database: str) -> None:
        place.create("good", after=1)
        place.create("bad", after=0)
        place.happen(2)
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE events SET state = '{}' WHERE position = 1")
        deliverer = place.deliverer(probe_s=60)
        place.deliver(lambda: place.is_level("good"), deliverer)
        place.deliver(lambda: place.read("bad").last_error is not None, deliverer)
        assert place.read("bad").last_error == "fault of the ledger: ValidationError"
        assert deliverer.step() == 0, "it is not tried again and again"


def test_a_lease_that_nobody_renews_is_taken_over_in_seconds(place: Place) -> None:
    place.create(after=0)
    assert place.deliverer(lease_s=0.5)._work.take("of one that died") is not None
    other = place.deliverer()
    assert other.step() == 0
    begun = time.monotonic()
    place.deliver(place.is_level, other)
    assert time.monotonic() - begun < 5


def test_whoever_lost_its_lease_writes_nothing(place: Place) -> None:
    place.create(after=0)
    work = place.deliverer(lease_s=0.1)._work
    lost = work.take("slow")
    assert lost is not None
    time.sleep(0.2)
    held = work.take("quick")
    assert held is not None
    work.passed(held, 1)
    with pytest.raises(LeaseLost):
        work.passed(lost, 0)
    work.release(lost)
    assert work.take("third") is None
