"""What a language is made of here, and where its table is read from.

Rule of the room: a language is a JSON file of this folder; another one is another file and its name
below. A test holds all of them to the same kinds of steps and the same facts.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal, get_args

import msgspec

Tongue = Literal["en", "zh"]
"""The languages, by their ISO 639 names."""

TONGUES: Final[tuple[Tongue, ...]] = get_args(Tongue)


class Language(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is said in one language, and nothing that is computed."""

    templates: Mapping[str, str]
    """The sentence of every kind of step."""
    words: Mapping[str, Mapping[str, str]]
    """Words for values, by what they are values of."""
    units: Mapping[str, tuple[str, str]]
    """Units for one and for several."""
    money: str
    """A sum of yuan."""
    lot: str
    """Credits of one lot in a list."""
    comma: str
    """Between the parts of a list."""
    space: str
    """Between a number and its unit."""
    blank: str
    """Between a name and its number."""
    nothing: str
    """For an empty list."""
    equal: str
    """After a sentence whose numbers come out again."""
    differs: str
    """After one whose numbers do not."""


@cache
def language_of(tongue: Tongue) -> Language:
    """Read the table of a language, once."""
    text = files("ledger.explaining").joinpath(f"{tongue}.json").read_bytes()
    return msgspec.json.decode(text, type=Language)
