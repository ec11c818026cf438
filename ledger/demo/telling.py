"""How the demonstration is told: headings, ticks and tables.

Rule of the room: nothing is decided or sent here.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table

from ledger.demo.audit import Balances

FEN_PER_YUAN = 100


class Teller:
    """Writes the story."""

    def __init__(self, console: Console) -> None:
        """Write to `console`."""
        self._console = console
        self._chapter = 0

    def chapter(self, title: str) -> None:
        """Begin the next part."""
        self._chapter += 1
        self._console.print(f"\n[bold cyan]{self._chapter}  {title}[/]")

    def say(self, text: str) -> None:
        """Say what is going on."""
        self._console.print(Padding(text, (0, 0, 0, 3), expand=False))

    def done(self, text: str) -> None:
        """Say that something is done, or was checked and is so."""
        self._console.print(Padding(f"[green]✓[/] {text}", (0, 0, 0, 3), expand=False))

    def json(self, body: bytes) -> None:
        """Show a JSON document in full."""
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
        shown = Syntax(text, "json", theme="ansi_dark", background_color="default", word_wrap=True)
        self._console.print(Padding(shown, (0, 0, 0, 5), expand=False))

    def table(self, table: Table) -> None:
        """Show a table."""
        self._console.print(Padding(table, (0, 0, 0, 2), expand=False))


def factors_table(factors: Iterable[Mapping[str, Any]]) -> Table:
    """The factors of a methodology, the illustrative ones marked."""
    table = Table("factor", box=SIMPLE_HEAD)
    table.add_column("value", justify="right", no_wrap=True)
    for name in ("unit", "region", "year", "source"):
        table.add_column(name, no_wrap=name != "source")
    for factor in factors:
        mark = "[yellow]illustrative[/]" if factor.get("illustrative") else escape(factor["source"])
        described = (factor["unit"], factor["region"], str(factor["year"]))
        table.add_row(factor["name"], factor["value"], *described, mark)
    return table


def trips_table(rows: Iterable[tuple[str, str, str, str, str, int, int]]) -> Table:
    """The trips: id, local start, participant, kilometres, kilowatt-hours, grams, credits; and their sums."""
    listed = list(rows)
    sums = (f"{sum(row[5] for row in listed):,}", f"{sum(row[6] for row in listed):,}")
    table = Table(box=SIMPLE_HEAD, show_footer=True)
    table.add_column("trip", footer="together")
    table.add_column("began, in Morocco")
    table.add_column("participant")
    for name, footer in zip(("km", "kWh", "g CO2e avoided", "credits"), ("", "", *sums), strict=True):
        table.add_column(name, footer=footer, justify="right", no_wrap=True)
    for trip_id, began, participant, distance_km, energy_kwh, grams, credits_earned in listed:
        amounts = (distance_km, energy_kwh, f"{grams:,}", str(credits_earned))
        table.add_row(trip_id, began, participant, *amounts)
    return table


def import_table(report: Mapping[str, Any]) -> Table:
    """What became of the lines of a file, those that nothing became of left out."""
    table = Table("lines", box=SIMPLE_HEAD)
    table.add_column("", justify="right")
    table.add_column("of which")
    for name, reasons in (
        ("read", ""),
        ("accepted", ""),
        ("discounted", ""),
        ("held_activities", "held"),
        ("rejected_activities", "rejected"),
        ("duplicates", ""),
        ("refused", "refused"),
        ("unreadable", "unreadable"),
    ):
        found = report[name]
        count = sum(found.values()) if isinstance(found, Mapping) else found
        of_which = ", ".join(f"{number} {reason}" for reason, number in report.get(reasons, {}).items())
        if count:
            table.add_row(name.removesuffix("_activities"), str(count), of_which)
    return table


def acts_table(acts: Iterable[Mapping[str, Any]]) -> Table:
    """Acts and what has become of each."""
    table = Table("act", "participant", box=SIMPLE_HEAD)
    for name in ("km", "share", "g CO2e avoided", "credits"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("they are", "status", "flags"):
        table.add_column(name)
    for act in acts:
        measured, earned = act["events"][0]["data"]["measured"], act["credits"]
        amounts = (measured["distance_km"], act["share"], f"{act['amount_g']:,}", str(earned["awarded"]))
        told = (earned["state"], act["status"], ", ".join(act["flags"]))
        table.add_row(act["id"], act["participant_id"], *amounts, *told)
    return table


def balances_table(balances: Balances) -> Table:
    """Every account: its grams, its credits lot by lot, its money in 分 and in 元."""
    table = Table("account", box=SIMPLE_HEAD)
    for name in ("gCO2e", "CREDIT", "lot: last day", "CNY 分", "CNY 元"):
        table.add_column(name, justify="right", no_wrap=True)
    for account, held in balances.items():
        grams, fen = held.get(("gCO2e", None)), held.get(("CNY", None))
        lots = sorted((str(lot), amount) for (asset, lot), amount in held.items() if asset == "CREDIT")
        table.add_row(
            account,
            "" if grams is None else f"{grams:,}",
            "\n".join(f"{amount:,}" for _, amount in lots),
            "\n".join(lot for lot, _ in lots),
            "" if fen is None else f"{fen:,}",
            "" if fen is None else yuan(fen),
        )
    return table


def statements_table(statements: Iterable[Mapping[str, Any]]) -> Table:
    """Statements of merchants, in 元."""
    table = Table("statement", "merchant", "status", box=SIMPLE_HEAD)
    for name in ("lines", "total 元", "due 元"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in statements:
        who = f"{one['merchant_name_zh']} {one['merchant_name_en']}"
        sums = (str(one["lines"]), yuan(one["total_fen"]), yuan(one["due_fen"]))
        table.add_row(one["number"], who, one["status"], *sums)
    return table


def breaks_table(breaks: Iterable[Mapping[str, Any]]) -> Table:
    """What does not agree, in 元."""
    table = Table("break", "merchant", "line", box=SIMPLE_HEAD)
    for name in ("ledger 元", "file 元"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in breaks:
        amounts = (one["item_fen"], one["row_fen"])
        told = ["" if fen is None else yuan(fen) for fen in amounts]
        table.add_row(one["code"], one["merchant_id"], one["item"], *told)
    return table


def yuan(fen: int) -> str:
    """Write an amount of 分 in 元, exactly."""
    sign, (whole, rest) = "-" if fen < 0 else "", divmod(abs(fen), FEN_PER_YUAN)
    return f"{sign}{whole:,}.{rest:02}"
