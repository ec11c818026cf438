"""What stands in the log when something dies in the middle: each acknowledged command, once.

The database is stopped as by a power cut, its main process and the server's workers are killed,
and a connection is cut just before or just after the commit. Clients send again under the same id
until they are answered, which is all that is asked of them.
"""

import dataclasses
import http.client
import json
import os
import re
import select
import signal
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, NamedTuple, Self

import msgspec
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger import config, replay
from ledger.bootstrap import open_ledger
from ledger.domain.errors import LedgerError, Unavailable
from ledger.domain.messages import Command
from ledger.embedded import EmbeddedPostgres
from ledger.server import running_server
from ledger.store import migrations
from ledger.store.database import Database
from ledger.writer import Outcome, Recorded, Writer
from tests.unit.builders import (
    ADA,
    ADJUST,
    BO,
    CANCEL,
    COMMIT_MONEY,
    FULFIL,
    HOLD,
    OPEN_FUND,
    OPEN_MERCHANT,
    OPEN_PARTICIPANT,
    OPEN_PROGRAMME,
    TRANSFER,
    but,
)

PROGRAMME = OPEN_PROGRAMME.id
WAIT_S = 40.0

OPENING = (
    OPEN_PROGRAMME,
    but(OPEN_PARTICIPANT, organisation_id=None),
    but(OPEN_PARTICIPANT, id="bo", organisation_id=None),
    OPEN_MERCHANT,
    OPEN_FUND,
    but(OPEN_FUND, id="bank"),
    but(COMMIT_MONEY, value_fen=1_000_000),
    but(COMMIT_MONEY, id="grant-2", fund_id="bank", value_fen=1_000_000),
    but(ADJUST, id="first", credits=100_000),
)


class Acknowledged(NamedTuple):
    """A command that its client was told is recorded."""

    fact: str
    body: bytes


def fact_of(command: Command) -> str:
    tag = command.__struct_config__.tag
    return f"{tag} {getattr(command, 'redemption_id', None) or getattr(command, 'id', None)}"


def work_of(client: int, number: int) -> list[Command]:
    """What a client sends in one round: a gift, and a redemption from its hold to its end."""
    name = f"{client}-{number}"
    return [
        but(TRANSFER, id=name, credits=1),
        but(HOLD, id=name, credits=1, face_value_fen=3),
        but(FULFIL if number % 2 else CANCEL, redemption_id=name),
    ]


class Load:
    """Clients that send until they are told to stop, each command again until it is answered."""

    def __init__(self, send: Callable[[int, Command], bytes], clients: int = 4) -> None:
        self.acknowledged: list[Acknowledged] = []
        self.retries: Counter[str] = Counter()
        self.failures: list[BaseException] = []
        self._send = send
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._keep_sending, args=(n,)) for n in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(WAIT_S)
        assert not any(thread.is_alive() for thread in self._threads)

    def wait_for(self, more: int) -> None:
        """Wait until so many more commands are acknowledged."""
        target, deadline = len(self.acknowledged) + more, time.monotonic() + WAIT_S
        while len(self.acknowledged) < target and not self.failures:
            assert time.monotonic() < deadline, self.retries
            time.sleep(0.01)

    def _keep_sending(self, client: int) -> None:
        number = 0
        try:
            while not self._is_over.is_set():
                for command in work_of(client, number):
                    self.acknowledged.append(
                        Acknowledged(fact_of(command), self._until_answered(client, command))
                    )
                number += 1
        except BaseException as failed:  # noqa: BLE001 - told by the test
            self.failures.append(failed)

    def _until_answered(self, client: int, command: Command) -> bytes:
        deadline = time.monotonic() + WAIT_S
        while True:
            assert time.monotonic() < deadline, f"{command} was not answered: {self.retries}"
            try:
                return self._send(client, command)
            except (Unavailable, OSError, http.client.HTTPException) as unknown:
                self.retries[type(unknown).__name__] += 1
                time.sleep(0.02)


def require_each_once(database: Database, acknowledged: Sequence[Acknowledged]) -> None:
    """Hold what was acknowledged against the log, both ways."""
    with database.connection() as connection:
        stored = connection.execute("SELECT position, state FROM events ORDER BY position").fetchall()
    assert [position for position, _ in stored] == list(range(1, len(stored) + 1))
    states, places = dict(stored), Counter[int]()
    for fact, body in acknowledged:
        for event in msgspec.json.decode(body)["events"]:
            assert msgspec.json.decode(states[event["position"]]) == event["data"], fact
            places[event["position"]] += 1
    assert places == Counter(range(len(OPENING) + 1, len(stored) + 1))
    assert replay.check(database, PROGRAMME).is_equal


def open_programme(writer: Writer) -> None:
    assert all(isinstance(outcome, Recorded) for outcome in writer.submit_many(PROGRAMME, OPENING))


# --- The database dies --------------------------------------------------------------------------


