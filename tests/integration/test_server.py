"""The HTTP server: starts ready, answers what is under way when it is stopped, and leaves nothing behind."""

import dataclasses
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger import config
from ledger.bootstrap import Ledger, open_ledger
from ledger.config import Settings
from ledger.domain import errors
from ledger.server import ServerHandle, running_server, status_of

ROOT = Path(__file__).parents[2]
PROGRAMME = "city"
WAIT_S = 30.0


@pytest.fixture
def settings(database: str) -> Settings:
    return dataclasses.replace(config.load({}), database_url=database)


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    opened = open_ledger(settings)
    yield opened
    opened.close()


def _wait_until(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_S
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


def _is_alive(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"  # a zombie has ended; whoever adopted it has yet to notice


def _children(process_id: int) -> list[int]:
    tasks = Path(f"/proc/{process_id}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _descendants(process_id: int) -> list[int]:
    return [found for child in _children(process_id) for found in (child, *_descendants(child))]


def _open_programme(server: ServerHandle, secret: str) -> tuple[int, bytes]:
    command = {
        "id": PROGRAMME,
        "name_zh": "城市",
        "name_en": "City",
        "level": "city",
        "time_zone": "Asia/Shanghai",
        "transferable": True,
        "expiry": {"kind": "months", "months": 24},
        "occurred_at": "2026-11-22T08:00:00+08:00",
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.settings.port, timeout=WAIT_S)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/programmes", json.dumps(command), headers)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def test_a_started_server_is_alive_and_ready_and_shows_its_page(settings: Settings) -> None:
    with running_server(settings, port=0) as server:
        assert [status_of(server.url, path) for path in ("/health", "/ready", "/docs")] == [200, 200, 200]
        assert server.is_running()
        assert len(server.worker_process_ids()) == settings.workers
        everyone = [server.process_id, *server.worker_process_ids()]
    assert not any(map(_is_alive, everyone))
    assert status_of(server.url, "/health") is None


def test_a_request_under_way_is_answered_before_the_server_ends(settings: Settings, ledger: Ledger) -> None:
    secret = ledger.keys.create(name="test", role="operator").secret
    answers: list[tuple[int, bytes]] = []
    with running_server(settings, port=0) as server, psycopg.connect(str(settings.database_url)) as other:
        # Somebody else has locked what the command must write, so it waits.
        other.execute("LOCK TABLE heads")
        asking = threading.Thread(target=lambda: answers.append(_open_programme(server, secret)))
        asking.start()
        assert _wait_until(lambda: _is_waiting_for_lock(str(settings.database_url)))
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        assert _wait_until(lambda: _refuses_connections(server))
        assert server.is_running()
        other.rollback()
        asking.join(WAIT_S)
        stopping.join(WAIT_S)
        assert not server.is_running()
    [(status, body)] = answers
    assert (status, json.loads(body)["position"]) == (201, 1)
    assert ledger.log.head(PROGRAMME) == 1


def _is_waiting_for_lock(database: str) -> bool:
    with psycopg.connect(database) as connection:
        [waiting] = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone() or (0,)
    return bool(waiting)


def _refuses_connections(server: ServerHandle) -> bool:
    with socket.socket() as probe:
        probe.settimeout(WAIT_S)
        return probe.connect_ex(("127.0.0.1", server.settings.port)) != 0


def test_a_worker_that_dies_is_replaced(settings: Settings) -> None:
    with running_server(settings, port=0) as server:
        [worker] = server.worker_process_ids()
        os.kill(worker, signal.SIGKILL)
        assert _wait_until(lambda: server.worker_process_ids() not in ([], [worker]))
        assert _wait_until(lambda: status_of(server.url, "/ready") == 200)


def test_workers_do_not_outlive_a_main_process_that_is_killed(settings: Settings) -> None:
    with running_server(settings, port=0) as server:
        workers = server.worker_process_ids()
        os.kill(server.process_id, signal.SIGKILL)
        assert _wait_until(lambda: not any(map(_is_alive, workers)))


def test_a_port_in_use_is_refused_and_not_shared(settings: Settings) -> None:
    with running_server(settings, port=0) as first:
        with pytest.raises(errors.SettingInvalid) as refused, running_server(first.settings):
            pass
        assert refused.value.variable == "LEDGER_PORT"
        assert status_of(first.url, "/ready") == 200


def test_an_address_of_another_machine_is_refused(settings: Settings) -> None:
    elsewhere = dataclasses.replace(settings, host="192.0.2.1")
    with pytest.raises(errors.SettingInvalid), running_server(elsewhere, port=0):
        pass


def test_a_named_database_is_migrated_only_when_told_to(empty_database: str) -> None:
    settings = dataclasses.replace(config.load({}), database_url=empty_database)
    with pytest.raises(errors.MigrationsPending), running_server(settings, port=0):
        pass
    with running_server(settings, port=0, migrate=True) as server:
        assert status_of(server.url, "/ready") == 200


def test_a_server_without_database_is_refused(server: str) -> None:
    nowhere = make_conninfo(server, dbname="no_such_database")
    settings = dataclasses.replace(config.load({}), database_url=nowhere)
    with pytest.raises((errors.CannotStart, errors.Unavailable)), running_server(settings, port=0):
        pass


class TestServe:
    """`ledger serve` on an embedded database, as a process of its own."""

    @pytest.fixture
    def serving(self) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with tempfile.TemporaryDirectory(prefix="ledger-") as folder:
            process = subprocess.Popen(
                [Path(sys.executable).with_name("ledger"), "serve"],
                cwd=ROOT,
                env={**os.environ, "DATABASE_URL": "", "LEDGER_DATA_DIR": folder, "LEDGER_PORT": str(port)},
                stderr=subprocess.PIPE,
            )
            url = f"http://127.0.0.1:{port}"
            try:
                assert _wait_until(lambda: status_of(url, "/ready") == 200)
                yield process, url
            finally:
                process.kill()
                process.communicate()

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_ends_in_order_when_told_to(
        self, serving: tuple[subprocess.Popen[bytes], str], number: signal.Signals
    ) -> None:
        process, url = serving
        everyone = _descendants(process.pid)
        process.send_signal(number)
        _, said = process.communicate(timeout=WAIT_S)
        assert process.returncode == 0
        assert f"{url}/docs" in said.decode()
        assert not any(map(_is_alive, everyone))

    def test_leaves_nothing_behind_when_it_is_killed(
        self, serving: tuple[subprocess.Popen[bytes], str]
    ) -> None:
        process, _ = serving
        everyone = _descendants(process.pid)
        # The database's main process, the server's and its worker, at least.
        assert len(everyone) >= 3
        process.kill()
        assert _wait_until(lambda: not any(map(_is_alive, everyone)))

    def test_says_so_when_the_server_ends_by_itself(
        self, serving: tuple[subprocess.Popen[bytes], str]
    ) -> None:
        process, _ = serving
        [main] = [child for child in _children(process.pid) if b"granian" in _command_line(child)]
        everyone = _descendants(process.pid)
        os.kill(main, signal.SIGKILL)
        _, said = process.communicate(timeout=WAIT_S)
        assert process.returncode == 1
        assert b"server_failed" in said
        assert not any(map(_is_alive, everyone))


def _command_line(process_id: int) -> bytes:
    return Path(f"/proc/{process_id}/cmdline").read_bytes()
