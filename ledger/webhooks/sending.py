"""One request to a receiver, and what it says.

Rule of the room: a request ends within its time whatever the receiver does; no redirect is followed
and no proxy asked; what a receiver answers is looked at for its status alone.
"""

import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, RemoteDisconnected
from typing import Final, NamedTuple

from ledger.domain.errors import WebhookUrlNotAllowed
from ledger.domain.limits import WEBHOOK_REQUEST_S_MAX, WEBHOOK_RETRY_AFTER_S_MAX
from ledger.webhooks.endpoints import AddressNotAllowed, Endpoint, addresses_of, endpoint_of

USER_AGENT: Final = "carbon-ledger-webhooks"
ANSWER_BYTES_MAX: Final = 16_384
"""What is read of an answer so that the connection can be used again; of a longer one it is closed."""

_SECONDS: Final = re.compile(r"[0-9]{1,9}")
_FAILURES: Final = (HTTPException, OSError, ValueError)


class Outcome(NamedTuple):
    """What came of one attempt."""

    is_delivered: bool
    error: str = ""
    """Why not, for people."""
    is_gone: bool = False
    """Whether the receiver says that it wants nothing any more."""
    retry_after_s: int = 0
    """How long the receiver asks to be left alone."""


class Sender:
    """Sends to receivers, as far as addresses are allowed."""

    def __init__(
        self,
        *,
        private: bool,
        request_s_max: float = WEBHOOK_REQUEST_S_MAX,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Say what is allowed.

        Args:
            private: whether private addresses and plain http are.
            request_s_max: how long a request may take, from the connection to the last byte.
            tls: whose certificates are believed; by default those that the system believes.
        """
        self.private = private
        self.request_s_max = request_s_max
        self.tls = tls or ssl.create_default_context()

    @contextmanager
    def receiver(self, url: str) -> Iterator["Receiver"]:
        """Speak with one receiver; nothing is connected before the first message."""
        receiver = Receiver(self, url)
        try:
            yield receiver
        finally:
            receiver.close()


class Receiver:
    """One receiver, on one connection for as long as that lasts."""

    def __init__(self, sender: Sender, url: str) -> None:
        self._sender = sender
        self._url = url
        self._connection: HTTPConnection | None = None
        self._socket: socket.socket | None = None
        self._is_late = False

    def post(self, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Send one message and give what came of it; a failure is an outcome too."""
        self._is_late = False
        # Each wait has a limit of its own; many short ones have none but this.
        clock = threading.Timer(self._sender.request_s_max, self._cut)
        clock.daemon = True
        clock.start()
        try:
            return self._attempt(body, headers)
        except WebhookUrlNotAllowed as refused:
            return Outcome(is_delivered=False, error=f"the address {refused.reason}")
        except AddressNotAllowed as refused:
            return Outcome(is_delivered=False, error=str(refused))
        except _FAILURES as failed:
            self.close()
            return Outcome(is_delivered=False, error=self._words(failed))
        finally:
            clock.cancel()

    def close(self) -> None:
        """Let go of the connection."""
        for held in (self._connection, self._socket):
            if held is not None:
                with suppress(OSError):
                    held.close()
        self._connection = self._socket = None

    def _attempt(self, body: bytes, headers: Mapping[str, str]) -> Outcome:
        endpoint = endpoint_of(self._url, private=self._sender.private)
        if self._connection is not None:
            try:
                return self._request(self._connection, endpoint, body, headers)
            except (RemoteDisconnected, ConnectionError):
                # A receiver may close a connection on which nothing was sent for a while.
                if self._is_late:
                    raise
                self.close()
        return self._request(self._connect(endpoint), endpoint, body, headers)

    def _request(
        self, connection: HTTPConnection, endpoint: Endpoint, body: bytes, headers: Mapping[str, str]
    ) -> Outcome:
        told = {"Host": endpoint.host_header, "User-Agent": USER_AGENT, **headers}
        connection.request("POST", endpoint.target, body, told)
        response = connection.getresponse()
        if self._is_late:
            raise TimeoutError  # the end of what was heard is our own
        outcome = _outcome_of(response)
        try:
            can_stay = len(response.read(ANSWER_BYTES_MAX)) < ANSWER_BYTES_MAX and not response.will_close
        except _FAILURES:
            can_stay = False  # what it had to say, it has said
        if not can_stay:
            self.close()
        return outcome

    # --- connecting -------------------------------------------------------------------------

    def _connect(self, endpoint: Endpoint) -> HTTPConnection:
        """Connect to the first address that answers; all of them have been checked."""
        *others, last = addresses_of(endpoint, private=self._sender.private)
        for address in others:
            with suppress(OSError):
                return self._connect_to(endpoint, address)
            self.close()
            if self._is_late:
                raise TimeoutError
        return self._connect_to(endpoint, last)

    def _connect_to(self, endpoint: Endpoint, address: str) -> HTTPConnection:
        """Connect to an address, and hold the receiver to the name of the endpoint there."""
        sock = socket.create_connection((address, endpoint.port), self._sender.request_s_max)
        # Headers and body go in two pieces, and the second must not wait to be asked for.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A second handle on the connection, which stays good while TLS is wrapped around the first.
        self._socket = sock.dup()
        if self._is_late:
            sock.close()
            raise TimeoutError
        if endpoint.scheme == "https":
            sock = self._sender.tls.wrap_socket(sock, server_hostname=endpoint.host)
        self._connection = connection = HTTPConnection(endpoint.host, endpoint.port)
        connection.auto_open = 0  # by name it would look up the name again
        connection.sock = sock
        return connection

    def _cut(self) -> None:
        """End the request under way, from another thread: whatever waits for the receiver fails."""
        self._is_late = True
        if (sock := self._socket) is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _words(self, failed: Exception) -> str:
        """What went wrong, in words that give nothing away of what stands at the address."""
        if self._is_late or isinstance(failed, TimeoutError):
            return f"no answer within {self._sender.request_s_max:g} seconds"
        if isinstance(failed, ssl.SSLError):
            return f"TLS failed: {failed.reason or type(failed).__name__}"
        return type(failed).__name__


def _outcome_of(response: HTTPResponse) -> Outcome:
    """Read a status as Standard Webhooks has it."""
    status = response.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome(is_delivered=True)
    is_redirect = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    return Outcome(
        is_delivered=False,
        error=f"answered {status}" + (", and redirects are not followed" if is_redirect else ""),
        is_gone=status == HTTPStatus.GONE,
        retry_after_s=_seconds(response.headers.get("Retry-After", "")),
    )


def _seconds(text: str) -> int:
    """How many seconds a Retry-After asks for; 0 when it is written in no known way."""
    if _SECONDS.fullmatch(text):
        return min(int(text), WEBHOOK_RETRY_AFTER_S_MAX)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0
    left = until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)
    return min(max(int(left.total_seconds()), 0), WEBHOOK_RETRY_AFTER_S_MAX)
