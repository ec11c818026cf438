"""One HTTP connection per key, and answers as bytes: what a repeat is compared by."""

import http.client
import json
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlsplit

JSON = "application/json"
NDJSON = "application/x-ndjson"

WAIT_S_MAX = 30.0


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

    def post_lines(self, path: str, commands: list[dict[str, Any]]) -> Answer:
        """Send many commands in one request."""
        body = b"".join(json.dumps(command, ensure_ascii=False).encode() + b"\n" for command in commands)
        return self._wanted(path, self._send("POST", path, body, NDJSON), HTTPStatus.OK)

    def _send(self, method: str, path: str, body: bytes | None = None, content_type: str = JSON) -> Answer:
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
