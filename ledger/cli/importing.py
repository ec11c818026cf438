"""`ledger import …`: files of vehicle platforms, charging stations and step counters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Final, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import msgspec

from ledger import intake
from ledger.bootstrap import Ledger, prepare_process
from ledger.cli.import_report import bar, show
from ledger.cli.showing import opened_ledger
from ledger.domain.errors import ProgrammeNotFound
from ledger.domain.identifiers import EntityId, ProgrammeId
from ledger.domain.limits import REPORT_LATE_DAYS, STEPS_RESTATED_DAYS
from ledger.domain.programme import ProgrammeOpened
from ledger.importing import Destination, Importer, Kind, ProgressFile, Reading, batches, identity_of
from ledger.intake.lines import lines_of
from ledger.intake.pseudonyms import KEY_BYTES_MIN, Pseudonyms
from ledger.intake.tables import Column, Columns, peeked, rows_of

PARTICIPANTS: Final = Columns(
    (
        Column(
            "subject", ("vehicle_id", "vin", "person_id", "user_id", "station_id", "车辆识别代号", "用户编号")
        ),
        Column("participant_id", ("participant", "参与者编号", "参与者")),
    ),
    needed=(("subject",), ("participant_id",)),
)


@click.group("import", short_help="Bring a file of another system into a programme.")
def import_group() -> None:
    """Bring a file of another system into a programme, as activities.

    Vehicles and people get names made with a key, and nothing that the file says of them in clear is
    stored. A file may be imported again, or once more after a stop: nothing counts twice. Every line is
    accounted for. Exits with 1 when a line was not recorded. docs/intake.md describes the files.
    """


def _checked(kind: Any) -> Callable[[click.Context, click.Parameter, str], str]:
    """Refuse what is no id as a wrong use."""

    def check(_ctx: click.Context, _parameter: click.Parameter, text: str) -> str:
        try:
            return str(msgspec.convert(text, kind))
        except msgspec.ValidationError as unsuitable:
            raise click.BadParameter(str(unsuitable)) from None

    return check


def _read_key(_ctx: click.Context, _parameter: click.Parameter, path: Path) -> Pseudonyms:
    key = path.read_bytes().strip()
    if len(key) < KEY_BYTES_MIN:
        raise click.BadParameter(f"a key has at least {KEY_BYTES_MIN} bytes, such as: openssl rand -hex 32")
    return Pseudonyms(key)


def _read_participants(
    _ctx: click.Context, _parameter: click.Parameter, path: Path | None
) -> Mapping[str, str] | None:
    if path is None:
        return None
    found = {}
    with path.open("rb") as file:
        form, lines = peeked(lines_of(file))
        for row in rows_of(lines, PARTICIPANTS, form):
            if not isinstance(row, tuple):
                raise click.BadParameter(f"line {row.line}: {intake.REASONS[row.reason]}")
            number, (subject, participant_id) = row
            try:
                found[subject] = msgspec.convert(participant_id, EntityId)
            except msgspec.ValidationError:
                raise click.BadParameter(
                    f"line {number}: {participant_id!r} is no participant's id"
                ) from None
    return found


def _read_zone(_ctx: click.Context, _parameter: click.Parameter, name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name is not None else None
    except (ZoneInfoNotFoundError, ValueError):
        raise click.BadParameter("a name of the IANA database, such as Asia/Shanghai") from None


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_OPTIONS: Final = (
    click.argument("file", type=_FILE),
    click.option("--programme", required=True, callback=_checked(ProgrammeId), help="Into which programme."),
    click.option("--scenario", required=True, callback=_checked(EntityId), help="By which scenario."),
    click.option("--source", required=True, callback=_checked(EntityId), help="Which system reports it."),
    click.option(
        "--key-file",
        "pseudonyms",
        type=_FILE,
        required=True,
        callback=_read_key,
        help="The key under which vehicles and people are named.",
    ),
    click.option(
        "--participants",
        type=_FILE,
        callback=_read_participants,
        help="CSV of subject and participant_id; by default participants are made of the names.",
    ),
    click.option("--zone", callback=_read_zone, help="Of days and of times; the programme's when absent."),
    click.option(
        "--late-days",
        type=click.IntRange(0, 3_660),
        default=REPORT_LATE_DAYS,
        show_default=True,
        help="Days after which a report is late.",
    ),
    click.option(
        "--restated-days", type=click.IntRange(0, 3_660), help="Days for which other values are a correction."
    ),
    click.option(
        "--progress",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Where to note how far it is; FILE.import-progress when absent.",
    ),
    click.option(
        "--report", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the report as JSON."
    ),
    click.option("--json", "as_json", is_flag=True, help="Show the report as JSON."),
)


def _options(*forms: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command what all of them take; the first of `forms` stands for telling by the first line."""
    form = click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True, help="Of the file."
    )
    return lambda command: reduce(lambda done, option: option(done), (form, *reversed(_OPTIONS)), command)


