"""`ledger key`: making, listing and revoking the keys that open the HTTP interface."""

import click
from rich.markup import escape
from rich.table import Table

from ledger.cli.showing import answers, notes, opened_ledger
from ledger.domain.limits import KEY_CACHED_S_MAX
from ledger.keys import ROLES


@click.group()
def key() -> None:
    """Make, list and revoke API keys.

    \b
    poster     back ends that report activities, transfers and redemptions
    finance    merchants, stores, offers, funds, commitments, refunds, statements and payouts
    auditor    the event log
    operator   programmes, methodologies, scenarios, people, adjustments, expiry
    """  # noqa: D301 — \b keeps click from joining the lines


@key.command()
@click.option("--name", required=True, help="Who will hold it, for people.")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What it may do.")
@click.option("--programme", help="The only programme it opens; all of them when absent.")
def create(name: str, role: str, programme: str | None) -> None:
    """Make a key and print its secret, this once.

    \b
    Example:
      ledger key create --name "bus app" --role poster --programme chengdu
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        made = ledger.keys.create(name=name, role=role, programme_id=programme)
    notes().print(f"key {made.key.key_id} ({role}, {programme or 'all programmes'}). Its secret, shown once:")
    click.echo(made.secret)


@key.command("list")
def list_keys() -> None:
    """List every key, revoked ones too; no secret is kept anywhere.

    \b
    Example:
      ledger key list
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        keys = ledger.keys.list()
    table = Table("key", "name", "role", "programme", "created (UTC)", "revoked (UTC)", box=None)
    for known in keys:
        revoked = f"{known.revoked_at:%Y-%m-%d %H:%M}" if known.revoked_at else "no"
        created = f"{known.created_at:%Y-%m-%d %H:%M}"
        table.add_row(
            known.key_id, escape(known.name), known.role, known.programme_id or "all", created, revoked
        )
    answers().print(table)


@key.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End a key for good, by its id.

    \b
    Example:
      ledger key revoke key_0123456789abcdef
    """  # noqa: D301 — \b keeps click from joining the lines
    with opened_ledger() as ledger:
        ledger.keys.revoke(key_id)
    click.echo(f"{key_id} is revoked; servers that run notice within {KEY_CACHED_S_MAX} seconds")
