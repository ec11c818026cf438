"""How the commands about funds and sponsors' money are decided.

Rule of the room: as of `ledger.domain.decisions`, of which this is a part.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ledger.domain import addresses, fund, fund_alarms, money, money_deciding, sponsor
from ledger.domain.fund_registers import Fund, contribution_key
from ledger.domain.messages import Command, Event
from ledger.domain.owners import FundOpened, OpenFund
from ledger.domain.registers import EntryKey
from ledger.domain.row import Row
from ledger.domain.state import ProgrammeState


def _proposal(command: Any, state: ProgrammeState) -> money.Proposal | None:
    proposal: money.Proposal | None = state.facts["proposal", command.proposal_id]
    return proposal


def _reads_proposing(command: money.ProposeMoney, _state: ProgrammeState) -> Iterable[str]:
    yield addresses.fund(command.fund_id)
    yield addresses.available(command.fund_id)
    yield addresses.sponsor(command.sponsor_id)
    if command.to_fund_id is not None:
        yield addresses.fund(command.to_fund_id)


def _reads_proposal(command: Any, state: ProgrammeState) -> Iterable[str]:
    if (proposal := _proposal(command, state)) is not None:
        yield addresses.fund(proposal.proposed.fund_id)
        yield addresses.available(proposal.proposed.fund_id)


def _parts_of_proposal(command: Any, state: ProgrammeState) -> Iterable[EntryKey]:
    if (proposal := _proposal(command, state)) is not None:
        proposed = proposal.proposed
        yield contribution_key(proposed.fund_id, proposed.sponsor_id)
        if proposed.to_fund_id is not None:
            yield contribution_key(proposed.to_fund_id, proposed.sponsor_id)


def _proposal_row(event: type[Event], goes_on: tuple[type[Event], ...], decide: Callable[..., Any]) -> Row:
    return Row(
        stream=lambda c: ("proposal", c.proposal_id),
        begins=(event,),
        goes_on=goes_on,
        reads=_reads_proposal,
        registers=_parts_of_proposal,
        decide=decide,
        fact=lambda c: ("proposal", c.proposal_id),
        version=lambda c, s: 1 if (proposal := _proposal(c, s)) is None else proposal.version + 1,
    )


MONEY_ROWS: Final[Mapping[type[Command], Row]] = {
    sponsor.OpenSponsor: Row(
        stream=lambda c: ("sponsor", c.id),
        begins=(sponsor.SponsorOpened,),
        reads=lambda c, _: (addresses.sponsor(c.id),),
        decide=lambda c, _, at: sponsor.open_sponsor(c, at),
    ),
    OpenFund: Row(
        stream=lambda c: ("fund", c.id),
        begins=(FundOpened,),
        reads=lambda c, _: (addresses.fund(c.id),),
        registers=lambda c, _: ((Fund, c.id),),
        decide=lambda c, _, at: fund.open_fund(c, at),
    ),
    fund.CommitMoney: Row(
        stream=lambda c: ("commitment", c.id),
        begins=(fund.MoneyCommitted,),
        reads=lambda c, _: (addresses.fund(c.fund_id), addresses.available(c.fund_id)),
        registers=lambda c, _: ((Fund, c.fund_id), contribution_key(c.fund_id, c.sponsor_id)),
        decide=lambda c, s, at: fund.commit_money(c, s.accounts, at, s.registers.get(Fund, c.fund_id)),
    ),
    money.ProposeMoney: Row(
        stream=lambda c: ("proposal", c.id),
        begins=(money.MoneyProposed,),
        reads=_reads_proposing,
        registers=lambda c, _: (contribution_key(c.fund_id, c.sponsor_id),),
        decide=lambda c, s, at: money_deciding.propose_money(c, s.accounts, s.registers, at),
    ),
    money.ApproveProposal: _proposal_row(
        money.ProposalApproved,
        (fund.MoneyCommitted, money.MoneyWithdrawn, money.MoneyTransferred),
        lambda c, s, at: money_deciding.approve_proposal(c, _proposal(c, s), s.accounts, s.registers, at),
    ),
    money.RejectProposal: _proposal_row(
        money.ProposalRejected,
        (),
        lambda c, s, at: money_deciding.reject_proposal(c, _proposal(c, s), at),
    ),
    fund_alarms.SetFundAlarms: Row(
        stream=lambda c: ("alarms_set", c.id),
        begins=(fund_alarms.FundAlarmsSet,),
        reads=lambda c, _: (addresses.fund(c.fund_id), addresses.available(c.fund_id)),
        registers=lambda c, _: ((Fund, c.fund_id),),
        decide=lambda c, s, at: fund_alarms.set_alarms(c, s.accounts, at),
    ),
}