@pytest.fixture
def own_server() -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, to be killed."""
    with tempfile.TemporaryDirectory(prefix="ledger-crash-") as folder:
        server = EmbeddedPostgres(Path(folder))
        server.start()
        try:
            migrations.migrate(server.dsn)
            yield server
        finally:
            server.stop("immediate")


def cut_the_power(server: EmbeddedPostgres) -> None:
    server.stop("immediate")


def kill_the_main_process(server: EmbeddedPostgres) -> None:
    os.kill(server.process_id, signal.SIGKILL)
    server.stop()


@pytest.mark.parametrize("crash", [cut_the_power, kill_the_main_process])
def test_nothing_acknowledged_is_lost_or_doubled_when_the_database_dies(
    own_server: EmbeddedPostgres, crash: Callable[[EmbeddedPostgres], None]
) -> None:
    with Database(own_server.dsn) as database:
        writer = Writer(database)
        open_programme(writer)
        with Load(lambda _, command: writer.submit(PROGRAMME, command).body) as load:
            for _ in range(2):
                load.wait_for(100)
                crash(own_server)
                time.sleep(0.1)
                own_server.start()
            load.wait_for(100)  # the same writer, by itself
        assert load.failures == []
        require_each_once(database, load.acknowledged)
        repeated = [writer.submit(PROGRAMME, command) for command in work_of(0, 0)]
        assert all(outcome.replayed for outcome in repeated)


# --- A worker dies ------------------------------------------------------------------------------

PATHS = {
    "credits.transfer": "/transfers",
    "redemption.hold": "/redemptions",
    "redemption.fulfil": "/redemptions/{redemption_id}/fulfil",
    "redemption.cancel": "/redemptions/{redemption_id}/cancel",
}


def test_nothing_acknowledged_is_lost_or_doubled_when_workers_are_killed(
    database: str, tmp_path: Path
) -> None:
    settings = dataclasses.replace(config.load({}), database_url=database, workers=2)
    ledger = open_ledger(settings)
    secret = ledger.keys.create(name="load", role="poster").secret
    open_programme(ledger.writer)
    statuses: Counter[int] = Counter()

    with (
        (tmp_path / "log").open("wb") as log,
        running_server(settings, port=0, log=log) as server,
        Load(lambda _, command: post(server.settings.port, secret, command, statuses)) as load,
    ):
        # Each of them once: the server gives up on a worker that dies again within seconds.
        for worker in server.worker_process_ids():
            load.wait_for(100)
            os.kill(worker, signal.SIGKILL)
        load.wait_for(100)
    assert load.failures == []
    assert set(statuses) <= {201, 503}, statuses
    assert load.retries, "nobody was disturbed"
    require_each_once(ledger.database, load.acknowledged)
    ledger.close()


def post(port: int, secret: str, command: Command, statuses: Counter[int]) -> bytes:
    fields = {name: value for name, value in msgspec.to_builtins(command).items() if value is not None}
    path = PATHS[fields.pop("kind")]
    in_path = {name: fields.pop(name) for name in ("redemption_id",) if f"{{{name}}}" in path}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    try:
        connection.request(
            "POST",
            f"/v1/programmes/{PROGRAMME}{path.format(**in_path)}",
            json.dumps(fields),
            {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
        )
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    statuses[response.status] += 1
    if response.status == 503:
        raise ConnectionError(body)
    assert response.status == 201, (response.status, body)
    return body


# --- The connection is cut at the commit --------------------------------------------------------

READY = re.compile(rb"Z\x00\x00\x00\x05[IT]")
"""What the server says at the end of an answer: idle, or in a transaction (protocol 3.0, ReadyForQuery)."""

Moment = Literal["before", "after"]


class Proxy:
    """Stands between a writer and the server, and can cut the connection at a chosen statement."""

    def __init__(self, conninfo: str, folder: str) -> None:
        told = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
        self._host, self._port = told.get("host", "/tmp"), told.get("port", "5432")
        self._statement: bytes | None = None
        self._moment: Moment = "before"
        self.cuts = 0
        self._clients: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{folder}/.s.PGSQL.5432")
        self._listener.listen()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        self.conninfo = make_conninfo(conninfo, host=folder, port=5432)

    def cut(self, statement: bytes, moment: Moment) -> None:
        """Cut at the next statement with these bytes: before the server gets it, or once it is done."""
        self._statement, self._moment = statement, moment

    def cut_idle(self) -> None:
        """Cut every connection without a word."""
        while self._clients:
            self._clients.pop().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(WAIT_S)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._clients.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _connect(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, int(self._port)))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{self._host}/.s.PGSQL.{self._port}")
        return server

    def _serve(self, client: socket.socket) -> None:
        with client, self._connect() as server, suppress(OSError):
            other = {client: server, server: client}
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(1 << 20)
                    if not data:
                        return
                    if ready is client and self._statement is not None and self._statement in data:
                        self._statement = None
                        if self._moment == "after":
                            finish(server, data)
                        self.cuts += 1
                        return
                    other[ready].sendall(data)


def finish(server: socket.socket, statement: bytes) -> None:
    """Let the server do what was sent and hear its answer to the end."""
    server.sendall(statement)
    answer = b""
    while not READY.search(answer):
        heard = server.recv(1 << 20)
        assert heard, "the server hung up"
        answer += heard


@pytest.fixture
def proxy(database: str) -> Iterator[Proxy]:
    with tempfile.TemporaryDirectory(prefix="ledger-proxy-") as folder:
        proxy = Proxy(database, folder)
        yield proxy
        proxy.close()


@contextmanager
def writer_through(proxy: Proxy, *, has_memory: bool) -> Iterator[Writer]:
    """A writer on the other side of the proxy, with the whole programme in memory or with nothing."""
    with Database(proxy.conninfo) as database, Database(proxy.conninfo) as again:
        writer = Writer(database)
        open_programme(writer)
        yield writer if has_memory else Writer(again)


CUTS = [
    pytest.param(True, b"append_events", "before", id="fenced-before-the-append"),
    pytest.param(True, b"append_events", "after", id="fenced-after-the-append"),
    pytest.param(False, b"append_events", "before", id="locked-before-the-append"),
    pytest.param(False, b"append_events", "after", id="locked-after-the-append"),
    pytest.param(False, b"COMMIT", "before", id="locked-before-the-commit"),
    pytest.param(False, b"COMMIT", "after", id="locked-after-the-commit"),
]

EVERYTHING = but(TRANSFER, credits=100_000)
"""Done twice it would be refused, so an answer made from today's balance would be seen."""


