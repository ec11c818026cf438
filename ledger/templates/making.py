"""A programme made from a template: its commands decided and recorded together, or not at all."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final, NamedTuple

from ledger.deciding import Deciding, Outcome, Recorded
from ledger.domain.errors import (
    BulkNotApplied,
    ContentDiffers,
    LedgerError,
    ProgrammeOpen,
    TemplateRefused,
    TimeZoneUnknown,
)
from ledger.domain.instants import is_published, local_date, utc, zone
from ledger.domain.messages import Command
from ledger.domain.state import ProgrammeState
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.session import open_session
from ledger.templates.form import Template, TemplateCommand
from ledger.writer import Writer

NO_TIME: Final = datetime.min.replace(tzinfo=UTC)
"""Of what is only looked up, and not decided."""


class Naming(NamedTuple):
    """What a programme is called, and what else a template leaves open; None for its default."""

    programme_id: str
    name_zh: str | None = None
    name_en: str | None = None
    time_zone: str | None = None
    valid_from: date | None = None
    """First local day on which acts count."""


class Made(NamedTuple):
    """A programme that was made, or would be."""

    programme_id: str
    commands: list[TemplateCommand]
    """In the order in which they were recorded."""
    recorded: list[Recorded]
    """What each of them has added to the log; empty where nothing was to be written."""

    @property
    def is_repeated(self) -> bool:
        """Whether all of it had been recorded before."""
        return bool(self.recorded) and all(outcome.replayed for outcome in self.recorded)


def make_programme(
    database: Database,
    writer: Writer,
    template: Template,
    naming: Naming,
    *,
    now: datetime,
    dry_run: bool,
    occurred_at: datetime | None = None,
) -> Made:
    """Make a programme from a template; asked for a second time in the same words, say what was recorded.

    Args:
        database: where it is to be.
        writer: to the same.
        template: what it is to be like.
        naming: what it is to be called.
        now: when it is recorded, as far as a dry run decides.
        dry_run: decide every command, and write nothing.
        occurred_at: when it begins, of all commands; now when absent. It tells repeats apart.

    Raises, in this order:
        TimeZoneUnknown, TemplateUnreadable
        ProgrammeOpen: there is one of this id that was made otherwise.
        TemplateRefused: one of the commands is refused, so that none is recorded.
        Unavailable: ask in the same words again.
    """
    begins_at = utc(now if occurred_at is None else occurred_at)
    commands = template.commands_for(_fillings(template, naming, begins_at), begins_at)
    if Log(database).head(naming.programme_id) is not None:
        return Made(naming.programme_id, commands, _repeated(database, naming.programme_id, commands))
    outcomes: Sequence[Outcome]
    if dry_run:
        outcomes = _decided(database, naming.programme_id, commands, utc(now))
    else:
        outcomes = writer.submit_many(naming.programme_id, commands, atomic=True)
    for number, (command, outcome) in enumerate(zip(commands, outcomes, strict=True), start=1):
        if isinstance(outcome, LedgerError) and not isinstance(outcome, BulkNotApplied):
            raise _refused(number, command, outcome)
    recorded = [] if dry_run else [outcome for outcome in outcomes if isinstance(outcome, Recorded)]
    return Made(naming.programme_id, commands, recorded)


def _repeated(database: Database, programme_id: str, commands: list[TemplateCommand]) -> list[Recorded]:
    """Give what each command has added to the log before.

    Raises:
        ProgrammeOpen: one of them has added nothing, or something else stands under its id.
    """
    with open_session(database, programme_id) as session:
        deciding = Deciding(ProgrammeState(programme_id), NO_TIME, session)
        deciding.look_up(commands)
        recorded = []
        for command in commands:
            try:
                outcome = deciding.repeated(command)
            except ContentDiffers:
                outcome = None
            if outcome is None:
                raise ProgrammeOpen(programme_id=programme_id)
            recorded.append(outcome)
    return recorded


def _fillings(template: Template, naming: Naming, now: datetime) -> dict[str, str]:
    """Give what stands for each placeholder."""
    time_zone = template.defaults.time_zone if naming.time_zone is None else naming.time_zone
    if not is_published(time_zone):
        raise TimeZoneUnknown(field="time_zone", value=time_zone)
    valid_from = template.defaults.valid_from
    if naming.valid_from is not None or valid_from is None:
        first_on = naming.valid_from or local_date(now, time_zone)
        valid_from = datetime.combine(first_on, time(), zone(time_zone))
    return {
        "id": naming.programme_id,
        "name_zh": template.name_zh if naming.name_zh is None else naming.name_zh,
        "name_en": template.name_en if naming.name_en is None else naming.name_en,
        "time_zone": time_zone,
        "valid_from": valid_from.astimezone(UTC).isoformat(),
    }


def _decided(
    database: Database, programme_id: str, commands: list[TemplateCommand], now: datetime
) -> list[Outcome]:
    """Decide commands as the writer would, on a log in which nothing stands, and write nothing."""
    with open_session(database, programme_id) as session:
        return Deciding(ProgrammeState(programme_id), now, session).decide_all(commands)


def _refused(number: int, command: Command, refusal: LedgerError) -> TemplateRefused:
    own: Any = command
    return TemplateRefused(
        command=number,
        kind=str(command.__struct_config__.tag),
        id=getattr(own, "id", ""),
        refusal=str(refusal),
    )
