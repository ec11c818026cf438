"""Statements to be written as documents, and texts of one of them kept in `tests/data/statements`.

`python -m tests.unit.statement_samples` writes the texts anew, to be looked at before they are committed.
"""

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger.documents.amounts import local
from ledger.documents.digests import digest_of
from ledger.documents.statement import FundPart, LineKind, PayoutPart, Statement, StatementLine
from ledger.documents.words import Language
from ledger.documents.writing import Format, file_name, write_statement
from ledger.domain.statement import FundBears, StatementIssued
from ledger.domain.statement_digest import digest_of as issued_digest_of

TEXTS: Final = Path(__file__).parents[1] / "data/statements"
KEPT: Final[tuple[tuple[Format, Language], ...]] = (("json", "zh"), ("csv", "zh"), ("csv", "en"))
ZONE: Final = "Asia/Shanghai"


def line(number: int, kind: LineKind = "use", face_value_fen: int = 3000, **other: Any) -> StatementLine:
    """The line of an event, `number` times 7 hours after the beginning of March in Shanghai."""
    at = datetime(2026, 2, 28, 16, tzinfo=UTC) + number * timedelta(hours=7)
    fee_fen = 0 if kind == "amendment" else face_value_fen * 6 // 1000
    fields: dict[str, Any] = {
        "position": 1000 + 3 * number,
        "kind": kind,
        "local_day": local(at, ZONE).date(),
        "recorded_at": at,
        "redemption_id": f"5f0c1d9e-8a77-4b1c-9d52-{number:012x}",
        "offer_id": "coffee-30",
        "store_id": "store-07",
        "face_value_fen": face_value_fen,
        "fee_fen": fee_fen,
        "earned_fen": face_value_fen - fee_fen,
        "is_held_back": False,
    }
    return StatementLine(**{**fields, **other})


def payout(number: int, status: str, value_fen: int, reason: str | None = None) -> PayoutPart:
    """A payout of some day in April."""
    at = datetime(2026, 4, 4 + number, 2, tzinfo=UTC)
    confirmed = status in {"confirmed", "returned"}
    return PayoutPart(
        id=f"PO-{number:06}",
        status=status,
        value_fen=value_fen,
        instructed_at=at,
        confirmed_at=at + timedelta(hours=7) if confirmed else None,
        bank_reference=f"20260405{number:08}" if confirmed else None,
        reason=reason,
    )


def statement(lines: Sequence[StatementLine], **other: Any) -> Statement:
    """The statement that lines make."""
    uses, refunds, amendments = (
        [one for one in lines if one.kind == kind] for kind in ("use", "refund", "amendment")
    )
    carried_in_fen: int = other.get("carried_in_fen", 0)
    total_fen = sum(one.earned_fen for one in lines) + carried_in_fen
    carried_out_fen: int = other.get("carried_out_fen", min(0, total_fen))
    held_back_fen = sum(one.earned_fen for one in lines if one.is_held_back)
    moved_fen: int = other.get("moved_fen", 0)
    payouts: tuple[PayoutPart, ...] = other.get("payouts", ())
    paid_fen = sum(one.value_fen for one in payouts if one.status in {"instructed", "confirmed"})
    face_value_fen, fee_fen = sum(one.face_value_fen for one in lines), sum(one.fee_fen for one in lines)
    fields: dict[str, Any] = {
        "programme_id": "chengdu",
        "programme_name_zh": "成都高新区绿色出行碳普惠项目",
        "programme_name_en": "Chengdu High-tech Zone Green Travel",
        "merchant_id": "teahouse",
        "merchant_name_zh": "锦江茶铺（天府三街店）",
        "merchant_name_en": "Jinjiang Teahouse",
        "statement_id": "teahouse:2026-04-01",
        "number": "teahouse-000003",
        "starts_on": date(2026, 3, 1),
        "ends_on": date(2026, 4, 1),
        "time_zone": ZONE,
        "issued_at": datetime(2026, 4, 1, 1, 30, tzinfo=UTC),
        "issued_by": "key_zhang",
        "approved_at": datetime(2026, 4, 4, 3, tzinfo=UTC),
        "approved_by": "key_li",
        "status": "approved",
        "objection_days": 7,
        "objections_until": datetime(2026, 4, 7, 16, tzinfo=UTC),
        "uses": len(uses),
        "used_face_value_fen": sum(one.face_value_fen for one in uses),
        "used_fee_fen": sum(one.fee_fen for one in uses),
        "refunds": len(refunds),
        "refunded_face_value_fen": -sum(one.face_value_fen for one in refunds),
        "refunded_fee_fen": -sum(one.fee_fen for one in refunds),
        "amendments": len(amendments),
        "amended_fen": sum(one.earned_fen for one in amendments),
        "carried_in_fen": carried_in_fen,
        "total_fen": total_fen,
        "carried_out_fen": carried_out_fen,
        "held_back_fen": held_back_fen,
        "moved_fen": moved_fen,
        "payable_now_fen": total_fen - carried_out_fen - held_back_fen - moved_fen - paid_fen,
        "funds": _funds(face_value_fen, fee_fen) if lines else (),
        "payouts": payouts,
        "lines_digest": digest_of(lines),
        "digest": "",
    }
    made = Statement(**{**fields, **other})
    return msgspec.structs.replace(made, digest=issued_digest_of(issued_of(made)))


