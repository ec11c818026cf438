"""Held activities: somebody looks at them and lets them count, or not.

Rule of the room: Events → State → Decide → Evolve; all pure. Each reason is cleared by whom it
waits for, an operator for the data and the cross-check for partners; when none is left, the
activity is credited as if it had been recorded then.
"""

from datetime import datetime
from typing import ClassVar, Literal

from ledger.domain import addresses
from ledger.domain.activity import CROSS_CHECK, Activity
from ledger.domain.errors import AccountClosed, ActivityNotFound, ActivityStatusUnsuitable
from ledger.domain.exclusion import BlockingClaim
from ledger.domain.grounds import Grounds
from ledger.domain.identifiers import CommandId, EntityId, Name, Text
from ledger.domain.instants import Instant, utc
from ledger.domain.messages import Command, Event
from ledger.domain.recording import credited
from ledger.domain.registers import Entry, key_of

Clears = Literal["quality", "cross_check"]


class ReleaseActivity(Command, frozen=True, kw_only=True, tag_field="kind", tag="activity.release"):
    """Let a held activity count, as far as the reasons named go."""

    source: EntityId
    activity_id: CommandId
    clears: Clears = "quality"
    approver: Name
    reason: Text


class DismissActivity(Command, frozen=True, kw_only=True, tag_field="kind", tag="activity.dismiss"):
    """Let a held activity count for nothing."""

    source: EntityId
    activity_id: CommandId
    approver: Name
    reason: Text
    standing: BlockingClaim | None = None
    """The claim of a partner's programme that stands."""


# --- Events -------------------------------------------------------------------------------------


class ActivityReleased(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Reasons for which an activity was held were cleared; if none is left, its grams follow."""

    topic: ClassVar[str] = "activity.released"

    source: str
    activity_id: str
    clears: Clears = "quality"
    approver: str
    reason: str


class ActivityDismissed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A held activity counts for nothing, and what it claimed is free."""

    topic: ClassVar[str] = "activity.dismissed"

    source: str
    activity_id: str
    scenario_id: str
    act_occurred_at: Instant
    """When the act happened."""
    approver: str
    reason: str
    standing: BlockingClaim | None = None


# --- State --------------------------------------------------------------------------------------


class Held(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """An activity that waits, in the list that operators and the cross-check work off."""

    register: ClassVar[str] = "held"

    participant_id: str
    scenario_id: str
    occurred_at: Instant
    recorded_at: Instant
    waits_for: tuple[str, ...]

    def due(self) -> datetime | None:
        """The cross-check can begin at once; operators come when they come."""
        return self.recorded_at if CROSS_CHECK in self.waits_for else None


def held_key(source: str, own_id: str) -> str:
    """Name the entry of a held activity."""
    return key_of(source, own_id)


def left_of(waits_for: tuple[str, ...], clears: Clears) -> tuple[str, ...]:
    """Give the reasons that are left after some were cleared."""
    return tuple(reason for reason in waits_for if (reason == CROSS_CHECK) != (clears == "cross_check"))


# --- Decide -------------------------------------------------------------------------------------


def require_activity(activity: Activity | None, source: str, own_id: str) -> Activity:
    """Refuse an activity that nobody reported.

    Raises:
        ActivityNotFound
    """
    if activity is None:
        raise ActivityNotFound(source=source, activity_id=own_id)
    return activity


def _require_held(activity: Activity | None, command: ReleaseActivity | DismissActivity) -> Activity:
    activity = require_activity(activity, command.source, command.activity_id)
    if activity.status != "held":
        raise ActivityStatusUnsuitable(
            source=activity.source, activity_id=activity.id, status=activity.status, needed="held"
        )
    return activity


def release_activity(
    command: ReleaseActivity, activity: Activity | None, grounds: Grounds, recorded_at: datetime
) -> tuple[Event, ...]:
    """Clear reasons of a held activity; credit it when none is left.

    Raises, in this order:
        ActivityNotFound,
        ActivityStatusUnsuitable: it is not held, or not for such a reason
        AccountClosed: none is left, and the participant is there no more
    """
    activity = _require_held(activity, command)
    left = left_of(activity.waits_for, command.clears)
    if left == activity.waits_for:
        raise ActivityStatusUnsuitable(
            source=activity.source,
            activity_id=activity.id,
            status="held: " + ", ".join(left),
            needed=f"held for {command.clears}",
        )
    released = ActivityReleased(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        source=command.source,
        activity_id=command.activity_id,
        clears=command.clears,
        approver=command.approver,
        reason=command.reason,
    )
    if left:
        return (released,)
    reported = activity.reported
    address = addresses.participant(reported.participant_id)
    if grounds.accounts[address].status == "closed":
        raise AccountClosed(account=address)
    scenario = grounds.rulebook.scenario(reported.scenario_id, activity.scenario_version)
    methodology = grounds.rulebook.methodology(scenario.methodology_id, scenario.methodology_version)
    reduction = methodology.formula.reduction(reported.measured, share=activity.share)
    return released, *credited(reported, scenario, reduction, activity.share, grounds, recorded_at)


def dismiss_activity(
    command: DismissActivity, activity: Activity | None, recorded_at: datetime
) -> ActivityDismissed:
    """Let a held activity count for nothing.

    Raises, in this order:
        ActivityNotFound, ActivityStatusUnsuitable
    """
    activity = _require_held(activity, command)
    return ActivityDismissed(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        source=command.source,
        activity_id=command.activity_id,
        scenario_id=activity.reported.scenario_id,
        act_occurred_at=activity.reported.occurred_at,
        approver=command.approver,
        reason=command.reason,
        standing=command.standing,
    )
