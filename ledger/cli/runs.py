"""`ledger expire` and `ledger lapse`: the runs that somebody's calendar starts."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

import click
import msgspec
from rich.table import Table

from ledger import expiry_run, lapse_run
from ledger.bootstrap import Ledger
from ledger.cli.showing import answers, opened_ledger, show_error
from ledger.domain.errors import LedgerError
from ledger.domain.expiry import RunExpiry
from ledger.domain.identifiers import CommandId
from ledger.domain.instants import zone
from ledger.domain.lapse import RunLapse
from ledger.projections.waiting import terms_of
from ledger.runs import begun
from ledger.writer import Recorded

ALL: Final = "all"
DAY: Final = timedelta(days=1)

Start = Callable[[Ledger, str], Recorded]


def _checked_id(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """Refuse what no id can be as a wrong use."""
    try:
        return text and msgspec.convert(text, CommandId)
    except msgspec.ValidationError:
        raise click.BadParameter("must be 1 to 96 printable ASCII characters") from None


_programme = click.option(
    "--programme", default=ALL, show_default=True, help="The only programme; `all` for every one."
)
_id = click.option("--id", "run_id", callback=_checked_id, help="Of the run: repeated under it, it goes on.")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a programme and line.")


@click.command(short_help="Expire credits whose last day is over.")
@_programme
@click.option(
    "--up-to",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Last local day of what expires; yesterday in each programme when absent.",
)
@_id
@_json
def expire(*, programme: str, up_to: datetime | None, run_id: str | None, as_json: bool) -> None:
    """Expire every lot whose last day is over, and release holds past their deadline.

    A run is named after its day, expiry-2026-11-30, unless --id names it. One that was stopped goes
    on when it is started again; one that has ended answers with what it did, and does nothing.

    \b
    Examples:
      ledger expire
      ledger expire --programme chengdu --up-to 2026-11-30
    """  # noqa: D301 — \b keeps click from joining the lines

    def start(ledger: Ledger, programme_id: str) -> Recorded:
        return ledger.run_expiry(programme_id, _expiry(ledger, programme_id, up_to, run_id))

    _run(programme, start, as_json=as_json)


@click.command(short_help="Let pending credits lapse that nobody claimed in time.")
@_programme
@_id
@_json
def lapse(*, programme: str, run_id: str | None, as_json: bool) -> None:
    """Let all pending credits lapse whose claim window is over.

    A run is named after its minute, lapse-2026-11-30T02:15Z, unless --id names it. One that was
    stopped goes on when it is started again under its id; one that has ended answers with what it
    did, and does nothing.

    \b
    Examples:
      ledger lapse
      ledger lapse --programme chengdu --id lapse-2026-11-30
    """  # noqa: D301 — \b keeps click from joining the lines

    def start(ledger: Ledger, programme_id: str) -> Recorded:
        return ledger.run_lapse(programme_id, _lapse(ledger, programme_id, run_id))

    _run(programme, start, as_json=as_json)


def _expiry(ledger: Ledger, programme_id: str, up_to: datetime | None, run_id: str | None) -> RunExpiry:
    """Give the run that is meant; one that has begun keeps what it began with."""
    terms, now = terms_of(ledger.database, programme_id), ledger.clock()
    today = terms.today(now)
    last = today - DAY if up_to is None else up_to.date()
    own_id = run_id or f"expiry-{last}"
    if (started := begun(ledger.log, programme_id, expiry_run.STREAM, own_id)) is not None:
        last = started.up_to if up_to is None else last
        return RunExpiry(occurred_at=started.occurred_at, id=own_id, up_to=last)
    over_at = datetime.combine(last + DAY, time(), zone(terms.time_zone)) if last < today else now
    return RunExpiry(occurred_at=over_at.astimezone(UTC), id=own_id, up_to=last)


def _lapse(ledger: Ledger, programme_id: str, run_id: str | None) -> RunLapse:
    """Give the run that is meant; one that has begun keeps what it began with."""
    up_to = ledger.clock().astimezone(UTC).replace(second=0, microsecond=0)
    own_id = run_id or f"lapse-{up_to:%Y-%m-%dT%H:%MZ}"
    if (started := begun(ledger.log, programme_id, lapse_run.STREAM, own_id)) is not None:
        return RunLapse(occurred_at=started.occurred_at, id=own_id, up_to=started.up_to)
    return RunLapse(occurred_at=up_to, id=own_id, up_to=up_to)


def _run(programme: str, start: Start, *, as_json: bool) -> None:
    """Start a run in one programme or all; where one is refused the others have theirs."""
    with opened_ledger() as ledger:
        names = ledger.log.programmes() if programme == ALL else [programme]
        reports = list(_reports(ledger, names, start))
    done = [report for report in reports if report is not None]
    if as_json:
        for report in done:
            click.echo(msgspec.json.encode(report))
    else:
        _show(done)
    if len(done) < len(reports):
        sys.exit(1)


def _reports(ledger: Ledger, names: list[str], start: Start) -> Iterator[dict[str, Any] | None]:
    """Give what came of each run; None for one that was refused, which is shown at once."""
    for name in names:
        try:
            recorded = start(ledger, name)
        except LedgerError as refused:
            show_error(refused.code, refused.message(), refused.details(), refused.next_step)
            yield None
        else:
            ended = msgspec.json.decode(recorded.body)["events"][-1]["data"]
            told = {key: value for key, value in ended.items() if key not in ("occurred_at", "legs")}
            yield {"programme": name, "ran_before": recorded.replayed, **told}


def _show(reports: list[dict[str, Any]]) -> None:
    if not reports:
        return
    names = list(reports[0])
    table = Table(box=None)
    for name in names:
        table.add_column(name.replace("_", " "), justify="right" if type(reports[0][name]) is int else "left")
    for report in reports:
        table.add_row(*(_cell(report[name]) for name in names))
    answers().print(table)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
