"""Runs over a whole programme: begun, carried out page by page, ended with a record of themselves.

Rule of the room: a list of what is due is a hint; each fact in it is decided anew under the
programme's order. So a run that stops half way, or runs twice, or beside another, does no harm.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ledger.deciding import Recorded
from ledger.domain.errors import ContentDiffers, LedgerError
from ledger.domain.limits import RUN_FACTS_PER_COMMIT
from ledger.domain.messages import Command, Event
from ledger.store.log import Log
from ledger.writer import Writer
from ledger.written import Written


class Stage(NamedTuple):
    """One kind of thing that a run goes over."""

    due: Callable[[str, int], Sequence[str]]
    """Give the names of the next facts, in order, after one and at most so many."""
    command: Callable[[str], Command]
    """Give the command for a fact."""


class Run(NamedTuple):
    """A run over a programme; its stream holds its beginning and its end."""

    kind: str
    """Of its stream."""
    own_id: str
    start: Command
    stages: Sequence[Stage]
    """Carried out one after the other."""
    does: tuple[type[Event], ...]
    """What its commands record; each such event has the run's id as `run_id`."""
    completion: Callable[[Iterator[Any]], Command]
    """Give the record of its end, made of all that it did."""


def carry_out(run: Run, *, log: Log, writer: Writer, programme_id: str) -> Recorded:
    """Carry a run to its end; repeated under its id it goes on, or answers with its end again.

    Raises:
        LedgerError: whatever refuses its start.
        ContentDiffers: another run stands under this id.
        Unavailable: the run stopped; sent again it goes on.
    """
    started = writer.submit(programme_id, run.start)
    if (ended := _end_of(run, log, programme_id)) is not None:
        return ended
    for stage in run.stages:
        for names in _pages(stage, min(RUN_FACTS_PER_COMMIT, writer.group_commands_max)):
            _submit(writer, programme_id, [stage.command(name) for name in names])
    done = _done(run, log, programme_id, after=started.position)
    return writer.submit(programme_id, run.completion(done))


def begun(log: Log, programme_id: str, kind: str, own_id: str) -> Any:
    """Give the event with which a run began; None when nothing of this id did."""
    events = log.stream(programme_id, kind, own_id)
    return log.decode(events[0]) if events else None


def _end_of(run: Run, log: Log, programme_id: str) -> Recorded | None:
    for logged in log.stream(programme_id, run.kind, run.own_id):
        if logged.originator_version > 1:
            written = Written(logged.position, log.decode(logged), logged.state)
            return Recorded(written.position, replayed=True, written=[written])
    return None


def _pages(stage: Stage, limit: int) -> Iterator[Sequence[str]]:
    """Give page after page of names in order, each name once."""
    after = ""
    while page := stage.due(after, limit):
        yield page
        after = page[-1]


def _submit(writer: Writer, programme_id: str, commands: Sequence[Command]) -> None:
    for outcome in writer.submit_many(programme_id, commands):
        if isinstance(outcome, ContentDiffers):
            continue  # another run has dealt with this fact since it was listed here
        if isinstance(outcome, LedgerError):
            raise outcome


def _done(run: Run, log: Log, programme_id: str, *, after: int) -> Iterator[Event]:
    """Read from the log what the run did, also before it was interrupted."""
    for page in log.pages(programme_id, after=after, topics=[event.topic for event in run.does]):
        for logged in page:
            event: Any = log.decode(logged)
            if event.run_id == run.own_id:
                yield event
