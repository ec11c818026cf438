"""`ledger webhook`: how far messages to other systems are."""

from datetime import datetime

import click
import msgspec
from rich.markup import escape
from rich.table import Table

from ledger.cli.showing import answers, opened_ledger
from ledger.webhooks.standing import Webhook


@click.group()
def webhook() -> None:
    """See how far webhooks are; they are made and changed over HTTP."""


@webhook.command("list")
@click.option("--programme", help="The only programme to list; all of them when absent.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a webhook and line, for machines.")
def list_webhooks(programme: str | None, *, as_json: bool) -> None:
    """List webhooks with what was delivered, what waits, what was given up, and why; never a secret.

    \b
    Examples:
      ledger webhook list
      ledger webhook list --programme chengdu --json
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        webhooks = ledger.webhooks.all_of(programme)
    if as_json:
        for one in webhooks:
            click.echo(msgspec.json.encode(one._asdict()).decode())
    else:
        answers().print(_table(webhooks))


def _table(webhooks: list[Webhook]) -> Table:
    table = Table("programme", "webhook", "state", box=None)
    for name in ("delivered up to", "log", "waiting", "dead"):
        table.add_column(name, justify="right")
    for name in ("next attempt (UTC)", "last error", "address"):
        table.add_column(name)
    for one in webhooks:
        counts = (one.delivered_up_to, one.position, one.waiting, one.dead)
        table.add_row(
            one.programme_id,
            one.id,
            one.state,
            *(f"{count:,}" for count in counts),
            _moment(one.next_attempt_at),
            escape(one.last_error or "-"),
            escape(one.url),
        )
    return table


def _moment(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else "-"
