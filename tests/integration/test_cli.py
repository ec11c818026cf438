"""The command line: answers on standard output, refusals with their next step on standard error."""

import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger import config
from ledger.bootstrap import Ledger, open_ledger
from ledger.domain.fund import CommitMoney
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.owners import OpenFund
from ledger.domain.programme import OpenProgramme
from ledger.embedded import EmbeddedPostgres, conninfo_of_running
from ledger.keys import Keys
from ledger.server import running_server
from ledger.store.database import Database
from tests.command_line import Done, ledger_process
from tests.command_line import ledger as in_process

NOW = datetime(2026, 11, 22, tzinfo=UTC)

Run = Callable[..., Done]


@pytest.fixture
def run(database: str) -> Run:
    def running(*arguments: str, **variables: str) -> Done:
        return in_process(*arguments, **{"DATABASE_URL": database, **variables})

    return running


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    opened = open_ledger(config.load({"DATABASE_URL": database}))
    yield opened
    opened.close()


def _open_programme(ledger: Ledger, programme_id: str) -> None:
    common: dict[str, Any] = {"occurred_at": NOW, "name_zh": "城市", "name_en": "City"}
    for command in (
        OpenProgramme(
            id=programme_id,
            level="city",
            time_zone="Asia/Shanghai",
            transferable=True,
            expiry=ExpiryPolicy(kind="months", months=24),
            **common,
        ),
        OpenFund(id="fund", **common),
        CommitMoney(id="money", fund_id="fund", sponsor_id="bank", value_fen=100, occurred_at=NOW),
    ):
        ledger.writer.submit(programme_id, command)


class TestHelp:
    @pytest.mark.parametrize(
        "command",
        [
            ["demo"],
            ["serve"],
            ["migrate"],
            ["key", "create"],
            ["key", "list"],
            ["key", "revoke"],
            ["replay"],
            ["health"],
            ["project"],
            ["status"],
            ["statement"],
            ["totals"],
            ["webhook", "list"],
        ],
        ids=" ".join,
    )
    def test_every_command_says_what_it_does_with_an_example(self, command: list[str]) -> None:
        # Help needs no settings, however wrong they are.
        done = in_process(*command, "--help", LEDGER_PORT="never")
        assert done.returncode == 0
        assert f"ledger {' '.join(command)}" in done.stdout.partition("Example")[2]

    def test_a_wrong_use_exits_with_2(self) -> None:
        assert ledger_process("replay").returncode == 2
        assert in_process("key", "create", "--name", "x", "--role", "king").returncode == 2


class TestMigrate:
    def test_tells_what_it_applied_and_then_that_nothing_is_left(self, empty_database: str) -> None:
        first = ledger_process("migrate", DATABASE_URL=empty_database)
        assert (first.returncode, first.stdout.splitlines()[0]) == (0, "applied 0001 ledger")
        second = in_process("migrate", DATABASE_URL=empty_database)
        assert (second.returncode, second.stdout) == (0, "nothing to apply: the database is current\n")

    def test_other_commands_refuse_a_named_database_that_lacks_migrations(self, empty_database: str) -> None:
        done = in_process("key", "list", DATABASE_URL=empty_database)
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.startswith("migrations_pending: The database lacks migrations")
        assert "\n  numbers: [1" in done.stderr
        assert "\n→ Run `ledger migrate`, then start again." in done.stderr


class TestWebhooks:
    def test_they_are_listed_for_people_and_for_machines_without_their_secrets(
        self, run: Run, ledger: Ledger
    ) -> None:
        for name in ("chengdu", "beijing"):
            _open_programme(ledger, name)
        url = "https://shop.example/hook"
        made = ledger.webhooks.create("chengdu", webhook_id="shop", url=url, after=0)
        shown = run("webhook", "list")
        assert (shown.returncode, shown.stderr) == (0, "")
        assert all(word in shown.stdout for word in ("chengdu", "shop", "active", url))
        listed = run("webhook", "list", "--programme", "chengdu", "--json")
        [document] = [json.loads(line) for line in listed.stdout.splitlines()]
        assert (document["id"], document["delivered_up_to"], document["position"]) == ("shop", 0, 3)
        assert made.secret not in shown.stdout + listed.stdout
        assert run("webhook", "list", "--programme", "beijing", "--json").stdout == ""
        assert run("webhook", "list", "--programme", "nowhere").stderr.startswith("programme_not_found")


class TestEmbedded:
    """Without DATABASE_URL a database of our own is used."""

    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        # Shorter than pytest's own, so that the socket fits inside.
        with tempfile.TemporaryDirectory(prefix="ledger-") as path:
            yield Path(path)

    def test_it_is_made_migrated_and_stopped_with_the_command(self, folder: Path) -> None:
        done = ledger_process("key", "list", DATABASE_URL="", LEDGER_DATA_DIR=str(folder))
        assert done.returncode == 0, done.stderr
        assert conninfo_of_running(folder / "postgres") is None

    def test_one_that_runs_already_is_used(self, folder: Path) -> None:
        with EmbeddedPostgres(folder / "postgres") as running:
            done = ledger_process("migrate", DATABASE_URL="", LEDGER_DATA_DIR=str(folder))
            assert done.returncode == 0, done.stderr
            with psycopg.connect(running.dsn) as connection:
                connection.execute("SELECT FROM api_keys")


