"""Every command, and how it is decided: the one table from a request to its events.

Rule of the room: a row says what must be loaded, which stream the fact lives in, which events a
repeat of the command finds there, and which pure function decides.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from ledger.domain import (
    addresses,
    campaign,
    owners,
    redemption,
    rulebook,
    rules,
    transfer,
    visibility,
)
from ledger.domain.activity_rows import ACTIVITY_ROWS
from ledger.domain.adjustment import AdjustCredits, CreditsAdjusted, adjust_credits
from ledger.domain.errors import OccurredOutOfBounds
from ledger.domain.identifiers import StreamId, stream_id
from ledger.domain.limits import CLOCK_SKEW_MAX, OCCURRED_AT_MIN
from ledger.domain.messages import Command, Event
from ledger.domain.money_rows import MONEY_ROWS
from ledger.domain.offer_rows import OFFER_ROWS, is_taken_offer, redemption_entries
from ledger.domain.policy import PolicyPublished, PublishPolicy, publish_policy
from ledger.domain.programme import OpenProgramme, ProgrammeOpened, open_programme
from ledger.domain.redemption import Redemption
from ledger.domain.registers import EntryKey
from ledger.domain.row import Row
from ledger.domain.run_rows import RUN_ROWS
from ledger.domain.sink_rows import SINK_ROWS
from ledger.domain.state import ProgrammeState
from ledger.domain.statement_rows import STATEMENT_ROWS, entries_of_line
from ledger.domain.voucher import use_redemption

__all__ = ["ROWS", "Decision", "Row", "decide", "own_id_of", "state_version", "stream_of"]


class Decision(NamedTuple):
    """What one accepted command adds to the log."""

    first_version: int
    """Place of the first event in its stream, from 1."""
    events: tuple[Event, ...]
    """Empty when there was nothing to do."""


def _same_version(command: Any, event: Any) -> bool:
    return bool(command.version == event.version)


def _reads_nothing(_command: Any, _state: ProgrammeState) -> Iterable[str]:
    return ()


def _reads_hold(command: redemption.HoldRedemption, _state: ProgrammeState) -> Iterable[str]:
    yield addresses.participant(command.participant_id)
    yield addresses.merchant(command.merchant_id)
    for share in command.funds:
        yield addresses.fund(share.fund_id)
        yield addresses.available(share.fund_id)


def _reads_redemption(command: Any, state: ProgrammeState) -> Iterable[str]:
    loaded = state.facts.get(("redemption", command.redemption_id))
    if loaded is not None:
        yield addresses.participant(loaded.held.participant_id)
        yield addresses.payable(loaded.held.merchant_id)
        for share in loaded.held.shares:
            yield addresses.available(share.fund_id)


def _reads_participant(command: Any, _state: ProgrammeState) -> Iterable[str]:
    holder = addresses.participant(command.participant_id)
    return holder, addresses.held(holder), addresses.pending(holder)


def _reads_participant_opening(command: owners.OpenParticipant, _state: ProgrammeState) -> Iterable[str]:
    yield addresses.participant(command.id)
    if command.organisation_id is not None:
        yield addresses.organisation(command.organisation_id)


def _reads_organisation(command: owners.OpenOrganisation, _state: ProgrammeState) -> Iterable[str]:
    yield addresses.organisation(command.id)
    if command.parent_id is not None:
        yield addresses.organisation(command.parent_id)


def _loaded(command: Any, state: ProgrammeState) -> Redemption | None:
    redemption: Redemption | None = state.facts["redemption", command.redemption_id]
    return redemption


def _redemption_row(event: type[Event], decide: Callable[..., Event | None]) -> Row:
    return Row(
        stream=lambda c: ("redemption", c.redemption_id),
        begins=(event,),
        reads=_reads_redemption,
        decide=lambda c, s, at: decide(c, _loaded(c, s), s.accounts, at),
        fact=lambda c: ("redemption", c.redemption_id),
        registers=redemption_entries,
        version=lambda c, s: state_version(_loaded(c, s)),
    )


def _entries_of_use(command: Any, state: ProgrammeState) -> Iterable[EntryKey]:
    yield from redemption_entries(command, state)
    yield from entries_of_line(command, state)


def _refund(command: Any, state: ProgrammeState, recorded_at: datetime) -> Event:
    disputed = state.registers.get(redemption.Disputed, command.redemption_id)
    return redemption.refund_redemption(
        command, _loaded(command, state), state.accounts, disputed, recorded_at
    )


def state_version(loaded: Redemption | None) -> int:
    """Place of a redemption's next event in its stream."""
    return 1 if loaded is None else loaded.version + 1


