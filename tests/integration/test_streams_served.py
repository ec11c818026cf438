"""Event streams from a running server: resumed without gap, given up by who leaves, ended with it."""

import dataclasses
import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import pytest

from ledger import config
from ledger.bootstrap import Ledger, open_ledger
from ledger.server import ServerHandle, running_server
from tests.unit.builders import OPEN_PARTICIPANT, OPEN_PROGRAMME, but

PROGRAMME = OPEN_PROGRAMME.id
WAIT_S = 30.0


class Served(NamedTuple):
    """A server on which two may follow at a time, and the ledger below it."""

    server: ServerHandle
    ledger: Ledger
    secret: str


@pytest.fixture
def served(database: str) -> Iterator[Served]:
    settings = dataclasses.replace(config.load({}), database_url=database, followers_max=2)
    with closing(open_ledger(settings)) as ledger:
        ledger.writer.submit(PROGRAMME, OPEN_PROGRAMME)
        secret = ledger.keys.create(name="test", role="auditor").secret
        with running_server(settings, port=0) as server:
            yield Served(server, ledger, secret)


class Reader:
    """A reader of server-sent events, who can leave in the middle."""

    def __init__(self, served: Served, last_event_id: int | None = None) -> None:
        port = served.server.settings.port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
        headers = {"Authorization": f"Bearer {served.secret}", "Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = str(last_event_id)
        self._connection.request("GET", f"/v1/programmes/{PROGRAMME}/events", headers=headers)
        self._response = self._connection.getresponse()
        self.status = self._response.status

    def next_event(self) -> tuple[int, dict[str, object]] | None:
        """The position and line of the next event; None at the end of the stream."""
        fields: dict[str, str] = {}
        while line := self._response.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name:
                fields[name] = value
            elif "data" in fields:
                return int(fields["id"]), json.loads(fields["data"])
        return None

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def _open_participants(ledger: Ledger, names: range) -> None:
    for number in names:
        command = but(OPEN_PARTICIPANT, id=f"p-{number}", organisation_id=None)
        ledger.writer.submit(PROGRAMME, command)


def test_a_reader_who_comes_again_with_its_last_id_misses_nothing_and_gets_nothing_twice(
    served: Served,
) -> None:
    writing = threading.Thread(target=_open_participants, args=(served.ledger, range(300)))
    writing.start()
    positions: list[int] = []
    while len(positions) < 301:
        with closing(Reader(served, positions[-1] if positions else None)) as reader:
            # A place is given back within a second, so somebody who comes in a hurry may be refused.
            assert reader.status in (200, 503)
            while reader.status == 200 and len(positions) < 301:
                event = reader.next_event()
                assert event is not None
                position, line = event
                assert line["position"] == position
                positions.append(position)
                if position % 40 == 0:
                    break
        time.sleep(0.1)
    writing.join()
    assert positions == list(range(1, 302))


def test_who_leaves_makes_room_for_another(served: Served) -> None:
    with closing(Reader(served)) as first, closing(Reader(served)) as second:
        assert (first.status, second.status) == (200, 200)
        with closing(Reader(served)) as refused:
            assert refused.status == 503
        first.close()
        assert _is_let_in(served)


def _is_let_in(served: Served) -> bool:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        with closing(Reader(served)) as reader:
            if reader.status == 200:
                return True
        time.sleep(0.1)
    return False


def test_a_server_that_stops_ends_its_streams_and_does_not_wait_for_them(served: Served) -> None:
    port = served.server.settings.port
    with (
        closing(Reader(served)) as reader,
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)) as asking,
    ):
        assert reader.next_event() is not None
        headers = {"Authorization": f"Bearer {served.secret}"}
        asking.request("GET", f"/v1/programmes/{PROGRAMME}/events?after=1&wait_s=30", headers=headers)
        time.sleep(0.5)
        begun = time.monotonic()
        served.server.stop()
        assert time.monotonic() - begun < 10
        assert reader.next_event() is None
        trailer = json.loads(asking.getresponse().read())
        assert (trailer["end"], trailer["position"]) == (True, 1)
