"""Whether what somebody did overlaps what the same one did before in the same file."""

from datetime import datetime
from typing import Final

SUBJECTS_REMEMBERED_MAX: Final = 500_000
"""Subjects whose latest span is remembered: beyond it the one not seen for longest goes."""

Span = tuple[str, datetime, datetime]


class Spans:
    """The latest span of each subject."""

    def __init__(self, subjects_remembered_max: int = SUBJECTS_REMEMBERED_MAX) -> None:
        self._subjects_remembered_max = subjects_remembered_max
        self._latest: dict[str, Span] = {}

    def overlaps(self, subject: str, own_id: str, begins_at: datetime, ends_at: datetime) -> bool:
        """Remember a span, and say whether it overlaps the latest one; one sent again is the same one."""
        latest = self._latest.pop(subject, None)
        is_latest = latest is None or ends_at >= latest[2]
        self._latest[subject] = (own_id, begins_at, ends_at) if latest is None or is_latest else latest
        if len(self._latest) > self._subjects_remembered_max:
            del self._latest[next(iter(self._latest))]
        if latest is None or latest[0] == own_id:
            return False
        return begins_at < latest[2] and latest[1] < ends_at