def _status_row(kind: str, event: type[Event]) -> Row:
    return Row(
        stream=lambda c: (kind, c.id),
        begins=(event,),
        reads=_reads_participant,
        decide=lambda c, s, at: owners.change_status(c, s.accounts, at),
    )


def _visibility_row(kind: str, event: type[Event], decide: Callable[..., Event]) -> Row:
    return Row(
        stream=lambda c: (kind, c.id),
        begins=(event,),
        reads=lambda c, _: (addresses.participant(c.participant_id),),
        decide=lambda c, s, at: decide(c, s.accounts, at),
    )


ROWS: dict[type[Command], Row] = {
    OpenProgramme: Row(
        stream=lambda c: ("programme", c.id),
        begins=(ProgrammeOpened,),
        reads=_reads_nothing,
        decide=lambda c, _, at: open_programme(c, at),
    ),
    rules.PublishMethodology: Row(
        stream=lambda c: ("methodology", c.id),
        begins=(rules.MethodologyPublished,),
        reads=_reads_nothing,
        decide=lambda c, s, at: rulebook.publish_methodology(c, s.rulebook, at),
        version=lambda c, _: c.version,
        is_repeat=_same_version,
    ),
    rules.PublishScenario: Row(
        stream=lambda c: ("scenario", c.id),
        begins=(rules.ScenarioPublished,),
        reads=lambda c, _: () if c.budget is None else (addresses.fund(c.budget.fund_id),),
        decide=lambda c, s, at: rulebook.publish_scenario(c, s.rulebook, s.accounts, at),
        version=lambda c, _: c.version,
        is_repeat=_same_version,
    ),
    owners.OpenParticipant: Row(
        stream=lambda c: ("participant", c.id),
        begins=(owners.ParticipantOpened,),
        reads=_reads_participant_opening,
        decide=lambda c, s, at: owners.open_participant(c, s.accounts, at),
    ),
    owners.OpenOrganisation: Row(
        stream=lambda c: ("organisation", c.id),
        begins=(owners.OrganisationOpened,),
        reads=_reads_organisation,
        decide=lambda c, s, at: owners.open_organisation(c, s.accounts, at),
    ),
    owners.OpenMerchant: Row(
        stream=lambda c: ("merchant", c.id),
        begins=(owners.MerchantOpened,),
        reads=lambda c, _: (addresses.merchant(c.id),),
        decide=lambda c, _, at: owners.open_merchant(c, at),
    ),
    owners.FreezeParticipant: _status_row("freeze", owners.ParticipantFrozen),
    owners.UnfreezeParticipant: _status_row("unfreeze", owners.ParticipantUnfrozen),
    owners.CloseParticipant: _status_row("close", owners.ParticipantClosed),
    visibility.HideParticipant: _visibility_row(
        "hide", visibility.ParticipantHidden, visibility.change_visibility
    ),
    visibility.ShowParticipant: _visibility_row(
        "show", visibility.ParticipantShown, visibility.change_visibility
    ),
    visibility.EraseParticipant: _visibility_row(
        "erase", visibility.ParticipantErased, visibility.erase_participant
    ),
    PublishPolicy: Row(
        stream=lambda _: ("policy", "policy"),
        begins=(PolicyPublished,),
        reads=_reads_nothing,
        decide=lambda c, s, at: publish_policy(c, s.programme_id, len(s.rulebook.policies), at),
        version=lambda c, _: c.version,
        is_repeat=_same_version,
    ),
    campaign.PublishCampaign: Row(
        stream=lambda c: ("campaign", c.id),
        begins=(campaign.CampaignPublished,),
        reads=lambda c, _: campaign.payers_read(c),
        decide=lambda c, s, at: campaign.publish_campaign(
            c, s.rulebook.campaigns, s.rulebook.scenarios, s.accounts, at
        ),
        version=lambda c, _: c.version,
        is_repeat=_same_version,
    ),
    **ACTIVITY_ROWS,
    transfer.TransferCredits: Row(
        stream=lambda c: ("transfer", c.id),
        begins=(transfer.CreditsTransferred,),
        reads=lambda c, _: (c.from_account, c.to_account),
        decide=lambda c, s, at: transfer.transfer_credits(c, s.accounts, s.opened(), s.today(at), at),
    ),
    redemption.HoldRedemption: Row(
        stream=lambda c: ("redemption", c.id),
        begins=(redemption.RedemptionHeld,),
        reads=_reads_hold,
        decide=lambda c, s, at: redemption.hold_redemption(c, s.accounts, s.today(at), at),
        made=lambda event: not is_taken_offer(event),
    ),
    redemption.FulfilRedemption: _redemption_row(
        redemption.RedemptionFulfilled, redemption.fulfil_redemption
    )._replace(
        registers=_entries_of_use,
        decide=lambda c, s, at: use_redemption(c, _loaded(c, s), s.accounts, s.registers, s.today(at), at),
    ),
    redemption.CancelRedemption: _redemption_row(
        redemption.RedemptionCancelled, redemption.cancel_redemption
    ),
    redemption.ReleaseHold: _redemption_row(redemption.RedemptionReleased, redemption.release_hold),
    redemption.RefundRedemption: _redemption_row(
        redemption.RedemptionRefunded, redemption.refund_redemption
    )._replace(registers=_entries_of_use, decide=_refund),
    AdjustCredits: Row(
        stream=lambda c: ("adjustment", c.id),
        begins=(CreditsAdjusted,),
        reads=lambda c, _: (c.account,),
        decide=lambda c, s, at: adjust_credits(c, s.accounts, s.opened(), s.today(at), at),
    ),
    **MONEY_ROWS,
    **OFFER_ROWS,
    **RUN_ROWS,
    **SINK_ROWS,
    **STATEMENT_ROWS,
}


