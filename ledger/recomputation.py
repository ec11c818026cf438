"""Computing a period anew by another version of its methodology: what would change, or the change.

Rule of the room: a dry run decides the very commands that a run would send, on the state as it
stands, and writes nothing; both tell what they did by the events decided. A run is repeat-safe by
its id, activity by activity.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from ledger.committing import configured
from ledger.deciding import Deciding, Outcome, Recorded
from ledger.domain.activity import ReductionRecorded
from ledger.domain.correction import CreditsCorrected, RecomputeActivity, ReductionRecomputed
from ledger.domain.errors import (
    AccountClosed,
    ActivityStatusUnsuitable,
    AlreadyRecorded,
    LedgerError,
    MethodologyNotFound,
    PeriodEmpty,
    ProgrammeNotFound,
)
from ledger.domain.instants import local_date
from ledger.domain.messages import Command
from ledger.domain.state import ProgrammeState
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.session import open_session
from ledger.writer import Writer

BATCH: Final = 500
"""Activities decided together: a group commit of a fifth of a second."""
EXAMPLES_MAX: Final = 20

Progress = Callable[[int, int], None]
"""Told of the position reached and of the one where the run ends."""


class Recomputation(msgspec.Struct, frozen=True, kw_only=True):
    """What to compute anew."""

    run_id: str
    scenario_id: str
    first_on: date
    last_on: date
    """Local days on which the acts occurred, both included."""
    methodology_version: int
    reason: str
    approver: str


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to one activity."""

    source: str
    activity_id: str
    participant_id: str
    delta_g: int
    delta_credits: int


class RecomputationReport(msgspec.Struct, kw_only=True):
    """What a run changed, or would change."""

    is_dry_run: bool
    run_id: str
    until_position: int
    """Activities recorded up to here were looked at."""
    activities: int = 0
    changed: int = 0
    unchanged: int = 0
    not_counting: int = 0
    """Held, void and dismissed ones, which have nothing to compute, and more for who was closed."""
    done_before: int = 0
    """By an earlier run under this id."""
    participants: int = 0
    more_g: int = 0
    less_g: int = 0
    more_credits: int = 0
    less_credits: int = 0
    owed_credits: int = 0
    """Credits to be taken back that were spent already, and are owed."""
    largest: list[Changed] = []
    """The activities whose grams change most."""


def recompute(
    database: Database,
    writer: Writer,
    programme_id: str,
    what: Recomputation,
    *,
    dry_run: bool,
    on_progress: Progress = lambda _done, _whole: None,
) -> RecomputationReport:
    """Compute a scenario's activities of a period by another version of their methodology.

    Raises:
        ProgrammeNotFound, ScenarioNotFound, MethodologyNotFound, PeriodEmpty
        Unavailable: the run stopped; sent again under its id it goes on.
    """
    log = Log(database)
    until = log.head(programme_id)
    if until is None:
        raise ProgrammeNotFound(programme_id=programme_id)
    state = _standing(database, programme_id)
    _require_possible(state, what)
    report = RecomputationReport(is_dry_run=dry_run, run_id=what.run_id, until_position=until)
    participants: set[str] = set()
    for commands, position in _commands(log, state, what, until):
        outcomes: list[Outcome] = []
        if dry_run:
            outcomes = _decided(database, state, commands)
        elif commands:  # a page of the log may hold none of the period
            outcomes = writer.submit_many(programme_id, commands)
        _add(report, participants, outcomes)
        on_progress(position, until)
    report.participants = len(participants)
    on_progress(until, until)
    return report


def _require_possible(state: ProgrammeState, what: Recomputation) -> None:
    if what.last_on < what.first_on:
        raise PeriodEmpty(field="to", first_on=what.first_on, last_on=what.last_on)
    latest = state.rulebook.scenarios.get(what.scenario_id, ())
    scenario = state.rulebook.scenario(what.scenario_id, len(latest))
    with suppress(MethodologyNotFound):
        state.rulebook.methodology(scenario.methodology_id, what.methodology_version)
        return
    raise MethodologyNotFound(methodology_id=scenario.methodology_id, version=what.methodology_version)


def _standing(database: Database, programme_id: str) -> ProgrammeState:
    """Give the state at the head of the log, with the rules and nothing else loaded."""
    with open_session(database, programme_id) as session:
        head = session.head()
        assert head is not None
        rules = configured(programme_id, head.configured_at_position, session)
    return ProgrammeState.standing_at(programme_id, head.position, head.recorded_at, rules)


def _commands(
    log: Log, state: ProgrammeState, what: Recomputation, until: int
) -> Iterator[tuple[list[RecomputeActivity], int]]:
    """Give a command for every activity of the period, batch by batch, and how far the log was read."""
    time_zone = state.opened().time_zone
    for page in log.pages(state.programme_id, until=until, topics=[ReductionRecorded.topic]):
        batch: list[RecomputeActivity] = []
        for logged in page:
            event: Any = log.decode(logged)
            if event.scenario_id != what.scenario_id:
                continue
            if not what.first_on <= local_date(event.occurred_at, time_zone) <= what.last_on:
                continue
            batch.append(
                RecomputeActivity(
                    occurred_at=event.occurred_at,
                    run_id=what.run_id,
                    source=event.source,
                    activity_id=event.id,
                    methodology_version=what.methodology_version,
                    reason=what.reason,
                    approver=what.approver,
                )
            )
        for begin in range(0, max(len(batch), 1), BATCH):
            yield batch[begin : begin + BATCH], page[-1].position


def _decided(database: Database, state: ProgrammeState, commands: Sequence[Command]) -> list[Outcome]:
    """Decide commands as the writer would, and write nothing."""
    with open_session(database, state.programme_id) as session:
        recorded_at = max(state.recorded_at.astimezone(UTC), datetime.now(UTC))
        return Deciding(state, recorded_at, session).decide_all(commands)


def _add(report: RecomputationReport, participants: set[str], outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        report.activities += 1
        if isinstance(outcome, AlreadyRecorded) or (isinstance(outcome, Recorded) and outcome.replayed):
            report.done_before += 1
        elif isinstance(outcome, ActivityStatusUnsuitable | AccountClosed):
            report.not_counting += 1
        elif isinstance(outcome, LedgerError):
            raise outcome
        else:
            _add_recorded(report, participants, outcome)


def _add_recorded(report: RecomputationReport, participants: set[str], outcome: Recorded) -> None:
    events = {each["topic"]: each["data"] for each in msgspec.json.decode(outcome.body)["events"]}
    recomputed = events.get(ReductionRecomputed.topic)
    if recomputed is None:
        report.unchanged += 1
        return
    credits_corrected = events.get(CreditsCorrected.topic, {})
    changed = Changed(
        source=recomputed["source"],
        activity_id=recomputed["activity_id"],
        participant_id=recomputed["participant_id"],
        delta_g=recomputed["delta_g"],
        delta_credits=credits_corrected.get("delta_credits", 0),
    )
    report.changed += 1
    participants.add(changed.participant_id)
    report.more_g += max(changed.delta_g, 0)
    report.less_g += max(-changed.delta_g, 0)
    report.more_credits += max(changed.delta_credits, 0)
    report.less_credits += max(-changed.delta_credits, 0)
    report.owed_credits += credits_corrected.get("owed_credits", 0)
    report.largest.append(changed)
    report.largest.sort(key=lambda each: (-abs(each.delta_g), each.source, each.activity_id))
    del report.largest[EXAMPLES_MAX:]
