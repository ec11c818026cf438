"""`ledger settle` with a statement: dispute, resolve, approve, pay, and what became of payouts.

Rule of the room: who asks is named by whoever types, as a key names it over HTTP.
"""

from typing import Any

import click
import msgspec

from ledger.cli.settle_taking import Told, take, take_each
from ledger.domain.identifiers import CommandId
from ledger.domain.payout import ConfirmPayout, FailPayout, InstructPayout, ReturnPayout
from ledger.domain.statement import ApproveStatement, DisputeLine, ResolveDispute, Statement
from ledger.merchant_statements.standing import next_payout_id


def _checked_name(_ctx: click.Context, _parameter: click.Parameter, name: str) -> str:
    """Refuse what cannot stand in an event as a wrong use."""
    try:
        return msgspec.convert(name, CommandId)
    except msgspec.ValidationError:
        raise click.BadParameter("must be 1 to 96 printable ASCII characters") from None


programme_option = click.option("--programme", required=True, help="Which programme.")
by_option = click.option(
    "--by", required=True, callback=_checked_name, help="Who asks: a person, or the id of a key."
)
json_option = click.option("--json", "as_json", is_flag=True, help="What was recorded, for machines.")
ends_on_option = click.option(
    "--ends-on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The local day after the period's last: 2026-12-01 for November.",
)
_statement = click.argument("statement_id", metavar="STATEMENT")
_one_or_all = click.argument("statement_id", metavar="[STATEMENT]", required=False)
_all = click.option("--all", "is_all", is_flag=True, help="Every statement of the period of --ends-on.")
_payout = click.argument("payout_id", metavar="PAYOUT")
_redemption = click.argument("redemption_id", metavar="REDEMPTION")
_line = click.option(
    "--line", type=click.Choice(["use", "refund"]), default="use", show_default=True, help="Which line of it."
)
_reason = click.option("--reason", required=True, help="In a few words; it stays with the statement.")


@click.command(short_help="Object to a line; it is held back.")
@programme_option
@_statement
@_redemption
@_line
@_reason
@by_option
@json_option
def dispute(*, programme: str, as_json: bool, **told: str) -> None:
    """Object to a line of a statement; it is held back until it is resolved.

    \b
    Example:
      ledger settle dispute --programme chengdu cafe:2026-12-01 r-17 --reason "served twice" --by li.na
    """  # noqa: D301 — \b keeps click from joining the lines
    take(programme, DisputeLine, told, as_json=as_json)


@click.command(short_help="Say what a disputed line is worth.")
@programme_option
@_statement
@_redemption
@_line
@click.option("--uphold", is_flag=True, help="What the statement says.")
@click.option("--amend", "amended_fen", type=int, metavar="FEN", help="Another amount, in 分, earned by it.")
@_reason
@by_option
@json_option
def resolve(*, programme: str, uphold: bool, amended_fen: int | None, as_json: bool, **told: str) -> None:
    """Say what a disputed line is worth: what the statement says, or another amount.

    What is upheld is paid with the statement; what is amended comes as a line of the next one.

    \b
    Examples:
      ledger settle resolve --programme chengdu cafe:2026-12-01 r-17 --uphold --reason "bill seen" --by li.na
      ledger settle resolve --programme chengdu cafe:2026-12-01 r-17 --amend 900 --reason "small" --by li.na
    """  # noqa: D301 — \b keeps click from joining the lines
    if uphold == (amended_fen is not None):
        raise click.UsageError("Say either --uphold or --amend FEN.")
    outcome = "upheld" if uphold else "amended"
    take(programme, ResolveDispute, {**told, "outcome": outcome, "amended_fen": amended_fen}, as_json=as_json)


@click.command(short_help="Say that a statement, or all of a period, may be paid.")
@programme_option
@_one_or_all
@_all
@ends_on_option
@click.option("--early", "is_early", is_flag=True, help="The merchant agrees before its time is over.")
@by_option
@json_option
def approve(*, programme: str, is_early: bool, by: str, as_json: bool, **which: Any) -> None:
    """Say that a statement may be paid; somebody else does than who closed it.

    With --all, every statement of the period that is not approved; where one is refused the others are
    approved all the same, and the exit code is 1.

    \b
    Examples:
      ledger settle approve --programme chengdu cafe:2026-12-01 --by wang.lei
      ledger settle approve --programme chengdu --all --ends-on 2026-12-01 --by wang.lei
    """  # noqa: D301 — \b keeps click from joining the lines
    given = {"is_early": is_early, "by": by}

    def told(statement: Statement) -> Told | None:
        if which["is_all"] and statement.status != "issued":
            return None
        return {"statement_id": statement.issued.statement_id, **given}

    take_each(programme, ApproveStatement, which, told, as_json=as_json)


@click.command(short_help="Say that what is due of a statement, or of all of a period, is to be paid.")
@programme_option
@_one_or_all
@_all
@ends_on_option
@click.option(
    "--id", "payout_id", help="The bank's EndToEndId; the statement's number and a count if absent."
)
@by_option
@json_option
def pay(*, programme: str, payout_id: str | None, by: str, as_json: bool, **which: Any) -> None:
    """Say that what is due of an approved statement is to be paid; the bank is told with `payments`.

    With --all, every approved statement of the period of which something can be paid now.

    \b
    Examples:
      ledger settle pay --programme chengdu cafe:2026-12-01 --by li.na
      ledger settle pay --programme chengdu --all --ends-on 2026-12-01 --by li.na
    """  # noqa: D301 — \b keeps click from joining the lines
    if payout_id is not None and which["is_all"]:
        raise click.UsageError("--id names one payout; with --all they are named by their statements.")

    def told(statement: Statement) -> Told | None:
        if which["is_all"] and (statement.status != "approved" or not statement.payable_fen):
            return None
        own_id = payout_id or next_payout_id(statement)
        return {"id": own_id, "statement_id": statement.issued.statement_id, "by": by}

    take_each(programme, InstructPayout, which, told, as_json=as_json)


@click.command(short_help="Say that the money of a payout has left.")
@programme_option
@_statement
@_payout
@click.option("--bank-reference", required=True, help="By which the bank knows the payment.")
@by_option
@json_option
def confirm(*, programme: str, as_json: bool, **told: str) -> None:
    """Say that the money of a payout has left for the merchant.

    \b
    Example:
      ledger settle confirm --programme chengdu cafe:2026-12-01 cafe-000012-01 --bank-reference 77 --by li.na
    """  # noqa: D301 — \b keeps click from joining the lines
    take(programme, ConfirmPayout, told, as_json=as_json)


@click.command(short_help="Say that the bank has not paid a payout.")
@programme_option
@_statement
@_payout
@_reason
@by_option
@json_option
def fail(*, programme: str, as_json: bool, **told: str) -> None:
    """Say that the bank has not paid a payout; the money can be paid again.

    \b
    Example:
      ledger settle fail --programme chengdu cafe:2026-12-01 cafe-000012-01 --reason "no account" --by li.na
    """  # noqa: D301 — \b keeps click from joining the lines
    take(programme, FailPayout, told, as_json=as_json)


@click.command("return", short_help="Say that the money of a confirmed payout has come back.")
@programme_option
@_statement
@_payout
@_reason
@by_option
@json_option
def return_(*, programme: str, as_json: bool, **told: str) -> None:
    """Say that the money of a confirmed payout has come back; it can be paid again.

    \b
    Example:
      ledger settle return --programme chengdu cafe:2026-12-01 cafe-000012-02 --reason "closed" --by li.na
    """  # noqa: D301 — \b keeps click from joining the lines
    take(programme, ReturnPayout, told, as_json=as_json)