def issued_of(of: Statement) -> StatementIssued:
    """The event that the ledger recorded of a statement."""
    told: dict[str, Any] = {name: getattr(of, name, None) for name in StatementIssued.__struct_fields__}
    told |= {"occurred_at": of.issued_at, "recorded_at": of.issued_at, "legs": (), "by": of.issued_by}
    told["due_fen"] = of.total_fen - of.carried_out_fen
    told["funds"] = tuple(
        FundBears(fund_id=one.fund_id, face_value_fen=one.face_value_fen, fee_fen=one.fee_fen)
        for one in of.funds
    )
    return StatementIssued(**told)


def _funds(face_value_fen: int, fee_fen: int) -> tuple[FundPart, ...]:
    first = face_value_fen * 7 // 10, fee_fen * 7 // 10
    names = (
        ("bank", "银行绿色基金", "Green fund"),
        ("district", "高新区财政补贴", "Subsidy of the district"),
    )
    sums = (first, (face_value_fen - first[0], fee_fen - first[1]))
    return tuple(
        FundPart(
            fund_id=fund_id,
            name_zh=name_zh,
            name_en=name_en,
            face_value_fen=face,
            fee_fen=fee,
            earned_fen=face - fee,
        )
        for (fund_id, name_zh, name_en), (face, fee) in zip(names, sums, strict=True)
    )


USUAL_LINES: Final = (
    *(line(number, face_value_fen=150_000 + 1_037 * number) for number in range(4)),
    line(4, face_value_fen=2_500, is_held_back=True),
    line(5, "refund", -151_037),
    line(6, store_id=None, offer_id=None),
    line(7, "amendment", -1_200),
)
USUAL: Final = statement(
    USUAL_LINES,
    carried_in_fen=-10_000,
    moved_fen=100,
    payouts=(payout(1, "returned", 9_000, "收款账户名称不符"), payout(2, "confirmed", 9_001)),
)
EMPTY: Final = statement((), status="issued", approved_at=None, approved_by=None)
BELOW_ZERO_LINES: Final = (line(1, face_value_fen=500), line(2, "refund", -3_000))
BELOW_ZERO: Final = statement(BELOW_ZERO_LINES)
"""Nothing of it is paid."""
SAMPLES: Final[dict[str, tuple[Statement, tuple[StatementLine, ...]]]] = {
    "usual": (USUAL, USUAL_LINES),
    "below zero": (BELOW_ZERO, BELOW_ZERO_LINES),
    "empty": (EMPTY, ()),
}


def written(of: Statement, lines: Sequence[StatementLine], form: Format, language: Language = "zh") -> bytes:
    """The document of a statement."""
    out = io.BytesIO()
    write_statement(of, iter(lines), form, language, out)
    return out.getvalue()


def main() -> None:
    """Write the texts anew."""
    TEXTS.mkdir(exist_ok=True)
    for form, language in KEPT:
        (TEXTS / file_name(USUAL, form, language)).write_bytes(written(USUAL, USUAL_LINES, form, language))


if __name__ == "__main__":
    main()
