"""Deliverers that are killed, and deliverers that share: everything arrives, and nothing else does."""

import dataclasses
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from ledger import config
from ledger.bootstrap import Ledger, open_ledger
from ledger.webhooks import Deliverer
from ledger.webhooks.sending import Receiver as Outgoing
from ledger.webhooks.sending import Sender
from tests.integration.webhook_receiver import Received, Receiver, Reply
from tests.unit.builders import OPEN_PARTICIPANT, OPEN_PROGRAMME, but

ROOT = Path(__file__).parents[2]
PROGRAMME = OPEN_PROGRAMME.id
WAIT_S = 40.0

DELIVER = """
import threading
from ledger import config
from ledger.store.database import Database
from ledger.webhooks import Deliverer
settings = config.load()
deliverer = Deliverer(Database(settings.database_url), settings, delays_s=(0.1, 0.5, 1, 2), lease_s=1)
deliverer.run(threading.Event())
"""


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    settings = dataclasses.replace(config.load({}), database_url=database, webhook_private_addresses="allow")
    with closing(open_ledger(settings)) as opened:
        opened.writer.submit(PROGRAMME, OPEN_PROGRAMME)
        yield opened


@contextmanager
def deliverer_process(database: str) -> Iterator[subprocess.Popen[bytes]]:
    """A deliverer as a process of its own, killed at the end if it has not been before."""
    variables = {"DATABASE_URL": database, "LEDGER_WEBHOOK_PRIVATE_ADDRESSES": "allow"}
    process = subprocess.Popen([sys.executable, "-c", DELIVER], cwd=ROOT, env={**os.environ, **variables})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def load(ledger: Ledger, groups: int) -> Iterator[None]:
    """Have ten participants opened in every group while the block runs, and to the end of it."""

    def write() -> None:
        for group in range(groups):
            names = [f"p-{group}-{number}" for number in range(10)]
            commands = [but(OPEN_PARTICIPANT, id=name, organisation_id=None) for name in names]
            ledger.writer.submit_many(PROGRAMME, commands)
            time.sleep(0.02)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def require_all(ledger: Ledger, receiver: Receiver, secret: str) -> None:
    """Hold what arrived against the log: each event at least once, as it stands, and nothing else."""
    log = {event.position: event.state for event in ledger.log.page(PROGRAMME, after=0)}
    for request in receiver.received:
        assert request.body.endswith(b'"event":' + log[request.position] + b"}}")
        assert request.id == f"{PROGRAMME}/{request.position}"
        request.verified_by(secret)
    assert set(receiver.positions()) == set(log)


def test_every_event_arrives_although_deliverers_are_killed_in_the_middle(
    database: str, ledger: Ledger
) -> None:
    failed: set[int] = set()

    def answer(request: Received) -> Reply:
        if request.position % 17 or request.position in failed:
            return Reply(after_s=0.002)
        failed.add(request.position)
        return Reply(500)

    with Receiver(answer) as receiver, load(ledger, groups=60):
        made = ledger.webhooks.create(PROGRAMME, webhook_id="hook", url=receiver.url(), after=0)
        for target in (60, 180, 300):
            with deliverer_process(database) as process:
                receiver.wait_until(lambda target=target: len(set(receiver.positions())) >= target, WAIT_S)  # type: ignore[misc]
                process.kill()
        with deliverer_process(database):
            receiver.wait_until(lambda: len(set(receiver.positions())) == 601, WAIT_S)
            assert wait_until(lambda: ledger.webhooks.read(PROGRAMME, "hook").waiting == 0)
        require_all(ledger, receiver, made.secret)
        webhook = ledger.webhooks.read(PROGRAMME, "hook")
        assert (webhook.delivered_up_to, webhook.dead) == (601, 0)
        times = Counter(receiver.positions())
        # What was not written down yet comes again, and nothing more than that.
        assert sum(times.values()) <= 601 + len(failed) + 3 * 51


def wait_until(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_S
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


class CountingSender(Sender):
    """A sender that counts its turns."""

    turns = 0

    @contextmanager
    def receiver(self, url: str) -> Iterator[Outgoing]:
        self.turns += 1
        with super().receiver(url) as receiver:
            yield receiver


def test_deliverers_share_the_work_and_send_nothing_twice(ledger: Ledger) -> None:
    stop = threading.Event()
    senders = [CountingSender(private=True) for _ in range(2)]
    names = [f"hook-{number}" for number in range(6)]
    with ExitStack() as stack:
        receiver = stack.enter_context(Receiver(lambda _: Reply(after_s=0.005)))
        for name in names:
            ledger.webhooks.create(PROGRAMME, webhook_id=name, url=receiver.url(f"/{name}"), after=0)
        for sender in senders:
            deliverer = Deliverer(ledger.database, ledger.settings, sender=sender, senders=3)
            thread = threading.Thread(target=deliverer.run, args=(stop,))
            thread.start()
            stack.callback(thread.join)
        stack.callback(stop.set)
        with load(ledger, groups=5):
            pass
        receiver.wait_until(lambda: len(receiver.received) >= 6 * 51, WAIT_S)
        by_name = {
            name: [one.position for one in receiver.received if one.path == f"/{name}"] for name in names
        }
        assert by_name == {name: list(range(1, 52)) for name in names}
    assert all(sender.turns for sender in senders)
    webhooks = ledger.webhooks.all_of(PROGRAMME)
    assert [webhook.delivered_up_to for webhook in webhooks] == [51] * 6


def test_a_deliverer_that_is_told_to_stop_finishes_its_request_and_leaves_at_once(ledger: Ledger) -> None:
    stop = threading.Event()

    def answer(_: Received) -> Reply:
        stop.set()
        return Reply(after_s=0.3)

    with Receiver(answer) as receiver, load(ledger, groups=1):
        ledger.webhooks.create(PROGRAMME, webhook_id="hook", url=receiver.url(), after=0)
        Deliverer(ledger.database, ledger.settings).run(stop)
        assert receiver.positions() == [1]
    assert ledger.webhooks.read(PROGRAMME, "hook").delivered_up_to == 1
