"""How the commands about statements and payouts are decided.

Rule of the room: as of `ledger.domain.decisions`, of which this is a part.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from ledger.domain import addresses, payout, statement
from ledger.domain.messages import Command, Event
from ledger.domain.redemption import Disputed, Redemption
from ledger.domain.registers import EntryKey
from ledger.domain.row import Row
from ledger.domain.settling import Unsettled, keys_of_period
from ledger.domain.state import FactKey, ProgrammeState
from ledger.domain.statement import Statement
from ledger.domain.statement_closing import approve_statement, close_statement, statement_id_of
from ledger.domain.statement_disputing import dispute_line, resolve_dispute
from ledger.domain.statement_paying import confirm_payout, fail_payout, instruct_payout, return_payout


def entries_of_line(command: Any, state: ProgrammeState) -> Iterable[EntryKey]:
    """Name the entries that a line of a redemption stands on, or changes."""
    loaded: Redemption | None = state.facts.get(("redemption", command.redemption_id))
    yield Disputed, command.redemption_id
    if loaded is not None:
        yield Unsettled, loaded.held.merchant_id


def _loaded(command: Any, state: ProgrammeState) -> Statement | None:
    known: Statement | None = state.facts["statement", command.statement_id]
    return known


def _redemption(command: Any, state: ProgrammeState) -> Redemption | None:
    known: Redemption | None = state.facts["redemption", command.redemption_id]
    return known


def _redemption_key(command: Any) -> Iterable[FactKey]:
    return (("redemption", command.redemption_id),)


def _reads_nothing(_command: Any, _state: ProgrammeState) -> Iterable[str]:
    return ()


def _reads_dispute(command: Any, state: ProgrammeState) -> Iterable[str]:
    loaded: Redemption | None = state.facts.get(("redemption", command.redemption_id))
    if loaded is not None:
        yield addresses.payable(loaded.held.merchant_id)
        for share in loaded.held.shares:
            yield addresses.fund(share.fund_id)
            yield addresses.available(share.fund_id)


def _same_line(command: Any, event: Any) -> bool:
    return (command.line, command.redemption_id) == (event.line, event.redemption_id)


def _same_payout(command: Any, event: Any) -> bool:
    return bool(command.payout_id == event.payout_id)


def _closed_statement(command: Any) -> FactKey:
    return "statement", statement_id_of(command.merchant_id, command.ends_on)


def _row(
    event: type[Event],
    decide: Callable[[Any, ProgrammeState, datetime], Event | tuple[Event, ...]],
    *,
    reads: Callable[[Any, ProgrammeState], Iterable[str]] = _reads_nothing,
    **others: Any,
) -> Row:
    """Give the row of a command about a statement that is there."""
    return Row(
        stream=lambda c: ("statement", c.statement_id),
        begins=(event,),
        reads=reads,
        decide=decide,
        fact=lambda c: ("statement", c.statement_id),
        version=_version,
        **others,
    )


def _version(command: Any, state: ProgrammeState) -> int:
    loaded = _loaded(command, state)
    return 1 if loaded is None else loaded.version + 1


def _approve(
    command: statement.ApproveStatement, state: ProgrammeState, recorded_at: datetime
) -> tuple[Event, ...]:
    loaded, opened = _loaded(command, state), state.opened()
    issued_at = recorded_at if loaded is None else loaded.issued.recorded_at
    return approve_statement(command, loaded, opened.today(issued_at), state.today(recorded_at), recorded_at)


STATEMENT_ROWS: Final[Mapping[type[Command], Row]] = {
    statement.CloseStatement: Row(
        stream=_closed_statement,
        begins=(statement.StatementIssued,),
        reads=lambda c, _: (addresses.merchant(c.merchant_id), addresses.payable(c.merchant_id)),
        decide=lambda c, s, at: close_statement(
            c, s.facts[_closed_statement(c)], s.accounts, s.registers, s.today(at), at
        ),
        fact=_closed_statement,
        # Named anew before it is decided: the merchant's own entry leads to those of its days.
        registers=lambda c, s: keys_of_period(s.registers, c.merchant_id, c.ends_on),
    ),
    statement.DisputeLine: _row(
        statement.LineWasDisputed,
        lambda c, s, at: dispute_line(c, _loaded(c, s), _redemption(c, s), s.opened().today, at),
        also=_redemption_key,
        registers=entries_of_line,
        is_repeat=_same_line,
    ),
    statement.ResolveDispute: _row(
        statement.DisputeResolved,
        lambda c, s, at: resolve_dispute(c, _loaded(c, s), _redemption(c, s), s.accounts, at),
        reads=_reads_dispute,
        also=_redemption_key,
        registers=entries_of_line,
        is_repeat=_same_line,
        goes_on=(statement.StatementSettled,),
    ),
    statement.ApproveStatement: _row(
        statement.StatementApproved, _approve, goes_on=(statement.StatementSettled,)
    ),
    payout.InstructPayout: _row(
        payout.PayoutInstructed,
        lambda c, s, at: instruct_payout(c, _loaded(c, s), s.registers.get(payout.PayoutOf, c.id), at),
        registers=lambda c, _: ((payout.PayoutOf, c.id),),
        is_repeat=lambda c, event: bool(c.id == event.id),
    ),
    payout.ConfirmPayout: _row(
        payout.PayoutConfirmed,
        lambda c, s, at: confirm_payout(c, _loaded(c, s), at),
        is_repeat=_same_payout,
        goes_on=(statement.StatementSettled,),
    ),
    payout.FailPayout: _row(
        payout.PayoutFailed, lambda c, s, at: fail_payout(c, _loaded(c, s), at), is_repeat=_same_payout
    ),
    payout.ReturnPayout: _row(
        payout.PayoutReturned, lambda c, s, at: return_payout(c, _loaded(c, s), at), is_repeat=_same_payout
    ),
}
