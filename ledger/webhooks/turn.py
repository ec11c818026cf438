"""One turn at one webhook: first what waits for another attempt, then what is new, each in order.

Rule of the room: nothing is remembered after the turn but what was written down, and that only when
it is so: a position after its message was taken, or kept for later.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Final

import structlog

from ledger.domain.limits import WEBHOOK_WAITING_MAX
from ledger.store.log import Log, LoggedEvent
from ledger.webhooks.message import message_of
from ledger.webhooks.sending import Outcome, Receiver
from ledger.webhooks.signing import headers_of
from ledger.webhooks.work import Failure, Lease, Work

PAGE_EVENTS_MAX: Final = 200
SAVE_MESSAGES_MAX: Final = 50
"""Messages delivered and not written down yet: so many may come again after a crash."""
SAVE_S_MAX: Final = 0.5
JITTER: Final = 0.2
"""By how much a delay may grow, so that what failed together does not come again together."""

_RANDOM: Final = SystemRandom()

_log = structlog.get_logger(__name__)


class Turn:
    """What is done for a webhook while its lease is held."""

    def __init__(
        self,
        lease: Lease,
        *,
        work: Work,
        log: Log,
        receiver: Receiver,
        delays_s: Sequence[float],
        clock: Callable[[], datetime],
        is_over: Callable[[], bool],
    ) -> None:
        """Describe the turn.

        Args:
            lease: for which webhook, from where.
            work: where what came of it is written.
            log: where the events are.
            receiver: who gets them.
            delays_s: before each further attempt at one message.
            clock: says when a message is sent.
            is_over: whether to stop before the next message.
        """
        self.attempts = 0
        self._lease = lease
        self._work = work
        self._log = log
        self._receiver = receiver
        self._delays_s = delays_s
        self._clock = clock
        self._is_over = is_over
        self._position = lease.position
        self._unsaved = 0
        self._saved_at = time.monotonic()
        self._is_refused = False

    def run(self) -> None:
        """Send until there is nothing left, the receiver had enough, or the turn is over.

        Raises:
            LeaseLost, DatabaseUnavailable: what was sent and not written down will be sent again.
        """
        self._send_what_waits()
        if self._lease.may_read:
            self._send_what_is_new()

    def _send_what_waits(self) -> None:
        for waiting in self._work.due(self._lease):
            if self._is_over() or self._is_refused:
                return
            after = waiting.position - 1
            [logged] = self._log.page(self._lease.programme_id, after=after, until=waiting.position)
            outcome = self._send(logged)
            if outcome.is_delivered:
                self._work.delivered(self._lease, self._position, event_position=logged.position)
            else:
                self._note(outcome, logged, waiting.attempts + 1)
                if self._lease.state == "failing":
                    return  # one that waits and one that is new are enough of a look

    def _send_what_is_new(self) -> None:
        lease = self._lease
        while self._position < lease.head and not self._is_over() and not self._is_refused:
            window = self._log.window(
                lease.programme_id,
                after=self._position,
                until=lease.head,
                limit=PAGE_EVENTS_MAX,
                topics=lease.topics,
            )
            for logged in window.events:
                if self._is_over() or self._is_refused:
                    break
                self._send_new(logged)
            else:
                if not self._is_refused:
                    # Nothing wanted stands behind the last of them.
                    self._position = window.position
            if self._unsaved:
                self._save()
            elif not self._is_refused:
                self._work.passed(lease, self._position)

    def _send_new(self, logged: LoggedEvent) -> None:
        outcome = self._send(logged)
        if outcome.is_delivered:
            self._position = logged.position
            self._unsaved += 1
            if self._lease.state == "failing" or self._is_time_to_save():
                self._save()
            return
        if self._unsaved:
            self._save()
        if not outcome.is_gone:
            self._position = logged.position
            self._lease.waiting += 1
        self._note(outcome, logged, 1)
        self._is_refused |= self._lease.state == "failing" or self._lease.waiting >= WEBHOOK_WAITING_MAX

    def _is_time_to_save(self) -> bool:
        return self._unsaved >= SAVE_MESSAGES_MAX or time.monotonic() - self._saved_at >= SAVE_S_MAX

    def _save(self) -> None:
        self._work.delivered(self._lease, self._position)
        self._unsaved, self._saved_at = 0, time.monotonic()

    def _send(self, logged: LoggedEvent) -> Outcome:
        """Send one message."""
        message = message_of(self._lease.programme_id, logged)
        self.attempts += 1
        return self._receiver.post(message.body, headers_of(message, self._lease.secrets, self._clock()))

    def _note(self, outcome: Outcome, logged: LoggedEvent, attempts: int) -> None:
        """Write down an attempt that failed."""
        lease = self._lease
        told = {
            "programme_id": lease.programme_id,
            "webhook_id": lease.webhook_id,
            "position": logged.position,
        }
        if outcome.is_gone:
            self._work.gone(lease, self._position, outcome.error)
            self._is_refused = True
            _log.warning("webhook paused", error=outcome.error, **told)
            return
        delay = self._delay(attempts, outcome)
        held = timedelta(seconds=outcome.retry_after_s)
        failure = Failure(logged.position, logged.topic, attempts, outcome.error, delay, held)
        self._work.failed(lease, self._position, failure)
        self._is_refused |= bool(held)
        if delay is None:
            _log.error("webhook message given up", error=outcome.error, attempts=attempts, **told)
        else:
            _log.info("webhook message not taken", error=outcome.error, attempts=attempts, **told)

    def _delay(self, attempts: int, outcome: Outcome) -> timedelta | None:
        """How long to wait after so many attempts; None when it was the last."""
        if attempts > len(self._delays_s):
            return None
        planned_s = self._delays_s[attempts - 1] * _RANDOM.uniform(1, 1 + JITTER)
        return timedelta(seconds=max(planned_s, outcome.retry_after_s))
