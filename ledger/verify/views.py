"""Holding the live views against views built anew from the log.

Rule of the room: built and compared as a rebuild does it, in a schema of its own, with no live row
changed.
"""

from collections.abc import Iterable

from ledger.shadowing import Builder, Comparison, Progress
from ledger.verify.findings import Finding, Findings


def check_views(
    builder: Builder, programme_id: str, findings: Findings, on_progress: Progress
) -> dict[str, int]:
    """Build and compare every view of a programme; give how far each was compared."""
    stopped = builder.bring(programme_id, builder.targets(programme_id), on_progress)
    compared: dict[str, int] = {}
    for view in builder.views:
        with builder.compared(programme_id, view, stopped.get(view)) as (_, comparison):
            compared[view] = comparison.rebuilt_position
        _note(comparison, findings)
    return compared


def strangers(builder: Builder, known: Iterable[str]) -> dict[str, Findings]:
    """Find rows of programmes that nobody opened, by programme."""
    by_programme: dict[str, Findings] = {}
    names = set(known)
    for view in builder.views:
        with builder.strangers(view, names) as (_, comparisons):
            for comparison in comparisons:
                _note(comparison, by_programme.setdefault(comparison.programme_id, Findings()))
    return by_programme


def _note(comparison: Comparison, findings: Findings) -> None:
    if comparison.stopped is not None:
        stopped = comparison.stopped
        findings.add(
            Finding(
                code="view_stopped",
                subject=f"{comparison.view} cannot be built: {stopped.error}",
                position=stopped.position,
                topic=stopped.topic,
            )
        )
    elif comparison.position != comparison.rebuilt_position:
        findings.add(
            Finding(
                code="view_position_differs",
                subject=f"{comparison.view} stands beyond the end of the log",
                position=comparison.rebuilt_position,
                expected=comparison.rebuilt_position,
                found=comparison.position,
            )
        )
    for difference in comparison.differences:
        key = " ".join(f"{name}={value}" for name, value in list(difference.key.items())[1:])
        findings.add(
            Finding(
                code="row_differs",
                subject=f"{difference.table} {key}: {difference.kind}",
                position=difference.position,
                topic=difference.topic,
                expected={change.column: change.rebuilt for change in difference.changes},
                found={change.column: change.live for change in difference.changes},
            )
        )
    if hidden := comparison.differences_count - len(comparison.differences):
        findings.counts["row_differs"] += hidden
