"""What stood before awards: registers folded anew, and the rules that held.

Rule of the room: registers are folded from the participant's own activities and never read from
where the ledger keeps them, so that an award that is decided on them again proves both.
"""

from collections.abc import Collection, Iterable
from typing import Any, Final

from ledger.domain import activity_life, addresses
from ledger.domain.activity import ActivityHeld, ActivityRejected, ReductionRecorded, activity_key
from ledger.domain.bonus import BonusIssued
from ledger.domain.bonus_correction import BonusCorrected
from ledger.domain.book import Account
from ledger.domain.budget import Budget
from ledger.domain.correction import CreditsCorrected, ReductionCorrected, ReductionRecomputed
from ledger.domain.earning import CreditsIssued
from ledger.domain.policy import PolicyPublished
from ledger.domain.registers import EveryRegister, Registers
from ledger.domain.rulebook import Rulebook
from ledger.domain.state import ProgrammeState
from ledger.explaining.steps import Told

AWARDS: Final = (CreditsIssued, CreditsCorrected, BonusIssued, BonusCorrected)
"""Events that award credits to a participant, or change what was awarded."""

TOPICS_OF_ACTS: Final = tuple(event.topic for event in (ReductionRecorded, CreditsIssued, BonusIssued))
"""Those under which an act is entered first, with the time of the act."""

TOPICS_OF_CORRECTIONS: Final = tuple(
    event.topic for event in (ReductionCorrected, ReductionRecomputed, CreditsCorrected, BonusCorrected)
)
"""Those under which it may be entered later, with a time of their own."""

_FIRST: Final = (ReductionRecorded, ActivityHeld, ActivityRejected)


def is_counted(rulebook: Rulebook, event: Any) -> bool:
    """Whether a register has a say in an award."""
    if is_of_campaigns(event) or event.in_year_cap:
        return True
    caps = rulebook.scenario(event.scenario_id, event.scenario_version).caps
    return caps is not None and caps.is_counted()


def is_of_campaigns(event: Any) -> bool:
    """Whether what counts for an award may go back to any act before, and not only to the act's own year."""
    return isinstance(event, BonusIssued | BonusCorrected) or bool(event.campaigns)


def budget_of(rulebook: Rulebook, event: Any) -> Budget | None:
    """Give the budget behind an award."""
    if isinstance(event, BonusIssued | BonusCorrected):
        return rulebook.campaign(event.campaign_id, event.campaign_version).budget
    return rulebook.scenario(event.scenario_id, event.scenario_version).budget


def rulebook_at(rulebook: Rulebook, policies: Iterable[Told], position: int) -> Rulebook:
    """Give the rules with the policy that held at a position; of all others events name the version."""
    held = tuple(
        told.event
        for told in policies
        if told.position < position and isinstance(told.event, PolicyPublished)
    )
    return Rulebook(rulebook.methodologies, rulebook.scenarios, held, rulebook.campaigns)


def registers_before(
    rules: ProgrammeState,
    participant_id: str,
    streams: Iterable[Iterable[Told]],
    positions: Collection[int],
) -> dict[int, Registers]:
    """Give what the registers said of a participant before some events.

    Args:
        rules: the programme's terms and every rule ever published.
        participant_id: whose activities are folded.
        streams: all activities of the participant that were ever entered.
        positions: of the events.
    """
    state = ProgrammeState(rules.programme_id)
    state.programme, state.rulebook = rules.programme, rules.rulebook
    state.registers = EveryRegister()
    state.accounts.load({addresses.participant(participant_id): Account(status="open")})
    found: dict[int, Registers] = {}
    for told in sorted((one for stream in streams for one in stream), key=lambda one: one.position):
        if told.position in positions:
            found[told.position] = before = EveryRegister()
            before.load(state.registers.entries())
        if isinstance(told.event, _FIRST):
            state.facts.setdefault(("activity", activity_key(told.event.source, told.event.id)), None)
        activity_life.fold(state, told.event)
    return found
