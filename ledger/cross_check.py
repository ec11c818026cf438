"""The cross-check: the same ride is credited in one of several partners' programmes, never in two.

An activity in a shared exclusion group is recorded as held and waits for this. Partners are then
asked for claims that overlap, one programme at a time, and every answer is an ordinary command:

- nobody claims: the activity is released;
- a partner has credited the subject already: the activity is dismissed, and names that claim;
- a partner's activity waits as well: the one recorded first goes on, but only after the other was
  dismissed in its own programme, whose log says whether it came in time.

Rule of the room: no two programmes are ever locked together, and nothing is remembered. Each of two
overlapping activities is checked after it was recorded, so at least one of the two sees the other;
whichever of a release and a dismissal comes first in a log stands. docs/decisions/0017 has the proof.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

import structlog

from ledger.activities import find_activity, rules_of
from ledger.domain.activity import CROSS_CHECK, Activity
from ledger.domain.errors import AccountClosed, DatabaseUnavailable, LedgerError, Unavailable
from ledger.domain.exclusion import (
    BlockingClaim,
    Claimed,
    ClaimsOfDay,
    ExclusionRule,
    blocking,
    claimed_by,
    overlapping,
)
from ledger.domain.messages import Command
from ledger.domain.review import DismissActivity, Held, ReleaseActivity
from ledger.domain.state import ProgrammeState
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.registers import entries_at, entries_due, programmes_with_due
from ledger.writer import Writer

APPROVER: Final = "cross-check"
"""Who releases and dismisses here, in the events."""
CLAIMED_BY_PARTNER: Final = "a partner's programme claims the same subject for the same time"
POLL_S: Final = 0.5
"""How long an idle check sleeps: a ride in a shared group is credited within a second."""
DATABASE_RETRY_S: Final = 1.0
PAGE_HELD_MAX: Final = 500

_log = structlog.get_logger(__name__)


def system_clock() -> datetime:
    """Give the time up to which held activities are checked."""
    return datetime.now(UTC)


class Rival(NamedTuple):
    """An activity of a partner's programme that claims the same subject for the same time."""

    programme_id: str
    claim: BlockingClaim
    activity: Activity