def decide(command: Command, state: ProgrammeState, recorded_at: datetime) -> Decision:
    """Decide one command on the state as the commands before it left it. Changes nothing.

    Raises, in this order:
        ProgrammeNotFound: nobody opened the programme, and the command does not;
        OccurredOutOfBounds: `occurred_at` is in the future or before 2000;
        whatever the command's own decision refuses.
    """
    row = ROWS[type(command)]
    if state.programme is None and not isinstance(command, OpenProgramme):
        state.opened()
    latest = recorded_at + CLOCK_SKEW_MAX
    if not OCCURRED_AT_MIN <= command.occurred_at <= latest:
        raise OccurredOutOfBounds(
            field="occurred_at", value=command.occurred_at, earliest=OCCURRED_AT_MIN, latest=latest
        )
    made = row.decide(command, state, recorded_at)
    events = made if isinstance(made, tuple) else () if made is None else (made,)
    return Decision(row.version(command, state), events)


def stream_of(command: Command, programme_id: str) -> StreamId:
    """Give the stream in which a command's events stand, or will stand."""
    kind, own_id = ROWS[type(command)].stream(command)
    return stream_id(programme_id, kind, own_id)


def own_id_of(command: Command) -> str:
    """Give the id by which the caller knows this command."""
    return ROWS[type(command)].stream(command)[1]
