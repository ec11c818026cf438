"""All that decisions in one programme are made on, and how events change it.

Rule of the room: `apply` never refuses and reads nothing but the event and the state before it.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Literal

from ledger.domain import (
    activity_life,
    addresses,
    donation,
    fund_life,
    money,
    owners,
    redemption,
    settling,
    sink,
    statement,
    statement_life,
)
from ledger.domain.book import Accounts
from ledger.domain.campaign import CampaignPublished
from ledger.domain.errors import ProgrammeNotFound
from ledger.domain.grounds import Grounds
from ledger.domain.messages import Event
from ledger.domain.offer import evolve as evolve_offer
from ledger.domain.offer_life import OFFER_EVENTS, fold_offer, fold_voucher
from ledger.domain.owners import ParticipantStatusEvent
from ledger.domain.policy import PolicyPublished
from ledger.domain.programme import ProgrammeOpened
from ledger.domain.redemption import RedemptionFulfilled, RedemptionHeld, RedemptionRefunded
from ledger.domain.registers import Registers
from ledger.domain.rulebook import Rulebook, with_published
from ledger.domain.rules import MethodologyPublished, ScenarioPublished
from ledger.domain.transfer import CreditsTransferred, count_against_quota

CONFIGURATION: tuple[type[Event], ...] = (
    ProgrammeOpened,
    MethodologyPublished,
    ScenarioPublished,
    PolicyPublished,
    CampaignPublished,
)
"""Events that decide how later commands are decided; each process keeps them in memory."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

FactKind = Literal["redemption", "offer", "activity", "proposal", "statement"]

FactKey = tuple[FactKind, str]
"""A kind of fact with a life of its own, and the id by which callers know one."""

Rules = tuple[int, ProgrammeOpened | None, Rulebook]
"""Position of the latest configuration event, the programme's terms and its published rules."""


class ProgrammeState:
    """One programme's log, folded as far as the commands at hand need it."""

    __slots__ = (
        "_today",
        "_today_at",
        "accounts",
        "configured_at_position",
        "facts",
        "latest_activity",
        "position",
        "programme",
        "programme_id",
        "recorded_at",
        "registers",
        "rulebook",
    )

    def __init__(self, programme_id: str) -> None:
        self.programme_id = programme_id
        self.position = 0
        """Events in the log."""
        self.recorded_at = EPOCH
        """When the latest of them was recorded; the log's time never runs backwards."""
        self.configured_at_position = 0
        """Position of the latest configuration event."""
        self.programme: ProgrammeOpened | None = None
        self.rulebook = Rulebook()
        self.accounts = Accounts()
        self.registers = Registers()
        self.facts: dict[FactKey, Any] = {}
        """Those loaded, as `evolve_fact` gives them; None for an id that nothing has."""
        self.latest_activity = ""
        """Key of the activity that the latest event of one was about; credits follow their grams."""
        self._today_at: datetime | None = None
        self._today = ""

    @classmethod
    def standing_at(
        cls, programme_id: str, position: int, recorded_at: datetime, rules: Rules
    ) -> "ProgrammeState":
        """Give the state at a position of the log, with its rules and nothing else loaded."""
        state = cls(programme_id)
        state.position, state.recorded_at = position, recorded_at
        state.configured_at_position, state.programme, state.rulebook = rules
        return state

    def remembered(self) -> int:
        """How many accounts, entries and facts are loaded."""
        return len(self.accounts) + len(self.registers) + len(self.facts)

    def rules(self) -> Rules:
        """Give what is configured, for a state that begins later."""
        return self.configured_at_position, self.programme, self.rulebook

    def opened(self) -> ProgrammeOpened:
        """Give the programme's terms.

        Raises:
            ProgrammeNotFound: nobody opened it.
        """
        if self.programme is None:
            raise ProgrammeNotFound(programme_id=self.programme_id)
        return self.programme

    def grounds(self) -> Grounds:
        """Give what decisions about activities stand on.

        Raises:
            ProgrammeNotFound
        """
        return Grounds(self.opened(), self.rulebook, self.accounts, self.registers)

    def today(self, recorded_at: datetime) -> str:
        """Give the programme's local day at an instant as an ISO date.

        The answer is remembered: all commands of one group are recorded at the same instant.
        """
        if recorded_at is not self._today_at:
            self._today_at, self._today = recorded_at, self.opened().today(recorded_at).isoformat()
        return self._today

    def apply(self, event: Event) -> None:
        """Fold the next event of the log."""
        self.position += 1
        self.recorded_at = event.recorded_at
        if event.legs:
            self.accounts.post(event.legs)
        evolve = _EVOLVE.get(type(event))
        if evolve is not None:
            evolve(self, event)

    def configure(self, event: Event) -> None:
        """Fold a configuration event alone, whatever its place in the log."""
        if isinstance(event, ProgrammeOpened):
            self.programme = event
        elif isinstance(
            event, MethodologyPublished | ScenarioPublished | PolicyPublished | CampaignPublished
        ):
            self.rulebook = with_published(self.rulebook, event)


