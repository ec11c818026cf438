"""Redemptions that a log has done with, so that memory does not grow with the log.

Rule of the room: a redemption that still holds something is always in memory; one that was used or
given back is let go of in time, and read from the log again when a later event concerns it.
"""

from collections.abc import Sequence
from typing import Any, Final

from ledger.domain.redemption import STATUS_AFTER, Redemption, evolve
from ledger.domain.state import ProgrammeState
from ledger.store.arrays import UuidArray
from ledger.store.log import LoggedEvent
from ledger.store.mapper import mapper
from ledger.store.recorder import LOG

SETTLED_KEPT_MAX: Final = 20_000
"""Redemptions kept that hold nothing any more, some 40 MB."""

_STEPS: Final = frozenset(event.topic for event in STATUS_AFTER)


class Settled:
    """Bounds the redemptions that a state remembers."""

    def __init__(self, state: ProgrammeState, *, kept_max: int) -> None:
        self._state = state
        self._kept_max = kept_max
        self._looks_at = 2 * kept_max
        """Number of redemptions in memory at which some are let go of."""

    def recall(self, page: Sequence[LoggedEvent], connection: Any) -> None:
        """Put back what was let go of and is concerned by a page that is about to be gone over."""
        steps = [logged for logged in page if logged.topic in _STEPS]
        held_here = {logged.originator_id for logged in page if logged.topic == "redemption.held"}
        missing = {
            logged.originator_id.bytes
            for logged in steps
            if logged.originator_id not in held_here
            and ("redemption", _redemption_id(logged)) not in self._state.facts
        }
        if not missing:
            return
        parameters = {"programme_id": self._state.programme_id, "stream_ids": UuidArray.of(sorted(missing))}
        found: dict[bytes, Redemption | None] = {}
        for position, stream, _, topic, state in connection.execute(LOG["streams"], parameters, binary=True):
            if position < page[0].position:
                found[stream.bytes] = _evolved(found.get(stream.bytes), topic, state)
        for redemption in found.values():
            if redemption is not None:
                self._state.facts["redemption", redemption.held.id] = redemption

    def let_go(self) -> None:
        """Forget redemptions that hold nothing any more, the oldest first, if there are too many."""
        facts = self._state.facts
        if len(facts) < self._looks_at:
            return
        done = [key for key, known in facts.items() if known is None or known.status != "held"]
        for key in done[: max(0, len(done) - self._kept_max)]:
            del facts[key]
        self._looks_at = max(2 * self._kept_max, 2 * len(facts))


def _redemption_id(logged: LoggedEvent) -> str | None:
    """Give the redemption that a step names; None where it cannot be read, which is told elsewhere."""
    try:
        return getattr(mapper().event_of(logged.topic, logged.state), "redemption_id", None)
    except Exception:  # noqa: BLE001 - told where the event itself is gone over
        return None


def _evolved(redemption: Redemption | None, topic: str, state: bytes) -> Redemption | None:
    try:
        return evolve(redemption, mapper().event_of(topic, state))
    except Exception:  # noqa: BLE001 - told where the event itself was gone over
        return redemption
