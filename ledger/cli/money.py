"""The part of `ledger funds` that moves money: propose, approve, reject; and sets alarms.

Rule of the room: whoever runs a command here has the database, and says in whose name; the key named
must be one that could do the same over HTTP.
"""

from typing import Any, Final

import click
import msgspec

from ledger.bootstrap import Ledger
from ledger.cli.showing import answers, opened_ledger
from ledger.domain.errors import KeyNotFound, ProgrammeNotPermitted, RoleNotPermitted
from ledger.domain.fund_alarms import SetFundAlarms
from ledger.domain.limits import PROPOSAL_VALID_DAYS
from ledger.domain.messages import SignedCommand
from ledger.domain.money import ApproveProposal, ProposeMoney, RejectProposal

_FINANCE: Final = "finance"

_programme = click.option("--programme", required=True, help="Which programme.")
_by = click.option("--by", required=True, help="Id of the key in whose name; `ledger key list` shows it.")


@click.command()
@click.argument("proposal_id")
@_programme
@_by
@click.option(
    "--movement", required=True, type=click.Choice(("commit", "withdraw", "transfer")), help="What is asked."
)
@click.option("--fund", "fund_id", required=True, help="The fund that money enters or leaves.")
@click.option("--to", "to_fund_id", help="Where a transfer goes.")
@click.option("--sponsor", "sponsor_id", required=True, help="Whose money.")
@click.option("--fen", "value_fen", required=True, type=int, help="How much, in 分.")
@click.option("--reference", help="The contract, decision or bank entry it rests on.")
@click.option(
    "--valid-days", type=int, default=PROPOSAL_VALID_DAYS, show_default=True, help="For how long it stands."
)
def propose(*, programme: str, by: str, proposal_id: str, **terms: Any) -> None:
    """Propose that money enters a fund, leaves it, or goes to another one.

    \b
    Examples:
      ledger funds propose 2026-12-1 --programme chengdu --by key_0123456789abcdef \\
        --movement withdraw --fund huimin-2026 --sponsor chengdu-finance --fen 1200000
    """  # noqa: D301 — \b keeps click from joining the lines
    _submit(programme, by, ProposeMoney, id=proposal_id, **terms)


@click.command()
@click.argument("proposal_id")
@_programme
@_by
def approve(*, programme: str, by: str, proposal_id: str) -> None:
    """Approve a proposal of another key; the money moves at once.

    \b
    Example:
      ledger funds approve 2026-12-1 --programme chengdu --by key_fedcba9876543210
    """  # noqa: D301 — \b keeps click from joining the lines
    _submit(programme, by, ApproveProposal, proposal_id=proposal_id)


@click.command()
@click.argument("proposal_id")
@_programme
@_by
@click.option("--reason", required=True, help="Why.")
def reject(*, programme: str, by: str, proposal_id: str, reason: str) -> None:
    """Reject a proposal, or take back one's own.

    \b
    Example:
      ledger funds reject 2026-12-1 --programme chengdu --by key_fedcba9876543210 --reason "wrong amount"
    """  # noqa: D301 — \b keeps click from joining the lines
    _submit(programme, by, RejectProposal, proposal_id=proposal_id, reason=reason)


@click.command("set-alarms")
@click.argument("fund_id")
@_programme
@_by
@click.option("--id", "own_id", required=True, help="Id of the change, chosen by whoever makes it.")
@click.option(
    "--threshold", "thresholds_fen", multiple=True, type=int, help="分 below which an alarm is raised; often."
)
@click.option("--margin", "margin_fen", type=int, default=0, show_default=True, help="分 above it to clear.")
def set_alarms(*, programme: str, by: str, own_id: str, **terms: Any) -> None:
    """Say below which amounts of available money a fund's alarms are raised; none for no alarm.

    \b
    Example:
      ledger funds set-alarms huimin-2026 --programme chengdu --by key_0123456789abcdef \\
        --id 2026-12 --threshold 5000000 --threshold 1000000
    """  # noqa: D301 — \b keeps click from joining the lines
    _submit(programme, by, SetFundAlarms, id=own_id, **terms)


MONEY_COMMANDS: Final = (propose, approve, reject, set_alarms)


def _submit(programme: str, by: str, kind: type[SignedCommand], **terms: Any) -> None:
    """Record a command and say what came of it."""
    with opened_ledger() as ledger:
        _require_key(ledger, by, programme)
        fields = {"occurred_at": ledger.clock(), "by": by, **terms}
        try:
            command = msgspec.convert(fields, kind)
        except msgspec.ValidationError as wrong:
            raise click.UsageError(str(wrong)) from None
        recorded = ledger.writer.submit(programme, command)
    topics = [event["topic"] for event in msgspec.json.decode(recorded.body)["events"]]
    told = "recorded before" if recorded.replayed else "recorded"
    answers().print(f"{told} at position {recorded.position:,}: {', '.join(topics)}")


def _require_key(ledger: Ledger, key_id: str, programme: str) -> None:
    """Refuse a key that could not do this over HTTP.

    Raises:
        KeyNotFound, RoleNotPermitted, ProgrammeNotPermitted
    """
    key = next((one for one in ledger.keys.list() if one.key_id == key_id and not one.revoked_at), None)
    if key is None:
        raise KeyNotFound(key_id=key_id)
    if key.role != _FINANCE:
        raise RoleNotPermitted(role=key.role, needed_roles=[_FINANCE])
    if key.programme_id not in (None, programme):
        raise ProgrammeNotPermitted(programme_id=programme)
