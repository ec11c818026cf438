"""Facts that a log has done with, so that memory does not grow with the log.

Rule of the room: a redemption that still holds something is always in memory; one that was used or
given back is let go of in time. Of activities only those are in memory that a page goes on with;
statements and offers, which are few, stay. What was let go of is read from the log again when a
later event concerns it.
"""

from collections.abc import Sequence
from typing import Any, Final

from ledger.domain.activity import activity_key
from ledger.domain.activity_rows import ACTIVITY_ROWS
from ledger.domain.identifiers import stream_id
from ledger.domain.redemption import STATUS_AFTER
from ledger.domain.state import FactKey, ProgrammeState, evolve_fact
from ledger.domain.statement import DisputeResolved, LineWasDisputed
from ledger.store.arrays import UuidArray
from ledger.store.log import LoggedEvent
from ledger.store.mapper import mapper
from ledger.store.recorder import LOG

SETTLED_KEPT_MAX: Final = 20_000
"""Redemptions kept that hold nothing any more, some 40 MB."""

_OF_REDEMPTIONS: Final = frozenset(event.topic for event in STATUS_AFTER)
_OF_ACTIVITIES: Final = frozenset(
    event.topic for row in ACTIVITY_ROWS.values() if row.fact is not None for event in row.begins
)
"""Topics of the events that go on with an activity recorded before."""
_OF_DISPUTES: Final = frozenset((LineWasDisputed.topic, DisputeResolved.topic))
"""Topics of the events of a statement that stand on a redemption, which has a stream of its own."""


class Settled:
    """Bounds the facts that a state remembers."""

    def __init__(self, state: ProgrammeState, *, kept_max: int) -> None:
        self._state = state
        self._kept_max = kept_max
        self._looks_at = 2 * kept_max
        """Number of facts in memory at which some are let go of."""

    def recall(self, page: Sequence[LoggedEvent], connection: Any) -> None:
        """Put back what was let go of and is concerned by a page that is about to be gone over."""
        facts = self._state.facts
        held_here = {logged.originator_id for logged in page if logged.topic == "redemption.held"}
        missing: dict[bytes, FactKey] = {}
        for logged in page:
            is_step = logged.topic in _OF_REDEMPTIONS and logged.originator_id not in held_here
            if is_step or logged.topic in _OF_ACTIVITIES or logged.topic in _OF_DISPUTES:
                key = _key_of(logged)
                if key is not None and key not in facts:
                    missing[self._stream_of(logged, key)] = key
        if not missing:
            return
        found: dict[FactKey, Any] = {key: None for key in missing.values() if key[0] == "activity"}
        parameters = {"programme_id": self._state.programme_id, "stream_ids": UuidArray.of(sorted(missing))}
        for position, stream, _, topic, state in connection.execute(LOG["streams"], parameters, binary=True):
            if position < page[0].position:
                key = missing[stream.bytes]
                found[key] = _evolved(key, found.get(key), topic, state)
        facts.update(found)

    def _stream_of(self, logged: LoggedEvent, key: FactKey) -> bytes:
        """Give the stream in which a fact lives: that of the step, or, of a dispute, another one."""
        if logged.topic in _OF_DISPUTES:
            return stream_id(self._state.programme_id, *key)
        return logged.originator_id.bytes

    def let_go(self) -> None:
        """Forget activities, and redemptions that hold nothing any more if there are too many.

        The next page may begin with an event that follows from the last one of this page, as credits
        follow grams, so the activity that the last one was about is kept.
        """
        facts = self._state.facts
        latest = "activity", self._state.latest_activity
        for key in [key for key in facts if key[0] == "activity" and key != latest]:
            del facts[key]
        if len(facts) < self._looks_at:
            return
        redemptions = [(key, known) for key, known in facts.items() if key[0] == "redemption"]
        done = [key for key, known in redemptions if known is None or known.status != "held"]
        for key in done[: max(0, len(done) - self._kept_max)]:
            del facts[key]
        self._looks_at = max(2 * self._kept_max, 2 * len(facts))


def _key_of(logged: LoggedEvent) -> FactKey | None:
    """Give the fact that a step names; None where it cannot be read, which is told elsewhere."""
    try:
        event: Any = mapper().event_of(logged.topic, logged.state)
    except Exception:  # noqa: BLE001 - told where the event itself is gone over
        return None
    if logged.topic in _OF_ACTIVITIES:
        return "activity", activity_key(event.source, event.activity_id)
    return "redemption", event.redemption_id


def _evolved(key: FactKey, fact: Any, topic: str, state: bytes) -> Any:
    try:
        return evolve_fact(key, fact, mapper().event_of(topic, state))
    except Exception:  # noqa: BLE001 - told where the event itself was gone over
        return fact
