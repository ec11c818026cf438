"""The sheets of a workbook that are no lines: what a statement comes to, who pays it, what was paid."""

from collections.abc import Sequence
from typing import Final

from ledger.documents.statement import LineKind, Statement
from ledger.documents.summary import SUMS, SummaryRow, last_day, summary_of
from ledger.documents.workbook import Book, Sheet
from ledger.documents.workbook_lines import EARNED, KIND, LinesRange

SUMMARY_WIDTHS: Final = (30, 14, 16, 16, 16, 16, 12)
KIND_OF_ROW: Final[dict[str, LineKind]] = {"uses": "use", "refunds": "refund", "amendments": "amendment"}


def write_summary(book: Book, sheet: Sheet, statement: Statement, ranges: Sequence[LinesRange]) -> None:
    """Write the head of a statement and the rows of its summary, beside what its lines come to."""
    words = book.words
    for column, width in enumerate(SUMMARY_WIDTHS):
        sheet.raw.set_column(column, column, width)
    sheet.text(0, words["title"], "title")
    sheet.row += 2
    _head(book, sheet, statement)
    sheet.row += 1
    sheet.raw.set_row(sheet.row, 30)
    amounts = [book.in_yuan(name) for name in ("face_value", "fee", "earned", "from_lines", "difference")]
    sheet.header([words["item"], words["count"], *amounts])
    begin = sheet.row
    for row in summary_of(statement):
        _summary_row(book, sheet, row, begin, ranges)
        if row.name in SUMS:
            begin = sheet.row - 1
    sheet.row += 1
    for name in ("lines_digest", "digest"):
        sheet.text(0, words[name], "label")
        sheet.text(1, getattr(statement, name), "small")
        sheet.row += 1
    sheet.text(0, words["how_to_check"], "small")


def _head(book: Book, sheet: Sheet, of: Statement) -> None:
    words = book.words
    texts: dict[str, str | None] = {
        "programme": words.pick(of.programme_name_zh, of.programme_name_en),
        "merchant": words.pick(of.merchant_name_zh, of.merchant_name_en),
        "merchant_id": of.merchant_id,
        "number": of.number,
        "statement_id": of.statement_id,
        "status": words.of("status", of.status),
        "issued_by": of.issued_by,
        "approved_by": of.approved_by,
        "time_zone": of.time_zone,
    }
    days = {"starts_on": of.starts_on, "ends_on": last_day(of)}
    instants = {
        "issued_at": of.issued_at,
        "objections_until": of.objections_until,
        "approved_at": of.approved_at,
    }
    for name in HEAD:
        sheet.text(0, words[name], "label")
        if name in texts:
            sheet.text(1, texts[name], "plain")
        elif name in days:
            sheet.day(1, days[name], "plain_day")
        else:
            sheet.instant(1, instants[name], "plain_instant")
        sheet.row += 1


HEAD: Final = (
    *("programme", "merchant", "merchant_id", "number", "statement_id", "starts_on", "ends_on", "time_zone"),
    *("status", "issued_at", "issued_by", "objections_until", "approved_at", "approved_by"),
)


def _summary_row(book: Book, sheet: Sheet, row: SummaryRow, begin: int, ranges: Sequence[LinesRange]) -> None:
    """Write a row; a sum is one over the rows from `begin` on."""
    form = "total_" if row.name in SUMS else ""
    for column in range(1, len(SUMMARY_WIDTHS)):
        sheet.raw.write_blank(sheet.row, column, None, book.formats[f"{form}text"])
    sheet.text(0, book.words[row.name], f"{form}text")
    sheet.whole(1, row.lines, f"{form}whole")
    sheet.money(2, row.face_value_fen, f"{form}money")
    sheet.money(3, row.fee_fen, f"{form}money")
    at = sheet.row + 1
    if row.name in SUMS:
        sheet.sum(4, f"=ROUND(SUM(E{begin + 1}:E{at - 1}),2)", row.earned_fen)
    else:
        sheet.money(4, row.earned_fen, "money")
    if (formula := _from_lines(book, row, begin, at, ranges)) is not None:
        sheet.sum(5, formula, row.earned_fen, f"{form}money")
        sheet.sum(6, f"=ROUND(E{at}-F{at},2)", 0, f"{form}money")
    sheet.row += 1


def _from_lines(book: Book, row: SummaryRow, begin: int, at: int, ranges: Sequence[LinesRange]) -> str | None:
    """Give the formula that comes to the same from the lines; None for what follows from no line."""
    if row.name == "carried_in":
        return f"=E{at}"
    if row.name == "total":
        return f"=ROUND(SUM(F{begin + 1}:F{at - 1}),2)"
    if row.name not in KIND_OF_ROW:
        return None
    kind = book.words.of("kind", KIND_OF_ROW[row.name])
    sums = [f'SUMIFS({where.column(EARNED)},{where.column(KIND)},"{kind}")' for where in ranges]
    return f"=ROUND({'+'.join(sums) or '0'},2)"


def write_funds(book: Book, statement: Statement) -> None:
    """Write what each fund pays, and what they pay together."""
    sheet = book.sheet("funds")
    words = book.words
    _columns(sheet, (34, 30, 16, 16, 16))
    amounts = [book.in_yuan(name) for name in ("face_value", "fee", "earned")]
    sheet.header([words["fund"], words["fund_id"], *amounts])
    for part in statement.funds:
        sheet.text(0, words.pick(part.name_zh, part.name_en))
        sheet.text(1, part.fund_id)
        sheet.money(2, part.face_value_fen)
        sheet.money(3, part.fee_fen)
        sheet.money(4, part.earned_fen)
        sheet.row += 1
    if not statement.funds:
        sheet.text(0, words["no_funds"], "plain")
        return
    sheet.text(0, words["sum"], "total_text")
    sheet.raw.write_blank(sheet.row, 1, None, book.formats["total_text"])
    for column, name in enumerate(("face_value_fen", "fee_fen", "earned_fen"), 2):
        fen = sum(getattr(part, name) for part in statement.funds)
        letter = "ABCDE"[column]
        sheet.sum(column, f"=ROUND(SUM({letter}2:{letter}{sheet.row}),2)", fen)


def write_payouts(book: Book, statement: Statement) -> None:
    """Write what was paid out, or should have been."""
    sheet = book.sheet("payouts", landscape=True)
    words = book.words
    _columns(sheet, (38, 14, 16, 22, 22, 30, 40))
    sheet.header(
        [
            words["payout_id"],
            words["status"],
            book.in_yuan("value"),
            book.in_zone("instructed_at"),
            book.in_zone("confirmed_at"),
            words["bank_reference"],
            words["reason"],
        ]
    )
    for payout in statement.payouts:
        sheet.text(0, payout.id)
        sheet.text(1, words.of("payout", payout.status))
        sheet.money(2, payout.value_fen)
        sheet.instant(3, payout.instructed_at)
        sheet.instant(4, payout.confirmed_at)
        sheet.text(5, payout.bank_reference)
        sheet.text(6, payout.reason)
        sheet.row += 1
    if not statement.payouts:
        sheet.text(0, words["no_payouts"], "plain")


def _columns(sheet: Sheet, widths: Sequence[int]) -> None:
    for column, width in enumerate(widths):
        sheet.raw.set_column(column, column, width)
    sheet.raw.set_row(0, 30)
    sheet.raw.freeze_panes(1, 0)
    sheet.raw.repeat_rows(0)