def _configure(state: ProgrammeState, event: Event) -> None:
    state.configure(event)
    state.configured_at_position = state.position


def _transferred(state: ProgrammeState, event: Event) -> None:
    assert isinstance(event, CreditsTransferred)
    if state.opened().transfer_quota_credits is not None:
        count_against_quota(event, state.accounts, state.today(event.recorded_at)[:7])


def _opened(state: ProgrammeState, event: Event) -> None:
    address = owners.owner_opened(event)
    if address is not None and state.accounts[address].status is None:
        state.accounts.set_status(address, "open")


def _status_changed(state: ProgrammeState, event: Event) -> None:
    assert isinstance(event, ParticipantStatusEvent)
    state.accounts.set_status(addresses.participant(event.participant_id), owners.STATUS_AFTER[type(event)])


def _redeemed(state: ProgrammeState, event: Event) -> None:
    own_id = event.id if isinstance(event, RedemptionHeld) else event.redemption_id  # type: ignore[attr-defined]
    key: FactKey = "redemption", own_id
    state.facts[key] = known = redemption.evolve(state.facts.get(key), event)
    if known is None:
        return
    if known.held.offer_version is not None:
        fold_voucher(state, known.held, event)
    if isinstance(event, RedemptionFulfilled | RedemptionRefunded):
        settling.fold_step(state.registers, known, event, state.today(event.recorded_at), state.position)


def _settled(state: ProgrammeState, event: Event) -> None:
    statement_life.fold(state, event, state.today(event.recorded_at), state.position)


def _sink_opened(state: ProgrammeState, event: Event) -> None:
    assert isinstance(event, sink.SinkOpened)
    state.registers.put(sink.Sink, event.id, sink.evolve(None, event))


def _delivered(state: ProgrammeState, event: Event) -> None:
    assert isinstance(event, sink.SinkUnitsAdded)
    before = state.registers.get(sink.Sink, event.project_id)
    state.registers.put(sink.Sink, event.project_id, sink.evolve(before, event))


def _donated(state: ProgrammeState, event: Event) -> None:
    assert isinstance(event, donation.CreditsDonated)
    before = state.registers.get(sink.Sink, event.project_id)
    state.registers.put(sink.Sink, event.project_id, donation.evolve(before, event))


_EVOLVE: dict[type[Event], Callable[[ProgrammeState, Event], None]] = {
    **dict.fromkeys(CONFIGURATION, _configure),
    CreditsTransferred: _transferred,
    **dict.fromkeys(activity_life.EVENTS, activity_life.fold),
    **dict.fromkeys(
        (owners.ParticipantOpened, owners.OrganisationOpened, owners.MerchantOpened),
        _opened,
    ),
    **dict.fromkeys(fund_life.EVENTS, fund_life.fold),
    **dict.fromkeys(owners.STATUS_AFTER, _status_changed),
    **dict.fromkeys((RedemptionHeld, *redemption.STATUS_AFTER), _redeemed),
    **dict.fromkeys(OFFER_EVENTS, fold_offer),
    **dict.fromkeys(statement.EVENTS, _settled),
    sink.SinkOpened: _sink_opened,
    sink.SinkUnitsAdded: _delivered,
    donation.CreditsDonated: _donated,
}

_EVOLVE_FACT: Final[dict[FactKind, Callable[[Any, Event], Any]]] = {
    "redemption": redemption.evolve,
    "offer": evolve_offer,
    "activity": activity_life.evolve,
    "proposal": money.evolve,
    "statement": statement_life.evolve,
}


def evolve_fact(key: FactKey, fact: Any, event: Event) -> Any:
    """Give a fact after the next event of its stream; None stands before the first."""
    return _EVOLVE_FACT[key[0]](fact, event)
