"""Steps: what an explanation is made of, each a fact that anybody can check.

Rule of the room: a number that was recorded is shown together with the one computed again from the
inputs; facts are exact values and names, never sentences.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from ledger.domain.activity import Activity
from ledger.domain.activity_life import evolve as evolve_activity
from ledger.domain.grounds import Grounds
from ledger.domain.messages import Event
from ledger.domain.programme import ProgrammeOpened
from ledger.domain.redemption import Redemption
from ledger.domain.redemption import evolve as evolve_redemption
from ledger.domain.rulebook import Rulebook
from ledger.domain.sink import SinkOpened


class Told(NamedTuple):
    """An event at its place in the log."""

    position: int
    event: Event


class Check(msgspec.Struct, frozen=True):
    """What was recorded, and what comes out when it is computed again from the inputs."""

    recorded: Any
    recomputed: Any
    is_equal: bool
    unit: Literal["", "fen"] = ""
    """Set where the numbers are 分, which are said in yuan."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One link of a chain from an act to a balance."""

    kind: str
    """Names the sentence in every language's table."""
    position: int
    """Of the event that says so."""
    topic: str
    facts: dict[str, Any]
    check: Check | None = None


def checked(recorded: Any, recomputed: Any) -> Check:
    """Compare what was recorded with what was computed again."""
    return Check(recorded, recomputed, recorded == recomputed)


def checked_fen(recorded_fen: int, recomputed_fen: int) -> Check:
    """Compare sums of money."""
    return Check(recorded_fen, recomputed_fen, recorded_fen == recomputed_fen, "fen")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What explanations of one programme's events stand on, beside the events of a stream."""

    programme: ProgrammeOpened
    rulebook: Rulebook
    """Everything ever published; events name their versions."""
    projects: Mapping[str, SinkOpened] = {}
    """Carbon-sink projects that were donated to."""
    grounds: Mapping[int, Grounds] = {}
    """What stood before awards, by their positions; an award that is missing is not decided again."""


class Place(NamedTuple):
    """An event to be explained, and what stands before it in its stream."""

    case: Case
    before: tuple[Told, ...]
    told: Told

    @property
    def event(self) -> Any:
        """The event."""
        return self.told.event

    def activity(self) -> Activity | None:
        """Give the activity of the stream as it stood before the event; None where this is its first."""
        activity: Activity | None = None
        for told in self.before:
            activity = evolve_activity(activity, told.event)
        return activity

    def redemption(self) -> Redemption | None:
        """Give the redemption of the stream as it stood before the event."""
        redemption: Redemption | None = None
        for told in self.before:
            redemption = evolve_redemption(redemption, told.event)
        return redemption

    def step(self, kind: str, check: Check | None = None, **facts: Any) -> Step:
        """Make a step that this event says."""
        return Step(kind=kind, position=self.told.position, topic=self.event.topic, facts=facts, check=check)

    def into(self, asset: str, accounts: Iterable[str] | str) -> int:
        """Sum what the event's legs bring into some accounts, or take out of them (below zero)."""
        named = {accounts} if isinstance(accounts, str) else set(accounts)
        return sum(leg.amount for leg in self.event.legs if leg.asset == asset and leg.account in named)
