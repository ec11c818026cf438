"""Step counts of a day, which telephones and watches restate for weeks.

A count sent again under the same id with another value is given as it comes: which of them holds is
for the ledger to say, and `Proposed.received_at` tells how long after the day it was sent.
"""

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import Final

from ledger.domain.limits import REPORT_LATE_DAYS
from ledger.domain.methodology import Measured
from ledger.intake.outcomes import Outcome, Proposed, in_order
from ledger.intake.reports import Reports, own_id_of, read_rows, subject_of, whole_of
from ledger.intake.tables import Column, Columns, Format, Texts

STEPS: Final = Columns(
    (
        Column("person_id", ("user_id", "openid", "用户编号", "用户id", "人员编号")),
        Column("day", ("date", "日期", "统计日期")),
        Column("steps", ("step_count", "步数")),
        Column("id", ("record_id", "source_id", "记录编号")),
        Column("received_at", ("received", "synced_at", "接收时间", "同步时间")),
        Column("quality", ("flags", "origin", "数据质量", "数据来源")),
    ),
    needed=(("person_id",), ("day",), ("steps",)),
)


def read_steps(
    lines: Iterable[bytes],
    *,
    source: str,
    zone: tzinfo,
    form: Format = "csv",
    late_days: int = REPORT_LATE_DAYS,
) -> Iterator[Outcome]:
    """Read one activity of a whole local day from each line.

    Args:
        lines: of the file; `docs/intake.md` lists the columns.
        source: the system that reports.
        zone: whose days they are, and whose times where they name no offset.
        form: ``csv`` or ``ndjson``.
        late_days: days after the end of the day from which a report is late.
    """
    reports = Reports(source, zone, late_days)

    def proposed(number: int, texts: Texts) -> Proposed:
        person, on, steps, own_id, received, quality = texts
        day = reports.day(on)
        flags, received_at = reports.doubts(quality, received, day.begins_at, day.ends_at)
        return Proposed(
            source,
            own_id_of(own_id) if own_id else f"{person}:{day.text}",
            "person",
            subject_of(person),
            day.begins_at,
            day.ends_at,
            Measured(steps=whole_of(steps)),
            in_order(flags),
            received_at,
            number,
        )

    return read_rows(lines, STEPS, form, proposed)
