"""Taking a step of a statement on the command line, and showing what came of it.

Rule of the room: a step typed twice is the same step, whatever the clock shows the second time.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from ledger.bootstrap import Ledger
from ledger.cli.showing import answers, opened_ledger, show_error
from ledger.documents.amounts import grouped
from ledger.domain.errors import ContentDiffers, LedgerError
from ledger.domain.messages import Command, SignedCommand
from ledger.domain.statement import Statement
from ledger.merchant_statements.standing import statement_of, statements_ending
from ledger.writer import Recorded

Told = dict[str, Any]
"""Fields of a command, but for when it happened."""

_MONEY: Final = ("due_fen", "held_back_fen", "amendment_fen", "value_fen", "paid_fen")
"""Fields of events that say how much, the first that an event has."""


def take(programme: str, command_type: type[SignedCommand], told: Told, *, as_json: bool) -> None:
    """Take one step and show what was recorded."""
    with opened_ledger() as ledger:
        show_recorded([submitted(ledger, programme, command_type, told)], as_json=as_json)


def take_each(
    programme: str,
    command_type: type[SignedCommand],
    which: dict[str, Any],
    told: Callable[[Statement], Told | None],
    *,
    as_json: bool,
) -> None:
    """Take a step of one statement, or of those of a period for which anything is told."""
    statement_id, ends_on = which["statement_id"], which["ends_on"]
    if which["is_all"] == (statement_id is not None) or which["is_all"] != (ends_on is not None):
        raise click.UsageError("Name one STATEMENT, or say --all with --ends-on.")
    done: list[Recorded] = []
    refused: list[LedgerError] = []
    with opened_ledger() as ledger:
        if statement_id is not None:
            statements: Iterable[Statement] = [statement_of(ledger.log, programme, statement_id)]
        else:
            statements = statements_ending(ledger.database, ledger.log, programme, ends_on.date())
        for fields in filter(None, map(told, statements)):
            try:
                done.append(submitted(ledger, programme, command_type, fields))
            except LedgerError as error:
                refused.append(error)
    show_recorded(done, as_json=as_json)
    show_refused(refused)


def submitted(ledger: Ledger, programme: str, command_type: type[SignedCommand], told: Told) -> Recorded:
    """Record a command that happens now, or answer with what it recorded when it came before.

    Raises:
        LedgerError: whatever refuses it.
    """
    command = made(command_type, {**told, "occurred_at": ledger.clock()})
    try:
        return ledger.writer.submit(programme, command)
    except ContentDiffers as differs:
        if differs.fields != ["occurred_at"]:
            raise
        for occurred_at in _times(ledger, programme, told["statement_id"]):
            try:
                return ledger.writer.submit(
                    programme, made(command_type, {**told, "occurred_at": occurred_at})
                )
            except ContentDiffers:
                continue
        raise


def made(command_type: type[SignedCommand], fields: Told) -> Command:
    """Make a command of what was typed; what cannot be is a wrong use."""
    try:
        return msgspec.convert(fields, command_type)
    except msgspec.ValidationError as wrong:
        raise click.UsageError(str(wrong)) from None


def _times(ledger: Ledger, programme: str, statement_id: str) -> Iterator[datetime]:
    """Give when each step of a statement happened."""
    for logged in ledger.log.stream(programme, "statement", statement_id):
        yield ledger.log.decode(logged).occurred_at


# --- Showing ------------------------------------------------------------------------------------


def show_recorded(done: Iterable[Recorded], *, as_json: bool) -> None:
    """Show what was recorded, an event a row, or an outcome a line."""
    if as_json:
        for recorded in done:
            click.echo(recorded.body)
        return
    table = Table("statement", "event", "payout", box=None)
    table.add_column("yuan", justify="right")
    table.add_column("position", justify="right")
    table.add_column("recorded before")
    for recorded in done:
        for position, event, _ in recorded.written:
            table.add_row(*_row(event), f"{position:,}", "yes" if recorded.replayed else "no")
    if table.row_count:
        answers().print(table)


def _row(event: Any) -> tuple[str, str, str, str]:
    fields = event.__struct_fields__
    payout_id = event.id if "id" in fields else getattr(event, "payout_id", "")
    fen = next((getattr(event, name) for name in _MONEY if name in fields), None)
    return event.statement_id, event.topic, escape(payout_id), "" if fen is None else grouped(fen)


def show_refused(refused: Iterable[LedgerError]) -> None:
    """Show what was refused while other things were done; then the exit code is 1."""
    errors = list(refused)
    for error in errors:
        show_error(error.code, error.message(), error.details(), error.next_step)
    if errors:
        sys.exit(1)
