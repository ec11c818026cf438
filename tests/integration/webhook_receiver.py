"""A receiver of webhooks on loopback, which answers as a test wants it to."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def position(self) -> int:
        return int(json.loads(self.body)["data"]["position"])

    def verified_by(self, secret: str) -> Any:
        """The message, after the standard's own library has found it to be signed with a secret."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass(frozen=True)
class Reply:
    """What a request is answered."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    """Silence before the answer."""
    drip_s: float = 0.0
    """When above 0, a byte of a header every so often, and never an end."""
    hang_up: bool = False
    """Close the connection after the answer without saying so."""


Answer = Callable[[Received], Reply]


class Receiver:
    """The server, and what it has received."""

    def __init__(self, answer: Answer = lambda _: Reply()) -> None:
        self.answer = answer
        self.received: list[Received] = []
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # callers may hang up
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.scheme = "http"

    def speak_tls(self, context: ssl.SSLContext) -> None:
        """Expect TLS on every connection; to be called before the first."""
        self.scheme = "https"
        accept = self._server.get_request

        def wrapped() -> tuple[socket.socket, object]:
            connection, address = accept()
            # The handshake belongs to the connection's own thread.
            return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

        self._server.get_request = wrapped  # type: ignore[method-assign]

    @property
    def port(self) -> int:
        return self._server.server_port

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def positions(self) -> list[int]:
        return [request.position for request in self.received]

    def wait_until(self, is_so: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait, with every request that comes in looking again."""
        with self._arrived:
            assert self._arrived.wait_for(is_so, seconds), self.positions()

    def _take(self, request: Received) -> Reply:
        with self._arrived:
            self.received.append(request)
            reply = self.answer(request)
            self._arrived.notify_all()
        return reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = receiver._take(Received(self.path, headers, body, time.monotonic()))
                try:
                    self._answer(reply)
                except OSError:
                    self.close_connection = True

            def _answer(self, reply: Reply) -> None:
                time.sleep(reply.after_s)
                if reply.drip_s:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
                    while True:
                        self.wfile.write(b"x")
                        time.sleep(reply.drip_s)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()
                self.close_connection |= reply.hang_up

            def log_message(self, *_: object) -> None:
                pass

        return Handler
