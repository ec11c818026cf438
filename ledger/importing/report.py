"""What became of every line of a file."""

from typing import Final

import msgspec

EXAMPLES_MAX: Final = 100
"""Lines that a report names one by one; all of them are counted."""


class Example(msgspec.Struct, frozen=True):
    """A line that did not count."""

    line: int
    reason: str
    excerpt: str = ""


class ImportReport(msgspec.Struct, kw_only=True):
    """What became of every line, so far."""

    read: int = 0
    """Activities and unreadable lines."""
    accepted: int = 0
    """Recorded, in full."""
    discounted: int = 0
    """Recorded, in part."""
    corrected: int = 0
    """Recorded before with other measurements, and corrected."""
    held: dict[str, int] = {}
    """Recorded, and waiting for somebody to look at, by reason; one activity may have several."""
    held_activities: int = 0
    rejected: dict[str, int] = {}
    """Recorded, and counting for nothing, by reason."""
    rejected_activities: int = 0
    duplicates: int = 0
    """Recorded before."""
    conflicts: int = 0
    """Recorded before with other content, too late or too different to be a correction."""
    refused: dict[str, int] = {}
    """Not recorded, by the code of the refusal."""
    unreadable: dict[str, int] = {}
    """Not read, by reason."""
    examples: list[Example] = []

    @property
    def is_clean(self) -> bool:
        """Whether every line was recorded, now or before."""
        return not (self.conflicts or self.refused or self.unreadable)

    def count(self, kind: str, reason: str, line: int, excerpt: str = "") -> None:
        """Count a line that did not count in full, and name it while there is room."""
        counts: dict[str, int] = getattr(self, kind)
        counts[reason] = counts.get(reason, 0) + 1
        if kind in {"refused", "unreadable"}:
            self.name(line, reason, excerpt)

    def name(self, line: int, reason: str, excerpt: str = "") -> None:
        """Name a line while there is room."""
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(Example(line, reason, excerpt))
