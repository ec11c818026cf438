"""What the settlement view says, as JSON and as lines of CSV.

Rule of the room: amounts of a refund are below zero wherever it stands as a line, and so are those of
an amendment that takes something off; what the merchant gets is the face value less the fee.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from ledger.projections.settlement_queries import (
    Count,
    FundMoney,
    MerchantSettlement,
    Moment,
    Money,
    SettledRedemption,
    StatementLine,
)

CSV_COLUMNS: Final = (
    *("line", "kind", "position", "local_day", "occurred_at", "recorded_at"),
    *("redemption_id", "offer_id", "store_id", "participant_id", "credits"),
    *("face_value_fen", "fee_fen", "payable_fen", "funds"),
)
TOTAL: Final = "total"
"""Kind of the last line."""


def settlement_document(settlement: MerchantSettlement) -> dict[str, Any]:
    """Give a merchant's sums."""
    return {
        "merchant_id": settlement.merchant_id,
        "uses": _count(settlement.uses),
        "refunds": _count(settlement.refunds),
        "amendments": _count(settlement.amendments),
        "net": _money(settlement.net),
        "funds": _funds(settlement.funds),
    }


def redemption_document(redemption: SettledRedemption) -> dict[str, Any]:
    """Give a redemption."""
    return {
        "redemption_id": redemption.redemption_id,
        "merchant_id": redemption.merchant_id,
        "participant_id": redemption.participant_id,
        "offer_id": redemption.offer_id,
        "store_id": redemption.store_id,
        "status": redemption.status,
        "credits": redemption.credits,
        **_money(redemption.money),
        "funds": _funds(redemption.funds),
        "deadline_at": redemption.deadline_at,
        "held": _moment(redemption.held),
        "fulfilled": _moment(redemption.fulfilled),
        "reversed": _moment(redemption.reversed),
    }


def line_document(line: StatementLine) -> dict[str, Any]:
    """Give a line of a statement."""
    return {
        "kind": line.kind,
        "local_day": line.local_day,
        "position": line.position,
        **redemption_document(line.redemption),
        "credits": line.credits,
        **_money(line.money),
        "funds": _funds(line.funds),
    }


def _money(money: Money) -> dict[str, int]:
    return {**money._asdict(), "payable_fen": money.payable_fen}


def _count(count: Count) -> dict[str, int]:
    return {"count": count.lines, **_money(count.money)}


def _funds(funds: Iterable[FundMoney]) -> list[dict[str, Any]]:
    return [{"fund_id": share.fund_id, **_money(share.money)} for share in funds]


def _moment(moment: Moment | None) -> dict[str, Any] | None:
    return None if moment is None else moment._asdict()


# --- CSV ---------------------------------------------------------------------------------------


class CsvStatement:
    """A statement as CSV (RFC 4180), written page by page.

    The last line is a total: how many lines there were, the position they were read at, and their
    sums. A file without it is incomplete.
    """

    def __init__(self) -> None:
        self._lines = 0
        self._sums = [0, 0, 0, 0]

    def header(self) -> bytes:
        """Give the names of the columns."""
        return _csv([CSV_COLUMNS])

    def page(self, lines: Iterable[StatementLine]) -> bytes:
        """Give the next lines."""
        return _csv(self._rows(lines))

    def total(self, position: int) -> bytes:
        """Give the last line."""
        return _csv([(self._lines, TOTAL, position, *[""] * 7, *self._sums, "")])

    def _rows(self, lines: Iterable[StatementLine]) -> Iterator[Sequence[Any]]:
        for line in lines:
            redemption, money = line.redemption, line.money
            amounts = [line.credits, money.face_value_fen, money.fee_fen, money.payable_fen]
            self._lines += 1
            self._sums = [total + amount for total, amount in zip(self._sums, amounts, strict=True)]
            yield (
                self._lines,
                line.kind,
                line.position,
                line.local_day,
                line.moment.occurred_at.isoformat(),
                line.moment.recorded_at.isoformat(),
                redemption.redemption_id,
                redemption.offer_id,
                redemption.store_id,
                redemption.participant_id,
                *amounts,
                " ".join(f"{share.fund_id}:{share.money.face_value_fen}" for share in line.funds),
            )


def _csv(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