class TestKeys:
    def test_a_secret_is_printed_alone_and_once(self, run: Run, database: str) -> None:
        named = ("--name", "bus app", "--role", "poster", "--programme", "chengdu")
        made = ledger_process("key", "create", *named, DATABASE_URL=database)
        assert made.returncode == 0, made.stderr
        secret = made.stdout.strip()
        connections = Database(database)
        key = Keys(connections).authenticate(secret)
        connections.close()
        assert (key.name, key.role, key.programme_id) == ("bus app", "poster", "chengdu")

        listed = run("key", "list")
        assert secret not in listed.stdout + listed.stderr + made.stderr
        [row] = [line for line in listed.stdout.splitlines() if key.key_id in line]
        assert all(part in row for part in ("bus app", "poster", "chengdu", "no"))

        assert run("key", "revoke", key.key_id).returncode == 0
        [row] = [line for line in run("key", "list").stdout.splitlines() if key.key_id in line]
        assert not row.rstrip().endswith("no")

    def test_a_name_with_brackets_is_shown_as_it_is(self, run: Run) -> None:
        run("key", "create", "--name", "[red]app[/]", "--role", "auditor")
        assert "[red]app[/]" in run("key", "list").stdout

    def test_a_key_that_nobody_made_is_a_refusal(self, run: Run) -> None:
        done = run("key", "revoke", "key_0")
        assert done.returncode == 1
        assert done.stderr.startswith("key_not_found: ")
        assert "\n  key_id: key_0\n" in done.stderr


class TestReplay:
    def test_an_untouched_ledger_is_equal(self, run: Run, ledger: Ledger) -> None:
        for programme_id in ("chengdu", "mianyang"):
            _open_programme(ledger, programme_id)
        done = run("replay", "--check")
        assert done.returncode == 0
        assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == ["chengdu", "mianyang"]
        assert all(line.split()[-1] == "equal" for line in done.stdout.splitlines()[1:])

    def test_a_difference_is_named_and_exits_with_1(self, run: Run, ledger: Ledger, database: str) -> None:
        for programme_id in ("chengdu", "mianyang"):
            _open_programme(ledger, programme_id)
        with psycopg.connect(database) as connection:
            connection.execute(
                "UPDATE balances SET amount = 101"
                " WHERE programme_id = 'chengdu' AND account = 'fund:fund:available'"
            )
        done = run("replay", "--check")
        assert done.returncode == 1
        assert "chengdu: fund:fund:available CNY: 100 by the log, 101 in the table" in done.stdout

        assert run("replay", "--check", "--programme", "mianyang").returncode == 0

        reports = [json.loads(line) for line in run("replay", "--check", "--json").stdout.splitlines()]
        assert [(report["programme_id"], report["is_equal"]) for report in reports] == [
            ("chengdu", False),
            ("mianyang", True),
        ]
        assert reports[0]["differences"] == [
            {"account": "fund:fund:available", "asset": "CNY", "lot": None, "in_log": 100, "in_table": 101}
        ]

    def test_a_programme_that_nobody_opened_is_a_refusal(self, run: Run) -> None:
        done = run("replay", "--check", "--programme", "nowhere")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("programme_not_found: ")


class TestHealth:
    def test_a_running_server_is_alive_and_ready(self, database: str) -> None:
        settings = config.load({"DATABASE_URL": database})
        with running_server(settings, port=0) as server:
            done = ledger_process("health", "--url", server.url)
            assert (done.returncode, done.stdout) == (
                0,
                f"{server.url}/health: 200 OK\n{server.url}/ready: 200 OK\n",
            )
            # As in a container, where the settings say it all.
            port = str(server.settings.port)
            assert in_process("health", LEDGER_HOST="0.0.0.0", LEDGER_PORT=port).returncode == 0

    @pytest.mark.parametrize("url", ["localhost", "http://", "http://h:port", "ftp://h"])
    def test_what_is_no_address_is_a_wrong_use(self, url: str) -> None:
        assert in_process("health", "--url", url).returncode == 2

    def test_no_server_is_no_health(self) -> None:
        done = in_process("health", "--url", "http://127.0.0.1:1")
        assert done.returncode == 1
        assert done.stdout == "http://127.0.0.1:1/health: no answer\nhttp://127.0.0.1:1/ready: no answer\n"


class TestSettings:
    def test_a_wrong_setting_is_a_refusal(self) -> None:
        done = ledger_process("serve", LEDGER_PORT="0")
        assert done.returncode == 1
        assert done.stderr.startswith("setting_invalid: ")
        assert "\n  variable: LEDGER_PORT\n" in done.stderr

    def test_a_password_is_never_shown(self) -> None:
        done = ledger_process("serve", DATABASE_URL="mysql://u:secret@h/d")
        assert done.returncode == 1
        assert "secret" not in done.stdout + done.stderr
