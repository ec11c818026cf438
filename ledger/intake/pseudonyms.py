"""The names under which vehicles and people stand in the ledger.

Rule of the room: the key never leaves it, and nobody without the key can tell whose a name is. The
recipe is fixed for ever, because partners who exclude double counting have to come to the same names.
"""

import hmac
import re
from typing import Final

from ledger.intake.outcomes import Proposed

KEY_BYTES_MIN: Final = 32
"""As many as the hash has: a shorter key could be guessed, and VINs are few enough to try them all."""

SHORT_CHARS: Final = 32
"""Hexadecimal digits of a name inside an id: 128 bits, so two of a billion do not meet."""

_VIN = re.compile(r"[A-Za-z0-9]{17}")


class Pseudonyms:
    """Makes names under one key."""

    def __init__(self, key: bytes) -> None:
        if len(key) < KEY_BYTES_MIN:
            raise ValueError(f"at least {KEY_BYTES_MIN} bytes, not {len(key)}")
        self._key = key

    def subject(self, proposed: Proposed) -> str:
        """Give the HMAC-SHA-256 of ``{kind}:{id}`` in hexadecimal; letters of a VIN count as capitals."""
        subject = proposed.subject
        if _VIN.fullmatch(subject):
            subject = subject.upper()
        return self._name(f"{proposed.subject_kind}:{subject}")

    def participant(self, subject: str) -> str:
        """Give the participant whom no list names: ``p-`` and a name made of the subject's."""
        return f"p-{self._name('participant:' + subject)[:SHORT_CHARS]}"

    def own_id(self, proposed: Proposed, subject: str) -> str:
        """Give a source's own id; one that says the subject in clear gets a name in place of it."""
        clear, text = proposed.subject, proposed.source_id
        if proposed.subject_kind == "station" or clear.casefold() not in text.casefold():
            return text
        if text.startswith(f"{clear}:"):
            return subject[:SHORT_CHARS] + text[len(clear) :]
        return f"id-{self._name('id:' + text)[:SHORT_CHARS]}"

    def _name(self, text: str) -> str:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()
