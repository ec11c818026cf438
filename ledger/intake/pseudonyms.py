"""The names under which vehicles and people stand in the ledger.

Rule of the room: the key never leaves it, and nobody without the key can tell whose a name is. The
recipe is fixed for ever, because partners who exclude double counting have to come to the same names.
"""

import hmac
from typing import Final

from ledger.intake.outcomes import Proposed

KEY_BYTES_MIN: Final = 32
"""As many as the hash has: a shorter key could be guessed, and VINs are few enough to try them all."""

SHORT_CHARS: Final = 32
"""Hexadecimal digits of a name inside an id: 128 bits, so two of a billion do not meet."""

VIN_CHARS: Final = 17
DISTINCT_CHARS_MIN: Final = 8
"""A subject as long as this does not stand in an id by chance."""


def participant_of(subject: str) -> str:
    """Give the participant whom no list names, by the name of the subject."""
    return f"p-{subject[:SHORT_CHARS]}"


class Pseudonyms:
    """Makes names under one key."""

    def __init__(self, key: bytes) -> None:
        if len(key) < KEY_BYTES_MIN:
            raise ValueError(f"at least {KEY_BYTES_MIN} bytes, not {len(key)}")
        self.key = key
        """Never stored, shown or logged."""

    @property
    def fingerprint(self) -> str:
        """What tells this key from others and says nothing of it."""
        return self._name("fingerprint")[:SHORT_CHARS]

    def subject(self, proposed: Proposed) -> str:
        """Give the HMAC-SHA-256 of ``{kind}:{id}`` in hexadecimal; letters of a VIN count as capitals."""
        subject = proposed.subject
        if len(subject) == VIN_CHARS and subject.isalnum():
            subject = subject.upper()
        return self._name(f"{proposed.subject_kind}:{subject}")

    def own_id(self, proposed: Proposed, subject: str) -> str:
        """Give a source's own id; one that says the subject in clear has the name there instead.

        Args:
            proposed: the activity.
            subject: the name of its subject.
        """
        clear, text = proposed.subject, proposed.source_id
        if proposed.subject_kind == "station" or clear.casefold() not in text.casefold():
            return text
        if text.startswith(clear) or len(clear) >= DISTINCT_CHARS_MIN:
            text = text.replace(clear, subject[:SHORT_CHARS], 1)
        if clear.casefold() not in text.casefold():
            return text
        return f"id-{self._name('id:' + proposed.source_id)[:SHORT_CHARS]}"

    def _name(self, text: str) -> str:
        return hmac.digest(self.key, text.encode("utf-8", "surrogatepass"), "sha256").hex()
