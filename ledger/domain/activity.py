"""An activity: what somebody did, what it avoided, what it earned.

Rule of the room: Events → State → Decide → Evolve; all pure. Grams and credits are two events of
one stream, written in one commit; the versions of the rules stay on them.
"""

from datetime import datetime
from typing import ClassVar

from ledger.domain import addresses
from ledger.domain.addresses import CREDIT, GRAMS, ISSUANCE, NATURE
from ledger.domain.book import Accounts, Leg
from ledger.domain.conversion import credits_for
from ledger.domain.errors import AccountClosed
from ledger.domain.identifiers import CommandId, EntityId
from ledger.domain.instants import utc
from ledger.domain.messages import Command, Event
from ledger.domain.methodology import Measured
from ledger.domain.programme import ProgrammeOpened
from ledger.domain.rules import Rulebook


class RecordActivity(Command, frozen=True, kw_only=True, tag_field="kind", tag="activity.record"):
    """Record one act as its source reported it; `id` is the source's own."""

    id: CommandId
    source: EntityId
    """The system that reports it; ids are unique per source."""
    participant_id: EntityId
    scenario_id: EntityId
    measured: Measured


# --- Events -------------------------------------------------------------------------------------


class ReductionRecorded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Grams that were not emitted."""

    topic: ClassVar[str] = "reduction.recorded"

    id: str
    source: str
    participant_id: str
    scenario_id: str
    measured: Measured
    scenario_version: int
    methodology_id: str
    methodology_version: int
    exact_g: str
    """The result before the one floor, as exact text: a decimal or a fraction."""
    amount_g: int


class CreditsIssued(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Credits earned by the reduction that stands before this event in its stream."""

    topic: ClassVar[str] = "credits.issued"

    participant_id: str
    scenario_id: str
    scenario_version: int
    desired_credits: int
    """What the conversion rule gives."""
    awarded_credits: int
    """What was issued."""
    lot: str
    """Last local day on which they can be spent."""


# --- Decide -------------------------------------------------------------------------------------


def record_activity(
    command: RecordActivity,
    accounts: Accounts,
    rulebook: Rulebook,
    programme: ProgrammeOpened,
    recorded_at: datetime,
) -> tuple[Event, ...]:
    """Decide what an activity avoided and earned; a frozen participant goes on earning.

    Raises, in this order:
        ScenarioNotFound, ScenarioNotValid, AccountClosed,
        whatever `CompiledFormula.reduction` or `credits_for` refuses
    """
    occurred_at = utc(command.occurred_at)
    scenario = rulebook.scenario_at(command.scenario_id, occurred_at)
    address = addresses.participant(command.participant_id)
    if accounts[address].status == "closed":
        raise AccountClosed(account=address)
    methodology = rulebook.methodology(scenario.methodology_id, scenario.methodology_version)
    reduction = methodology.formula.reduction(command.measured)
    credits_earned = credits_for(scenario.rule, amount_g=reduction.grams, measured=command.measured)
    recorded = ReductionRecorded(
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        legs=_entry(NATURE, address, GRAMS, None, reduction.grams),
        id=command.id,
        source=command.source,
        participant_id=command.participant_id,
        scenario_id=command.scenario_id,
        measured=command.measured,
        scenario_version=scenario.version,
        methodology_id=scenario.methodology_id,
        methodology_version=scenario.methodology_version,
        exact_g=reduction.exact,
        amount_g=reduction.grams,
    )
    if not credits_earned:
        return (recorded,)
    lot = programme.lot_issued(recorded_at)
    issued = CreditsIssued(
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        legs=_entry(ISSUANCE, address, CREDIT, lot, credits_earned),
        participant_id=command.participant_id,
        scenario_id=command.scenario_id,
        scenario_version=scenario.version,
        desired_credits=credits_earned,
        awarded_credits=credits_earned,
        lot=lot,
    )
    return recorded, issued


def _entry(source: str, target: str, asset: str, lot: str | None, amount: int) -> tuple[Leg, ...]:
    return (Leg(source, asset, lot, -amount), Leg(target, asset, lot, amount)) if amount else ()
