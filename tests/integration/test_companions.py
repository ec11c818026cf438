"""The projectors beside a server: there as long as it is, replaced when they die, never left behind."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger import config
from ledger.bootstrap import Ledger, open_ledger
from ledger.config import Settings
from ledger.projections.registry import VIEWS
from ledger.server import Companion, running_projectors, running_server
from ledger.store.following import standing
from ledger.webhooks import Webhooks
from tests.command_line import Done, ledger_process
from tests.command_line import ledger as in_process
from tests.integration.webhook_receiver import Receiver
from tests.unit.builders import OPEN_MERCHANT, OPEN_PROGRAMME

PROGRAMME = OPEN_PROGRAMME.id
WAIT_S = 30.0


@pytest.fixture
def settings(database: str) -> Settings:
    return dataclasses.replace(config.load({}), database_url=database)


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    opened = open_ledger(settings)
    opened.writer.submit(PROGRAMME, OPEN_PROGRAMME)
    yield opened
    opened.close()


def wait_until(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_S
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


def is_caught_up(ledger: Ledger) -> bool:
    return all(view.lag_events == 0 for view in standing(ledger.database, list(VIEWS)))


def is_alive(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def running(companion: Companion) -> int:
    assert wait_until(lambda: companion.process_id is not None)
    assert companion.process_id is not None
    return companion.process_id


def test_a_server_keeps_the_views_up_with_the_log(settings: Settings, ledger: Ledger) -> None:
    with running_server(settings, port=0):
        ledger.writer.submit(PROGRAMME, OPEN_MERCHANT)
        assert wait_until(lambda: is_caught_up(ledger))


def test_a_projector_that_is_killed_is_replaced_and_the_work_goes_on(
    settings: Settings, ledger: Ledger
) -> None:
    with running_projectors(settings) as [companion]:
        first = running(companion)
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: companion.process_id not in (None, first))
        ledger.writer.submit(PROGRAMME, OPEN_MERCHANT)
        assert wait_until(lambda: is_caught_up(ledger))
        second = running(companion)
    assert not is_alive(first)
    assert not is_alive(second)


def test_a_server_tells_webhooks_what_happens(settings: Settings, ledger: Ledger) -> None:
    allowing = dataclasses.replace(settings, webhook_private_addresses="allow")
    with Receiver() as receiver, running_server(allowing, port=0):
        Webhooks(ledger.database, private=True).create(PROGRAMME, webhook_id="hook", url=receiver.url())
        position = ledger.writer.submit(PROGRAMME, OPEN_MERCHANT).position
        assert wait_until(lambda: position in receiver.positions())


def test_as_many_projectors_run_as_the_settings_say(settings: Settings, ledger: Ledger) -> None:
    with running_projectors(dataclasses.replace(settings, projectors=2)) as companions:
        assert len({running(companion) for companion in companions}) == 2
        assert wait_until(lambda: is_caught_up(ledger))
    with running_projectors(dataclasses.replace(settings, projectors=0)) as companions:
        assert companions == []


def test_a_projector_ends_with_whoever_started_it_however_that_dies(settings: Settings) -> None:
    script = (
        "import sys, time\n"
        "from ledger import config\n"
        "from ledger.server import running_projectors\n"
        "with running_projectors(config.load()) as [companion]:\n"
        "    while companion.process_id is None: time.sleep(0.01)\n"
        "    print(companion.process_id, flush=True)\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], env=config.environment(settings), stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    projector = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_until(lambda: not is_alive(projector))


# --- the command line ---------------------------------------------------------------------------


def run(settings: Settings, *arguments: str) -> Done:
    return ledger_process(*arguments, **config.environment(settings))


def status(settings: Settings, *arguments: str) -> Done:
    return in_process("status", *arguments, **config.environment(settings))


def test_a_projector_asked_to_ends_when_it_has_caught_up(settings: Settings, ledger: Ledger) -> None:
    done = run(settings, "project", "--once")
    assert (done.returncode, done.stdout) == (0, "")
    assert is_caught_up(ledger)


@pytest.mark.usefixtures("ledger")
def test_status_shows_every_view_and_how_far_it_is(settings: Settings) -> None:
    before = status(settings, "--json")
    assert before.returncode == 0
    lines = [json.loads(line) for line in before.stdout.splitlines()]
    assert {line["view_name"] for line in lines} == set(VIEWS)
    assert all((line["position"], line["head"], line["lag_events"]) == (0, 1, 1) for line in lines)
    run(settings, "project", "--once")
    after = status(settings, "--programme", PROGRAMME)
    assert after.returncode == 0
    assert after.stdout.count("up to date") == len(VIEWS)
    assert status(settings, "--programme", "nowhere", "--json").stdout == ""


def test_status_names_the_event_at_which_a_view_stopped(settings: Settings, ledger: Ledger) -> None:
    with ledger.database.connection() as connection:
        connection.execute("UPDATE events SET topic = 'programme.invented'")
    assert run(settings, "project", "--once").returncode == 0
    done = status(settings)
    assert done.returncode == 1
    assert "stopped at event 1" in done.stdout
    assert "event 1 (programme.invented)" in done.stdout
