"""Run the benchmarks: `python -m bench [PART …]`; all parts when none is named."""

from pathlib import Path

import click
import psycopg

from bench import batches, books, carbon, growth, http_load, leaderboards, moving, proof, singles, views
from bench.programme import Programme, new_database, server
from bench.report import Report, database_settings
from ledger.bootstrap import PAGES_GARBAGE_THRESHOLD, prepare_process

PARTS = ("batches", "singles", "growth", "http", "views", "leaderboards", "moving", "carbon", "books")


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--json", "json_path", type=click.Path(path_type=Path), default=Path("var/bench.json"))
@click.option("--events", default=growth.EVENTS, help="Events in the store for the growth figures.")
@click.option("--log-events", default=views.EVENTS, help="Events in the log that the views follow.")
def main(parts: tuple[str, ...], json_path: Path, events: int, log_events: int) -> None:
    """Measure, print a table, write JSON."""
    chosen = parts or PARTS
    report = Report()
    prepare_process()
    with server() as conninfo:
        with psycopg.connect(conninfo) as connection:
            report.database = database_settings(connection)
        with new_database(conninfo) as database, Programme(database) as programme:
            if "batches" in chosen:
                batches.measure(programme, report)
            if "singles" in chosen:
                singles.measure(programme, report)
            if "growth" in chosen:
                with new_database(conninfo) as other, Programme(other) as empty:
                    growth.measure(programme, empty, report, events=events)
        if "batches" in chosen:
            with new_database(conninfo) as database:
                batches.measure_quota(database, report)
        if "http" in chosen:
            with new_database(conninfo) as database:
                http_load.measure(database, report)
        if "views" in chosen:
            prepare_process(garbage_threshold=PAGES_GARBAGE_THRESHOLD)  # as a projector does
            with new_database(conninfo) as database:
                last = views.measure(database, report, events=log_events)
                proof.measure(database, report, events=last)
        if "leaderboards" in chosen:
            with new_database(conninfo) as database:
                leaderboards.measure(database, report)
        _measure_files(chosen, conninfo, report)
    report.print()
    report.write(json_path)
    click.echo(f"written to {json_path}")


def _measure_files(chosen: tuple[str, ...], conninfo: str, report: Report) -> None:
    """Measure what goes into files and comes out of them, and the rules that ship in some."""
    if "moving" in chosen:
        with (
            new_database(conninfo) as database,
            new_database(conninfo) as one,
            new_database(conninfo) as other,
        ):
            moving.measure(database, [one, other], report)
    if "carbon" in chosen:
        with new_database(conninfo) as database:
            carbon.measure(database, report)
    if "books" in chosen:
        with new_database(conninfo) as database:
            books.measure(database, report)


if __name__ == "__main__":
    main()
