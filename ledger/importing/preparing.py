"""From what a file says to what is recorded: where it goes, and under which names.

Rule of the room: what a file says in clear ends here; what leaves carries names made under a key.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from ledger.domain.activity import RecordActivity
from ledger.domain.exclusion import Subjects
from ledger.domain.methodology import Measured
from ledger.domain.quality import QualityFlag
from ledger.intake.outcomes import Outcome, Unreadable
from ledger.intake.pseudonyms import Pseudonyms, participant_of

PARTICIPANT_UNKNOWN: Final = "participant_unknown"
"""Why a line is refused whose subject the list of participants does not have."""


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where activities go, and under which names."""

    programme_id: str
    scenario_id: str
    pseudonyms: Pseudonyms
    participants: Mapping[str, str] | None
    """Participants by subject in clear; None where they are made of the subject."""
    restated_days: int
    """Days after an activity's end for which other measurements under its id are a correction."""

    def terms(self) -> tuple[str, ...]:
        """Tell it from others, without the key and without whose names stand in clear."""
        people = hashlib.sha256(repr(sorted((self.participants or {}).items())).encode()).hexdigest()
        return (
            self.programme_id,
            self.scenario_id,
            self.pseudonyms.fingerprint,
            people if self.participants is not None else "",
            str(self.restated_days),
        )


class Prepared(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """A proposed activity under its names, small enough to be handed from process to process.

    The command is made of it where it is sent: to read one costs three times as much as this.
    """

    line: int
    begins_at: datetime
    ends_at: datetime
    own_id: str
    source: str
    participant_id: str
    measured: Measured
    flags: tuple[QualityFlag, ...]
    subjects: Subjects
    received_at: datetime | None

    def command(self, scenario_id: str) -> RecordActivity:
        """Give the command that records it."""
        return RecordActivity(
            occurred_at=self.begins_at,
            id=self.own_id,
            source=self.source,
            participant_id=self.participant_id,
            scenario_id=scenario_id,
            measured=self.measured,
            flags=self.flags,
            evidence="self_declared" if "self_declared" in self.flags else "platform",
            began_at=self.begins_at,
            ended_at=self.ends_at,
            subjects=self.subjects,
        )


class Skipped(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """A line from which no command is made; `ImportReport.count` takes it."""

    kind: str
    reason: str
    line: int
    excerpt: str


Line = Prepared | Skipped


def prepared(read: Iterable[Outcome], to: Destination) -> Iterator[Line]:
    """Give what is sent of everything that was read, in its order."""
    pseudonyms, participants = to.pseudonyms, to.participants
    for one in read:
        if isinstance(one, Unreadable):
            yield Skipped("unreadable", one.reason, one.line, one.excerpt)
            continue
        subject = pseudonyms.subject(one)
        participant_id = participant_of(subject) if participants is None else participants.get(one.subject)
        if participant_id is None:
            yield Skipped("refused", PARTICIPANT_UNKNOWN, one.line, "")
            continue
        yield Prepared(
            one.line,
            one.begins_at,
            one.ends_at,
            pseudonyms.own_id(one, subject),
            one.source,
            participant_id,
            one.measured,
            one.flags,
            {} if one.subject_kind == "station" else {one.subject_kind: subject},
            one.received_at,
        )
