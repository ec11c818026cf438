"""One activity as it is read: what has become of it, and every event that made it so.

Rule of the room: folded from its stream by the very function that decisions use; nothing is stored.
"""

from typing import NamedTuple

from ledger.domain.activity import Activity, ActivityRejected, activity_key
from ledger.domain.activity_life import evolve
from ledger.domain.caps import CapName
from ledger.domain.correction import CreditsCorrected
from ledger.domain.earning import CreditsIssued
from ledger.domain.errors import ActivityNotFound
from ledger.domain.exclusion import BlockingClaim
from ledger.domain.review import ActivityDismissed
from ledger.store.log import Log, LoggedEvent


class ActivityView(NamedTuple):
    """An activity and its history."""

    activity: Activity
    reasons: tuple[str, ...]
    """Why it is held, was rejected, or was held before it was dismissed."""
    standing: BlockingClaim | None
    """The claim because of which it counts for nothing."""
    clipped_by: CapName | None
    """The cap that left less than was desired, when its credits were last decided on."""
    events: list[LoggedEvent]


def read_activity(log: Log, programme_id: str, source: str, own_id: str) -> ActivityView:
    """Read an activity.

    Raises:
        ActivityNotFound: the source has reported none of this id, or nobody opened the programme.
    """
    logged = log.stream(programme_id, "activity", activity_key(source, own_id))
    events = [log.decode(one) for one in logged]
    activity: Activity | None = None
    clipped_by: CapName | None = None
    standing: BlockingClaim | None = None
    for event in events:
        activity = evolve(activity, event)
        if isinstance(event, CreditsIssued | CreditsCorrected):
            clipped_by = event.clipped_by
        elif isinstance(event, ActivityRejected | ActivityDismissed):
            standing = event.standing
    if activity is None:
        raise ActivityNotFound(source=source, activity_id=own_id)
    return ActivityView(activity, _reasons(activity), standing, clipped_by, logged)


def _reasons(activity: Activity) -> tuple[str, ...]:
    if activity.status == "held":
        return activity.waits_for
    if activity.status in ("rejected", "dismissed"):
        return getattr(activity.reported, "reasons", ())
    return ()
