"""What reconciliation says, as JSON."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from ledger.reconciling.shapes import BillFile, Break, Happening, Run, SavedMapping


def file_document(file: BillFile) -> dict[str, Any]:
    """Give a file."""
    document = file._asdict()
    totals = document.pop("totals")
    return {**document, **msgspec.structs.asdict(totals)}


def mapping_document(saved: SavedMapping) -> dict[str, Any]:
    """Give a mapping."""
    return saved._asdict()


def run_document(run: Run) -> dict[str, Any]:
    """Give a run, with its summary."""
    summary = run.summary
    document = run._asdict()
    del document["summary"]
    return {
        **document,
        "ties": summary.ties,
        "relations": [
            {
                **msgspec.structs.asdict(relation),
                "matched": _counts(relation.matched),
                "breaks": _counts(relation.breaks),
                "set_aside": _count(relation.set_aside),
            }
            for relation in summary.relations
        ],
        "told": summary.told,
        "untold": summary.untold,
        "payouts_not_due": _count(summary.payouts_not_due),
        "unreadable_lines": summary.unreadable_lines,
    }


def break_document(one: Break, now: datetime) -> dict[str, Any]:
    """Give a break, with its age in whole days."""
    return {**one._asdict(), "age_days": max((now - one.first_found_at).days, 0)}


def history_document(history: Iterable[Happening]) -> list[dict[str, Any]]:
    """Give what happened to a break."""
    return [happening._asdict() for happening in history]


def _count(count: tuple[int, int]) -> dict[str, int]:
    return {"count": count[0], "value_fen": count[1]}


def _counts(counts: dict[str, tuple[int, int]]) -> dict[str, dict[str, int]]:
    return {name: _count(count) for name, count in counts.items()}
