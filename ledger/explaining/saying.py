"""From a step to a sentence, in any language that has a table.

Rule of the room: nothing here is in a language. Templates, words and units are data; after the colon
of a placeholder stands how a value is said, see `_SAID`.
"""

import string
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

import msgspec

from ledger.domain.instants import zone
from ledger.explaining.language import Language, Tongue, language_of
from ledger.explaining.steps import Check, Step

FEN_PER_YUAN: Final = 100


class Speaker(NamedTuple):
    """Says steps in one language, with times on the programme's clocks."""

    language: Language
    time_zone: str

    def say(self, step: Step) -> str:
        """Give the sentence of a step, and after it what the recomputation gave."""
        facts = {**step.facts, "position": step.position, "topic": step.topic}
        sentence = self.fill(self.language.templates[step.kind], facts)
        return sentence if step.check is None else sentence + self._checked(step.check)

    def fill(self, template: str, facts: Mapping[str, Any]) -> str:
        """Put facts into a template."""
        return _Filling(self).vformat(template, (), facts)

    def word(self, kind: str, value: Any) -> str:
        """Give the word for a value; the value itself where the language has none."""
        return self.language.words.get(kind, {}).get(str(value), str(value))

    def listed(self, said: Sequence[str]) -> str:
        """Join what was said one by one."""
        return self.language.comma.join(said) if said else self.language.nothing

    def _checked(self, check: Check) -> str:
        template = self.language.equal if check.is_equal else self.language.differs
        facts = {
            "recorded": self._plain(check.recorded, check.unit),
            "recomputed": self._plain(check.recomputed, check.unit),
        }
        return self.fill(template, facts)

    def _plain(self, value: Any, unit: str = "") -> str:
        if unit == "fen" and isinstance(value, int):
            return _fen(self, value, unit)
        if isinstance(value, datetime):
            return self.time(value)
        if isinstance(value, list):
            # A list is an award: its credits, and the cap that clipped it where one did.
            return self.listed([self.word("cap", self._plain(one)) for one in value if one is not None])
        if isinstance(value, dict):
            return self.fill(self.language.lot, value)
        return str(value)

    def time(self, instant: datetime) -> str:
        """Say an instant on the programme's clocks, to the second, with its offset."""
        return instant.astimezone(zone(self.time_zone)).isoformat(sep=" ", timespec="seconds")


class _Filling(string.Formatter):
    """Fills templates; what stands after a colon says how."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def format_field(self, value: Any, format_spec: str) -> str:
        how, _, kind = format_spec.partition("=")
        return _SAID[how](self._speaker, value, kind)


def _unit(speaker: Speaker, value: Any, kind: str) -> str:
    """A number with its unit, the unit in its number."""
    one, many = speaker.language.units[kind]
    return f"{value}{speaker.language.space}{one if str(value) == '1' else many}"


def _fen(speaker: Speaker, value: Any, _kind: str) -> str:
    """Whole 分 as yuan, exactly."""
    sign, fen = "-" if value < 0 else "", abs(value)
    return speaker.language.money.format(f"{sign}{fen // FEN_PER_YUAN}.{fen % FEN_PER_YUAN:02d}")


def _word(speaker: Speaker, value: Any, kind: str) -> str:
    if isinstance(value, (list, tuple)):
        return speaker.listed([speaker.word(kind, one) for one in value])
    return speaker.word(kind, value)


def _measured(speaker: Speaker, value: Any, _kind: str) -> str:
    return speaker.listed(
        [
            f"{speaker.word('field', one['field'])}{speaker.language.blank}"
            f"{_unit(speaker, one['value'], one['field'])}"
            for one in value
        ]
    )


def _as_it_is(speaker: Speaker, value: Any, _kind: str) -> str:
    return speaker.language.nothing if value is None else str(value)


def _lots(speaker: Speaker, value: Any, _kind: str) -> str:
    return speaker.listed([speaker.fill(speaker.language.lot, lot) for lot in value])


def _ranges(speaker: Speaker, value: Any, _kind: str) -> str:
    return speaker.listed([str(first) if first == last else f"{first}-{last}" for first, last in value])


def _legs(speaker: Speaker, value: Any, _kind: str) -> str:
    return speaker.listed([f"{leg['account']} {leg['amount']:+} {leg['asset']}" for leg in value])


def _names(speaker: Speaker, value: Any, _kind: str) -> str:
    return speaker.listed([str(one) for one in value])


def _time(speaker: Speaker, value: Any, _kind: str) -> str:
    return speaker.language.nothing if value is None else speaker.time(value)


_SAID: Final[Mapping[str, Callable[[Speaker, Any, str], str]]] = {
    "": _as_it_is,
    "unit": _unit,
    "fen": _fen,
    "word": _word,
    "measured": _measured,
    "lots": _lots,
    "ranges": _ranges,
    "legs": _legs,
    "names": _names,
    "time": _time,
}
"""How a value is said; after `=` stands which unit or which words."""


def speaker_of(tongue: Tongue, time_zone: str) -> Speaker:
    """Give who speaks a language in a programme."""
    return Speaker(language_of(tongue), time_zone)


def plain(step: Step, speaker: Speaker) -> dict[str, Any]:
    """Give a step as a document: its facts as they are, and its sentence."""
    document = cast("dict[str, Any]", msgspec.to_builtins(step))
    return {**document, "sentence": speaker.say(step)}
