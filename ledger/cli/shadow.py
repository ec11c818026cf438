"""`ledger shadow`: what acts of the past would have earned under rules that are only proposed."""

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from ledger.cli.proving import bars, proving_database
from ledger.cli.showing import answers
from ledger.domain.campaign import PublishCampaign
from ledger.domain.rules import PublishScenario
from ledger.shadow_run import Proposal, ShadowReport, read_proposal, shadow_run
from ledger.shadow_run.run import Days, published_rules
from ledger.shadow_run.tally import OfParticipant
from ledger.store.log import Log

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("shadow", short_help="Try proposed rules on acts of the past; nothing is written.")
@click.option("--programme", required=True, help="Which programme.")
@click.option("--from", "first_on", required=True, type=_DAY, help="The first local day of the acts.")
@click.option("--to", "last_on", required=True, type=_DAY, help="The last.")
@click.option("--campaign", "campaigns", multiple=True, type=_FILE, help="A proposed campaign, as JSON.")
@click.option("--scenario", "scenarios", multiple=True, type=_FILE, help="A proposed scenario, as JSON.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def shadow(
    *,
    programme: str,
    first_on: datetime,
    last_on: datetime,
    campaigns: tuple[Path, ...],
    scenarios: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Go over the acts of some days under proposed rules, and say what they would have earned.

    A file holds what a request to publish the campaign or the scenario would carry; `version` and
    `occurred_at` may be left out. Its `valid_from` and `valid_to` must cover the days of the acts.
    Without a file the acts are gone over under the rules as published. docs/campaigns.md says more.

    \b
    Example:
      ledger shadow --programme chengdu --from 2026-10-01 --to 2026-10-31 --campaign green-week.json
    """  # noqa: D301 — \b keeps click from joining the lines
    now = datetime.now(UTC)
    with proving_database() as database, bars() as on_progress:
        _, rulebook = published_rules(Log(database), programme)
        proposal = Proposal(
            tuple(read_proposal(path, PublishCampaign, rulebook, now) for path in campaigns),
            tuple(read_proposal(path, PublishScenario, rulebook, now) for path in scenarios),
        )
        days = Days(first_on.date(), last_on.date())
        report = shadow_run(database, programme, days, proposal, now=now, on_progress=on_progress)
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        _show(report)


def _show(report: ShadowReport) -> None:
    console = answers()
    console.print(
        f"{report.programme_id}, acts from {report.first_on} to {report.last_on}, at position "
        f"{report.position:,}; nothing was written",
        markup=False,
    )
    _show_totals(console, report)
    _show_participants(console, report)
    _show_parts(console, report)
    days = _table("day", "acts", "really", "shadow", "difference", "分 really", "分 shadow")
    for day in report.days:
        _row(days, str(day.on), day.acts, day.real_credits, day.shadow_credits, day.real_fen, day.shadow_fen)
    console.print(days)


def _show_totals(console: Console, report: ShadowReport) -> None:
    totals = _table("", "acts", "really", "shadow", "difference", "分 really", "分 shadow")
    total = report.total
    _row(
        totals,
        "credits",
        total.acts,
        total.real_credits,
        total.shadow_credits,
        total.real_fen,
        total.shadow_fen,
    )
    console.print(totals)
    for cap, times in report.clipped.items():
        console.print(f"cut by {cap}: {times:,} times", markup=False)
    if report.not_computable:
        console.print(f"without a measurement that the rule needs: {report.not_computable:,} acts")


def _show_participants(console: Console, report: ShadowReport) -> None:
    console.print(
        f"participants: {report.participants:,}, of whom {report.gained:,} would have more, "
        f"{report.unchanged:,} as much, {report.lost:,} less"
    )
    if report.deciles:
        console.print("from the least to the greatest difference: " + ", ".join(map(str, report.deciles)))
    for title, those in (("most more", report.winners), ("most less", report.losers)):
        if those:
            console.print(_participants(title, those))


def _participants(title: str, those: list[OfParticipant]) -> Table:
    table = _table(title, "really", "shadow", "difference")
    for one in those:
        numbers = one.real_credits, one.shadow_credits, one.difference
        table.add_row(one.participant_id, *(f"{number:,}" for number in numbers))
    return table


def _show_parts(console: Console, report: ShadowReport) -> None:
    if report.campaigns:
        campaigns = _table("campaign", "version", "really", "shadow")
        for found in report.campaigns:
            numbers = found.campaign_version, found.real_credits, found.shadow_credits
            campaigns.add_row(found.campaign_id, *(f"{number:,}" for number in numbers))
        console.print(campaigns)
    if report.funds:
        funds = _table("fund", "分 to spend", "分 really", "分 shadow", "分 left", "last too small on")
        for fund in report.funds:
            money = fund.money_fen, fund.real_fen, fund.shadow_fen, fund.money_fen - fund.shadow_fen
            funds.add_row(
                fund.fund_id, *(f"{value:,}" for value in money), str(fund.last_clipped_on or "never")
            )
        console.print(funds)


def _table(first: str, *others: str) -> Table:
    table = Table(first, box=None)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _row(table: Table, name: str, acts: int, real: int, shadow: int, real_fen: int, shadow_fen: int) -> None:
    numbers = acts, real, shadow, shadow - real, real_fen, shadow_fen
    table.add_row(name, *(f"{number:,}" for number in numbers))
