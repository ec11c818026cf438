"""Bills of any rows are read as they were written, and of any bytes without a fault of the ledger."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, get_args
from xml.sax.saxutils import escape

import openpyxl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.bills import BillKind, BillTotals, Outcome
from ledger.bills.values import Fault, fen_of, plain_of
from ledger.domain.errors import BillFileUnsuitable
from ledger.domain.limits import BILL_VALUE_FEN_MAX
from tests.unit.bill_files import (
    DATA,
    MAPPING,
    NAMES,
    PAID,
    REFUNDED,
    balance,
    document,
    entry,
    merchant_file,
    read,
    rows_of,
    statement,
    trade_bill,
)

BEIJING = timezone(timedelta(hours=8))


class Written(NamedTuple):
    """One row as somebody writes it."""

    reference: str
    own_reference: str
    is_refund: bool
    value_fen: int
    fee_fen: int
    at: datetime
    note: str


references = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='`,"<>&'), max_size=40
)
own_references = references.filter(lambda text: text not in {"", "0"})
notes = st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters="`"), max_size=40)
times = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=0)
)
written = st.builds(
    Written,
    references.filter(lambda text: text != "0"),
    own_references,
    st.booleans(),
    st.integers(0, 10**11),
    st.integers(-(10**6), 10**6),
    times,
    notes,
)
many = st.lists(written, max_size=20)


def yuan(fen: int, digits: int = 2) -> str:
    text = f"{abs(fen):03d}"
    return f"{'-' if fen < 0 else ''}{text[:-2]}.{text[-2:].ljust(digits, '0')}"


def read_again(
    kind: BillKind, content: str | bytes, mapping: dict[str, Any] | None = None
) -> tuple[list[Outcome], BillTotals]:
    with TemporaryDirectory() as folder:
        return read(Path(folder), kind, content, mapping=mapping)


def assert_same(outcomes: Sequence[Outcome], rows: Sequence[Written]) -> None:
    found = rows_of(outcomes)
    assert [
        (row.reference, row.own_reference, row.kind == "refund", abs(row.value_fen), row.fee_fen, row.note)
        for row in found
    ] == [(*row[:5], row.note) for row in rows]
    assert [row.happened_at for row in found] == [row.at.replace(tzinfo=BEIJING) for row in rows]
    assert [row.happened_on for row in found] == [row.at.date() for row in rows]


@given(many)
def test_trades_are_read_as_they_were_written(rows: list[Written]) -> None:
    lines = []
    for row in rows:
        value, fee, at = yuan(row.value_fen), yuan(row.fee_fen, 5), row.at.isoformat(" ")
        ours = {"商户订单号": row.reference, "商品名称": row.note, "手续费": fee, "交易时间": at}
        if row.is_refund:
            lines.append(
                REFUNDED
                | ours
                | {
                    "微信退款单号": row.own_reference,
                    "退款金额": value,
                    "申请退款金额": value,
                    "退款状态": "",
                }
            )
        else:
            lines.append(
                PAID | ours | {"微信订单号": row.own_reference, "应结订单金额": value, "订单金额": value}
            )
    used = yuan(sum(row.value_fen for row in rows if not row.is_refund))
    refunded = yuan(sum(row.value_fen for row in rows if row.is_refund))
    fees = yuan(sum(row.fee_fen for row in rows), 5)
    summary = (str(len(rows)), used, refunded, "0.00", fees, used, refunded)
    outcomes, totals = read_again("wechat_trades", trade_bill(lines, summary))
    assert_same(outcomes, rows)
    assert totals.is_agreed


@given(many, st.sampled_from([("utf-8", ","), ("gb18030", "|"), ("utf-8", "\t"), ("gb18030", ";")]))
def test_a_merchants_csv_is_read_as_it_was_written(rows: list[Written], form: tuple[str, str]) -> None:
    encoding, delimiter = form
    stored = io.StringIO()
    writer = csv.writer(stored, delimiter=delimiter)
    writer.writerow(NAMES)
    for row in rows:
        sign = -1 if row.is_refund else 1
        word = "退款" if row.is_refund else "核销"
        writer.writerow(
            [
                row.reference,
                row.own_reference,
                word,
                yuan(sign * row.value_fen),
                yuan(row.fee_fen),
                row.at.isoformat(" "),
                "",
                row.note,
            ]
        )
    mapping = MAPPING | {"encoding": encoding, "delimiter": delimiter}
    outcomes, totals = read_again("merchant", stored.getvalue().encode(encoding), mapping)
    assert_same(outcomes, rows)
    assert totals.rows == len(rows)


@settings(max_examples=25)
@given(many)
def test_a_merchants_sheet_is_read_as_it_was_written(rows: list[Written]) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(NAMES)
    for row in rows:
        value = row.value_fen / 100
        word = "退款" if row.is_refund else "核销"
        fee = (-row.fee_fen if row.is_refund and value else row.fee_fen) / 100
        # What begins with = would be a formula.
        texts = [f"'{text}" for text in (row.reference, row.own_reference, row.note)]
        sheet.append([texts[0], texts[1], word, value, fee, row.at, None, texts[2]])
    stored = io.BytesIO()
    book.save(stored)
    outcomes, _ = read_again("merchant", stored.getvalue(), MAPPING | {"format": "xlsx"})
    quoted = [
        row._replace(
            reference=f"'{row.reference}", own_reference=f"'{row.own_reference}", note=f"'{row.note}"
        )
        for row in rows
    ]
    assert_same(outcomes, quoted)


@given(st.lists(st.lists(written, min_size=1, max_size=4), max_size=8), st.integers(-(10**9), 10**9))
def test_entries_of_a_bank_are_read_as_they_were_written(batches: list[list[Written]], opening: int) -> None:
    entries = []
    closing = opening
    for batch in batches:
        signed = [(-row.value_fen if row.is_refund else row.value_fen) for row in batch]
        closing += sum(signed)
        parts = "".join(
            f"<TxDtls><Refs><EndToEndId>{row.reference}</EndToEndId><TxId>{row.own_reference}</TxId></Refs>"
            f"<Amt Ccy='CNY'>{yuan(row.value_fen)}</Amt>"
            f"<CdtDbtInd>{'DBIT' if value < 0 else 'CRDT'}</CdtDbtInd>"
            f"<RmtInf><Ustrd>{escape(row.note)}</Ustrd></RmtInf></TxDtls>"
            for row, value in zip(batch, signed, strict=True)
        )
        total = sum(signed)
        sign = "DBIT" if total < 0 else "CRDT"
        entries.append(entry(yuan(abs(total)), sign, f"<NtryDtls>{parts}</NtryDtls>"))
    sign = "DBIT" if closing < 0 else "CRDT"
    text = statement("".join(entries), closing=yuan(abs(closing)), sign=sign)
    signed_opening = balance("OPBD", yuan(abs(opening)), "DBIT" if opening < 0 else "CRDT")
    outcomes, totals = read_again(
        "camt053", document(text.replace(balance("OPBD", "100.00"), signed_opening))
    )
    found = [(row.reference, row.value_fen, row.note) for row in rows_of(outcomes)]
    assert found == [
        (row.reference, -row.value_fen if row.is_refund else row.value_fen, row.note)
        for batch in batches
        for row in batch
    ]
    assert totals.is_agreed


@given(st.integers(-BILL_VALUE_FEN_MAX, BILL_VALUE_FEN_MAX), st.integers(2, 6))
def test_an_amount_is_read_exactly_however_many_zeros_it_has(fen: int, digits: int) -> None:
    assert fen_of(yuan(fen, digits)) == fen


@given(st.integers(-(10**13), 10**13))
def test_a_number_of_a_sheet_is_the_decimal_that_was_typed(fen: int) -> None:
    assert fen_of(plain_of(fen / 100)) == fen


@given(st.text(max_size=12))
@example("1" * 5_000)
def test_what_is_no_amount_is_refused_and_nothing_else_happens(text: str) -> None:
    try:
        fen = fen_of(text)
    except Fault:
        return
    assert set(text) <= set("+-.0123456789")
    assert abs(fen) <= BILL_VALUE_FEN_MAX


WHOLE: dict[str, bytes] = {
    "wechat_trades": trade_bill([PAID, REFUNDED], ("2", "12.34")).encode(),
    "wechat_fund_flow": (DATA / "wxpay_fundflow.csv").read_bytes(),
    "camt053": document(statement(entry("1.00"))).encode(),
    "merchant": merchant_file([["R-1", "S-1", "核销", "1", "0", "2024-05-06 00:00:00", "", ""]]).encode(),
}


@settings(max_examples=200)
@given(st.sampled_from(get_args(BillKind)), st.binary(max_size=60), st.integers(0, 3_000), st.integers(0, 50))
def test_any_bytes_are_read_or_refused(kind: BillKind, put: bytes, at: int, out: int) -> None:
    whole = WHOLE[kind]
    mapping = MAPPING if kind == "merchant" else None
    for content in (put, whole[:at] + put + whole[at + out :]):
        try:
            outcomes, totals = read_again(kind, content, mapping)
        except BillFileUnsuitable:
            continue
        assert totals.rows + totals.unreadable == len(outcomes)