@import_group.command("vehicles", short_help="Daily statistics of vehicles, or their frames.")
@_options("auto", "csv", "ndjson", "gbt32960")
def vehicles(**options: Any) -> None:
    """Import the odometers of vehicles: daily statistics as CSV or JSON lines, or frames of GB/T 32960.

    \b
    Examples:
      ledger import vehicles days.csv --programme chengdu --scenario nev --source oem --key-file key
      ledger import vehicles frames.hex --programme chengdu --scenario nev --source oem --key-file key \\
        --participants owners.csv --report report.json
    """  # noqa: D301 — \b keeps click from joining the lines
    _import("vehicles", Options(**options), restated_default=REPORT_LATE_DAYS)


@import_group.command("charging", short_help="Charging sessions.")
@_options("auto", "csv", "ndjson")
def charging(**options: Any) -> None:
    """Import charging sessions, each of a vehicle, a person or, where the file knows neither, a station."""
    _import("charging", Options(**options), restated_default=REPORT_LATE_DAYS)


@import_group.command("trips", short_help="Trips of vehicles.")
@click.option("--with-energy", is_flag=True, help="Take the energy, too, that the file estimates.")
@_options("auto", "csv", "ndjson")
def trips(*, with_energy: bool, **options: Any) -> None:
    """Import trips of vehicles: their distances."""
    kind: Kind = "trips_with_energy" if with_energy else "trips"
    _import(kind, Options(**options), restated_default=REPORT_LATE_DAYS)


@import_group.command("steps", short_help="Step counts of days.")
@_options("auto", "csv", "ndjson")
def steps(**options: Any) -> None:
    """Import step counts; one sent again with another value corrects what was recorded."""
    _import("steps", Options(**options), restated_default=STEPS_RESTATED_DAYS)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says, read and checked."""

    file: Path
    programme: str
    scenario: str
    source: str
    pseudonyms: Pseudonyms
    participants: Mapping[str, str] | None
    form: str
    zone: ZoneInfo | None
    late_days: int
    restated_days: int | None
    progress: Path | None
    report: Path | None
    as_json: bool

    def destination(self, restated_default: int) -> Destination:
        """Where activities go."""
        return Destination(
            programme_id=self.programme,
            scenario_id=self.scenario,
            pseudonyms=self.pseudonyms,
            participants=self.participants,
            restated_days=restated_default if self.restated_days is None else self.restated_days,
        )


def _import(kind: Kind, options: Options, *, restated_default: int) -> None:
    """Import a file, from where an earlier run stopped."""
    prepare_process()
    file, destination = options.file, options.destination(restated_default)
    with opened_ledger() as ledger:
        zone = options.zone or _zone_of(ledger, options.programme)
        form = _form_of(file) if options.form == "auto" else options.form
        if form == "gbt32960" and kind != "vehicles":
            raise click.BadParameter("the file holds frames of vehicles", param_hint="FILE")
        asked = (kind, options.source, form, str(zone), str(options.late_days))
        at = ProgressFile(
            options.progress or file.with_name(f"{file.name}.import-progress"),
            identity_of(file, destination, *asked),
        )
        reading = Reading(
            path=str(file.absolute()),
            kind=kind,
            form=cast("intake.Format", form),
            source=options.source,
            zone=str(zone),
            late_days=options.late_days,
            done=at.content.done,
            batch=ledger.writer.group_commands_max,
        )
        importer = Importer(ledger.writer, destination, at.content.report, restated=at.content.restated)
        with bar(file.stat().st_size) as watched:
            for lines in importer.run(watched(batches(reading, destination))):
                at.reached(lines, importer.restated)
        at.close()
    show(importer.report, options.report, as_json=options.as_json)


def _form_of(file: Path) -> str:
    with file.open("rb") as opened:
        return peeked(lines_of(opened))[0]


def _zone_of(ledger: Ledger, programme: str) -> ZoneInfo:
    first = ledger.log.page(programme, after=0, limit=1)
    opened = ledger.log.decode(first[0]) if first else None
    if not isinstance(opened, ProgrammeOpened):
        raise ProgrammeNotFound(programme_id=programme)
    return ZoneInfo(opened.time_zone)
