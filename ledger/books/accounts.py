"""Names that other tools give the accounts of a programme's book.

Rule of the room: every address has one name, every name one address, and an account that has
postings of its own has no accounts below it (a tool adds those in when it checks a balance).
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

OPENING: Final = "Equity:Opening"
"""Where balances come from that were there before a period. It has no address: it always comes to 0."""

PLACES: Final[Mapping[str, str]] = {
    "fund:{id}:available": "Assets:Funds:{id}:Available",
    "fund:{id}:encumbered": "Assets:Funds:{id}:Encumbered",
    "fund:{id}:backing": "Assets:Funds:{id}:Backing",
    "fund:{id}:recoverable": "Assets:Funds:{id}:Recoverable",
    "merchant:{id}:payable": "Liabilities:Merchants:{id}:Payable",
    "merchant:{id}:settling": "Liabilities:Merchants:{id}:Settling",
    "merchant:{id}:paid": "Expenses:Merchants:{id}:Paid",
    "fees": "Income:Fees",
    "sponsor:{id}:external": "Equity:Sponsors:{id}:External",
    "participant:{id}": "Liabilities:Participants:{id}:Own",
    "participant:{id}:held": "Liabilities:Participants:{id}:Held",
    "participant:{id}:pending": "Liabilities:Participants:{id}:Pending",
    "participant:{id}:debt": "Liabilities:Participants:{id}:Debt",
    "org:{id}": "Liabilities:Organisations:{id}:Own",
    "merchant:{id}": "Liabilities:Merchants:{id}:Own",
    "redeemed": "Expenses:Redeemed",
    "expired": "Expenses:Expired",
    "lapsed": "Expenses:Lapsed",
    "retired:{id}": "Expenses:Retired:{id}",
    "nature": "Equity:Nature",
    "issuance": "Equity:Issuance",
    "adjusted": "Equity:Adjusted",
}
"""The name of an account by its address; `{id}` is the owner's id."""

_ID: Final = "{id}"
_OTHER: Final = ("Equity", "Other")
"""Before the parts of an address that stands in no table: a later release's, perhaps."""
_ADDRESSES: Final = {tuple(name.split(":")): address for address, name in PLACES.items()}


class Spelling(NamedTuple):
    """How an id, or another part of an address, stands in the names of a tool."""

    written: Callable[[str], str]
    read: Callable[[str], str]


def name_of(address: str, spelling: Spelling) -> str:
    """Give the name of the account at an address."""
    kind, *rest = parts = address.split(":")
    place = PLACES.get(":".join((kind, _ID, *rest[1:])) if rest else kind)
    if place is None:
        return ":".join((*_OTHER, *map(spelling.written, parts)))
    return place.replace(_ID, spelling.written(rest[0])) if rest else place


def address_of(name: str, spelling: Spelling) -> str:
    """Give the address of the account that has a name.

    Raises:
        ValueError: no address has it.
    """
    try:
        address = _address(tuple(name.split(":")), spelling)
    except LookupError:
        address = ""
    if not address or name_of(address, spelling) != name:
        raise ValueError(f"no address has the name {name!r}")
    return address


def _address(parts: tuple[str, ...], spelling: Spelling) -> str:
    if parts in _ADDRESSES:
        return _ADDRESSES[parts]
    group, own_id, rest = parts[:2], parts[2], parts[3:]
    if group == _OTHER:
        return ":".join(map(spelling.read, parts[2:]))
    return _ADDRESSES[*group, _ID, *rest].replace(_ID, spelling.read(own_id))


# ── As it is ─────────────────────────────────────────────────────────────────────────────────

PLAIN: Final = Spelling(written=str, read=str)
"""As it is: for tools that take any of the characters that an id may have."""


# ── With a capital, and no sign but the hyphen ───────────────────────────────────────────────

_CAPITAL: Final = "^"
"""Put behind an id that begins with a capital, while it is being written; no id has it."""
_LETTERS: Final = {"-": "h", ".": "d", "_": "u", _CAPITAL: "c"}
_SIGNS: Final = {letter: sign for sign, letter in _LETTERS.items()}
_INSIDE: Final = {"-": "-", ".": "--", "_": "---"}
_AT_END: Final = {_CAPITAL: "-", ".": "--", "_": "---"}
_HYPHENS_OF: Final = ({v: k for k, v in _INSIDE.items()}, {v: k for k, v in _AT_END.items()})

_RUN = re.compile(r"[-._^]+")
_RUN_WRITTEN = re.compile(r"-{4}([hduc]+)-|-+")


def _capitalised(own_id: str) -> str:
    """Write an id with a capital or a digit at the beginning, and with letters, digits and hyphens alone.

    Signs by themselves are one hyphen (`-`), two (`.`) or three (`_`); several together are spelled
    by letters between four hyphens and one. An id that has a capital of its own gets a hyphen at the end.
    """
    marked = own_id + _CAPITAL if own_id[0].isupper() else own_id
    written = _RUN.sub(_hyphens, marked)
    return written[0].upper() + written[1:]


def _hyphens(run: re.Match[str]) -> str:
    signs = _AT_END if run.end() == len(run.string) else _INSIDE
    return signs.get(run[0]) or f"----{''.join(_LETTERS[sign] for sign in run[0])}-"


def _uncapitalised(written: str) -> str:
    marked = _RUN_WRITTEN.sub(_signs, written)
    if marked.endswith(_CAPITAL):
        return marked[: -len(_CAPITAL)]
    return marked[0].lower() + marked[1:]


def _signs(run: re.Match[str]) -> str:
    if letters := run[1]:
        return "".join(_SIGNS[letter] for letter in letters)
    return _HYPHENS_OF[run.end() == len(run.string)][run[0]]


CAPITALISED: Final = Spelling(written=_capitalised, read=_uncapitalised)
"""As Beancount has it: a capital or a digit, then letters, digits and hyphens."""
