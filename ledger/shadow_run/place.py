"""Shadow runs beside a server's other work: one at a time, over so many events and no more.

Rule of the room: whoever finds the place taken is told so at once; nobody waits for it.
"""

from collections.abc import Callable
from datetime import datetime
from threading import Lock

from ledger.domain.errors import ShadowRunBusy
from ledger.domain.limits import SHADOW_EVENTS_MAX
from ledger.domain.rulebook import Rulebook
from ledger.shadow_run.proposal import Proposal
from ledger.shadow_run.run import Days, published_rules, shadow_run
from ledger.shadow_run.tally import ShadowReport
from ledger.store.database import Database
from ledger.store.log import Log


class ShadowRuns:
    """The shadow runs of this process."""

    def __init__(self, database: Database, *, events_max: int = SHADOW_EVENTS_MAX) -> None:
        """Describe them; nothing runs yet.

        Args:
            database: where the logs are; they are only read.
            events_max: of the log, that one run goes over.
        """
        self._database = database
        self._events_max = events_max
        self._place = Lock()

    def run(
        self, programme_id: str, days: Days, propose: Callable[[Rulebook], Proposal], *, now: datetime
    ) -> ShadowReport:
        """Go over the acts of some days under proposed rules; see `ledger.shadow_run.run.shadow_run`.

        Args:
            programme_id: whose.
            days: of the acts.
            propose: gives the proposal to the rules as they are published.
            now: when the run is made.

        Raises:
            ShadowRunBusy, whatever `shadow_run` refuses
        """
        if not self._place.acquire(blocking=False):
            raise ShadowRunBusy
        try:
            _, rulebook = published_rules(Log(self._database), programme_id)
            return shadow_run(
                self._database,
                programme_id,
                days,
                propose(rulebook),
                now=now,
                events_max=self._events_max,
            )
        finally:
            self._place.release()
