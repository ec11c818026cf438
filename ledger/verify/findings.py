"""What proving a programme finds."""

from collections import Counter
from typing import Any, Final, Literal

import msgspec

FINDINGS_SHOWN_MAX: Final = 100
"""Of each code; beyond it they are only counted."""

Code = Literal[
    "position_missing",
    "event_unreadable",
    "stream_differs",
    "version_differs",
    "recorded_earlier",
    "checksum_differs",
    "configuration_differs",
    "head_differs",
    "command_impossible",
    "command_refused",
    "event_differs",
    "event_unexpected",
    "event_missing",
    "legs_unbalanced",
    "below_zero",
    "owed_uncovered",
    "balance_differs",
    "owner_differs",
    "hold_differs",
    "register_differs",
    "row_differs",
    "view_stopped",
    "view_position_differs",
    "statement_lines_differ",
    "statement_digest_differs",
    "line_outside_statements",
    "statement_payouts_differ",
    "settled_money_differs",
]
"""What can be found, in the order of docs/views.md; frozen, for programs."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as the log gives it, or a log that cannot be."""

    code: Code
    subject: str
    """What differs, for people."""
    position: int | None = None
    """Of the event that explains it."""
    topic: str | None = None
    expected: Any = None
    """As derived from the log."""
    found: Any = None
    """As it stands."""


class Findings:
    """Collects findings, the first of each code, and counts the others."""

    def __init__(self, kept: list[Finding] | None = None, counts: dict[str, int] | None = None) -> None:
        """Begin with nothing, or with what an earlier run found."""
        self.shown: list[Finding] = list(kept or ())
        self.counts: Counter[str] = Counter(counts or {})
        self.silent_until = 0
        """Events up to this position were looked at by an earlier run, which told what it found."""

    def add(self, finding: Finding, *, count: int = 1) -> None:
        """Note a finding."""
        if finding.position is not None and finding.position <= self.silent_until:
            return
        if self.counts[finding.code] < FINDINGS_SHOWN_MAX:
            self.shown.append(finding)
        self.counts[finding.code] += count


class ProgrammeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What proving one programme found."""

    programme_id: str
    position: int
    """Of the last event looked at."""
    since: int
    """Events after this position were decided again."""
    events: int
    """Events read by this run."""
    elapsed_ms: int
    """For the log and the tables."""
    views: dict[str, int]
    """How far each view was compared."""
    findings: list[Finding]
    """By position, then those that no event explains; the first hundred of each code."""
    findings_count: dict[str, int]
    """By code."""

    @property
    def is_equal(self) -> bool:
        """Whether everything is as the log gives it."""
        return not self.findings_count