@pytest.mark.parametrize(("has_memory", "statement", "moment"), CUTS)
def test_a_connection_cut_at_the_commit_changes_no_answer(
    proxy: Proxy, database: str, *, has_memory: bool, statement: bytes, moment: Moment
) -> None:
    with writer_through(proxy, has_memory=has_memory) as writer:
        proxy.cut(statement, moment)
        outcome = writer.submit(PROGRAMME, EVERYTHING)
        assert proxy.cuts == 1
        assert (outcome.replayed, outcome.position) == (False, len(OPENING) + 1)
        again = writer.submit(PROGRAMME, EVERYTHING)
        assert (again.replayed, again.body) == (True, outcome.body)
        assert not writer.submit(
            PROGRAMME, but(TRANSFER, id="back", from_account=BO, to_account=ADA)
        ).replayed
    with Database(database) as own:
        with own.connection() as connection:
            [(times,)] = connection.execute("SELECT count(*) FROM events WHERE topic = 'credits.transferred'")
        assert times == 2
        assert replay.check(own, PROGRAMME).is_equal


@pytest.mark.parametrize(("has_memory", "statement", "moment"), CUTS)
def test_a_batch_cut_at_the_commit_is_answered_as_if_nothing_had_happened(
    proxy: Proxy, *, has_memory: bool, statement: bytes, moment: Moment
) -> None:
    batch: list[Command] = [
        but(TRANSFER, id="first", credits=60_000),
        but(TRANSFER, id="too much", credits=60_000),
        but(TRANSFER, id="first", credits=60_000),
        but(HOLD, credits=1),
        FULFIL,
    ]
    with writer_through(proxy, has_memory=has_memory) as writer:
        proxy.cut(statement, moment)
        codes = [code_of(outcome) for outcome in writer.submit_many(PROGRAMME, batch)]
        assert proxy.cuts == 1
    assert codes == ["new", "insufficient_credits", "again", "new", "new"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_atomic_batch_cut_at_the_commit_is_whole(proxy: Proxy, moment: Moment) -> None:
    batch = [but(TRANSFER, id=f"part {n}", credits=50_000) for n in range(2)]
    with writer_through(proxy, has_memory=True) as writer:
        proxy.cut(b"COMMIT", moment)
        outcomes = writer.submit_many(PROGRAMME, batch, atomic=True)
        assert proxy.cuts == 1
        assert [code_of(outcome) for outcome in outcomes] == ["new", "new"]


def test_what_somebody_else_recorded_meanwhile_is_told_as_a_repeat(proxy: Proxy, database: str) -> None:
    """The statement never arrived, and the same command did by another way."""
    with writer_through(proxy, has_memory=True) as writer, Database(database) as own:
        other = Writer(own)
        assert other.submit(PROGRAMME, OPENING[0]).replayed
        proxy.cut(b"append_events", "before")
        first = other.submit(PROGRAMME, EVERYTHING)
        outcome = writer.submit(PROGRAMME, EVERYTHING)
        assert proxy.cuts == 1
        assert (outcome.replayed, outcome.body) == (True, first.body)


def test_connections_cut_while_nobody_used_them_disturb_nobody(proxy: Proxy) -> None:
    with writer_through(proxy, has_memory=True) as writer:
        for n in range(3):
            assert not writer.submit(PROGRAMME, but(TRANSFER, id=f"gift {n}", credits=1)).replayed
            proxy.cut_idle()


def code_of(outcome: Outcome) -> str:
    if isinstance(outcome, LedgerError):
        return outcome.code
    return "again" if outcome.replayed else "new"
