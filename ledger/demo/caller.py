"""Callers: a key of each role, a connection for each key, and answers as the bytes they were."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ledger.bootstrap import Ledger

JSON = "application/json"
NDJSON = "application/x-ndjson"
FILE = "application/octet-stream"

WAIT_S_MAX = 30.0
PAUSE_S = 0.1
"""Between two times that the same request is sent: what is not ready here is nearly so."""


class DemoFailed(Exception):
    """Something was not as the demonstration says it is."""


class Answer(NamedTuple):
    """What the server said."""

    status: int
    headers: dict[str, str]
    """By name in lower case."""
    body: bytes

    def document(self) -> Any:
        """Give the body as plain values."""
        return json.loads(self.body)

    def lines(self) -> list[Any]:
        """Give the body as plain values, line by line."""
        return [json.loads(line) for line in self.body.splitlines()]


class Caller:
    """A client with one key."""

    def __init__(self, url: str, secret: str) -> None:
        """Name the server and the key; the connection is made with the first request."""
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=WAIT_S_MAX
        )
        self._headers = {"Authorization": f"Bearer {secret}"}

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def get(self, path: str) -> Answer:
        """Read something that must be there."""
        return self._wanted(path, self._send("GET", path), HTTPStatus.OK)

    def post(self, path: str, command: dict[str, Any]) -> Answer:
        """Send a command that must be recorded."""
        return self._wanted(path, self.try_post(path, command), HTTPStatus.CREATED)

    def try_post(self, path: str, command: dict[str, Any]) -> Answer:
        """Send a command that may be refused."""
        return self._send("POST", path, json.dumps(command, ensure_ascii=False).encode(), JSON)

    def post_for(self, path: str, command: dict[str, Any]) -> Answer:
        """Send a step that must be taken, of what is no command of the log."""
        return self._wanted(path, self.try_post(path, command), HTTPStatus.OK)

    def post_file(self, path: str, content: bytes) -> Answer:
        """Send a file that must be taken."""
        return self._wanted(path, self._send("POST", path, content, FILE), HTTPStatus.CREATED)

    def post_lines(self, path: str, commands: list[dict[str, Any]]) -> Answer:
        """Send many commands in one request."""
        body = b"".join(json.dumps(command, ensure_ascii=False).encode() + b"\n" for command in commands)
        return self._wanted(path, self._send("POST", path, body, NDJSON), HTTPStatus.OK)

    def _send(self, method: str, path: str, body: bytes | None = None, content_type: str = JSON) -> Answer:
        """Send a request, and the very same again while the answer is 503, as every caller should."""
        give_up_s = time.monotonic() + WAIT_S_MAX
        while True:
            answer = self._sent(method, path, body, content_type)
            if answer.status != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > give_up_s:
                return answer
            time.sleep(PAUSE_S)

    def _sent(self, method: str, path: str, body: bytes | None, content_type: str) -> Answer:
        headers = self._headers | ({"Content-Type": content_type} if body is not None else {})
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())
        except (OSError, http.client.HTTPException) as error:
            raise DemoFailed(f"{method} {path} was not answered: {error!r}") from error

    @staticmethod
    def _wanted(path: str, answer: Answer, status: HTTPStatus) -> Answer:
        if answer.status != status:
            said = answer.body.decode(errors="replace")
            raise DemoFailed(f"{path} was answered {answer.status}, not {status.value}: {said}")
        return answer


class Callers(NamedTuple):
    """A connection with a key of each role."""

    operator: Caller
    finance: Caller
    poster: Caller
    auditor: Caller
    checker: Caller
    """A second key of finance: what one prepares the other checks."""


@contextmanager
def callers_of(ledger: Ledger, url: str, programme_id: str) -> Iterator[Callers]:
    """Make a key of each role for the length of the story."""
    # Whoever opens a programme needs a key for all of them; the others open this one alone.
    with ExitStack() as at_end:
        callers = {}
        for name in Callers._fields:
            made = ledger.keys.create(
                name=f"{programme_id} {name}",
                role="finance" if name == "checker" else name,
                programme_id=None if name == "operator" else programme_id,
            )
            at_end.callback(ledger.keys.revoke, made.key.key_id)
            callers[name] = at_end.enter_context(closing(Caller(url, made.secret)))
        yield Callers(**callers)