class CrossCheck:
    """Checks the activities of all programmes that wait for partners, from one process."""

    def __init__(
        self, database: Database, writer: Writer, *, clock: Callable[[], datetime] = system_clock
    ) -> None:
        """Describe the check; nothing is read before the first step.

        Args:
            database: with two connections, and what the writer needs.
            writer: records what is found.
            clock: activities recorded before are checked; also the time of what is recorded.
        """
        self._database = database
        self._log = Log(database)
        self._writer = writer
        self._clock = clock

    def run(self, stop: threading.Event) -> None:
        """Check until told to stop; a database that is away is waited for."""
        while not stop.is_set():
            try:
                if not self.step():
                    stop.wait(POLL_S)
            except DatabaseUnavailable as lost:
                _log.warning("cross-check waits for the database", reason=lost.reason)
                stop.wait(DATABASE_RETRY_S)

    def step(self) -> int:
        """Check what waits now, a page of each programme.

        Returns:
            Activities that wait no longer.

        Raises:
            DatabaseUnavailable
        """
        now, settled = self._clock(), 0
        for programme_id in programmes_with_due(self._database, Held, now=now):
            own = rules_of(self._database, programme_id)
            partners = self._partners_of(own)
            after = ""
            while page := entries_due(
                self._database, programme_id, Held, after=after, now=now, limit=PAGE_HELD_MAX
            ):
                after = page[-1][0]
                for key, _ in page:
                    source, own_id = key.split("\n")
                    settled += self._check(own, partners, source, own_id)
        return settled

    def _partners_of(self, own: ProgrammeState) -> list[ProgrammeState]:
        """Give the programmes that the programme names as partners and that name it as theirs."""
        named = (rules_of(self._database, partner) for partner in own.rulebook.policy.partners)
        return [
            partner
            for partner in named
            if partner.programme is not None and own.programme_id in partner.rulebook.policy.partners
        ]

    def _check(self, own: ProgrammeState, partners: list[ProgrammeState], source: str, own_id: str) -> bool:
        activity = find_activity(self._log, own.programme_id, source, own_id)
        if activity is None or CROSS_CHECK not in activity.waits_for:
            return False
        for rival in self._rivals(own, partners, activity):
            if not self._yields(rival, own, activity):
                return self._record(own.programme_id, self._dismissal(activity, rival.claim))
        release = ReleaseActivity(
            occurred_at=self._clock(),
            source=source,
            activity_id=own_id,
            clears="cross_check",
            approver=APPROVER,
            reason="no partner claims the same subject for the same time",
        )
        try:
            return self._record(own.programme_id, release)
        except AccountClosed:
            gone = self._dismissal(activity, None, reason="the participant was closed meanwhile")
            return self._record(own.programme_id, gone)

    def _rivals(
        self, own: ProgrammeState, partners: list[ProgrammeState], activity: Activity
    ) -> Iterator[Rival]:
        reported = activity.reported
        scenario = own.rulebook.scenario(reported.scenario_id, activity.scenario_version)
        shared = tuple(rule for rule in scenario.exclusion if rule.shared)
        for partner in partners:
            for claimed in self._claimed(shared, own, partner, activity):
                for claim in self._overlapping(partner.programme_id, claimed):
                    found = find_activity(self._log, partner.programme_id, claim.source, claim.id)
                    if found is not None and found.status in {"accepted", "held"}:
                        yield Rival(partner.programme_id, claim, found)

    def _claimed(
        self,
        rules: tuple[ExclusionRule, ...],
        own: ProgrammeState,
        partner: ProgrammeState,
        activity: Activity,
    ) -> Iterator[Claimed]:
        """Give what an activity claims, under the keys of the partner's local days."""
        reported = activity.reported
        for claimed in claimed_by(
            rules,
            subjects=reported.subjects,
            occurred_at=reported.occurred_at,
            began_at=reported.began_at,
            ended_at=reported.ended_at,
            time_zone=own.opened().time_zone,
        ):
            in_partners_days = claimed_by(
                (claimed.rule,),
                subjects=reported.subjects,
                occurred_at=reported.occurred_at,
                began_at=claimed.begins_at,
                ended_at=claimed.ends_at,
                time_zone=partner.opened().time_zone,
            )
            yield claimed._replace(keys=in_partners_days[0].keys)

    def _overlapping(self, programme_id: str, claimed: Claimed) -> Iterator[BlockingClaim]:
        for entry in entries_at(self._database, programme_id, ClaimsOfDay, claimed.keys):
            left = entry
            while (claim := overlapping(claimed, left)) is not None:
                yield blocking(claimed, claim, programme_id)
                left = ClaimsOfDay(claims=left.claims[left.claims.index(claim) + 1 :])

    def _yields(self, rival: Rival, own: ProgrammeState, activity: Activity) -> bool:
        """Make a partner's activity give way where it can be made to; whether it does."""
        if CROSS_CHECK not in rival.activity.waits_for:
            return False  # it has been checked, or needs no check: its claim stands
        mine = activity.reported.recorded_at, own.programme_id
        if mine > (rival.activity.reported.recorded_at, rival.programme_id):
            return False
        standing = BlockingClaim(
            group=rival.claim.group,
            programme_id=own.programme_id,
            source=activity.source,
            id=activity.id,
            begins_at=rival.claim.begins_at,
            ends_at=rival.claim.ends_at,
        )
        return self._record(rival.programme_id, self._dismissal(rival.activity, standing))

    def _dismissal(
        self, activity: Activity, standing: BlockingClaim | None, *, reason: str = CLAIMED_BY_PARTNER
    ) -> DismissActivity:
        return DismissActivity(
            occurred_at=self._clock(),
            source=activity.source,
            activity_id=activity.id,
            approver=APPROVER,
            reason=reason,
            standing=standing,
        )

    def _record(self, programme_id: str, command: Command) -> bool:
        """Record what was found; False where the activity waits no longer.

        Raises:
            DatabaseUnavailable
            AccountClosed: the participant of a release was closed.
        """
        try:
            recorded = self._writer.submit(programme_id, command)
        except Unavailable as later:
            raise DatabaseUnavailable(reason=str(later)) from later
        except AccountClosed:
            raise
        except LedgerError as refused:
            _log.info("cross-check came late", programme_id=programme_id, reason=str(refused))
            return False
        return not recorded.replayed
