"""Activities over HTTP: 32 connections one at a time, and bulk requests of 1,000."""

import http.client
import json
import socket
import threading
import time
from dataclasses import replace
from urllib.parse import urlsplit

from bench.batches import ROUNDS, drain, run_callers
from bench.programme import BATCH, NOW, PROGRAMME, city
from bench.report import Report
from ledger import config
from ledger.bootstrap import open_ledger
from ledger.domain.conversion import CreditsPerGrams
from ledger.domain.messages import Command
from ledger.domain.rules import PublishMethodology, PublishScenario
from ledger.reference_data import grid_factor, petrol_factors
from ledger.server import running_server

CONNECTIONS = 32
SINGLES = 4_000
BULKS = 16
BULK_CONNECTIONS = 2
PARTICIPANTS = 10_000


def measure(database: str, report: Report) -> None:
    """Start the server on a database of its own and load it from this process."""
    settings = replace(config.load(), database_url=database)
    ledger = open_ledger(settings)
    for command in rules():
        ledger.writer.submit(PROGRAMME, command)
    secret = ledger.keys.create(name="benchmark", role="poster", programme_id=PROGRAMME).secret
    ledger.close()
    with running_server(settings, port=0) as server:
        address = urlsplit(server.url)
        load = Load(address.hostname or "", address.port or 0, secret)
        load.singles(SINGLES // 4)
        singles = [load.singles(SINGLES) for _ in range(ROUNDS)]
        bulks = [load.bulks(BULKS) for _ in range(ROUNDS)]
    report.add("HTTP: single activities, 32 connections", singles, "activities/s", at_least=1_200)
    report.add("HTTP: bulk requests of 1,000 activities", bulks, "activities/s", at_least=8_000)


def rules() -> list[Command]:
    """A city where an electric trip earns a credit for each 100 g."""
    return [
        city(),
        PublishMethodology(
            occurred_at=NOW,
            id="ev-trip",
            version=1,
            name_zh="纯电动出行",
            name_en="Electric trip",
            formula="trip_against_petrol",
            factors=(*petrol_factors(), grid_factor("四川", 2022)),
        ),
        PublishScenario(
            occurred_at=NOW,
            id="ev-trip",
            version=1,
            name_zh="纯电动出行",
            name_en="Electric trip",
            methodology_id="ev-trip",
            methodology_version=1,
            rule=CreditsPerGrams(credits=1, per_g=100),
            valid_from=NOW.replace(year=NOW.year - 1, day=1),
        ),
    ]


class Load:
    """A client that posts activities and checks every status."""

    def __init__(self, host: str, port: int, secret: str) -> None:
        self._host, self._port = host, port
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._next = 0

    def activity(self) -> dict[str, object]:
        """Give a new activity: each is two events."""
        self._next += 1
        return {
            "id": f"a-{self._next:09d}",
            "source": "bench",
            "participant_id": f"p{self._next % PARTICIPANTS:05d}",
            "scenario_id": "ev-trip",
            "occurred_at": NOW.isoformat(),
            "measured": {"distance_km": "25.0", "energy_kwh": "3.75"},
        }

    def singles(self, count: int) -> float:
        """Post activities one by one over 32 connections; activities a second."""
        bodies = [json.dumps(self.activity()).encode() for _ in range(count)]
        return count / self._post(bodies, "activities", "application/json", 201, CONNECTIONS)

    def bulks(self, count: int) -> float:
        """Post bulk requests of 1,000 activities; activities a second."""
        bodies = []
        for _ in range(count):
            lines = [{"kind": "activity.record", **self.activity()} for _ in range(BATCH)]
            bodies.append(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        return count * BATCH / self._post(bodies, "bulk", "application/x-ndjson", 200, BULK_CONNECTIONS)

    def _post(
        self, bodies: list[bytes], path: str, content_type: str, status: int, connections: int
    ) -> float:
        """Post bodies over some connections; seconds it took."""
        queue, lock = iter(bodies), threading.Lock()

        def caller() -> None:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=30)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            headers = {**self._headers, "Content-Type": content_type}

            def post(body: bytes) -> None:
                connection.request("POST", f"/v1/programmes/{PROGRAMME}/{path}", body, headers)
                answer = connection.getresponse()
                content = answer.read()
                assert answer.status == status, content[:500]
                assert status != 200 or b'"problem"' not in content, content[:2000]

            drain(queue, lock, post)
            connection.close()

        begun = time.perf_counter()
        run_callers(connections, caller)
        return time.perf_counter() - begun
