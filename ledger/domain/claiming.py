"""Pending credits: claimed in time, or lapsed.

Rule of the room: Events → State → Decide → Evolve; all pure. A lapse takes credits, never the
reduction; a claim pays what the participant owes before anything becomes spendable.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from ledger.domain import addresses
from ledger.domain.activity import Activity
from ledger.domain.addresses import CREDIT, ISSUANCE, LAPSED
from ledger.domain.book import Leg
from ledger.domain.earning import budget_legs, debts_paid, issue_legs
from ledger.domain.errors import ClaimWindowClosed, CreditsNotRipe, NothingPending
from ledger.domain.grounds import Grounds
from ledger.domain.identifiers import CommandId, EntityId
from ledger.domain.instants import Instant, utc
from ledger.domain.messages import Command, Event
from ledger.domain.owners import require_open
from ledger.domain.registers import Entry, key_of
from ledger.domain.review import require_activity
from ledger.domain.transfer import move_lots


class ClaimCredits(Command, frozen=True, kw_only=True, tag_field="kind", tag="credits.claim"):
    """Make the pending credits of one activity spendable."""

    source: EntityId
    activity_id: CommandId


class LapseCredits(Command, frozen=True, kw_only=True, tag_field="kind", tag="credits.lapse"):
    """Take the pending credits of one activity that nobody claimed in time, as part of a run."""

    run_id: CommandId
    source: EntityId
    activity_id: CommandId


# --- Events -------------------------------------------------------------------------------------


class CreditsClaimed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Pending credits became spendable."""

    topic: ClassVar[str] = "credits.claimed"

    source: str
    activity_id: str
    participant_id: str
    credits: int
    debt_credits: int = 0
    """How many of them paid what the participant owed."""
    bonus_credits: dict[str, int] = {}  # noqa: RUF012 - the library copies it
    """How many of them were earned by campaigns, by the campaign's id."""


class CreditsLapsed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Pending credits were not claimed in time."""

    topic: ClassVar[str] = "credits.lapsed"

    run_id: str
    source: str
    activity_id: str
    participant_id: str
    credits: int
    bonus_credits: dict[str, int] = {}  # noqa: RUF012
    """How many of them were earned by campaigns, by the campaign's id."""


# --- State --------------------------------------------------------------------------------------


class Pending(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """Credits of an activity that wait to be claimed, in the list of their participant."""

    register: ClassVar[str] = "pending"

    credits: int
    bonus_credits: int = 0
    """Earned by campaigns, beside the activity's own."""
    scenario_id: str
    occurred_at: Instant
    ripens_at: Instant
    claim_by: Instant | None = None

    def due(self) -> datetime | None:
        """They lapse when the window is over."""
        return self.claim_by


def pending_key(participant_id: str, source: str, own_id: str) -> str:
    """Name the entry of an activity's pending credits."""
    return key_of(participant_id, source, own_id)


# --- Decide -------------------------------------------------------------------------------------


def claim_credits(
    command: ClaimCredits, activity: Activity | None, grounds: Grounds, recorded_at: datetime
) -> CreditsClaimed:
    """Make pending credits spendable.

    Raises, in this order:
        ActivityNotFound, NothingPending, CreditsNotRipe, ClaimWindowClosed,
        AccountClosed, AccountFrozen
    """
    activity = require_activity(activity, command.source, command.activity_id)
    lot, holder = activity.lot, addresses.participant(activity.participant_id)
    bonuses = activity.bonuses_pending
    pending_credits = activity.pending_credits + sum(bonuses.values())
    if not pending_credits:
        raise NothingPending(source=activity.source, activity_id=activity.id)
    if activity.ripens_at is not None and recorded_at < activity.ripens_at:
        raise CreditsNotRipe(ripens_at=activity.ripens_at)
    if activity.claim_by is not None and recorded_at >= activity.claim_by:
        raise ClaimWindowClosed(claim_by=activity.claim_by)
    require_open(grounds.accounts[holder], holder)
    debts = debts_paid(grounds.accounts[addresses.debt(holder)], pending_credits)
    paid = sum(amount for _, amount in debts)
    legs = (
        Leg(addresses.pending(holder), CREDIT, lot, -pending_credits),
        # What pays a debt goes back to issuance and is issued anew in the lot in which it is owed.
        *([Leg(ISSUANCE, CREDIT, lot, paid)] if paid else ()),
        *issue_legs(holder, holder, lot, paid, debts),
        *([Leg(holder, CREDIT, lot, pending_credits - paid)] if pending_credits > paid else ()),
    )
    return CreditsClaimed(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=legs,
        source=command.source,
        activity_id=command.activity_id,
        participant_id=activity.participant_id,
        credits=pending_credits,
        debt_credits=paid,
        bonus_credits=bonuses,
    )


def lapse_credits(
    command: LapseCredits, activity: Activity | None, grounds: Grounds, recorded_at: datetime
) -> CreditsLapsed | None:
    """Let pending credits lapse whose window is over; None when there are none.

    Raises:
        ActivityNotFound
    """
    activity = require_activity(activity, command.source, command.activity_id)
    claim_by, bonuses = activity.claim_by, activity.bonuses_pending
    pending_credits = activity.pending_credits + sum(bonuses.values())
    if not pending_credits or claim_by is None or recorded_at < claim_by:
        return None
    holder = addresses.participant(activity.participant_id)
    return CreditsLapsed(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        legs=move_lots([(activity.lot, pending_credits)], addresses.pending(holder), LAPSED)
        + _budgets_given_back(activity, bonuses, grounds),
        run_id=command.run_id,
        source=command.source,
        activity_id=command.activity_id,
        participant_id=activity.participant_id,
        credits=pending_credits,
        bonus_credits=bonuses,
    )


def _budgets_given_back(activity: Activity, bonuses: Mapping[str, int], grounds: Grounds) -> tuple[Leg, ...]:
    scenario = grounds.rulebook.scenario(activity.reported.scenario_id, activity.scenario_version)
    legs = budget_legs(scenario.budget, -activity.pending_credits)
    for campaign_id, amount in bonuses.items():
        version = activity.bonuses[campaign_id].campaign_version
        legs += budget_legs(grounds.rulebook.campaign(campaign_id, version).budget, -amount)
    return legs
