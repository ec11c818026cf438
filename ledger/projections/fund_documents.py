"""Funds and solvency written down, the same for HTTP and the command line.

Rule of the room: whole 分, below zero where it says so; what a view adds stands apart, with how far
that view has come.
"""

from typing import Any, Final

from ledger.projections.fund_reports import FundReport, SponsorPart, Used
from ledger.projections.solvency import FundStanding, Solvency
from ledger.projections.totals_queries import Burn

CONTRIBUTION_FIELDS: Final = ("committed_fen", "withdrawn_fen", "moved_in_fen", "moved_out_fen")


def fund_document(report: FundReport, used: Used) -> dict[str, Any]:
    """Write one fund down as a line of a list."""
    return {
        "id": report.fund_id,
        "name_zh": report.name_zh,
        "name_en": report.name_en,
        "status": report.status,
        "needs_approval": report.terms.needs_approval,
        **{name: report.sum_of(name) for name in CONTRIBUTION_FIELDS},
        "funded_fen": report.funded_fen,
        **report.places_fen,
        "used_fen": report.used_fen,
        "used": used._asdict(),
        "thresholds_fen": report.terms.thresholds_fen,
        "margin_fen": report.terms.margin_fen,
        "raised_fen": report.terms.raised_fen,
    }


def sponsor_document(part: SponsorPart) -> dict[str, Any]:
    """Write a sponsor's part in a fund down."""
    return {
        "sponsor_id": part.sponsor_id,
        **{name: getattr(part.contribution, name) for name in CONTRIBUTION_FIELDS},
        "part_fen": part.contribution.part_fen,
    }


def burn_document(burn: Burn) -> dict[str, Any]:
    """Write down how fast a fund is promised away; what is left is as of the end of the day."""
    return {**burn._asdict(), "burnt_fen": burn.burnt_fen, "days_left": burn.days_left}


def solvency_document(found: Solvency) -> dict[str, Any]:
    """Write down whether a programme can keep what it has promised."""
    return {
        "position": found.position,
        "verdict": found.verdict,
        "money": {
            "funded_fen": found.funded_fen,
            **{f"{place}_fen": found.money.get(place, 0) for place in PLACES},
            "difference_fen": found.difference_fen,
            "below_zero": found.below_zero,
        },
        "promised": {
            "holds": found.holds,
            "held_fen": found.money.get("encumbered", 0),
            "backed_fen": found.money.get("backing", 0),
            "owed_to_merchants_fen": found.owed_fen,
            "to_give_back_fen": found.to_give_back_fen,
        },
        "credits": {
            "position": found.totals_position,
            "outstanding": found.outstanding_credits,
            "rate": found.rate and found.rate._asdict(),
            "illustrative_fen": found.illustrative_fen,
        },
        "funds": [_standing(standing) for standing in found.funds],
    }


PLACES: Final = (
    *("available", "encumbered", "backing", "recoverable"),
    *("payable", "settling", "paid", "fees"),
)
"""Where a programme's money can be, in the order in which it goes."""


def _standing(standing: FundStanding) -> dict[str, Any]:
    report = standing.report
    return {
        "id": report.fund_id,
        "verdict": standing.verdict,
        "funded_fen": report.funded_fen,
        **report.places_fen,
        "used_fen": report.used_fen,
        "raised_fen": report.terms.raised_fen,
    }
