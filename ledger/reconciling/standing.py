"""What a run stands on: a period, settings, a position of the log, and the files within reach."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import msgspec

from ledger.reconciling.queries import RUNS
from ledger.reconciling.shapes import RELATION_OF_KIND, RULES_VERSION, Relation, Scope, Settings


class Standing(NamedTuple):
    """What a run stands on."""

    scope: Scope
    settings: Settings
    position: int
    file_ids: list[str]

    def run_id(self, programme_id: str) -> str:
        """Name the run after it."""
        said = msgspec.json.encode([programme_id, RULES_VERSION, *self])
        return f"r-{hashlib.sha256(said).hexdigest()[:24]}"


class StandingFile(NamedTuple):
    """A file that a run stands on."""

    file_id: str
    file_no: int
    relation: Relation
    merchant_id: str | None
    first_on: date
    last_on: date
    until_on: date


def tells_of(file: StandingFile, scope: Scope) -> bool:
    """Whether a file is about the period: half of it, or half of the file, lies in both.

    A file of another month may hold a stray row of this one, which does not make it this month's.
    """
    begin, end = max(file.first_on, scope.starts_on), min(file.last_on + timedelta(days=1), scope.ends_on)
    common_days = (end - begin).days
    file_days = (file.last_on - file.first_on).days + 1
    return common_days > 0 and 2 * common_days >= min(file_days, (scope.ends_on - scope.starts_on).days)


def compared(files: Iterable[StandingFile], scope: Scope) -> list[Relation]:
    """Give the relations that there are files for, in order; flows are nobody's, so one merchant has none."""
    there = {file.relation for file in files}
    if scope.merchant_id is not None or "trades" not in there:
        there.discard("flows")
    return [relation for relation in RELATION_OF_KIND.values() if relation in there]


def files_within(
    connection: Any, programme_id: str, scope: Scope, settings: Settings, only: Sequence[str] | None = None
) -> list[StandingFile]:
    """Give the files within reach, in the order in which a row that two of them tell is taken."""
    reach = timedelta(days=settings.reach_days)
    parameters = {
        "programme_id": programme_id,
        "merchant_id": scope.merchant_id,
        "reach_from": scope.starts_on - reach,
        "reach_to": scope.ends_on + reach,
        "only": list(only) if only is not None else None,
    }
    return [
        StandingFile(file_id, file_no, RELATION_OF_KIND[kind], *rest)
        for file_id, file_no, kind, *rest in connection.execute(RUNS["files"], parameters)
    ]
