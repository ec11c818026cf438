"""Where a server is, whether it answers there, and whether its port is free."""

import http.client
import socket
from typing import Final
from urllib.parse import urlsplit

from ledger.config import Settings
from ledger.domain import errors

PROBE_S_MAX: Final = 3.0

ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 — compared with, not listened on
"""Where to reach a server that listens on every address of the machine."""


def url_of(settings: Settings) -> str:
    """Where a server with these settings is reached from this machine."""
    host = ANY_ADDRESS.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def status_of(url: str, path: str) -> int | None:
    """The status a server answers with; None when it does not answer."""
    address = urlsplit(url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=PROBE_S_MAX)
    try:
        connection.request("GET", address.path.rstrip("/") + path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def free_port(host: str, port: int) -> int:
    """The port, if nobody listens on it; any that is free for 0.

    Asked beforehand, because the server shares its port among its workers and so would silently
    share it with another server too.

    Raises:
        errors.SettingInvalid: The port is taken, or the address is not one of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except socket.gaierror:
        raise errors.SettingInvalid("LEDGER_HOST", host, "an address of this machine") from None
    except OSError as error:
        accepted = f"an address and port of this machine that are free ({error.strerror})"
        raise errors.SettingInvalid("LEDGER_PORT", f"{host}:{port}", accepted) from None
