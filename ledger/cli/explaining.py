"""`ledger explain`: why an account holds what it holds, number by number."""

from typing import Any

import click
import msgspec

from ledger.cli.showing import notes, opened_ledger
from ledger.domain.limits import EXPLAINED_ENTRIES_MAX, POSITION_MAX
from ledger.explained.account import Asked, explain_account
from ledger.explained.document import shown
from ledger.explaining.language import TONGUES, Tongue
from ledger.projections.statement_balances import ASSETS
from ledger.projections.statements import Statements

ENTRIES_DEFAULT = 5


@click.command(short_help="Explain a balance, or one event, every number computed again.")
@click.argument("account")
@click.option("--programme", required=True, help="Whose account.")
@click.option(
    "--position",
    type=click.IntRange(1, POSITION_MAX),
    help="One event that concerns the account, with all that led to it and all that came of it.",
)
@click.option("--asset", type=click.Choice(ASSETS), help="Only this asset.")
@click.option(
    "--lang", type=click.Choice(TONGUES), default=TONGUES[0], show_default=True, help="Of the sentences."
)
@click.option(
    "--limit",
    type=click.IntRange(1, EXPLAINED_ENTRIES_MAX),
    default=ENTRIES_DEFAULT,
    show_default=True,
    help="Entries to explain, the newest.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def explain(
    *,
    account: str,
    programme: str,
    position: int | None,
    asset: str | None,
    lang: Tongue,
    limit: int,
    as_json: bool,
) -> None:
    """Explain what an account holds: from acts to grams to credits, and where they went.

    Every number that was recorded is computed again from its inputs; the exit status is 1 when one
    does not come out the same.

    \b
    Examples:
      ledger explain --programme chengdu participant:ann
      ledger explain --programme chengdu participant:ann --position 812 --lang zh
    """  # noqa: D301 — \b keeps click from joining the lines
    asked = Asked(account, ASSETS if asset is None else (asset,), limit, at_position=position)
    with opened_ledger() as ledger:
        head = ledger.log.head(programme) or 0
        at_least = position if position is not None and position <= head else 0
        with ledger.reading(programme, Statements.name, min_position=at_least) as reading:
            explanation = explain_account(ledger.log, reading, programme, asked)
    if behind := head - explanation.position:
        notes().print(f"{behind:,} events are not in the view yet; `ledger status` shows whether it goes on")
    document = shown(explanation, lang)
    if as_json:
        click.echo(msgspec.json.encode(document))
    else:
        _show(document)
    if not explanation.is_proven:
        notes().print("not every number came out as it was recorded")
        raise SystemExit(1)


def _show(document: dict[str, Any]) -> None:
    """Sentences, one on a line; those of an entry and of a lot stand together."""
    paragraphs = [document["balances"]]
    paragraphs += [lot["steps"] for lot in document["lots"] or ()]
    paragraphs += [entry["steps"] for entry in document["entries"]]
    told = ["\n".join(step["sentence"] for step in steps) for steps in paragraphs if steps]
    click.echo("\n\n".join(told))
