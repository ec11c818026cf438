"""Where messages may go: addresses as an operator writes them, and what names stand for.

Rule of the room: whoever may create a webhook must not reach by it what only this machine can
reach. So a name is looked up once, every address it stands for is checked, and the connection is
made to an address that was.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import urlsplit

from ledger.domain.errors import WebhookUrlNotAllowed
from ledger.domain.limits import WEBHOOK_URL_CHARS_MAX

_PLAIN: Final = re.compile(r"[!#-;=?-\[\]_a-z~]+", re.IGNORECASE)
"""The characters of RFC 3986: no blank, no control, nothing that two readers read in two ways."""
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?", re.IGNORECASE)
_PORTS: Final = {"https": 443, "http": 80}
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: an IPv4 address in the last 32 bits."""
_UNICAST: Final = ipaddress.ip_network("2000::/3")
"""RFC 4291: the only part of IPv6 from which addresses of the internet are given out."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressNotAllowed(Exception):
    """A name stands for an address that messages must not go to, or for none."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a webhook's messages go."""

    scheme: str
    host: str
    """A name, or an address without brackets."""
    port: int
    target: str
    """Path and query, as they are sent."""

    @property
    def host_header(self) -> str:
        """The host as HTTP names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def endpoint_of(url: str, *, private: bool) -> Endpoint:
    """Read an address that an operator gave.

    Args:
        url: absolute, without user, password or fragment.
        private: whether private addresses and plain http are allowed.

    Raises:
        WebhookUrlNotAllowed
    """
    if len(url) > WEBHOOK_URL_CHARS_MAX or _PLAIN.fullmatch(url) is None:
        _refuse(f"must be an address of at most {WEBHOOK_URL_CHARS_MAX} plain characters")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        _refuse("is not an address")
    if parts.scheme not in _PORTS or (parts.scheme == "http" and not private):
        _refuse("must begin with https://")
    if "@" in parts.netloc or "#" in url or port == 0:
        _refuse("must have no user, no password, no fragment and no port 0")
    literal = _literal(host)
    if literal is None and _NAME.fullmatch(host) is None:
        _refuse("must name a host")
    if literal is not None and not private and not is_public(literal):
        _refuse("is an address of a private network")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(scheme=parts.scheme, host=host, port=port or _PORTS[parts.scheme], target=target)


def addresses_of(endpoint: Endpoint, *, private: bool) -> list[str]:
    """Look up the addresses of an endpoint, in the order in which they should be tried.

    Raises:
        AddressNotAllowed: there is none, or any of them is of a private network.
    """
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressNotAllowed("the host's name cannot be looked up") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not private and not all(is_public(ipaddress.ip_address(address)) for address in addresses):
        raise AddressNotAllowed("the host's name stands for an address of a private network")
    return addresses


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, also when it is wrapped in another."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        if address not in _UNICAST or address.sixtofour is not None:
            return False
    return address.is_global and not address.is_multicast


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _refuse(reason: str) -> NoReturn:
    raise WebhookUrlNotAllowed(field="url", reason=reason)
