"""What people look at once things have happened: statement, ranks, what a merchant is owed, totals."""

from datetime import date, timedelta
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from ledger.demo.caller import Callers, DemoFailed
from ledger.demo.telling import Teller, yuan


def look(
    *,
    teller: Teller,
    callers: Callers,
    path: str,
    participant_id: str,
    merchant_id: str,
    position: int,
    today: date,
) -> None:
    """Read every view over HTTP as of the last write, and show it.

    Args:
        teller: Tells the story.
        callers: Finance and the auditor read here.
        path: Of the programme.
        participant_id: Whose statement and rank.
        merchant_id: Whose settlement.
        position: Of the last write: nothing older is shown.
        today: The programme's local day.

    Raises:
        DemoFailed: The views do not agree with each other.
    """
    seen = f"min_position={position}"
    account = f"participant:{participant_id}"
    statement = callers.auditor.get(f"{path}/accounts/{account}/statement?{seen}&limit=8").document()
    teller.say(f"\nThe statement of {participant_id}, the latest entries first:")
    teller.table(_statement_table(statement["entries"]))
    ranks = callers.auditor.get(f"{path}/leaderboards?period=all&by=grams&{seen}").document()["places"]
    teller.say("Who avoided most, of all time:")
    teller.table(_ranks_table(ranks))
    period = f"from={today - timedelta(days=1)}&to={today + timedelta(days=1)}"
    settled = callers.finance.get(f"{path}/merchants/{merchant_id}/settlement?{period}&{seen}").document()
    funds = ", ".join(escape(fund["fund_id"]) for fund in settled["funds"])
    owed = f"{yuan(settled['net']['payable_fen'])} 元"
    teller.done(f"{merchant_id} is owed {owed} for {settled['uses']['count']} use, borne by {funds}")
    totals = callers.auditor.get(f"{path}/totals?{seen}").document()
    grams = sum(place["amount_g"] for place in ranks)
    if grams != totals["grams"]["avoided_g"]:
        raise DemoFailed(f"the ranks sum to {grams} g, the totals say {totals['grams']}")
    teller.done(
        f"totals: {totals['participants']} participants, {totals['grams']['avoided_g']:,} g avoided, "
        f"{totals['credits']['issued']:,} credits issued, {totals['credits']['outstanding']:,} outstanding"
    )


def _statement_table(entries: list[dict[str, Any]]) -> Table:
    table = Table("position", "what", "with", box=SIMPLE_HEAD)
    for name in ("amount", "asset", "balance after"):
        table.add_column(name, justify="right")
    for entry in entries:
        counterparts = ", ".join(entry["counterparts"])
        amounts = (f"{entry['amount']:+,}", entry["asset"], f"{entry['balance']:,}")
        table.add_row(str(entry["position"]), entry["topic"], counterparts, *amounts)
    return table


def _ranks_table(places: list[dict[str, Any]]) -> Table:
    table = Table("rank", "participant", box=SIMPLE_HEAD)
    table.add_column("g CO2e avoided", justify="right")
    table.add_column("credits earned", justify="right")
    for place in places:
        table.add_row(
            str(place["rank"]),
            place["participant_id"] or "anonymous",
            f"{place['amount_g']:,}",
            f"{place['credits']:,}",
        )
    return table
