"""Proposed activities on their way into a programme: batch by batch, repeat-safe, every one counted.

Rule of the room: an activity is told from others by its source and the source's own id, so a file that
is imported again, or after a stop, adds nothing that is there already.
"""

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from ledger.deciding import Outcome, Recorded
from ledger.domain.activity import ActivityHeld, ActivityRejected, RecordActivity, ReductionRecorded
from ledger.domain.correction import CorrectActivity
from ledger.domain.errors import ContentDiffers, LedgerError
from ledger.domain.messages import Command, Event
from ledger.domain.methodology import WHOLE_SHARE
from ledger.importing.preparing import Destination, Line, Prepared, Skipped
from ledger.importing.report import ImportReport
from ledger.writer import Writer

UNDER_WAY_MAX: Final = 3
"""Batches at once: one is written, the next decided, and a third waits so that neither has to."""

RESTATED: Final = "the source restated it"
"""The reason of a correction."""

OF_RECEIPT: Final = frozenset({"flags"})
"""Fields that depend on when and beside what a report was sent; alone they make no other activity."""


class Sent(NamedTuple):
    """A line whose activity is on its way."""

    line: Prepared
    command: RecordActivity


class Batch(NamedTuple):
    """Lines that are on their way."""

    lines: list[Sent | Skipped]
    answer: Future[list[Outcome]] | None


class Importer:
    """Brings activities into a programme."""

    def __init__(
        self,
        writer: Writer,
        destination: Destination,
        report: ImportReport,
        *,
        restated: Iterable[str] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Describe the import.

        Args:
            writer: where commands go.
            destination: and under which names.
            report: counted on from where it stands.
            restated: ids that the same file restated before the import was stopped.
            clock: tells when a report was received that does not say so itself.
        """
        self.report = report
        self._writer = writer
        self._to = destination
        self._clock = clock
        self.restated = set(restated)
        """Ids that this file gave other measurements than were recorded."""

    def run(self, batches: Iterable[Sequence[Line]]) -> Iterator[int]:
        """Import everything, in its order; give, batch by batch, how many lines are safe on disk.

        While one batch is being written the next is decided, and never before it: run again after a
        stop, the log comes out the same. A batch has at most `Writer.group_commands_max` lines.

        Raises:
            Unavailable: it stopped; run again it goes on.
        """
        under_way: deque[Batch] = deque()
        with ThreadPoolExecutor(UNDER_WAY_MAX, thread_name_prefix="import") as pool:
            for lines in batches:
                under_way.append(self._sent(pool, lines))
                if len(under_way) == UNDER_WAY_MAX:
                    yield self._answered(under_way.popleft())
            while under_way:
                yield self._answered(under_way.popleft())

    def _sent(self, pool: ThreadPoolExecutor, lines: Sequence[Line]) -> Batch:
        """Put a batch into the queue, behind those before it."""
        scenario_id = self._to.scenario_id
        sent = [one if isinstance(one, Skipped) else Sent(one, one.command(scenario_id)) for one in lines]
        commands = [one.command for one in sent if isinstance(one, Sent)]
        if not commands:
            return Batch(sent, None)
        queued = threading.Event()
        answer = pool.submit(self._submitted, commands, queued)
        queued.wait()
        return Batch(sent, answer)

    def _answered(self, batch: Batch) -> int:
        """Count what became of a batch, and correct what was restated."""
        outcomes = iter(batch.answer.result() if batch.answer is not None else ())
        restated = []
        for one in batch.lines:
            if isinstance(one, Skipped):
                self.report.count(one.kind, one.reason, one.line, one.excerpt)
            elif (correction := self._told(one, next(outcomes))) is not None:
                restated.append((one, correction))
        self.report.read += len(batch.lines)
        if restated:
            corrections = [correction for _, correction in restated]
            for (one, _), outcome in zip(restated, self._submitted(corrections), strict=True):
                self._corrected(one, outcome)
        return len(batch.lines)

    def _submitted(self, commands: Sequence[Command], queued: threading.Event | None = None) -> list[Outcome]:
        is_queued = queued.set if queued is not None else None
        try:
            return self._writer.submit_many(self._to.programme_id, commands, queued=is_queued)
        finally:
            if is_queued is not None:
                is_queued()

    # --- after ----------------------------------------------------------------------------------

    def _told(self, one: Sent, outcome: Outcome) -> CorrectActivity | None:
        """Count what became of an activity; give the correction that a restated one needs."""
        report = self.report
        if isinstance(outcome, Recorded):
            if outcome.replayed and one.command.id in self.restated:
                # Back at its first value, after others in the same file.
                return self._correction(one)
            if outcome.replayed:
                report.duplicates += 1
            else:
                self._recorded(outcome.written[0].event)
        elif isinstance(outcome, ContentDiffers):
            if set(outcome.fields) <= OF_RECEIPT:
                report.duplicates += 1
            elif set(outcome.fields) <= OF_RECEIPT | {"measured"} and self._may_restate(one.line):
                self.restated.add(one.command.id)
                return self._correction(one)
            else:
                report.conflicts += 1
                report.name(one.line.line, f"{outcome.code}: {', '.join(outcome.fields)}")
        else:
            report.count("refused", outcome.code, one.line.line)
        return None

    def _recorded(self, event: Event) -> None:
        """Count an activity by the first event that was made of it."""
        report = self.report
        if isinstance(event, ReductionRecorded):
            if event.share == WHOLE_SHARE:
                report.accepted += 1
            else:
                report.discounted += 1
        elif isinstance(event, ActivityHeld):
            report.held_activities += 1
            for reason in event.reasons:
                report.count("held", reason, 0)
        elif isinstance(event, ActivityRejected):
            report.rejected_activities += 1
            for reason in event.reasons:
                report.count("rejected", reason, 0)

    def _may_restate(self, line: Prepared) -> bool:
        received_at = line.received_at or self._clock()
        return received_at <= line.ends_at + timedelta(days=self._to.restated_days)

    def _correction(self, one: Sent) -> CorrectActivity:
        line, command = one
        # Named by what it says and when, so that the same report of the same file is the same one.
        said = f"{command.id}\n{line.received_at}\n".encode() + msgspec.json.encode(command.measured)
        return CorrectActivity(
            occurred_at=line.received_at or command.occurred_at,
            id=f"restated-{hashlib.sha256(said).hexdigest()[:32]}",
            source=command.source,
            activity_id=command.id,
            measured=command.measured,
            reason=RESTATED,
        )

    def _corrected(self, one: Sent, outcome: Outcome) -> None:
        if isinstance(outcome, LedgerError):
            self.report.count("refused", outcome.code, one.line.line)
        elif outcome.replayed:
            self.report.duplicates += 1
        else:
            self.report.corrected += 1
